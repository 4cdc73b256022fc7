# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The doctor changes nothing that it does not put back, wherever it is killed;
# where its helpers are killed, it says that it could not try, and puts it back.
test_points
topology
config self_test=yes

state() {
	kernel_state
	ip -n gateway -br addr
	ip -n gateway neigh show nud permanent
	on gateway ss -tnaH
}

state_is() {
	[ "$(state)" = "$1" ]
}

before=$(state)
# path.space and path.cable are passed once a cable: the client's and the server's
for point in $("$PEERS/die_points" probe. path.) path.space=2 path.cable=2; do
	echo "$point"
	[[ $point = *=* ]] || point=$point=1
	status=0
	WAYSIDE_DIE=$point on gateway "$WAYSIDE" doctor -c "$CONFIG" \
		>"$DIR/doctor" 2>&1 || status=$?
	case $point in
	probe.space=* | probe.calling=* | path.guard=*) # a helper
		expect_equal "$point: exit status" $status 0
		grep -q '^notice *\(input_firewall\|self_test\): not possible' \
			"$DIR/doctor" || fail "$point: $(cat "$DIR/doctor")"
		expect_equal "$point: what is left" "$(state)" "$before"
		;;
	*)
		expect_equal "$point: exit status" $status 137
		wait_for 10 state_is "$before"
		;;
	esac
	# and nothing is in the way of the next one
	status=0
	on gateway "$WAYSIDE" doctor -c "$CONFIG" >"$DIR/doctor" 2>&1 ||
		status=$?
	expect_equal "after $point: exit status" $status 0
	grep -q '^ok *self_test: ' "$DIR/doctor" ||
		fail "after $point: $(cat "$DIR/doctor")"
done
