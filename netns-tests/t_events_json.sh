# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Event files of both formats side by side: each message is one line in each, and
# the JSON line says whose it is, when, where and between whom, for IPv4 and IPv6.
topology
daemon json="$JSON_EVENTS"

# talk NAME FAMILY PORT: a login and its answer
talk() {
	family "$2"
	server vendor vendor "$VENDOR:7700" expect '[SG*1234567890*0002*LK]' \
		send 'x[SG*1234567890*0009*LK]' recv-all
	client "$1" tracker "$VENDOR:7700" send '[SG*1234567890*0002*LK]' \
		expect 'x[SG*1234567890*0009*LK]' shutdown-write recv-all
	join "$1" vendor
}
before=$(date +%s%3N)
talk four v4
wait_for 10 events_count 2
talk six v6
lk='[SG*1234567890*0002*LK]'
wait_for 10 json_events_are \
	"direction protocol device_id type keyword payload length_ok" \
	$'client\twatch\t1234567890\theartbeat\tLK\t'"$lk"$'\tTrue' \
	$'server\twatch\t1234567890\treply\tLK\t'"${lk/2\*L/9*L}"$'\tFalse' \
	$'client\twatch\t1234567890\theartbeat\tLK\t'"$lk"$'\tTrue' \
	$'server\twatch\t1234567890\treply\tLK\t'"${lk/2\*L/9*L}"$'\tFalse'
after=$(date +%s%3N)
wait_for 10 events_are "client	$lk" "server	${lk/2\*L/9*L}" \
	"client	$lk" "server	${lk/2\*L/9*L}"

# Whose they are: of the ids in the classic lines, of the peers' own addresses
expect_equal "connection ids" "$(json_events connection_id)" \
	"$(cut -f 4 "$EVENTS")"
expect_equal "seconds" \
	"$(json_events time | sed 's/T/ /; s/\.[0-9]*Z$//')" \
	"$(cut -f 1 "$EVENTS" | while read -r stamp; do
		date -u -d "$(date -d "$stamp" +@%s)" '+%F %T'
	done)"
while IFS= read -r time; do
	ms=$(date -d "$time" +%s%3N)
	expect_at_least "time of an event" "$ms" "$before"
	expect_at_most "time of an event" "$ms" "$after"
done < <(json_events time)
expect_equal "clients" "$(json_events client | uniq -c | tr -s ' ')" \
	" 2 $(value four local)"$'\n'" 2 $(value six local)"
expect_equal "servers" "$(json_events server | uniq -c | tr -s ' ')" \
	" 2 $VENDOR4:7700"$'\n'" 2 [$VENDOR6]:7700"
expect_equal "lines with a flow's number" \
	"$(json_events flow | uniq -c | tr -s ' ' | cut -d ' ' -f 2)" $'2\n2'
# the server's message begins behind one byte that is none
expect_equal "ids" "$(json_events id | sed 's/^[0-9a-f]*-//')" \
	$'c-0\ns-1\nc-0\ns-1'
expect_equal "flows in the ids" "$(json_events id | sed 's/-.*//')" \
	"$(json_events flow)"

# A reload gives the classic file's name to JSON, and takes the other away.
sed -i "/format: json/d; s|{ file: $EVENTS }|{ file: $EVENTS, format: json }|" \
	"$CONFIG"
tool reload >"$DIR/reload.txt"
family v4
talk again v4
wait_for 10 events_count 6
expect_equal "lines that are JSON" "$(grep -c '^{"id":"' "$EVENTS")" 2
expect_equal "lines in the file that is no longer one" \
	"$(wc -l <"$JSON_EVENTS")" 4
daemon_stop
expect_equal "events" "$(total events)" 6
expect_equal "wrong lengths" "$(total length_wrong)" 3
expect_equal "events that are lost" "$(total events_lost)" 0
# for the judge of all events: the schema knows no lines of five fields
tail -n 2 "$EVENTS" >"$DIR/again.json"
