# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Another transparent proxy on the gateway, whose listeners have a port and no
# address: what goes to this port of any server is neither its nor ours, and is
# forwarded, before and after a connection of ours, in a bypass, and when the daemon
# is dead and its rules are still there.
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
