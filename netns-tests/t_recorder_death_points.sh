# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Wherever the recorder dies, also in the middle of a write: its successor leaves
# every byte in the captures once and in its place, and every message is one event.
test_points
topology
points=$("$PEERS/die_points" recorder. capture. events.)
for point in $points; do
	rm -f "$LOGS"/*.log "$EVENTS"
	first=
	# only a successor cuts files back
	[ "$point" != recorder.cut ] || first=capture.written=2,
	WAYSIDE_DIE=$first$point=3 daemon
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd crowd tracker -n 10 "$VENDOR4:7700" open ping 60 fin
	join crowd
	expect_value crowd closed 10
	wait_for 10 grep -q 'recorder died of signal 9' "$DIR/daemon.log"
	dismiss vendor
	expect_flows 10
	captures_are 64
	expect_captured crowd
	expect_equal "$point: events" "$(wc -l <"$EVENTS")" 1200
	expect_equal "$point: events that are there twice" \
		"$(cut -f 2,5 "$EVENTS" | sort | uniq -d)" ""
done
