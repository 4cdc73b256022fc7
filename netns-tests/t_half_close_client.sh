# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The tracker ends its direction first: the server sees FIN after the last byte,
# and what it then sends still reaches the tracker.
topology
daemon
server vendor vendor "$VENDOR4:7700" recv-all send-pattern 300000 close
client tracker tracker "$VENDOR4:7700" send-pattern 10000 shutdown-write recv-all
join tracker vendor
expect_same_bytes tracker vendor
expect_value vendor end fin
expect_value tracker end fin
expect_flows 1
