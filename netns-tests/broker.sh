# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# broker.sh - real brokers in a case; sourced by it
#
# Words
#   rabbit   a RabbitMQ of the case's own, without systemd, user and host name of
#            the machine: its files are in $RABBIT, its log is $DIR/rabbit.log
#   redis    the same of Redis: $DIR/redis.log
#   place    where they run: `broker_place HOST` is one of lib.sh's hosts; without it
#            the case's own namespace. They listen on 127.0.0.1 and on what `rabbit`
#            is told.
#
# rabbitmq-server and rabbitmqctl in /usr/sbin change the user first, which a user
# namespace has no other of: those in /usr/lib/rabbitmq/bin do not.
# shellcheck disable=SC2034,SC2154 # used by the cases; set by lib.sh
RABBIT=$DIR/rabbit
RABBIT_USER=wayside
RABBIT_PASSWORD=tarnhelm # a word that is in no log for another reason
REDIS_PORT=6379
broker_host=
rabbit_pid=
redis_pid=

# broker_place HOST
broker_place() {
	broker_host=$1
}

# at_broker CMD...
at_broker() {
	if [ -n "$broker_host" ]; then
		on "$broker_host" "$@"
	else
		"$@"
	fi
}

# at_broker_spawn LOG CMD...: in the background; its pid is $!
at_broker_spawn() {
	local log=$1 there=()

	shift
	[ -z "$broker_host" ] || there=(nsenter "--net=/run/netns/$broker_host" --)
	: >"$log"
	(exec "${there[@]}" "$@") >>"$log" 2>&1 &
}

# Its surroundings, of which nothing is the machine's.
rabbit_env=(env -i PATH="$PATH" LANG=C.UTF-8 HOME="$RABBIT/home"
	RABBITMQ_HOME=/usr/lib/rabbitmq ERL_CRASH_DUMP="$RABBIT/crash.dump"
	RABBITMQ_NODENAME=case@localhost
	RABBITMQ_DIST_PORT=25672 ERL_EPMD_PORT=4369 ERL_EPMD_ADDRESS=127.0.0.1
	RABBITMQ_MNESIA_BASE="$RABBIT/mnesia" RABBITMQ_LOG_BASE="$RABBIT/log"
	RABBITMQ_PID_FILE="$RABBIT/pid" RABBITMQ_CONFIG_FILE="$RABBIT/rabbitmq"
	RABBITMQ_CONF_ENV_FILE="$RABBIT/env.conf"
	RABBITMQ_ADVANCED_CONFIG_FILE="$RABBIT/advanced"
	RABBITMQ_ENABLED_PLUGINS_FILE="$RABBIT/enabled_plugins"
	RABBITMQ_FEATURE_FLAGS_FILE="$RABBIT/feature_flags"
	RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}")

# rabbit_config [LINE...]: of rabbitmq.conf, beside those that every case has. An alarm
# of memory or disk is a case's own doing, never the machine's state.
rabbit_config() {
	mkdir -p "$RABBIT/home" "$RABBIT/mnesia" "$RABBIT/log"
	: >"$RABBIT/env.conf"
	echo '[].' >"$RABBIT/enabled_plugins"
	printf '%s\n' 'loopback_users = none' \
		"default_user = $RABBIT_USER" "default_pass = $RABBIT_PASSWORD" \
		'log.console = true' 'log.console.level = warning' 'log.file = false' \
		'vm_memory_high_watermark.absolute = 8GiB' \
		'disk_free_limit.absolute = 1MB' \
		'listeners.tcp.local = 127.0.0.1:5672' "$@" \
		>"$RABBIT/rabbitmq.conf"
}

# rabbit_up: returns when it takes connections; what it had before is still there
rabbit_up() {
	at_broker_spawn "$DIR/rabbit.log" "${rabbit_env[@]}" \
		/usr/lib/rabbitmq/bin/rabbitmq-server
	rabbit_pid=$!
	wait_for 60 rabbit_ready_or_dead
	grep -q 'completed with' "$DIR/rabbit.log" ||
		fail "RabbitMQ did not start"
}
rabbit_ready_or_dead() {
	grep -qs 'completed with' "$DIR/rabbit.log" ||
		! kill -0 "$rabbit_pid" 2>/dev/null
}

# rabbit [LINE...]: a new one with such lines in its configuration
rabbit() {
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || exit 77
	rabbit_config "$@"
	rabbit_up
}

# rabbit_ctl ARGUMENT...: rabbitmqctl
rabbit_ctl() {
	at_broker "${rabbit_env[@]}" /usr/lib/rabbitmq/bin/rabbitmqctl -q "$@"
}

# rabbit_eval EXPRESSION: Erlang, in the broker
rabbit_eval() {
	rabbit_ctl eval "$1"
}

# rabbit_down: an orderly end
rabbit_down() {
	kill "$rabbit_pid"
	wait "$rabbit_pid" || true # its status is that of the signal
	rabbit_pid=
}

# rabbit_kill: SIGKILL, to the script that started it, too
rabbit_kill() {
	kill -KILL "$(cat "$RABBIT/pid")" "$rabbit_pid"
	{ wait "$rabbit_pid" || true; } 2>/dev/null # bash reports it as news
	rabbit_pid=
}

# rabbit_stopped, rabbit_continues: it answers nothing meanwhile
rabbit_stopped() {
	kill -STOP "$(cat "$RABBIT/pid")"
}
rabbit_continues() {
	kill -CONT "$(cat "$RABBIT/pid")"
}

