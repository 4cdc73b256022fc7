# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Ten messages with every byte in a segment of its own, and the same ten in one
# segment, give the same events, of both formats.
topology
daemon json="$JSON_EVENTS"
messages=(
	'[3G*1234567890*0002*LK]'
	'[3G*1234567890*000D*LK,50,100,100]'
	'[SG*8800000015*0005*WT,50]'
	'[3G*1234567890*0009*TKQ,1,2,3]'
	'[CS*123456789012345*0002*LK]'
	'[3G*1234567890*0003*TKQ]'
	'[3G*1234567890*0006*UPLOAD]'
	'[3G*1234567890*0002*CR]'
	'[3G*1234567890*0008*PEDO,1,2]'
	'[3G*1234567890*0004*TEMP]'
)
printf %s "${messages[@]}" >"$DIR/bytes"
size=$(stat -c %s "$DIR/bytes")
expected=()

# segments LENGTH: how many came that long. One that is sent again, because its
# acknowledgement was late, is the same one.
segments() {
	packets lan " len=$1\$" | grep -o 'seq=[0-9]*' | sort -u | wc -l
}

for step in send-each send-file; do
	wire lan tracker eth0 tcp dst port 7700
	server vendor vendor "$VENDOR4:7700" recv-all
	client tracker tracker "$VENDOR4:7700" $step "$DIR/bytes" close
	join tracker vendor
	unwire lan
	case $step in
	send-each) expect_equal "segments of one byte" "$(segments 1)" "$size" ;;
	send-file) expect_equal "segments of $size bytes" \
		"$(segments "$size")" 1 ;;
	esac
	expected+=("${messages[@]/#/client	}")
	wait_for 10 events_are "${expected[@]}"
done
twenty() {
	[ "$(wc -l <"$JSON_EVENTS")" = 20 ]
}
wait_for 10 twenty
# but for flow, time, port and connection id they are the same
what() {
	sed 's/^{"id":"[0-9a-f]*\(-c-[0-9]*\)".*\("protocol":\)/\1 \2/'
}
expect_equal "JSON events" "$(head -n 10 "$JSON_EVENTS" | what)" \
	"$(tail -n 10 "$JSON_EVENTS" | what)"
