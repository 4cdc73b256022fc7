# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What no rule names is not touched while the daemon intercepts: another port of
# the vendor, and the vendor's port at an uninvolved server, are forwarded with
# the tracker's own handshake.
topology
daemon
for f in v4 v6; do
	family $f
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	for to in "$VENDOR:7701" "$OTHER:7700"; do
		exchange "$to"
		expect_value vendor peer "$(value tracker local)"
	done
	exchange "$VENDOR:7700"
	unwire lan wan
	expect_forwarded lan wan "$VENDOR:7701"
	expect_forwarded lan wan "$OTHER:7700"
	expect_relayed lan wan "$VENDOR:7700"
done
