# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# SIGKILL of the supervisor between any two steps of its start and of its stop: what a
# new connection sees then is what the failure policy says. Before the rules are in
# for the first time it goes direct, whatever the policy is. A connection from before
# all of it lives on, direct.
test_points
own_proc
topology
# shellcheck source=netns-tests/policies.sh
. "${BASH_SOURCE[0]%/*}/policies.sh"

# dies_starting POINT; dies_stopping POINT: a daemon that is killed there
dies_starting() {
	config on_failure="$policy" observe=none capture=none
	WAYSIDE_DIE=$1=1 daemon_spawn -c "$CONFIG"
	died $!
}
dies_stopping() {
	local pid

	WAYSIDE_DIE=$1=1 daemon on_failure="$policy" observe=none capture=none
	pid=$(cat /run/wayside/pid)
	kill -TERM "$pid"
	died "$pid"
}

# died PID: it was killed, and its children are gone with it
died() {
	local status=0

	{ wait "$1" || status=$?; } 2>/dev/null
	expect_equal "status of the daemon" $status 137
	wait_for 10 is_gone 'wayside-*'
}

# is WHEN WHAT
is() {
	seen
	expect_equal "$policy, $1: a connection" "$seen" "$2"
	[ "$seen" != waits ] || {
		stop client
		stop server
	}
}

# cleared: nothing of ours is left in the kernel
cleared() {
	tool rules remove >"$DIR/remove.log" 2>&1 || fail "$(cat "$DIR/remove.log")"
	expect_equal "what is left" "$(kernel)" nothing
}

# row POLICY WITHOUT: what a connection sees when the daemon is not there
starting=(opened locked listening started routed installed)
stopping=(draining closed workers recorder publishers forgotten removed)
row() {
	local point

	policy=$1
	for point in "${starting[@]}"; do
		dies_starting "supervisor.$point"
		if [ "$point" = installed ]; then
			is "first start, $point" "$2"
		else
			is "first start, $point" direct
		fi
		cleared
	done
	for point in "${stopping[@]}"; do
		dies_stopping "supervisor.$point"
		is "stop, $point" "$2"
		# ... and so it is when the next one dies, too
		dies_starting "supervisor.${starting[i++ % ${#starting[@]}]}"
		is "start after $point" "$2"
		cleared
	done
}

i=0
server old vendor "$OTHER4:7700" expect one send one expect two send two recv-all
client older tracker "$OTHER4:7700" send one expect one touch "$DIR/one" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/one"
row open direct
row open-stay direct
row closed refused
hold 127.0.0.1:15001 '[::1]:15001'
row hold waits
touch "$DIR/two"
join older old
expect_equal "points" "$(printf 'supervisor.%s\n' "${starting[@]}" \
	"${stopping[@]}")" "$("$PEERS/die_points" supervisor.)"
