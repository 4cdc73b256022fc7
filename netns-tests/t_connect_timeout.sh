# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# When the server does not answer at all, the tracker is reset when
# connect_timeout is over, not earlier, and long before the kernel gives up.
# (To the millisecond, with a clock of its own: worker_conf_test.)
topology
silence vendor 7700
daemon connect_timeout=1s
client silent tracker "$VENDOR4:7700" expect-reset
client hasty tracker "$VENDOR4:7700" send early expect-reset
for name in silent hasty; do
	join $name
	expect_at_least "ms until the reset of $name" "$(value $name ms)" 900
	expect_at_most "ms until the reset of $name" "$(value $name ms)" 60000
done
daemon_stop
expect_equal "connects that timed out" "$(total connect_timeout)" 2
