# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Somebody removes all routing rules that are not his, as systemd-networkd does at
# its start, or flushes our table, or takes the loopback down: without them what is
# marked is forwarded, and every intercepted connection hangs. They are put back at
# once; a connection that runs goes on, and new ones are taken.
topology
log=$DIR/daemon.log

# lost: how often rules were put back, as the status says it
lost() {
	tool status --json | sed -n 's/^ *"put_back": \([0-9]*\),*/\1/p'
}

# put_back N: more often than N times, and all is as it should be
put_back() {
	[ "$(lost)" -gt "$1" ] &&
		tool rules check -c "$CONFIG" >/dev/null 2>&1
}

# remove_rules: as `ip rule flush` does it, of both families
remove_rules() {
	local f

	for f in -4 -6; do
		ip -n gateway $f rule del priority 7701
		ip -n gateway $f rule del priority 7700
	done
}

daemon
server vendor vendor "$VENDOR4:7700" expect one send one expect two send two \
	recv-all
client taken tracker "$VENDOR4:7700" send one expect one touch "$DIR/taken" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/taken"
remove_rules
wait_for 10 put_back 0
grep -q 'somebody changed our rules, they are put back: .* times=1' "$log" ||
	fail "it is not said: $(cat "$log")"
touch "$DIR/two"
join taken vendor
before=$(lost)
ip -n gateway route flush table 7700
wait_for 10 put_back "$before"
before=$(lost)
ip -n gateway link set lo down # takes the route of IPv6, for good
ip -n gateway link set lo up
wait_for 10 put_back "$before"
for f in v4 v6; do
	family $f
	exchange "$VENDOR:7700"
done
expect_flows 3
