# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Publishers die under load: at each of their points, and of 100 kills at any moment.
# Each event comes to the program at least once, in order; one that comes again is the
# same byte for byte, its id included. Nothing else of the daemon notices.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
test_points
topology
own_proc

# every program appends to the same file, whole lines only: a pipe's last bytes may be
# half a line, which comes again
mkdir "$DIR/came" # apart: to judge all those lines takes long
cat >"$DIR/keeps" <<-END
	#!/usr/bin/python3
	import os, sys
	out = os.open("$DIR/came/out", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
	for line in sys.stdin.buffer:
	    if line.endswith(b"\n"):
	        os.write(out, line)
END
chmod +x "$DIR/keeps"
points=$("$PEERS/die_points" sink. cursor.)
expect_equal "points" "$(wc -w <<<"$points")" 5
n=1
for point in $points; do
	die=${die+$die,}$point=$((n += 2))
done
WAYSIDE_RESTART_MS=10 WAYSIDE_DIE=$die daemon store="{ file: $STORE }" sinks="
  - { name: killed, exec: $DIR/keeps }"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 2000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
wait_for 20 log_says 5 'publisher/killed died of signal 9'

# came BYTES: more of them than before
came() {
	[ "$(stat -c %s "$DIR/came/out")" -ge $((before + $1)) ]
}
others=$(others_than_publishers)
publisher=
for i in {1..100}; do
	wait_for 10 publisher_is_anew killed "$publisher"
	publisher=$(publisher killed)
	# each tenth has not even opened the sink
	before=$(stat -c %s "$DIR/came/out")
	wait_for 10 came $((i % 10 * 8000))
	kill -KILL "$publisher"
done
touch "$DIR/end"
join crowd
expect_value crowd closed 20
expect_value crowd bad 0
dismiss vendor
wait_for 20 confirmed_all killed
expect_equal "the others" "$(others_than_publishers)" "$others"
expect_flows 20
expect_equal "events" "$(sql 'SELECT last_event FROM store')" \
	$(($(value crowd bytes_out) * 2 / 64))
expect_at_least "events that came again" "$(bodies_are "$DIR/came/out")" 1
expect_equal "confirmed" "$(cursor_of killed confirmed)" \
	"$(sql 'SELECT last_event FROM store')"
expect_equal "lost" "$(cursor_of killed lost)" 0
