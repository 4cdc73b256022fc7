# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A doctor at work is nobody's trouble, and nobody's end is the doctor's finding: a
# daemon that starts meanwhile waits for the doctor's end and takes over, and where
# the routing goes while the doctor tries it out, that is no broken gateway.
own_proc
topology
sysctl_set gateway bridge/bridge-nf-call-iptables 0
sysctl_set gateway bridge/bridge-nf-call-ip6tables 0
config self_test=no

# doctor: begins; it ends when it likes
doctor() {
	spawn gateway "$DIR/doctor.log" "$WAYSIDE" doctor -c "$CONFIG"
	doctor_pid=$!
}

routing_is_there() {
	[ -n "$(ip -n gateway rule show priority 7701)" ]
}

# stopped_while CMD...: a doctor that was stopped while this was true
stopped_while() {
	doctor
	until "$@"; do
		kill -0 "$doctor_pid" 2>/dev/null || return 1
	done
	kill -STOP "$doctor_pid"
	"$@" || { kill -CONT "$doctor_pid"; return 1; }
}

# two_cables: both of the doctor's namespaces are there, so that the way is tried
two_cables() {
	[ "$(ip -n gateway -br link | grep -c ^wsp)" = 2 ]
}

control_is_there() {
	[ -S /run/wayside/control ]
}

# One that starts while a doctor has put routing in.
wait_for 20 stopped_while routing_is_there
daemon_spawn -c "$CONFIG"
daemon_pid=$!
wait_for 10 control_is_there
kill -CONT "$doctor_pid"
wait_for 10 daemon_ready_or_dead
kill -0 "$daemon_pid" 2>/dev/null || fail "no start: $(cat "$DIR/daemon.log")"
wait "$doctor_pid" || fail "the doctor: $(cat "$DIR/doctor.log")"
tool rules check -c "$CONFIG" >"$DIR/check.log" || fail "$(cat "$DIR/check.log")"
exchange "$VENDOR4:7700"
expect_flows 1

# What does not come there is lost, and not late.
export WAYSIDE_PROBE_MS=5000
# The routing goes with somebody else while the doctor uses it.
gone() {
	tool rules install -c "$CONFIG"
	stopped_while two_cables || return 1
	tool rules remove
	kill -CONT "$doctor_pid"
	wait "$doctor_pid" || fail "the doctor: $(cat "$DIR/doctor.log")"
	grep -q '^notice *self_test: .*routing went away' "$DIR/doctor.log"
}
wait_for 20 gone
