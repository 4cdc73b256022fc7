# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder hangs in a write, as on a disk that does not answer. The relay goes
# on, and the gap that is reported is just what is missing in the captures.
test_points
topology
own_proc
WAYSIDE_DIE=capture.written=3:stop daemon ring_size=1M observe=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -m 8192 "$VENDOR4:7700" open ping 40 fin
join crowd
expect_value crowd closed 20
expect_value crowd bad 0
recorder=$(pids wayside-recorder)
hangs() {
	grep -q '^State:.T' "/proc/$recorder/status"
}
wait_for 10 hangs
kill -CONT "$recorder"
dismiss vendor
expect_flows 20
captures_are 8192
missing=$(($(value crowd bytes_out) + $(value crowd bytes_in) -
	$(value captures client_bytes) - $(value captures server_bytes)))
expect_at_least "missing bytes" $missing 8000000
expect_equal "reported gap" "$(total gap_bytes)" $missing
