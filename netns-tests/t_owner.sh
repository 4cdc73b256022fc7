# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A second daemon in the same network namespace, whose listen_port is another,
# is refused in one line and the rules of the first one stay. Once that one has
# ended, also by a kill, it can start.
topology
config
sed "s/pid\$/pid2/; s/control\$/control2/; \$a listen_port: 15002" "$CONFIG" >"$DIR/second.yaml"
daemon_run -c "$CONFIG"
before=$(kernel_state)
status=0
on gateway timeout 200 "$WAYSIDED" -c "$DIR/second.yaml" \
	>"$DIR/second.log" 2>&1 || status=$?
expect_equal "status of the second" $status 1
expect_match "output of the second" "$(cat "$DIR/second.log")" \
	$'[^\n]*another Wayside owns the rules of this network namespace'
expect_equal "rules and routes" "$(kernel_state)" "$before"
exchange "$VENDOR4:7700"
expect_peer_address vendor "$GATEWAY4"

daemon_kill
wait_for 5 nobody_listens
daemon_run -c "$DIR/second.yaml"
exchange "$VENDOR4:7700"
expect_flows 1
