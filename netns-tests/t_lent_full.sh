# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Connections come to two workers as their addresses fall. When the slots of one
# are all in use the other takes its share: 40 slots serve 40 connections.
topology
daemon_under prlimit --nofile=240:240
daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
for round in {1..10}; do
	crowd crowd tracker -n 40 -d $((round * 100)) "$VENDOR4:7700" open \
		ping 1 fin
	join crowd
	expect_value crowd closed 40
done
dismiss vendor
expect_value vendor most 40
daemon_stop
# that each gets just 20 ten times has a chance of 1 in 1,000,000,000
expect_at_least "connections taken for another" "$(total lent)" 1
