# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2119 # rabbit gets no line here
# A real RabbitMQ is killed, ends in order, loses its queue, with events on their way:
# each arrives, in order, and one that comes again has its id.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
ip link set lo up
rabbit

# Killed, then ended in order, with events on their way. RabbitMQ keeps what it has
# confirmed, but writes down later that there is such a queue.
sink_puts killed events=0
join killed
rabbit_eval 'mnesia:sync_log(), mnesia:dump_log().' >"$DIR/eval.txt"
sink_puts killed events=10000 batch=10 pause=5 last="$DIR/over"
wait_for 10 queue_has killed 500
rabbit_kill
wait_for 10 sink_said killed '^failed'
rabbit_up
wait_for 10 sink_said killed '^failed.*Connection refused'
opened() { # so often
	[ "$(grep -c ^open "$DIR/killed.log")" -ge "$1" ]
}
wait_for 10 opened 2
rabbit_down
rabbit_up
touch "$DIR/over"
join killed
all_arrived killed 10000

# The queue is deleted: what comes next is returned, and makes it anew.
sink_puts deleted events=5000 gate="$DIR/go"
wait_for 10 sink_said deleted '^open'
rabbit_ctl delete_queue deleted >"$DIR/ctl.txt"
touch "$DIR/go"
join deleted
sink_said deleted '^failed 2 returned, no queue takes key deleted: NO_ROUTE' ||
	fail "$(cat "$DIR/deleted.log")"
all_arrived deleted 5000
