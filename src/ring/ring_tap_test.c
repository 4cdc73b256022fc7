/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_tap_test.c - what goes into the ring comes out, and nothing is lost */
#include <errno.h>

#include "ring_test.h"

#define LINE 64UL

static void entries_come_out_in_order(void **state)
{
	static const size_t lens[] = { 0, 1, 63, 64, 65, 4096, RING_CHUNK_MAX };
	struct ring_fixture *f = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(lens); i++)
		assert_true(ring_test_put(f, lens[i], T0_MS));
	for (size_t i = 0; i < WS_ARRAY_LEN(lens); i++)
		assert_int_equal(ring_test_take(f), lens[i]);
	assert_int_equal(ring_test_take(f), 0);
	/* 1 + 2 + 2 + 2 + 3 + 65 + 4097 lines of 64 bytes */
	assert_int_equal(f->tap.head, 4172 * 64);
}

static void headers_come_out_as_they_went_in(void **state)
{
	struct ring_fixture *f = *state;
	const struct ring_entry in = {
		.type = RING_ENTRY_CLOSE,
		.len = sizeof(struct ring_slot),
		.slot = 3,
		.serial = 0x7ffffffe,
		.direction = RING_SERVER,
		.reason = RING_CLOSE_SERVER_RESET,
		.flow_id = 0x1122334455667788,
		.offset = 0x8877665544332211,
		.time_ns = 1700000000123456789,
		.error = 104,
	};
	struct ring_slot slot = { .serial = 0x7ffffffe, .rule = 9 };
	struct ring_entry want = in, e;
	const uint8_t *payload;

	want.span = 64 + 256;
	assert_true(ring_tap_put(&f->tap, &in, &slot, T0_MS));
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
	assert_memory_equal(&e, &want, sizeof(e));
	assert_memory_equal(payload, &slot, sizeof(slot));
	/* a copy: the writer cannot change what was checked */
	memset(f->map.data, 0xff, sizeof(e));
	assert_memory_equal(&e, &want, sizeof(e));
}

static void entries_cross_the_end(void **state)
{
	struct ring_fixture *f = *state;
	/* 40064 bytes: a prime number of lines, 626, does not divide the ring's
	 * 16384; each round crosses the end inside an entry */
	const size_t len = 40000, span = 40064;
	unsigned crossed = 0;

	for (int i = 0; i < 100; i++) {
		crossed += f->tap.head % RING_TEST_SIZE + span > RING_TEST_SIZE;
		assert_true(ring_test_put(f, len, T0_MS));
		assert_int_equal(ring_test_take(f), len);
		ring_reader_release(&f->reader);
	}
	/* 100 x 40064 bytes are 3.8 rounds */
	assert_int_equal(crossed, 3);
}

static void unread_bytes_are_never_overwritten(void **state)
{
	struct ring_fixture *f = *state;

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	assert_false(ring_test_put(f, 0, T0_MS));
	/* read, but not given back */
	assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_false(ring_test_put(f, 0, T0_MS));
	ring_reader_release(&f->reader);
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 1);
	assert_false(ring_test_put(f, 0, T0_MS));
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
}

static void a_reservation_is_cut_to_the_room(void **state)
{
	struct ring_fixture *f = *state;
	const struct {
		size_t min, len, want; /* want 0: no room */
	} rows[] = {
		/* a room of 1024: 64 for the header, 960 for the payload */
		{ 1, 4096, 960 },  { 960, 960, 960 }, { 960, 4096, 960 },
		{ 961, 4096, 0 },  { 0, 10, 10 },     { 10, 959, 959 },
		{ 4096, 4096, 0 },
	};

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	ring_reader_release(&f->reader);
	assert_true(ring_test_put(f, 4 * SPAN - 1024 - 64, T0_MS));
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		size_t len = rows[i].len;
		uint8_t *p =
			ring_tap_reserve(&f->tap, rows[i].min, &len, T0_MS);

		assert_int_equal(p != NULL, rows[i].want != 0);
		if (p)
			assert_int_equal(len, rows[i].want);
	}
}

