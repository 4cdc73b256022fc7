# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# No worker is there for two seconds: the rules that hand connections over go, and
# new ones go direct. A flow that began so stays direct when the workers are back,
# and the next ones are relayed.
test_points
topology
own_proc
WAYSIDE_RESTART_HOLD=$DIR/away daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
state() {
	tool status --json | sed -n 's/^ *"state": "\(absent\|installed\)",*$/\1/p'
}
state_is() {
	[ "$(state)" = "$1" ]
}
wait_for 10 state_is installed
touch "$DIR/away"
for i in 0 1; do
	kill -KILL "$(pids wayside-worker/$i)"
done
wait_for 10 state_is absent
wire lan tracker eth0 tcp dst port 7700
wire wan vendor eth0 tcp dst port 7700
crowd direct tracker -n 10 "$VENDOR4:7700" open ping 1 touch "$DIR/direct" \
	hold "$DIR/back" ping 10 fin
wait_for 5 test -e "$DIR/direct"
rm "$DIR/away"
wait_for 15 state_is installed
touch "$DIR/back"
join direct
unwire lan wan
expect_value direct closed 10
expect_equal "handshakes that went direct" 10 \
	"$(direct_handshakes lan wan "$VENDOR4:7700")"
crowd after tracker -n 10 -d 100 "$VENDOR4:7700" open ping 1 fin
join after
expect_value after closed 10
dismiss vendor
expect_flows 10
