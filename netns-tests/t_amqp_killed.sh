# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A publisher is killed under load, at every step of a batch and at any moment: each
# event is confirmed by a real RabbitMQ in the end, those that came twice have the same
# id, and the daemon's other processes notice nothing.
test_points
own_proc
# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/broker.sh"
topology
broker_place vendor
rabbit 'listeners.tcp.wan = 203.0.113.2:5672'

# The third pass of each point in the order of a batch.
mapfile -t points < <("$PEERS/die_points" sink. cursor.)
export WAYSIDE_RESTART_MS=20
WAYSIDE_DIE=$(printf '%s=3\n' "${points[@]}" | paste -sd ,) daemon store="{ file: $STORE }" capture=none sinks="[
  { name: fleet, amqp: 'amqp://$RABBIT_USER:$RABBIT_PASSWORD@203.0.113.2/?queue=fleet' }]"
others=$(pids 'wayside-[krw]*' | sort)
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 "$VENDOR4:7700" open ping 1000 fin

deaths=0
while peer_runs crowd || [ $deaths -lt 10 ]; do
	pid=$(pids wayside-publisher/fleet)
	[ -z "$pid" ] || ! kill -KILL "$pid" 2>/dev/null || deaths=$((deaths + 1))
	sleep 0.2 # of load
done
join crowd
wait_for 10 stored 40000
consume fleet 40000 >"$DIR/fleet.events"
cmp <(sort "$DIR/fleet.events") <(sql 'SELECT event FROM events' | sort) ||
	fail "events differ"
expect_equal "the other processes" "$(pids 'wayside-[krw]*' | sort)" "$others"
restarts=$(sed -n 's/.*publisher\/fleet is back restarts=//p' "$DIR/daemon.log" |
	tail -n 1)
expect_at_least "times it was back" "$restarts" $((deaths + ${#points[@]}))
dismiss vendor
expect_flows 20
