# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Event files of both formats are moved away again and again while events are written:
# every event is in one of the files, once and as a whole line.
topology
daemon json="$JSON_EVENTS"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 4000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
for i in 1 2 3 4 5 6 7 8; do
	wait_for 10 test -s "$EVENTS" -a -s "$JSON_EVENTS"
	mv "$EVENTS" "$DIR/rotated.$i"
	mv "$JSON_EVENTS" "$DIR/json.$i"
done
wait_for 10 test -s "$EVENTS"
touch "$DIR/end"
join crowd
expect_value crowd closed 20
dismiss vendor
daemon_stop
messages=$(($(value crowd bytes_out) / 64))
expect_equal "events" "$(cat "$EVENTS" "$DIR"/rotated.* | wc -l)" $((2 * messages))
expect_equal "events of five fields" \
	"$(cat "$EVENTS" "$DIR"/rotated.* | awk -F '\t' 'NF == 5' | wc -l)" $((2 * messages))
expect_equal "events that are there twice" \
	"$(cut -sf 2,5 "$EVENTS" "$DIR"/rotated.* | sort | uniq -d)" ""
expect_equal "JSON events" "$(cat "$JSON_EVENTS" "$DIR"/json.* | wc -l)" \
	$((2 * messages))
expect_equal "JSON events that are there twice" \
	"$(cut -d , -f 1 "$JSON_EVENTS" "$DIR"/json.* | sort | uniq -d)" ""
