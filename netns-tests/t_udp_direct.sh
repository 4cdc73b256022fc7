# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that goes on sending from one port over a gateway with source NAT:
# before the daemon starts, while it runs, after it was killed, when it is back and
# after it has stopped, each datagram is answered, and none leaves the gateway with
# the tracker's address.
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
steps=()
for step in before first second killed back stopped; do
	steps+=(hold "$DIR/$step" send "$step" expect "$step" touch "$DIR/$step.done")
done
udp_client tracker tracker -b "$TRACKER4:4711" "$VENDOR4:7700" "${steps[@]}"

# step NAME: the tracker sends it now
step() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/$1.done"
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
expect_equal "flows of the second daemon" "$(total udp_flows)" 1
step stopped
join tracker
dismiss vendor
unwire wan
expect_equal "datagrams with the tracker's address" \
	"$(packets wan "$TRACKER4")" ""
expect_value vendor got 6
