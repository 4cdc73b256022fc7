# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The gateway checks where packets come from (rp_filter 0, 1, 2), and does it with
# their marks or without (src_valid_mark, which wg-quick sets): in each case
# connections are relayed, with the gateway's address and with the tracker's, and
# those of the gateway's own programs, too.
topology
firewall "$FIREWALL_LINE
	iifname lo accept"
# conf/all counts beside that of an interface: the larger rp_filter, either mark
filter() {
	local name

	for name in all default lo lan wan; do
		sysctl_set gateway "ipv4/conf/$name/rp_filter" "$1"
		sysctl_set gateway "ipv4/conf/$name/src_valid_mark" "$2"
	done
}
for source in gateway client; do
	daemon source=$source local=yes
	for mode in 0 1 2; do
		for mark in 0 1; do
			filter $mode $mark
			exchange "$VENDOR4:7700"
			server vendor vendor "$VENDOR4:7700" send hello \
				shutdown-write recv-all
			client app gateway "$VENDOR4:7700" expect hello \
				shutdown-write recv-all
			join app vendor
		done
	done
	expect_flows 12
done
