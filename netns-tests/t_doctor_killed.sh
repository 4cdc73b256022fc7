# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The doctor changes nothing that it does not put back, wherever it is killed, at
# each pass of each place that the program has for it; where its helpers are killed,
# it says that it could not try, and puts it back. The same beside a daemon.
test_points
topology
config self_test=no

# without what is counted: the probe's answers pass the rules of a daemon
state() {
	kernel_state | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
	ip -n gateway -br addr
	ip -n gateway neigh show nud permanent
	on gateway ss -tnaH
	# the lock of the rules
	on gateway grep -o '@wayside-rules' /proc/self/net/unix || true
}

state_is() {
	[ "$(state)" = "$1" ]
}

# doctor [POINT=N]: its exit status is in $status
doctor() {
	status=0
	WAYSIDE_DIE=${1-} on gateway "$WAYSIDE" doctor -c "$CONFIG" \
		>"$DIR/doctor" 2>&1 || status=$?
}

# all_is_well WHEN
all_is_well() {
	expect_equal "$1: exit status" $status 0
	grep -q '^ok *self_test: ' "$DIR/doctor" || fail "$1: $(cat "$DIR/doctor")"
}

# kills POINT=N: false when there is no such pass
kills() {
	doctor "$1"
	case $1 in
	probe.space=* | probe.calling=* | path.guard=*) # a helper
		expect_equal "$1: exit status" $status 0
		grep -q '^notice *\(input_firewall\|self_test\): not possible' \
			"$DIR/doctor" || return 1
		expect_equal "$1: what is left" "$(state)" "$before"
		;;
	*)
		[ $status = 137 ] || return 1
		wait_for 10 state_is "$before"
		;;
	esac
}

# at_each_point: the places that were never passed are in $never
at_each_point() {
	local point n

	before=$(state)
	never=()
	for point in $("$PEERS/die_points" doctor. probe. path.); do
		n=1
		while kills "$point=$n"; do
			n=$((n + 1))
		done
		echo "$point: passed $((n - 1)) times"
		[ $n -gt 1 ] || never+=("$point")
		# it was not killed, and nothing is in its way
		all_is_well "after $point"
	done
}

at_each_point
expect_equal "places without a test" "${never[*]}" ""

daemon
at_each_point
# the routing is the daemon's
expect_equal "what only a doctor without a daemon does" "${never[*]}" path.guard
exchange "$VENDOR4:7700"
expect_flows 1
