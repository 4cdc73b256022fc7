# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# lib.sh - what namespace cases are written with; sourced by run before the case
#
# Words
#   case     one file t_NAME.sh: its first comment says what must hold. The first
#            command that fails, or `fail`, ends it; the end of the file passes it
#   host     a network namespace: tracker, gateway, vendor
#   peer     a peer_client or peer_server (netns-tests/peers) on a host, in the
#            background, under a name. Its script is on its command line; what
#            it saw is in its report, read with `value NAME KEY`
#   crowd    a peer with many connections, to a server that echoes
#   wire     a capture on one interface of a host, under a name
#   daemon   the waysided of $BUILD, on the gateway
#   waiting  is always for a condition with a deadline, never for a time
#
#   tracker                      gateway                        vendor
#   192.168.1.10 eth0 ------- lan 192.168.1.1
#   2001:db8:1::10                2001:db8:1::1
#                                 203.0.113.1 wan ------- eth0 203.0.113.2
#                                 2001:db8:2::1                2001:db8:2::2
#   (family v4 and family v6 set $TRACKER, $GATEWAY, $VENDOR and $OTHER)
#   on the vendor's lo: $VENDOR4 and $VENDOR6, the servers that trackers were
#   made for; $OTHER4 and $OTHER6, an uninvolved server that no rule names.
#   No host has a route to anywhere else.
#
# Given: $BUILD, the build directory. Files of a case are in $DIR.
# shellcheck disable=SC2034 # these are used by the cases
VENDOR4=47.88.85.196
VENDOR6=2001:db8:7::7
OTHER4=198.51.100.9
OTHER6=2001:db8:9::9
TRACKER4=192.168.1.10
TRACKER6=2001:db8:1::10
GATEWAY4=203.0.113.1
GATEWAY6=2001:db8:2::1
DIR=/run/case
LOGS=$DIR/logs
EVENTS=$DIR/events
JSON_EVENTS=$DIR/events.json
STORE=$DIR/wayside.db
CONFIG=$DIR/wayside.yaml
WAYSIDED=$BUILD/src/waysided/waysided
PEERS=$BUILD/netns-tests/peers
declare -A peer_pid wire_pid
daemon_pid=
WAYSIDE=$BUILD/src/wayside/wayside
# Nor is a process broken that gets no processor for some seconds (base_die.h).
export WAYSIDE_LIMIT_MS=600000 WAYSIDE_RELOAD_MS=600000
# Nor is a probe's packet lost; a case in which it is says how long it waits.
export WAYSIDE_PROBE_MS=60000

# family v4|v6: the addresses of one family, as they are written before a port
family() {
	if [ "$1" = v4 ]; then
		TRACKER=$TRACKER4 GATEWAY=$GATEWAY4
		VENDOR=$VENDOR4 OTHER=$OTHER4
	else
		TRACKER=[$TRACKER6] GATEWAY=[$GATEWAY6]
		VENDOR=[$VENDOR6] OTHER=[$OTHER6]
	fi
}

# --- verdicts ---------------------------------------------------------------

