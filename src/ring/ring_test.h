/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_test.h - one ring with its writer and its reader, for tests
 *
 * The bytes of a test stream are a function of (stream, offset), so whoever
 * holds some of them can tell where they belong. The pattern repeats after
 * RING_TEST_PERIOD, a prime: a shift by anything else is seen.
 */
#ifndef RING_TEST_H
#define RING_TEST_H

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_test.h"
#include "ring_map.h"
#include "ring_pool.h"
#include "ring_reader.h"
#include "ring_tap.h"

#define RING_TEST_SIZE   RING_SIZE_MIN
#define RING_TEST_SLOTS  8
#define RING_TEST_BLOCKS 128
#define RING_TEST_POOL   ((size_t)RING_TEST_BLOCKS * RING_BLOCK)
#define RING_TEST_PERIOD 65521U
#define RING_TEST_MORE   2

/* Tests in which the size of an entry does not matter use this one: 64 bytes of
 * header and 4032 of payload, 256 of which fill the ring. */
#define SPAN  4096UL
#define T0_MS 5000

struct ring_fixture {
	struct ring_map map;
	struct ring_tap tap;
	struct ring_view_map view;
	struct ring_reader reader;
	uint64_t put_at; /* stream offset of the next byte put, ... */
	uint64_t got_at; /* ... and taken */
	/* Further readers, in a ring that was made with them. */
	struct ring_view_map more_views[RING_TEST_MORE];
	struct ring_reader more[RING_TEST_MORE];
	bool follows; /* more[0] gives back what was put, at once */
};

/* xorshift64 (Marsaglia 2003): the same numbers on every run. */
static inline uint64_t ring_test_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* RING_TEST_POOL bytes of the stream from that offset on; valid for ever. */
static inline const uint8_t *ring_test_bytes(unsigned stream, uint64_t offset)
{
	static uint8_t period[RING_TEST_PERIOD + RING_TEST_POOL];
	static bool ready;
	uint64_t seed = 88172645463325252ULL;

	if (!ready) {
		for (size_t i = 0; i < RING_TEST_PERIOD; i++)
			period[i] = (uint8_t)(ring_test_random(&seed) >> 24);
		for (size_t i = 0; i < RING_TEST_POOL; i++)
			period[RING_TEST_PERIOD + i] =
				period[i % RING_TEST_PERIOD];
		ready = true;
	}
	return period + (offset + stream * 10007ULL) % RING_TEST_PERIOD;
}

static inline struct ring_fixture *ring_fixture_new(unsigned more)
{
	const struct ring_map_size size = {
		.n_slots = RING_TEST_SLOTS,
		.n_readers = 1 + more,
		.ring_size = RING_TEST_SIZE,
		.pool_size = ring_pool_bytes(RING_TEST_POOL),
	};
	struct ring_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(ring_map_create(&f->map, &size), 0);
	assert_int_equal(ring_map_view(&f->view, &f->map, RING_READER_RECORDER),
			 0);
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	for (unsigned i = 0; i < more; i++) {
		assert_int_equal(
			ring_map_view(&f->more_views[i], &f->map, 1 + i), 0);
		ring_reader_init(&f->more[i], &f->more_views[i], 1 + i);
	}
	ring_tap_init(&f->tap, &f->map);
	return f;
}

static inline int ring_fixture_setup(void **state)
{
	*state = ring_fixture_new(0);
	return 0;
}

/* With a second reader that keeps up, for whose sake the first one can be left
 * behind. */
static inline int ring_fixture_setup_pair(void **state)
{
	struct ring_fixture *f = ring_fixture_new(1);

	f->follows = true;
	*state = f;
	return 0;
}

static inline int ring_fixture_teardown(void **state)
{
	struct ring_fixture *f = *state;

	for (int i = 0; i < RING_TEST_MORE; i++)
		ring_map_unview(&f->more_views[i]);
	ring_map_unview(&f->view);
	ring_map_destroy(&f->map);
	free(f);
	return 0;
}

