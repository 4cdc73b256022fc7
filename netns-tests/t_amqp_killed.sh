# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A publisher is killed under load, at every step of a batch and at any moment: each
# event is confirmed by a real RabbitMQ in the end, those that came twice have the same
# id, and the daemon's other processes notice nothing.
test_points
own_proc
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
broker_place vendor
rabbit 'listeners.tcp.wan = 203.0.113.2:5672'

# The third pass of each point in the order of a batch.
mapfile -t points < <("$PEERS/die_points" sink. cursor.)
export WAYSIDE_RESTART_MS=20
WAYSIDE_DIE=$(printf '%s=3\n' "${points[@]}" | paste -sd ,) daemon store="{ file: $STORE }" capture=none sinks="[
  { name: fleet, amqp: 'amqp://$RABBIT_USER:$RABBIT_PASSWORD@203.0.113.2/?queue=fleet' }]"
others=$(others_than_publishers)
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 "$VENDOR4:7700" open ping 1500 fin

# is_further N: more are confirmed
is_further() {
	[ "$(cursor_of fleet confirmed)" != "$1" ]
}
for _ in {1..8}; do
	wait_for 10 is_further "$(cursor_of fleet confirmed)"
	wait_for 10 is_there wayside-publisher/fleet
	pid=$(publisher fleet)
	kill -KILL "$pid" 2>/dev/null || true # it may just have died by itself
	wait_for 10 publisher_is_anew fleet "$pid"
done
join crowd
wait_for 10 stored 60000
consume fleet 60000 >"$DIR/fleet.events"
cmp <(sort "$DIR/fleet.events") <(sql 'SELECT event FROM events' | sort) ||
	fail "events differ"
expect_equal "the other processes" "$(others_than_publishers)" "$others"
restarts=$(sed -n 's/.*publisher\/fleet is back restarts=//p' "$DIR/daemon.log" |
	tail -n 1)
expect_at_least "times it was back" "$restarts" 8
dismiss vendor
expect_flows 20
