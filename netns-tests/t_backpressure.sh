# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that does not read while the server floods it can still send: only
# the blocked direction waits, and nothing of the flood is lost. The flood is
# held back at the server, not stored without bound at the gateway.
topology
daemon
flood=67108864
server vendor vendor "$VENDOR4:7700" duplex $flood 5000 "$DIR/heard" \
	shutdown-write recv-all
client tracker tracker -R 65536 "$VENDOR4:7700" \
	wait-file "$DIR/blocked" send-pattern 5000 \
	wait-file "$DIR/read" recv-all shutdown-write

# How much of the flood the gateway's kernel has acknowledged to the server.
acknowledged() {
	on vendor ss -tinH state established sport = :7700 |
		sed -n 's/.*bytes_acked:\([0-9]*\).*/\1/p'
}

# Nothing more was acknowledged since the last look, ten looks in a row.
last=0 same=0
flood_stands_still() {
	local now

	now=$(acknowledged)
	if [ "${now:-0}" -gt 0 ] && [ "$now" = "$last" ]; then
		same=$((same + 1))
	else
		same=0 last=$now
	fi
	[ $same -ge 10 ]
}

wait_for 20 flood_stands_still
expect_at_most "bytes that left the server" "$(acknowledged)" $((flood / 2))
touch "$DIR/blocked"
wait_for 10 test -e "$DIR/heard"
touch "$DIR/read"
join tracker vendor
expect_same_bytes tracker vendor
expect_flows 1
