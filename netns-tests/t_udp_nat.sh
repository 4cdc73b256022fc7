# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A gateway with source NAT, and a UDP flow that began with the daemon: when that is
# killed its next datagram is answered, too, and none leaves the gateway with the
# tracker's address.
topology
on gateway nft -f - <<-END
	table inet nat {
		chain postrouting {
			type nat hook postrouting priority srcnat
			oifname wan masquerade
		}
	}
END
no_udp_listener() {
	[ -z "$(on gateway ss -ulnH sport = :15001)" ]
}
wire wan vendor eth0 udp port 7700
daemon transport=udp
for f in v4 v6; do
	family $f
	udp_server "vendor$f" vendor "$VENDOR:7700"
	udp_client "tracker$f" tracker "$VENDOR:7700" send one expect one \
		touch "$DIR/$f" hold "$DIR/killed" send two expect two
	wait_for 10 test -e "$DIR/$f"
done
expect_equal "UDP flows" "$(counter udp_flows)" 2
daemon_kill
wait_for 5 no_udp_listener
touch "$DIR/killed"
join trackerv4 trackerv6
dismiss vendorv4 vendorv6
unwire wan
for private in $TRACKER4 $TRACKER6; do
	expect_equal "datagrams with the tracker's address" \
		"$(packets wan "$private")" ""
done
