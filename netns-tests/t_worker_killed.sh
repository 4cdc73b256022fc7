# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A worker is killed in full flow, and kept away for a while. The flows of the other one
# go on as if nothing had been; its own end and are counted: with FIN, also where
# bytes had come that it had not read, unless more come after that. While it is not there the other one takes its share of the new
# connections; then it comes back.
test_points
topology
own_proc
WAYSIDE_RESTART_HOLD=$DIR/away daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd_server vendor6 vendor "[$VENDOR6]:7700"
crowd quiet tracker -n 60 "$VENDOR4:7700" open ping 1 touch "$DIR/quiet" \
	hold "$DIR/go" send 1 touch "$DIR/sent" hold "$DIR/end" ping 1 fin
crowd busy tracker -n 20 -d 1000 "[$VENDOR6]:7700" open ping 1 \
	touch "$DIR/busy" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/quiet"
wait_for 10 test -e "$DIR/busy"

all_acknowledged() {
	[ -z "$(on tracker ss -tnH state established dst "$VENDOR4" |
		awk '$2 > 0')" ]
}
worker=$(pids wayside-worker/0)
kill -STOP "$worker"
touch "$DIR/go"
wait_for 10 test -e "$DIR/sent"
wait_for 10 all_acknowledged
touch "$DIR/away"
kill -KILL "$worker"
crowd crowd tracker -n 100 -d 2000 "$VENDOR4:7700" open ping 1 fin
join crowd
expect_value crowd closed 100
! is_there wayside-worker/0 || fail "it is there already"
rm "$DIR/away"
wait_for 10 is_anew wayside-worker/0 "$worker"

touch "$DIR/end"
join quiet busy
died=$(value quiet fin)
expect_at_least "quiet flows that ended" "$died" 1
expect_value quiet closed $((60 - died))
expect_value quiet rst 0
expect_value quiet bad 0
busy_died=$(($(value busy fin) + $(value busy rst)))
expect_at_least "busy flows that ended" $busy_died 1
expect_value busy closed $((20 - busy_died))
expect_value busy bad 0
crowd after tracker -n 20 -d 3000 "$VENDOR4:7700" open ping 1 fin
join after
expect_value after closed 20
dismiss vendor vendor6
expect_flows 200
expect_equal "flows that died" "$(total flows_died)" $((died + busy_died))
expect_at_least "connections taken for another" "$(total lent)" 1
captures_are 64
