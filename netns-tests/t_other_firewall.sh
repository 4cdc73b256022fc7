# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Another firewall's table at the same hook and priority, with marks of its own:
# one that was there before ours and one that came after. Connections are relayed,
# the bits of all three come together on the packets and on the connections, and
# what no rule of ours names keeps the others' only.
topology
# other NAME BIT: sets it on every packet, and on every connection
other() {
	on gateway nft -f - <<-END
		table inet $1 {
			chain prerouting {
				type filter hook prerouting priority mangle
				meta mark set meta mark | $2
				ct mark set ct mark | $2
			}
		}
	END
}
other before 0x1000
daemon
other after 0xc0
on gateway nft -f - <<-END
	table inet marks {
		chain input {
			type filter hook input priority mangle
			tcp dport 7700 meta mark & 0x110c0 == 0x110c0 ct mark & 0x110c0 == 0x110c0 counter
			tcp dport 7700 counter
		}
		chain forward {
			type filter hook forward priority mangle
			tcp dport 7700 meta mark 0x10c0 ct mark 0x10c0 counter
			tcp dport 7700 counter
		}
	}
END
# 2: with SYN cookies, when the ct mark alone says what was handed over
for cookies in 1 2; do
	sysctl_set gateway ipv4/tcp_syncookies $cookies
	for f in v4 v6; do
		family $f
		exchange "$VENDOR:7700"
		exchange "$OTHER:7700"
	done
done
expect_flows 4
# packets CHAIN N: what its N-th counter saw
seen() {
	on gateway nft list chain inet marks "$1" |
		sed -n 's/.*counter packets \([0-9]*\) .*/\1/p' | sed -n "$2p"
}
for chain in input forward; do
	expect_at_least "packets in $chain" "$(seen $chain 2)" 8
	expect_equal "those with all marks in $chain" "$(seen $chain 1)" \
		"$(seen $chain 2)"
done
