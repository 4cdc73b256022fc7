# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The folder of the captures is full, then read-only, then gone. The relay goes on,
# what could not be written is told once and counted to the byte; when there is room
# again all is recorded again, by itself, and no file holds half a record.
topology
small=$DIR/small
LOGS=$small/logs
mkdir "$small"
mount -t tmpfs -o size=1m,mode=0755 tmpfs "$small"

fill() {
	head -c 2M /dev/zero >"$small/filling" 2>/dev/null || true
}
free() {
	rm "$small/filling"
}
# not while a capture is open for writing: as soon as the flows' ends are recorded
read_only() {
	wait_for 10 mount -o remount,bind,ro "$small"
}
writable() {
	mount -o remount,bind,rw "$small"
}
remove() {
	captures_are 64
	expect_captured before
	rm -r "$LOGS"
}
make() {
	mkdir "$LOGS"
}

# trouble BREAK MEND: flows before it; others that send 60 messages each while it
# is broken, and more when it is mended, until something of them is recorded
trouble() {
	local all began=$SECONDS

	rm -rf "$LOGS" "$EVENTS" "$DIR"/{broken,mended,end}
	mkdir "$LOGS"
	daemon
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd before tracker -n 10 "$VENDOR4:7700" open ping 10 fin
	join before
	wait_for 10 counted capture_bytes 12800
	wait_for 10 counted events 200
	$1
	crowd crowd tracker -n 10 -d 100 -r 1000 "$VENDOR4:7700" open ping 60 \
		touch "$DIR/broken" hold "$DIR/mended" stream "$DIR/end" fin
	wait_for 10 test -e "$DIR/broken"
	wait_for 10 counted capture_lost_bytes 76800
	expect_equal "$1: captured" "$(counter capture_bytes)" 12800
	$2
	touch "$DIR/mended"
	wait_for 10 counted capture_bytes 25600
	touch "$DIR/end"
	join crowd
	expect_value crowd closed 10
	dismiss vendor
	expect_flows 20
	all=$((12800 + $(value crowd bytes_out) + $(value crowd bytes_in)))
	expect_equal "$1: captured and lost" \
		$(($(total capture_bytes) + $(total capture_lost_bytes))) $all
	# and once more after each minute, where the case takes as long
	expect_match "$1: times that it was told" \
		"$(grep -c 'captures cannot be written' "$DIR/daemon.log")" \
		"[1-$((1 + (SECONDS - began) / 60))]"
	expect_equal "$1: events" $((all / 64)) \
		"$(($(wc -l <"$EVENTS") + $(total events_lost)))"
	captures_are 64
	expect_equal "$1: missing in the captures" \
		"$(total capture_lost_bytes)" \
		$(($(value captures client_gap) + $(value captures server_gap)))
}

EVENTS=$small/events trouble fill free
expect_at_least "events lost" "$(total events_lost)" 1000
expect_equal "lost" "$(total capture_lost_bytes)" 76800
trouble read_only writable
expect_equal "lost" "$(total capture_lost_bytes)" 76800
trouble remove make
