# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The start script for systems without systemd: it returns when the daemon is
# ready, or says why it is not; a second start and a second stop change nothing;
# a pid file that was left behind, even with the number of a living process,
# stops nobody; exit statuses are those of LSB.
topology
own_proc
prefix="$DIR/o p\$t" # not what a shell would make of it
cmake --install "$BUILD" --prefix "$prefix" >"$DIR/install.log" 2>&1 ||
	fail "$(cat "$DIR/install.log")"
cat >"$DIR/defaults" <<-END
	CONFIG=$CONFIG
	LOGFILE=$DIR/daemon.log
	STATEDIR=$DIR/state
	START_WAIT=200
	STOP_WAIT=200
END
export WAYSIDE_DEFAULTS=$DIR/defaults

# script STATUS ACTION SAYS: SAYS is a regular expression
script() {
	local status=0

	on gateway "$prefix/share/wayside/wayside.init" "$2" \
		>"$DIR/said" 2>&1 || status=$?
	expect_equal "status of $2 ($(cat "$DIR/said"))" $status "$1"
	expect_match "what $2 says" "$(cat "$DIR/said")" "$3"
}

daemon_is() {
	expect_equal "pid file" "$(cat /run/wayside/pid)" "$1"
	kill -0 "$1" || fail "process $1 is gone"
}

config
script 3 status '.*does not run'
script 0 stop '.*does not run'
script 7 reload '.*does not run'
script 7 force-reload '.*does not run'
script 0 try-restart ''
script 2 begin 'usage: .*'

# rules and listeners are there when it returns, also with a daemon that is slow
cat >"$DIR/slow" <<-END
	#!/bin/sh
	[ "\$1" != -c ] || timeout 0.5 tail -f /dev/null
	exec '$prefix/sbin/waysided' "\$@"
END
chmod +x "$DIR/slow"
echo "DAEMON=$DIR/slow" >>"$DIR/defaults"
script 0 start '.*started, process [0-9]+'
on gateway "$prefix/bin/wayside" rules check -c "$CONFIG" >"$DIR/check.log" ||
	fail "$(cat "$DIR/check.log")"
sed -i /^DAEMON=/d "$DIR/defaults"
daemon_pid=$(cat /run/wayside/pid)
first=$daemon_pid
exchange "$VENDOR4:7700"
script 0 status ".*runs, process $first"
script 0 start ".*runs already, process $first"
daemon_is "$first"
expect_equal "mode of the store's directory" "$(stat -c %a "$DIR/state")" 750

script 0 reload '.*'
daemon_is "$first"
echo "nonsense: 1" >>"$CONFIG"
script 1 reload '.*nonsense.*'
daemon_is "$first"
config

script 0 restart '.*stopped.*started, process [0-9]+'
second=$(cat /run/wayside/pid)
[ "$second" != "$first" ] || fail "no other process after a restart"
script 0 try-restart '.*stopped.*started, process [0-9]+'
daemon_pid=$(cat /run/wayside/pid)
exchange "$VENDOR4:7700"
script 0 stop '.*stopped'
[ ! -e /run/wayside/pid ] || fail "the pid file is still there"
script 0 stop '.*does not run'

# left behind: a number that is free, then one that is another's by now
script 0 start '.*started, process [0-9]+'
daemon_pid=$(cat /run/wayside/pid)
kill -KILL "$daemon_pid"
gone() {
	! kill -0 "$daemon_pid" 2>/dev/null
}
wait_for 10 gone
script 1 status '.*is dead and left /run/wayside/pid behind'
script 7 reload '.*does not run'
server bystander gateway 127.0.0.1:1 recv-all
# shellcheck disable=SC2154 # lib.sh has it
echo "${peer_pid[bystander]}" >/run/wayside/pid
script 1 status '.*is dead .*'
script 0 stop '.*does not run'
peer_runs bystander || fail "a process that is not ours was stopped"
script 0 start '.*started, process [0-9]+'
stop bystander

# a configuration that is none: the reason, and what runs goes on
echo "nonsense: 1" >>"$CONFIG"
script 6 restart '.*nonsense.*'
script 0 status '.*runs, process .*'
config
script 0 stop '.*stopped'
echo "nonsense: 1" >>"$CONFIG"
script 6 start '.*nonsense.*'
script 3 status '.*does not run'

# what this script asks the daemon through must be there
config control=none
script 6 start '.*control is none.*'
config pidfile="$DIR/pid"
script 6 start '.*pidfile is not /run/wayside/pid.*'
script 3 status '.*does not run'
[ ! -e "$DIR/pid" ] || fail "it was started"
