# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A real RabbitMQ is killed, ends in order, loses its queue, with events on their way:
# each arrives, in order, and one that comes again has its id.
# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/broker.sh"
ip link set lo up
rabbit

# Killed, then ended in order, with events on their way. RabbitMQ keeps what it has
# confirmed, but writes down later that there is such a queue.
sink_puts killed events=0
join killed
rabbit_eval 'mnesia:sync_log(), mnesia:dump_log().' >"$DIR/eval.txt"
sink_puts killed events=10000 batch=10 pause=5
wait_for 10 queue_has killed 500
rabbit_kill
wait_for 10 sink_said killed '^failed'
rabbit_up
wait_for 10 sink_said killed '^failed.*Connection refused'
have=$(rabbit_ctl list_queues name messages | awk '$1 == "killed" { print $2 }')
wait_for 10 queue_has killed $((have + 500))
peer_runs killed || fail "it was over too soon"
rabbit_down
rabbit_up
join killed
all_arrived killed 10000

# The queue is deleted: what comes next is returned, and makes it anew.
sink_puts deleted events=5000 batch=10 pause=5
wait_for 10 queue_has deleted 500
rabbit_ctl delete_queue deleted >"$DIR/ctl.txt"
join deleted
sink_said deleted '^failed 2 returned, no queue takes key deleted: NO_ROUTE' ||
	fail "$(cat "$DIR/deleted.log")"
queue_has deleted 1 || fail "it was not made anew"
