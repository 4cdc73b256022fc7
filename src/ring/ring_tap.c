/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_tap.c - the writer's end of the tap ring */
#include "ring_tap.h"

#include <string.h>
#include <unistd.h>

static uint64_t round_up(uint64_t n)
{
	return (n + RING_ALIGN - 1) & ~(uint64_t)(RING_ALIGN - 1);
}

static bool attached(const struct ring_tap *t, uint32_t reader)
{
	return !(atomic_load_explicit(&t->control->reader_epoch[reader],
				      memory_order_relaxed) &
		 1);
}

/* Where a reader can be: at the beginning of a line, and nothing from there to
 * the head is overwritten. */
static bool is_in_ring(const struct ring_tap *t, uint64_t pos)
{
	return pos % RING_ALIGN == 0 && pos <= t->head &&
	       t->head - pos <= t->size;
}

/* Where a cursor stands: see ring_layout.h. */
static uint64_t place_of(const struct ring_tap *t, uint64_t pos)
{
	return ring_rewound(t->control, pos, t->head);
}

/* A detached reader that answered the current epoch is let back in, where the
 * head is: whatever lies before it may be overwritten already, by bytes that a
 * reservation brought and no entry has. An answer from another place is given
 * again. The reader reads nothing until it sees the even epoch: its cursor
 * holds the ring from then on. */
static void attach_returning(struct ring_tap *t, uint32_t i)
{
	const struct ring_cursor *c = t->readers[i].cursor;
	const uint32_t epoch = atomic_load_explicit(
		&t->control->reader_epoch[i], memory_order_relaxed);

	if (atomic_load_explicit(&c->epoch, memory_order_acquire) !=
		    epoch + 1 ||
	    place_of(t, atomic_load_explicit(&c->pos, memory_order_relaxed)) !=
		    t->head)
		return;
	t->readers[i].pos = t->head;
	t->readers[i].kicked = 0;
	atomic_store_explicit(&t->control->reader_epoch[i], epoch + 1,
			      memory_order_release);
}

/* Believes a cursor only where it can be: between its last place and head. */
static void read_cursor(struct ring_tap *t, uint32_t i)
{
	const uint64_t pos =
		place_of(t, atomic_load_explicit(&t->readers[i].cursor->pos,
						 memory_order_acquire));

	if (pos >= t->readers[i].pos && is_in_ring(t, pos))
		t->readers[i].pos = pos;
}

static void find_floor(struct ring_tap *t)
{
	uint64_t floor = t->head;

	for (uint32_t i = 0; i < t->n_readers; i++) {
		if (!attached(t, i))
			attach_returning(t, i);
		if (!attached(t, i))
			continue;
		read_cursor(t, i);
		if (t->readers[i].pos < floor)
			floor = t->readers[i].pos;
	}
	if (floor != t->floor)
		t->full_ms = 0;
	t->floor = floor;
}

/* Is there an attached reader beyond the floor, which others hold up? */
static bool is_held_up(const struct ring_tap *t)
{
	for (uint32_t i = 0; i < t->n_readers; i++) {
		if (attached(t, i) && t->readers[i].pos > t->floor)
			return true;
	}
	return false;
}

/* The DATA bytes between a cursor and the head. Entries are ours, a cursor is
 * not: where it leads among payload, all that is left counts. */
static uint64_t data_from(const struct ring_tap *t, uint64_t pos)
{
	struct ring_entry e;
	uint64_t n = 0;

	for (; pos != t->head; pos += e.span) {
		const uint64_t left = t->head - pos;

		memcpy(&e, t->data + (pos & (t->size - 1)), sizeof(e));
		if (e.span < sizeof(e) || e.span % RING_ALIGN ||
		    e.span > left || e.len > e.span - sizeof(e))
			return n + left;
		if (e.type == RING_ENTRY_DATA)
			n += e.len;
	}
	return n;
}

