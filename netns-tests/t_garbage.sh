# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A worker writes nonsense into its ring. The recorder skips it and says so, the
# worker is replaced, and the flows of the other one go on, recorded whole.
test_points
topology
WAYSIDE_DIE=garbage=30 daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 60 "$VENDOR4:7700" open ping 1 touch "$DIR/open" \
	stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
wait_for 10 grep -q 'writes nonsense into its ring' "$DIR/daemon.log"
wait_for 10 grep -q 'worker/[01] is back' "$DIR/daemon.log"
touch "$DIR/end"
join crowd
ended=$(($(value crowd fin) + $(value crowd rst)))
expect_at_least "flows that ended" $ended 1
expect_value crowd closed $((60 - ended))
expect_value crowd bad 0
crowd after tracker -n 20 -d 100 "$VENDOR4:7700" open ping 1 fin
join after
expect_value after closed 20
dismiss vendor
expect_equal "workers replaced" "$(tool status --json |
	sed -n '1,/"roles"/ s/^ *"nonsense": \([0-9]*\),*$/\1/p')" 1
daemon_stop
expect_equal "flows that died" "$(total flows_died)" $ended
expect_equal "nonsense" "$(total nonsense)" 1
