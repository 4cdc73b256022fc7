# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the disk holds at any moment of full flow, database and log, can be opened, is
# consistent and has all events up to one; also when the end of the log is missing.
topology
own_proc
daemon store="{ file: $STORE, commit_delay: 5ms }"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 2000 "$VENDOR4:7700" open ping 1 \
	stream "$DIR/end" fin
recorder=$(pids wayside-recorder)
copy=$DIR/copy.db

# open_copy WHAT: it can be, and has events 1 to $events with what belongs to them
open_copy() {
	local all

	rm -f "$copy-shm"
	# not read-only: whoever comes first mends what there is, as after a power cut
	all=$(sqlite3 "$copy" 'PRAGMA integrity_check;
		SELECT count(*), ifnull(max(id), 0),
			(SELECT last_event FROM store) FROM events;
		SELECT count(*) FROM events
			WHERE flow NOT IN (SELECT id FROM flows)') ||
		fail "$1 cannot be read"
	events=$(sed -n '2s/|.*//p' <<<"$all")
	expect_equal "$1" "$all" $'ok\n'"$events|$events|$events"$'\n0'
}

last=0 kinds=0
for i in {1..40}; do
	kill -STOP "$recorder"
	cp "$STORE" "$copy"
	cp "$STORE-wal" "$copy-wal"
	cp "$STORE" "$copy.kept"
	cp "$STORE-wal" "$copy-wal.kept"
	kill -CONT "$recorder"
	open_copy "copy $i"
	expect_at_least "events of copy $i" "$events" "$last"
	[ "$events" = "$last" ] || kinds=$((kinds + 1))
	last=$events
	# the log's end never got to the disk
	cp "$copy.kept" "$copy"
	size=$(stat -c %s "$copy-wal.kept")
	head -c $((size * (i % 10) / 10)) "$copy-wal.kept" >"$copy-wal"
	open_copy "copy $i, cut"
	expect_at_most "events of copy $i, cut" "$events" "$last"
done
expect_at_least "different states" $kinds 20
touch "$DIR/end"
join crowd
dismiss vendor
expect_flows 20
cp "$STORE" "$copy"
cp "$STORE-wal" "$copy-wal"
open_copy "what is left at the end"
expect_equal "events" "$events" $(($(value crowd bytes_out) * 2 / 64))
