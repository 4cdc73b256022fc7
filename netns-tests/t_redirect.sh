# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# intercept: redirect, for kernels without TPROXY: the tracker talks to the vendor
# as ever, over IPv4 and IPv6, and what it says is captured. When the daemon dies,
# new connections go direct (open) or are refused (closed). Who connects to the
# listener itself is reset.
topology
firewall 'tcp dport 15001 accept'
# refused: a new connection is, and not by the vendor
refused() {
	server vendor vendor "$VENDOR:7700" recv-all
	client refused tracker "$VENDOR:7700" close
	join_failed refused
	stop vendor
	grep -q refused "$DIR/refused.log" || fail "$(cat "$DIR/refused.log")"
}

for policy in open closed; do
	daemon intercept=redirect on_failure=$policy
	expect_equal "routing rules of ours" \
		"$(ip -n gateway rule | grep -c 0x10000 || true)" 0
	for f in v4 v6; do
		family $f
		wire lan tracker eth0 tcp
		wire wan vendor eth0 tcp
		exchange "$VENDOR:7700"
		unwire lan wan
		expect_value tracker peer "$VENDOR:7700"
		expect_peer_address vendor "$GATEWAY"
		expect_relayed lan wan "$VENDOR:7700"
		# no rule names it
		server other vendor "$OTHER:7700" recv 1 close
		client direct tracker "$OTHER:7700" send x recv-all
		join other direct
		expect_peer_address other "$TRACKER"
	done
	for to in 192.168.1.1 '[2001:db8:1::1]'; do
		client itself tracker "$to:15001" expect-reset
		join itself
	done
	wait_for 10 counted refused_self 2 # they are told a moment before
	expect_equal "connects to the listener" "$(counter refused_self)" 2
	daemon_kill
	if [ $policy = open ]; then
		wire lan tracker eth0 tcp
		wire wan vendor eth0 tcp
		exchange "$VENDOR:7700"
		unwire lan wan
		expect_peer_address vendor "$TRACKER"
		expect_forwarded lan wan "$VENDOR:7700"
	else
		refused
	fi
done
daemon intercept=redirect on_failure=closed
exchange "$VENDOR:7700"
expect_flows 1
refused # after a clean stop, too