fail() {
	local i

	echo "FAILED: $*" >&2
	for ((i = 1; i < ${#FUNCNAME[@]} - 1; i++)); do
		echo "  at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}" >&2
	done
	trap - EXIT
	exit 1
}

# A command that failed outside of any check: remembered where it was, told if
# it ended the case.
failed_at=
set -E
trap 'failed_at="${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
trap '[[ $? = @(0|77) ]] || echo "FAILED: ${failed_at:-see above}" >&2' EXIT

# expect_equal WHAT GOT WANT
expect_equal() {
	[ "$2" = "$3" ] || fail "$1 is \"$2\", not \"$3\""
}

# expect_match WHAT GOT REGEX (all of it, extended)
expect_match() {
	[[ $2 =~ ^($3)$ ]] || fail "$1 is \"$2\", which is not of the form $3"
}

# expect_at_most WHAT GOT LIMIT; expect_at_least WHAT GOT LIMIT
expect_at_most() {
	[ "$2" -le "$3" ] || fail "$1 is $2, more than $3"
}
expect_at_least() {
	[ "$2" -ge "$3" ] || fail "$1 is $2, less than $3"
}

# wait_for SECONDS CMD...: until CMD succeeds. A machine that stands still for half
# a minute (seen, all cases at once) is no failure of what is tested: so it is 20
# times as long, and the limit of the whole case ends what never comes.
wait_for() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 20000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] ||
			fail "in vain waited for: $*"
		sleep 0.02 # the pause between two looks, no more
	done
}

# --- hosts ------------------------------------------------------------------

# on HOST CMD...: run it there and wait for it
on() {
	local host=$1

	shift
	nsenter --net="/run/netns/$host" -- "$@"
}

# spawn HOST LOG CMD...: run it there in the background; its pid is $!
spawn() {
	local host=$1 log=$2

	shift 2
	: >"$log" # here, or a "ready" of an earlier one could be seen in it
	(exec nsenter --net="/run/netns/$host" -- "$@") >>"$log" 2>&1 &
}

# sysctl_set HOST PATH VALUE: below /proc/sys/net
sysctl_set() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	on "$1" sh -c 'echo "$2" >"/proc/sys/net/$1"' sh "$2" "$3"
}

# link HOST INTERFACE HOST INTERFACE: a cable
link() {
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# address HOST INTERFACE ADDRESS...
address() {
	local host=$1 interface=$2 a

	shift 2
	for a; do
		ip -n "$host" addr add "$a" dev "$interface"
	done
}

# settled HOST...: each interface that is up has its link-local address, and each address its
# route: the kernel makes those of IPv6 in the background
settled() {
	local host addresses

	for host; do
		addresses=$(ip -n "$host" -6 -o addr)
		[ "$(grep -c ' scope link' <<<"$addresses")" = \
			"$(ip -n "$host" -o link show up |
			grep -vc LOOPBACK)" ] &&
			[ "$(wc -l <<<"$addresses")" = "$(ip -n "$host" -6 \
				route show table local type local | wc -l)" ] ||
			return 1
	done
}

# topology: the three hosts as drawn above, and the gateway's firewall
topology() {
	local host

	for host in tracker gateway vendor; do
		ip netns add "$host"
		ip -n "$host" link set lo up
		# without it the link-local addresses are of no use for 2 s
		sysctl_set "$host" ipv6/conf/default/accept_dad 0
	done
	# nor are two ports the same that two hosts chose by chance
	sysctl_set tracker ipv4/ip_local_port_range '20000 39999'
	sysctl_set gateway ipv4/ip_local_port_range '40000 59999'
	sysctl_set vendor ipv4/ip_local_port_range '60000 65535'
	link tracker eth0 gateway lan
	link gateway wan vendor eth0
	address tracker eth0 $TRACKER4/24 $TRACKER6/64
	address gateway lan 192.168.1.1/24 2001:db8:1::1/64
	address gateway wan $GATEWAY4/24 $GATEWAY6/64
	address vendor eth0 203.0.113.2/24 2001:db8:2::2/64
	address vendor lo $VENDOR4/32 $VENDOR6/128 $OTHER4/32 $OTHER6/128
	ip -n tracker route add default via 192.168.1.1
	ip -n tracker route add default via 2001:db8:1::1
	for host in $VENDOR4 $OTHER4; do
		ip -n gateway route add "$host" via 203.0.113.2
	done
	for host in $VENDOR6 $OTHER6; do
		ip -n gateway route add "$host" via 2001:db8:2::2
	done
	ip -n vendor route add 192.168.1.0/24 via $GATEWAY4
	ip -n vendor route add 2001:db8:1::/64 via $GATEWAY6
	sysctl_set gateway ipv4/ip_forward 1
	sysctl_set gateway ipv6/conf/all/forwarding 1
	firewall "$FIREWALL_LINE"
	wait_for 10 settled tracker gateway vendor
}

# The line that a firewall with an input policy of drop needs, else it drops
# what Wayside is to take: such a packet goes to the gateway itself. Measured: with
# source: client it is enough; with source: gateway the answers to the gateway's
# own connections must come in too (ct state established), as everywhere.
FIREWALL_LINE='meta mark and 0x10000 == 0x10000 accept'

# firewall LINE: the gateway takes nothing for itself but answers, what IPv6
# neighbours ask, and what LINE lets in
firewall() {
	on gateway nft -f - <<-END
		table inet firewall
		delete table inet firewall
		table inet firewall {
			chain input {
				type filter hook input priority filter
				policy drop
				ct state established,related accept
				meta l4proto ipv6-icmp accept
				$1
			}
		}
	END
}

# masquerade: what leaves on wan has the gateway's address
masquerade() {
	on gateway nft -f - <<-END
		table inet nat {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "wan" masquerade
			}
		}
	END
}

