# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A daemon that starts in a second in which something was made in log_dir does
# not use the connection ids of a predecessor again: it numbers the rest of that
# second from the microsecond on.
topology

second_begins() {
	[ "${EPOCHREALTIME#*.}" -lt 100000 ]
}

# Twice a connection in the second of its daemon's start; on a busy machine that
# may take a few starts.
numbered=0
for ((starts = 1; numbered < 2; starts++)); do
	expect_at_most "number of starts" $starts 15
	wait_for 2 second_begins
	second=$(date +%F_%H%M%S)
	touch "$LOGS"
	daemon
	server vendor vendor "$VENDOR4:7700" recv-all
	client tracker tracker "$VENDOR4:7700" send '[SG*1234567890*0002*LK]' \
		close
	join tracker vendor
	expect_flows 1
	id=$(tail -n 1 "$EVENTS" | cut -f 4)
	if [[ $id = "$second"* ]]; then
		expect_match "id" "$id" "$second-[0-9]+"
		numbered=$((numbered + 1))
	fi
done
expect_equal "number of ids" "$(cut -f 4 "$EVENTS" | sort -u | wc -l)" \
	"$(wc -l <"$EVENTS")"
