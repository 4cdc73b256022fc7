# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Fixed-remote mode: what connects to -l is relayed to -r, over IPv4 and with
# IPv6 literals, and no rule is installed.
topology
firewall "tcp dport 7700 accept"
before=$(kernel_state)

# try HOST LISTEN REMOTE
try() {
	daemon_run -l "$2" -r "$3" -o "$LOGS" -p /run/wayside/pid -O "file=$EVENTS"
	expect_equal "rules and routes" "$(kernel_state)" "$before"
	server vendor vendor "$3" expect '[SG*1234567890*0002*LK]' \
		send '[SG*1234567890*0002*LK]' recv-all
	client tracker "$1" "$2" send '[SG*1234567890*0002*LK]' \
		expect '[SG*1234567890*0002*LK]' shutdown-write recv-all
	join tracker vendor
	wait_for 10 events_are 'client	[SG*1234567890*0002*LK]' \
		'server	[SG*1234567890*0002*LK]'
	daemon_stop
	rm "$EVENTS"
}
try tracker 192.168.1.1:7700 "$VENDOR4:7700"
expect_peer_address vendor "$GATEWAY4"
try gateway '[::1]:7700' "[$VENDOR6]:7700"
expect_peer_address vendor "[$GATEWAY6]"
