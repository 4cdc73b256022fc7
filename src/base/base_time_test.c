/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_time_test.c - the classic stamps, in local time */
#include "base_time.h"

#include <stdlib.h>
#include <time.h>

#include "base_attr.h"
#include "base_test.h"

/* 2023-11-14 22:13:20 UTC: 19,675 days and 80,000 s after 1970 began */
#define MOMENT_S 1700000000ULL

static void local_zone(const char *tz)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the test has one thread */
	assert_int_equal(setenv("TZ", tz, 1), 0);
	tzset();
}

static void stamps_are_local_time(void **state)
{
	/* POSIX: what is written is added to local time to give UTC */
	static const struct {
		const char *tz, *stamp, *id;
	} cases[] = {
		{ "UTC0", "2023-11-14 22:13:20", "2023-11-14_221320" },
		{ "EAST-2", "2023-11-15 00:13:20", "2023-11-15_001320" },
		{ "WEST5:30", "2023-11-14 16:43:20", "2023-11-14_164320" },
	};
	char buf[BASE_TIME_STAMP_LEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		local_zone(cases[i].tz);
		assert_string_equal(
			base_time_stamp(MOMENT_S * BASE_TIME_NS_PER_S, buf),
			cases[i].stamp);
		assert_string_equal(
			base_time_id(MOMENT_S * BASE_TIME_NS_PER_S, buf),
			cases[i].id);
	}
}

static void a_second_has_many_nanoseconds(void **state)
{
	const uint64_t begin = MOMENT_S * BASE_TIME_NS_PER_S;
	char buf[BASE_TIME_STAMP_LEN];

	(void)state;
	local_zone("UTC0");
	assert_string_equal(base_time_stamp(begin + 999999999, buf),
			    "2023-11-14 22:13:20");
	assert_string_equal(base_time_stamp(begin + 1000000000, buf),
			    "2023-11-14 22:13:21");
	assert_string_equal(base_time_stamp(begin - 1, buf),
			    "2023-11-14 22:13:19");
}

/* The clocks' units, by the same clocks read with other calls around them. */
static void clocks_have_their_units(void **state)
{
	struct timespec before, after;
	uint64_t t;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
	t = base_time_wall_ns();
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
	assert_in_range(t / BASE_TIME_NS_PER_S, before.tv_sec, after.tv_sec);

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	t = base_time_mono_ms();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_in_range(t, before.tv_sec * 1000 + before.tv_nsec / 1000000,
			after.tv_sec * 1000 + after.tv_nsec / 1000000);
}

/* date -u -d @1762179901; the last second of 64 bits of nanoseconds lies in
 * July 2554. */
static void utc_has_milliseconds(void **state)
{
	char buf[BASE_TIME_UTC_LEN];

	(void)state;
	assert_string_equal(base_time_utc(1762179901042999999ULL, buf),
			    "2025-11-03T14:25:01.042Z");
	assert_string_equal(base_time_utc(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(base_time_utc(UINT64_MAX, buf),
			    "2554-07-21T23:34:33.709Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_are_local_time),
		cmocka_unit_test(a_second_has_many_nanoseconds),
		cmocka_unit_test(clocks_have_their_units),
		cmocka_unit_test(utc_has_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
