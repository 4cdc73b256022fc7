# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A connection that somebody else's rules hand to the listener, and that no rule
# of ours takes, is reset and counted; nothing is relayed or recorded.
topology
daemon
on gateway nft -f - <<'END'
table inet somebody {
	chain prerouting {
		type filter hook prerouting priority mangle - 1
		iifname lan tcp dport 7701 tproxy ip to 127.0.0.1:15001 meta mark set 0x10000 accept
	}
}
END
wire wan vendor eth0 tcp
client tracker tracker "$VENDOR4:7701" expect-reset
join tracker
unwire wan
expect_value tracker end rst
expect_equal "packets on the wan" "$(packet_count wan ' > ')" 0
daemon_stop
expect_match "last line" "$(tail -n 1 "$DIR/daemon.log")" '.*stopped refused_no_rule=1'
