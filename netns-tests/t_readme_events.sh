# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2119 # redis gets no option here
# README, "Get the events": its configuration as it is written, with a real broker, a
# real Redis and a program behind it, and every command of it. What the text says of
# them happens: events reach all three, with the same ids, and the commands show them.
own_proc
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
topology
firewall "$FIREWALL_LINE; iif lo accept"

# the names and paths of the text; the machine's own stay as they are
mkdir "$DIR/etc" "$DIR/bin"
cp -a /etc/. "$DIR/etc" 2>/dev/null || true # some of it is not for us to read
mkdir -p "$DIR/etc/wayside"
echo '203.0.113.2 broker.example' >>"$DIR/etc/hosts"
mount --bind "$DIR/etc" /etc
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/wayside
cat >"$DIR/bin/on-event" <<-END
	#!/bin/sh
	[ "\$1" = --verbose ] && exec cat >>$DIR/program.json
END
chmod +x "$DIR/bin/on-event"
mount --bind "$DIR/bin" /usr/local/bin
ln -s "$WAYSIDE" "$DIR/bin/wayside"

broker_place vendor
tls_files "$DIR/tls" DNS:broker.example
cp "$DIR/tls/ca.pem" /etc/wayside
mapfile -t tls < <(tls_lines "$DIR/tls" 203.0.113.2:5671)
rabbit "${tls[@]}"
rabbit_ctl add_user user password
rabbit_ctl set_permissions user '.*' '.*' '.*'
broker_place gateway
redis

readme=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)/README.md
# fences LANGUAGE: what stands between such fences in the section
fences() {
	sed -n "/^## Get the events/,/^## [^G]/ { /^\`\`\`$1\$/,/^\`\`\`\$/p }" \
		"$readme" | grep -v '^```'
}
CONFIG=/etc/wayside/wayside.yaml
config control=/run/wayside/control
fences yaml >>"$CONFIG"
chmod 600 "$CONFIG"
daemon_run -c "$CONFIG"

# a queue of the consumer's own, for the keys that the text makes
broker_place vendor
at_broker /usr/bin/python3 - >"$DIR/consumer.log" 2>&1 <<-'END' &
	import pika

	login = pika.PlainCredentials("user", "password")
	there = pika.ConnectionParameters("127.0.0.1", credentials=login)
	channel = pika.BlockingConnection(there).channel()
	channel.exchange_declare("trackers", "topic", durable=True)
	channel.queue_declare("mine", exclusive=True)
	channel.queue_bind("mine", "trackers", "tracker.1234567890")
	print("ready", flush=True)
	for method, properties, body in channel.consume("mine", auto_ack=True):
	    print(properties.message_id, properties.content_type,
	          properties.delivery_mode, body.decode(), flush=True)
END
wait_for 20 grep -q ready "$DIR/consumer.log"

position='[SG*1234567890*0069*UD,031125,142459,A,22.571707,N,113.8613968,E,5.4,274.0,12,7,60,90,1000,0,00010000,1,0,460,0,9360,4082,131]'
login='[SG*1234567890*0002*LK]'
server vendor vendor "$VENDOR4:7700" expect "$login" send "$login" \
	expect "$position" recv-all
client tracker tracker "$VENDOR4:7700" send "$login" expect "$login" \
	send "$position" shutdown-write recv-all
join tracker vendor

# lines N FILE
lines() {
	[ "$(grep -c '"id":' "$2")" = "$1" ]
}
wait_for 20 lines 3 "$DIR/consumer.log"
wait_for 20 lines 3 "$DIR/program.json"
in_redis() {
	[ "$(on gateway redis-cli xlen wayside)" = 3 ]
}
wait_for 20 in_redis
ids=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' "$DIR/program.json")
expect_equal "ids at the broker" "$(sed -n 's/^\([0-9a-fs-]*\) application\/json 2 .*/\1/p' \
	"$DIR/consumer.log")" "$ids"
expect_equal "ids in Redis" "$(on gateway redis-cli xrange wayside - + |
	sed -n 's/.*{"id":"\([^"]*\)".*/\1/p')" "$ids"

# says FILE REGEX
says() {
	grep -qE "$2" "$1" || fail "no $2 in: $(cat "$1")"
}
n=0
while IFS= read -r line <&3; do
	command=${line%%#*}
	n=$((n + 1))
	echo "\$ $command"
	if [[ $command = *--follow* ]]; then
		# shellcheck disable=SC2086 # words
		(cd "$DIR" && exec nsenter --net=/run/netns/gateway -- $command) \
			>"$DIR/said.$n" 2>&1 &
		wait_for 20 grep -q ' UD ' "$DIR/said.$n"
		kill $!
	else
		(cd "$DIR" && on gateway bash -euo pipefail -c "$command") \
			>"$DIR/said.$n" 2>&1 || fail "$command: $(cat "$DIR/said.$n")"
	fi
done 3< <(fences sh)
expect_equal "commands" $n 4
says "$DIR/said.1" '1234567890 +position +UD +22.571707 113.8613968'
expect_equal "points of today's track" "$(grep -c '<trkpt' "$DIR/today.gpx" || true)" 0
says "$DIR/said.3" '1234567890'
for sink in fleet script cache; do
	says "$DIR/said.4" "^$sink +.*"
done

# While the daemon is down, too, and since the day of the position
daemon_stop
on gateway wayside positions --since 2025-11-03 --gpx >"$DIR/all.gpx"
expect_equal "points of the track" "$(grep -c '<trkpt' "$DIR/all.gpx")" 1
says "$DIR/all.gpx" 'lat="22.5717070" lon="113.8613968"'
on gateway wayside sinks --json >"$DIR/sinks"
expect_equal "confirmed" "$(grep -oE '"confirmed": ?3' "$DIR/sinks" | wc -l)" 3
