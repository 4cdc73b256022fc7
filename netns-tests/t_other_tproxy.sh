# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Another transparent proxy on the gateway, whose listeners have a port and no
# address: what goes to this port of any server is neither its nor ours, and is
# forwarded, before and after a connection of ours, in a bypass, and when the daemon
# is dead and its rules are still there. Nor does it matter when this is the port of a
# server of ours: its trackers are taken, and what goes direct keeps its source NAT.
topology
peer other gateway held_listeners keep 0.0.0.0:9999 '[::]:9999'
await_listener other

# direct: in both families, to the port that the other proxy has
direct() {
	local f

	for f in v4 v6; do
		family $f
		wire lan tracker eth0 tcp
		wire wan vendor eth0 tcp
		exchange "$OTHER:9999"
		unwire lan wan
		expect_forwarded lan wan "$OTHER:9999"
	done
}

daemon source=client
direct
for f in v4 v6; do
	family $f
	exchange "$VENDOR:7700"
done
direct
tool bypass on >"$DIR/bypass.txt"
direct
tool bypass off >"$DIR/bypass.txt"
expect_equal "taken" "$(counter flows_opened)" 2
daemon_kill
wait_for 5 nobody_listens
direct
stop other

# at the port of our server
firewall "ct state invalid drop; $FIREWALL_LINE"
masquerade
peer other gateway held_listeners keep 0.0.0.0:7700 '[::]:7700'
await_listener other
daemon source=client
for f in v4 v6; do
	family $f
	tool bypass off >"$DIR/bypass.txt"
	exchange "$VENDOR:7700"
	tool bypass on >"$DIR/bypass.txt"
	exchange "$VENDOR:7700"
	expect_peer_address vendor "$GATEWAY"
done
expect_flows 2
stop other
