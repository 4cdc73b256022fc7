# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# One flow that sends as fast as it can does not keep 500 quiet ones waiting: each
# of their messages is answered before the loud one has got back 8 MiB.
# One worker, so that nobody is alone with it.
topology
daemon workers=1 observe=none capture=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 501 -m 1024 "$VENDOR4:7700" open ping 1 loud 40 fin
join crowd
expect_value crowd closed 501
expect_value crowd bad 0
expect_at_least "messages of the loud one" \
	"$(sed -n 's/^loud moved=//p' "$DIR/crowd.log")" 1000
expect_at_most "messages of the loud one while another waited" \
	"$(value crowd loud_max)" 8192
dismiss vendor
expect_flows 501
