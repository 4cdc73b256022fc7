# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that vanished leaves a connection behind on which bytes stay
# unacknowledged. That alone ends nothing; when the tracker comes anew, the old one is
# ended, the vendor sees its end, and the new one and those of other trackers live on.
test_points
topology
address tracker eth0 192.168.1.11/24
export WAYSIDE_HALF_OPEN_MS=2000
daemon
server vendor vendor -n 4 "$VENDOR4:7700" expect hello send welcome \
	wait-file "$DIR/vanished" send news recv-all
client old tracker -b "$TRACKER4:4711" "$VENDOR4:7700" send hello \
	expect welcome touch "$DIR/old" wait-file "$DIR/over" close
client other tracker -b 192.168.1.11:4711 "$VENDOR4:7700" send hello \
	expect welcome expect news touch "$DIR/other" wait-file "$DIR/over" close
# of the same address, and behind NAT that may be anybody
client neighbour tracker -b "$TRACKER4:4713" "$VENDOR4:7700" send hello \
	expect welcome expect news touch "$DIR/neighbour" \
	wait-file "$DIR/over" close
wait_for 10 test -e "$DIR/old"

# lost: what is sent to the old connection, and what it sends
on tracker nft -f - <<-END
	table inet vanished {
		chain in {
			type filter hook input priority filter
			ip daddr $TRACKER4 tcp dport 4711 counter drop
		}
		chain out {
			type filter hook output priority filter
			ip saddr $TRACKER4 tcp sport 4711 drop
		}
	}
END
touch "$DIR/vanished"
wait_for 10 test -e "$DIR/other"
wait_for 10 test -e "$DIR/neighbour"
# for much longer than the half-open time: the kernel sends again after 0.2, 0.4, 0.8,
# 1.6, 3.2 s
lost() {
	[ "$(on tracker nft list table inet vanished |
		sed -n 's/.* packets \([0-9]*\) .*/\1/p')" -ge 6 ]
}
wait_for 20 lost
expect_equal "ended though nobody came anew" "$(counter flows_superseded)" 0
client anew tracker -b "$TRACKER4:4712" "$VENDOR4:7700" send hello \
	expect welcome expect news touch "$DIR/anew" wait-file "$DIR/over" close
wait_for 10 test -e "$DIR/anew"
wait_for 20 counted flows_superseded 1
expect_equal "flows that ended" "$(counter flows_closed)" 1
touch "$DIR/over"
on tracker nft delete table inet vanished
join anew other neighbour vendor
join_any old
expect_flows 4
expect_equal "ended" "$(total flows_superseded)" 1
