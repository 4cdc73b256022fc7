# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Somebody opens the store and does not end his transaction. The log stays below its
# limit of 64 MiB; what could not be stored then is counted, no flow notices, and when
# he has gone all is stored again and the log becomes small.
topology
own_proc
daemon store="{ file: $STORE, commit_delay: 1ms }" when_full=wait
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 200 -r 20000 "$VENDOR4:7700" open ping 2 \
	stream "$DIR/end" fin
wait_for 10 counted stored 800
mkfifo "$DIR/sql"
sqlite3 "$STORE" <"$DIR/sql" >"$DIR/reader.txt" &
reader=$!
exec 3>"$DIR/sql"
echo 'BEGIN; SELECT count(*) > 0 FROM events;' >&3
wait_for 10 grep -q 1 "$DIR/reader.txt"

# The largest that is ever seen
largest=0
full() {
	local size

	size=$(stat -c %s "$STORE-wal")
	[ "$size" -le "$largest" ] || largest=$size
	counted store_lost 100
}
wait_for 30 full
expect_at_most "the log" "$largest" $((64 << 20))
expect_at_least "the log" "$largest" $((48 << 20))
expect_at_least "times that it was full" "$(counter store_wal_full)" 1
expect_at_least "lines that name him" \
	"$(grep -c "log is full: process $reader reads" "$DIR/daemon.log")" 1
exec 3>&-
wait "$reader"
stored=$(counter stored)
wait_for 10 counted stored $((stored + 1000))
wait_for 10 grep -q 'takes events again' "$DIR/daemon.log"
touch "$DIR/end"
join crowd
expect_value crowd closed 200
expect_value crowd bad 0
dismiss vendor
expect_flows 200
expect_stored_or_lost $(($(value crowd bytes_out) * 2 / 64))
expect_at_most "the log at the end" "$(stat -c %s "$STORE-wal")" $((8 << 20))
