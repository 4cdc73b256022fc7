# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# One of two workers is killed under UDP: flows of the other go on as if nothing had
# been, those of the dead one begin anew with their next datagram, while its place
# is empty and after, without being asked twice. The books of the dead are closed.
test_points
topology
own_proc
WAYSIDE_RESTART_HOLD=$DIR/away daemon transport=udp observe=none
udp_server vendor vendor "$VENDOR4:7700"
names=()
for i in {10..29}; do
	udp_client "t$i" tracker -b "$TRACKER4:47$i" "$VENDOR4:7700" \
		send one expect one touch "$DIR/one$i" hold "$DIR/two" \
		send two expect two touch "$DIR/two$i" hold "$DIR/three" \
		send three expect three
	names+=("t$i")
done
all_have() {
	local files=("$DIR/$1"??)

	[ ${#files[@]} = 20 ]
}
wait_for 10 all_have one
expect_equal "flows" "$(counter udp_flows)" 20
# nobody chooses the port of one that died by chance
sysctl_set gateway ipv4/ip_local_port_range '60000 65535'
worker=$(pids wayside-worker/0)
touch "$DIR/away"
kill -KILL "$worker"
# its title goes before its sockets do
wait_for 5 test ! -e "/proc/$worker"
touch "$DIR/two"
wait_for 10 all_have two
! is_there wayside-worker/0 || fail "it is there already"
rm "$DIR/away"
wait_for 10 is_anew wayside-worker/0 "$worker"
touch "$DIR/three"
join "${names[@]}"
dismiss vendor
expect_value vendor got 60
# every flow had a socket of its own towards the vendor, and no other one
seen=$(grep ^got "$DIR/vendor.log" | cut -d ' ' -f 2 | sort -u | wc -l)
died=$((seen - 20))
expect_at_least "flows that died" $died 1
expect_at_most "flows that died" $died 19
expect_flows "$seen"
expect_equal "flows that died" "$(total flows_died)" $died
expect_equal "flows taken for the dead" "$(total lent)" $died
expect_equal "datagrams dropped" "$(total udp_dropped)" 0
