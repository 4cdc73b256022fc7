# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The event file is moved away again and again while events are written: every
# event is in one of the files, once and as a whole line.
topology
daemon
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 4000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
for i in 1 2 3 4 5 6 7 8; do
	wait_for 10 test -s "$EVENTS"
	mv "$EVENTS" "$EVENTS.$i"
done
wait_for 10 test -s "$EVENTS"
touch "$DIR/end"
join crowd
expect_value crowd closed 20
dismiss vendor
daemon_stop
messages=$(($(value crowd bytes_out) / 64))
expect_equal "events" "$(cat "$EVENTS"* | wc -l)" $((2 * messages))
expect_equal "events of five fields" \
	"$(cat "$EVENTS"* | awk -F '\t' 'NF == 5' | wc -l)" $((2 * messages))
expect_equal "events that are there twice" \
	"$(cut -sf 2,5 "$EVENTS"* | sort | uniq -d)" ""
