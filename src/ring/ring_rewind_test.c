/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_rewind_test.c - a quiet ring goes back to its beginning */
#include <errno.h>

#include "ring_test.h"

/* 20 entries: 81,920 bytes, beyond RING_REWIND_MIN */
#define N_FAR 20

/* Everything is read and given back; the head is at 20 entries. */
static void go_far(struct ring_fixture *f)
{
	for (int i = 0; i < N_FAR; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		assert_int_equal(ring_test_take(f), SPAN - 64);
	}
	ring_reader_release(&f->reader);
	ring_tap_kick(&f->tap);
}

static void a_quiet_ring_stays_at_its_beginning(void **state)
{
	struct ring_fixture *f = *state;
	uint64_t highest = 0;

	for (int i = 0; i < 1000; i++) {
		assert_true(ring_test_put(f, 600, T0_MS));
		if (highest < f->tap.head % RING_TEST_SIZE)
			highest = f->tap.head % RING_TEST_SIZE;
		ring_tap_kick(&f->tap);
		assert_int_equal(ring_test_take(f), 600);
		ring_reader_release(&f->reader);
	}
	/* an entry has 704 bytes: the 94th begins below 65,536 */
	assert_int_equal(highest, 94 * 704);
	/* 10 rounds of 94, and 60 of the next */
	assert_int_equal(f->tap.head, 10 * RING_TEST_SIZE + 60 * 704);
}

static void going_back_takes_no_room(void **state)
{
	struct ring_fixture *f = *state;

	go_far(f);
	assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE + SPAN);
	/* the reader has not looked since, and all the ring is there */
	assert_int_equal(f->view.cursor->pos, N_FAR * SPAN);
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 255);
	for (int i = 0; i < 256; i++)
		assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), 0);
	ring_reader_release(&f->reader);
	assert_int_equal(ring_test_fill(f, SPAN, T0_MS), 256);
}

static void going_back_is_no_bytes(void **state)
{
	struct ring_fixture *f = *state;
	const struct ring_reader *r = &f->reader;

	go_far(f);
	assert_int_equal(ring_reader_kept(r, r->pos), 0);
	assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE + SPAN);
	assert_int_equal(ring_reader_unread(r), SPAN);
	assert_int_equal(ring_reader_kept(r, r->pos), 0);
	assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_reader_unread(r), 0);
	assert_int_equal(ring_reader_kept(r, r->pos), SPAN);
	ring_reader_release(&f->reader);
	assert_int_equal(ring_reader_kept(r, r->pos), 0);
}

static void it_goes_back_once_a_batch_at_most(void **state)
{
	struct ring_fixture *f = *state;

	go_far(f);
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE + 64);
	for (int i = 0; i < N_FAR; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		while (ring_test_take(f) >= 0 &&
		       !ring_reader_caught_up(&f->reader))
			;
		ring_reader_release(&f->reader);
	}
	assert_true(ring_test_put(f, 0, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE + N_FAR * SPAN + 128);
}

static void it_does_not_go_back_past_what_is_held(void **state)
{
	struct ring_fixture *f = *state;
	const uint64_t at = (N_FAR - 1) * SPAN;

	for (int i = 0; i < N_FAR; i++) {
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		assert_int_equal(ring_test_take(f), SPAN - 64);
	}
	ring_reader_release_to(&f->reader, at);
	ring_tap_kick(&f->tap);
	assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	assert_int_equal(f->tap.head, (N_FAR + 1) * SPAN);
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	f->got_at = (N_FAR - 1) * (SPAN - 64);
	assert_int_equal(ring_test_take(f), SPAN - 64);
	assert_int_equal(ring_test_take(f), SPAN - 64);
}

/* Asleep, dead and anew, with or without news: who stands where the head left
 * for the beginning stands there. */
