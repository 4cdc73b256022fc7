/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_slots.c - slots of the flow table, and the lists they are in */
#include <string.h>

#include "base_die.h"
#include "base_time.h"
#include "worker_internal.h"

/* More than a ring hands out in 80 years at 100,000 a second. */
#define FLOWS_MAX (1ULL << 48)

void worker_list_insert(struct worker *w, struct worker_list *list,
			uint32_t slot, uint32_t after)
{
	struct worker_link *l = &w->links[slot];

	l->prev = after;
	l->next = after == WORKER_NONE ? list->first : w->links[after].next;
	*(after == WORKER_NONE ? &list->first : &w->links[after].next) = slot;
	*(l->next == WORKER_NONE ? &list->last : &w->links[l->next].prev) =
		slot;
}

void worker_list_push(struct worker *w, struct worker_list *list, uint32_t slot)
{
	worker_list_insert(w, list, slot, list->last);
}

void worker_list_remove(struct worker *w, struct worker_list *list,
			uint32_t slot)
{
	const struct worker_link *l = &w->links[slot];

	if (l->prev != WORKER_NONE)
		w->links[l->prev].next = l->next;
	else
		list->first = l->next;
	if (l->next != WORKER_NONE)
		w->links[l->next].prev = l->prev;
	else
		list->last = l->prev;
}

/* A flow of a predecessor that died: the keeper has closed its sockets. One
 * that is CLOSING has been told of and counted. */
static void bury(struct worker *w, uint32_t slot)
{
	struct ring_slot *s = &w->slots[slot];
	const struct ring_entry e = {
		.type = RING_ENTRY_CLOSE,
		.len = sizeof(*s),
		.slot = slot,
		.serial = s->serial,
		.reason = RING_CLOSE_WORKER_DIED,
		.flow_id = s->flow_id,
		.time_ns = base_time_wall_ns(),
	};

	s->fd[RING_CLIENT] = s->fd[RING_SERVER] = -1;
	worker_hold_leave(w, slot);
	if (s->state != RING_STATE_CLOSING) {
		if (!ring_tap_put(&w->tap, &e, s, base_time_mono_ms()))
			stat_add(&w->control->stat, STAT_HINTS_LOST, 1);
		stat_add(&w->control->stat, STAT_FLOWS_DIED, 1);
		stat_add(&w->control->stat, STAT_FLOWS_CLOSED, 1);
	}
	ring_slot_free(s);
}

static uint32_t n_used(const struct worker *w)
{
	return atomic_load_explicit(&w->control->n_used, memory_order_relaxed);
}

/* A used slot has a serial. */
static void mend_n_used(struct worker *w)
{
	uint32_t n = n_used(w);

	if (n > w->n_slots)
		n = w->n_slots;
	while (n < w->n_slots && w->slots[n].serial)
		n++;
	atomic_store_explicit(&w->control->n_used, n, memory_order_release);
}

/* The newest flow's id is in its slot until a newer flow takes that. */
static void mend_next_flow(struct worker *w)
{
	uint64_t next = atomic_load_explicit(&w->control->next_flow,
					     memory_order_relaxed);

	if (next > FLOWS_MAX)
		next = 0;
	for (uint32_t i = 0; i < n_used(w); i++) {
		const struct ring_slot *s = &w->slots[i];
		const uint64_t n = s->flow_id - w->control->ring_id;

		if (s->serial && n >= next && n < FLOWS_MAX)
			next = n + 1;
	}
	atomic_store_explicit(&w->control->next_flow, next,
			      memory_order_relaxed);
}

void worker_slots_init(struct worker *w)
{
	const struct worker_list empty = { WORKER_NONE, WORKER_NONE };

	w->free = w->held = w->connecting = w->reap = empty;
	mend_n_used(w);
	mend_next_flow(w);
	for (uint32_t i = 0; i < n_used(w); i++) {
		if (w->slots[i].state != RING_STATE_FREE)
			bury(w, i);
		worker_list_push(w, &w->free, i);
	}
	w->control->intent = (struct ring_intent){ 0 };
	ring_shared_set_flows(w->setup->shared, w->setup->index, 0);
}

/* The one freed last, whose memory is warm; else the next one never used. */
static uint32_t find_slot(struct worker *w)
{
	const uint32_t used = n_used(w), slot = w->free.first;

	if (slot != WORKER_NONE) {
		worker_list_remove(w, &w->free, slot);
		return slot;
	}
	if (used == w->n_slots)
		return WORKER_NONE;
	atomic_store_explicit(&w->control->n_used, used + 1,
			      memory_order_release);
	return used;
}

uint32_t worker_slot_take(struct worker *w)
{
	const uint32_t slot = find_slot(w);
	struct ring_slot *s;
	uint32_t serial;

	if (slot == WORKER_NONE)
		return WORKER_NONE;
	s = &w->slots[slot];
	serial = s->serial >= RING_SERIAL_MAX ? 1 : s->serial + 1;
	memset(s, 0, sizeof(*s));
	s->serial = serial;
	s->flow_id = w->control->ring_id +
		     atomic_fetch_add_explicit(&w->control->next_flow, 1,
					       memory_order_relaxed);
	s->fd[RING_CLIENT] = s->fd[RING_SERVER] = -1;
	s->worker = (uint8_t)w->setup->index;
	relay_begin(s);
	w->n_flows++;
	ring_shared_set_flows(w->setup->shared, w->setup->index, w->n_flows);
	return slot;
}

void worker_slot_give(struct worker *w, uint32_t slot)
{
	ring_slot_free(&w->slots[slot]);
	worker_list_insert(w, &w->free, slot, WORKER_NONE);
	w->n_flows--;
	ring_shared_set_flows(w->setup->shared, w->setup->index, w->n_flows);
	base_die_at(BASE_DIE_WORKER_FREED);
}
