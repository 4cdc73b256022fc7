# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The host's firewall loses the line that lets in what is intercepted, while the
# daemon runs: it is said, with the line that mends it, new trackers go direct, and
# they are taken again when the line is back. A flow that runs lives on (this
# firewall lets in what is established; one that does not cuts it, which is its
# owner's doing). With closed it is only said.
topology
family v4
log=$DIR/daemon.log
export WAYSIDE_AGAIN_MS=200

# blocked_is true|false: as the status says it
blocked_is() {
	expect_equal "blocked" "$(tool status --json |
		sed -n 's/^ *"blocked": \(.*\),$/\1/p')" "$1"
}

# rules_are LINE: as the status says it
rules_are() {
	expect_equal "rules" "$(tool status | sed -n 's/^rules //p')" "$1"
}

# said TEXT: how often
said() {
	grep -c "$1" "$log" || true
}

# hears TEXT: it is in the log
hears() {
	grep -q "$1" "$log"
}

# one NAME: an exchange whose packets are seen on the wires NAME.lan and NAME.wan
one() {
	wire "$1.lan" tracker eth0 tcp port 7700
	wire "$1.wan" vendor eth0 tcp port 7700
	exchange "$VENDOR:7700"
	unwire "$1.lan" "$1.wan"
}

to="[\"$VENDOR4:7700-7701\"]"
daemon self_test=yes source=client to="$to"
blocked_is false
server vendor2 vendor "$VENDOR:7701" expect one send one expect two send two \
	recv-all
client running tracker "$VENDOR:7701" send one expect one touch "$DIR/one" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/one"
one before
expect_relayed before.lan before.wan "$VENDOR:7700"

firewall ''
if threaded; then # a daemon that runs makes its self-test in a user namespace
	wait_for 10 hears 'self-test not possible here'
	blocked_is false
	rules_are 'installed: new connections are taken'
	touch "$DIR/two"
	join running vendor2
	expect_flows 2
	exit 0
fi
wait_for 10 hears 'new connections go direct until the firewall lets'
blocked_is true
rules_are 'bypassed: new connections go direct'
tool rules check -c "$CONFIG" >"$DIR/check.log" || fail "$(cat "$DIR/check.log")"
one without
expect_forwarded without.lan without.wan "$VENDOR:7700"
expect_equal "flows" "$(counter flows_opened)" 2
# switching does not take what would be cut off
tool bypass on >"$DIR/bypass.txt"
tool bypass off >"$DIR/bypass.txt"
grep -q 'bypass is off, but a firewall' "$DIR/bypass.txt" ||
	fail "$(cat "$DIR/bypass.txt")"
one switched
expect_forwarded switched.lan switched.wan "$VENDOR:7700"

sed -n 's/.*run: //p' "$log" >"$DIR/lines"
expect_equal "lines to run" "$(wc -l <"$DIR/lines")" 1
on gateway sh -e "$DIR/lines"
wait_for 10 hears 'the firewall lets intercepted connections in again'
blocked_is false
one again
expect_relayed again.lan again.wan "$VENDOR:7700"
touch "$DIR/two"
join running vendor2
expect_equal "warnings" "$(said 'self-test: a firewall of this host drops')" 1
expect_equal "begins" "$(said 'go direct until the firewall lets')" 1
expect_equal "ends" "$(said 'lets intercepted connections in again')" 1
expect_flows 3
expect_equal "what is left" \
	"$(on gateway nft list tables | grep -c wayside)" 0

daemon self_test=yes source=client on_failure=closed to="$to"
firewall ''
wait_for 10 hears 'new connections are cut off until the firewall lets'
blocked_is true
rules_are 'installed: new connections are cut off'
firewall "$FIREWALL_LINE"
wait_for 10 hears 'the firewall lets intercepted connections in again'
one closed
expect_relayed closed.lan closed.wan "$VENDOR:7700"
expect_flows 1
