# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder is stopped, and more bytes come than the rings hold, under each
# when_full. The flows of all workers go on (with wait: after it was left behind),
# what it missed is counted, and afterwards it records on.
topology
own_proc
for when_full in brief drop wait; do
	rm -f "$LOGS"/*.log "$DIR"/{relayed,back}
	daemon ring_size=1M observe=none when_full=$when_full
	crowd_server vendor vendor "$VENDOR4:7700"
	kill -STOP "$(pids wayside-recorder)"
	crowd crowd tracker -n 20 -m 8192 "$VENDOR4:7700" open ping 40 \
		touch "$DIR/relayed" hold "$DIR/back" ping 1 fin
	wait_for 20 test -e "$DIR/relayed"
	kill -CONT "$(pids wayside-recorder)"
	crowd after tracker -n 20 -d 100 -m 8192 "$VENDOR4:7700" open ping 1 fin
	join after
	expect_value after closed 20
	touch "$DIR/back"
	join crowd
	expect_value crowd closed 20
	expect_value crowd bad 0
	dismiss vendor
	daemon_stop
	captures_are 8192
	missing=$(($(value crowd bytes_out) + $(value crowd bytes_in) +
		$(value after bytes_out) + $(value after bytes_in) -
		$(value captures client_bytes) - $(value captures server_bytes)))
	# two rings of 1 MiB for 13 MB
	expect_at_least "$when_full: missing bytes" $missing 8000000
	expect_equal "$when_full: reported gap" "$(total gap_bytes)" $missing
	[ $when_full != wait ] ||
		expect_equal "workers that left it behind" \
			"$(total ring_detached)" 2
done
