# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the kernel makes of the rules: whose they are under each failure policy and
# what becomes of them, on this kernel and on one without tables that persist; a
# refused object is named and changes nothing; the largest configuration fits; and
# after each of these nothing of ours is left.
ip link set lo up
kernel() {
	nft list ruleset
	for f in -4 -6; do
		ip $f rule
		ip $f route show table 7700 2>/dev/null || true
	done
}
before=$(kernel)
for test in kernel keep keep_plain keep_old live live_plain counts watch nat; do
	[ $test != keep ] || kernel_since 6.9 || continue
	"$BUILD/src/nft/nft_${test}_test"
	expect_equal "what the kernel holds after $test" "$(kernel)" "$before"
done
