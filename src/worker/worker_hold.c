/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_hold.c - connections that a limit keeps from their server
 *
 * Theory of operation
 *
 *   accepted --may connect--> CONNECTING
 *      |                          ^
 *      +--a limit--> HELD --look--+--connect_timeout--> reset
 *
 * A held flow has its slot and its client's socket, which is watched for a
 * reset and not read. Held flows stand in one list, first in, first out; a look
 * goes through it and connects those that may. There is a look
 *
 *   - when a flow of this worker has ended: a count or a port may be free
 *   - each WORKER_RESUME_MS, since flows of other workers end too
 *   - when connect_rate allows the next one, and when somebody's time is over
 *
 * and none without one of these, so waiting costs nothing. Who is over the
 * limit of his own network does not hold up others, and nor does a server
 * towards which no port is free; the rate is one for all. A new flow goes to
 * the end of the list when somebody waits there for the rate or for a port;
 * else it is tried at once. Those that wait for their own network and the
 * others have a bound each, so no network takes the places of the others.
 */
#include <errno.h>

#include "base_time.h"
#include "intake_connect.h"
#include "worker_internal.h"

#define NS_PER_MS (BASE_TIME_NS_PER_S / 1000)
/* connect() looks at all ports before it says that none is free, so a look asks
 * for that many pairs of addresses in vain, and no more. */
#define EXHAUSTED_MAX 4
/* ... and no sooner than that after the last time. */
#define PORTS_MS 10

/* One look. */
struct look {
	bool all;              /* also those that only a flow's end can help */
	enum worker_hold stop; /* nobody can connect now, or HOLD_NONE */
	uint64_t rate_ns;      /* HOLD_RATE: not before that */
	uint64_t next_ms;      /* when there is something to look at again */
	uint64_t ports_ms;     /* hold_ports_ms when it began */
	uint32_t exhausted[EXHAUSTED_MAX]; /* slots that found no port */
	unsigned n_exhausted;
};

static uint64_t deadline_of(const struct worker *w, uint32_t slot)
{
	const uint64_t now = w->env.now_ms;
	const int32_t left =
		(int32_t)(w->links[slot].deadline_ms - (uint32_t)now);

	return left > 0 ? now + (uint32_t)left : now;
}

static uint32_t bits_of(const struct conf_tables *conf,
			const struct base_addr *client)
{
	return client->family == AF_INET ? conf->client_bits_v4
					 : conf->client_bits_v6;
}

bool worker_hold_is_full(const struct worker *w, const struct base_addr *client)
{
	struct ring_shared *shared = w->setup->shared;
	const struct conf_tables *conf = w->conf;

	return conf->max_flows_per_client &&
	       ring_shared_is_full(shared,
				   ring_shared_network(shared, client,
						       bits_of(conf, client)),
				   conf->max_flows_per_client);
}

/* Marked before it is counted, and after it is given back: see ring_shared.h.
 */
bool worker_hold_enter(struct worker *w, uint32_t slot)
{
	const struct conf_tables *conf = w->conf;
	struct ring_slot *s = &w->slots[slot];
	const uint32_t bits = bits_of(conf, &s->client);
	enum ring_enter entered;

	if (!conf->max_flows_per_client || (s->flags & RING_SLOT_COUNTED))
		return true;
	s->client_bits = (uint8_t)bits;
	s->flags |= RING_SLOT_COUNTED;
	entered = ring_shared_enter(
		w->setup->shared,
		ring_shared_network(w->setup->shared, &s->client, bits),
		conf->max_flows_per_client);
	if (entered != RING_ENTER_COUNTED)
		s->flags &= (uint16_t)~RING_SLOT_COUNTED;
	return entered != RING_ENTER_LIMIT;
}

void worker_hold_leave(struct worker *w, uint32_t slot)
{
	struct ring_shared *shared = w->setup->shared;
	struct ring_slot *s = &w->slots[slot];

	if (!(s->flags & RING_SLOT_COUNTED))
		return;
	ring_shared_leave(shared, ring_shared_network(shared, &s->client,
						      s->client_bits));
	s->flags &= (uint16_t)~RING_SLOT_COUNTED;
}

enum conf_source worker_hold_source(const struct worker *w,
				    enum conf_source source)
{
	if (source != CONF_SOURCE_AUTO)
		return source;
	return ring_shared_source(w->setup->shared) == CONF_SOURCE_CLIENT
		       ? CONF_SOURCE_CLIENT
		       : CONF_SOURCE_GATEWAY;
}

