# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A UDP flow ends when nothing came for udp_timeout, and no sooner while there are
# datagrams either way; the next datagram begins a new one, of the same client and
# server, with a capture of its own. The end is no error.
topology
daemon transport=udp udp_timeout=2s
began=${EPOCHREALTIME/./}
udp_server vendor vendor "$VENDOR4:7700"
udp_client tracker tracker -b "$TRACKER4:4711" "$VENDOR4:7700" \
	send one expect one touch "$DIR/one" hold "$DIR/go" \
	send two expect two send three expect three
wait_for 10 test -e "$DIR/one"
wait_for 10 counted flows_idle 1
expect_at_least "microseconds until it ended" $((${EPOCHREALTIME/./} - began)) 2000000
expect_equal "sockets of flows" "$(on gateway ss -unH state established | wc -l)" 0
# its upstream socket's port is not chosen a second time by chance
port=$(sed -n 's/^got .*:\([0-9]*\) len=.*/\1/p' "$DIR/vendor.log")
sysctl_set gateway ipv4/ip_local_reserved_ports "$port"
# the next one gets longer than this machine may stand still
config transport=udp udp_timeout=10m
tool reload >"$DIR/reload.txt" || fail "$(cat "$DIR/reload.txt")"
touch "$DIR/go"
join tracker
dismiss vendor
expect_equal "flows so far" "$(counter udp_flows)" 2
expect_equal "upstream sockets" \
	"$(grep ^got "$DIR/vendor.log" | cut -d ' ' -f 2 | sort -u | wc -l)" 2
expect_flows 2
captures=("$LOGS"/*_"$TRACKER4".log)
expect_equal "captures" ${#captures[@]} 2
expect_equal "first capture" "$(cut -f 2,3 "${captures[0]}")" $'client\tone\nserver\tone'
expect_equal "second capture" "$(cut -f 2,3 "${captures[1]}")" \
	$'client\ttwo\nserver\ttwo\nclient\tthree\nserver\tthree'
[ ! -s "$LOGS/errors.log" ] || fail "errors: $(cat "$LOGS/errors.log")"
