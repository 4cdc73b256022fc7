# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2317 # much of it is called through `row`
# What the doctor says of a plain gateway, and of each condition that it knows:
# the line, the exit status, and that it has changed nothing. What it prints after
# `mend:` is run as it is, and the condition is gone. doctor_test.c asks that every
# check has a row here; `recorded` are those that this kernel cannot be made to have.
topology
sysctl_set gateway bridge/bridge-nf-call-iptables 0
sysctl_set gateway bridge/bridge-nf-call-ip6tables 0
config self_test=yes

# without what is counted: the probe's answers pass the rules of a daemon
state() {
	kernel_state | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
	ip -n gateway -br addr
	ip -n gateway neigh show nud permanent
	on gateway iptables-legacy -S
}

# doctor [OPTION...]: its output is in $DIR/doctor, its exit status in $status
doctor() {
	local before after

	before=$(state)
	status=0
	on gateway "${under[@]}" "$WAYSIDE" doctor "$@" >"$DIR/doctor" \
		2>"$DIR/doctor.err" || status=$?
	after=$(state)
	expect_equal "rules and routes after the doctor" "$after" "$before"
}
under=()

# expect_verdict STATUS WORD
expect_verdict() {
	expect_equal "exit status of the doctor: $(cat "$DIR/doctor")" \
		"$status" "$1"
	expect_equal "verdict" "$(tail -n 1 "$DIR/doctor")" "$2"
}

words=([0]=healthy [3]=degraded [4]=broken)
# with MAKE... is done before, the function `unmake` after it
unmake() { :; }

# said WORD: the lines of all findings that begin so
said() {
	sed -n "s/^ *$1: //p" "$DIR/doctor"
}

# mend WORD: does what the doctor says, and asks it again
mend() {
	local line

	said "$1" >"$DIR/mends"
	[ -s "$DIR/mends" ] || return 0
	sed "s/^/  $1: /" "$DIR/mends"
	if [ "$1" = mend ]; then
		PATH=${WAYSIDE%/*}:$PATH on gateway sh -e "$DIR/mends"
		doctor -c "$CONFIG"
		return
	fi
	cp "$CONFIG" "$DIR/mended.yaml"
	while IFS= read -r line; do
		sed -i "/^${line%%:*}:/d; 1s/^/$line\n/" "$DIR/mended.yaml"
	done <"$DIR/mends"
	doctor -c "$DIR/mended.yaml"
}

# row [-WORD] CHECK LEVEL STATUS LINE MAKE...: with MAKE done on the gateway, the
# doctor says LINE (a pattern), and ends so. What it prints after WORD then mends it;
# a notice need not have any. -mend if not said; -note: no command does it
row() {
	local word=mend check level want line

	case $1 in
	-*)
		word=${1#-}
		shift
		;;
	esac
	check=$1 level=$2 want=$3 line=$4
	shift 4
	echo "$check: ${*//$'\n'*/ ...}"
	"$@"
	doctor -c "$CONFIG"
	expect_verdict "$want" "${words[$want]}"
	grep -qE "^$level +$check: $line" "$DIR/doctor" ||
		fail "no such line: $level $check: $line: $(cat "$DIR/doctor")"
	case $level in # what is wrong has its meaning, and its mend
	degraded | broken)
		sed -n "/^$level *$check: /,/^[a-z]/p" "$DIR/doctor" >"$DIR/one"
		grep -q 'it means: ' "$DIR/one" || fail "no meaning: $check"
		;;
	esac
	if [ "$word" != note ]; then
		mend "$word"
		case $level in
		degraded | broken)
			[ -s "$DIR/mends" ] || fail "no $word for $check"
			;;
		esac
		[ ! -s "$DIR/mends" ] || expect_verdict 0 healthy
		[ ! -s "$DIR/mends" ] ||
			! grep -qE "^$level +$check: $line" "$DIR/doctor" ||
			fail "not mended: $(cat "$DIR/doctor")"
	else
		grep -q '^ *note: ' "$DIR/one" || fail "no note for $check"
	fi
	unmake
	unmake() { :; }
}

# recorded CHECK TEST: such a kernel is not here; TEST of doctor_test.c has what one
# has said
recorded() {
	echo "$1: recorded answers: $2"
}

# set_sysctl NAME VALUE: and back again afterwards
set_sysctl() {
	before_path=$1 before_value=$(on gateway cat "/proc/sys/net/$1")
	unmake() {
		sysctl_set gateway "$before_path" "$before_value"
	}
	sysctl_set gateway "$1" "$2"
}

# add_table HOOK RULE: a table of another firewall with this one rule
add_table() {
	unmake() {
		on gateway nft delete table inet other
	}
	on gateway nft -f - <<-END
		table inet other {
			chain here {
				type $1; policy accept
				$2
			}
		}
	END
}