static enum conf_source source_of(const struct worker *w, uint32_t slot)
{
	return worker_hold_source(w, (enum conf_source)w->links[slot].source);
}

/* Did another one find no port between the same two addresses? */
static bool is_exhausted(const struct worker *w, const struct look *look,
			 uint32_t slot)
{
	const struct ring_slot *s = &w->slots[slot];

	if (look->n_exhausted == EXHAUSTED_MAX)
		return true;
	for (unsigned i = 0; i < look->n_exhausted; i++) {
		const uint32_t other = look->exhausted[i];
		struct base_addr a = s->client, b = w->slots[other].client;

		if (source_of(w, slot) != source_of(w, other) ||
		    !base_addr_equal(&s->server, &w->slots[other].server))
			continue;
		a.port = b.port = 0;
		if (source_of(w, slot) == CONF_SOURCE_GATEWAY ||
		    base_addr_equal(&a, &b))
			return true;
	}
	return false;
}

void worker_hold_forget(struct worker *w, uint32_t slot)
{
	struct worker_link *l = &w->links[slot];

	if (l->hold == WORKER_HOLD_NONE)
		return;
	w->n_held--;
	w->n_queued -= l->hold != WORKER_HOLD_CLIENT;
	l->hold = WORKER_HOLD_NONE;
	worker_list_remove(w, &w->held, slot);
}

/* Did it find no port just now? Then the next look is when it may try again.
 * Who needs one certain port waits on his own: the kernel looks at one only. */
static bool too_early(struct worker *w, const struct look *look, uint32_t slot)
{
	const uint32_t now = (uint32_t)w->env.now_ms;

	if (w->links[slot].hold != WORKER_HOLD_PORTS)
		return false;
	if (source_of(w, slot) == CONF_SOURCE_CLIENT_PORT)
		return now - w->links[slot].retry_ms > INT32_MAX;
	if (w->env.now_ms >= look->ports_ms)
		return false;
	w->hold_look_ms = look->ports_ms;
	return true;
}

/* What intake_connect() said: does the flow wait for something of ours? */
static enum worker_hold reason_of(int fd)
{
	switch (fd) {
	case -EADDRNOTAVAIL:
		return WORKER_HOLD_PORTS;
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
	case -ENOMEM:
		return WORKER_HOLD_FILES;
	}
	return WORKER_HOLD_NONE;
}

/* Return: WORKER_HOLD_NONE = it has begun, and may be over already. */
static enum worker_hold try_flow(struct worker *w, struct look *look,
				 uint32_t slot)
{
	struct ring_shared *shared = w->setup->shared;
	const struct ring_slot *s = &w->slots[slot];
	const enum conf_source source = source_of(w, slot);
	const bool same_port = source == CONF_SOURCE_CLIENT_PORT;
	const uint32_t mark = conf_tables_fixed(w->conf) ? 0 : INTAKE_MARK;
	const uint32_t rate = w->conf->connect_rate;
	enum worker_hold hold;
	enum base_call call;
	int fd;

	if (!worker_hold_enter(w, slot))
		return WORKER_HOLD_CLIENT;
	if (look->stop)
		return look->stop;
	if (too_early(w, look, slot) ||
	    (!same_port && is_exhausted(w, look, slot)))
		return WORKER_HOLD_PORTS;
	if (rate)
		look->rate_ns = ring_shared_connect(
			shared, w->env.now_ms * NS_PER_MS, rate);
	if (look->rate_ns)
		return look->stop = WORKER_HOLD_RATE;
	fd = intake_connect(source, mark, &s->client, &s->server, &call);
	hold = reason_of(fd);
	if (hold == WORKER_HOLD_NONE) {
		worker_hold_forget(w, slot);
		worker_flow_connect(w, slot, fd, call);
		return WORKER_HOLD_NONE;
	}
	if (rate)
		ring_shared_connect_undo(shared, rate);
	if (hold == WORKER_HOLD_FILES)
		return look->stop = hold;
	if (same_port) {
		w->links[slot].retry_ms =
			(uint32_t)w->env.now_ms + WORKER_RESUME_MS;
		return hold;
	}
	look->exhausted[look->n_exhausted++] = slot;
	w->hold_ports_ms = w->env.now_ms + PORTS_MS;
	return hold;
}

