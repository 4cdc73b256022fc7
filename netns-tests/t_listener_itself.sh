# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Who connects to the listener itself, without having meant another server, is
# reset at once and counted; there is no loop.
topology
firewall 'iif lo accept'
daemon
for to in 127.0.0.1:15001 '[::1]:15001'; do
	client local gateway "$to" expect-reset
	join local
	expect_value local end rst
done
daemon_stop
expect_match "last line" "$(tail -n 1 "$DIR/daemon.log")" '.* refused_self=2'
