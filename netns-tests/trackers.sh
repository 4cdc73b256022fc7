# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the cases use what is set here
# trackers.sh - a tracker of every protocol, and one that speaks none; sourced by the
# cases that need them

# hex DIGITS: these bytes
hex() {
	python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}
# Of each protocol: what comes first, what comes when the recorder is another one,
# and the device. Positions are 49.5 N 8.4 E, that of jt808 31.230416 N 121.473701 E,
# on 2025-11-03 at 14:25:01.
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
first[teltonika]=000f333530333137313737333132313836
second[teltonika]=000000000000002108010000019a4a1b6648000501bd001d8119c00078005a090024000000000000010000f253
device[teltonika]=350317177312186
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
