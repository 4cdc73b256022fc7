# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A bridge whose traffic goes through the IP hooks would cut its trackers off:
# the daemon says so at start, with the setting that mends it, and not otherwise.
topology
sysctls=/proc/sys/net/bridge
on gateway test -e "$sysctls/bridge-nf-call-iptables" ||
	exit 77 # this kernel has no br_netfilter
on gateway sh -c "echo 1 >$sysctls/bridge-nf-call-iptables
	echo 1 >$sysctls/bridge-nf-call-ip6tables"

# started EXPECTED-WARNINGS
started() {
	daemon
	expect_equal "warnings" \
		"$(grep -c 'behind a bridge' "$DIR/daemon.log" || :)" "$1"
	daemon_stop
}

started 0
on gateway ip link add br0 type bridge
started 2
expect_match "the mend" "$(cat "$DIR/daemon.log")" \
	'.*set net.bridge.bridge-nf-call-iptables=0.*'
on gateway sh -c "echo 0 >$sysctls/bridge-nf-call-iptables
	echo 0 >$sysctls/bridge-nf-call-ip6tables"
started 0
