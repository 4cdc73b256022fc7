# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Limits: flows in all, flows of a client network, free source ports of the gateway,
# connects a second. What is over one waits and is counted, nobody is refused, and
# it is served when there is room.
topology
own_proc
address tracker eth0 192.168.1.11/24

# limited COUNTER KEY=VALUE...: of 60 connections 20 are served at a time. What
# `meanwhile` does is done while the others wait.
limited() {
	rm -f "$LOGS"/*.log "$DIR"/{full,looked}
	daemon observe=none "${@:2}"
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd crowd tracker -n 60 -b "$TRACKER4:1" "$VENDOR4:7700" open \
		send 1 answered 20 touch "$DIR/full" hold "$DIR/looked" \
		fin-some 20 answered 40 fin-some 20 answered 60 fin
	wait_for 20 test -e "$DIR/full"
	wait_for 10 counted "$1" 1
	meanwhile
	touch "$DIR/looked"
	join crowd
	expect_value crowd closed 60
	expect_value crowd bad 0
	dismiss vendor
	daemon_stop
	captures_are 64
}
meanwhile() {
	:
}

limited accept_pauses max_flows=20
expect_value vendor most 20
expect_captured crowd

# another client is served meanwhile
meanwhile() {
	crowd other tracker -n 10 -b 192.168.1.11:1 -d 100 "$VENDOR4:7700" \
		open ping 1 fin
	join other
	expect_value other closed 10
}
limited limit_client max_flows_per_client=20
expect_equal "refused" "$(total limit_refused)" 0
expect_equal "flows" "$(total flows_opened)" 70

# ... but not when it is of the same network
meanwhile() {
	crowd other tracker -n 1 -b 192.168.1.11:1 -d 100 \
		"$VENDOR4:7700" open touch "$DIR/asked" ping 1 fin
	wait_for 10 test -e "$DIR/asked"
	wait_for 10 counted limit_client 41
	expect_equal "other: reports" "$(value other closed)" ""
}
limited limit_client max_flows_per_client=20 client_bits_v4=24
expect_value vendor most 20
join other

# 20 source ports towards the one server. (A port is free again a second after its
# connection ended: without the setting it would be a minute.)
meanwhile() {
	:
}
sysctl_set gateway ipv4/ip_local_port_range '40000 40019'
sysctl_set gateway ipv4/tcp_tw_reuse 1
limited limit_ports
expect_value vendor most 20
expect_equal "refused" "$(total limit_refused)" 0
sysctl_set gateway ipv4/ip_local_port_range '40000 59999'

rm -f "$LOGS"/*.log
daemon observe=none connect_rate=50
crowd_server vendor vendor "$VENDOR4:7700"
# all of them are there when the workers look
mapfile -t workers < <(pids wayside-worker/0; pids wayside-worker/1)
kill -STOP "${workers[@]}"
crowd crowd tracker -n 60 "$VENDOR4:7700" open touch "$DIR/open" ping 1 fin
wait_for 10 test -e "$DIR/open"
began=${EPOCHREALTIME/./}
kill -CONT "${workers[@]}"
join crowd
expect_value crowd closed 60
expect_at_least "microseconds for 60 connects at 50 a second" \
	$((${EPOCHREALTIME/./} - began)) 1000000
dismiss vendor
daemon_stop
expect_at_least "connects that waited" "$(total limit_rate)" 30
captures_are 64
expect_captured crowd
