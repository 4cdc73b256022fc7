# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A flood of datagrams from ports that are never used again, each of which would be
# a flow: no more than max_udp_flows are, the rest is dropped and counted. TCP, also
# with max_flows just above it, and UDP flows that were there before go on.
topology
config transport=udp max_flows=60 max_udp_flows=50
cat >>"$CONFIG" <<-END
	  - name: streams
	    to: ["$VENDOR4:7700"]
END
daemon_run -c "$CONFIG"
udp_server datagrams vendor "$VENDOR4:7700"
udp_client early tracker "$VENDOR4:7700" send a expect a touch "$DIR/early" \
	hold "$DIR/go" send b expect b
wait_for 10 test -e "$DIR/early"
# refused: datagrams that are no flow. A few that come while another flow's socket is
# being made can end in that one, and are dropped, too: with 500 at a time one or two.
refused() {
	echo $(($(counter udp_limit) + $(counter udp_dropped)))
}
refused_are() {
	[ "$(refused)" = "$1" ]
}
# In parts that the listener's buffer takes: the kernel counts what does not fit.
# With the early one that is 101, 201 ... datagrams, of which 50 may be flows.
for n in 51 151 251 351 451; do
	udp_client flood tracker "$VENDOR4:7700" flood $((10000 + n)) 100 x
	join flood
	wait_for 10 refused_are $n
done
expect_equal "UDP flows" "$(counter udp_flows)" 50
expect_at_most "datagrams that went astray" "$(counter udp_dropped)" 10
exchange "$VENDOR4:7700"
touch "$DIR/go"
join early
dismiss datagrams
expect_value datagrams got 51
expect_flows 51
