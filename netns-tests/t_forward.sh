# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Without any rule the gateway forwards: both ends see each other's address, the
# gateway's firewall does not matter, and the handshake is the tracker's own.
topology
for f in v4 v6; do
	family $f
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_value tracker peer "$VENDOR:7700"
	expect_value vendor peer "$(value tracker local)"
	expect_peer_address vendor "$TRACKER"
	expect_forwarded lan wan "$VENDOR:7700"
done
