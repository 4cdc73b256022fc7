# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that vanished leaves a connection behind on which bytes stay
# unacknowledged. That alone ends nothing; when the tracker comes anew, the old one is
# ended, the vendor sees its end, and the new one and those of other trackers live on.
# So do two trackers behind one address: that the second one came later says nothing of
# the first, which is quiet and has acknowledged all that it was sent.
test_points
topology
address tracker eth0 192.168.1.11/24
export WAYSIDE_HALF_OPEN_MS=2000
# one worker looks at all of them in one sweep: who is ended when another one is, or
# was before, and who is not
daemon workers=1
server vendor vendor -n 5 "$VENDOR4:7700" expect hello send welcome \
	wait-file "$DIR/vanished1" send news wait-file "$DIR/vanished2" send more \
	recv-all
# tracker NAME ADDR:PORT STEP...
tracker() {
	client "$1" tracker -b "$2" "$VENDOR4:7700" send hello expect welcome \
		touch "$DIR/$1" "${@:3}" wait-file "$DIR/over" close
	wait_for 10 test -e "$DIR/$1"
}
# news TEXT NAME...: they have got it
news() {
	local name

	for name in "${@:2}"; do
		wait_for 10 test -e "$DIR/$name.$1"
	done
}
hears() {
	echo expect news touch "$DIR/$1.news" expect more touch "$DIR/$1.more"
}
# vanish ADDR PORT: what is sent to this connection, and what it sends, is lost
vanish() {
	on tracker nft -f - <<-END
		table inet vanished {
			chain in {
				type filter hook input priority filter
				ip daddr $1 tcp dport $2 counter drop
			}
			chain out {
				type filter hook output priority filter
				ip saddr $1 tcp sport $2 drop
			}
		}
	END
}
# shellcheck disable=SC2046 # a list of steps
{
	tracker first "$TRACKER4:4711" $(hears first)
	tracker old "$TRACKER4:4712" expect news touch "$DIR/old.news"
	tracker other 192.168.1.11:4711
}
vanish 192.168.1.11 4711
touch "$DIR/vanished1"
news news first old
# for much longer than the half-open time: the kernel sends again after 0.2, 0.4, 0.8,
# 1.6, 3.2 s
lost() {
	[ "$(on tracker nft list table inet vanished |
		sed -n 's/.* packets \([0-9]*\) .*/\1/p')" -ge 6 ]
}
wait_for 20 lost
expect_equal "ended though nobody came anew" "$(counter flows_superseded)" 0
# shellcheck disable=SC2046 # a list of steps
{
	tracker second "$TRACKER4:4713" $(hears second)
	tracker anew 192.168.1.11:4712 $(hears anew)
}
news news second anew
wait_for 20 counted flows_superseded 1
expect_equal "flows that ended" "$(counter flows_closed)" 1
# one of the two that were quiet: now it matters that its address came anew
vanish "$TRACKER4" 4712
touch "$DIR/vanished2"
news more first second anew
wait_for 20 counted flows_superseded 2
expect_equal "flows that ended" "$(counter flows_closed)" 2
touch "$DIR/over"
on tracker nft delete table inet vanished
join first second anew vendor
join_any old other
expect_flows 5
expect_equal "ended" "$(total flows_superseded)" 2