# add_iptables ARGUMENT...: of the command without -A
add_iptables() {
	undo=("$@")
	unmake() {
		on gateway iptables-nft "${undo[@]/#-A/-D}" 2>/dev/null ||
			true # it may have been mended
	}
	on gateway iptables-nft "$@"
}

# add_rule ARGUMENT...: of ip rule
add_rule() {
	undo=("$@")
	unmake() {
		ip -n gateway rule del "${undo[@]}" 2>/dev/null || true
	}
	ip -n gateway rule add "$@"
}

# as COMMAND...: what the doctor runs under
as() {
	under=("$@")
	unmake() {
		under=()
	}
}

# --- a plain gateway --------------------------------------------------------

doctor -c "$CONFIG"
expect_verdict 0 healthy
expect_equal "what is not fine there" \
	"$(grep -vE '^(ok |healthy)' "$DIR/doctor" || true)" ""
doctor # there is no file where it looks for one
expect_verdict 0 healthy
doctor --json -c "$CONFIG"
expect_equal "status" "$status" 0
grep -q '^  "verdict": "healthy",$' "$DIR/doctor" || fail "no verdict"
sysctl_set gateway ipv4/ip_forward 0
doctor --json -c "$CONFIG"
sysctl_set gateway ipv4/ip_forward 1
expect_equal "status without forwarding" "$status" 4
[[ $(cat "$DIR/doctor") = *$'\n      "mend": [\n        "sysctl -w net.ipv4.ip_forward=1"\n      ],'* ]] ||
	fail "no mend: $(cat "$DIR/doctor")"
echo 'rules: 1' >"$DIR/bad.yaml"
doctor -c "$DIR/bad.yaml"
expect_equal "status with a bad configuration" "$status" 2

# --- each condition ---------------------------------------------------------

recorded nft_tproxy statement_is_missing
recorded nft_socket statement_is_missing
recorded flowtables flowtable_is_found

row -note rights broken 4 'missing here: CAP_NET_ADMIN$' \
	as setpriv --bounding-set -net_admin
row -note rights broken 4 'missing here: CAP_NET_RAW$' \
	as setpriv --bounding-set -net_raw
row ip_forward broken 4 'IPv4 is not forwarded' set_sysctl ipv4/ip_forward 0
row ip_forward degraded 3 'IPv6 is not forwarded' \
	set_sysctl ipv6/conf/all/forwarding 0
row rp_filter notice 0 'rp_filter is strict' set_sysctl ipv4/conf/lan/rp_filter 1
row src_valid_mark notice 0 'src_valid_mark is set' \
	set_sysctl ipv4/conf/all/src_valid_mark 1
row early_demux notice 0 'ip_early_demux or tcp_early_demux is 0' \
	set_sysctl ipv4/tcp_early_demux 0
row bridge_netfilter notice 0 'bridge-nf-call-iptables is 1, but' \
	set_sysctl bridge/bridge-nf-call-iptables 1
ip -n gateway link add br0 type bridge
row bridge_netfilter broken 4 'bridge-nf-call-iptables is 1, and' \
	set_sysctl bridge/bridge-nf-call-iptables 1
row bridge_netfilter broken 4 'bridge-nf-call-ip6tables is 1, and' \
	set_sysctl bridge/bridge-nf-call-ip6tables 1
ip -n gateway link del br0

forward='filter hook forward priority filter'
row drop_invalid notice 0 'rule [0-9]+ of chain inet other here drops' \
	add_table "$forward" 'ct state invalid drop'
row drop_invalid notice 0 'rule [0-9]+ of chain inet other here drops' \
	add_table "$forward" 'ct state vmap { established : accept, invalid : drop }'
row drop_invalid notice 0 'rule [0-9]+ of chain ip filter FORWARD drops' \
	add_iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP
row masquerade notice 0 '.*masquerade' \
	add_table 'nat hook postrouting priority srcnat' \
	'oifname "wan" masquerade'
row self_test notice 0 'IPv4: the server sees the gateway.s address' \
	add_table 'nat hook postrouting priority srcnat' masquerade
row other_tables degraded 3 'rule [0-9]+ of chain inet other here hands' \
	add_table 'filter hook prerouting priority mangle' \
	'tcp dport 9999 tproxy to :9'
row other_tables degraded 3 'rule [0-9]+ of chain ip mangle PREROUTING hands' \
	add_iptables -t mangle -A PREROUTING -p tcp --dport 9999 -j TPROXY \
	--on-port 9
