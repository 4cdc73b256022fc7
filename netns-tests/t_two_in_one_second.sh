# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Connections of one address in one second get different connection ids and a
# capture file each, with their own bytes only: the first of a second has no
# number, the next ones end in -2, -3 and so on. (Five within four seconds: two
# of them at least share a second.)
topology
daemon
began=$SECONDS
server vendor vendor -n 5 "$VENDOR4:7700" recv-all
for i in 1 2 3 4 5; do
	client "tracker$i" tracker "$VENDOR4:7700" send "[SG*000000000$i*0002*LK]" \
		close
done
join tracker{1,2,3,4,5} vendor
expect_at_most "seconds for all five" $((SECONDS - began)) 3
wait_for 10 events_count 5
expect_equal "number of ids" "$(cut -f 4 "$EVENTS" | sort -u | wc -l)" 5
ids_of_each_second() {
	local count second

	while read -r count second; do
		echo "$second"
		seq -f "$second-%.0f" 2 "$count"
	done
}
expect_equal "ids" "$(cut -f 4 "$EVENTS" | sort)" \
	"$(cut -f 4 "$EVENTS" | cut -c -17 | sort | uniq -c |
		ids_of_each_second | sort)"
expect_equal "number of capture files" "$(find "$LOGS" -name "*_$TRACKER4.log" |
	wc -l)" 5
while IFS=$'\t' read -r _ direction address id message; do
	expect_equal "capture of $id" \
		"$(cut -f 2- "$LOGS/${id}_$address.log")" \
		"$direction"$'\t'"$message"
done <"$EVENTS"
