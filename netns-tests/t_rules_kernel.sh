# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the kernel makes of the rules: with on_failure open they are the daemon's
# own and vanish with it, a refused object is named and changes nothing, the
# largest configuration fits; and after all of it nothing of ours is left.
ip link set lo up
kernel() {
	nft list ruleset
	for f in -4 -6; do
		ip $f rule
		ip $f route show table 7700 2>/dev/null || true
	done
}
before=$(kernel)
"$BUILD/src/nft/nft_kernel_test"
expect_equal "what the kernel holds" "$(kernel)" "$before"
