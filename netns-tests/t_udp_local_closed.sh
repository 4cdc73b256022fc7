# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A program of the gateway itself that speaks UDP, local: yes, on_failure: closed:
# with the daemon its datagrams are taken; with a dead one the program cannot send
# them and none leaves; other servers are answered all the time.
topology
firewall "$FIREWALL_LINE
	iifname lo accept"
for f in v4 v6; do
	family $f
	udp_server "vendor$f" vendor "$VENDOR:7700"
	udp_server "other$f" vendor "$OTHER:7700"
done
# talk SERVER STEP...: over both families
talk() {
	local f server=$1

	shift
	for f in v4 v6; do
		family $f
		udp_client app gateway "${!server}:7700" "$@"
		join app
	done
}
no_udp_listener() {
	[ -z "$(on gateway ss -ulnH sport = :15001)" ]
}
daemon on_failure=closed transport=udp local=yes
talk VENDOR send taken expect taken
talk OTHER send direct expect direct
expect_equal "UDP flows" "$(counter udp_flows)" 2
daemon_kill
wait_for 5 no_udp_listener
wire wan vendor eth0 udp port 7700
for f in v4 v6; do
	family $f
	udp_client app gateway "$VENDOR:7700" send lost
	join_failed app
	grep -q 'send: Operation not permitted' "$DIR/app.log" ||
		fail "not refused: $(cat "$DIR/app.log")"
done
unwire wan
expect_equal "what left the gateway" "$(packets wan ' udp ')" ""
talk OTHER send direct expect direct
tool rules remove
talk VENDOR send direct expect direct
