# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# When Wayside is killed (on_failure: open-stay), new connections go direct, and
# such a connection stays direct and alive when Wayside comes back.
topology
daemon
exchange "$VENDOR4:7700"
daemon_kill
wait_for 5 nobody_listens
wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
server vendor vendor "$VENDOR4:7700" expect before expect after send answer \
	recv-all
client tracker tracker "$VENDOR4:7700" send before touch "$DIR/open" \
	wait-file "$DIR/back" send after expect answer shutdown-write recv-all
wait_for 10 test -e "$DIR/open"
daemon
touch "$DIR/back"
join tracker vendor
unwire lan wan
expect_forwarded lan wan "$VENDOR4:7700"
exchange "$VENDOR4:7700"
expect_peer_address vendor "$GATEWAY4"