# silence HOST PORT: what comes to this TCP port is dropped, until unsilence HOST
silence() {
	on "$1" nft -f - <<-END
		table inet silent {
			chain input {
				type filter hook input priority filter
				tcp dport $2 drop
			}
		}
	END
}

unsilence() {
	on "$1" nft delete table inet silent
}

# --- peers ------------------------------------------------------------------

# peer NAME HOST PROGRAM ARGUMENT...
peer() {
	local name=$1 host=$2 program=$3

	shift 3
	spawn "$host" "$DIR/$name.log" "$PEERS/$program" "$@"
	peer_pid[$name]=$!
}

# client NAME HOST [OPTION...] ADDR:PORT STEP...
client() {
	peer "$1" "$2" peer_client "${@:3}"
}

# server NAME HOST [OPTION...] ADDR:PORT STEP...: returns when it listens
server() {
	peer "$1" "$2" peer_server "${@:3}"
	await_listener "$1"
}

# await_listener NAME
await_listener() {
	wait_for 10 grep -qs ^ready "$DIR/$1.log"
}

# peer_runs NAME
peer_runs() {
	kill -0 "${peer_pid[$1]}" 2>/dev/null
}

# join NAME...: each has ended, and all went as its script says
join() {
	local name

	for name; do
		wait "${peer_pid[$name]}" || fail "$name: $(cat "$DIR/$name.log")"
	done
}

# join_failed NAME: it has ended, and not as its script says
join_failed() {
	! wait "${peer_pid[$1]}" || fail "$1: $(cat "$DIR/$1.log")"
}

# join_any NAME...: each has ended, one way or another
join_any() {
	local name

	for name; do
		wait "${peer_pid[$name]}" || true
	done
}

# stop NAME: a peer that waits for ever
stop() {
	kill "${peer_pid[$1]}"
	wait "${peer_pid[$1]}" || true # its status is that of the signal
}

# value NAME KEY [N]: of the N-th report (1) of a peer that has ended
value() {
	grep ^peer= "$DIR/$1.log" | sed -n "${3-1}p" | tr ' ' '\n' |
		sed -n "s/^$2=//p"
}

# expect_value NAME KEY WANT
expect_value() {
	expect_equal "$1: $2" "$(value "$1" "$2")" "$3"
}

# expect_same_bytes A B: both directions arrived unchanged and in order
expect_same_bytes() {
	expect_value "$1" bytes_out "$(value "$2" bytes_in)"
	expect_value "$1" out_sum "$(value "$2" in_sum)"
	expect_value "$2" bytes_out "$(value "$1" bytes_in)"
	expect_value "$2" out_sum "$(value "$1" in_sum)"
}

# expect_peer_address NAME ADDR: whom the peer talked to, at any port. ADDR as in
# ADDR:PORT
expect_peer_address() {
	local peer

	peer=$(value "$1" peer)
	expect_equal "$1: the peer's address" "${peer%:*}" "$2"
}

