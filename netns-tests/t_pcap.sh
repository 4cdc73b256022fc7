# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Captures as pcap, of TCP and UDP over IPv4 and IPv6. tshark finds the real
# addresses, a handshake, an end as it was, no packet that is malformed, no bad
# checksum and nothing that it calls suspicious; the stream that it follows is what
# was sent, and so is what libpcap reads (capture_check).
# A build without libpcap refuses it in one clear line.
topology
own_proc
if ! pcap_built; then
	config capture=pcap
	status=0
	"$WAYSIDED" --check -c "$CONFIG" 2>"$DIR/err" || status=$?
	expect_equal "status" $status 2
	expect_match "complaint" "$(cat "$DIR/err")" \
		"$CONFIG:[0-9]+:[0-9]+: capture: pcap: this build has no libpcap; it can write text"
	exit 0
fi
command -v tshark >/dev/null || exit 77
daemon capture=pcap
# a user's preferences are not the case's, and tshark 4.0 dies of those that it may
# not read
export WIRESHARK_CONFIG_DIR=$DIR/wireshark

# shark FILE ARGUMENT...: reads it, with all checks on
shark() {
	local file=$1

	shift
	tshark -r "$file" -n -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE -o ip.check_checksum:TRUE "$@" \
		2>>"$DIR/tshark.log"
}

# bytes FILE SIDE: what this side (0 or 1) sent, as tshark puts it together
bytes() {
	shark "$1" -q -z "follow,tcp,raw,0" | sed -n '/^Node 1/,/^===/p' |
		sed '1d; $d' |
		if [ "$2" = 0 ]; then grep -v $'^\t'; else grep $'^\t'; fi |
		tr -d '\t\n' | sed 's/../\\x&/g' >"$DIR/hex"
	# shellcheck disable=SC2059 # it is a format
	printf "$(cat "$DIR/hex")"
}

# What no packet may be; that a reset is one is a warning, too.
ODD='_ws.malformed || tcp.analysis.flags ||
	(_ws.expert.severity >= 0x600000 && tcp.flags.reset == 0) ||
	ip.checksum.status == 0 || tcp.checksum.status == 0 ||
	udp.checksum.status == 0'

# nothing_odd FILE
nothing_odd() {
	expect_equal "what is odd in $1" "$(shark "$1" -Y "$ODD")" ""
}

# flags FILE: TCP's, packet by packet, and who sends
flags() {
	shark "$1" -T fields -e tcp.srcport -e tcp.flags |
		sed 's/^7700\t/server /; s/^[0-9]*\t/client /; s/0x0*//'
}

for f in v4 v6; do
	family $f
	rm -f "$LOGS"/*
	exchange "$VENDOR:7700"
	captured() {
		shark "$LOGS"/*_*.pcap -T fields -e tcp.flags.fin | grep -q 1
	}
	wait_for 10 captured
	file=$(echo "$LOGS"/*_*.pcap)
	nothing_odd "$file"
	expect_match "captures of $f" "${file##*/}" '[-0-9]+_[0-9]+_[0-9a-f.:]+\.pcap'
	expect_equal "format" "$(capinfos -t -E "$file" |
		sed -n 's/^File [te].*: *//p')" \
		"Wireshark/tcpdump/... - nanosecond pcap"$'\n'"Raw IP"
	plain=${VENDOR//[][]/}
	expect_equal "addresses" \
		"$(shark "$file" -T fields -e ip.src -e ipv6.src -e tcp.srcport |
			tr -d '\t' | sort -u)" \
		"$(printf '%s\n' "$(value tracker local | tr -d '[]' |
			sed 's/:\([0-9]*\)$/\1/')" "${plain}7700" | sort)"
	expect_equal "handshake" "$(flags "$file" | head -n 3 | tr '\n' ' ')" \
		"client 2 server 12 client 10 "
	expect_equal "end" "$(flags "$file" | tail -n 3 | tr '\n' ' ')" \
		"client 11 server 11 client 10 "
	expect_equal "relative length" \
		"$(shark "$file" -Y tcp.flags.fin==1 -T fields -e tcp.seq |
			tr '\n' ' ')" "10001 20001 "
	# the peers' pattern: the tracker's is the beginning of the vendor's
	bytes "$file" 0 >"$DIR/client.bytes"
	bytes "$file" 1 >"$DIR/server.bytes"
	expect_equal "client's bytes" "$(stat -c %s "$DIR/client.bytes")" 10000
	expect_equal "server's bytes" "$(stat -c %s "$DIR/server.bytes")" 20000
	expect_equal "pattern" "$(head -c 10000 "$DIR/server.bytes" | md5sum)" \
		"$(md5sum <"$DIR/client.bytes")"
