# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# 9,000 flows with a capture each, in a few hundred descriptors; while all workers
# are stopped, status and the list of flows answer, and are right.
topology
own_proc
daemon observe=none max_flows=10000
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 9000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" hold "$DIR/end" ping 1 fin
wait_for 40 test -e "$DIR/open"
wait_for 20 counted capture_bytes $((9000 * 64 * 2))
expect_at_most "descriptors of the recorder" \
	"$(find "/proc/$(pids wayside-recorder)/fd" -type l | wc -l)" 300
mapfile -t workers < <(pids wayside-worker/0; pids wayside-worker/1)
kill -STOP "${workers[@]}"
tool status >"$DIR/status.txt"
grep -q 'flows: 9000 of 10000' "$DIR/status.txt" ||
	fail "status: $(cat "$DIR/status.txt")"
expect_equal "flows that are open" "$(counter open)" 9000
expect_equal "flows opened" "$(counter flows_opened)" 9000
expect_equal "bytes of clients" "$(counter client_bytes)" $((9000 * 64))
tool flows >"$DIR/flows.txt"
expect_equal "flows listed" "$(grep -c "$VENDOR4:7700" "$DIR/flows.txt")" 9000
expect_equal "clients listed" "$(grep -o "$TRACKER4:[0-9]*" "$DIR/flows.txt" |
	sort -u | wc -l)" 9000
kill -CONT "${workers[@]}"
touch "$DIR/end"
join crowd
expect_value crowd closed 9000
dismiss vendor
expect_flows 9000
captures_are 64
expect_captured crowd
