# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 1: what the tracker sends comes back as it was.
topology
daemon
server vendor vendor "$VENDOR4:7700" echo
client tracker tracker "$VENDOR4:7700" send 'hello through the proxy' \
	expect 'hello through the proxy' shutdown-write recv-all
join tracker vendor
expect_same_bytes tracker vendor
expect_value tracker end fin
expect_flows 1
