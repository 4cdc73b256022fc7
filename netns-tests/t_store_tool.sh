# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the tool shows of the store is what trackers said, while the daemon runs and
# after it has stopped; its forms for maps are well-formed.
topology
own_proc
export TZ=TST-5:30

cat >"$DIR/reader" <<'END'
#!/bin/sh
exec cat >>"${0%/*}/read"
END
chmod +x "$DIR/reader"
daemon store="{ file: $STORE }" sinks="[{ name: mine, exec: $DIR/reader }]"

# say CONTENT: a message of the watch
say() {
	printf '[SG*%s*%04x*%s]' "$id" ${#1} "$1"
}
# talk ID WORD...: a flow that says this
talk() {
	local id=$1 all='' content

	shift
	for content; do
		all+=$(say "$content")
	done
	server vendor vendor "$VENDOR:7700" expect "$all" send x recv-all
	client tracker tracker "$VENDOR:7700" send "$all" expect x \
		shutdown-write recv-all
	join tracker vendor
}
place() {
	echo "UD,031125,$1,$2,$3,N,113.8613968,E,5.4,274.0,12,7,60,90,1000,0,00010000"
}

# shows ARGUMENT...: into $DIR/shown; nothing else is said
shows() {
	tool "$@" >"$DIR/shown" 2>"$DIR/said"
	expect_equal "what $1 says beside" "$(cat "$DIR/said")" ""
}
# column TITLE...: these of the table that was shown, | between them
column() {
	python3 - "$DIR/shown" "$@" <<-'END'
		import re, sys
		lines = open(sys.argv[1], encoding="ascii").read().split("\n")
		assert lines.pop() == "", "the last line has an end"
		# titles have a blank at most between their words; cells begin or
		# end where their titles do
		titles = [(m.group(), m.start(), m.end())
		          for m in re.finditer(r"\S+( \S+)*", lines[0])]
		for line in lines[1:]:
		    cells, begin = {}, 0
		    for i, (t, start, end) in enumerate(titles):
		        last = i + 1 == len(titles)
		        stop = len(line) if last else titles[i + 1][1]
		        m = re.match(r" *\S+( \S+)*", line[begin:])
		        if last:
		            m = re.match(".*", line[begin:])
		        cells[t] = m.group().strip()
		        begin += m.end()
		    print("|".join(cells[t] for t in sys.argv[2:]))
	END
}
# member PATH...: of each object that was shown, TABs between them
member() {
	python3 - "$DIR/shown" "$@" <<-'END'
		import json, sys
		text = open(sys.argv[1], encoding="ascii").read()
		try:
		    all = json.loads(text)
		except ValueError:
		    all = [json.loads(line) for line in text.splitlines()]
		if isinstance(all, dict):
		    all = all.get("features", [all])
		for o in all:
		    row = []
		    for path in sys.argv[2:]:
		        v = o
		        for key in path.split("."):
		            v = v[key] if isinstance(v, dict) else v
		        row.append(str(v))
		    print("\t".join(row))
	END
}

# all MODE: what has to be seen, with the daemon (live) and without (gone)
all() {
	local yes=no state="not connected" live=False

	[ "$1" = gone ] || yes=yes state=connected live=True
	shows events -c "$CONFIG"
	expect_equal "events" "$(column FROM PROTOCOL DEVICE TYPE KEYWORD)" \
"client|watch|1234567890|heartbeat|LK
client|watch|1234567890|position|UD
client|watch|1234567890|position|UD
client|watch|1234567891|heartbeat|LK
client|watch|1234567891|position|UD
client|watch|1234567891|heartbeat|LK"
	expect_match "what the second says" "$(column WHAT | sed -n 2p)" \
		"22.571707 113.8613968  5.4 km/h  .*[.][.][.]"
	expect_match "what the fifth says" "$(column WHAT | sed -n 5p)" \
		"22.7 113.8613968  no fix  .*"
	shows events -c "$CONFIG" --json
	expect_equal "lines" "$(cat "$DIR/shown")" \
		"$(sql 'SELECT event FROM events ORDER BY id')"
	expect_equal "what the sink got" "$(cat "$DIR/read")" \
		"$(cat "$DIR/shown")"
	shows events --store "$STORE" --device 1234567891 --type heartbeat \
		--limit 1 --json
	expect_equal "the newest" "$(member device_id keyword client)" \
		"1234567891	LK	$last"
	shows events --store "$STORE" --protocol gt06
	expect_equal "of another protocol" "$(column TYPE)" ""
	shows events --store "$STORE" --since 1h --until 2000-01-01
	expect_equal "of no time" "$(column TYPE)" ""
	shows events --store "$STORE" --since "$(date -d '-1 min' '+%F %T')" --json
	expect_equal "of a minute" "$(wc -l <"$DIR/shown")" \
		"$(sql "SELECT count(*) FROM events
			WHERE time >= 1000 * (unixepoch() - 60)")"

	shows positions -c "$CONFIG"
	expect_equal "positions" \
		"$(column TIME DEVICE PROTOCOL LATITUDE LONGITUDE KM/H COURSE ALTITUDE FIX)" \
"2025-11-03 19:54:59|1234567890|watch|22.571707|113.861397|5.4|274.0|12.0|yes
2025-11-03 19:55:59|1234567890|watch|22.600000|113.861397|5.4|274.0|12.0|yes
2025-11-03 19:54:59|1234567891|watch|22.700000|113.861397|5.4|274.0|12.0|no"
	shows positions -c "$CONFIG" --json --since 2025-11-03T14:25:30Z
	expect_equal "a place later" \
		"$(member device_id time lat lon speed_kmh altitude_m valid)" \
		"1234567890	2025-11-03T14:25:59.000Z	22.6	113.8613968	5.4	12.0	True"
	shows positions -c "$CONFIG" --geojson
	expect_equal "GeoJSON" "$(member type geometry.type geometry.coordinates \
		properties.device_id properties.valid)" \
"Feature	Point	[113.8613968, 22.571707, 12.0]	1234567890	True
Feature	Point	[113.8613968, 22.6, 12.0]	1234567890	True
Feature	Point	[113.8613968, 22.7, 12.0]	1234567891	False"
	shows positions -c "$CONFIG" --gpx
	expect_equal "GPX" "$(python3 - "$DIR/shown" <<-'END'
		import sys, xml.etree.ElementTree as xml
		ns = "{http://www.topografix.com/GPX/1/1}"
		gpx = xml.parse(sys.argv[1]).getroot()
		assert gpx.tag == ns + "gpx" and gpx.get("version") == "1.1"
		for track in gpx.findall(ns + "trk"):
		    print(track.find(ns + "name").text, *[
		        (p.get("lat"), p.get("lon"), *[c.text for c in p])
		        for p in track.iter(ns + "trkpt")])
	END
	)" \
"1234567890 ('22.5717070', '113.8613968', '12.00', '2025-11-03T14:24:59.000Z') ('22.6000000', '113.8613968', '12.00', '2025-11-03T14:25:59.000Z')
1234567891 ('22.7000000', '113.8613968', '12.00', '2025-11-03T14:24:59.000Z', 'none')"

	shows devices -c "$CONFIG"
	expect_equal "devices" \
		"$(column DEVICE PROTOCOL EVENTS FLOWS LIVE CLIENT POSITION LATITUDE)" \
"1234567891|watch|3|2|$yes|$last|2025-11-03 19:54:59|22.700000
1234567890|watch|3|1|no|$first|2025-11-03 19:55:59|22.600000"
	shows devices -c "$CONFIG" --json
	expect_equal "devices as JSON" \
		"$(member device_id events live position.lat client)" \
"1234567891	3	$live	22.7	$last
1234567890	3	False	22.6	$first"

	shows sinks -c "$CONFIG"
	expect_equal "sinks" \
		"$(column SINK KIND STATE EVENT LAG CONFIRMED LOST)" \
		"mine|exec|$state|6|0|6|0"
	shows sinks -c "$CONFIG" --json
	expect_equal "sinks as JSON" "$(member name target state lag error)" \
		"mine	$DIR/reader	$state	0	None"
}
# until it has written down what it did
kept() {
	tool sinks -c "$CONFIG" --json | grep -q '"event": 6'
}

