# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The disk of the store is full, then there is room again. No flow notices. Full for
# a moment, it costs no event; for long, what could not be kept is counted to the
# event, told once, and then all is stored again, by itself.
topology
small=$DIR/small
STORE=$small/wayside.db
mkdir "$small"
mount -t tmpfs -o size=4m,mode=0755 tmpfs "$small"

fill() {
	# each byte of it, as SQLite may need less than a page
	head -c 8M /dev/zero >"$small/filling" 2>/dev/null || true
}
free() {
	rm "$small/filling"
}

# crowds: 10 flows, 60 messages each while it is full, and more afterwards
crowds() {
	rm -f "$DIR"/{full,freed,end}
	crowd crowd tracker -n 10 -d 100 -r 1000 "$VENDOR4:7700" open ping 10 \
		touch "$DIR/open" hold "$DIR/full" ping "$1" \
		touch "$DIR/sent" hold "$DIR/freed" stream "$DIR/end" fin
}
failed() {
	counted store_retries 1
}

daemon store="{ file: $STORE }"
crowd_server vendor vendor "$VENDOR4:7700"
crowd early tracker -n 10 "$VENDOR4:7700" open ping 10 fin
join early
wait_for 10 stored 200

# for a moment: the events wait, and the echo does not
rm -f "$DIR"/{full,freed,end,open,sent}
crowds 60
wait_for 10 test -e "$DIR/open"
wait_for 10 stored 400
fill
touch "$DIR/full"
wait_for 10 test -e "$DIR/sent"
wait_for 10 failed
expect_equal "stored when it is full" "$(counter stored)" 400
expect_equal "lost when it is full" "$(counter store_lost)" 0
free
wait_for 10 stored 1600
touch "$DIR/freed" "$DIR/end"
join crowd
expect_value crowd closed 10
expect_value crowd bad 0
messages=$((20 * 10 + $(value crowd bytes_out) * 2 / 64))
wait_for 10 stored $messages
expect_equal "lost" "$(counter store_lost)" 0
expect_equal "what it told" "$(grep -c 'lost events' "$DIR/daemon.log" || true)" 0

# for long: more than can be kept, 10000 events
rm -f "$DIR"/{full,freed,end,open,sent}
fill
crowds 600
touch "$DIR/full"
wait_for 30 test -e "$DIR/sent"
wait_for 30 counted store_lost 10000
free
touch "$DIR/freed"
wait_for 10 counted stored $((messages + 100))
touch "$DIR/end"
join crowd
expect_value crowd closed 10
expect_value crowd bad 0
messages=$((messages + $(value crowd bytes_out) * 2 / 64))
dismiss vendor
expect_flows 30
expect_stored_or_lost $messages
expect_equal "events in the file" "$(wc -l <"$EVENTS")" $messages
expect_match "times that it was told" \
	"$(grep -c 'lost events are counted' "$DIR/daemon.log")" \
	"[1-$((1 + SECONDS / 60))]"
expect_equal "lines when it worked again" \
	"$(grep -c "takes events again lost=$(total store_lost) " "$DIR/daemon.log")" 1
expect_equal "flows that have ended" "$(sql "SELECT count(*) FROM flows
	WHERE reason = 'normal'")" 30
expect_equal "database" "$(sql 'PRAGMA integrity_check')" ok
