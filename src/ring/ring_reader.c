/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_reader.c - a reader's end of the tap ring */
#include "ring_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t load_head(const struct ring_reader *r)
{
	/* Pairs with the release in ring_tap_commit(). */
	return atomic_load_explicit(&r->map.control->head,
				    memory_order_acquire);
}

static uint32_t epoch_of_writer(const struct ring_reader *r)
{
	return atomic_load_explicit(&r->map.control->reader_epoch[r->id],
				    memory_order_acquire);
}

/* All that is there, from where we stand: a round. */
static void look(struct ring_reader *r)
{
	r->head = load_head(r);
	r->pos = ring_rewound(r->map.control, r->pos, r->head);
}

static bool is_news(const struct ring_reader *r)
{
	const uint64_t head = load_head(r);

	return ring_rewound(r->map.control, r->pos, head) != head;
}

bool ring_reader_leads_to(const struct ring_reader *r, uint64_t pos)
{
	const uint64_t head = load_head(r);
	const uint64_t from = ring_rewound(r->map.control, r->pos, head);

	return from < pos && pos <= head && head - from <= r->map.ring_size;
}

static void publish(struct ring_reader *r, uint64_t pos)
{
	r->given = pos;
	atomic_store_explicit(&r->map.cursor->read, r->pos,
			      memory_order_relaxed);
	/* Pairs with the acquire in the writer's read_cursor(): our reads are
	 * done before it may overwrite. */
	atomic_store_explicit(&r->map.cursor->pos, pos, memory_order_release);
}

/* Detached: ask to be let in again, from the head on. */
static void rejoin(struct ring_reader *r, uint32_t epoch)
{
	r->pos = r->at = r->head = load_head(r);
	publish(r, r->pos);
	atomic_store_explicit(&r->map.cursor->epoch, epoch + 1,
			      memory_order_release);
}

void ring_reader_init(struct ring_reader *r, const struct ring_view_map *map,
		      unsigned id)
{
	const uint32_t mine =
		atomic_load_explicit(&map->cursor->epoch, memory_order_relaxed);
	uint32_t epoch;

	r->map = *map;
	r->id = id;
	epoch = epoch_of_writer(r);
	r->pos = r->at = r->given = r->head =
		atomic_load_explicit(&map->cursor->pos, memory_order_relaxed);
	if ((epoch & 1) && mine != epoch + 1)
		rejoin(r, epoch);
}

/* Detached. Return: what next() says until the writer has let us in. */
static int ask_again(struct ring_reader *r, uint32_t epoch)
{
	if (atomic_load_explicit(&r->map.cursor->epoch, memory_order_relaxed) !=
	    epoch + 1) {
		rejoin(r, epoch);
		return -EOVERFLOW;
	}
	/* too late: the writer lets us in at its head only */
	if (is_news(r))
		rejoin(r, epoch);
	return 0;
}

static bool sane(const struct ring_reader *r, const struct ring_entry *e)
{
	const uint64_t left = r->head - r->pos;

	/* a head that went back is far away, too */
	if (left > r->map.ring_size || e->type == 0 ||
	    e->type >= RING_ENTRY_MAX || e->span > left ||
	    e->span < sizeof(*e) || e->span % RING_ALIGN ||
	    e->len > e->span - sizeof(*e))
		return false;
	if (e->slot >= r->map.n_slots || e->direction >= RING_SIDES ||
	    e->view >= RING_VIEW_MAX || e->reason >= RING_CLOSE_MAX ||
	    e->call >= BASE_CALL_MAX)
		return false;
	return e->type == RING_ENTRY_DATA || e->len == sizeof(struct ring_slot);
}

static int skip_all(struct ring_reader *r, int why)
{
	r->pos = r->at = r->head = load_head(r);
	publish(r, r->pos);
	return why;
}