family v4
talk 1234567890 LK "$(place 142459 A 22.571707)" "$(place 142559 A 22.6)"
first=$(value tracker local)
wait_for 10 stored 3
talk 1234567891 LK "$(place 142459 V 22.7)"
wait_for 10 stored 5
family v6
lk='[SG*1234567891*0002*LK]'
server vendor vendor "$VENDOR:7700" expect "$lk" send x recv-all
client tracker tracker "$VENDOR:7700" send "$lk" expect x \
	wait-file "$DIR/end" shutdown-write recv-all
wait_for 10 stored 6
wait_for 10 kept
last=$(sql "SELECT client FROM flows WHERE closed IS NULL")
all live
# A daemon that was killed has closed nothing, and said nothing to anyone.
daemon_kill
all gone
touch "$DIR/end"
join_any tracker
expect_equal "the client that was live" "$(value tracker local)" "$last"
rm "$CONFIG"
shows sinks --store "$STORE"
expect_equal "a sink without a configuration" \
	"$(column SINK KIND EVENT LAG CONFIRMED)" "mine|-|6|0|6"

# Nothing here, or not for us
refuses() {
	expect_match "what ${*:3} says" "$(tool "${@:3}" 2>&1 >"$DIR/shown" ||
		echo "status $?")" "$1"$'\n'"status $2"
	expect_equal "what it prints" "$(cat "$DIR/shown")" ""
}
refuses "wayside: $DIR/none.db: No such file or directory: .*--store FILE.*" 1 \
	devices --store "$DIR/none.db"
refuses "wayside: --since: no time: yesterday; .*" 2 events --since yesterday
refuses "wayside: unknown type: position2; there are .* position .*" 2 \
	events --type position2
refuses "wayside: one of --json, --geojson and --gpx" 2 positions --gpx --json
refuses "wayside: either --follow or --until" 2 events --follow --until 1h
sql_write() {
	sqlite3 "$STORE" "$1"
}
sql_write "PRAGMA user_version = 99" >/dev/null
refuses "wayside: $STORE: this store was made by a newer Wayside: .*99.*" 1 \
	events --store "$STORE"
