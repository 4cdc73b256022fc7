/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_reader_fuzz.c - a writer that does what it likes
 *
 * The bytes are a program for both ends of a small ring: the writer stores
 * anything anywhere that it can write, at any time, the reader uses its whole
 * interface. Ring and slots are as large as they are said to be, to the byte,
 * so that a sanitizer sees what is read beside them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_hash.h"
#include "base_rd.h"
#include "ring_reader.h"

#define SIZE    4096
#define N_SLOTS 4

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct lab {
	struct ring_control control;
	struct ring_cursor cursor;
	uint8_t *data; /* twice, as readers have it */
	struct ring_slot *slots;
	struct ring_reader reader;
	struct ring_closes closes; /* of one process */
	uint64_t seen;             /* of all that came out */
};

static void touch(struct lab *l, const void *bytes, size_t len)
{
	l->seen = base_hash(l->seen, bytes, len);
}

/* ---- the reader ---- */

static void take(struct lab *l)
{
	struct ring_reader *r = &l->reader;
	struct ring_entry e;
	const uint8_t *payload;
	const int n = ring_reader_next(r, &e, &payload);

	if (n == -EBADMSG || n == -EOVERFLOW) {
		if (r->pos != l->control.head || l->cursor.pos != r->pos)
			abort();
		return;
	}
	if (n == 0)
		return;
	if (n != 1 || payload < l->data ||
	    payload + e.len > l->data + (size_t)2 * SIZE ||
	    r->head - r->pos > SIZE || r->pos - ring_reader_at(r) != e.span)
		abort();
	if (e.slot >= N_SLOTS || e.direction >= RING_SIDES ||
	    e.view >= RING_VIEW_MAX || e.reason >= RING_CLOSE_MAX ||
	    e.call >= BASE_CALL_MAX ||
	    (e.type != RING_ENTRY_DATA && e.len != sizeof(struct ring_slot)))
		abort();
	touch(l, &e, sizeof(e));
	touch(l, payload, e.len);
}

static void find(struct lab *l, uint32_t slot, uint32_t serial)
{
	struct ring_slot s;

	if (ring_reader_find(&l->reader, &l->closes, slot, serial, &s)) {
		if (s.serial != serial)
			abort();
		touch(l, &s, sizeof(s));
	}
}

static void give_back(struct lab *l, uint64_t pos)
{
	const struct ring_reader *r = &l->reader;
	const uint64_t before = l->cursor.pos;

	ring_reader_release_to(&l->reader, pos);
	if (l->cursor.pos - before > r->pos - before)
		abort();
}

static void begin(struct lab *l)
{
	const struct ring_view_map map = {
		.control = &l->control,
		.slots = l->slots,
		.data = l->data,
		.cursor = &l->cursor,
		.table_size = RING_PAGE + N_SLOTS * sizeof(*l->slots),
		.ring_size = SIZE,
		.n_slots = N_SLOTS,
	};

	ring_closes_done(&l->closes);
	if (ring_closes_init(&l->closes, &map))
		abort();
	ring_reader_init(&l->reader, &map, RING_READER_RECORDER);
}

/* ---- the writer ---- */

/* So many bytes at that place of both halves; beyond the end at its beginning.
 */
static void store(struct lab *l, uint16_t place, struct base_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		const size_t at = (place + i) % SIZE;

		l->data[at] = l->data[SIZE + at] = bytes.ptr[i];
	}
}

static void store_slot(struct lab *l, uint8_t slot, uint8_t at,
		       struct base_span bytes)
{
	uint8_t *s = (uint8_t *)&l->slots[slot % N_SLOTS];

	for (size_t i = 0; i < bytes.len; i++)
		s[(at + i) % sizeof(struct ring_slot)] = bytes.ptr[i];
}

/* One byte says what, its operands follow. */
static void step(struct lab *l, struct base_rd *in)
{
	switch (base_rd_u8(in)) {
	case 'h':
		l->control.head = base_rd_be64(in);
		break;
	case 'w':
		l->control.rewind_from = base_rd_be64(in);
		l->control.rewind_to = base_rd_be64(in);
		break;
	case 'e':
		l->control.reader_epoch[RING_READER_RECORDER] =
			base_rd_be32(in);
		break;
	case 'd': {
		const uint16_t place = base_rd_be16(in);

		store(l, place, base_rd_take(in, base_rd_u8(in)));
		break;
	}
	case 't': {
		const uint8_t slot = base_rd_u8(in), at = base_rd_u8(in);

		store_slot(l, slot, at, base_rd_take(in, base_rd_u8(in)));
		break;
	}
	case 'n':
		take(l);
		break;
	case 'r':
		ring_reader_release(&l->reader);
		break;
	case 'a':
		give_back(l, ring_reader_at(&l->reader));
		break;
	case 'b':
		give_back(l, base_rd_be64(in));
		break;
	case 's':
		if (!ring_reader_sleep(&l->reader))
			take(l);
		break;
	case 'u':
		ring_reader_awake(&l->reader);
		l->seen += ring_reader_caught_up(&l->reader);
		break;
	case 'f': {
		const uint32_t slot = base_rd_be32(in);

		find(l, slot, base_rd_be32(in));
		break;
	}
	case 'i':
		begin(l);
		break;
	case 'c':
		/* a predecessor's page */
		l->cursor.pos = base_rd_be64(in);
		l->cursor.epoch = base_rd_be32(in);
		begin(l);
		break;
	default:
		base_rd_fail(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct base_rd in;

	if (!l)
		abort();
	l->data = calloc(2, SIZE);
	l->slots = calloc(N_SLOTS, sizeof(*l->slots));
	if (!l->data || !l->slots)
		abort();
	begin(l);
	base_rd_init(&in, bytes, len);
	while (base_rd_ok(&in) && base_rd_left(&in))
		step(l, &in);
	ring_closes_done(&l->closes);
	free(l->data);
	free(l->slots);
	free(l);
	return 0;
}
