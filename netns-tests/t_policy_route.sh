# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A gateway whose way to the vendor is not in table main, as with a full tunnel of
# WireGuard or a second uplink: Wayside's own connections take the way that the
# gateway's routing rules say, with every source.
topology
ip -n gateway route del "$VENDOR4"
ip -n gateway -6 route del "$VENDOR6"
# this is where a default route leads that knows no vendor
link gateway elsewhere tracker stub
address gateway elsewhere 192.0.2.1/24 2001:db8:4::1/64
wait_for 10 settled gateway
ip -n gateway route add default via 192.0.2.2
ip -n gateway -6 route add default via 2001:db8:4::2
ip -n gateway route add "$VENDOR4" via 203.0.113.2 table 51820
ip -n gateway -6 route add "$VENDOR6" via 2001:db8:2::2 table 51820
for f in -4 -6; do
	ip -n gateway $f rule add priority 32764 lookup main suppress_prefixlength 0
	ip -n gateway $f rule add priority 32765 not fwmark 51820 lookup 51820
done
for source in gateway client client-port; do
	daemon source=$source
	for f in v4 v6; do
		family $f
		exchange "$VENDOR:7700"
	done
	expect_flows 2
done
