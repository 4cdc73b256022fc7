# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# With source: client-port the vendor sees the tracker's address and its port. The
# two connections look alike, and connection tracking has an entry for each: one in
# a zone of ours, one in the common zone. A rule beside it has nothing to do with
# that, and when the daemon is dead the tracker goes direct.
topology
on gateway test -r /proc/net/nf_conntrack || exit 77
# zones PORT: of the entries of connections from this port to the server
zones() {
	on gateway cat /proc/net/nf_conntrack |
		grep " sport=$1 dport=7700 .* sport=7700 dport=$1 " |
		sed -n 's/.* zone=\([0-9]*\) .*/\1/p' | sort -n | paste -sd ' '
}
config source=client-port
echo "  - { name: plain, to: [\"$OTHER4:7700\", \"[$OTHER6]:7700\"] }" >>"$CONFIG"
daemon_run -c "$CONFIG"
port=4711
for f in v4 v6; do
	family $f
	exchange "$VENDOR:7700" -b "$TRACKER:$port"
	expect_value vendor peer "$TRACKER:$port"
	expect_equal "zones of both legs" "$(zones $port)" "0 7700"
	exchange "$OTHER:7700" -b "$TRACKER:$((port + 1))"
	expect_peer_address vendor "$GATEWAY"
	expect_equal "zone of the other rule" "$(zones $((port + 1)))" 0
	port=$((port + 2))
done
daemon_kill
wait_for 5 nobody_listens
for f in v4 v6; do
	family $f
	exchange "$VENDOR:7700" -b "$TRACKER:$port"
	expect_value vendor peer "$TRACKER:$port"
	expect_equal "zone of a direct one" "$(zones $port)" 0
	port=$((port + 1))
done