static void who_stands_at_the_old_head_has_read_all(void **state)
{
	struct ring_fixture *f = *state;
	size_t len = 1;

	go_far(f);
	assert_true(ring_reader_sleep(&f->reader));
	assert_non_null(ring_tap_reserve(&f->tap, 1, &len, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE);
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
	assert_true(ring_reader_caught_up(&f->reader));
	assert_true(ring_reader_sleep(&f->reader));
	ring_reader_init(&f->reader, &f->view, RING_READER_RECORDER);
	assert_int_equal(f->reader.pos, N_FAR * SPAN);
	assert_true(ring_reader_caught_up(&f->reader));
	assert_true(ring_reader_sleep(&f->reader));
	/* a successor of the writer sees it so, too */
	ring_tap_init(&f->tap, &f->map);
	assert_int_equal(f->tap.floor, RING_TEST_SIZE);
	ring_tap_kick(&f->tap);
	assert_false(ring_test_kicked(f));
	assert_true(ring_test_put(f, 10, T0_MS));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_kicked(f));
	assert_false(ring_reader_caught_up(&f->reader));
	assert_int_equal(ring_test_take(f), 10);
	assert_int_equal(ring_reader_at(&f->reader), RING_TEST_SIZE);
	assert_int_equal(ring_test_take(f), 0);
}

/* What a predecessor committed behind a jump is not far away: see recorder. */
static void a_place_behind_a_jump_is_ahead(void **state)
{
	struct ring_fixture *f = *state;

	go_far(f);
	assert_false(ring_reader_leads_to(&f->reader, N_FAR * SPAN));
	for (int i = 0; i < 2 * N_FAR; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	assert_int_equal(f->tap.head, RING_TEST_SIZE + SPAN * 2 * N_FAR);
	assert_true(ring_reader_leads_to(&f->reader, f->tap.head));
	assert_true(ring_reader_leads_to(&f->reader, RING_TEST_SIZE + 64));
	/* nothing lies between; and nothing beyond the head */
	assert_false(ring_reader_leads_to(&f->reader, RING_TEST_SIZE));
	assert_false(ring_reader_leads_to(&f->reader, N_FAR * SPAN + 64));
	assert_false(ring_reader_leads_to(&f->reader, f->tap.head + 64));
}

/* Each store of the jump may be the writer's last. */
static void half_a_jump_is_none(void **state)
{
	const struct {
		uint64_t from, to;
	} rows[] = {
		{ N_FAR * SPAN, 0 },
		{ N_FAR * SPAN, RING_TEST_SIZE },
		{ 0, RING_TEST_SIZE },
	};
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_fixture *g;
		void *own;

		assert_int_equal(ring_fixture_setup(&own), 0);
		g = own;
		go_far(g);
		g->map.control->rewind_from = rows[i].from;
		g->map.control->rewind_to = rows[i].to;
		assert_int_equal(ring_test_take(g), 0);
		ring_tap_init(&g->tap, &g->map);
		g->tap.may_rewind = false;
		/* more than what would hide behind the jump */
		assert_int_equal(ring_test_fill(g, SPAN, T0_MS), 256);
		for (int k = 0; k < 256; k++)
			assert_int_equal(ring_test_take(g), SPAN - 64);
		assert_int_equal(ring_test_take(g), 0);
		(void)ring_fixture_teardown(&own);
	}
}

/* The answer of a detached reader is from before a jump that did not wait for
 * it: it would be led into what lies between. */
static void an_answer_from_before_a_jump_is_given_again(void **state)
{
	struct ring_fixture *f = *state;

	ring_test_detach(
		f); /* the head is at 257 entries, one behind the beginning */
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->view.cursor->epoch--;
	for (int i = 0; i < N_FAR; i++)
		assert_true(ring_test_put(f, SPAN - 64, T0_MS));
	ring_tap_kick(&f->tap);
	assert_true(ring_test_put(f, 10, T0_MS));
	assert_int_equal(f->tap.head, 2 * RING_TEST_SIZE + 128);
	f->view.cursor->epoch++;
	assert_true(ring_test_put(f, 10, T0_MS));
	assert_int_equal(ring_test_epoch(f), 1);
	assert_int_equal(ring_test_take(f), 0);
	assert_true(ring_test_put(f, 20, T0_MS));
	assert_int_equal(ring_test_epoch(f), 2);
	f->got_at = f->put_at - 20;
	assert_int_equal(ring_test_take(f), 20);
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
		WITH_RING(a_quiet_ring_stays_at_its_beginning),
		WITH_RING(going_back_takes_no_room),
		WITH_RING(going_back_is_no_bytes),
		WITH_RING(it_goes_back_once_a_batch_at_most),
		WITH_RING(it_does_not_go_back_past_what_is_held),
		WITH_RING(who_stands_at_the_old_head_has_read_all),
		WITH_RING(a_place_behind_a_jump_is_ahead),
		cmocka_unit_test(half_a_jump_is_none),
		WITH_PAIR(an_answer_from_before_a_jump_is_given_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
