# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2119 # redis gets no option here
# A Redis that is not there, is killed and comes back, answers no more, has no memory
# left, or ends its connections gets every event all the same, in order; what comes
# again has its id. Nothing of a batch that it refuses is there.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc
broker_place gateway
firewall "iif lo accept; $FIREWALL_LINE"
redis
redis_kill # there is one here
sinks="[{ name: r, redis: \"redis://127.0.0.1:$REDIS_PORT?stream=s\", timeout: 1s }]"
daemon store="{ file: $STORE }" sinks="$sinks"
wait_for 10 log_says 1 'publisher/r: .*: Connection refused: retrying'
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 1000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
# stored_more N
stored_more() {
	[ "$(sql "SELECT last_event FROM store")" -ge "$1" ]
}
wait_for 10 stored_more 500

entries() {
	redis_cli xlen s
}
# grows N: it has N more by now
grows() {
	[ "$(entries)" -ge $((had + $1)) ] 2>/dev/null
}
redis
had=0
wait_for 20 grows 500

# killed, three times, with events on their way
for _ in 1 2 3; do
	redis_kill
	redis
	had=$(entries)
	wait_for 20 grows 300
done

# It answers no more.
kill -STOP "$redis_pid"
wait_for 10 log_says 1 'publisher/r: .*(no answer|takes nothing) for 1000 ms: retrying'
kill -CONT "$redis_pid"
had=$(entries)
wait_for 20 grows 300

# It ends connections.
redis_cli client kill type normal skipme yes >"$DIR/kill.txt"
had=$(entries)
wait_for 20 grows 300

# No memory: refused as a whole, nothing of it is there.
redis_cli config set maxmemory 1mb >"$DIR/set.txt"
wait_for 10 log_says 1 'publisher/r: .*: OOM .*: retrying'
had=$(entries)
retried=$(cursor_of r retried)
tried_again() {
	[ "$(cursor_of r retried)" -gt "$retried" ]
}
wait_for 20 tried_again
expect_equal "entries that got in" "$(entries)" "$had"
redis_cli config set maxmemory 0 >"$DIR/set.txt"
wait_for 20 grows 300

touch "$DIR/end"
join crowd
dismiss vendor
wait_for 20 confirmed_all r
expect_flows 20
redis_cli --raw xrange s - + | sed -n '/^event$/{n;p}' >"$DIR/s.out"
bodies_are "$DIR/s.out" >"$DIR/again.txt"
expect_equal "events" "$(sql 'SELECT last_event FROM store')" \
	$(($(value crowd bytes_out) * 2 / 64))
expect_equal "confirmed" "$(cursor_of r confirmed)" \
	"$(sql 'SELECT last_event FROM store')"
