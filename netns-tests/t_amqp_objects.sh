# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2119 # rabbit gets no line here
# Exchange and queue of a real RabbitMQ: a queue alone, an exchange alone and both
# work; what is absent is made, durable; what is there is used as it is, also by a user
# who may make nothing. Messages are persistent and have the event's id. Who may not
# log in is told why, without the password.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
ip link set lo up
rabbit

# reported RETURNED: of what was put last
reported() {
	expect_match "report" "$(tail -n 1 <<<"$said")" \
		"confirmed=[0-9]+ returned=$1 ms=.*"
}

# A queue alone, whose name is the key.
sink_put 0 queue=alone events=600
reported 0
wait_for 10 queue_holds alone 600
expect_equal "the queue" "$(rabbit_ctl list_queues name durable auto_delete |
	grep alone)" $'alone\ttrue\tfalse'
# The broker forgets what is not persistent when it ends: see t_amqp_broker.sh.
expect_match "a message" "$(/usr/bin/python3 - <<-END
	import pika
	parameters = pika.URLParameters(
	    "amqp://$RABBIT_USER:$RABBIT_PASSWORD@127.0.0.1/%2f")
	with pika.BlockingConnection(parameters) as connection:
	    _, p, body = connection.channel().basic_get("alone", auto_ack=True)
	    print(p.delivery_mode, p.content_type, p.message_id, body.decode())
END
)" '2 application/json n-0 \{"n":0\}'

# An exchange alone: nobody wants it yet, which is no failure and is told.
sink_put 0 exchange=trackers routing_key='{protocol}.{device_id}.{type}' events=30
reported 30
expect_match "what is said" "$said" \
	'.*no queue takes them sink=test exchange=trackers key=watch\.d0\.position.*'
expect_equal "the exchange" "$(rabbit_ctl list_exchanges name type durable \
	auto_delete | grep trackers)" $'trackers\ttopic\ttrue\tfalse'

# Both; and a queue of somebody else's gets what it asked for.
rabbit_eval 'Q = fun(N, K) ->
		X = fun(T, Name) -> rabbit_misc:r(<<"/">>, T, Name) end,
		{new, _} = rabbit_amqqueue:declare(X(queue, N), true, false, [],
			none, <<"test">>),
		ok = rabbit_binding:add({binding, X(exchange, <<"trackers">>), K,
			X(queue, N), []}, <<"test">>)
	end, Q(<<"third">>, <<"*.d3.#">>).' >"$DIR/eval.txt"
sink_put 0 exchange=trackers queue=both routing_key='{protocol}.{device_id}.{type}' \
	events=100
reported 0
wait_for 10 queue_holds both 100
wait_for 10 queue_holds third 10
expect_equal "the binding" "$(rabbit_ctl list_bindings source_name \
	destination_name routing_key | grep 'trackers.*both')" \
	$'trackers\tboth\t*.*.*'

# What is there stays what it is: the classic observer's queue, another exchange.
rabbit_eval 'X = fun(T, N) -> rabbit_misc:r(<<"/">>, T, N) end,
	{new, _} = rabbit_amqqueue:declare(X(queue, <<"classic">>), false, true,
		[], none, <<"test">>),
	rabbit_exchange:declare(X(exchange, <<"out">>), fanout, false, false,
		false, [], <<"test">>).' >"$DIR/eval.txt"
sink_put 0 exchange=out queue=classic routing_key=any events=50
reported 0
wait_for 10 queue_holds classic 50

# A user who may write into what there is, and nothing else.
rabbit_ctl add_user writer tarnhelm-2 >"$DIR/ctl.txt"
rabbit_ctl set_permissions writer '^$' '^(trackers|amq.default)$' '^$'
writer=(user=writer password=tarnhelm-2)
sink_put 0 "${writer[@]}" exchange=trackers queue=both routing_key=watch.d1.x events=40
reported 0
wait_for 10 queue_holds both 140
sink_put 0 "${writer[@]}" queue=alone
wait_for 10 queue_holds alone 600
sink_put 1 "${writer[@]}" queue=nowhere
expect_match "what is said" "$said" \
	"failed 22 ACCESS_REFUSED - access to queue 'nowhere' .*"
sink_put 1 "${writer[@]}" exchange=out
expect_match "what is said" "$said" \
	".*ACCESS_REFUSED - access to exchange 'out' .*"

# Who may not come in.
sink_put 1 password=tarnhelm-no queue=alone
expect_match "what is said" "$said" \
	'failed 22 ACCESS_REFUSED - Login was refused .*'
[[ $said != *tarnhelm* ]] || fail "the password is told"
sink_put 1 vhost=none queue=alone
expect_match "what is said" "$said" 'failed 22 NOT_ALLOWED - vhost none not found.*'
sink_put 1 "${writer[@]}" vhost=none queue=alone
sink_put 1 host=nowhere.invalid queue=alone
expect_match "what is said" "$said" \
	'failed 113 connect to nowhere.invalid:5672: the name is not known.*'
sink_put 1 port=5999 queue=alone
expect_match "what is said" "$said" \
	'failed 111 connect to 127.0.0.1:5999: Connection refused.*'

# Four heartbeats of silence on our side: it is still there.
sink_put 0 queue=alone heartbeat=1 idle=8
expect_match "what is said" "$said" '.*idle over'
