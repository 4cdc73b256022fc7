# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A reload brings a UDP rule: datagrams are taken from then on. Another one takes the
# rule away: the flow that is there goes on as it is, and a new one goes direct. The
# same with a bypass. A drain lets a flow go on until its end.
topology
udp_server vendor vendor "$VENDOR4:7700"

# talker NAME STEP...: a client that says so, when it is told to, and is answered
talker() {
	local name=$1 steps=() s

	shift
	for s; do
		steps+=(hold "$DIR/$name.$s" send "$name$s" expect "$name$s"
			touch "$DIR/$name.$s.done")
	done
	udp_client "$name" tracker "$VENDOR4:7700" "${steps[@]}"
}
step() {
	touch "$DIR/$1.$2"
	wait_for 10 test -e "$DIR/$1.$2.done"
}
# configure TRANSPORT: of the rule in question; there is another one of each
configure() {
	config drain=10m "transport=$1"
	cat >>"$CONFIG" <<-END
		  - { name: datagrams, to: ["$OTHER4:7700"], transport: udp }
		  - { name: streams, to: ["$OTHER4:7700"] }
	END
}
reload() {
	configure "$1"
	tool reload
}
# seen N: whom the vendor's N-th datagram came from, without the port
seen() {
	local from

	from=$(grep ^got "$DIR/vendor.log" | sed -n "$1p" | cut -d ' ' -f 2)
	echo "${from%:*}"
}
talker a 1 2 3 4 5
talker b 1 2
talker c 1
configure tcp
daemon_run -c "$CONFIG"
step a 1
expect_equal "before the rule" "$(seen 1)" "$TRACKER4"
reload udp
step a 2
expect_equal "with the rule" "$(seen 2)" "$GATEWAY4"
reload tcp
step a 3
expect_equal "a flow that was there" "$(seen 3)" "$GATEWAY4"
step b 1
expect_equal "a new one" "$(seen 4)" "$TRACKER4"
reload udp
tool bypass on
step a 4
expect_equal "a flow that was there, bypassed" "$(seen 5)" "$GATEWAY4"
step b 2
expect_equal "a direct one, bypassed" "$(seen 6)" "$TRACKER4"
tool bypass off
# shellcheck disable=SC2154 # from lib.sh
kill -TERM "$daemon_pid"
wait_for 5 grep -q draining: "$DIR/daemon.log"
step a 5
expect_equal "a flow that was there, draining" "$(seen 7)" "$GATEWAY4"
step c 1
expect_equal "a new one, draining" "$(seen 8)" "$TRACKER4"
join a b c
dismiss vendor
kill -TERM "$daemon_pid" # nothing more is to come: without the rest of the drain
daemon_ended
expect_equal "UDP flows" "$(total udp_flows)" 1
