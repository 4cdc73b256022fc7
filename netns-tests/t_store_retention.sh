# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The store has a size. Events that a sink has not confirmed are not deleted for it;
# beyond the hard limit they are, oldest first, and counted as unsent. Without that sink
# they go at the first limit, and nothing is unsent. No event is counted twice or
# not at all, also when the recorder dies while it deletes.
test_points
topology
own_proc
# it takes nothing, so nothing is ever confirmed
sink="[{ name: never, exec: [/bin/sleep, 1d], timeout: 10m }]"
export WAYSIDE_DIE=store.expired=3 WAYSIDE_RESTART_MS=10
daemon store="{ file: $STORE, max_size: 1M, max_size_hard: 4M }" sinks="$sink"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 50 -r 4000 "$VENDOR4:7700" open ping 1 \
	stream "$DIR/end" fin

# bytes of the pages in use
size() {
	sql 'SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size'
}
larger() {
	[ "$(size)" -gt "$1" ]
}
first() {
	sql 'SELECT min(id) FROM events'
}
wait_for 20 larger $((3 << 20))
expect_equal "the first event" "$(first)" 1
expect_equal "deleted below the hard limit" "$(counter store_expired)" 0
wait_for 20 counted store_unsent 3000
wait_for 20 grep -q 'recorder died of signal 9' "$DIR/daemon.log"
touch "$DIR/end"
join crowd
expect_value crowd closed 50
messages=$(($(value crowd bytes_out) * 2 / 64))
wait_for 10 counted stored $messages
smaller() {
	[ "$(size)" -le "$1" ]
}
wait_for 20 smaller $((4 << 20))
first=$(first)
expect_equal "deleted" "$(counter store_expired)" $((first - 1))
expect_equal "... of them not confirmed" "$(counter store_unsent)" $((first - 1))
expect_equal "there" "$(sql 'SELECT count(*), max(id) FROM events')" \
	"$((messages - first + 1))|$messages"
expect_equal "positions of events that are gone" "$(sql 'SELECT count(*)
	FROM positions WHERE event NOT IN (SELECT id FROM events)')" 0

# There is no such sink any more.
sed -i '/^sinks:/d' "$CONFIG"
tool reload >"$DIR/reload.txt"
wait_for 20 smaller $((1 << 20))
unsent=$((first - 1)) first=$(first)
daemon_stop
expect_equal "deleted" "$(total store_expired)" $((first - 1))
expect_equal "... of them not confirmed" "$(total store_unsent)" $unsent
expect_equal "stored" "$(total stored)" $messages
expect_equal "lost" "$(total store_lost)" 0
expect_equal "there" "$(sql 'SELECT count(*), max(id) FROM events')" \
	"$((messages - first + 1))|$messages"
