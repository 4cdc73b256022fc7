# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 2: 262,281 bytes (two reads of 128 KiB and 137 more) are
# echoed unchanged.
topology
daemon
server vendor vendor "$VENDOR4:7700" echo
client tracker tracker "$VENDOR4:7700" duplex 262281 262281 "$DIR/back" \
	shutdown-write recv-all
join tracker vendor
expect_same_bytes tracker vendor
expect_value tracker bytes_out 262281
expect_value tracker in_sum "$(value tracker out_sum)"
expect_flows 1
