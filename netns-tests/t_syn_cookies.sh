# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Interception works while the gateway answers with SYN cookies: the packet that
# ends such a handshake has no socket yet and is known by its ct mark only.
topology
daemon
sysctl_set gateway ipv4/tcp_syncookies 2 # always, for both families

# tcp_counter NAME: /proc/net/netstat has a line of names and one of values
tcp_counter() {
	# shellcheck disable=SC2016 # expanded by awk
	on gateway awk -v name="$1" '
		$1 == "TcpExt:" && at { print $at }
		$1 == "TcpExt:" { for (i = 2; i <= NF; i++) if ($i == name) at = i }
	' /proc/net/netstat
}

for f in v4 v6; do
	family $f
	before=$(tcp_counter SyncookiesRecv)
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_relayed lan wan "$VENDOR:7700"
	expect_at_least "$f handshakes with cookies" \
		"$(tcp_counter SyncookiesRecv)" $((before + 1))
done
daemon_stop
