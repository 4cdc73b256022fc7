# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# SIGTERM with a drain: running flows go on and are recorded, new connections go
# direct, and the daemon ends when the last flow does. A second signal ends it at
# once, and so does the drain's limit.
topology

# draining NAME: ten flows run, and the daemon was told to end
draining() {
	crowd "$1" tracker -n 10 "$VENDOR4:7700" open ping 1 touch "$DIR/$1" \
		hold "$DIR/$1.on" ping 10 touch "$DIR/$1.went" \
		hold "$DIR/$1.end" fin
	wait_for 10 test -e "$DIR/$1"
	kill -TERM "$(cat /run/wayside/pid)"
	wait_for 10 nobody_listens
}

daemon drain=10m
crowd_server vendor vendor "$VENDOR4:7700"
draining one
expect_equal "phase" "$(tool status --json |
	sed -n 's/^ *"phase": "\(.*\)",*$/\1/p')" draining
wire lan tracker eth0 tcp dst port 7700
wire wan vendor eth0 tcp dst port 7700
crowd direct tracker -n 10 -d 100 "$VENDOR4:7700" open ping 1 fin
join direct
unwire lan wan
expect_value direct closed 10
expect_equal "handshakes that went direct" 10 \
	"$(direct_handshakes lan wan "$VENDOR4:7700")"
touch "$DIR/one.on"
wait_for 10 test -e "$DIR/one.went"
expect_pid_file
touch "$DIR/one.end"
join one
expect_value one closed 10
expect_value one bad 0
daemon_ended
expect_equal "flows" "$(total flows_opened)" 10
captures_are 64
expect_captured one

daemon drain=10m
draining two
kill -TERM "$(cat /run/wayside/pid)"
daemon_ended
touch "$DIR"/two.{on,end}
join two
expect_value two fin 10

daemon drain=500ms
draining three
daemon_ended
touch "$DIR"/three.{on,end}
join three
expect_value three fin 10
