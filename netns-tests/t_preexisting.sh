# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A connection that was there before the rules survives their installation and
# stays direct; the next one is relayed.
topology
wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
server vendor vendor "$VENDOR4:7700" expect before send before expect after \
	send after recv-all
client tracker tracker "$VENDOR4:7700" send before expect before \
	touch "$DIR/open" wait-file "$DIR/ready" send after expect after \
	shutdown-write recv-all
wait_for 10 test -e "$DIR/open"
daemon
touch "$DIR/ready"
join tracker vendor
unwire lan wan
expect_value vendor peer "$(value tracker local)"
expect_forwarded lan wan "$VENDOR4:7700"
expect_equal "RST" "$(packet_count lan ' R')" 0

wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
exchange "$VENDOR4:7700"
unwire lan wan
expect_relayed lan wan "$VENDOR4:7700"
