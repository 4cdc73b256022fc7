/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_heir_test.c - the ring of a writer that has lost its way */
#include <errno.h>

#include "ring_test.h"

/* A head at which no entry can begin: the reader goes on where the next one
 * will, and what it had not read is counted. */
static void a_head_that_cannot_be_is_mended(void **state)
{
	struct ring_fixture *f = *state;

	assert_true(ring_test_put(f, 100, T0_MS));
	/* 64 + 100 bytes are 192 with the rest of the line */
	assert_int_equal(f->map.control->head, 192);
	f->map.control->head++;
	ring_tap_init(&f->tap, &f->map);
	assert_int_equal(f->map.control->head, 256);
	/* and the line that only the wrong head speaks of */
	assert_int_equal(f->map.control->reader_missed[0], 100 + 64);
	assert_int_equal(ring_test_take(f), -EOVERFLOW);
	f->got_at = f->put_at;
	assert_true(ring_test_put(f, 7, T0_MS));
	assert_int_equal(ring_test_take(f), 7);
	assert_int_equal(ring_test_take(f), 0);
}

/* Jumps that nobody makes: to the middle of the ring, and over all of it. */
static void a_jump_that_cannot_be_is_forgotten(void **state)
{
	static const struct {
		uint64_t from, to, head, missed;
	} rows[] = {
		{ SPAN, 2 * SPAN, 3 * SPAN, 3 * (SPAN - 64) },
		/* the reader's place is not in the ring any more: nobody knows
		 * what it missed */
		{ 0, 2UL * RING_TEST_SIZE, 2UL * RING_TEST_SIZE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_fixture *f = ring_fixture_new(0);
		void *own = f;

		for (int k = 0; k < 3; k++)
			assert_true(ring_test_put(f, SPAN - 64, T0_MS));
		f->map.control->rewind_from = rows[i].from;
		f->map.control->rewind_to = rows[i].to;
		f->map.control->head = rows[i].head;
		ring_tap_init(&f->tap, &f->map);
		assert_int_equal(f->map.control->rewind_to, 0);
		assert_int_equal(f->map.control->reader_missed[0],
				 rows[i].missed);
		assert_int_equal(ring_test_take(f), -EOVERFLOW);
		f->got_at = f->put_at;
		assert_true(ring_test_put(f, 7, T0_MS));
		assert_int_equal(ring_test_take(f), 7);
		(void)ring_fixture_teardown(&own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_head_that_cannot_be_is_mended,
						ring_fixture_setup,
						ring_fixture_teardown),
		cmocka_unit_test(a_jump_that_cannot_be_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
