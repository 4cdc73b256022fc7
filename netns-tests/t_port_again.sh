# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that comes back from the port of a connection that has just ended on the
# gateway's side is answered as by a server: its first SYN gets a SYN-ACK, not the
# ACK of the old connection, which would cost it a reset and another SYN.
topology
daemon
for f in v4 v6; do
	family $f
	wire lan tracker eth0 tcp
	for _ in 1 2 3; do
		server vendor vendor "$VENDOR:7700" recv 5 shutdown-write recv-all
		client tracker tracker -b "$TRACKER:4711" "$VENDOR:7700" \
			send hello recv-all shutdown-write
		join tracker vendor
	done
	unwire lan
	expect_equal "connections of the tracker" \
		"$(syn_numbers lan "$VENDOR:7700" | wc -l)" 3
	expect_equal "resets" "$(packet_count lan ' RA? ')" 0
done
expect_flows 6
