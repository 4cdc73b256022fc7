# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# events.sh - from bytes to the owner, measured: messages framed, decoded and stored
# a second, and events confirmed by RabbitMQ a second
#
# Run by scripts/bench, like a case. Trackers on one side send as fast as they are
# taken (when_full: wait, so that the recorder is what limits), a vendor on the other
# side reads. A figure counts only without a gap, and with every message in its place.
#
# BENCH_MESSAGES: of each of 8 connections (20000)
# shellcheck disable=SC2154 # set by lib.sh
connections=8
messages=${BENCH_MESSAGES:-20000}
BROKER=203.0.113.2 # the vendor, as the gateway sees it
hz=$(getconf CLK_TCK)
bench=${BASH_SOURCE[0]%/*}
# shellcheck source=netns-tests/broker.sh
. "$bench/../broker.sh"
# shellcheck source=netns-tests/sinks.sh
. "$bench/../sinks.sh"

# ticks PID: processor time of a process so far
ticks() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# start [LINE...]: a daemon that records nothing but what these lines say
start() {
	printf '%s\n' 'self_test: no' 'drain: 0s' 'workers: 1' \
		"log_dir: $LOGS" 'control: /run/wayside/control' "$@" \
		'rules:' "  - { name: trackers, to: [\"$VENDOR4:7700\"]," \
		'      capture: none, when_full: wait }' >"$CONFIG"
	daemon_run -c "$CONFIG"
}

# load PROTOCOL: prints how many messages it has sent
load() {
	on tracker /usr/bin/python3 "$bench/load.py" trackers "$VENDOR4:7700" "$1" \
		$connections "$messages"
}

# decoded N
decoded() {
	[ "$(counter events)" = "$1" ]
}

# a_second MICROSECONDS N: how many that is a second
a_second() {
	echo $(($2 * 1000000 / ($1 > 0 ? $1 : 1)))
}

# recorded PROTOCOL WHAT [LINE...]: one line of the table
recorded() {
	local protocol=$1 what=$2 before used sent recorder gaps began took

	shift 2
	rm -f "$STORE"*
	start "$@"
	recorder=$(pids wayside-recorder)
	before=$(ticks "$recorder")
	began=${EPOCHREALTIME/./}
	sent=$(load "$protocol")
	wait_for 60 decoded "$sent"
	[ $# = 0 ] || wait_for 60 stored "$sent"
	took=$((${EPOCHREALTIME/./} - began))
	used=$((($(ticks "$recorder") - before) * 1000000 / hz))
	gaps=$(($(counter gap_bytes) + $(counter unobserved_bytes)))
	daemon_stop
	printf '%-10s %-16s %9d %10d %10d %5d\n' "$protocol" "$what" "$sent" \
		"$(a_second $used "$sent")" "$(a_second $took "$sent")" $gaps
}

# published: what waits in the store, to a broker that was away; one line
published() {
	local format=$1 sent began took before used publisher

	rm -f "$STORE"*
	start 'store:' "  file: $STORE"
	sent=$(load watch)
	wait_for 60 stored "$sent"
	daemon_stop
	began=${EPOCHREALTIME/./}
	start 'store:' "  file: $STORE" 'sinks:' '  - name: bench' \
		"    format: $format" \
		"    amqp: \"amqp://$RABBIT_USER:$RABBIT_PASSWORD@$BROKER/%2f?queue=bench-$format\""
	publisher=$(pids wayside-publisher/bench)
	wait_for 60 confirmed_all bench
	took=$((${EPOCHREALTIME/./} - began))
	used=$(($(ticks "$publisher") * 1000000 / hz))
	daemon_stop
	wait_for 60 queue_holds "bench-$format" "$sent"
	printf '%-27s %9d %10d %10d\n' "RabbitMQ, $format" "$sent" \
		"$(a_second $used "$sent")" "$(a_second $took "$sent")"
}

own_proc
topology
broker_place vendor
spawn vendor "$DIR/vendor.log" /usr/bin/python3 "$bench/load.py" vendor \
	"$VENDOR4:7700"
vendor=$!
wait_for 10 grep -qs ready "$DIR/vendor.log"
printf '%-10s %-16s %9s %10s %10s %5s\n' protocol recorder messages 'a CPU s' 'a second' gaps
for protocol in watch h02 gt06 jt808 teltonika; do
	recorded $protocol decoded
	recorded $protocol stored 'store:' "  file: $STORE"
done
recorded watch 'stored, flash' 'store:' "  file: $STORE" '  flash: yes'
recorded watch 'stored, durable' 'store:' "  file: $STORE" '  durable: yes'
rabbit "listeners.tcp.wan = $BROKER:5672"
printf '\n%-27s %9s %10s %10s\n' sink events 'a CPU s' 'a second'
published json
published classic
kill $vendor
rabbit_down
