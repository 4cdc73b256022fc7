# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# While a stop is under way (the recorder takes its time), new connections go
# direct; the rules for those that were taken, and the pid file, are still there;
# both go when the daemon does.
topology
own_proc
before=$(kernel_state)

# kernel_state without the counters, which move
uncounted() {
	kernel_state | sed 's/packets [0-9]* bytes [0-9]*//'
}
without=$(uncounted)
daemon

pid=$(pids wayside-recorder)
kill -STOP "$pid"
kill -TERM "$(cat /run/wayside/pid)"
wait_for 10 nobody_listens
with_rules=$(uncounted)
wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
exchange "$VENDOR4:7700"
unwire lan wan
expect_forwarded lan wan "$VENDOR4:7700"
expect_pid_file
expect_equal "rules and routes" "$(uncounted)" "$with_rules"
[ "$with_rules" != "$without" ] || fail "there are no rules left"
kill -CONT "$pid"
daemon_stop
expect_equal "rules and routes" "$(kernel_state)" "$before"
[ ! -e /run/wayside/pid ] || fail "the pid file is still there"