static void less_may_come_than_was_reserved(void **state)
{
	struct ring_fixture *f = *state;
	const struct ring_entry e = { .type = RING_ENTRY_DATA, .len = 100 };
	size_t len = RING_CHUNK_MAX;
	uint8_t *p = ring_tap_reserve(&f->tap, 1, &len, T0_MS);

	assert_non_null(p);
	assert_int_equal(len, RING_CHUNK_MAX);
	memcpy(p, ring_test_bytes(0, 0), e.len);
	ring_tap_commit(&f->tap, &e);
	assert_int_equal(f->tap.head, 64 + 128);
	assert_int_equal(ring_test_take(f), 100);
	assert_int_equal(ring_test_take(f), 0);
}

/* ---- a reader that stands still ---- */

static uint64_t detached_count(const struct ring_fixture *f)
{
	return stat_get(&f->map.control->stat, STAT_RING_DETACHED);
}

static void a_still_reader_is_detached_in_time(void **state)
{
	struct ring_fixture *f = *state;
	const uint64_t full_ms = T0_MS + 3600000;

	/* an hour without a move is nothing as long as there is room */
	assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	assert_int_equal(ring_test_fill(f, SPAN, full_ms), 255);
	assert_int_equal(ring_tap_still_ms(&f->tap, full_ms + 10), 10);
	assert_false(ring_test_put(f, 0, full_ms + RING_DETACH_MS - 1));
	assert_int_equal(detached_count(f), 0);
	assert_true(ring_test_put(f, 0, full_ms + RING_DETACH_MS));
	assert_int_equal(detached_count(f), 1);
	assert_int_equal(ring_tap_still_ms(&f->tap, full_ms + 9999), 0);
}

/* Nobody would gain by it: it goes on where it stood, a day later, too. */
static void a_lone_reader_is_never_left_behind(void **state)
{
	struct ring_fixture *f = *state;
	const uint64_t later = T0_MS + 86400000;

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	for (unsigned ms = 0; ms <= 3 * RING_DETACH_MS; ms += 100)
		assert_false(ring_test_put(f, 0, T0_MS + ms));
	assert_int_equal(ring_tap_still_ms(&f->tap, later), 86400000);
	assert_false(ring_test_put(f, 0, later));
	assert_int_equal(detached_count(f), 0);
	assert_int_equal(ring_test_epoch(f), 0);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
	ring_reader_release(&f->reader);
	assert_int_equal(ring_test_fill(f, SPAN, later), 256);
	assert_int_equal(ring_tap_still_ms(&f->tap, later), 0);
	assert_int_equal(ring_test_missed(f), 0);
}

/* Both stand at the beginning of a full ring, until one takes an entry. */
static void who_stands_at_one_place_stays(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_entry e;
	const uint8_t *payload;

	f->follows = false;
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	assert_false(ring_test_put(f, 0, T0_MS + 2UL * RING_DETACH_MS));
	assert_int_equal(detached_count(f), 0);
	assert_int_equal(ring_reader_next(&f->more[0], &e, &payload), 1);
	/* read is not given back */
	assert_false(ring_test_put(f, 0, T0_MS + 2UL * RING_DETACH_MS));
	ring_reader_release(&f->more[0]);
	assert_true(ring_test_put(f, 0, T0_MS + 2UL * RING_DETACH_MS));
	assert_int_equal(detached_count(f), 1);
	assert_int_equal(ring_test_epoch(f), 1);
	/* now it is alone, and full is full: 63 lines are left */
	assert_false(ring_test_put(f, SPAN - 64, T0_MS + 3600000));
	assert_false(ring_test_put(f, SPAN - 64, T0_MS + 7200000));
	assert_int_equal(detached_count(f), 1);
	assert_int_equal(f->map.control->reader_missed[0], 256 * (SPAN - 64));
	assert_int_equal(f->map.control->reader_missed[1], 0);
}

