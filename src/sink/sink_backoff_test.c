/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_backoff_test.c - the schedule, with chance and clock in hand */
#include "sink_backoff.h"

#include "base_attr.h"
#include "base_test.h"

static uint32_t chosen;

static uint32_t chance(void)
{
	return chosen;
}

/* Half of 0.5, 1, 2, 4, 8, 16, 30, 30 s. */
static const uint32_t halves[] = { 250,  500,  1000,  2000,
				   4000, 8000, 15000, 15000 };

static void test_twice_as_long_each_time(void **state)
{
	struct sink_backoff b;

	(void)state;
	chosen = 0;
	sink_backoff_init(&b, chance);
	for (size_t i = 0; i < WS_ARRAY_LEN(halves); i++)
		assert_int_equal(sink_backoff_failed(&b, false, i), halves[i]);
}

/* Chance adds between nothing and as much again, and nothing else. */
static void test_chance_is_half_of_it(void **state)
{
	struct sink_backoff b;
	uint32_t least = UINT32_MAX, most = 0;

	(void)state;
	for (chosen = 0; chosen < 1000; chosen++) {
		uint32_t delay;

		sink_backoff_init(&b, chance);
		delay = sink_backoff_failed(&b, false, 0);
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	assert_int_equal(least, 250);
	assert_int_equal(most, 500);
	chosen = UINT32_MAX;
	sink_backoff_init(&b, chance);
	assert_in_range(sink_backoff_failed(&b, true, 0), 15000, 30000);
}

static void test_something_confirmed_ends_the_row(void **state)
{
	struct sink_backoff b;

	(void)state;
	chosen = 0;
	sink_backoff_init(&b, chance);
	for (int i = 0; i < 5; i++)
		(void)sink_backoff_failed(&b, false, 0);
	sink_backoff_opened(&b, 1);
	sink_backoff_worked(&b);
	assert_int_equal(sink_backoff_failed(&b, false, 2), 250);
	assert_int_equal(sink_backoff_failed(&b, false, 3), 500);
}

/* A broker that takes the connection and ends it at once is not working; one
 * that had nothing to confirm for a minute was. */
static void test_only_a_lasting_connection_ends_the_row(void **state)
{
	struct sink_backoff b;
	const uint64_t start = 1000000;

	(void)state;
	chosen = 0;
	sink_backoff_init(&b, chance);
	assert_int_equal(sink_backoff_failed(&b, false, start), 250);
	sink_backoff_opened(&b, start);
	assert_int_equal(sink_backoff_failed(&b, false, start + 59999), 500);
	sink_backoff_opened(&b, start);
	assert_int_equal(sink_backoff_failed(&b, false, start + 60000), 250);
	/* not open since: how long ago that was is no matter */
	assert_int_equal(sink_backoff_failed(&b, false, start + 999999), 500);
}

static void test_hopeless_waits_longest_at_once(void **state)
{
	struct sink_backoff b;

	(void)state;
	chosen = 0;
	sink_backoff_init(&b, chance);
	assert_int_equal(sink_backoff_failed(&b, true, 0), 15000);
	assert_int_equal(sink_backoff_failed(&b, false, 0), 15000);
	sink_backoff_worked(&b);
	assert_int_equal(sink_backoff_failed(&b, false, 0), 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice_as_long_each_time),
		cmocka_unit_test(test_chance_is_half_of_it),
		cmocka_unit_test(test_something_confirmed_ends_the_row),
		cmocka_unit_test(test_only_a_lasting_connection_ends_the_row),
		cmocka_unit_test(test_hopeless_waits_longest_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
