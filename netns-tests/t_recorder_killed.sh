# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder is killed 50 times in full flow. No flow notices; every byte is in
# the captures, in its place and once, and every message is one event of each format.
test_points
topology
own_proc
WAYSIDE_RESTART_MS=50 daemon json="$JSON_EVENTS"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 4000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"

# It has recorded something since it was started.
it_works() {
	[ "$(stat -c %s "$EVENTS")" != "$size" ]
}
recorder=
for _ in {1..50}; do
	wait_for 10 is_anew wayside-recorder "$recorder"
	size=$(stat -c %s "$EVENTS")
	wait_for 10 it_works
	recorder=$(pids wayside-recorder)
	kill -KILL "$recorder"
done
touch "$DIR/end"
join crowd
expect_value crowd closed 20
expect_value crowd bad 0
dismiss vendor
expect_flows 20
captures_are 64
expect_captured crowd
expect_equal "bytes that the ring had no room for" "$(total unobserved_bytes)" 0
messages=$(($(value crowd bytes_out) / 64))
expect_equal "events" "$(wc -l <"$EVENTS")" $((2 * messages))
expect_equal "events that are there twice" \
	"$(cut -f 2,5 "$EVENTS" | sort | uniq -d)" ""
expect_equal "JSON events" "$(wc -l <"$JSON_EVENTS")" $((2 * messages))
expect_equal "JSON events that are there twice" \
	"$(json_events id | sort | uniq -d)" ""
expect_equal "what they and the others say" \
	"$(json_events connection_id direction payload | sort | sha256sum)" \
	"$(cut -f 2,4,5 "$EVENTS" |
		awk -F '\t' '{ print $2 "\t" $1 "\t" $3 }' | sort | sha256sum)"