static void put_hint(struct ring_fixture *f)
{
	const struct ring_entry hint = { .type = RING_ENTRY_OPEN,
					 .len = sizeof(struct ring_slot) };
	const struct ring_slot slot = { .serial = 1 };

	assert_true(ring_tap_put(&f->tap, &hint, &slot, T0_MS));
	ring_test_follow(&f->more[0]);
}

/* Bytes of DATA alone, from the first that it had not given back to the last
 * before it is let in; a successor of the writer counts on. */
static void what_a_reader_misses_is_counted(void **state)
{
	struct ring_fixture *f = *state;

	assert_true(ring_test_put(f, 1000, T0_MS));
	assert_int_equal(ring_test_take(f), 1000);
	ring_reader_release(&f->reader);
	put_hint(f);
	assert_true(ring_test_put(f, 700, T0_MS));
	assert_true(ring_test_put(f, 0, T0_MS));
	/* of 16,384 lines 17 are given back; hint, 700 and 0 bytes take 5, 12
	 * and 1; 255 entries of 64 lines fit into the other 16,366 */
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 255);
	assert_int_equal(ring_test_missed(f), 0);
	assert_true(ring_test_put(f, SPAN - 64, T0_MS + RING_DETACH_MS));
	assert_int_equal(ring_test_missed(f), 700 + 256 * (SPAN - 64));
	put_hint(f);
	memset(&f->tap, 0xee, sizeof(f->tap));
	ring_tap_init(&f->tap, &f->map);
	assert_true(ring_test_put(f, 55, T0_MS));
	assert_int_equal(ring_test_missed(f), 755 + 256 * (SPAN - 64));
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->got_at = f->put_at;
	/* the one that lets it in is its own */
	assert_true(ring_test_put(f, 10, T0_MS));
	assert_int_equal(ring_test_take(f), 10);
	assert_int_equal(ring_test_missed(f), 755 + 256 * (SPAN - 64));
	assert_int_equal(f->put_at, 1000 + ring_test_missed(f) + 10);
	/* who reads, and who is not there, misses nothing */
	for (int i = 1; i < RING_READER_ROOM; i++)
		assert_int_equal(f->map.control->reader_missed[i], 0);
}

static void each_move_begins_the_wait_anew(void **state)
{
	struct ring_fixture *f = *state;
	uint64_t now = T0_MS;

	assert_int_equal(ring_test_fill(f, SPAN, now), 256);
	for (int i = 0; i < 20; i++) {
		now += RING_DETACH_MS - 1;
		assert_int_equal(ring_test_take(f), SPAN - 64);
		ring_reader_release(&f->reader);
		/* it moved, but less than what is asked for */
		assert_false(
			ring_test_put(f, (size_t)(i + 2) * SPAN - 64, now));
		assert_int_equal(ring_tap_still_ms(&f->tap, now), 0);
	}
	assert_false(
		ring_test_put(f, RING_CHUNK_MAX, now + RING_DETACH_MS - 1));
	assert_int_equal(detached_count(f), 0);
	assert_true(ring_test_put(f, RING_CHUNK_MAX, now + RING_DETACH_MS));
	assert_int_equal(detached_count(f), 1);
}

static void a_detached_reader_comes_back_at_the_head(void **state)
{
	struct ring_fixture *f = *state;

	ring_test_detach(f);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	/* told once */
	assert_int_equal(ring_test_take(f), 0);
	f->got_at = f->put_at;
	assert_true(ring_test_put(f, 1000, T0_MS));
	assert_true(ring_test_put(f, 2000, T0_MS));
	assert_int_equal(ring_test_take(f), 1000);
	ring_reader_release(&f->reader);
	/* ... and holds the ring back again: 2000 + 64 bytes take 33 lines of
	 * the ring's 16384, 255 entries of 64 lines fit beside them */
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 255);
	assert_int_equal(ring_test_take(f), 2000);
	for (int i = 0; i < 255; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(detached_count(f), 1);
}

