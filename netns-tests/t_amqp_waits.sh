# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2119 # rabbit gets no line here
# Nothing is lost while events wait for their confirmation: a real RabbitMQ is short of
# memory (which is waited for, and is no failure), the connection is cut between event
# and confirmation, the broker answers no more.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
ip link set lo up
rabbit

# Short of memory, for longer than a confirmation may take.
rabbit_alarm
sink_puts alarm events=3000 size=2000 timeout=1000
wait_for 10 sink_said alarm '^waits blocked by the broker: low on memory'
# as the broker sees it: it reads nothing from that connection
blocked() {
	[ "$(rabbit_ctl list_connections state 2>/dev/null | tail -n 1)" = blocked ]
}
wait_for 10 blocked
waited() { # so many seconds
	[ "$(grep -c ^waits "$DIR/alarm.log")" -ge "$1" ]
}
wait_for 10 waited 3 # thrice that time: nothing else may happen meanwhile
peer_runs alarm || fail "$(cat "$DIR/alarm.log")"
rabbit_calm
join alarm
! sink_said alarm '^failed' || fail "a memory alarm is a failure: $(cat "$DIR/alarm.log")"
expect_equal "times that it was connected" "$(grep -c ^open "$DIR/alarm.log")" 1
wait_for 10 queue_holds alarm 3000 # none of them twice
all_arrived alarm 3000

# Cut between event and confirmation: what the broker says is lost (of its packets
# only those without bytes come through), then the connection. The events were there, and come again.
sink_puts cut events=500 gate="$DIR/go" timeout=20000
wait_for 10 sink_said cut '^open'
nft -f - <<-END
	table inet mute {
		chain input {
			type filter hook input priority filter
			tcp sport 5672 ip length > 52 drop
		}
	}
END
touch "$DIR/go"
wait_for 10 queue_holds cut 500
ss -tK 'dport = :5672' >"$DIR/ss.txt"
nft delete table inet mute
join cut
sink_said cut '^failed' || fail "it was not cut"
wait_for 10 queue_holds cut 1000
all_arrived cut 500

# It answers no more, and its connections stay: the time limit ends that.
sink_puts stopped events=5000 gate="$DIR/again" timeout=1000
wait_for 10 sink_said stopped '^open'
rabbit_stopped
touch "$DIR/again"
wait_for 10 sink_said stopped '^failed 110 .* not confirmed within 1000 ms'
rabbit_continues
join stopped
all_arrived stopped 5000