# crowd NAME HOST [OPTION...] ADDR:PORT STEP...: many connections in one process
crowd() {
	peer "$1" "$2" crowd_client "${@:3}"
}

# crowd_server NAME HOST [OPTION...] ADDR:PORT: echoes until dismiss NAME
crowd_server() {
	peer "$1" "$2" crowd_server "${@:3}"
	await_listener "$1"
}

# dismiss NAME...: crowd servers report and end
dismiss() {
	local name

	for name; do
		kill "${peer_pid[$name]}"
		join "$name"
	done
}

# captures_are MESSAGE-LENGTH: every byte in the captures is what a crowd sent or
# got, and in its place; the report is that of the peer "captures"
captures_are() {
	"$PEERS/capture_check" "$1" "$LOGS" >"$DIR/captures.log" 2>&1 ||
		fail "captures: $(cat "$DIR/captures.log")"
}

# expect_captured NAME: without a gap, what this crowd sent and got
expect_captured() {
	expect_value captures client_bytes "$(value "$1" bytes_out)"
	expect_value captures server_bytes "$(value "$1" bytes_in)"
	expect_value captures client_gap 0
	expect_value captures server_gap 0
}

# udp_client NAME HOST [OPTION...] ADDR:PORT STEP...
udp_client() {
	peer "$1" "$2" udp_client "${@:3}"
}

# udp_server NAME HOST ADDR:PORT [WORD]: answers each datagram with WORD and the
# datagram, until dismiss NAME
udp_server() {
	peer "$1" "$2" udp_server "${@:3}"
	await_listener "$1"
}

# exchange ADDR:PORT [CLIENT_OPTION...]: the tracker sends 10000 bytes to this
# server, gets 20000, both end; all of it arrives. The server ends first, so that the
# tracker's port is free at once. The peers that have ended are tracker and vendor.
exchange() {
	local to=$1

	shift
	server vendor vendor "$to" recv 10000 send-pattern 20000 shutdown-write \
		recv-all
	client tracker tracker "$@" "$to" send-pattern 10000 recv 20000 \
		recv-all shutdown-write
	join tracker vendor
	expect_same_bytes tracker vendor
}

# --- wires ------------------------------------------------------------------

# wire NAME HOST INTERFACE FILTER...: capture from now on
wire() {
	local name=$1 host=$2

	shift 2
	spawn "$host" "$DIR/$name.log" "$PEERS/wire" "$@"
	wire_pid[$name]=$!
	wait_for 10 grep -qs ^ready "$DIR/$name.log"
}

# unwire NAME...: stop; fails when a packet was lost
unwire() {
	local name

	for name; do
		kill "${wire_pid[$name]}"
		wait "${wire_pid[$name]}" || fail "$name: $(tail -n 2 "$DIR/$name.log")"
	done
}

# packets NAME REGEX: those lines of a wire (see wire.c)
packets() {
	grep -E "$2" "$DIR/$1.log" || true
}

# packet_count NAME REGEX
packet_count() {
	grep -cE "$2" "$DIR/$1.log" || true
}

