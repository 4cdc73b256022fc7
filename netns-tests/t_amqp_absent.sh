# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# 100,000 events wait for a RabbitMQ that is not there; when it comes, all of them
# arrive, each device's in order, none missing. The relay has waited for nothing.
own_proc
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
broker_place vendor
daemon store="{ file: $STORE }" capture=none sinks="[
  { name: fleet, amqp: 'amqp://$RABBIT_USER:$RABBIT_PASSWORD@203.0.113.2/?queue=fleet' }]"

# 50 devices, 1,000 messages each, and the server repeats them.
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 50 "$VENDOR4:7700" open ping 1000 fin
join crowd
wait_for 30 stored 100000
wait_for 10 grep -q 'fleet.*Connection refused' "$DIR/daemon.log"
expect_match "its cursor" "$(tr -d '\n' <"$STORE.fleet.cursor")" \
	'.*"event": *0,.*"connected": *false.*Connection refused.*'

rabbit 'listeners.tcp.wan = 203.0.113.2:5672'
consume fleet 100000 >"$DIR/fleet.events"
# Which message of which device and direction comes when: [3G*DEVICE*LEN*LK,DEV5NUMBER7...
/usr/bin/python3 - "$DIR/fleet.events" <<-'END'
	import collections, json, sys

	numbers = collections.defaultdict(list)
	for line in open(sys.argv[1], encoding="utf-8"):
	    event = json.loads(line)
	    field = event["payload"].split(",")[1]
	    numbers[event["device_id"], event["direction"]].append(int(field[5:12]))
	assert len(numbers) == 100, f"{len(numbers)} devices and directions"
	for key, seen in numbers.items():
	    assert seen == list(range(1000)), f"{key}: {seen[:20]}"
END
wait_for 10 confirmed_all fleet
dismiss vendor
expect_flows 50
expect_equal "events lost" "$(total store_lost)" 0
