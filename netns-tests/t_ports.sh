# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# 100 source ports, and one tracker's address: 100 connections to one server and 100
# to another at the same time, each with the tracker's address. With the tracker's own
# ports it needs none of the 100.
topology
sysctl_set gateway ipv4/ip_local_port_range '40000 40099'
for source in client client-port; do
	rm -rf "$DIR"/{a,b,go} "${LOGS:?}"/*
	daemon source=$source observe=none \
		to="[\"$VENDOR4:7700-7701\", \"[$VENDOR6]:7700-7701\"]"
	for f in v4 v6; do
		family $f
		crowd_server one vendor "$VENDOR:7700"
		crowd_server two vendor "$VENDOR:7701"
		crowd a tracker -n 100 "$VENDOR:7700" open ping 1 \
			touch "$DIR/a" hold "$DIR/go" fin
		crowd b tracker -n 100 -d 100 "$VENDOR:7701" open ping 1 \
			touch "$DIR/b" hold "$DIR/go" fin
		wait_for 10 test -e "$DIR/a"
		wait_for 10 test -e "$DIR/b"
		for port in 7700 7701; do
			expect_equal "connections to port $port" "$(on gateway \
				ss -tnH state established src "$TRACKER" \
				dport = :$port | wc -l)" 100
		done
		touch "$DIR/go"
		join a b
		expect_value a closed 100
		expect_value b closed 100
		dismiss one two
		rm "$DIR"/{a,b,go}
	done
	expect_flows 400
done
