# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A store on a file system that is read-only: the daemon does not start, and says why.
# One that became read-only while a recorder was away: no flow notices, events are
# counted as lost, and stored again when it is writable.
test_points
topology
own_proc
other=$DIR/other
STORE=$other/wayside.db
mkdir "$other"
mount -t tmpfs -o mode=0755 tmpfs "$other"

config store="{ file: $STORE }"
mount -o remount,bind,ro "$other"
daemon_spawn -c "$CONFIG"
! wait $! || fail "the daemon started with a store that is read-only"
expect_equal "lines that say why" \
	"$(grep -c 'store.*Read-only file system' "$DIR/daemon.log")" 1
expect_equal "rules that were left" \
	"$(on gateway nft list tables | grep -c wayside || true)" 0
mount -o remount,bind,rw "$other"

WAYSIDE_RESTART_MS=10 WAYSIDE_RESTART_HOLD=$DIR/away \
	daemon store="{ file: $STORE }"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 10 -d 100 -r 1000 "$VENDOR4:7700" open ping 10 \
	touch "$DIR/open" hold "$DIR/broken" ping 20 touch "$DIR/sent" \
	hold "$DIR/mended" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
wait_for 10 stored 200
touch "$DIR/away"
kill -KILL "$(pids wayside-recorder)"
# nobody has it open
wait_for 10 mount -o remount,bind,ro "$other"
rm "$DIR/away"
touch "$DIR/broken"
wait_for 10 test -e "$DIR/sent"
wait_for 10 counted store_lost 400
expect_equal "stored while it is read-only" "$(counter stored)" 200
mount -o remount,bind,rw "$other"
touch "$DIR/mended"
wait_for 10 counted stored 300
touch "$DIR/end"
join crowd
expect_value crowd closed 10
expect_value crowd bad 0
dismiss vendor
expect_flows 10
expect_stored_or_lost $(($(value crowd bytes_out) * 2 / 64))
expect_equal "lines when it worked again" \
	"$(grep -c 'takes events again' "$DIR/daemon.log")" 1