done

# in pieces as large as can be
rm -f "$LOGS"/*
server vendor vendor "$VENDOR:7700" recv 2000000 recv-all
client tracker tracker "$VENDOR:7700" send-pattern 2000000 shutdown-write recv-all
join tracker vendor
wait_for 10 captured
nothing_odd "$(echo "$LOGS"/*_*.pcap)"
bytes "$(echo "$LOGS"/*_*.pcap)" 0 >"$DIR/client.bytes"
expect_equal "client's bytes" "$(stat -c %s "$DIR/client.bytes")" 2000000

# a reset of the tracker is its own
rm -f "$LOGS"/*
family v4
server vendor vendor "$VENDOR4:7700" expect abc send ok expect-reset
client tracker tracker "$VENDOR4:7700" send abc expect ok reset
join tracker vendor
reset_seen() {
	[ "$(flags "$LOGS"/*_*.pcap | tail -n 1)" = "client 14" ]
}
wait_for 10 reset_seen
nothing_odd "$(echo "$LOGS"/*_*.pcap)"
daemon_stop

# datagrams
rm -f "$LOGS"/*
daemon capture=pcap transport=udp
for f in v4 v6; do
	family $f
	udp_server vendor vendor "$VENDOR:7700" vendor:
	udp_client tracker tracker "$VENDOR:7700" send abc expect vendor:abc \
		send defg expect vendor:defg
	join tracker
	dismiss vendor
	expect_datagrams() {
		[ "$(shark "$LOGS"/*_"${TRACKER//[][]/}".pcap -T fields \
			-e udp.dstport -e udp.length | tail -n 4 |
			sed 's/^7700\t/server /; s/^[0-9]*\t/client /' |
			tr '\n' ' ')" = \
			"server 11 client 18 server 12 client 19 " ]
	}
	wait_for 10 expect_datagrams
	nothing_odd "$(echo "$LOGS"/*_"${TRACKER//[][]/}".pcap)"
	rm -f "$LOGS"/*

	# the largest that IP has, with 8 bytes of UDP's header
	large=65507
	[ $f = v4 ] || large=65527
	udp_server vendor vendor "$VENDOR:7700"
	udp_client tracker tracker "$VENDOR:7700" send-pattern $large \
		expect-pattern $large
	join tracker
	dismiss vendor
	both_large() {
		[ "$(shark "$LOGS"/*_*.pcap -T fields -e udp.length |
			tr '\n' ' ')" = "$((large + 8)) $((large + 8)) " ]
	}
	wait_for 10 both_large
	nothing_odd "$(echo "$LOGS"/*_*.pcap)"
done
daemon_stop

# many at once, some of them large, and the recorder dies meanwhile
rm -f "$LOGS"/*
daemon capture=pcap
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 2000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
wait_for 10 test -e "$DIR/open"
for _ in {1..5}; do
	recorder=$(pids wayside-recorder)
	kill -KILL "$recorder"
	wait_for 10 is_anew wayside-recorder "$recorder"
done
touch "$DIR/end"
join crowd
dismiss vendor
daemon_stop
captures_are 64
expect_value captures files 20
expect_captured crowd
for file in "$LOGS"/*_*.pcap; do
	nothing_odd "$file"
done
