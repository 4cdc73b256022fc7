# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder is killed in full flow 100 times and more, at every step of a commit
# and at any moment. Every event is in the store once, with the number that follows
# the one before, and so it is in the event file; each flow has its row and its end.
test_points
topology
own_proc
export WAYSIDE_RESTART_MS=10

deaths() {
	grep -c 'recorder died of signal 9' "$DIR/daemon.log"
}
died() {
	[ "$(deaths)" -ge "$1" ]
}

# exact: what the crowd sent and got is in the store, and nothing else
exact() {
	local messages=$(($(value crowd bytes_out) / 64))

	expect_value crowd closed 20
	expect_value crowd bad 0
	dismiss vendor
	expect_flows 20
	expect_equal "events" "$(sql 'SELECT count(*), min(id), max(id),
		count(DISTINCT event ->> "$.id") FROM events')" \
		"$((2 * messages))|1|$((2 * messages))|$((2 * messages))"
	expect_equal "what the event file says" \
		"$(sql 'SELECT event FROM events ORDER BY event' | sha256sum)" \
		"$(LC_ALL=C sort "$JSON_EVENTS" | sha256sum)"
	expect_equal "flows that ended well" "$(sql "SELECT count(*),
		sum(client_bytes), sum(server_bytes) FROM flows
		WHERE closed >= opened AND reason = 'normal'")" \
		"20|$(value crowd bytes_out)|$(value crowd bytes_in)"
	expect_equal "flows" "$(sql 'SELECT count(*) FROM flows')" 20
	expect_equal "events of devices" \
		"$(sql 'SELECT count(*), sum(events) FROM devices')" \
		"20|$messages"
	expect_equal "stored" "$(total stored)" $((2 * messages))
	expect_equal "lost" "$(total store_lost)" 0
	expect_equal "database" "$(sql 'PRAGMA integrity_check')" ok
	captures_are 64
	expect_captured crowd
	all=$((all + $1))
}

begin() {
	rm -rf "${LOGS:?}"/* "$EVENTS" "$JSON_EVENTS" "$STORE"* "$DIR/end"
	daemon json="$JSON_EVENTS" store="{ file: $STORE, commit_delay: $1 }"
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd crowd tracker -n 20 -r 2000 "$VENDOR4:7700" open ping 1 \
		stream "$DIR/end" fin
}
finish() {
	touch "$DIR/end"
	join crowd
	exact "$(deaths)"
}

# At each place of a batch, at another pass in each round. An entry is read and
# framed a hundred times as often; the first passes of some are those of the start,
# which fails when its recorder dies.
all=0
points=$("$PEERS/die_points" recorder. capture. events. store.)
for round in {1..4}; do
	die="" n=$round want=0
	for point in $points; do
		[ "$point" != store.expired ] || continue
		n=$((n % 7 + 1)) want=$((want + 1))
		case $point in
		recorder.read | recorder.framed) die+=,$point=$((100 * n)) ;;
		recorder.flushed | recorder.noted | recorder.committed | \
			recorder.released | store.checkpoint)
			die+=,$point=$((10 + n))
			;;
		*) die+=,$point=$n ;;
		esac
	done
	WAYSIDE_DIE=${die#,} begin 20ms
	wait_for 20 died "$want"
	finish
	expect_equal "deaths" "$(deaths)" "$want"
done

# At any moment
it_works() {
	[ "$(sql 'SELECT max(id) FROM events' 2>/dev/null)" != "$last" ]
}
begin 5ms
recorder=
while [ $((all + $(deaths))) -lt 110 ]; do
	wait_for 10 is_anew wayside-recorder "$recorder"
	last=$(sql 'SELECT max(id) FROM events' 2>/dev/null || true)
	wait_for 10 it_works
	recorder=$(pids wayside-recorder)
	kill -KILL "$recorder"
done
wait_for 10 is_anew wayside-recorder "$recorder"
finish
expect_at_least "deaths" $all 100
