# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The self-test of a start: it passes on a plain gateway, several at once do not
# meet, and killed at any step it leaves nothing behind.
topology

# state: all that it could leave on the gateway
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
names=(one two three)
for name in "${names[@]}"; do
	peer "$name" gateway self_test
done
join "${names[@]}"
for name in "${names[@]}"; do
	expect_equal "verdict of $name" "$(cat "$DIR/$name.log")" passed
done
expect_equal "what is left" "$(state)" "$before"

test_points
for point in $("$PEERS/die_points" probe.); do
	echo "$point"
	WAYSIDE_DIE=$point=1 peer killed gateway self_test
	case $point in
	probe.space | probe.calling) # it is the child that dies
		join killed
		expect_match "$point: verdict" "$(cat "$DIR/killed.log")" \
			$'impossible\n.*'
		expect_equal "$point: what is left" "$(state)" "$before"
		;;
	*)
		join_failed killed
		expect_equal "$point: verdict" "$(cat "$DIR/killed.log")" ""
		wait_for 10 state_is "$before"
		;;
	esac
done