# rabbit_alarm, rabbit_calm: it is short of memory and reads no publisher
rabbit_alarm() {
	rabbit_ctl set_vm_memory_high_watermark absolute 1MiB
}
rabbit_calm() {
	rabbit_ctl set_vm_memory_high_watermark absolute 8GiB
}

# queue_holds QUEUE N: that many messages wait in it
queue_holds() {
	[ "$(rabbit_ctl list_queues name messages_ready 2>/dev/null |
		awk -v q="$1" '$1 == q { print $2 }')" = "$2" ]
}

# queue_has QUEUE N: or more, those included that a consumer was given
queue_has() {
	[ "$(rabbit_ctl list_queues name messages 2>/dev/null |
		awk -v q="$1" '$1 == q { print $2 }')" -ge "$2" ] 2>/dev/null
}

# sink_puts QUEUE KEY=VALUE...: events that are made up (see amqp_put.c), into this
# queue, as long as it takes; a peer with the queue's name, at the broker's place
sink_puts() {
	at_broker_spawn "$DIR/$1.log" "$PEERS/amqp_put" "user=$RABBIT_USER" \
		"password=$RABBIT_PASSWORD" "queue=$1" retries=1000 "${@:2}"
	peer_pid[$1]=$!
}

# sink_put STATUS KEY=VALUE...: the same, waited for, from the case's own namespace;
# what it says, without the password, is in $said
sink_put() {
	local status=0

	"$PEERS/amqp_put" "user=$RABBIT_USER" "password=$RABBIT_PASSWORD" \
		"${@:2}" >"$DIR/put.log" 2>&1 || status=$?
	said=$(cat "$DIR/put.log")
	expect_equal "status of $*: $said" "$status" "$1"
	[[ $said != *"$RABBIT_PASSWORD"* ]] || fail "the password is told"
}

# sink_said QUEUE REGEX
sink_said() {
	grep -qE "$2" "$DIR/$1.log"
}

# consume QUEUE N [OPTION...]: N different events, with the example of a consumer, one a
# line on standard output, as they came first
consume() {
	at_broker timeout 120 \
		"${BASH_SOURCE[0]%/*}/../contrib/examples/amqp_consumer.py" \
		"amqp://$RABBIT_USER:${RABBIT_PASSWORD//\//%2F}@127.0.0.1/%2f" "$1" \
		--raw --count "$2" "${@:3}"
}

# all_arrived QUEUE N: of sink_puts, in the order of their numbers
all_arrived() {
	consume "$1" "$2" | sed 's/ *$//' >"$DIR/$1.events" ||
		fail "$1: not all came"
	cmp "$DIR/$1.events" <(seq -f '{"n":%.0f}' 0 $(($2 - 1))) ||
		fail "$1: others, or in another order"
}

# tls_files DIRECTORY NAME...: a private CA and what it has signed, all valid for a day
#   ca.pem; server.pem, server.key: for the NAMEs (IP:... or DNS:...)
#   client.pem, client.key; expired.pem: a server's, of yesterday
#   other-ca.pem: one that has signed nothing
tls_files() {
	local dir=$1 names

	shift
	names=$(IFS=,; echo "$*")
	mkdir -p "$dir"
	(
		cd "$dir"
		for ca in ca other-ca; do
			openssl req -x509 -newkey ec -pkeyopt \
				ec_paramgen_curve:P-256 -nodes -days 1 \
				-subj "/CN=$ca of the case" \
				-keyout "$ca.key" -out "$ca.pem"
		done
		tls_leaf server "subjectAltName=$names" -days 1
		tls_leaf client "extendedKeyUsage=clientAuth" -days 1
		tls_leaf expired "subjectAltName=$names" -days -1
	) >"$DIR/openssl.log" 2>&1 || fail "openssl: $(cat "$DIR/openssl.log")"
}
# tls_leaf NAME EXTENSION OPTION...
tls_leaf() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key \
		-extfile <(echo "$2") -out "$1.pem" "${@:3}"
}

# tls_lines DIRECTORY ADDRESS:PORT [VERIFY]: lines of rabbitmq.conf; with VERIFY clients
# without a certificate of the CA are refused
tls_lines() {
	printf '%s\n' "listeners.ssl.tls = $2" \
		"ssl_options.cacertfile = $1/ca.pem" \
		"ssl_options.certfile = $1/server.pem" \
		"ssl_options.keyfile = $1/server.key"
	[ -z "${3-}" ] || printf '%s\n' 'ssl_options.verify = verify_peer' \
		'ssl_options.fail_if_no_peer_cert = true'
}

# --- Redis ------------------------------------------------------------------

# redis [OPTION...]: keeps what it has on the disk at once
redis() {
	[ -x /usr/bin/redis-server ] || exit 77
	mkdir -p "$DIR/redis"
	at_broker_spawn "$DIR/redis.log" redis-server --bind 127.0.0.1 \
		--port $REDIS_PORT --dir "$DIR/redis" --save '' \
		--appendonly yes --appendfsync always "$@"
	redis_pid=$!
	wait_for 10 redis_answers
}
redis_answers() {
	[ "$(redis_cli ping 2>/dev/null)" = PONG ]
}

# redis_cli WORD...
redis_cli() {
	at_broker redis-cli -p $REDIS_PORT "$@"
}

redis_kill() {
	kill -KILL "$redis_pid"
	{ wait "$redis_pid" || true; } 2>/dev/null # bash reports it as news
	redis_pid=
}
