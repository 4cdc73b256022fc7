# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Events of every protocol are in the store, each once and as the event file has it,
# with their positions and flows. A device is one over all its connections, from
# whatever address; the newest of them is the live one, also while an older one still
# talks. A login names what its flow said before, wherever that is, also when another
# recorder hears it.
test_points
topology
own_proc
# shellcheck source=netns-tests/trackers.sh
. "${BASH_SOURCE[0]%/*}/trackers.sh"
WAYSIDE_RESTART_MS=50 daemon json="$JSON_EVENTS" store="{ file: $STORE }"

another_recorder() {
	local recorder

	recorder=$(pids wayside-recorder)
	kill -KILL "$recorder"
	wait_for 10 is_anew wayside-recorder "$recorder"
}
# is SQL ROW...: that is what it says
is() {
	[ "$(sql "$1" 2>/dev/null)" = "$(printf '%s\n' "${@:2}")" ]
}

# --- every protocol; another recorder in the middle
server vendor vendor -n ${#names[@]} "$VENDOR4:7700" recv-all
for name in "${names[@]}"; do
	begin "$name"
done
wait_for 10 stored $((${#names[@]} - 1))
another_recorder
touch "$DIR/again"
join "${names[@]}" vendor
wait_for 10 stored $((2 * (${#names[@]} - 1)))
expect_equal "events" "$(sql 'SELECT event FROM events ORDER BY event')" \
	"$(LC_ALL=C sort "$JSON_EVENTS")"
expect_equal "their columns" "$(sql "SELECT count(*) FROM events WHERE
	printf('%016x', flow) = event ->> '$.flow' AND
	direction = event ->> '$.direction' AND
	protocol = event ->> '$.protocol' AND
	device = event ->> '$.device_id' AND type = event ->> '$.type' AND
	strftime('%Y-%m-%dT%H:%M:%S', time / 1000, 'unixepoch') ||
		printf('.%03dZ', time % 1000) = event ->> '$.time'")" \
	$((2 * (${#names[@]} - 1)))
expect_equal "devices" "$(sql 'SELECT protocol, id, events FROM devices
	ORDER BY protocol')" "$(for name in "${names[@]}"; do
	[ "$name" = raw ] || echo "$name|${device[$name]}|2"
done | sort)"
# on 2025-11-03 at 14:25:01; h02, jt808 and xexun said it twice
expect_equal "positions" "$(sql "SELECT device, time, valid, round(lat, 4),
	round(lon, 4), count(*) FROM positions GROUP BY 1, 2, 3, 4, 5
	ORDER BY device")" "$(for name in "${located[@]}"; do
	n=2 place='49.5|8.4'
	[[ $name != @(teltonika|tk103) ]] || n=1
	[ "$name" != jt808 ] || place='31.2304|121.4737'
	echo "${device[$name]}|1762179901000|1|$place|$n"
done | sort)"
ended() {
	is "SELECT count(*) FROM flows WHERE reason = 'normal' AND
		client LIKE '$TRACKER4:%' AND server = '$VENDOR4:7700' AND
		server_bytes = 0 AND closed >= opened" "${#names[@]}"
}
wait_for 10 ended
expect_equal "bytes of the flows" "$(sql 'SELECT sum(client_bytes) FROM flows')" \
	"$(cat "$DIR"/*.first "$DIR"/*.second | wc -c)"

# --- a device that comes again, from other addresses
imei=1234567890 lk='[3G*1234567890*0002*LK]'
address tracker eth0 192.168.1.77/24
# the device's live flow: its client without the port, and whether it is open
live() {
	is "SELECT f.client LIKE '$1:%', f.closed IS NULL FROM devices d
		JOIN flows f ON f.id = d.flow WHERE d.id = '$imei'" "$2"
}
talker() {
	server "v$1" vendor "$3" recv-all
	client "$1" tracker "${@:4}" "$3" send "$lk" wait-file "$DIR/$1.go" \
		send "$lk" wait-file "$DIR/$1.end" shutdown-write recv-all
	wait_for 10 live "$2" '1|1'
}
talker old '192.168.1.77' "$VENDOR4:7700" -b 192.168.1.77:15555
talker new "[$TRACKER6]" "[$VENDOR6]:7700"
# the old one is not: its tracker may be gone, and what it says was late
count=$(sql 'SELECT max(id) FROM events')
touch "$DIR/old.go"
wait_for 10 stored $((count + 1))
expect_equal "events of the device" \
	"$(sql "SELECT events FROM devices WHERE id = '$imei'")" 5
live "[$TRACKER6]" '1|1' || fail "the newest flow is not the live one"
touch "$DIR/new.go" "$DIR/new.end" "$DIR/old.end"
join old vold new vnew
wait_for 10 live "[$TRACKER6]" '1|0'
expect_equal "devices of that name" \
	"$(sql "SELECT count(*) FROM devices WHERE id = '$imei'")" 1
expect_equal "its flows" "$(sql "SELECT count(DISTINCT flow) FROM events
	WHERE device = '$imei'")" 3

# --- a heartbeat that says nobody's name, then the login
late() {
	hex "${second[gt06]}" >"$DIR/beat"
	hex "${first[gt06]}" >"$DIR/login"
	server vendor vendor "$VENDOR4:7700" recv-all
	client "$1" tracker "$VENDOR4:7700" send-file "$DIR/beat" \
		wait-file "$DIR/$1.go" send-file "$DIR/login" \
		send-file "$DIR/beat" shutdown-write recv-all
	count=$((count + 1))
	wait_for 10 stored $count
	expect_equal "$1: nameless events" "$(sql "SELECT id, event ->> '$.device_id'
		FROM events WHERE device IS NULL")" "$count|"
	[ "$1" != another ] || another_recorder
	touch "$DIR/$1.go"
	join "$1" vendor
	count=$((count + 2))
	wait_for 10 stored $count
	expect_equal "$1: what has the name" "$(sql "SELECT count(*) FROM events
		WHERE id > $((count - 3)) AND device = '${device[gt06]}' AND
		event ->> '$.device_id' = device AND
		type = CASE id WHEN $((count - 1)) THEN 'login'
			ELSE 'heartbeat' END")" 3
}
count=$((count + 2))
wait_for 10 stored $count
late same
late another
expect_equal "events of that device" \
	"$(sql "SELECT events FROM devices WHERE id = '${device[gt06]}'")" 8
expect_flows $((${#names[@]} + 4))
expect_equal "stored" "$(total stored)" $count
expect_equal "lost" "$(total store_lost)" 0
expect_equal "ids" "$(sql "SELECT max(id), count(DISTINCT event ->> '$.id')
	FROM events")" "$count|$count"
# while it is down, too
expect_equal "events in the file" "$(wc -l <"$JSON_EVENTS")" $count
