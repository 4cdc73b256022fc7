# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# on_failure: hold. Somebody else keeps the listeners: connections that come while
# no Wayside runs, after a stop and after SIGKILL, wait, and the next one takes them
# all, with what they have sent and for the server that they asked for. Listeners
# that do not fit are refused in one line, and nothing is changed.
topology
daemon_log=$DIR/daemon.log

# refused WORDS: a start with what is kept says this in one line, and status 1
refused() {
	local before after status=0

	before=$(kernel_state)
	daemon_spawn -c "$CONFIG"
	wait $! || status=$?
	after=$(kernel_state)
	expect_equal "status" $status 1
	expect_equal "lines" "$(wc -l <"$daemon_log")" 1
	grep -qE "$1" "$daemon_log" || fail "not \"$1\": $(cat "$daemon_log")"
	expect_equal "rules and routes" "$after" "$before"
}

# row WORDS LISTENER...: ... of these
row() {
	hold "${@:2}"
	refused "$1"
	stop held
}

config on_failure=hold
refused 'hold: no listener on 127.0.0.1:15001 was passed: .*wayside.socket'
v4=127.0.0.1:15001 v6='[::1]:15001'
needed4='hold: a listener on 127.0.0.1:15001 is needed, and'
needed6='hold: a listener on \[::1\]:15001 is needed, and'
row "$needed4 127.0.0.1:15002 was passed .*ListenStream=$v4" 127.0.0.1:15002
row "$needed4 192.168.1.1:15001 was passed" 192.168.1.1:15001
row "$needed4 0.0.0.0:15001 was passed" 0.0.0.0:15001
row "$needed6 \[::1\]:15002 was passed" $v4 '[::1]:15002'
row "$needed6 \[::\]:15001 was passed" $v4 '[::]:15001'
row 'hold: no listener on 127.0.0.1:15001 was passed' "$v6"
row 'hold: one listener was passed twice' $v4 again
row 'hold: one listener was passed twice' $v4 "$v6" again
row 'hold: the listener 127.0.0.1:15001 is not transparent .*=yes' plain:$v4
row 'hold: the listener \[::1\]:15001 is not transparent' $v4 "plain:$v6"
listens='does not listen for TCP .*ListenStream='
row "hold: the socket 127.0.0.1:15001 $listens$v4" quiet:$v4
row "hold: the socket 127.0.0.1:15001 $listens" udp:$v4
row "hold: the socket \[::1\]:15001 $listens" $v4 "udp:$v6"
row "hold: the socket .* $listens" null
if [ -x "${WAYSIDED}_no_systemd" ]; then
	WAYSIDED+=_no_systemd
	row 'hold: this build cannot take listeners from systemd' $v4
	WAYSIDED=${WAYSIDED%_no_systemd}
fi

# Passed without hold: not used, and said so. (As it keeps the port, that is all.)
hold 127.0.0.1:15001
config
daemon_spawn -c "$CONFIG"
status=0
wait $! || status=$?
expect_equal "status" $status 1
grep -q 'sockets that were passed are not used, .* sockets=1' "$daemon_log" ||
	fail "no warning: $(cat "$daemon_log")"
stop held
hold 127.0.0.1:15002
daemon
stop held
expect_equal "listeners that nobody keeps" \
	"$(on gateway ss -ltnH sport = :15002)" ""
exchange "$VENDOR4:7700"
expect_flows 1

# IPv4 alone is enough.
hold 127.0.0.1:15001
daemon on_failure=hold
grep -q 'no IPv6 here: only IPv4 is intercepted' "$daemon_log" ||
	fail "no notice: $(cat "$daemon_log")"
exchange "$VENDOR4:7700"
expect_flows 1
stop held

# waits NAME...: these clients, told that they are connected, have no answer
waits() {
	local name

	for name; do
		wait_for 10 test -e "$DIR/$name.open"
		peer_runs "$name" || fail "$name: $(cat "$DIR/$name.log")"
	done
	expect_equal "connections at the vendor" \
		"$(on vendor ss -tnH state established sport = :7700 | wc -l)" 0
}

hold 127.0.0.1:15001 '[::1]:15001'
server vendor4 vendor -n 3 "$VENDOR4:7700" recv 5 send world recv-all
server vendor6 vendor -n 3 "[$VENDOR6]:7700" recv 5 send world recv-all
for end in daemon_stop daemon_kill; do
	daemon on_failure=hold workers=3
	$end
	for f in v4 v6; do
		family $f
		client "$f" tracker "$VENDOR:7700" touch "$DIR/$f.open" \
			send hello expect world shutdown-write recv-all
	done
	waits v4 v6
	daemon on_failure=hold workers=3
	join v4 v6
	expect_flows 2
	rm "$DIR/v4.open" "$DIR/v6.open"
done