int ring_reader_next(struct ring_reader *r, struct ring_entry *e,
		     const uint8_t **payload)
{
	for (;;) {
		const uint32_t epoch = epoch_of_writer(r);
		const uint8_t *at;

		if (epoch & 1)
			return ask_again(r, epoch);
		if (r->pos == r->head) {
			look(r);
			if (r->pos == r->head)
				return 0;
		}
		at = r->map.data + (r->pos & (r->map.ring_size - 1));
		memcpy(e, at, sizeof(*e));
		/* before it is judged: a writer that has left us behind is
		 * not talking nonsense */
		if (!ring_reader_intact(r))
			continue;
		if (!sane(r, e))
			return skip_all(r, -EBADMSG);
		r->at = r->pos;
		r->pos += e->span;
		*payload = at + sizeof(*e);
		return 1;
	}
}

bool ring_reader_intact(const struct ring_reader *r)
{
	/* Pairs with the release in detach(). */
	atomic_thread_fence(memory_order_acquire);
	return !(epoch_of_writer(r) & 1);
}

void ring_reader_release(struct ring_reader *r)
{
	publish(r, r->pos);
}

void ring_reader_release_to(struct ring_reader *r, uint64_t pos)
{
	/* distances, as a writer that lies can lead us over the end of 64 bits
	 */
	const bool between = pos - r->given <= r->pos - r->given;

	publish(r, between ? pos : r->given);
}

uint64_t ring_reader_kept(const struct ring_reader *r, uint64_t pos)
{
	/* a jump is no bytes */
	return pos - ring_rewound(r->map.control, r->given, pos);
}

uint64_t ring_reader_unread(const struct ring_reader *r)
{
	const uint64_t head = load_head(r);

	return head - ring_rewound(r->map.control, r->pos, head);
}

bool ring_reader_sleep(struct ring_reader *r)
{
	atomic_store_explicit(&r->map.cursor->read, r->pos,
			      memory_order_relaxed);
	/* Pairs with the acquire in ring_tap_kick(). */
	atomic_store_explicit(&r->map.cursor->idle, 1, memory_order_release);
	/* Pairs with the fence in ring_tap_kick(). */
	atomic_thread_fence(memory_order_seq_cst);
	if (!is_news(r) || !ring_reader_intact(r))
		return true;
	ring_reader_awake(r);
	return false;
}

void ring_reader_awake(struct ring_reader *r)
{
	atomic_store_explicit(&r->map.cursor->idle, 0, memory_order_relaxed);
}

bool ring_reader_caught_up(const struct ring_reader *r)
{
	return !is_news(r);
}

uint32_t ring_reader_state(const struct ring_reader *r, uint32_t slot,
			   uint32_t serial)
{
	uint32_t its, state;

	if (slot >= r->map.n_slots)
		return RING_STATE_FREE;
	memcpy(&its, &r->map.slots[slot].serial, sizeof(its));
	memcpy(&state, &r->map.slots[slot].state, sizeof(state));
	/* Pairs with the release in ring_slot_free(). */
	atomic_thread_fence(memory_order_acquire);
	return its == serial ? state : (uint32_t)RING_STATE_FREE;
}

bool ring_reader_slot(const struct ring_reader *r, uint32_t slot,
		      uint32_t serial, struct ring_slot *out)
{
	if (slot >= r->map.n_slots)
		return false;
	memcpy(out, &r->map.slots[slot], sizeof(*out));
	/* Pairs with the release in ring_slot_free(). */
	atomic_thread_fence(memory_order_acquire);
	return out->serial == serial && out->state != RING_STATE_FREE;
}

struct ring_close_at {
	uint64_t pos;
	uint64_t next; /* number of the same slot's next one; 0 = none */
	uint32_t slot;
};

/* Numbers of a slot's CLOSE entries; 0 = none. */
struct ring_close_of {
	uint64_t first, last;
};

