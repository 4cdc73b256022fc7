# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# on_failure: closed. While no daemon listens - before the first start, after a
# kill, after a stop - what a rule names is reset at once and never leaves the
# gateway, and everything else passes. With a daemon it is relayed, and after
# `wayside rules remove` it goes direct.
WAYSIDE=$BUILD/src/wayside/wayside
topology
config on_failure=closed

expect_closed() {
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	for f in v4 v6; do
		family $f
		client tracker tracker "$VENDOR:7700" send lost
		join_failed tracker
		grep -q 'connect: Connection refused' "$DIR/tracker.log" ||
			fail "not refused: $(cat "$DIR/tracker.log")"
	done
	unwire lan wan
	expect_equal "SYN at the vendor" "$(packets wan ' S ')" ""
	for f in v4 v6; do
		family $f
		# at once: it did not ask again after a second
		expect_equal "SYN of the tracker" 1 \
			"$(packets lan ' S ' | grep -cF " > $VENDOR:7700 S ")"
		exchange "$VENDOR:7701"
		exchange "$OTHER:7700"
	done
}

on gateway "$WAYSIDE" rules install -c "$CONFIG"
expect_closed
daemon_run -c "$CONFIG"
exchange "$VENDOR4:7700"
exchange "[$VENDOR6]:7700"
daemon_kill
wait_for 5 nobody_listens
expect_closed
daemon_run -c "$CONFIG"
exchange "$VENDOR4:7700"
daemon_stop
on gateway "$WAYSIDE" rules check --stopped -c "$CONFIG"
expect_closed
on gateway "$WAYSIDE" rules remove
for f in v4 v6; do
	family $f
	exchange "$VENDOR:7700"
	expect_value vendor peer "$(value tracker local)"
done
