# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The supervisor is killed: no process is left, and the failure policy holds at
# once. open and open-stay: new connections go direct, and such a flow lives on
# when the daemon is back; closed: they are refused. A worker and the recorder hang
# at that moment: they cannot notice by themselves.
topology
own_proc

nobody_is_left() {
	[ -z "$(pids 'wayside*')$(pids "$WAYSIDED")" ]
}

for policy in open open-stay; do
	daemon on_failure=$policy
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd flows tracker -n 10 "$VENDOR4:7700" open ping 1 \
		touch "$DIR/open" ended 10
	wait_for 10 test -e "$DIR/open"
	wire lan tracker eth0 tcp dst port 7700
	wire wan vendor eth0 tcp dst port 7700
	kill -STOP "$(pids wayside-worker/0)" "$(pids wayside-recorder)"
	daemon_kill
	# the flows of the dead workers end; nobody waits for anything else
	wait_for 5 nobody_is_left
	crowd direct tracker -n 10 -d 100 "$VENDOR4:7700" open ping 1 \
		touch "$DIR/direct" hold "$DIR/back" ping 10 fin
	wait_for 5 test -e "$DIR/direct"
	join flows
	expect_value flows bad 0
	daemon on_failure=$policy
	touch "$DIR/back"
	join direct
	expect_value direct closed 10
	unwire lan wan
	expect_equal "$policy: handshakes that went direct" 10 \
		"$(direct_handshakes lan wan "$VENDOR4:7700")"
	crowd after tracker -n 10 -d 200 "$VENDOR4:7700" open ping 1 fin
	join after
	dismiss vendor
	expect_flows 10
	rm "$DIR"/{open,direct,back}
done

daemon on_failure=closed
daemon_kill
wait_for 5 nobody_is_left
crowd refused tracker -n 10 "$VENDOR4:7700" open
join refused
expect_value refused refused 10
daemon on_failure=closed
exchange "$VENDOR4:7700"
expect_flows 1
