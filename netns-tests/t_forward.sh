# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Without any rule the gateway forwards: both ends see each other's address, the
# gateway's firewall does not matter, and the handshake is the tracker's own.
topology

for ip in "$VENDOR4 $TRACKER4" "[$VENDOR6] [$TRACKER6]"; do
	read -r vendor tracker <<<"$ip"
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	server vendor vendor "$vendor:7700" recv 10000 send-pattern 20000 \
		shutdown-write recv-all
	client tracker tracker "$vendor:7700" send-pattern 10000 recv-all
	join tracker vendor
	unwire lan wan

	expect_same_bytes tracker vendor
	expect_value tracker peer "$vendor:7700"
	expect_value vendor peer "$(value tracker local)"
	expect_equal "the vendor's peer" "$(address_of "$(value vendor peer)")" \
		"$(address_of "$tracker:0")"
	expect_equal "SYN at the vendor" "$(packets wan ' S seq')" \
		"$(packets lan ' S seq')"
	expect_equal "number of SYN" "$(packet_count wan ' S seq')" 1
done
