# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# idle_timeout ends a connection on which nothing was said for so long, with FIN to
# both sides; one that talks lives on, and so does one that began before a reload
# brought the timeout. By default nothing is ended.
topology
daemon
crowd_server vendor vendor "$VENDOR4:7700"
client before tracker "$VENDOR4:7700" wait-file "$DIR/over" send x expect x close
wait_for 10 counted flows_opened 1
config idle_timeout=15s
tool reload >"$DIR/reload.txt" || fail "$(cat "$DIR/reload.txt")"
crowd busy tracker -n 1 -r 4 "$VENDOR4:7700" open ping 80 fin
client quiet tracker "$VENDOR4:7700" recv-all
join quiet
expect_value quiet end fin
expect_at_least "ms of the quiet one" "$(value quiet ms)" 14900
join busy
expect_value busy closed 1
expect_value busy bad 0
wait_for 10 counted flows_idle 1 # the tracker hears of it a moment before
expect_equal "ended" "$(counter flows_idle)" 1
touch "$DIR/over"
join before
wait_for 10 counted flows_closed 3 # so the vendor has heard of the last one, too
dismiss vendor
expect_value vendor fin 3
expect_flows 3
expect_equal "ended" "$(total flows_idle)" 1
