# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that comes again from the same port, right after its connection was
# closed, gets through: while Wayside runs, right after bypass on and off, and
# right after a stop. (What the gateway's kernel keeps of the old connection for a
# minute would swallow the new one.)
topology

# closed_connection: port $1 of the tracker had a connection that the server ended
# first, so the gateway's side keeps it in TIME_WAIT
closed_connection() {
	client old tracker -b "$TRACKER:$1" "$VENDOR:7700" recv 5 recv-all
	join old
	wait_for 10 waits "$1"
}

# waits PORT: the gateway keeps a connection with this port of the tracker
waits() {
	[ -n "$(on gateway ss -tanH state time-wait "dport = :$1" \
		"sport = :7700")" ]
}

# again PORT: a connection from it is there long before that minute is over
again() {
	client new tracker -t 55 -b "$TRACKER:$1" "$VENDOR:7700" recv 5 recv-all
	join new
}

server vendor4 vendor -n 99 "$VENDOR4:7700" send hello shutdown-write recv-all
server vendor6 vendor -n 99 "[$VENDOR6]:7700" send hello shutdown-write recv-all
for f in v4 v6; do
	for source in gateway client; do
		family $f
		daemon source=$source
		closed_connection 4711
		again 4711

		closed_connection 4712
		tool bypass on >"$DIR/bypass.txt"
		again 4712
		expect_equal "taken, $f, $source" "$(counter flows_opened)" 3
		tool bypass off >"$DIR/bypass.txt"
		again 4712 # which was direct
		expect_equal "taken, $f, $source" "$(counter flows_opened)" 4

		closed_connection 4713
		daemon_stop
		again 4713
		again 4712
		again 4711
	done
done

# A connection that the stop ends, and whose tracker ends its side a moment later,
# comes to its end in peace: the rules wait for it, but not for ever.
family v4
for late in no yes; do
	rm -f "$DIR"/{open,fin,go}
	# ... but as long as a tracker takes that has no processor
	[ $late = yes ] || export WAYSIDE_SETTLE_MS=600000
	daemon to="[\"$VENDOR:7701\"]"
	unset WAYSIDE_SETTLE_MS
	wire lan tracker eth0 tcp port 7701
	server quiet vendor "$VENDOR:7701" expect hello send hello recv-all
	client slow tracker "$VENDOR:7701" send hello expect hello \
		touch "$DIR/open" recv-all touch "$DIR/fin" \
		wait-file "$DIR/go" close
	wait_for 10 test -e "$DIR/open"
	kill -TERM "$(cat /run/wayside/pid)"
	wait_for 10 test -e "$DIR/fin"
	[ $late = yes ] || touch "$DIR/go"
	daemon_ended
	expect_equal "what is kept of it" \
		"$(on gateway ss -tanH "sport = :7701")" ""
	touch "$DIR/go"
	join slow quiet
	unwire lan
	[ $late = yes ] ||
		expect_equal "resets" "$(resets lan)" ""
done

# A connection of the gateway's own service is not forgotten.
server own gateway "$GATEWAY4:7700" send hello shutdown-write recv-all
firewall "tcp dport 7700 accept"
client user vendor -b 203.0.113.2:4714 "$GATEWAY4:7700" recv 5 recv-all
join own user
family v4
daemon to='["0.0.0.0/0:7700"]'
daemon_stop
on gateway ss -tanH state time-wait "dport = :4714" | grep -q 4714 ||
	fail "the gateway's own connection is forgotten, too"
