# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A reset by the tracker reaches the server as a reset, not as an orderly end.
topology
daemon
wire wan vendor eth0 tcp
server vendor vendor "$VENDOR4:7700" expect first touch "$DIR/got" expect-reset
client tracker tracker "$VENDOR4:7700" send first wait-file "$DIR/got" reset
join tracker vendor
unwire wan
expect_equal "RST to the vendor" "$(packet_count wan " > $VENDOR4:7700 RA? ")" 1
expect_equal "FIN to the vendor" "$(packet_count wan " > $VENDOR4:7700 F")" 0
expect_flows 1
