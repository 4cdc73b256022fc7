# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Two trackers that go on sending from one port over a gateway with source NAT, one
# from before the daemon started, one that is new while it runs: each datagram is
# answered, while it runs, after it was killed, when it is back and after it has
# stopped, and none leaves the gateway with the tracker's address.
topology
on gateway nft -f - <<-END
	table ip nat {
		chain postrouting {
			type nat hook postrouting priority srcnat
			oifname wan masquerade
		}
	}
END
udp_server vendor vendor "$VENDOR4:7700"
wire wan vendor eth0 udp
# talker NAME PORT STEP...: a tracker that sends these, each when it is told to
talker() {
	local name=$1 port=$2 steps=() step

	shift 2
	for step; do
		steps+=(hold "$DIR/$step" send "$step" expect "$step"
			touch "$DIR/$name.$step")
	done
	udp_client "$name" tracker -b "$TRACKER4:$port" "$VENDOR4:7700" \
		"${steps[@]}"
}
talker old 4711 before first second killed back stopped
talker new 4712 first second killed back stopped

# step NAME: they send it now
step() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/old.$1"
	[ "$1" = before ] || wait_for 10 test -e "$DIR/new.$1"
}
no_udp_listener() {
	[ -z "$(on gateway ss -ulnH sport = :15001)" ]
}
step before
daemon transport=udp "to=[\"$VENDOR4:7700\"]"
step first
step second
daemon_kill
wait_for 5 no_udp_listener
step killed
daemon_run -c "$CONFIG"
step back
daemon_stop
expect_equal "flows of the second daemon" "$(total udp_flows)" 2
step stopped
join old new
dismiss vendor
unwire wan
expect_equal "datagrams with the tracker's address" \
	"$(packets wan "$TRACKER4")" ""
expect_value vendor got 11
