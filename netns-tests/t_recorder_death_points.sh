# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Wherever the recorder dies, also in the middle of a write: its successor leaves
# every byte in the captures once and in its place, and every message is one event of
# each format.
test_points
topology

died() {
	[ "$(grep -c 'recorder died of signal 9' "$DIR/daemon.log")" = "$1" ]
}

points=$("$PEERS/die_points" recorder. capture. events.)
for point in $points; do
	rm -f "$LOGS"/*.log "$EVENTS" "$JSON_EVENTS" "$DIR/end"
	die=$point=3 deaths=1
	# only a successor cuts files back
	[ "$point" != recorder.cut ] || die=capture.written=2,$point=1 deaths=2
	WAYSIDE_DIE=$die daemon json="$JSON_EVENTS"
	crowd_server vendor vendor "$VENDOR4:7700"
	# until it has died: who knows how many entries it takes at a time
	crowd crowd tracker -n 10 -r 4000 "$VENDOR4:7700" open ping 20 \
		stream "$DIR/end" fin
	wait_for 10 died "$deaths"
	touch "$DIR/end"
	join crowd
	expect_value crowd closed 10
	dismiss vendor
	expect_flows 10
	captures_are 64
	expect_captured crowd
	expect_equal "$point: events" "$(wc -l <"$EVENTS")" \
		$(($(value crowd bytes_out) * 2 / 64))
	expect_equal "$point: events that are there twice" \
		"$(cut -f 2,5 "$EVENTS" | sort | uniq -d)" ""
	expect_equal "$point: JSON events" "$(wc -l <"$JSON_EVENTS")" \
		"$(wc -l <"$EVENTS")"
	expect_equal "$point: JSON events that are there twice" \
		"$(cut -d , -f 1 "$JSON_EVENTS" | sort | uniq -d)" ""
done
