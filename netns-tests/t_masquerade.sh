# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A gateway that masquerades: with every source the vendor sees the gateway's
# address, all bytes arrive, and no packet with the tracker's own address is seen
# outside; with auto also where what Wayside sends would not be masqueraded.
topology

# masquerades SOURCE: with this daemon, too
masquerades() {
	local f

	daemon source="$1"
	for f in v4 v6; do
		family $f
		exchange "$VENDOR:7700"
		expect_peer_address vendor "$GATEWAY"
		# what no rule names is masqueraded as before
		exchange "$OTHER:7700"
		expect_peer_address vendor "$GATEWAY"
	done
	expect_flows 2
}

masquerade
wire wan vendor eth0 ip or ip6
for source in gateway client client-port auto; do
	masquerades $source
done
# by a mark of what the lan sends
on gateway nft -f - <<-END
	flush chain inet nat postrouting
	table inet nat {
		chain prerouting {
			type filter hook prerouting priority raw
			iifname lan meta mark set meta mark or 0x5
		}
		chain postrouting {
			oifname wan meta mark and 0x5 == 0x5 masquerade
		}
	}
END
masquerades auto
unwire wan
expect_at_least "packets outside" "$(packet_count wan "$GATEWAY4:")" 50
for private in $TRACKER4 $TRACKER6; do
	expect_equal "packets with a tracker's address" \
		"$(grep -F "$private" "$DIR/wan.log")" ""
done
