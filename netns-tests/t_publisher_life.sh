# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Publishers come and go with their sinks. One that is killed is back and goes on
# behind what was confirmed, and nobody else notices. A reload begins, ends and
# replaces just those whose sink it changes; it does not wait for one that hangs.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc

# sink NAME [KEY: VALUE]: a program that keeps what it reads in NAME.out
sink() {
	echo "{ name: $1, exec: [/bin/sh, -c, 'exec cat >>$DIR/$1.out']${2+, $2} }"
}
# with SINK...: these and no others, from the next reload on
with() {
	config store="{ file: $STORE }" sinks="[$(IFS=, && echo "$*")]"
}
# got NAME N: so many different events have come to it by now
got() {
	[ "$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' "$DIR/$1.out" 2>/dev/null |
		sort -u | wc -l)" = "$2" ]
}
# send N: so many events more, and twice as many are not
n=0
send() {
	crowd crowd tracker -n 1 "$VENDOR4:7700" open ping $(($1 / 2)) fin
	join crowd
	n=$((n + $1))
	wait_for 10 stored $n
}
# row NAME: state and restarts, as the status says them
row() {
	tool status | awk -v name="publisher/$1" '$1 == name {
		print $3, $6 }'
}

with "$(sink a)" "$(sink b)"
daemon_run -c "$CONFIG"
crowd_server vendor vendor "$VENDOR4:7700"
send 20
wait_for 10 got a 20
wait_for 10 got b 20
all=$(others_than_publishers)
expect_equal "state of a" "$(row a)" "ready 0"

a=$(publisher a) b=$(publisher b)
kill -KILL "$a"
wait_for 10 publisher_is_anew a "$a"
send 20
wait_for 10 got a 40
wait_for 10 got b 40
expect_equal "b" "$(publisher b)" "$b"
expect_equal "the others" "$(others_than_publishers)" "$all"
wait_for 10 grep -q 'publisher/a is back restarts=1' "$DIR/daemon.log"
expect_equal "state of a" "$(row a)" "ready 1"
expect_equal "state of b" "$(row b)" "ready 0"

# c comes, b changes, a stays
a=$(publisher a)
with "$(sink c)" "$(sink a)" "$(sink b 'timeout: 11s')"
tool reload >"$DIR/reload.txt"
wait_for 10 publisher_is_anew b "$b"
wait_for 10 is_there wayside-publisher/c
expect_equal "a" "$(publisher a)" "$a"
send 20
for name in a b c; do
	wait_for 10 got $name 60
done
# nor does it change anything where it is refused
b=$(publisher b) c=$(publisher c)
sed -i 's/timeout: 11s/timeout: 11/' "$CONFIG"
! tool reload >"$DIR/reload.txt" 2>&1 || fail "it was not refused"
expect_equal "publishers" "$(publisher a) $(publisher b) $(publisher c)" "$a $b $c"

# c hangs. It goes, and b with it: nobody waits for c, and a does not notice.
kill -STOP "$c"
with "$(sink a)"
tool reload >"$DIR/reload.txt"
wait_for 10 is_gone wayside-publisher/b
expect_equal "state of b" "$(row b)" ""
expect_equal "c" "$(publisher c)" "$c"
# it is there again, but not twice: they have one cursor
with "$(sink a)" "$(sink c)" "$(sink d)"
tool reload >"$DIR/reload.txt"
send 20
for name in a d; do
	wait_for 10 got $name 80
done
expect_equal "c" "$(publisher c)" "$c"
kill -CONT "$c"
wait_for 10 publisher_is_anew c "$c"
wait_for 10 got c 80
expect_equal "a" "$(publisher a)" "$a"
expect_equal "the others" "$(others_than_publishers)" "$all"
dismiss vendor
expect_flows 4
got b 60 || fail "b got more than it was to"
