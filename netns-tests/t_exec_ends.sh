# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Programs that die, hang or are not there are started again, and get every event in
# order: what one had read is not repeated, what it had not is. The relay and the
# other sinks do not wait for them, nor does a stop.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc

# dash reads byte by byte: it has read just the lines that it writes
cat >"$DIR/dies" <<-END
	#!/bin/sh
	echo x >>$DIR/lives
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		IFS= read -r line || exit 0
		printf '%s\n' "\$line" >>$DIR/dies.out
	done
	exit 3
END
# reads one line, then no other until somebody opens the FIFO for writing, then all
cat >"$DIR/hangs" <<-END
	#!/bin/sh
	echo x >>$DIR/hung
	IFS= read -r line && printf '%s\n' "\$line" >>$DIR/hangs.out
	: <$DIR/may
	exec cat >>$DIR/hangs.out
END
cat >"$DIR/absent" <<-END
	#!/bin/sh
	exec cat >>$DIR/absent.out
END
mkfifo "$DIR/may"
chmod +x "$DIR/dies" "$DIR/hangs" "$DIR/absent"
daemon store="{ file: $STORE }" sinks="
  - { name: dies, exec: $DIR/dies, timeout: 60s }
  - { name: hangs, exec: $DIR/hangs, timeout: 1s }
  - { name: absent, exec: $DIR/absent }
  - { name: good, exec: [/usr/bin/tee, $DIR/good.out] }"
absent_runs() {
	[ -n "$(program_of absent)" ]
}
wait_for 10 absent_runs
mv "$DIR/absent" "$DIR/present"
program_of absent | xargs kill -TERM
wait_for 10 log_says 1 'publisher/absent: .*the program died of signal 15'
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 10 -r 5000 "$VENDOR4:7700" open ping 10 fin
join crowd
wait_for 10 stored 200
wait_for 10 confirmed_all good
wait_for 10 log_says 1 'publisher/absent: .*cannot run .*/absent: No such file'
wait_for 10 log_says 1 'publisher/dies: .*the program ended with status 3'
wait_for 10 log_says 1 \
	'publisher/hangs: .*the program has read nothing for 1000 ms'
hung_thrice() {
	[ "$(wc -l <"$DIR/hung")" -ge 3 ]
}
wait_for 20 hung_thrice
expect_equal "connected" "$(cursor_of absent connected)" false
expect_equal "confirmed" "$(cursor_of absent confirmed)" 0

mv "$DIR/present" "$DIR/absent"
exec 9<>"$DIR/may"
for name in dies hangs absent; do
	wait_for 40 confirmed_all $name
	expect_equal "what $name got again" "$(bodies_are "$DIR/$name.out")" 0
	log_says 1 "publisher/$name: publishing to .* again" ||
		fail "$name is not said to be back"
done
expect_equal "what good got again" "$(bodies_are "$DIR/good.out")" 0
expect_at_least "lives of 20 lines" "$(wc -l <"$DIR/lives")" 10
expect_at_least "retried" "$(cursor_of hangs retried)" 2
expect_equal "confirmed" "$(cursor_of hangs confirmed)" 200
# as many lines as there are kinds of failure, or a few more: they are not repeated
expect_at_most "lines about one that hangs" \
	"$(grep -c 'publisher/hangs.*read nothing' "$DIR/daemon.log")" 2

# One that hangs for ever holds up no stop.
exec 9>&-
lives=$(wc -l <"$DIR/hung")
program_of hangs | xargs kill -KILL
hangs_again() {
	[ "$(wc -l <"$DIR/hung")" -gt "$lives" ]
}
wait_for 10 hangs_again
crowd crowd tracker -n 1 "$VENDOR4:7700" open ping 10 fin
join crowd
dismiss vendor
daemon_stop
[ -z "$(program_of hangs)" ] || fail "it outlives the daemon"
