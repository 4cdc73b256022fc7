# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A service on the gateway itself is not taken, although a rule names its address:
# not from the tracker, and with local: yes not from the gateway's own programs; nor is
# it refused when the daemon is dead (on_failure: closed).
topology
firewall "$FIREWALL_LINE
	iifname lo accept
	tcp dport 7700 accept"
daemon on_failure=closed local=yes "to=[\"203.0.113.0/24:7700\", \"[2001:db8:2::/64]:7700\"]"
talk() {
	local f host

	for f in v4 v6; do
		family $f
		for host in tracker gateway; do
			server service gateway "$GATEWAY:7700" recv 10000 \
				send-pattern 20000 shutdown-write recv-all
			client client $host "$GATEWAY:7700" send-pattern 10000 \
				recv 20000 shutdown-write recv-all
			join client service
			expect_same_bytes client service
			expect_value service peer "$(value client local)"
		done
	done
}
talk
# the rule does take, where the address is another host's
exchange "203.0.113.2:7700"
expect_flows 1
daemon_run -c "$CONFIG"
daemon_kill
wait_for 5 nobody_listens
talk
