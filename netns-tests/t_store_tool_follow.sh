# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Who follows the store gets every event once: from an empty store on, over a daemon
# that is killed and started again, over a store that is set aside and one that is
# gone for a while. He ends when nobody reads what he says.
topology
own_proc

# follow NAME WORD...: into $DIR/NAME.txt; what it says beside into $DIR/NAME.said
follow() {
	on gateway "$WAYSIDE" events --follow --store "$STORE" "${@:2}" \
		>"$DIR/$1.txt" 2>"$DIR/$1.said" &
	follower=$!
}
# lines N: so many are there by now
lines() {
	[ "$(wc -l <"$DIR/$follows.txt")" -ge "$1" ]
}
# talk ID [N]: a flow of one message, or so many
talk() {
	local lk i

	lk=$(for ((i = 0; i < ${2-1}; i++)); do echo -n "[SG*$1*0002*LK]"; done)
	server vendor vendor "$VENDOR:7700" expect "$lk" send x recv-all
	client tracker tracker "$VENDOR:7700" send "$lk" expect x \
		shutdown-write recv-all
	join tracker vendor
}
# devices: whose events were seen; one worker's may overtake another's
devices() {
	sed 's/.*"device_id":"\([0-9]*\)".*/\1/' "$DIR/json.txt" | sort | paste -sd ' '
}

family v4
daemon store="{ file: $STORE }"
follow json --json
json=$follower
follow table --device 1000000002
table=$follower
follows=json
for i in {1..12}; do
	talk $((1000000000 + i))
done
wait_for 10 lines 12
expect_equal "seen" "$(devices)" "$(echo 10000000{01..12})"
follows=table
wait_for 10 lines 2
expect_match "the table" "$(cat "$DIR/table.txt")" \
	"TIME +FROM +PROTOCOL .*"$'\n'".* client +watch +1000000002 +heartbeat +LK +.SG.*"

# Killed and started again; then gone without a store left behind
follows=json
daemon_kill
daemon_run -c "$CONFIG"
talk 1000000013
wait_for 10 lines 13
daemon_stop
mv "$STORE" "$STORE.old"
wait_for 10 grep -q "No such file.*" "$DIR/json.said"
daemon_run -c "$CONFIG"
talk 1000000014
wait_for 10 lines 14

# Broken, so that the daemon sets it aside
daemon_kill
head -c 100000 /dev/urandom >"$STORE"
daemon_run -c "$CONFIG"
talk 1000000015
wait_for 10 lines 15
talk 1000000016
wait_for 10 lines 16
expect_equal "seen" "$(devices)" "$(echo 10000000{01..16})"
expect_equal "who followed one device" "$(wc -l <"$DIR/table.txt")" 2

# More at once than it began with
talk 1000000017 100
wait_for 10 lines 116

# A signal ends it; and so does that nobody reads, though nothing more comes.
for pid in "$json" "$table"; do
	status=0
	kill -TERM "$pid"
	wait "$pid" || status=$?
	expect_equal "status" "$status" 143
done
expect_equal "the newest" "$(tool events --store "$STORE" --follow --limit 1 --json |
	head -n 1 | grep -o '"device_id":"[0-9]*"')" '"device_id":"1000000017"'
