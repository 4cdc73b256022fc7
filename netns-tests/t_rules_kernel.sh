# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the kernel makes of the rules: whose they are under each failure policy and
# what becomes of them, on this kernel and on one without tables that persist; a
# refused object is named and changes nothing; the largest configuration fits; and
# after each of these nothing of ours is left.
# Files of /proc/net belong to nobody in a network namespace that was made with its
# user namespace, so another one.
ip netns add host
ip -n host link set lo up
kernel() {
	local f

	on host nft list ruleset
	for f in -4 -6; do
		ip -n host $f rule
		ip -n host $f route show table 7700 2>/dev/null || true
	done
}
before=$(kernel)
for test in kernel keep keep_plain keep_old live live_plain counts watch nat; do
	[ $test != keep ] || kernel_since 6.9 || continue
	on host "$BUILD/src/nft/nft_${test}_test"
	expect_equal "what the kernel holds after $test" "$(kernel)" "$before"
done
