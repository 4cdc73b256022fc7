# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# From a tracker to a consumer, by way of a real RabbitMQ on another host: the full
# event, as the event file has it, and the classic observer's message, byte for byte;
# each with its id. The password is in no file but the configuration, in no log and in no
# process's arguments or environment.
own_proc
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck disable=SC2034 # broker.sh reads it
RABBIT_PASSWORD='tarn/helm' # to be escaped in a URI
topology
broker_place vendor
rabbit 'listeners.tcp.wan = 203.0.113.2:5672'
uri="amqp://$RABBIT_USER:tarn%2Fhelm@203.0.113.2/%2f"
daemon json="$JSON_EVENTS" store="{ file: $STORE }" sinks="[
  { name: fleet, amqp: '$uri?exchange=trackers&queue=fleet&routing_key=tracker.{device_id}.{type}' },
  { name: old, amqp: '$uri?queue=old', format: classic },
  { name: wrong, amqp: 'amqp://$RABBIT_USER:tarn%2Fhat@203.0.113.2/%2f?queue=wrong' }]"

lk='[SG*1234567890*0002*LK]'
server vendor vendor "$VENDOR4:7700" expect "$lk" send "$lk" recv-all
client tracker tracker "$VENDOR4:7700" send "$lk" expect "$lk" shutdown-write recv-all
join tracker vendor
consume fleet 2 >"$DIR/fleet.events"
cmp "$DIR/fleet.events" "$JSON_EVENTS" || fail "events differ"

# What tcpproxy's helper sent for these two.
consume old 2 >"$DIR/old.events"
while IFS=$'\t' read -r stamp direction ip id message; do
	printf '{"timestamp": "%s", "direction": "%s", "client_ip": "%s", "connection_id": "%s", "payload": "%s"}\n' \
		"$stamp" "$direction" "$ip" "$id" "$message"
done <"$EVENTS" >"$DIR/old.want"
cmp "$DIR/old.events" "$DIR/old.want" || fail "classic messages differ"

# Keys and ids.
rabbit_ctl list_bindings source_name destination_name routing_key >"$DIR/bindings.txt"
grep -q $'trackers\tfleet\ttracker\.\*\.\*' "$DIR/bindings.txt" ||
	fail "bindings: $(cat "$DIR/bindings.txt")"

# The sink that may not come in says why; the others do not care.
wait_for 10 grep -q 'Login was refused' "$DIR/daemon.log"
sed -n 's/.*"error": *"\([^"]*\)".*/\1/p' "$STORE.wrong.cursor" >"$DIR/wrong.txt"
expect_match "its cursor's error" "$(cat "$DIR/wrong.txt")" \
	'ACCESS_REFUSED - Login was refused .*'

# secret_in FILE...: those that the password is in
secret_in() {
	grep -alE 'tarn(/|%2F)h' "$@" 2>/dev/null || true
}
tool status >"$DIR/status.txt"
tool status --json >"$DIR/status.json"
on gateway "$WAYSIDED" -c "$CONFIG" --print-config >"$DIR/print.txt"
expect_equal "files with the password" \
	"$(secret_in "$DIR"/*.* "$LOGS"/* /run/wayside/*)" "$CONFIG"
expect_equal "processes with the password" \
	"$(for pid in $(pids 'wayside*'); do
		secret_in "/proc/$pid/cmdline" "/proc/$pid/environ"
	done)" ""
grep -q 203.0.113.2 "$DIR/print.txt" || fail "--print-config is empty"
expect_flows 1
