# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# 100 source ports, and one tracker's address: 100 connections to one server and 100
# to another at the same time, each with the tracker's address. With the tracker's own
# ports it needs none of the 100. The tracker has ports of the same range, so those of
# the gateway are often such as another of its connections has.
topology
sysctl_set gateway ipv4/ip_local_port_range '40000 40099'
sysctl_set tracker ipv4/ip_local_port_range '40000 40149'
one=7700 # other servers the second time: ports of the first are still waiting
for source in client client-port; do
	two=$((one + 1))
	rm -rf "${LOGS:?}"/*
	daemon source=$source observe=none \
		to="[\"$VENDOR4:$one-$two\", \"[$VENDOR6]:$one-$two\"]"
	for f in v4 v6; do
		family $f
		crowd_server one vendor "$VENDOR:$one"
		crowd_server two vendor "$VENDOR:$two"
		crowd a tracker -n 100 "$VENDOR:$one" open ping 1 \
			touch "$DIR/a" hold "$DIR/go" fin
		crowd b tracker -n 100 -d 100 "$VENDOR:$two" open ping 1 \
			touch "$DIR/b" hold "$DIR/go" fin
		wait_for 10 test -e "$DIR/a"
		wait_for 10 test -e "$DIR/b"
		for port in $one $two; do
			expect_equal "connections to port $port" "$(on gateway \
				ss -tnH state established src "$TRACKER" \
				dport = ":$port" | wc -l)" 100
		done
		touch "$DIR/go"
		join a b
		expect_value a closed 100
		expect_value b closed 100
		dismiss one two
		rm "$DIR"/{a,b,go}
	done
	expect_flows 400
	one=$((one + 2))
done
