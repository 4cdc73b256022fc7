# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A link with a smaller MTU behind the gateway, as small as IPv6 allows, does not
# stop a connection that borrows the tracker's address, or address and port: the ICMP
# message about it, which is addressed to the tracker, reaches the gateway's socket.
# Nor does a UDP tracker lose a datagram there, not the first one either.
FAR4=47.88.85.197
FAR6=2001:db8:7::8
topology
ip netns add far
ip -n far link set lo up
sysctl_set far ipv6/conf/default/accept_dad 0
sysctl_set vendor ipv4/ip_forward 1
sysctl_set vendor ipv6/conf/all/forwarding 1
link vendor narrow far eth0
# Only this end: the far one announces a segment size that does not fit.
ip -n vendor link set narrow mtu 1280
address vendor narrow 198.51.100.65/30 2001:db8:3::1/64
address far eth0 198.51.100.66/30 2001:db8:3::2/64
address far lo $FAR4/32 $FAR6/128
wait_for 10 settled vendor far
ip -n vendor route add $FAR4 via 198.51.100.66
ip -n vendor route add $FAR6 via 2001:db8:3::2
ip -n gateway route add $FAR4 via 203.0.113.2
ip -n gateway route add $FAR6 via 2001:db8:2::2
ip -n far route add default via 198.51.100.65
ip -n far route add default via 2001:db8:3::1
for source in client client-port; do
	daemon source=$source to="[\"$FAR4:7700\", \"[$FAR6]:7700\"]"
	for f in v4 v6; do
		family $f
		[ $f = v4 ] && to=$FAR4:7700 || to=[$FAR6]:7700
		wire wan vendor eth0 icmp or icmp6
		server far far "$to" recv 20000 shutdown-write recv-all
		client tracker tracker "$to" send-pattern 20000 \
			shutdown-write recv-all
		join tracker far
		unwire wan
		expect_same_bytes tracker far
		expect_peer_address far "$TRACKER"
		expect_mtu_told wan "$TRACKER"
	done
	expect_flows 2
done
for source in gateway client client-port; do
	daemon source=$source transport=udp to="[\"$FAR4:7700\"]"
	udp_server far far "$FAR4:7700"
	udp_client tracker tracker "$FAR4:7700" send-pattern 1400
	join tracker
	wait_for 10 grep -q 'len=1400$' "$DIR/far.log"
	dismiss far
	expect_flows 1
	on gateway ip route flush cache
done
