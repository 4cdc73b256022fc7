# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Datagrams of clients that do not exist take all of max_udp_flows, and udp_timeout is
# long. A flow that was never answered gives way to a new one when its server had its
# time; one that was answered does not. That nobody listens there (ICMP) is no answer.
# Where nobody needs their places the unanswered ones end by themselves, long before
# udp_timeout.
test_points
topology
udp_server vendor vendor "$VENDOR4:7700"
# flood MS MAX: the daemon runs, has one flow that is answered, and has seen twenty
# datagrams of false clients; unanswered flows live so long, MAX are at one time
flood() {
	rm -f "$DIR/early" "$DIR/go"
	config workers=1 transport=udp udp_timeout=24h "max_udp_flows=$2" \
		"to=[\"$VENDOR4:7700-7701\"]"
	WAYSIDE_UNANSWERED_MS=$1 daemon_run -c "$CONFIG"
	udp_client early tracker -b "$TRACKER4:4710" "$VENDOR4:7700" send a expect a \
		touch "$DIR/early" hold "$DIR/go" send b expect b
	wait_for 10 test -e "$DIR/early"
	udp_client flood tracker "$VENDOR4:7701" flood 10000 20 x
	join flood
	wait_for 10 all_seen
}
# Each was a flow, or one too many, or came while another flow's socket was being made
# and ended in that one (worker_udp.c).
all_seen() {
	[ $(($(counter udp_flows) + $(counter udp_limit) + $(counter udp_dropped))) = 21 ]
}
early_goes_on() {
	touch "$DIR/go"
	join early
}

flood 3600000 5
expect_at_least "datagrams too many" "$(counter udp_limit)" 1
# Each from a port of its own, and from the same one when it has to ask again: a flow
# whose answer came too late was answered, and gives way to nobody.
answered() {
	udp_client real tracker -t 2 -b "$TRACKER4:471$n" "$VENDOR4:7700" \
		send c expect c
	# shellcheck disable=SC2154 # from lib.sh
	wait "${peer_pid[real]}"
}
for n in 1 2 3 4; do
	wait_for 10 answered
	expect_at_least "flows that gave way" "$(counter flows_idle)" "$n"
done
early_goes_on
daemon_stop

# longer than an answer takes on a busy machine
flood 5000 2000
all_but_one() {
	[ "$(counter flows_idle)" = $(($(counter udp_flows) - 1)) ]
}
wait_for 10 all_but_one
early_goes_on
daemon_stop
expect_equal "flows that ended" "$(total flows_idle)" $(($(total udp_flows) - 1))
dismiss vendor
