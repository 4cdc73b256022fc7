# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What a new connection sees, and what is in the kernel, under each failure policy:
# before the start, while it runs, in a bypass, without any worker, after a clean stop,
# after SIGKILL of the supervisor, and when it runs again. The table below is the
# promise.
# t_policies_plain.sh has it with the tables of a kernel before 6.9.
test_points
own_proc
topology
# shellcheck source=netns-tests/policies.sh
. "${BASH_SOURCE[0]%/*}/policies.sh"
failed=0
waiting=no

# is WHEN WHAT: what is seen, and what is in the kernel, as the table says
is() {
	local got

	seen
	got=$seen:$(kernel)
	echo "$policy, $1: $got"
	[ "$got" = "$2" ] || {
		echo "MISMATCH: $policy, $1: $got, not $2"
		failed=1
	}
}

# begin: another daemon; what waited is served by it
begin() {
	daemon on_failure="$policy" observe=none capture=none
	[ $waiting = no ] || {
		answered
		expect_equal "what waited" "$seen" taken
		waiting=no
	}
}

no_worker() {
	grep -qs 'no worker is there' "$DIR/daemon.log"
}

# row POLICY BEFORE RUNNING BYPASS WITHOUT-WORKERS STOPPED KILLED AGAIN
row() {
	policy=$1
	is "before the start" "$2"
	WAYSIDE_RESTART_MS=600000 begin
	is "it runs" "$3"
	tool bypass on >"$DIR/bypass.txt"
	is "bypass" "$4"
	tool bypass off >"$DIR/bypass.txt"
	# shellcheck disable=SC2046 # one word each
	kill -KILL $(pids 'wayside-worker/*')
	wait_for 10 no_worker
	is "no worker" "$5"
	daemon_kill
	begin
	daemon_stop
	is "clean stop" "$6"
	begin
	daemon_kill
	is "killed" "$7"
	begin
	is "it runs again" "$8"
	daemon_stop
	tool rules remove >"$DIR/remove.log" 2>&1 || fail "$(cat "$DIR/remove.log")"
	expect_equal "what is left" "$(kernel)" nothing
}

n=direct:nothing
full=take+return+handed+routes
closed=take+refuse+return+handed+routes
going=return+handed+routes
# the tables of all but `open` are the daemon's own, and stay, from Linux 6.9 on
own=+owned
[ -z "${plain-}" ] || own='' WAYSIDED=${WAYSIDED}_plain
up=return+routes
row open $n taken:$full+owned direct:$going+owned direct:$up+owned \
	$n direct:routes taken:$full+owned
row open-stay $n taken:$full$own direct:$going$own direct:$up$own \
	$n direct:$full taken:$full$own
row closed $n taken:$closed$own direct:$going$own refused:refuse+$up$own \
	refused:refuse refused:$closed taken:$closed$own
hold 127.0.0.1:15001 '[::1]:15001'
row hold $n taken:$full$own direct:$going$own waits:$full$own \
	waits:$full waits:$full taken:$full$own
expect_equal "mismatches" $failed 0
