# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A role dies or hangs at a step of a reload. The answer is the truth: either the
# new configuration is in force in all roles, also in the successors, or the old one
# is in force in all of them; and the flows of the others go on.
test_points
topology
own_proc
title_of_roles=(wayside-recorder wayside-worker/0 wayside-worker/1)

# It has happened: a role hangs at the point, or the supervisor knows of a death.
happened() {
	local title

	if [[ $1 != *:stop ]]; then
		grep -q ': restarting$' "$DIR/daemon.log"
		return
	fi
	for title in "${title_of_roles[@]}"; do
		! grep -q '^State:.T' "/proc/$(pids "$title")/status" || return 0
	done
	return 1
}

# Whoever was stopped at the point goes on, and all are there.
all_ready() {
	local title

	for title in "${title_of_roles[@]}"; do
		kill -CONT "$(pids "$title")" 2>/dev/null || true
	done
	[ "$(tool status --json | grep -c '"state": "ready"')" = 3 ]
}

# dies_at POINT PASS[:stop]
dies_at() {
	local in_force

	# who hangs is not waited for as long as others, who are just slow
	[[ $2 != *:stop ]] || local -x WAYSIDE_RELOAD_MS=2000
	WAYSIDE_DIE=$1=$2 daemon capture=none observe=none
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd_server other vendor "$OTHER4:7700"
	echo "  - { name: others, to: [\"$OTHER4:7700\"], capture: none }" \
		>>"$CONFIG"
	in_force=20
	tool reload >"$DIR/reload.log" 2>&1 || in_force=0
	wait_for 10 happened "$2"
	wait_for 10 all_ready
	expect_equal "$1=$2: configuration in force" "$(tool status --json |
		sed -n 's/^ *"number": \([0-9]*\),*$/\1/p')" \
		$((in_force ? 2 : 1))
	crowd crowd tracker -n 20 "$OTHER4:7700" open ping 1 fin
	join crowd
	expect_value crowd closed 20
	crowd same tracker -n 20 "$VENDOR4:7700" open ping 1 fin
	join same
	expect_value same closed 20
	dismiss vendor other
	daemon_stop
	expect_equal "$1=$2: flows" "$(total flows_opened)" $((20 + in_force))
	[[ $2 = *:stop ]] || grep -q 'died of signal 9' "$DIR/daemon.log" ||
		fail "$1=$2: nobody died"
}

for pass in 1 2 3; do
	dies_at reload.prepared $pass
	dies_at reload.prepared $pass:stop
	expect_match "answer" "$(head -n 1 "$DIR/reload.log")" \
		'.* has not answered within 2000 ms'
	dies_at reload.active $pass
	grep -q 'configuration 2 is in force' "$DIR/reload.log" ||
		fail "refused: $(cat "$DIR/reload.log")"
done
