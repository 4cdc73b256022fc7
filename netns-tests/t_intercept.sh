# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# An intercepted tracker sees the vendor's address and nobody else's, the vendor
# sees the gateway's (source: gateway), and the bytes arrive unchanged; over IPv4
# and over IPv6.
topology
daemon
for f in v4 v6; do
	family $f
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_value tracker peer "$VENDOR:7700"
	expect_peer_address vendor "$GATEWAY"
	expect_relayed lan wan "$VENDOR:7700"
	client=$(value tracker local)
	expect_equal "packets of others on the lan" "$(grep ' > ' "$DIR/lan.log" |
		grep -vF -e "$VENDOR:7700 > $client" -e "$client > $VENDOR:7700")" ""
	expect_equal "packets of the tracker on the wan" \
		"$(grep -F "$TRACKER:" "$DIR/wan.log")" ""
done