/* Between the reader's answer and the writer's consent nothing holds the ring
 * back: it must not read then, whatever the writer does. */
static void nothing_is_read_before_the_writer_agrees(void **state)
{
	struct ring_fixture *f = *state;

	ring_test_detach(f);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	/* the answer comes just after the writer has looked for it */
	f->view.cursor->epoch--;
	assert_true(ring_test_put(f, 100, T0_MS));
	f->view.cursor->epoch++;
	assert_int_equal(ring_test_take(f), 0);
	assert_true(ring_reader_sleep(&f->reader));
	assert_true(ring_test_put(f, 200, T0_MS));
	f->got_at = f->put_at - 200;
	assert_int_equal(ring_test_take(f), 200);
	assert_int_equal(ring_test_take(f), 0);
}

/* From the consent on the reader's place holds the ring. */
static void the_consent_holds_the_ring_at_once(void **state)
{
	struct ring_fixture *f = *state;
	size_t len = RING_CHUNK_MAX;

	ring_test_detach(f);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->got_at = f->put_at;
	f->view.cursor->epoch--;
	for (int i = 0; i < 200; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	/* 201 entries were put since the writer looked last: room for 55, a
	 * chunk wants 65, so it looks again and nobody is there */
	assert_non_null(ring_tap_reserve(&f->tap, 1, &len, T0_MS));
	assert_int_equal(f->tap.floor, f->tap.head);
	f->view.cursor->epoch++;
	assert_int_equal(ring_test_take(f), 0);
	f->got_at = f->put_at;
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	assert_int_equal(ring_test_epoch(f), 2);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
}

/* Where the reader asked to be let in there may be bytes by now that no entry
 * has: they were received, and then the writer died. */
static void what_never_became_an_entry_is_not_read(void **state)
{
	struct ring_fixture *f = *state;
	size_t len = RING_CHUNK_MAX;
	uint8_t *p;

	ring_test_detach(f);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->view.cursor->epoch--;
	/* less than the ring has been round when its answer comes */
	for (int i = 0; i < 255; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	p = ring_tap_reserve(&f->tap, 1, &len, T0_MS);
	assert_non_null(p);
	memset(p, 0xee, len);
	ring_tap_init(&f->tap, &f->map);
	f->view.cursor->epoch++;
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(ring_test_take(f), 0);
	assert_true(ring_test_put(f, 10, T0_MS));
	f->got_at = f->put_at - 10;
	assert_int_equal(ring_test_take(f), 10);
	assert_int_equal(ring_test_take(f), 0);
}

/* An answer that is older than the ring's length is renewed. */
static void a_late_answer_is_given_again(void **state)
{
	struct ring_fixture *f = *state;

	ring_test_detach(f);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->view.cursor->epoch--;
	for (int i = 0; i < 256; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	f->view.cursor->epoch++;
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(ring_test_epoch(f), 1);
	assert_int_equal(ring_test_take(f), 0);
	assert_true(ring_test_put(f, 10, T0_MS));
	assert_int_equal(ring_test_epoch(f), 2);
	f->got_at = f->put_at - 10;
	assert_int_equal(ring_test_take(f), 10);
}

static void bytes_in_hand_are_checked_after_copying(void **state)
{
	struct ring_fixture *f = *state;

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_true(ring_reader_intact(&f->reader));
	assert_true(ring_test_put(f, SPAN - 64, T0_MS + RING_DETACH_MS));
	assert_false(ring_reader_intact(&f->reader));
}

/* ---- a cursor that lies ---- */

static void a_lying_cursor_is_not_believed(void **state)
{
	struct ring_fixture *f = *state;
	/* the reader stands at 10 entries, the head at 256 */
	const uint64_t pos[] = {
		256 * SPAN + 64, /* beyond the head */
		UINT64_MAX,      /* ... far */
		9 * SPAN,        /* going back */
		0,
		11 * SPAN + 1, /* between two lines */
	};

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	ring_reader_release(&f->reader);
	assert_false(ring_test_put(f, 11 * SPAN, T0_MS));
	for (size_t i = 0; i < WS_ARRAY_LEN(pos); i++) {
		f->view.cursor->pos = pos[i];
		assert_false(ring_test_put(f, 10 * SPAN, T0_MS));
		assert_int_equal(f->tap.floor, 10 * SPAN);
	}
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 10);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
}

static void a_lying_answer_does_not_attach(void **state)
{
	struct ring_fixture *f = *state;
	const uint64_t pos[] = {
		257 * SPAN + 576, /* beyond the head */
		0,                /* overwritten long ago */
		256 * SPAN + 1,   /* between two lines */
		/* where the last entry begins, that of the third row */
		257 * SPAN + 2 * LINE,
	};

	ring_test_detach(f);
	for (size_t i = 0; i < WS_ARRAY_LEN(pos); i++) {
		f->view.cursor->pos = pos[i];
		f->view.cursor->epoch = 2;
		assert_true(ring_test_put(f, 0, T0_MS));
		assert_int_equal(ring_test_epoch(f), 1);
	}
	f->view.cursor->pos = f->tap.head;
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(ring_test_epoch(f), 2);
}

/* ---- waking ---- */

static void an_idle_reader_is_kicked_once_for_news(void **state)
{
	struct ring_fixture *f = *state;

	assert_true(ring_reader_sleep(&f->reader));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
	assert_true(ring_test_put(f, 10, T0_MS));
	assert_false(ring_test_kicked(f));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_kicked(f));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));

	/* awake: looks by itself */
	ring_reader_awake(&f->reader);
	assert_true(ring_test_put(f, 10, T0_MS));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));

	/* there is something left: not idle after all */
	assert_false(ring_reader_sleep(&f->reader));
	assert_true(ring_test_put(f, 10, T0_MS));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
}

