# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A program of the gateway itself that speaks UDP, and a rule with local: yes: its
# datagrams are taken, without a loop, and the answers come from the server's address.
# When the daemon is killed the same socket's go direct.
topology
# what the input policy of any gateway has
firewall "$FIREWALL_LINE
	iifname lo accept"
config transport=udp
sed -i 's/^    transport: udp$/&\n    local: yes/' "$CONFIG"
daemon_run -c "$CONFIG"
for f in v4 v6; do
	family $f
	udp_server "vendor$f" vendor "$VENDOR:7700" a:
	udp_client "app$f" gateway "$VENDOR:7700" send one expect a:one \
		send two expect a:two touch "$DIR/$f" hold "$DIR/killed" \
		send three expect a:three
	wait_for 10 test -e "$DIR/$f"
done
captured() {
	[ "$(cat "$LOGS"/*_*.log | wc -l)" -ge 8 ]
}
wait_for 10 captured
for a in "$GATEWAY4" "$GATEWAY6"; do
	expect_equal "bytes recorded of $a" "$(cut -f 3 "$(capture_of "$a")" | paste -sd ' ')" \
		'one a:one two a:two'
done
expect_equal "UDP flows" "$(counter udp_flows)" 2
daemon_kill
no_udp_listener() {
	[ -z "$(on gateway ss -ulnH sport = :15001)" ]
}
wait_for 5 no_udp_listener
touch "$DIR/killed"
join appv4 appv6
dismiss vendorv4 vendorv6