# 200 rules of one kind do not hide one of another
loud=$(printf 'meta mark set 0x1\n%.0s' {1..200})
row other_tables degraded 3 'rule [0-9]+ of chain inet other here hands' \
	add_table 'filter hook prerouting priority mangle' \
	"$loud"$'\ntcp dport 9999 tproxy to :9'
row marks notice 0 'and 192 more like these' \
	add_table 'filter hook prerouting priority mangle' "$loud"
row marks degraded 3 'rule [0-9]+ of chain inet other here writes bits 0x10000 ' \
	add_table 'filter hook prerouting priority mangle' \
	"$loud"$'\nmeta mark set meta mark or 0x10000'
another_wayside() {
	unmake() { :; }
	on gateway nft add table inet wayside
	on gateway nft add chain inet wayside mine
}
row other_tables degraded 3 'table inet wayside has a chain .* mine$' \
	another_wayside

row marks degraded 3 'rule [0-9]+ of chain inet other here writes bits 0x10000 ' \
	add_table "$forward" 'meta mark set 0x10001'
row marks degraded 3 'rule [0-9]+ of chain inet other here writes bits 0x20000 ' \
	add_table "$forward" 'meta mark set meta mark or 0x20000'
row marks degraded 3 'rule [0-9]+ of chain inet other here writes bits 0x30000 ' \
	add_table "$forward" 'ct mark set ct mark and 0xffff'
row marks degraded 3 'rule [0-9]+ of chain ip mangle FORWARD writes bits 0x10000 ' \
	add_iptables -t mangle -A FORWARD -j MARK --set-xmark 0x10000/0x10000
row marks notice 0 'rule [0-9]+ of chain inet other here writes a whole' \
	add_table "$forward" 'meta mark set 0x1'
row marks notice 0 'rule [0-9]+ of chain inet other here looks at bits 0x10000 ' \
	add_table "$forward" 'meta mark and 0x10000 == 0x10000 drop'
row marks ok 0 "nobody else" \
	add_table "$forward" 'meta mark and 0x3f00 == 0x100 ct mark set meta mark'
row routing degraded 3 'a routing rule .* priority 500, fwmark 0x10000/0x30000, ' \
	add_rule priority 500 fwmark 0x10000/0x30000 lookup 100
beside_another_rule() { # that is no matter of ours, and stays
	unmake() {
		ip -n gateway rule del priority 500 fwmark 0x100/0x3f00
	}
	ip -n gateway rule add priority 500 fwmark 0x100/0x3f00 lookup 100
	ip -n gateway rule add priority 500 fwmark 0x10000/0x30000 lookup 100
}
row routing degraded 3 'a routing rule .* priority 500, fwmark 0x10000/0x30000, ' \
	beside_another_rule
row routing degraded 3 'a routing rule .* priority 7701, ' \
	add_rule priority 7701 from 192.0.2.1 lookup 100
another_route() {
	unmake() {
		ip -n gateway route flush table 7700
	}
	ip -n gateway route add 192.0.2.0/24 dev wan table 7700
}
row routing degraded 3 'routes of somebody else in table 7700: 1' another_route

row source_ports degraded 3 'free source ports let 20 flows' \
	set_sysctl ipv4/ip_local_port_range '40000 40009'
row -config source_ports degraded 3 'free source ports let 20 flows' \
	set_sysctl ipv4/ip_local_port_range '40000 40009'
few_ports() {
	set_sysctl ipv4/ip_local_port_range '40000 40009'
	sysctl_set gateway ipv4/ip_local_reserved_ports 1-2,40000-40003,40008
	unmake() {
		sysctl_set gateway ipv4/ip_local_reserved_ports ''
		sysctl_set gateway "$before_path" "$before_value"
	}
}
row source_ports degraded 3 'free source ports let 10 flows' few_ports
row -config nofile degraded 3 '300 descriptors a process let 100 flows' \
	as prlimit --nofile=300
# only root outside of all namespaces may raise it again, as the printed mend does
row -note nofile broken 4 'the supervisor needs [0-9]+ descriptors, the limit is 30$' \
	as prlimit --nofile=30
take_port() {
	server port gateway 127.0.0.1:15001 recv-all
	unmake() {
		stop port
	}
}
row -config listen_port broken 4 '127.0.0.1:15001 is in use' take_port

close_input() {
	firewall ''
	unmake() {
		firewall "$FIREWALL_LINE"
	}
}
row input_firewall broken 4 'a firewall drops what Wayside marks' close_input
close_output() {
	add_table 'filter hook output priority filter' \
		'oifname "wsp*" tcp flags & (syn | ack) == syn | ack drop'
}
row input_firewall broken 4 'a firewall drops the answers' close_output