static void an_eighth_unread_is_kicked_for(void **state)
{
	struct ring_fixture *f = *state;

	/* an eighth is 32 entries */
	for (int i = 0; i < 32; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		ring_tap_kick(&f->tap);
	}
	assert_false(ring_test_kicked(f));
	assert_true(ring_test_put(f, 1, T0_MS));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_kicked(f));
	/* again only after another eighth */
	for (int i = 0; i < 32; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		ring_tap_kick(&f->tap);
	}
	assert_false(ring_test_kicked(f));
	assert_true(ring_test_put(f, 1, T0_MS));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_kicked(f));
	/* a reader that keeps up is left alone */
	assert_true(ring_test_put(f, 1, T0_MS));
	while (ring_test_take(f) > 0)
		;
	ring_reader_release(&f->reader);
	for (int i = 0; i < 32; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
}

/* Asleep, with entries that it has read and may need again: as they are no
 * news, nobody wakes it for them. */
static void what_is_kept_back_is_not_kicked_for(void **state)
{
	struct ring_fixture *f = *state;

	/* 40 entries are more than an eighth */
	for (int i = 0; i < 40; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		assert_int_equal(ring_test_take(f), SPAN - 64);
	}
	ring_reader_release_to(&f->reader, 0);
	assert_int_equal(f->view.cursor->pos, 0);
	assert_true(ring_reader_sleep(&f->reader));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
	assert_true(ring_test_put(f, 1, T0_MS));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_kicked(f));
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
	/* nor while it is awake */
	ring_reader_awake(&f->reader);
	assert_int_equal(ring_test_take(f), 1);
	ring_reader_release_to(&f->reader, 0);
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
}

/* ---- beginnings ---- */

