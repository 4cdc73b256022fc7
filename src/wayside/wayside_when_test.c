/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_when_test.c - times as people write them */
#include "wayside_when.h"

#include <stdlib.h>
#include <time.h>

#include "base_test.h"

/* 2025-11-03 14:25:01 UTC: 20395 days and 51901 seconds; the tests run five and
 * a half hours east of it, where it is 19:55:01. */
#define NOW (20395 * DAY + 51901000ULL)
#define DAY 86400000ULL

static void times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {
		{ "2025-11-03T14:25:01Z", NOW },
		{ "2025-11-03t14:25:01z", NOW },
		{ "2025-11-03 14:25:01.042Z", NOW + 42 },
		{ "2025-11-03T14:25:01.5Z", NOW + 500 },
		{ "2025-11-03T14:25:01.0429999Z", NOW + 42 },
		{ "2025-11-03T19:55:01+05:30", NOW },
		{ "2025-11-03T06:25:01.000-08:00", NOW },
		{ "2025-11-03T14:25:01-00:00", NOW },
		{ "2025-11-03 19:55:01", NOW },
		{ "2025-11-03T19:55:01", NOW },
		{ "2025-11-03 19:55", NOW - 1000 },
		/* midnight there is 18:30 UTC of the day before */
		{ "2025-11-03", 20395 * DAY - 19800000 },
		{ "2024-02-29T00:00:00Z", 19782 * DAY },
		/* 1970-01-01 has begun 5:30 before */
		{ "1970-01-01 05:30", 0 },
		{ "1970-01-01T00:00Z", 0 },
		{ "2016-12-31T23:59:60Z", 17167 * DAY },
		{ "0s", NOW },
		{ "90s", NOW - 90000 },
		{ "15m", NOW - 900000 },
		{ "2h", NOW - 7200000 },
		{ "3d", NOW - 3 * DAY },
		{ "1w", NOW - 7 * DAY },
		{ "20395d", 51901000 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		uint64_t ms = 7;

		if (!wayside_when_parse(rows[i].text, NOW, &ms))
			fail_msg("refused: %s", rows[i].text);
		if (ms != rows[i].ms)
			fail_msg("%s is %llu", rows[i].text,
				 (unsigned long long)ms);
	}
}

static void no_times(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"yesterday",
		"2",
		"h",
		"2 h",
		"2hh",
		"-2h",
		"+2h",
		"2h30m",
		"2ms",
		"2y",
		"20396d", /* before 1970 */
		"99999999999999999999s",
		"2025",
		"2025-11",
		"2025-11-3",
		"2025-1-03",
		"25-11-03",
		"2025-13-01",
		"2025-00-01",
		"2025-11-00",
		"2025-11-31",
		"2025-02-29",
		"2025-11-03 ",
		"2025-11-03 14",
		"2025-11-03 14:2",
		"2025-11-03 24:00",
		"2025-11-03 14:60",
		"2025-11-03 14:25:61",
		"2025-11-03T14:25:01.Z",
		"2025-11-03T14:25:01Zx",
		"2025-11-03T14:25:01+0530",
		"2025-11-03T14:25:01+24:00",
		"2025-11-03T14:25:01+05:60",
		"2025-11-03Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01 05:29",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		uint64_t ms = 7;

		if (wayside_when_parse(rows[i], NOW, &ms))
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(ms, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(no_times),
	};

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	if (setenv("TZ", "TST-5:30", 1))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
