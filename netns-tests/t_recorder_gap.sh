# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder is killed three times, and more bytes come than the ring holds
# before its successor is there. The relay goes on, and the gap that is reported is
# just what is missing in the captures.
test_points
topology
own_proc
WAYSIDE_RESTART_HOLD=$DIR/away daemon ring_size=1M observe=none when_full=drop
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 4 -m 8192 -w 2 -r 2000 "$VENDOR4:7700" open \
	ping 1 touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
recorder=
for _ in {1..3}; do
	wait_for 10 is_anew wayside-recorder "$recorder"
	recorder=$(pids wayside-recorder)
	before=$(counter unobserved_bytes)
	touch "$DIR/away"
	kill -KILL "$recorder"
	wait_for 10 counted unobserved_bytes $((before + 1000000))
	rm "$DIR/away"
done
wait_for 10 is_anew wayside-recorder "$recorder"
touch "$DIR/end"
join crowd
expect_value crowd closed 4
expect_value crowd bad 0
dismiss vendor
expect_flows 4
captures_are 8192
missing=$(($(value crowd bytes_out) + $(value crowd bytes_in) -
	$(value captures client_bytes) - $(value captures server_bytes)))
expect_at_least "missing bytes" $missing 3000000
expect_equal "reported gap" "$(total gap_bytes)" $missing
expect_equal "bytes that the ring had no room for" \
	"$(total unobserved_bytes)" $missing