/* A wait is counted once, with its first reason. */
static void note_reason(struct worker *w, uint32_t slot, enum worker_hold hold)
{
	static const enum stat_id reasons[] = {
		[WORKER_HOLD_CLIENT] = STAT_LIMIT_CLIENT,
		[WORKER_HOLD_RATE] = STAT_LIMIT_RATE,
		[WORKER_HOLD_PORTS] = STAT_LIMIT_PORTS,
		[WORKER_HOLD_FILES] = STAT_MAX, /* has none of its own */
	};
	struct worker_link *l = &w->links[slot];

	if (l->hold == WORKER_HOLD_NEW) {
		stat_add(&w->control->stat, STAT_LIMIT_WAITS, 1);
		if (reasons[hold] != STAT_MAX)
			stat_add(&w->control->stat, reasons[hold], 1);
	}
	w->n_queued +=
		(hold != WORKER_HOLD_CLIENT) - (l->hold != WORKER_HOLD_CLIENT);
	l->hold = (uint8_t)hold;
}

static void push(struct worker *w, uint32_t slot)
{
	w->links[slot].hold = WORKER_HOLD_NEW;
	w->n_held++;
	w->n_queued++;
	worker_list_push(w, &w->held, slot);
	worker_flow_tell(w, slot);
}

/* When the flow, which stays in the list, is to be looked at again. */
static uint64_t look_again(const struct worker *w, const struct look *look,
			   uint32_t slot)
{
	const uint64_t deadline = deadline_of(w, slot);
	uint64_t next = w->hold_look_ms;

	if (w->links[slot].hold == WORKER_HOLD_RATE)
		next = (look->rate_ns + NS_PER_MS - 1) / NS_PER_MS;
	return next < deadline ? next : deadline;
}

static void look_at(struct worker *w, struct look *look, uint32_t slot)
{
	const enum worker_hold was = w->links[slot].hold;

	if (deadline_of(w, slot) <= w->env.now_ms) {
		worker_flow_close(w, slot, RING_CLOSE_LIMIT, 0);
		return;
	}
	if (look->all || was == WORKER_HOLD_NEW || was == WORKER_HOLD_RATE) {
		const enum worker_hold hold = try_flow(w, look, slot);

		if (hold == WORKER_HOLD_NONE)
			return;
		note_reason(w, slot, hold);
	}
	if (look_again(w, look, slot) < look->next_ms)
		look->next_ms = look_again(w, look, slot);
}

void worker_hold_look(struct worker *w)
{
	const uint64_t now = w->env.now_ms;
	struct look look = { .all = now >= w->hold_look_ms,
			     .next_ms = UINT64_MAX,
			     .ports_ms = w->hold_ports_ms };
	uint32_t next;

	w->hold_due = false;
	if (look.all)
		w->hold_look_ms = now + WORKER_RESUME_MS;
	for (uint32_t slot = w->held.first; slot != WORKER_NONE; slot = next) {
		next = w->links[slot].next;
		look_at(w, &look, slot);
	}
	if (w->held.first == WORKER_NONE)
		loop_timer_clear(&w->loop, &w->hold_timer);
	else
		loop_timer_set(&w->loop, &w->hold_timer, look.next_ms);
}

void worker_hold_retry(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, hold_timer);

	(void)now_ms;
	worker_clock(w);
	worker_hold_look(w);
}

static uint32_t most_held(const struct worker *w)
{
	const uint32_t share = w->n_slots / WORKER_HELD_SHARE;

	return share > WORKER_HELD_MIN ? share : WORKER_HELD_MIN;
}

/* As many wait as may, for that reason or in all: who waited for his network
 * may wait for the rate by now. */
static bool is_crowded(const struct worker *w, enum worker_hold hold)
{
	const uint32_t most = most_held(w);
	const uint32_t alike = hold == WORKER_HOLD_CLIENT
				       ? w->n_held - w->n_queued
				       : w->n_queued;

	return alike >= most || w->n_held >= 2 * most;
}

void worker_hold_begin(struct worker *w, uint32_t slot)
{
	struct look look = { .all = true };
	enum worker_hold hold = WORKER_HOLD_NEW;

	if (!w->n_queued) {
		hold = try_flow(w, &look, slot);
		if (hold == WORKER_HOLD_NONE)
			return;
	} else if (!worker_hold_enter(w, slot)) {
		hold = WORKER_HOLD_CLIENT;
	} else if (is_crowded(w, hold)) {
		worker_hold_look(w);
	}
	if (is_crowded(w, hold)) {
		worker_flow_close(w, slot, RING_CLOSE_LIMIT, 0);
		return;
	}
	push(w, slot);
	if (hold != WORKER_HOLD_NEW)
		note_reason(w, slot, hold);
	w->hold_due = true;
}
