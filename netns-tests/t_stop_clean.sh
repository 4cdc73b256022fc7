# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# After a stop the kernel is as before, no process is left, and the pid file is
# gone; until then it is there, also after connections have ended.
topology
own_proc
before=$(kernel_state)
daemon
[ "$(kernel_state)" != "$before" ] || fail "the daemon installed no rules"
exchange "$VENDOR4:7700"
exchange "[$VENDOR6]:7700"
expect_pid_file
expect_flows 2
expect_equal "rules and routes" "$(kernel_state)" "$before"
[ ! -e /run/wayside/pid ] || fail "the pid file is still there"
expect_equal "processes" "$(cat /proc/[0-9]*/comm | grep -i waysid)" ""
