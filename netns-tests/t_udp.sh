# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# UDP trackers over IPv4 and IPv6: two clients talk to two servers each, and every
# answer comes from the server that was asked, on the wire too. The vendor sees the
# gateway. Each datagram is a line of its flow's capture, an empty one is none; a
# message is an event, and does not go on in the next datagram. Large datagrams
# arrive whole. What no rule names is forwarded; another port and TCP are, too.
topology
daemon transport=udp json="$JSON_EVENTS" "to=[\"$VENDOR4:7700\", \"$OTHER4:7700\", \"[$VENDOR6]:7700\", \"[$OTHER6]:7700\"]"
address tracker eth0 192.168.1.11/24 2001:db8:1::11/64
wait_for 10 settled tracker
LK='[SG*1234567890*0002*LK]'

# client_of FAMILY N: the tracker's N-th address
client_of() {
	[ "$1" = v4 ] && echo "192.168.1.1$2" || echo "[2001:db8:1::1$2]"
}

wire lan tracker eth0 udp
wire wan vendor eth0 udp
for f in v4 v6; do
	family $f
	udp_server "vendor$f" vendor "$VENDOR:7700" vendor:
	udp_server "other$f" vendor "$OTHER:7700" other:
	for n in 0 1; do
		for to in vendor other; do
			server=$VENDOR
			[ $to = vendor ] || server=$OTHER
			udp_client "$f$n$to" tracker -b "$(client_of $f $n):4711" \
				"$server:7700" send "$LK" expect "$to:$LK" \
				send "" expect "$to:" send '[SG*1234567890*0002*L' \
				expect "$to:[SG*1234567890*0002*L" \
				send "K]$n" expect "$to:K]$n"
		done
	done
	join "${f}0vendor" "${f}0other" "${f}1vendor" "${f}1other"
	dismiss "vendor$f" "other$f"
	expect_value "vendor$f" got 8
	expect_value "other$f" got 8
done
unwire lan wan
for f in v4 v6; do
	family $f
	for n in 0 1; do
		for server in "$VENDOR" "$OTHER"; do
			client=$(client_of $f $n):4711
			expect_equal "datagrams $client $server" \
				"$(grep -cF "$client > $server:7700 udp" "$DIR/lan.log")" 4
			expect_equal "answers $server $client" \
				"$(grep -cF "$server:7700 > $client udp" "$DIR/lan.log")" 4
		done
	done
	expect_equal "datagrams of the gateway" \
		"$(grep -cF "$GATEWAY:" "$DIR/wan.log")" 32
done
expect_equal "datagrams of trackers on the wan" \
	"$(grep -cE '192\.168\.1\.|2001:db8:1::' "$DIR/wan.log")" 0

# captures and events
wait_for 10 events_count 16
for e in client server; do
	expect_equal "events of $e" "$(cut -f 2,5 "$EVENTS" | grep -cxF "$e"$'\t'"$LK")" 8
done
# of JSON: a message is at the beginning of its flow, an answer behind "vendor:"
# or "other:"; each flow has two
all_json() {
	[ "$(wc -l <"$JSON_EVENTS")" = 16 ]
}
wait_for 10 all_json
expect_equal "JSON events" "$(json_events id | sed 's/^[0-9a-f]*-//' | sort | uniq -c |
	tr -s ' ')" $' 8 c-0\n 4 s-6\n 4 s-7'
expect_equal "flows of JSON events" "$(json_events flow client server | sort |
	uniq -c | tr -s ' ' | cut -d ' ' -f 2 | tr '\n' ' ')" '2 2 2 2 2 2 2 2 '
captured() {
	[ "$(cat "$LOGS"/*_*.log | wc -l)" -ge $((8 * 7)) ]
}
wait_for 10 captured
expect_equal "captures" "$(cat "$LOGS"/*_*.log | wc -l)" $((8 * 7))
for f in "$LOGS"/*_*.log; do
	to=$(sed -n '2s/.*server\t\([a-z]*\):.*/\1/p' "$f")
	n=${f%.log}
	n=${n: -1}
	expect_equal "$f" "$(cut -f 2- "$f")" "$(printf '%s\t%s\n' client "$LK" \
		server "$to:$LK" server "$to:" client "${LK%??}" \
		server "$to:${LK%??}" client "K]$n" server "$to:K]$n")"
done

# large ones; the vendor's own answer is as large
udp_server vendor vendor "$VENDOR4:7700"
udp_client tracker tracker "$VENDOR4:7700" send-pattern 65507 \
	expect-pattern 65507 send-pattern 1473 expect-pattern 1473
join tracker
dismiss vendor

# what is nobody's
udp_server vendor vendor "$VENDOR4:7701"
udp_client tracker tracker "$VENDOR4:7701" send direct expect direct
join tracker
dismiss vendor
expect_equal "whom the vendor saw" \
	"$(sed -n 's/^got \(.*\):[0-9]* len=6$/\1/p' "$DIR/vendor.log")" "$TRACKER4"
exchange "$VENDOR4:7700"
expect_peer_address vendor "$TRACKER4"

expect_flows 9
expect_equal "UDP flows" "$(total udp_flows)" 9
expect_equal "datagrams dropped" "$(total udp_dropped)" 0
