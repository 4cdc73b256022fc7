# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A firewall that drops what conntrack calls invalid, or new without a SYN, in every
# hook: with every source 1 MB arrives each way, and with each source there is nothing
# of the kind, since no two connections share an entry of conntrack. Nor is there when
# a tracker comes back from the port of a connection that has just ended (TIME_WAIT),
# however long ago that one began.
topology
on gateway nft -f - <<-END
	table inet invalid {
		chain input {
			type filter hook input priority filter - 1
			ct state invalid counter drop
			ct state new tcp flags & (syn | ack) != syn counter drop
		}
		chain forward {
			type filter hook forward priority filter - 1
			ct state invalid counter drop
			ct state new tcp flags & (syn | ack) != syn counter drop
		}
		chain output {
			type filter hook output priority filter - 1
			ct state invalid counter drop
			ct state new tcp flags & (syn | ack) != syn counter drop
		}
	}
END

# invalid: packets that were dropped so far
invalid() {
	on gateway nft list table inet invalid |
		grep -o 'packets [0-9]*' | awk '{ n += $2 } END { print n }'
}

# again: from the port of a connection that the server has ended first, and whose
# handshake is not remembered any more
again() {
	server vendor vendor "$VENDOR:7700" recv 5 shutdown-write recv-all
	client tracker tracker -b "$TRACKER:4711" "$VENDOR:7700" \
		send hello recv-all shutdown-write
	join tracker vendor
	[ "$source" = gateway ] ||
		on gateway nft flush set inet wayside "handshakes${f#v}"
}

# shellcheck disable=SC2034 # of lib.sh
WAYSIDED=$BUILD/src/waysided/waysided_plain # a set that others may empty
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
		again
		again
		again
	done
	expect_flows 8
	expect_equal "invalid packets with source $source" "$(invalid)" 0
done
expect_match "the counters" "$(on gateway nft list table inet invalid |
	grep -c 'counter packets')" 6
