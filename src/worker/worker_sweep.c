/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_sweep.c - flows that nobody hears of any more
 *
 * Theory of operation
 *
 * One timer goes through the open flows, at most once in WORKER_SWEEP_MS, and
 * sleeps while there are none.
 *
 *   idle        no byte moved either way for idle_timeout. The time of the last
 *               one is noted where the pumps run, so it costs no call. After
 *               a standstill of ours bytes may wait whose turn comes yet.
 *   half-open   its client came anew (ring_shared.h), and what it was sent
 *               stays unacknowledged for half_open_ms, in which nothing was
 *               heard of it. Neither is enough alone: a client may keep several
 *               connections, many clients may share one address behind NAT, and
 *               one without coverage comes back.
 *
 * What was heard says the kernel, who is asked for no flow whose client did not
 * come anew, for none that was sent nothing since all was acknowledged, and for
 * WORKER_ASKED_MAX in a sweep; the next one begins where that was reached. So a
 * flow is seen twice before it counts as half-open, and whatever comes from its
 * client begins that anew.
 */
#include <sys/ioctl.h>

#include "intake_peer.h"
#include "worker_internal.h"

/* Half-open ones are looked for that often, in parts of half_open_ms. */
#define PARTS 6

/* One sweep. */
struct sweep {
	bool any;         /* is open, and stays so */
	bool half_open;   /* is looked for */
	unsigned asked;   /* the kernel */
	uint64_t next_ms; /* when the next flow will have been idle for too
			     long */
};

/* Not those that we leave where they are because nobody takes them. */
bool worker_sweep_is_unread(const struct ring_slot *s)
{
	for (int i = 0; i < RING_SIDES; i++) {
		int n = 0;

		if ((s->interest[i] & RELAY_READ) &&
		    ioctl(s->fd[i], FIONREAD, &n) == 0 && n > 0)
			return true;
	}
	return false;
}

static bool is_idle(struct sweep *sweep, const struct worker *w, uint32_t slot)
{
	const struct worker_link *l = &w->links[slot];
	const uint32_t idle = (uint32_t)w->env.now_ms - l->active_ms;

	if (!l->idle_ms)
		return false;
	if (idle >= l->idle_ms) {
		if (!worker_sweep_is_unread(&w->slots[slot]))
			return true;
		sweep->next_ms = w->env.now_ms;
		return false;
	}
	if (sweep->next_ms > w->env.now_ms + (l->idle_ms - idle))
		sweep->next_ms = w->env.now_ms + (l->idle_ms - idle);
	return false;
}

/* What the client was sent: the lower bits. Not its FIN: the kernel gives that
 * up by itself, and says only when it sent the last byte. */
static uint32_t sent_to_client(const struct ring_slot *s)
{
	return (uint32_t)s->dir[RING_SERVER].bytes_out;
}

/* The kernel's answer, noted for the next sweep. Return: it is stuck for too
 * long. */
static bool is_stuck(const struct worker *w, uint32_t slot)
{
	const struct ring_slot *s = &w->slots[slot];
	const uint32_t now = (uint32_t)w->env.now_ms;
	struct worker_link *l = &w->links[slot];
	struct intake_peer peer;

	if (intake_peer_ask(s->fd[RING_CLIENT], &peer))
		return false;
	if (!peer.unanswered) {
		l->stuck = false;
		/* what is not acknowledged yet is looked at again */
		l->seen = sent_to_client(s) - !peer.done;
		return false;
	}
	if (l->stuck && l->seen == peer.heard)
		return now - l->stuck_ms >= w->half_open_ms;
	l->stuck = true;
	l->stuck_ms = now;
	l->seen = peer.heard;
	return false;
}

static bool is_half_open(struct sweep *sweep, const struct worker *w,
			 uint32_t slot)
{
	struct ring_shared *shared = w->setup->shared;
	const struct worker_link *l = &w->links[slot];
	const struct ring_slot *s = &w->slots[slot];

	if (!l->stuck && l->seen == sent_to_client(s))
		return false;
	if (!ring_shared_came_anew(
		    shared, ring_shared_pair(shared, &s->client, &s->server),
		    s->connection))
		return false;
	sweep->asked++;
	return is_stuck(w, slot);
}

static void look_at(struct sweep *sweep, struct worker *w, uint32_t slot)
{
	const struct ring_slot *s = &w->slots[slot];

	if (s->state != RING_STATE_OPEN)
		return;
	if (is_idle(sweep, w, slot))
		worker_flow_stop(w, slot, RING_CLOSE_IDLE);
	else if (sweep->half_open && s->transport == RING_TRANSPORT_TCP &&
		 is_half_open(sweep, w, slot))
		worker_flow_stop(w, slot, RING_CLOSE_SUPERSEDED);
	else
		sweep->any = true;
}

/* Not before the next moment of a sweep. */
static void arm(struct worker *w, uint64_t at_ms)
{
	const uint64_t soonest = w->env.now_ms + WORKER_SWEEP_MS;

	loop_timer_set(&w->loop, &w->sweep_timer,
		       at_ms > soonest ? at_ms : soonest);
}

void worker_sweep_fire(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, sweep_timer);
	const uint32_t n = w->control->n_used;
	struct sweep sweep = { .next_ms = UINT64_MAX };

	worker_clock(w);
	sweep.half_open = now_ms >= w->half_look_ms;
	if (sweep.half_open)
		w->half_look_ms = now_ms + w->half_open_ms / PARTS;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t slot = (w->sweep_first + i) % n;

		look_at(&sweep, w, slot);
		if (sweep.asked == WORKER_ASKED_MAX) {
			sweep.half_open = false;
			sweep.asked = 0;
			w->sweep_first = slot + 1;
		}
	}
	if (sweep.any)
		arm(w, sweep.next_ms < w->half_look_ms ? sweep.next_ms
						       : w->half_look_ms);
}

void worker_sweep_open(struct worker *w, uint32_t slot)
{
	struct worker_link *l = &w->links[slot];
	const uint64_t now = w->env.now_ms;
	uint64_t at = now + w->half_open_ms / PARTS;

	l->seen = 0;
	l->stuck = false;
	if (l->idle_ms && now + l->idle_ms < at)
		at = now + l->idle_ms;
	if (!w->sweep_timer.armed || at < w->sweep_timer.at_ms)
		arm(w, at);
}
