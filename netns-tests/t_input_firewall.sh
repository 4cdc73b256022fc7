# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A firewall that drops what comes in for the gateway itself would cut off every
# tracker: the start is refused before anything is installed, those that go
# direct notice nothing, and the printed line, run as it is, mends it. Whoever
# says `self_test: no` gets what he asked for.
topology
on gateway nft flush ruleset

nft_up() {
	firewall ''
}

nft_down() {
	on gateway nft delete table inet firewall
}

# iptables_up FORM: nft or legacy
iptables_up() {
	local command

	for command in iptables ip6tables; do
		on gateway $command-"$1" -A INPUT -m conntrack \
			--ctstate ESTABLISHED,RELATED -j ACCEPT
		on gateway $command-"$1" -P INPUT DROP
	done
	on gateway ip6tables-"$1" -A INPUT -p ipv6-icmp -j ACCEPT
}

iptables_down() {
	local command

	for command in iptables ip6tables; do
		on gateway $command-"$1" -P INPUT ACCEPT
		on gateway $command-"$1" -F INPUT
	done
}

# refused: a start ends with status 1
refused() {
	local status=0

	WAYSIDE_PROBE_MS=5000 spawn gateway "$DIR/daemon.log" "$WAYSIDED" \
		-c "$CONFIG"
	wait $! || status=$?
	expect_equal "status of the start" $status 1
}

# lines: what is to be run, one a line
lines() {
	sed -n 's/.*run: //p' "$DIR/daemon.log"
}

# no packets and no counters: they differ because somebody talks
state() {
	kernel_state | sed 's/ counter packets [0-9]* bytes [0-9]*//'
	on gateway iptables-legacy -S
	on gateway ip6tables-legacy -S
}

for kind in "nft_up" "iptables_up nft" "iptables_up legacy"; do
	echo "== $kind"
	$kind
	before=$(state)
	rm -f "$DIR/go"
	server vendor vendor "$VENDOR4:7700" recv 1000 wait-file "$DIR/go" \
		send-pattern 2000000 recv-all
	client tracker tracker "$VENDOR4:7700" send-pattern 1000 recv 2000000 \
		shutdown-write recv-all
	config self_test=yes
	refused
	expect_equal "rules after a refused start" "$(state)" "$before"
	touch "$DIR/go"
	join tracker vendor
	expect_same_bytes tracker vendor
	family v4
	exchange "$VENDOR:7700"

	# only who insists starts all the same
	daemon self_test=no
	client tracker tracker -t 2 "$VENDOR:7700" send lost
	join_failed tracker
	expect_value tracker end timeout
	daemon_stop

	config self_test=yes
	refused
	lines >"$DIR/lines"
	cat "$DIR/lines"
	expect_at_least "lines to run" "$(wc -l <"$DIR/lines")" 1
	on gateway sh -e "$DIR/lines"
	daemon self_test=yes
	for f in v4 v6; do
		family $f
		exchange "$VENDOR:7700"
	done
	expect_flows 2
	tool rules remove
	${kind/_up/_down}
done

# Where no namespace can be made, it is said, and the start goes on.
own_proc
daemon_under setpriv --bounding-set -sys_admin
echo 0 >/proc/sys/user/max_user_namespaces
daemon self_test=yes
grep -q 'self-test not possible here' "$DIR/daemon.log" ||
	fail "nothing is said: $(cat "$DIR/daemon.log")"
daemon_stop
