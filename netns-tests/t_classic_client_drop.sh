# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 4: the tracker closes without reading the answer; the server
# sees an end, and the next connection works.
topology
daemon
server vendor vendor "$VENDOR4:7700" expect first send-pattern 20000 \
	touch "$DIR/sent" expect-end
client tracker tracker "$VENDOR4:7700" send first wait-file "$DIR/sent" close
join tracker vendor
exchange "$VENDOR4:7700"
expect_flows 2
