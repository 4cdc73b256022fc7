# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A firewall that drops what conntrack calls invalid, in every hook: with every
# source 1 MB arrives each way, and with each source there is nothing invalid, since
# no two connections share an entry of conntrack.
topology
on gateway nft -f - <<-END
	table inet invalid {
		chain input {
			type filter hook input priority filter - 1
			ct state invalid counter drop
		}
		chain forward {
			type filter hook forward priority filter - 1
			ct state invalid counter drop
		}
		chain output {
			type filter hook output priority filter - 1
			ct state invalid counter drop
		}
	}
END

# invalid: packets that were dropped so far
invalid() {
	on gateway nft list table inet invalid |
		awk '/invalid/ { n += $6 } END { print n }'
}

for source in gateway client client-port auto; do
	daemon source=$source
	for f in v4 v6; do
		family $f
		server vendor vendor "$VENDOR:7700" duplex 1000000 1000000 \
			"$DIR/heard" shutdown-write recv-all
		client tracker tracker "$VENDOR:7700" duplex 1000000 1000000 \
			"$DIR/heard" shutdown-write recv-all
		join tracker vendor
		expect_same_bytes tracker vendor
	done
	expect_flows 2
	expect_equal "invalid packets with source $source" "$(invalid)" 0
done
expect_match "the counters" "$(on gateway nft list table inet invalid |
	grep -c 'counter packets')" 3
