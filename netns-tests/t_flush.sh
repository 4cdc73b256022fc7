# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Somebody flushes all rules. A table of the daemon's own stays; one that is
# anybody's, as on kernels before 6.9, is put back at once in the state that it
# should have. Flows, intercepted and direct, live on without a reset, and new
# connections in between go direct. Somebody who does it all the time is answered
# once a second.
test_points # they have a daemon as on an old kernel, too
topology
log=$DIR/daemon.log

# lost: how often rules were put back, as the status says it
lost() {
	tool status --json | sed -n 's/^ *"put_back": \([0-9]*\),*/\1/p'
}

# lost_is N
lost_is() {
	[ "$(lost)" = "$1" ]
}

# put_back N: so often, and all is as it should be
put_back() {
	lost_is "$1" && tool rules check -c "$CONFIG" >/dev/null 2>&1
}

daemon # nobody else's
on gateway nft flush ruleset
firewall "$FIREWALL_LINE"
tool rules check -c "$CONFIG" >"$DIR/check.log" || fail "$(cat "$DIR/check.log")"
expect_equal "lost" "$(lost)" 0
daemon_stop

WAYSIDED=${WAYSIDED}_plain
wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
server vendor vendor -n 2 "$VENDOR4:7700" expect one send one expect two \
	send two recv-all
client direct tracker "$VENDOR4:7700" send one expect one \
	touch "$DIR/direct" wait-file "$DIR/two" send two expect two \
	shutdown-write recv-all
wait_for 10 test -e "$DIR/direct"
daemon
client taken tracker "$VENDOR4:7700" send one expect one \
	touch "$DIR/taken" wait-file "$DIR/two" send two expect two \
	shutdown-write recv-all
wait_for 10 test -e "$DIR/taken"
on gateway nft flush ruleset
wait_for 10 put_back 1
grep -q 'somebody changed our rules, they are put back: .* times=1' "$log" ||
	fail "it is not said: $(cat "$log")"
firewall "$FIREWALL_LINE"
touch "$DIR/two"
join direct taken vendor
unwire lan wan
for side in lan wan; do
	expect_equal "resets on $side" "$(resets $side)" ""
done
expect_equal "flows" "$(counter flows_opened)" 1
exchange "$VENDOR4:7700"
expect_equal "flows" "$(counter flows_opened)" 2

# One rule less, a dormant table, and another one of the routing.
on gateway nft flush chain inet wayside prerouting
wait_for 10 put_back 2
on gateway nft 'add table inet wayside { flags dormant; }'
wait_for 10 put_back 3
# In bypass it is bypass that comes back.
tool bypass on >"$DIR/bypass.txt"
on gateway nft delete table inet wayside
wait_for 10 lost_is 4
expect_equal "differences" "$(tool status --json |
	sed -n 's/^ *"differ": \([0-9]*\),*/\1/p')" 0
exchange "$VENDOR4:7700"
expect_equal "flows" "$(counter flows_opened)" 2
tool bypass off >"$DIR/bypass.txt"

# Somebody who does not stop: not more often than once a second, nor is it given up.
began=${EPOCHREALTIME/./}
for ((i = 0; i < 50; i++)); do
	on gateway nft delete table inet wayside 2>/dev/null || true
done
fought=$(($(lost) - 4))
seconds=$(((${EPOCHREALTIME/./} - began) / 1000000))
expect_at_most "put back in $seconds s" $fought $((seconds + 1))
rules_are_there() {
	tool rules check -c "$CONFIG" >/dev/null 2>&1
}
wait_for 10 rules_are_there
exchange "$VENDOR4:7700"
expect_flows 3
expect_equal "what is left" "$(on gateway nft list tables | grep -c wayside)" 0
