# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A link with a smaller MTU between the gateway and a tracker does not stop what the
# server sends, whatever the source of the gateway's own connection, and though a
# firewall drops what conntrack calls invalid: the ICMP message about it, which is
# addressed to the server, reaches the gateway's socket.
topology
ip netns add far
ip -n far link set lo up
sysctl_set far ipv6/conf/default/accept_dad 0
sysctl_set far ipv4/ip_local_port_range '20000 39999' # not the gateway's
sysctl_set tracker ipv4/ip_forward 1
sysctl_set tracker ipv6/conf/all/forwarding 1
link tracker narrow far eth0
# Only this end: the far one announces a segment size that does not fit.
ip -n tracker link set narrow mtu 1280
address tracker narrow 192.168.2.1/24 2001:db8:4::1/64
address far eth0 192.168.2.10/24 2001:db8:4::10/64
ip -n far route add default via 192.168.2.1
ip -n far route add default via 2001:db8:4::1
ip -n gateway route add 192.168.2.0/24 via "$TRACKER4"
ip -n gateway route add 2001:db8:4::/64 via "$TRACKER6"
ip -n vendor route add 192.168.2.0/24 via "$GATEWAY4"
ip -n vendor route add 2001:db8:4::/64 via "$GATEWAY6"
wait_for 10 settled far tracker
on gateway nft -f - <<-END
	table inet invalid {
		chain input {
			type filter hook input priority filter - 1
			ct state invalid drop
		}
	}
END
for source in gateway client client-port; do
	daemon source=$source
	for f in v4 v6; do
		family $f
		wire lan tracker eth0 icmp or icmp6
		server vendor vendor "$VENDOR:7700" send-pattern 20000 \
			shutdown-write recv-all
		client far far "$VENDOR:7700" recv 20000 shutdown-write recv-all
		join far vendor
		unwire lan
		expect_same_bytes vendor far
		expect_mtu_told lan "$VENDOR"
	done
	expect_flows 2
done
