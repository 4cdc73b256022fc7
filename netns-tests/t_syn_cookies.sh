# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Interception works while the gateway answers with SYN cookies: the packet that
# ends such a handshake has no socket yet and is known by its ct mark only.
topology
daemon
sysctl_set gateway ipv4/tcp_syncookies 2 # always, for both families

# How many handshakes ended with a cookie.
cookies() {
	on gateway awk '$1 == "TcpExt:" && n++ { print $3 }' /proc/net/netstat
}

expect_equal "third column" "$(on gateway awk '$1 == "TcpExt:" { print $3; exit }' \
	/proc/net/netstat)" SyncookiesRecv
for f in v4 v6; do
	family $f
	before=$(cookies)
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_relayed lan wan "$VENDOR:7700"
	expect_at_least "$f handshakes with cookies" "$(cookies)" $((before + 1))
done
daemon_stop
