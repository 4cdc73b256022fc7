# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 3: the server closes in the middle of its answer; the tracker
# gets what was sent and then the end, and the next connection works.
topology
daemon
server vendor vendor "$VENDOR4:7700" expect first send-pattern 10000 close
client tracker tracker "$VENDOR4:7700" send first recv 10000 expect-end
join tracker vendor
expect_value tracker in_sum "$(value vendor out_sum)"
exchange "$VENDOR4:7700"
expect_flows 2