# expect_mtu_told NAME ADDR: ICMP told ADDR of a smaller MTU on this wire; the gateway
# forgets it, so that the next connection meets it anew
expect_mtu_told() {
	local plain=${2//[][]/}

	expect_at_least "messages about the MTU" \
		"$(packet_count "$1" "> ${plain//./\\.} proto=(1|58)$")" 1
	on gateway ip route flush cache
	on gateway ip -6 route flush cache
}

# resets NAME: the RST that cut a connection. One that comes when both ends have sent
# their FIN cuts none: it answers an acknowledgement too many, and on a busy machine,
# where packets overtake each other, there are some.
resets() {
	awk '$4 == "S" { delete fin[$1, $3]; delete fin[$3, $1] }
		$4 ~ /^[A-Z]*F/ { fin[$1, $3] = 1 }
		$4 ~ /^[A-Z]*R/ && !(fin[$1, $3] && fin[$3, $1])' "$DIR/$1.log"
}

# syn_numbers NAME ADDR:PORT: the initial sequence numbers sent to it
syn_numbers() {
	awk -v to="$2" '$3 == to && $4 == "S" { print $5 }' "$DIR/$1.log" |
		sort -u
}

# direct_handshakes LAN WAN ADDR:PORT: how many connections to it were forwarded
direct_handshakes() {
	comm -12 <(syn_numbers "$1" "$3") <(syn_numbers "$2" "$3") | wc -l
}

# expect_forwarded LAN WAN ADDR:PORT: one connection to it, and the handshake
# that came is the one that left; expect_relayed: it is another one
expect_forwarded() {
	expect_match "handshake on $1" "$(syn_numbers "$1" "$3")" 'seq=[0-9]+'
	expect_equal "handshake on $2" "$(syn_numbers "$2" "$3")" \
		"$(syn_numbers "$1" "$3")"
}
expect_relayed() {
	expect_match "handshake on $1" "$(syn_numbers "$1" "$3")" 'seq=[0-9]+'
	expect_match "handshake on $2" "$(syn_numbers "$2" "$3")" 'seq=[0-9]+'
	[ "$(syn_numbers "$1" "$3")" != "$(syn_numbers "$2" "$3")" ] ||
		fail "the connection to $3 was forwarded"
}

# --- the daemon -------------------------------------------------------------

# config [KEY=VALUE...]: writes $CONFIG. Keys of the file, keys of its one rule,
# and their defaults; a key without a default is left out unless it is given; with
# json=PATH there is a second event file, of that format. store and sinks as in the
# file: store="{ file: $STORE }" sinks="[{ name: a, exec: [/bin/cat] }]"
config() {
	local -A v=(
		[on_failure]=open-stay [workers]=2 [connect_timeout]=2m
		[drain]=0s [control]=/run/wayside/control [self_test]=no
		[log_dir]=$LOGS [pidfile]=/run/wayside/pid
		[name]=trackers
		[to]="[\"$VENDOR4:7700\", \"[$VENDOR6]:7700\"]"
		[source]=gateway [capture]=text [observe]=auto
	)
	local pair

	for pair; do
		v[${pair%%=*}]=${pair#*=}
	done
	# keys KEY...: a line of each that has a value
	keys() {
		local key

		for key; do
			[ -z "${v[$key]-}" ] || echo "$key: ${v[$key]}"
		done
	}
	{
		keys on_failure workers connect_timeout drain control self_test \
			max_flows max_flows_per_client client_bits_v4 \
			connect_rate ring_size log_dir pidfile intercept \
			keepalive_client keepalive_server user_timeout \
			idle_timeout udp_timeout max_udp_flows local_except \
			capture_rotate_size capture_rotate_time
		echo "events:"
		echo "  - { file: $EVENTS }"
		[ -z "${v[json]-}" ] ||
			echo "  - { file: ${v[json]}, format: json }"
		keys protocols store sinks
		echo "rules:"
		keys name interfaces clients to transport local source \
			capture observe when_full |
			sed '1s/^/  - /; 2,$s/^/    /'
	} >"$CONFIG"
}

daemon_ready_or_dead() {
	grep -qs ready "$DIR/daemon.log" || ! kill -0 "$daemon_pid" 2>/dev/null
}

# daemon_under WORD...: the command that starts the daemon from now on
daemon_command=()
daemon_under() {
	daemon_command=("$@")
}

# hold LISTENER...: somebody keeps these (see held_listeners.c) until `stop held`,
# and the daemon gets them from now on
hold() {
	peer held gateway held_listeners keep "$@"
	await_listener held
	daemon_under "$PEERS/held_listeners" pass "${peer_pid[held]}" $#
}

# daemon_spawn FLAG...: its pid is $!
daemon_spawn() {
	spawn gateway "$DIR/daemon.log" "${daemon_command[@]}" "$WAYSIDED" "$@"
}

# daemon_run FLAG...: returns when it is ready
daemon_run() {
	daemon_spawn "$@"
	daemon_pid=$!
	wait_for 10 daemon_ready_or_dead
	kill -0 "$daemon_pid" 2>/dev/null || fail "the daemon ended at once"
}

# daemon [KEY=VALUE...]: with the config of these
daemon() {
	config "$@"
	daemon_run -c "$CONFIG"
}

# daemon_kill: SIGKILL, and its children are gone with it: one that is about to die
# may still take a connection
daemon_kill() {
	kill -KILL "$daemon_pid"
	{ wait "$daemon_pid" || true; } 2>/dev/null # bash reports it as news
	daemon_pid=
	[ "$OWN_PROC" = no ] || wait_for 10 is_gone 'wayside-*'
}

# daemon_stop: an orderly end
daemon_stop() {
	kill -TERM "$daemon_pid"
	daemon_ended
}

# daemon_ended: waits for it; status 0
daemon_ended() {
	wait "$daemon_pid" || fail "the daemon ended with status $?"
	daemon_pid=
}

# expect_flows N: stops the daemon; it has taken N connections since its start,
# so what the case saw was Wayside's doing and not the gateway's forwarding
expect_flows() {
	daemon_stop
	expect_match "last line of the daemon" "$(tail -n 1 "$DIR/daemon.log")" \
		".*stopped flows_opened=$1 flows_closed=$1 .*"
}

# total KEY: a counter of the last line of a daemon that has stopped; one that
# is not there is 0
total() {
	local line

	line=$(tail -n 1 "$DIR/daemon.log")
	[[ $line = *"stopped"* ]] || fail "no totals in: $line"
	sed -n "s/.* $1=\([0-9]*\).*/\1/p; t; s/.*/0/p" <<<"$line"
}

# tool ARGUMENT...: the operator's, on the gateway
tool() {
	on gateway "$WAYSIDE" "$@"
}

# counter KEY: what `wayside status` says of it now, all workers together
counter() {
	tool status --json | sed -n '/^  "total"/,$ s/^ *"'"$1"'": \([0-9]*\),*$/\1/p'
}

# counted KEY N: at least N by now; false while nobody answers
counted() {
	[ "$(counter "$1" 2>/dev/null || true)" -ge "$2" ] 2>/dev/null
}

# nobody_listens: the transparent listeners are gone
nobody_listens() {
	[ -z "$(on gateway ss -tlnH sport = :15001)" ]
}

# expect_pid_file: it names the daemon
expect_pid_file() {
	expect_equal "pid file" "$(cat /run/wayside/pid)" "$daemon_pid"
}

# kernel_state: all rules and routes of the gateway
kernel_state() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	on gateway sh -c 'nft list ruleset; for f in -4 -6; do
		ip $f rule; ip $f route show table all; done'
}

# own_proc: skips the case where /proc cannot be that of our pid namespace
own_proc() {
	[ "$OWN_PROC" = yes ] || exit 77
}

# test_points: skips the case where the build has no places to die at
# (WAYSIDE_DIE, WAYSIDE_RESTART_MS; base_die.h)
test_points() {
	"$PEERS/die_points" >"$DIR/points.txt" || exit 77
}

# kernel_since VERSION: is this kernel that one or a later one?
kernel_since() {
	printf '%s\n' "$1" "$(uname -r)" | sort -VC
}

# pcap_built: can this build write and read pcap files?
pcap_built() {
	grep -q '^WAYSIDE_WITH_PCAP:BOOL=ON' "$BUILD/CMakeCache.txt"
}

# sink_built AMQP|REDIS: can this build write to such a sink?
sink_built() {
	grep -q "^WAYSIDE_WITH_$1:BOOL=ON" "$BUILD/CMakeCache.txt"
}

# sanitized: was the daemon built with a sanitizer?
sanitized() {
	grep -q '^WAYSIDE_SANITIZE:[A-Z]*=.' "$BUILD/CMakeCache.txt"
}

# threaded: is it a build whose processes have a second thread, that of the thread
# sanitizer? unshare(2) gives no user namespace to such a process.
threaded() {
	grep -q '^WAYSIDE_SANITIZE:[A-Z]*=thread' "$BUILD/CMakeCache.txt"
}

# pids PATTERN: of our processes with such a title (wayside-recorder); own_proc
# first
pids() {
	local dir title

	for dir in /proc/[0-9]*; do
		title= # not that of the one before, when this one has ended
		IFS= read -r -d '' title <"$dir/cmdline" || true
		# shellcheck disable=SC2053 # a pattern
		[[ $title != $1 ]] || echo "${dir##*/}"
	done 2>/dev/null # one that has just ended
}

# is_there TITLE
is_there() {
	[ -n "$(pids "$1")" ]
}

# is_gone TITLE
is_gone() {
	! is_there "$1"
}

# is_anew TITLE PID: it is there, and it is another process
is_anew() {
	local pid

	pid=$(pids "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# capture_of ADDRESS: the one capture file of this client
capture_of() {
	local files=("$LOGS"/*_"$1".log)

	expect_equal "number of capture files of $1" ${#files[@]} 1
	echo "${files[0]}"
}

# events_are [LINE...]: direction TAB message of every event so far
events_are() {
	[ -e "$EVENTS" ] && [ "$(cut -f 2,5 "$EVENTS")" = "$(printf '%s\n' "$@")" ]
}

# json_events PATH...: a line of every JSON event so far: what it has there, as in
# positions.0.lat, TAB between two; - where there is nothing
json_events() {
	python3 - "$JSON_EVENTS" "$@" <<-'END'
		import json, sys

		def at(value, path):
		    for step in path.split("."):
		        if isinstance(value, list) and int(step) < len(value):
		            value = value[int(step)]
		        elif isinstance(value, dict) and step in value:
		            value = value[step]
		        else:
		            return "-"
		    return "-" if value is None else str(value)

		with open(sys.argv[1], encoding="utf-8") as lines:
		    for line in lines:
		        event = json.loads(line)
		        print("	".join(at(event, path) for path in sys.argv[2:]))
	END
}

# json_events_are "PATH..." LINE...: that is what they have there
json_events_are() {
	# shellcheck disable=SC2086 # words
	[ -e "$JSON_EVENTS" ] && [ "$(json_events $1 2>/dev/null)" = \
		"$(printf '%s\n' "${@:2}")" ]
}

# sql STATEMENT: of the store; its rows, columns with | between
sql() {
	sqlite3 -readonly -cmd '.timeout 10000' "$STORE" "$1"
}

# stored N: so many events are in the store
stored() {
	[ -e "$STORE" ] && [ "$(sql 'SELECT count(*) FROM events' 2>/dev/null)" = "$1" ]
}

# expect_stored_or_lost N: the daemon has ended; so many events came (less what a ring
# had no room for: a sanitizer makes the recorder slow), each was stored or counted as
# lost, and those that are counted as stored are there, each once
expect_stored_or_lost() {
	local n

	n=$(total stored)
	expect_equal "stored and lost" $((n + $(total store_lost))) "$(total events)"
	[ "$(total unobserved_bytes)" != 0 ] ||
		expect_equal "events" "$(total events)" "$1"
	expect_equal "events in the store" "$(sql 'SELECT count(*), max(id),
		count(DISTINCT event ->> "$.id") FROM events')" "$n|$n|$n"
}

# events_count N
events_count() {
	[ -e "$EVENTS" ] && [ "$(wc -l <"$EVENTS")" = "$1" ]
}
