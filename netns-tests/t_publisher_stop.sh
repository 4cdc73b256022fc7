# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A sink that cannot be reached, whose program cannot be started, or that takes
# nothing holds up neither start nor reload nor stop, and does not make the stop a
# failure.
# A clean stop delivers to the others what was stored up to its last moment.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc
silence vendor 5672
cat >"$DIR/hangs" <<-'END'
	#!/bin/sh
	exec tail -f /dev/null
END
echo '#!/nowhere' >"$DIR/broken"
chmod +x "$DIR/hangs" "$DIR/broken"
# All of these could wait for longer than this case may last.
away="{ name: away, amqp: 'amqp://203.0.113.2/?queue=q', timeout: 10m }"
config store="{ file: $STORE }" sinks="[ $away,
	{ name: broken, exec: $DIR/broken },
	{ name: hangs, exec: $DIR/hangs, timeout: 10m },
	{ name: file, exec: [/bin/sh, -c, 'exec cat >$DIR/file.out'] } ]"
# ... but for the last: it is ended after the time that it has
unset WAYSIDE_LIMIT_MS
daemon_run -c "$CONFIG"
wait_for 10 is_there wayside-publisher/away
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 5000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
file=$(publisher file)
away=$(publisher away)

# The one that waits for its broker is replaced while it does.
sed -i 's/queue=q/queue=r/' "$CONFIG"
tool reload >"$DIR/reload.txt"
wait_for 10 is_anew wayside-publisher/away "$away"
expect_equal "file" "$(publisher file)" "$file"
wait_for 10 counted stored 1000
daemon_stop
touch "$DIR/end"
join_any crowd
dismiss vendor
expect_equal "events that arrived" "$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' \
	"$DIR/file.out" | sort -u | wc -l)" "$(total stored)"
expect_equal "events in the store" "$(sql 'SELECT count(*) FROM events')" \
	"$(total stored)"
expect_equal "what is told of the end" "$(grep -c \
	'while stopping\|left behind\|away did not end' "$DIR/daemon.log" || true)" 0
! is_there 'wayside-*' || fail "somebody is left"

# Its own time ends it, too, and a second signal at once.
daemon_run -c "$CONFIG"
wait_for 10 is_there wayside-publisher/file
kill -STOP "$(publisher file)"
daemon_stop
grep -q 'publisher/file did not end in [0-9]* ms: it is killed' \
	"$DIR/daemon.log" || fail "it is not told"
export WAYSIDE_LIMIT_MS=600000
daemon_run -c "$CONFIG"
wait_for 10 is_there wayside-publisher/file
kill -STOP "$(publisher file)"
# shellcheck disable=SC2154 # from lib.sh
kill -TERM "$daemon_pid"
wait_for 10 is_gone wayside-recorder
# shellcheck disable=SC2154 # from lib.sh
kill -TERM "$daemon_pid"
daemon_ended