static void add_missed(struct ring_tap *t, uint32_t reader, uint64_t n)
{
	_Atomic uint64_t *missed = &t->control->reader_missed[reader];

	/* one writer */
	atomic_store_explicit(
		missed, atomic_load_explicit(missed, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static void publish_head(struct ring_tap *t)
{
	atomic_store_explicit(&t->control->head, t->head, memory_order_release);
}

static void detach(struct ring_tap *t, uint32_t reader, uint64_t missed)
{
	const uint32_t epoch = atomic_load_explicit(
		&t->control->reader_epoch[reader], memory_order_relaxed);

	add_missed(t, reader, missed);
	atomic_store_explicit(&t->control->reader_epoch[reader], epoch + 1,
			      memory_order_release);
	stat_add(&t->control->stat, STAT_RING_DETACHED, 1);
	/* Pairs with the acquire in ring_reader_intact(): whoever sees what is
	 * written from here on also sees the odd epoch. */
	atomic_thread_fence(memory_order_release);
}

/* Leaves every reader behind whose cursor stands at the floor. */
static void detach_slowest(struct ring_tap *t)
{
	for (uint32_t i = 0; i < t->n_readers; i++) {
		if (attached(t, i) && t->readers[i].pos == t->floor)
			detach(t, i, data_from(t, t->floor));
	}
}

/* A predecessor that died in the middle of a jump has not published it; one
 * that lost its way leaves a head where no entry can begin, or a jump to where
 * none leads. Return: the words say what cannot be. */
static bool mend_words(struct ring_tap *t)
{
	struct ring_control *c = t->control;
	const uint64_t from =
		atomic_load_explicit(&c->rewind_from, memory_order_relaxed);
	const uint64_t to =
		atomic_load_explicit(&c->rewind_to, memory_order_relaxed);
	const uint64_t head = round_up(t->head & INT64_MAX);
	const bool moved = head != t->head;
	const bool jumped = from < to && to <= head;

	t->head = head;
	if (jumped && to % t->size == 0 && to - from < t->size)
		return moved;
	atomic_store_explicit(&c->rewind_to, 0, memory_order_relaxed);
	return moved || jumped;
}

/* Nobody can tell what the ring holds: all readers go on at its head. What is
 * below it counts as missed where a cursor can be true. */
static void leave_all_behind(struct ring_tap *t)
{
	for (uint32_t i = 0; i < t->n_readers; i++) {
		const uint64_t pos = place_of(
			t, atomic_load_explicit(&t->readers[i].cursor->pos,
						memory_order_relaxed));

		if (attached(t, i))
			detach(t, i,
			       is_in_ring(t, pos) ? data_from(t, pos) : 0);
	}
	publish_head(t);
}

void ring_tap_init(struct ring_tap *t, const struct ring_map *m)
{
	bool mad;

	memset(t, 0, sizeof(*t));
	t->control = m->control;
	t->data = m->data;
	t->size = m->ring_size;
	t->n_readers = m->n_readers;
	t->head = atomic_load_explicit(&m->control->head, memory_order_relaxed);
	t->may_rewind = true;
	mad = mend_words(t);
	for (uint32_t i = 0; i < t->n_readers; i++) {
		t->readers[i].cursor = m->cursors[i];
		t->readers[i].kick_fd = m->kick_fd[i];
		/* a successor of a dead worker: what the reader last said, as
		 * far as it can be true */
		t->readers[i].pos = t->head > t->size ? t->head - t->size : 0;
	}
	if (mad)
		leave_all_behind(t);
	find_floor(t);
}

static uint64_t room(const struct ring_tap *t)
{
	return t->size - (t->head - t->floor);
}

/* Back to the ring's beginning, if nobody has anything left to read. */
static void rewind_when_read(struct ring_tap *t)
{
	const uint64_t place = t->head & (t->size - 1);

	if (place < RING_REWIND_MIN)
		return;
	find_floor(t);
	if (t->floor != t->head)
		return;
	atomic_store_explicit(&t->control->rewind_from, t->head,
			      memory_order_relaxed);
	t->head += t->size - place;
	atomic_store_explicit(&t->control->rewind_to, t->head,
			      memory_order_relaxed);
	publish_head(t);
	find_floor(t);
}

uint8_t *ring_tap_reserve(struct ring_tap *t, size_t min, size_t *len,
			  uint64_t now_ms)
{
	const uint64_t need = round_up(sizeof(struct ring_entry) + min);
	uint64_t payload;

	if (t->may_rewind) {
		t->may_rewind = false;
		rewind_when_read(t);
	}
	if (room(t) < round_up(sizeof(struct ring_entry) + *len))
		find_floor(t);
	if (room(t) < need && ring_tap_still_ms(t, now_ms) >= RING_DETACH_MS &&
	    is_held_up(t)) {
		detach_slowest(t);
		find_floor(t);
	}
	if (room(t) < need) {
		if (!t->full_ms)
			t->full_ms = now_ms;
		return NULL;
	}
	/* full_ms stays: a small entry may fit where a large one did not, and
	 * only a floor that moved says that a reader is at work */
	payload = room(t) - sizeof(struct ring_entry);
	if (*len > payload)
		*len = (size_t)payload;
	return t->data + (t->head & (t->size - 1)) + sizeof(struct ring_entry);
}

void ring_tap_commit(struct ring_tap *t, const struct ring_entry *e)
{
	struct ring_entry out = *e;

	for (uint32_t i = 0; i < t->n_readers; i++) {
		if (!attached(t, i))
			attach_returning(t, i);
		if (!attached(t, i) && e->type == RING_ENTRY_DATA)
			add_missed(t, i, e->len);
	}
	out.span = (uint32_t)round_up(sizeof(out) + e->len);
	memcpy(t->data + (t->head & (t->size - 1)), &out, sizeof(out));
	t->head += out.span;
	publish_head(t);
}

bool ring_tap_put(struct ring_tap *t, const struct ring_entry *e,
		  const void *payload, uint64_t now_ms)
{
	size_t len = e->len;
	uint8_t *p = ring_tap_reserve(t, len, &len, now_ms);

	if (!p)
		return false;
	memcpy(p, payload, e->len);
	ring_tap_commit(t, e);
	return true;
}

uint64_t ring_tap_still_ms(const struct ring_tap *t, uint64_t now_ms)
{
	return t->full_ms && now_ms > t->full_ms ? now_ms - t->full_ms : 0;
}

void ring_tap_kick(struct ring_tap *t)
{
	const uint64_t one = 1;

	t->may_rewind = true;
	/* Pairs with the fence in ring_reader_sleep(): either we see that the
	 * reader is idle, or it sees our head. */
	atomic_thread_fence(memory_order_seq_cst);
	for (uint32_t i = 0; i < t->n_readers; i++) {
		const struct ring_cursor *c = t->readers[i].cursor;
		/* Pairs with the release in ring_reader_sleep(): an idle
		 * reader's place is the one that it fell asleep at. */
		const bool idle =
			atomic_load_explicit(&c->idle, memory_order_acquire);
		const uint64_t read =
			place_of(t, atomic_load_explicit(&c->read,
							 memory_order_relaxed));
		const bool full = t->head - read > t->size / 8 &&
				  t->head - t->readers[i].kicked > t->size / 8;

		if ((!idle && !full) || t->head == t->readers[i].kicked)
			continue;
		if (idle && read == t->head)
			continue;
		t->readers[i].kicked = t->head;
		/* a full counter means that it was kicked already */
		if (write(t->readers[i].kick_fd, &one, sizeof(one)) < 0)
			continue;
	}
}
