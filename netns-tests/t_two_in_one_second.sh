# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Connections of one address in one second get different connection ids and a
# capture file each, with their own bytes only: the first of a second has no
# number, the next ones end in -2, -3 and so on. (More than a case may take
# seconds: two of them at least share one.)
topology
daemon
n=1000
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n $n "$VENDOR4:7700" open ping 1 fin
join crowd
expect_value crowd closed $n
dismiss vendor
expect_flows $n
expect_equal "number of events" "$(wc -l <"$EVENTS")" $((2 * n))
cut -f 4 "$EVENTS" | sort -u >"$DIR/ids"
expect_equal "number of ids" "$(wc -l <"$DIR/ids")" $n
ids_of_each_second() {
	local count second

	while read -r count second; do
		echo "$second"
		seq -f "$second-%.0f" 2 "$count"
	done
}
cut -c -17 "$DIR/ids" | uniq -c >"$DIR/seconds"
expect_equal "ids" "$(cat "$DIR/ids")" \
	"$(ids_of_each_second <"$DIR/seconds" | sort)"
expect_at_most "seconds" "$(wc -l <"$DIR/seconds")" $((n - 1))
expect_equal "number of capture files" "$(find "$LOGS" -name "*_$TRACKER4.log" |
	wc -l)" $n
# each file has what the events say of its connection, which is one device's
captured() {
	cd "$LOGS" || return
	awk -F '\t' '{
		id = FILENAME
		gsub(/^[.][/]|_[0-9.]*[.]log$/, "", id)
		print $2 "\t" id "\t" $3
	}' ./*_"$TRACKER4.log" | sort
}
captured >"$DIR/captured"
cut -f 2,4,5 "$EVENTS" | sort | diff "$DIR/captured" - >"$DIR/diff" ||
	fail "captures and events: $(head "$DIR/diff")"
captures_are 64
expect_captured crowd
