# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the tracker sends before the server has answered is kept and reaches the
# server first, in order. (The server answers late: its first SYN is dropped.)
topology
silence vendor 7700
daemon
wire wan vendor eth0 tcp
server vendor vendor "$VENDOR4:7700" expect 'early bytes' expect ', later bytes' \
	send answer recv-all
client tracker tracker "$VENDOR4:7700" send 'early bytes' touch "$DIR/sent" \
	wait-file "$DIR/answers" send ', later bytes' expect answer \
	shutdown-write recv-all
wait_for 10 test -e "$DIR/sent"

# The gateway's kernel has the bytes, and has asked the server in vain.
early_bytes_wait() {
	[ "$(on tracker ss -tnH state established dport = :7700 |
		awk '{ print $2 }')" = 0 ] &&
		[ "$(packet_count wan " > $VENDOR4:7700 S ")" -ge 1 ]
}
wait_for 10 early_bytes_wait
unsilence vendor
touch "$DIR/answers"
join tracker vendor
expect_same_bytes tracker vendor
unwire wan
