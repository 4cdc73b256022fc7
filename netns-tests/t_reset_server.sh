# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A reset by the server reaches the tracker as a reset, not as an orderly end.
topology
daemon
wire lan tracker eth0 tcp
server vendor vendor "$VENDOR4:7700" expect first wait-file "$DIR/got" reset
client tracker tracker "$VENDOR4:7700" send first touch "$DIR/got" expect-reset
join tracker vendor
unwire lan
expect_equal "RST to the tracker" "$(packet_count lan "^$VENDOR4:7700 > .* RA? ")" 1
expect_equal "FIN to the tracker" "$(packet_count lan "^$VENDOR4:7700 > .* F")" 0
expect_flows 1
