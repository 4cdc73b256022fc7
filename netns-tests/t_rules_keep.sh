# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Whose the rules of open-stay are. Where the kernel has tables that outlive their
# owner they are the daemon's: nobody else changes them, also not with `nft flush
# ruleset`. Elsewhere (waysided_plain does as if) they are anybody's, and the daemon
# puts back what somebody takes. Both ways SIGKILL leaves them, the tool can take
# them, and the next daemon adopts them. Rules of `open` are the daemon's and go
# with it.
topology
test_points

# keep: what the status says of the table
keep() {
	tool status --json | sed -n 's/^ *"table": "\(.*\)",*$/\1/p'
}

table() {
	on gateway nft -s list table inet wayside
}

table_is_gone() {
	! table >"$DIR/table.txt" 2>&1
}

was_put_back() {
	tool status --json | grep -q '"put_back": [1-9]' && table >"$DIR/table.txt"
}

# flush: as the start scripts of firewalls do; then they load theirs
flush() {
	on gateway nft flush ruleset
	firewall "$FIREWALL_LINE"
}

relayed() {
	exchange "$VENDOR4:7700"
	expect_peer_address vendor "$GATEWAY4"
}

direct() {
	exchange "$VENDOR4:7700"
	expect_peer_address vendor "$TRACKER4"
}

# orphaned: the daemon is killed, and its rules are there
orphaned() {
	daemon_kill
	wait_for 5 nobody_listens
	tool rules check -c "$CONFIG"
}

empty=$(kernel_state)

# persistent: these tests where the kernel can do it
persistent() {
	local before status=0

	daemon
	expect_equal "table" "$(keep)" persists
	before=$(table)
	on gateway nft delete table inet wayside 2>"$DIR/refused.txt" || status=$?
	expect_equal "status of nft delete" $status 1
	grep -q "Operation not permitted" "$DIR/refused.txt" ||
		fail "$(cat "$DIR/refused.txt")"
	flush
	expect_equal "rules after a flush" "$(table)" "$before"
	relayed
	expect_equal "times put back" \
		"$(tool status --json | grep -c '"put_back": 0')" 1
	orphaned
	direct
	daemon
	expect_equal "adopted table" "$(keep)" persists
	relayed
	expect_flows 1
	expect_equal "rules after a stop" "$(kernel_state)" "$empty"
}
! kernel_since 6.9 ||
	grep -q '^WAYSIDE_PRETEND_NO_PERSIST:BOOL=ON' "$BUILD/CMakeCache.txt" ||
	persistent

WAYSIDED=$BUILD/src/waysided/waysided_plain
daemon
expect_equal "table" "$(keep)" plain
flush
wait_for 5 was_put_back
relayed
orphaned
direct
daemon
expect_equal "adopted table" "$(keep)" plain
relayed
expect_flows 1
expect_equal "rules after a stop" "$(kernel_state)" "$empty"

# shellcheck disable=SC2034 # of lib.sh
for WAYSIDED in "$BUILD"/src/waysided/waysided{,_plain}; do
	# the tool, on what nobody owns
	daemon
	orphaned
	tool rules install -c "$CONFIG"
	tool rules check -c "$CONFIG"
	daemon
	orphaned
	tool rules remove
	expect_equal "rules after remove" "$(kernel_state)" "$empty"

	daemon on_failure=open
	expect_equal "table of open" "$(keep)" owned
	flush
	relayed
	daemon_kill
	wait_for 5 table_is_gone
	direct
	daemon on_failure=open
	relayed
	expect_flows 1
	expect_equal "rules after a stop" "$(kernel_state)" "$empty"
done
