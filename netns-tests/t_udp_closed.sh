# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# on_failure: closed, and UDP: while no daemon listens a datagram that a rule names
# is refused at once (ICMP) and never leaves the gateway, also one of a flow that was
# there before; others pass. With open-stay they go direct.
topology
for f in v4 v6; do
	family $f
	udp_server "vendor$f" vendor "$VENDOR:7700"
	udp_server "other$f" vendor "$OTHER:7700"
done

expect_refused() {
	wire wan vendor eth0 udp port 7700
	for f in v4 v6; do
		family $f
		udp_client tracker tracker -b "$TRACKER:4711" "$VENDOR:7700" \
			send lost refused
		join tracker
	done
	unwire wan
	expect_equal "what left the gateway" "$(packets wan ' udp ')" ""
	for f in v4 v6; do
		family $f
		udp_client tracker tracker -b "$TRACKER:4711" "$OTHER:7700" \
			send direct expect direct
		join tracker
	done
}

expect_taken() {
	for f in v4 v6; do
		family $f
		udp_client tracker tracker -b "$TRACKER:4711" "$VENDOR:7700" \
			send taken expect taken
		join tracker
	done
}
no_udp_listener() {
	[ -z "$(on gateway ss -ulnH sport = :15001)" ]
}

config on_failure=closed transport=udp
tool rules install -c "$CONFIG"
expect_refused
daemon_run -c "$CONFIG"
expect_taken
daemon_kill
wait_for 5 no_udp_listener
expect_refused
daemon_run -c "$CONFIG"
expect_taken
expect_flows 2
expect_refused
tool rules remove
daemon on_failure=open-stay transport=udp
expect_taken
daemon_kill
wait_for 5 no_udp_listener
expect_taken
for f in v4 v6; do
	family $f
	expect_equal "whom the vendor saw at last" \
		"$(tail -n 1 "$DIR/vendor$f.log")" "got $TRACKER:4711 len=5"
done
