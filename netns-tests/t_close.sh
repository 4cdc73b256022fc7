# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `wayside close ID` ends that flow on both sides, after what was sent, and no
# other; one that is not there is refused.
topology
daemon
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 5 "$VENDOR4:7700" open ping 1 touch "$DIR/open" ended 1 \
	ping 1 fin
wait_for 10 test -e "$DIR/open"
id=$(tool flows | grep -F "$VENDOR4:7700" | sed -n '3{s/ .*//p}')
expect_match "id" "$id" '[0-9_-]+'
tool close "$id"
join crowd
expect_value crowd fin 1
expect_value crowd closed 4
expect_value crowd bad 0
status=0
tool close "$id" >"$DIR/again.txt" 2>&1 || status=$?
expect_equal "status of closing it again" $status 1
expect_match "output of closing it again" "$(cat "$DIR/again.txt")" \
	$'wayside: [^\n]*'
dismiss vendor
expect_value vendor fin 5
daemon_stop
expect_equal "flows ended by the operator" "$(total flows_operator)" 1