static void a_successor_goes_on_where_the_writer_died(void **state)
{
	struct ring_fixture *f = *state;

	for (int i = 0; i < 300; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		assert_int_equal(ring_test_take(f), SPAN - 64);
		ring_reader_release(&f->reader);
	}
	assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	memset(&f->tap, 0xee, sizeof(f->tap));
	ring_tap_init(&f->tap, &f->map);
	assert_true(ring_test_put(f, 600, T0_MS));
	/* 64 and 11 of the ring's 16384 lines are unread: 254 times 64 fit */
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 254);
	assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 600);
	for (int i = 0; i < 254; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
}

/* Where the reader is cannot be known: all the ring may be unread. */
static void a_successor_does_not_believe_a_lying_cursor(void **state)
{
	static const uint64_t pos[] = { 0, 300 * SPAN + 64, 299 * SPAN + 1 };
	struct ring_fixture *f = *state;

	for (int i = 0; i < 300; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		assert_int_equal(ring_test_take(f), SPAN - 64);
		ring_reader_release(&f->reader);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(pos); i++) {
		f->view.cursor->pos = pos[i];
		ring_tap_init(&f->tap, &f->map);
		assert_false(ring_test_put(f, 0, T0_MS));
		assert_false(ring_test_put(f, 0, T0_MS + RING_DETACH_MS));
	}
	f->view.cursor->pos = 300 * SPAN;
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(detached_count(f), 0);
}

/* Where a cursor leads among payload that looks like a header, all that is left
 * counts, headers included: too much, but nothing beyond it is touched. */
static void a_lying_cursor_is_walked_from_in_bounds(void **state)
{
	static const struct ring_entry forged[] = {
		{ .type = RING_ENTRY_DATA, .span = 0 },
		{ .type = RING_ENTRY_DATA, .span = LINE + 1 },
		{ .type = RING_ENTRY_DATA, .span = 256 * SPAN },
		{ .type = RING_ENTRY_DATA, .span = LINE, .len = 1 },
	};
	struct ring_fixture *f = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(forged); i++) {
		ring_test_reset(&f->map, SPAN);
		ring_test_reset_reader(&f->reader, &f->view, 0, SPAN - LINE);
		ring_test_reset_reader(&f->more[0], &f->more_views[0], 1, SPAN);
		memcpy(f->map.data + SPAN - LINE, &forged[i],
		       sizeof(forged[i]));
		ring_tap_init(&f->tap, &f->map);
		assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 255);
		assert_int_equal(ring_test_missed(f), 0);
		assert_true(
			ring_test_put(f, SPAN - 64, T0_MS + RING_DETACH_MS));
		assert_int_equal(ring_test_missed(f),
				 LINE + 255 * SPAN + (SPAN - 64));
	}
}

static void a_late_reader_begins_at_the_beginning(void **state)
{
	struct ring_fixture *f = *state;

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
}