# on the way there and back, stage by stage; what does not come is waited for
export WAYSIDE_PROBE_MS=5000
lead_away() {
	ip -n gateway route add default via 203.0.113.2 table 100
	ip -n gateway rule add priority 100 fwmark 0x10000/0x10000 lookup 100
	unmake() {
		ip -n gateway rule del priority 100 2>/dev/null || true
		ip -n gateway route flush table 100
	}
}
row self_test broken 4 'IPv4: this fails: a client.s connection gets to its' \
	lead_away
row -note self_test broken 4 'IPv6: this fails: the server is reached with' \
	add_table 'filter hook output priority filter' \
	'oifname "wsp*" meta nfproto ipv6 tcp dport 7700 drop'
row -note self_test broken 4 'IPv4: this fails: the client.s bytes arrive' \
	add_table 'filter hook output priority filter' \
	'oifname "wsp*" ip length > 100 tcp dport 7700 drop'
row -note self_test broken 4 'IPv4: this fails: the server.s bytes arrive' \
	add_table 'filter hook prerouting priority raw' \
	'iifname "wsp*" ip length > 100 tcp sport 7700 drop'

export WAYSIDE_PROBE_MS=60000

doctor --json -c "$CONFIG"
expect_equal "in the end" "$status" 0

# --- after a daemon that was killed, and beside one ---------------------------

# left POLICY [CMD...]: what stands when the daemon was killed, and somebody does this
left() {
	unmake() {
		tool rules remove
		config self_test=yes
	}
	daemon on_failure="$1"
	daemon_kill
	shift
	[ $# = 0 ] || on gateway "$@"
}
row installed_rules notice 0 'no daemon runs, and on_failure is open-stay.* go direct$' \
	left open-stay
row installed_rules notice 0 'no daemon runs, and on_failure is closed.* are refused$' \
	left closed
row installed_rules ok 0 'no daemon runs, and no rules are there$' left open
left_bypassed() {
	unmake() {
		tool rules remove
		config self_test=yes
	}
	daemon
	tool bypass on
	daemon_kill
}
row installed_rules notice 0 'no daemon runs, and on_failure is open-stay.* go direct$' \
	left_bypassed
left_by_a_stop() {
	unmake() {
		tool rules remove
		config self_test=yes
	}
	daemon on_failure=closed
	daemon_stop
}
row installed_rules notice 0 'no daemon runs, and on_failure is closed.* are refused$' \
	left_by_a_stop
left_dormant() { # a table of a tool, or of a daemon before Linux 6.9
	unmake() {
		tool rules remove
	}
	tool rules install -c "$CONFIG"
	on gateway nft add table inet wayside '{ flags dormant; }'
}
row installed_rules degraded 3 'no daemon runs, and the rules that are there are not' \
	left_dormant
row installed_rules degraded 3 'no daemon runs, and the rules that are there are not' \
	left closed nft flush chain inet wayside prerouting

daemon
row installed_rules ok 0 'the kernel has what the daemon runs with$' true
# beside one of Wayside's with the same priority, which stays
row routing degraded 3 'a routing rule .* priority 7701, ' \
	add_rule priority 7701 from 192.0.2.1 blackhole
row -note routing degraded 3 'a routing rule .* priority 7700, ' \
	add_rule priority 7700 from 192.0.2.1 goto 32766
row installed_rules degraded 3 'differences between what the daemon .* has: 1$' \
	another_route
row installed_rules notice 0 'bypass is on: new connections go direct$' \
	tool bypass on
stopped() {
	as env WAYSIDE_LIMIT_MS=20000 # its own helpers have no more time
	unmake() {
		# shellcheck disable=SC2154 # lib.sh
		kill -CONT "$daemon_pid"
		under=()
	}
	kill -STOP "$daemon_pid"
}
row installed_rules notice 0 'the daemon could not be asked: ' stopped
doctor -c "$CONFIG"
expect_verdict 0 healthy
exchange "$VENDOR4:7700"
expect_flows 1
no_worker() {
	unmake() {
		rm "$DIR/away"
		daemon_stop
		config self_test=yes
	}
	WAYSIDE_RESTART_HOLD=$DIR/away daemon
	touch "$DIR/away"
	for i in 0 1; do
		kill -KILL "$(pids wayside-worker/$i)"
	done
	wait_for 10 none_is_there
}
none_is_there() {
	[[ $(tool status) = *$'\nrules absent: '* ]]
}
if "$PEERS/die_points" >/dev/null && [ "$OWN_PROC" = yes ]; then
	row -note installed_rules broken 4 'the daemon has no worker' no_worker
fi
daemon control=none
row installed_rules notice 0 'the daemon could not be asked: somebody has the' true
daemon_stop
