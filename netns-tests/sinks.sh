# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# sinks.sh - what came to a sink, and what its publisher says of it; sourced by cases
#
# Words
#   bodies   a file with what came, one a line
# shellcheck disable=SC2154 # set by lib.sh

# bodies_are FILE [classic]: every event of the store came, the first time each in the
# order of the store, as its JSON byte for byte, or as the classic body. What came again
# is what had come. Prints how many came again.
bodies_are() {
	/usr/bin/python3 - "$STORE" "$@" <<-'END' || fail "$1 is not what the store has"
		import datetime, json, sqlite3, sys

		def classic(text):
		    event = json.loads(text)
		    time = event["time"].replace("Z", "+00:00")
		    payload = event.get("payload", "").encode()
		    payload = payload or bytes.fromhex(event.get("payload_hex", ""))
		    return json.dumps({
		        "timestamp": datetime.datetime.fromisoformat(time)
		            .astimezone().strftime("%Y-%m-%d %H:%M:%S"),
		        "direction": event["direction"],
		        "client_ip": event["client"].rsplit(":", 1)[0].strip("[]"),
		        "connection_id": event["connection_id"],
		        "payload": "".join(chr(b) if 32 <= b < 127 and b != 92
		            else f"\\x{b:02x}" for b in payload),
		    })

		store = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
		want = [row[0] for row in store.execute(
		    "SELECT event FROM events ORDER BY id")]
		with open(sys.argv[2], encoding="ascii", newline="\n") as file:
		    came = file.read().splitlines()
		if sys.argv[3:] == ["classic"]:
		    # they have no id: none may come again here
		    want = [classic(text) for text in want]
		    if came != want:
		        sys.exit(f"{len(came)} bodies for {len(want)} events")
		    print(0)
		    sys.exit()
		seen = {}
		for body in came:
		    id = json.loads(body)["id"]
		    if seen.setdefault(id, body) != body:
		        sys.exit(f"{id} has come with two bodies")
		if list(seen.values()) != want:
		    sys.exit(f"{len(seen)} came of {len(want)}, or in another order")
		print(len(came) - len(seen))
	END
}

# cursor_of SINK KEY: what its file says; nothing while there is none
cursor_of() {
	sed -n 's/.*"'"$2"'": "\{0,1\}\([^",}]*\).*/\1/p' "$STORE.$1.cursor" \
		2>/dev/null || true
}

# confirmed_all SINK: the cursor is at the last event of the store
confirmed_all() {
	[ "$(cursor_of "$1" event)" = "$(sql 'SELECT last_event FROM store')" ]
}

# publisher SINK: its pid. A program that it is about to run has its title, too, for a
# moment, but is not the daemon's child
publisher() {
	local pid

	for pid in $(pids "wayside-publisher/$1"); do
		! grep -qs "^PPid:	$daemon_pid$" "/proc/$pid/status" || echo "$pid"
	done
}

# publisher_is_anew SINK PID: it is there, and it is another process
publisher_is_anew() {
	local pid

	pid=$(publisher "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# others_than_publishers: pids of the daemon's other processes, which notice nothing of
# a publisher; own_proc first
others_than_publishers() {
	pids 'wayside-[krw]*' | sort
}

# program_of SINK: pids of the program of an exec sink, and of what it has started;
# own_proc first
program_of() {
	grep -lsxz "WAYSIDE_SINK=$1" /proc/[0-9]*/environ | tr -dc '0-9\n' || true
}

# log_says N REGEX: so many lines of the daemon, or more
log_says() {
	[ "$(grep -cE "$2" "$DIR/daemon.log")" -ge "$1" ]
}
