# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A store whose file is no database, or is broken when another recorder goes on with
# it: it is set aside with a line that names it, a new one is begun, and no event that
# comes is lost.
test_points
topology
own_proc

asides() {
	find "$DIR" -name "${STORE##*/}.corrupt-*" ! -name '*-wal' ! -name '*-shm' | wc -l
}

head -c 100000 /dev/urandom >"$STORE"
WAYSIDE_RESTART_MS=10 daemon store="{ file: $STORE }" json="$JSON_EVENTS"
expect_equal "lines that say so" \
	"$(grep -c "$STORE.*set aside as" "$DIR/daemon.log")" 1
expect_equal "files set aside" "$(asides)" 1
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 10 -r 500 "$VENDOR4:7700" open ping 10 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
wait_for 10 counted stored 200

# Its pages are overwritten, behind the first one and in the log
mess() {
	local size

	size=$(stat -c %s "$1")
	dd if=/dev/urandom of="$1" conv=notrunc bs=4096 seek=1 \
		count=$((size / 4096)) 2>/dev/null
}
said_twice() { # the line comes after the new file
	[ "$(grep -c "$STORE.*set aside as" "$DIR/daemon.log")" = 2 ]
}
kill -STOP "$(pids wayside-recorder)"
mess "$STORE"
mess "$STORE-wal"
kill -KILL "$(pids wayside-recorder)"
wait_for 20 said_twice
expect_equal "files set aside" "$(asides)" 2
before=$(counter stored)
wait_for 10 counted stored $((before + 500))
touch "$DIR/end"
join crowd
expect_value crowd closed 10
expect_value crowd bad 0
dismiss vendor
expect_flows 10
expect_equal "stored" "$(total stored)" "$(wc -l <"$JSON_EVENTS")"
expect_equal "lost" "$(total store_lost)" 0
# all that the new one has are the last ones of the file, each once
n=$(sql 'SELECT count(*) FROM events')
expect_at_least "events in the new one" "$n" 500
expect_equal "what they say" "$(sql 'SELECT event FROM events ORDER BY id')" \
	"$(tail -n "$n" "$JSON_EVENTS")"
expect_equal "flows of the new one" "$(sql "SELECT count(*) FROM flows
	WHERE reason = 'normal'")" 10
expect_equal "database" "$(sql 'PRAGMA integrity_check')" ok
