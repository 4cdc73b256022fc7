# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Bypass is answered when it is in force, comes and goes in one step, twice is once,
# and it outlives reloads and workers. In fixed-remote mode and during a drain it is
# refused in a line.
topology
own_proc
test_points

# bypass on|off: it is said what is the case now
bypass() {
	tool bypass "$1" >"$DIR/bypass.txt" 2>&1 ||
		fail "$(cat "$DIR/bypass.txt")"
	grep -q "^bypass is $1" "$DIR/bypass.txt" ||
		fail "$(cat "$DIR/bypass.txt")"
}

# not_now REASON ON
not_now() {
	local status=0

	tool bypass "$2" >"$DIR/bypass.txt" 2>&1 || status=$?
	expect_equal "status of a refusal" $status 1
	grep -q "$1" "$DIR/bypass.txt" || fail "$(cat "$DIR/bypass.txt")"
}

# bypassed: true|false in the status
bypassed() {
	tool status --json | sed -n 's/^ *"bypass": \([a-z]*\),*/\1/p'
}

# direct N, taken N: the next connection is
direct() {
	local before

	before=$(counter flows_opened)
	exchange "$VENDOR4:7700"
	expect_equal "flows taken" "$(counter flows_opened)" "$before"
}
taken() {
	local before

	before=$(counter flows_opened)
	exchange "$VENDOR4:7700"
	expect_equal "flows taken" "$(counter flows_opened)" $((before + 1))
}

daemon on_failure=closed
bypass on
bypass on
direct
expect_equal bypass "$(bypassed)" true
tool reload >"$DIR/reload.txt"
direct
expect_equal bypass "$(bypassed)" true
bypass off
bypass off
taken
expect_equal bypass "$(bypassed)" false

# Each switch is one change of the kernel's rules, so that no packet meets less.
# heard TABLE: the monitor has told that somebody made it
heard() {
	on gateway nft add table inet "$1"
	on gateway nft delete table inet "$1"
	grep -q "table inet $1" "$DIR/monitor.log"
}
spawn gateway "$DIR/monitor.log" nft monitor
monitor=$!
wait_for 10 heard begin
bypass on
bypass off
wait_for 10 heard end
kill "$monitor"
expect_equal "changes of the rules" \
	"$(grep -c '^# new generation .*(waysided)$' "$DIR/monitor.log")" 2
daemon_stop

# No worker for so long that the rules go; the operator's word holds all the same.
lost() {
	grep -qs 'no worker is there' "$DIR/daemon.log"
}
back() {
	[ "$(grep -c 'worker/. is back' "$DIR/daemon.log")" = "$1" ]
}
export WAYSIDE_RESTART_HOLD=$DIR/away
daemon workers=1 on_failure=closed
bypass on
touch "$DIR/away"
kill -KILL "$(pids wayside-worker/0)"
wait_for 20 lost
direct
rm "$DIR/away"
wait_for 20 back 1
direct
expect_equal bypass "$(bypassed)" true
bypass off
taken
touch "$DIR/away"
kill -KILL "$(pids wayside-worker/0)"
twice() {
	[ "$(grep -c 'no worker is there' "$DIR/daemon.log")" = 2 ]
}
wait_for 20 twice
bypass on
tool bypass off >"$DIR/bypass.txt"
grep -q 'bypass is off, but no worker is there' "$DIR/bypass.txt" ||
	fail "$(cat "$DIR/bypass.txt")"
server vendor vendor "$VENDOR4:7700" recv-all # it is not the one who refuses
client refused tracker "$VENDOR4:7700" recv-all
join_failed refused
grep -q 'connect: Connection refused' "$DIR/refused.log" ||
	fail "$(cat "$DIR/refused.log")"
stop vendor
rm "$DIR/away"
wait_for 20 back 2
taken
unset WAYSIDE_RESTART_HOLD
daemon_stop

daemon drain=10m
server vendor vendor "$VENDOR4:7700" expect one send one recv-all
client tracker tracker "$VENDOR4:7700" send one expect one touch "$DIR/open" \
	wait-file "$DIR/drained" shutdown-write recv-all
wait_for 10 test -e "$DIR/open"
kill -TERM "$(cat /run/wayside/pid)"
drains() {
	tool status 2>/dev/null | grep -q drain
}
wait_for 10 drains
not_now 'the daemon is stopping' on
touch "$DIR/drained"
join tracker vendor
daemon_ended

cat >"$CONFIG" <<-END
	listen: 192.168.1.1:7700
	remote: $VENDOR4:7700
	log_dir: $LOGS
	control: /run/wayside/control
END
daemon_run -c "$CONFIG"
not_now 'fixed-remote mode' on
daemon_stop
