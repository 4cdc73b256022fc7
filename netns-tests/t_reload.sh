# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Reload while 200 flows are busy: none notices, new ones follow the new rules, and
# rules that were taken away are no longer. A reload that cannot be is refused as a
# whole with its reason, and nothing changes; 38 kinds of that.
topology
daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd_server other vendor "$OTHER4:7700"
crowd crowd tracker -n 200 -r 10000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
before=$(kernel_state | sed 's/packets [0-9]* bytes [0-9]*//')
good=$DIR/good.yaml
cp "$CONFIG" "$good"

# refused REASON COMMAND...: after this command on the file
n_refused=0
refused() {
	local reason=$1 status=0

	shift
	n_refused=$((n_refused + 1))
	"$@"
	tool reload >"$DIR/reload.txt" 2>&1 || status=$?
	[ $status != 0 ] || fail "not refused: $*"
	grep -q -- "$reason" "$DIR/reload.txt" ||
		fail "$*: $(cat "$DIR/reload.txt")"
	rm -f "$CONFIG"
	cp "$good" "$CONFIG"
}
edit() {
	sed -i "$1" "$CONFIG"
}
write() {
	echo "$1" >"$CONFIG"
}
append() {
	echo "$1" >>"$CONFIG"
}
refused 'No such file' rm "$CONFIG"
refused 'yaml:2:1: did not find' write 'rules: ['
refused 'nothing to do' write ''
refused 'unknown key "sauce"' edit 's/source:/sauce:/'
refused 'connect_timeout' edit 's/^connect_timeout:.*/connect_timeout: 10/'
refused 'on_failure' edit 's/^on_failure:.*/on_failure: maybe/'
refused 'capture' edit 's/capture: text/capture: loud/'
refused 'duplicate\|twice' append 'drain: 1s'
refused 'no two rules may take one connection' append \
	"  - { name: again, to: [\"$VENDOR4:7700\"] }"
refused 'name' append "  - { name: trackers, to: [\"$OTHER4:7700\"] }"
refused 'log_dir: /run/nowhere: No such file' edit 's,^log_dir:.*,log_dir: /run/nowhere,'
refused 'workers: 2 is in force, 3 needs a restart' edit 's/^workers:.*/workers: 3/'
refused 'ring_size: 16M is in force, 32M needs a restart' edit '1i ring_size: 32M'
refused 'listen_port: 15001 is in force, 15002 needs a restart' edit '1i listen_port: 15002'
refused 'max_flows: 10000 is in force, 20000 needs a restart' edit '1i max_flows: 20000'
refused 'pidfile: .* needs a restart' edit 's,^pidfile:.*,pidfile: /run/wayside/pid2,'
refused 'control: .* needs a restart' edit 's,^control:.*,control: /run/wayside/control2,'
refused 'client_bits_v4' edit '1i client_bits_v4: 33'
refused 'to: ' edit 's/    to: .*/    to: []/'
refused 'observe' edit 's/observe: none/observe: telex/'
refused 'on_failure: open-stay is in force, hold needs a restart' \
	edit 's/^on_failure:.*/on_failure: hold/'
refused 'intercept: redirect needs on_failure open or closed, not open-stay' \
	edit '1i intercept: redirect'
refused 'intercept: tproxy is in force, redirect needs a restart' \
	edit 's/^on_failure:.*/on_failure: open\nintercept: redirect/'
refused 'intercept: "divert" is not one of tproxy, redirect' edit '1i intercept: divert'
refused 'self_test: "maybe" is not one of' edit 's/^self_test:.*/self_test: maybe/'
refused 'local_except: "no.body" is no user here' edit '1i local_except: [no.body]'
refused 'local_except: "4294967295" is not within' edit '1i local_except: 4294967295'
refused 'keepalive_client: "0s" is not within' edit '1i keepalive_client: 0s'
refused 'keepalive_server: "1d" is not none or a duration' \
	edit '1i keepalive_server: 1d'
refused 'user_timeout: "30" is not none or a duration' edit '1i user_timeout: 30'
refused 'idle_timeout: "200h" is not within' edit '1i idle_timeout: 200h'
refused 'udp_timeout: "none" is not a duration' edit '1i udp_timeout: none'
refused 'max_udp_flows: 10001 are more than max_flows' edit '1i max_udp_flows: 10001'
refused 'proxy_protocol: only with listen and remote' edit '1i proxy_protocol: v2'
refused 'transport: the other is in force, udp needs a restart' append \
	"  - { name: datagrams, to: [\"$VENDOR4:7700\"], transport: udp }"
refused 'transport: "sctp" is not one of' append \
	"  - { name: others, to: [\"$OTHER4:7700\"], transport: sctp }"
refused 'source: gateway is in force, client-port needs a restart' \
	edit 's/source: .*/source: client-port/'
refused 'local: "perhaps" is not one of' append \
	"  - { name: others, to: [\"$OTHER4:7700\"], local: perhaps }"
expect_equal "kinds" $n_refused 38
expect_equal "rules and routes" \
	"$(kernel_state | sed 's/packets [0-9]* bytes [0-9]*//')" "$before"
expect_equal "configuration in force" "$(tool status --json |
	sed -n 's/^ *"number": \([0-9]*\),*$/\1/p')" 1
expect_equal "refused reloads" "$(tool status --json |
	sed -n 's/^ *"reloads_refused": \([0-9]*\),*$/\1/p')" $n_refused

# Another server, and no new captures; then the first server goes.
captures() {
	find "$LOGS" -name "*_$TRACKER4.log" | wc -l
}
in_force() {
	[ "$(tool status --json |
		sed -n 's/^ *"number": \([0-9]*\),*$/\1/p')" = "$1" ]
}
append "  - { name: others, to: [\"$OTHER4:7700\"], capture: none, observe: none }"
edit 's/capture: text/capture: none/'
tool reload
captures_are_there() {
	[ "$(captures)" = 200 ]
}
wait_for 10 captures_are_there
crowd others tracker -n 20 -d 1000 "$OTHER4:7700" open ping 1 fin
crowd changed tracker -n 20 -d 3000 "$VENDOR4:7700" open ping 1 fin
join others changed
expect_value others closed 20
expect_value changed closed 20
expect_equal "captures after" "$(captures)" 200
sed -i "s/\"$VENDOR4:7700\"/\"$VENDOR4:7702\"/" "$CONFIG"
kill -HUP "$(cat /run/wayside/pid)"
wait_for 10 in_force 3
wire lan tracker eth0 tcp dst port 7700
wire wan vendor eth0 tcp dst port 7700
crowd direct tracker -n 20 -d 2000 "$VENDOR4:7700" open ping 1 fin
join direct
expect_value direct closed 20
touch "$DIR/end"
join crowd
unwire lan wan
expect_equal "handshakes that went direct" 20 \
	"$(direct_handshakes lan wan "$VENDOR4:7700")"
expect_value crowd closed 200
expect_value crowd bad 0
dismiss vendor other
expect_flows 240
expect_equal "captures at the end" "$(captures)" 200
captures_are 64
expect_captured crowd
