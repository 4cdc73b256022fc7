# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What a handshake with Wayside leaves behind does not touch the tracker's next
# connection, of the same port, that goes direct, because of a bypass or because the
# daemon is dead: under masquerade the server sees the gateway's address only, and all
# arrives.
topology
masquerade
wire wan vendor eth0 tcp
for source in client client-port; do
	for f in v4 v6; do
		family $f
		daemon source=$source
		exchange "$VENDOR:7700" -b "$TRACKER:4711"
		expect_peer_address vendor "$GATEWAY"
		tool bypass on >"$DIR/bypass.txt"
		exchange "$VENDOR:7700" -b "$TRACKER:4711"
		expect_peer_address vendor "$GATEWAY"
		tool bypass off >"$DIR/bypass.txt"
		exchange "$VENDOR:7700" -b "$TRACKER:4711"
		expect_equal "taken" "$(counter flows_opened)" 2
		daemon_kill
		wait_for 5 nobody_listens
		exchange "$VENDOR:7700" -b "$TRACKER:4711"
		expect_peer_address vendor "$GATEWAY"
	done
done
unwire wan
for private in $TRACKER4 $TRACKER6; do
	expect_equal "packets of the tracker's own address" \
		"$(packet_count wan "^\\[?${private//./\\.}\\]?:")" 0
done
