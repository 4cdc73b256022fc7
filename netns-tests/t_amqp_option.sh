# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# tcpproxy's command line with -O amqp=URI and with a bare URI works with a real
# RabbitMQ, without a configuration file. Nobody sees the password, neither in ps nor in
# an environment; a second start goes on where the first one ended.
own_proc
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
mount -t tmpfs -o mode=0755 tmpfs /var/lib # where the store is, if nobody says
mkdir /var/lib/wayside
topology
firewall "tcp dport 7700 accept"
broker_place vendor
rabbit 'listeners.tcp.wan = 203.0.113.2:5672'
uri="amqp://$RABBIT_USER:$RABBIT_PASSWORD@203.0.113.2:5672/%2F?exchange=tcpproxy&queue=observer.events"
lk='[SG*1234567890*0002*LK]'

# talk: two events, by way of a listener of the gateway's own
talk() {
	server vendor vendor "$VENDOR4:7700" expect "$lk" send "$lk" recv-all
	client tracker tracker 192.168.1.1:7700 send "$lk" expect "$lk" \
		shutdown-write recv-all
	join tracker vendor
}
# payloads N: consumes so many; device and payload of each
payloads() {
	consume observer.events "$1" >"$DIR/observed"
	sed -E 's/.*"device_id":"([^"]*)".*"payload":"([^"]*)".*/\1 \2/' "$DIR/observed"
}

for option in "amqp=$uri" "$uri"; do
	daemon_run -l 192.168.1.1:7700 -r "$VENDOR4:7700" -o "$LOGS" \
		-p /run/wayside/pid -O "$option"
	talk
	expect_equal "what came with -O ${option%%//*}" "$(payloads 2)" \
		"1234567890 $lk"$'\n'"1234567890 $lk"
	# shellcheck disable=SC2154 # of lib.sh
	for pid in "$daemon_pid" $(pids 'wayside-*'); do
		! grep -qa "$RABBIT_PASSWORD" "/proc/$pid/cmdline" "/proc/$pid/environ" ||
			fail "the password is seen: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
	[ -n "$(pids 'wayside-publisher/amqp')" ] || fail "no publisher"
	expect_flows 1
	! grep -q "$RABBIT_PASSWORD" "$DIR/daemon.log" || fail "the password is logged"
done
wait_for 10 queue_holds observer.events 0 # none of them twice