/* The ring as it is when everything up to that head was written and read. */
static inline void ring_test_reset(struct ring_map *m, uint64_t head)
{
	m->control->head = head;
	m->control->rewind_from = m->control->rewind_to = 0;
	memset(&m->control->intent, 0, sizeof(m->control->intent));
	for (uint32_t i = 0; i < RING_READER_ROOM; i++) {
		m->control->reader_epoch[i] = i >= m->n_readers;
		m->control->reader_missed[i] = 0;
	}
}

/* ... and that reader's end of it. */
static inline void ring_test_reset_reader(struct ring_reader *r,
					  const struct ring_view_map *v,
					  unsigned id, uint64_t head)
{
	memset(v->cursor, 0, sizeof(*v->cursor));
	v->cursor->pos = v->cursor->read = head;
	ring_reader_init(r, v, id);
}

/* Takes all and gives it back. */
static inline void ring_test_follow(struct ring_reader *r)
{
	struct ring_entry e;
	const uint8_t *payload;
	int n;

	while ((n = ring_reader_next(r, &e, &payload)) != 0)
		assert_int_equal(n, 1);
	ring_reader_release(r);
}

/* The next len bytes of the fixture's stream as one entry. */
static inline bool ring_test_put(struct ring_fixture *f, size_t len,
				 uint64_t now_ms)
{
	const struct ring_entry e = { .type = RING_ENTRY_DATA,
				      .len = (uint32_t)len,
				      .slot = 1,
				      .serial = 7,
				      .offset = f->put_at };

	if (!ring_tap_put(&f->tap, &e, ring_test_bytes(0, f->put_at), now_ms))
		return false;
	f->put_at += len;
	if (f->follows)
		ring_test_follow(&f->more[0]);
	return true;
}

/* The next entry carries on where the last one ended. Return: its length, or
 * what ring_reader_next() said. */
static inline int ring_test_take(struct ring_fixture *f)
{
	struct ring_entry e;
	const uint8_t *payload;
	const int r = ring_reader_next(&f->reader, &e, &payload);

	if (r != 1)
		return r;
	assert_int_equal(e.type, RING_ENTRY_DATA);
	assert_int_equal(e.offset, f->got_at);
	assert_memory_equal(payload, ring_test_bytes(0, e.offset), e.len);
	f->got_at += e.len;
	return (int)e.len;
}

/* Fills what is left with entries of `span` bytes. Return: how many fitted. */
static inline unsigned ring_test_fill(struct ring_fixture *f, size_t span,
				      uint64_t now_ms)
{
	unsigned n = 0;

	while (ring_test_put(f, span - sizeof(struct ring_entry), now_ms))
		assert_in_range(++n, 1, RING_TEST_SIZE / span);
	return n;
}

static inline bool ring_test_poll(int kick_fd)
{
	struct pollfd p = { .fd = kick_fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Was it written to since this was asked last? */
static inline bool ring_test_drain(int kick_fd)
{
	uint64_t n;

	return read(kick_fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

static inline bool ring_test_kicked(const struct ring_fixture *f)
{
	return ring_test_drain(f->map.kick_fd[RING_READER_RECORDER]);
}

/* 0 at first, 1 while detached, 2 when let in again. */
static inline uint32_t ring_test_epoch(const struct ring_fixture *f)
{
	return f->map.control->reader_epoch[RING_READER_RECORDER];
}

/* What the first reader was not given, as the writer counts it. */
static inline uint64_t ring_test_missed(const struct ring_fixture *f)
{
	return f->map.control->reader_missed[RING_READER_RECORDER];
}

/* Leaves the first of a pair behind, with a full ring; head one entry on. */
static inline void ring_test_detach(struct ring_fixture *f)
{
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	assert_true(ring_test_put(f, SPAN - 64, T0_MS + RING_DETACH_MS));
	assert_int_equal(ring_test_epoch(f), 1);
}

#endif
