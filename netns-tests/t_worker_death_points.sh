# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Wherever a worker dies, others' flows go on, none gets a wrong byte, captures
# hold what was relayed and no more, and the next connections are served.
test_points
topology
points=$("$PEERS/die_points" worker.)
for point in $points; do
	echo "$point"
	rm -f "$LOGS"/*.log "$DIR"/end
	pass=5 bulk='' limit=20
	# where only those come by that wait for a slow server
	[ "$point" != worker.kept ] || pass=1 bulk=yes limit=21
	# a place that a dead flow of this client kept would be missed afterwards
	config observe=none ring_size=4M max_flows_per_client=$limit
	echo "  - { name: bulk, to: [\"$VENDOR4:7701\"], capture: none }" \
		>>"$CONFIG"
	WAYSIDE_DIE=$point=$pass daemon_run -c "$CONFIG"
	crowd_server vendor vendor "$VENDOR4:7700"
	if [ $bulk ]; then
		server slow vendor "$VENDOR4:7701" wait-file "$DIR/end" \
			expect-end
		# more than the buffers of all sockets on the way hold
		client bulk tracker "$VENDOR4:7701" send-pattern 50000000 \
			shutdown-write expect-end
	fi
	crowd crowd tracker -n 20 "$VENDOR4:7700" open ping 20 fin
	join crowd
	expect_value crowd bad 0
	expect_value crowd refused 0
	expect_equal "$point: how they ended" 20 \
		$(($(value crowd closed) + $(value crowd fin) + $(value crowd rst)))
	wait_for 10 grep -q 'worker/[01] died of signal 9' "$DIR/daemon.log"
	wait_for 10 grep -q 'worker/[01] is back' "$DIR/daemon.log"
	expect_equal "$point: deaths" 1 \
		"$(grep -c 'died of signal 9' "$DIR/daemon.log")"
	crowd after tracker -n 20 -d 100 "$VENDOR4:7700" open ping 2 fin
	join after
	expect_value after closed 20
	touch "$DIR/end"
	[ ! $bulk ] || join_any bulk slow # their worker is gone
	dismiss vendor
	daemon_stop
	captures_are 64
	expect_value captures client_gap 0
	expect_value captures server_gap 0
	expect_at_most "$point: captured of what was sent" \
		"$(value captures client_bytes)" \
		$(($(value crowd bytes_out) + $(value after bytes_out)))
	expect_at_least "$point: captured of what came back" \
		"$(value captures server_bytes)" \
		$(($(value crowd bytes_in) + $(value after bytes_in)))
	expect_equal "$point: flows" "$(total flows_opened)" \
		"$(total flows_closed)"
done