static void a_reader_that_comes_too_late_begins_at_the_head(void **state)
{
	struct ring_fixture *f = *state;

	ring_test_detach(f);
	for (int i = 0; i < 1000; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	assert_int_equal(ring_test_take(f), 0);
	f->got_at = f->put_at;
	assert_true(ring_test_put(f, 77, T0_MS));
	assert_int_equal(ring_test_take(f), 77);
	assert_int_equal(ring_test_missed(f), f->put_at - 77);
}

static void a_new_reader_goes_on_where_the_old_one_was(void **state)
{
	struct ring_fixture *f = *state;

	for (int i = 1; i <= 3; i++)
		assert_true(ring_test_put(f, (size_t)i * 100, T0_MS));
	assert_int_equal(ring_test_take(f), 100);
	ring_reader_release(&f->reader);
	assert_int_equal(ring_test_take(f), 200);
	/* it dies before it gave the second one back */
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	f->got_at = 100;
	assert_int_equal(ring_test_take(f), 200);
	assert_int_equal(ring_test_take(f), 300);
}

/* The third of five has to be read again. */
static void entries_are_given_back_up_to_one(void **state)
{
	struct ring_fixture *f = *state;
	/* one line of header and 100, 200 ... bytes: 2, 4, 5, 7 and 8 lines */
	const uint64_t at[] = { 0, 3 * LINE, 8 * LINE, 14 * LINE, 22 * LINE };

	for (int i = 1; i <= 5; i++)
		assert_true(ring_test_put(f, (size_t)i * 100, T0_MS));
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(ring_test_take(f), i * 100);
		assert_int_equal(ring_reader_at(&f->reader), at[i - 1]);
	}
	ring_reader_release_to(&f->reader, at[2]);
	assert_int_equal(f->view.cursor->pos, at[2]);
	/* never back */
	ring_reader_release_to(&f->reader, at[1]);
	assert_int_equal(f->view.cursor->pos, at[2]);
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	f->got_at = 300;
	for (int i = 3; i <= 5; i++)
		assert_int_equal(ring_test_take(f), i * 100);
	assert_int_equal(ring_test_take(f), 0);
	ring_reader_release_to(&f->reader, at[4]);
	assert_int_equal(f->view.cursor->pos, at[4]);
	ring_reader_release(&f->reader);
	assert_int_equal(f->view.cursor->pos, f->tap.head);
	assert_int_equal(ring_test_take(f), 0);
	ring_reader_release_to(&f->reader, at[4]);
	assert_int_equal(f->view.cursor->pos, f->tap.head);
}

static void what_is_kept_back_is_not_overwritten(void **state)
{
	struct ring_fixture *f = *state;

	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	ring_reader_release_to(&f->reader, 3 * SPAN);
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 3);
	assert_false(ring_test_put(f, 0, T0_MS));
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	f->got_at = 3 * (SPAN - 64);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
}

#define WITH_RING(t)                                           \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup, \
					ring_fixture_teardown)

#define WITH_PAIR(t)                                                \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup_pair, \
					ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(entries_come_out_in_order),
		WITH_RING(headers_come_out_as_they_went_in),
		WITH_RING(entries_cross_the_end),
		WITH_RING(unread_bytes_are_never_overwritten),
		WITH_RING(a_reservation_is_cut_to_the_room),
		WITH_RING(less_may_come_than_was_reserved),
		WITH_RING(a_lone_reader_is_never_left_behind),
		WITH_PAIR(who_stands_at_one_place_stays),
		WITH_PAIR(what_a_reader_misses_is_counted),
		WITH_PAIR(a_lying_cursor_is_walked_from_in_bounds),
		WITH_PAIR(a_still_reader_is_detached_in_time),
		WITH_PAIR(each_move_begins_the_wait_anew),
		WITH_PAIR(a_detached_reader_comes_back_at_the_head),
		WITH_PAIR(nothing_is_read_before_the_writer_agrees),
		WITH_PAIR(the_consent_holds_the_ring_at_once),
		WITH_PAIR(what_never_became_an_entry_is_not_read),
		WITH_PAIR(a_late_answer_is_given_again),
		WITH_PAIR(bytes_in_hand_are_checked_after_copying),
		WITH_RING(a_lying_cursor_is_not_believed),
		WITH_PAIR(a_lying_answer_does_not_attach),
		WITH_RING(an_idle_reader_is_kicked_once_for_news),
		WITH_RING(an_eighth_unread_is_kicked_for),
		WITH_RING(what_is_kept_back_is_not_kicked_for),
		WITH_RING(entries_are_given_back_up_to_one),
		WITH_RING(what_is_kept_back_is_not_overwritten),
		WITH_RING(a_successor_goes_on_where_the_writer_died),
		WITH_RING(a_successor_does_not_believe_a_lying_cursor),
		WITH_RING(a_late_reader_begins_at_the_beginning),
		WITH_PAIR(a_reader_that_comes_too_late_begins_at_the_head),
		WITH_RING(a_new_reader_goes_on_where_the_old_one_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
