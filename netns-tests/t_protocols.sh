# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Trackers of every protocol talk to one port at once, beside one that speaks none.
# `wayside flows` tells protocol and device of each, and what a login said holds for
# the messages after it, also when another recorder reads them.
test_points
topology
own_proc
WAYSIDE_RESTART_MS=50 daemon json="$JSON_EVENTS"

# hex DIGITS: these bytes
hex() {
	python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}
# Of each protocol: what comes first, what comes when the recorder is another one,
# and the device. Positions are 49.5 N 8.4 E on 2025-11-03 at 14:25:01.
declare -A first second device
first[watch]='[3G*1234567890*0002*LK]'
second[watch]='[3G*1234567890*0002*LK]'
device[watch]=1234567890
first[h02]='*HQ,2011002233,V1,142501,A,4930.0000,N,00824.0000,E,010.00,090,031125,FFFFFFFF#'
second[h02]=${first[h02]}
device[h02]=2011002233
# a login, and a heartbeat that does not say whose it is
first[gt06]=78780d01035031717731218200010dc00d0a
second[gt06]=78780a1340040400010002070b0d0a
device[gt06]=350317177312182
first[gps103]='##,imei:350317177312183,A;'
second[gps103]='350317177312183;'
device[gps103]=350317177312183
first[tk103]='(013500001111BP00350317177312184HSO)'
second[tk103]='(013500001111BR00251103A4930.0000N00824.0000E019.4142501090.0001000000L00000000)'
device[tk103]=013500001111
# 22:25 in its own zone, +08:00, is 14:25 UTC; in +02:00 it is 20:25
first[jt808]=7e0200001c0139123456780001000000000000000301dc89d0073d8aa5000a0258005a251103222501867e
second[jt808]=${first[jt808]}
device[jt808]=13912345678
# a login, and a record that does not say whose it is
first[teltonika]=000f333530333137313737333132313832
second[teltonika]=000000000000002108010000019a4a1b6648000501bd001d8119c00078005a090024000000000000010000f253
device[teltonika]=350317177312182
first[xexun]=$'GPRMC,142501.000,A,4930.0000,N,00824.0000,E,19.44,90.00,031125,,,A*68,F,, imei:350317177312185,\r\n'
second[xexun]=${first[xexun]}
device[xexun]=350317177312185
first[raw]=$(printf 'not a message %.0s' {1..20})
second[raw]=${first[watch]}
located=(h02 jt808 teltonika tk103 xexun)
names=(watch h02 gt06 gps103 tk103 jt808 teltonika xexun raw)

# begin NAME: its connection stays; what comes second waits for the file "again"
begin() {
	local form='printf %s'

	[[ $1 != @(gt06|jt808|teltonika) ]] || form=hex
	$form "${first[$1]}" >"$DIR/$1.first"
	$form "${second[$1]}" >"$DIR/$1.second"
	client "$1" tracker "$VENDOR4:7700" send-file "$DIR/$1.first" \
		wait-file "$DIR/again" send-file "$DIR/$1.second" \
		shutdown-write recv-all
}
server vendor vendor -n ${#names[@]} "$VENDOR4:7700" recv-all
for name in "${names[@]}"; do
	begin "$name"
done

# flows_tell: protocol and device of every flow, and of no other
want=$(for name in "${names[@]}"; do
	echo "$name ${device[$name]--}"
done | sort)
flows_tell() {
	[ "$(tool flows | awk 'NR > 1 { print $7, $8 }' | sort)" = "$want" ]
}
# the same for programs
flows_know() {
	[ "$(tool flows --json | python3 -c 'import json, sys
for flow in json.load(sys.stdin):
    print(flow["protocol"] or "-", flow["device"] or "-")' | sort)" = "$want" ]
}
wait_for 10 flows_tell
wait_for 10 flows_know

# A reload says that these clocks are others, also those of running flows. Another
# recorder knows what the one before it knew, and goes on with it.
echo 'protocols: { jt808: { time_zone: "+02:00" } }' >>"$CONFIG"
tool reload >"$DIR/reload.txt"
recorder=$(pids wayside-recorder)
kill -KILL "$recorder"
wait_for 10 is_anew wayside-recorder "$recorder"
wait_for 10 flows_know
touch "$DIR/again"
join "${names[@]}" vendor
daemon_stop

# Two messages of each that speaks a protocol, all with its device
expect_equal "events" "$(json_events protocol device_id | sort | uniq -c |
	awk '{ print $2, $3, $1 }')" "$(for name in "${names[@]}"; do
	[ "$name" = raw ] || echo "$name ${device[$name]} 2"
done | sort)"
expect_equal "positions" \
	"$(json_events protocol positions.0.time | grep -v -- '-$' | sort -u)" \
	"$({ for name in "${located[@]}"; do
		echo "$name	2025-11-03T14:25:01.000Z"
	done
	echo "jt808	2025-11-03T20:25:01.000Z"; } | sort)"
expect_equal "counted events" "$(total events)" \
	$((2 * (${#names[@]} - 1)))
expect_equal "counted positions" "$(total positions)" 8
expect_equal "counted directions without a protocol" "$(total raw)" 1
expect_equal "counted wrong checksums" "$(total checksum_wrong)" 0
# with the line ends of xexun
expect_at_least "bytes of no message" "$(total skipped_bytes)" \
	$((${#first[raw]} + ${#second[raw]}))
expect_at_most "bytes of no message" "$(total skipped_bytes)" \
	$((${#first[raw]} + ${#second[raw]} + 4))
