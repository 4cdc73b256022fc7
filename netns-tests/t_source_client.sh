# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# With source: client the vendor sees the tracker's address, not the gateway's,
# although the connection ends at the gateway; over IPv4 and over IPv6.
topology
daemon source=client
for f in v4 v6; do
	family $f
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_value tracker peer "$VENDOR:7700"
	expect_peer_address vendor "$TRACKER"
	expect_relayed lan wan "$VENDOR:7700"
	expect_equal "packets of the gateway on the wan" \
		"$(grep -F "$GATEWAY:" "$DIR/wan.log")" ""
done