/* The least that a CLOSE takes of the ring is more. */
#define CLOSE_SPAN 256
_Static_assert(sizeof(struct ring_entry) + sizeof(struct ring_slot) >=
		       CLOSE_SPAN,
	       "the ring cannot hold more of them than there is room for");

int ring_closes_init(struct ring_closes *c, const struct ring_view_map *map)
{
	*c = (struct ring_closes){ .n_at = map->ring_size / CLOSE_SPAN,
				   .first = 1,
				   .next = 1 };
	/* pages that are not used cost nothing */
	c->at = calloc(c->n_at, sizeof(*c->at));
	c->of = calloc(map->n_slots, sizeof(*c->of));
	return c->at && c->of ? 0 : -ENOMEM;
}

void ring_closes_done(struct ring_closes *c)
{
	free(c->at);
	free(c->of);
	*c = (struct ring_closes){ .at = NULL };
}

static struct ring_close_at *close_at(const struct ring_closes *c, uint64_t n)
{
	return &c->at[n % c->n_at];
}

/* Those that the reader has passed, or all. */
static void forget_closes(struct ring_closes *c, const struct ring_reader *r,
			  bool all)
{
	for (; c->first != c->next; c->first++) {
		const struct ring_close_at *at = close_at(c, c->first);

		if (!all && at->pos - r->pos < r->map.ring_size)
			return;
		c->of[at->slot].first = at->next;
	}
}

static void note_close(struct ring_closes *c, uint32_t slot, uint64_t pos)
{
	struct ring_close_of *of = &c->of[slot];

	*close_at(c, c->next) =
		(struct ring_close_at){ .pos = pos, .slot = slot };
	*(of->first ? &close_at(c, of->last)->next : &of->first) = c->next;
	of->last = c->next++;
}

/* Up to the head, or to nonsense: the reader will come upon that, too. A head
 * that goes back and forth makes nothing be looked at twice. */
static void look_ahead(struct ring_closes *c, const struct ring_reader *r)
{
	struct ring_reader ahead = *r;
	struct ring_entry e;

	if (c->to - r->pos > r->map.ring_size) {
		forget_closes(c, r, true);
		c->to = r->pos;
	}
	forget_closes(c, r, false);
	if (r->head - r->pos <= c->to - r->pos)
		return;
	for (ahead.pos = c->to; ahead.pos != ahead.head; ahead.pos += e.span) {
		memcpy(&e, r->map.data + (ahead.pos & (r->map.ring_size - 1)),
		       sizeof(e));
		if (!sane(&ahead, &e) || c->next - c->first == c->n_at)
			break;
		c->looked_at++;
		if (e.type == RING_ENTRY_CLOSE)
			note_close(c, e.slot, ahead.pos);
	}
	c->to = ahead.pos;
}

/* The CLOSE of a flow, among the unread entries: the first of its slot, since
 * it has entries there itself. */
static bool find_close(const struct ring_reader *r, struct ring_closes *c,
		       uint32_t slot, uint32_t serial, struct ring_slot *out)
{
	struct ring_reader ahead = *r;
	struct ring_entry e;
	const uint8_t *at;

	look(&ahead);
	look_ahead(c, &ahead);
	if (slot >= r->map.n_slots || !c->of[slot].first)
		return false;
	at = r->map.data +
	     (close_at(c, c->of[slot].first)->pos & (r->map.ring_size - 1));
	/* the worker may have written there meanwhile */
	memcpy(&e, at, sizeof(e));
	memcpy(out, at + sizeof(e), sizeof(*out));
	return e.type == RING_ENTRY_CLOSE && e.slot == slot &&
	       e.serial == serial && out->serial == serial &&
	       ring_reader_intact(r);
}

bool ring_reader_find(const struct ring_reader *r, struct ring_closes *c,
		      uint32_t slot, uint32_t serial, struct ring_slot *out)
{
	return ring_reader_slot(r, slot, serial, out) ||
	       find_close(r, c, slot, serial, out);
}
