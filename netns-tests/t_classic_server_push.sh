# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 5: the server speaks first.
topology
daemon
server vendor vendor "$VENDOR4:7700" send 'server says hi' expect thanks recv-all
client tracker tracker "$VENDOR4:7700" expect 'server says hi' send thanks \
	shutdown-write recv-all
join tracker vendor
expect_flows 1
