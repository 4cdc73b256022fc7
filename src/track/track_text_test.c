/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_text_test.c - fields, numbers, places and dates in text */
#include "track_text.h"

#include <string.h>

#include "base_test.h"
#include "track_record.h"
#include "track_time.h"

static struct base_span span(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

static void is(struct base_span s, const char *text)
{
	if (!track_text_is(s, text))
		fail_msg("%.*s is not %s", (int)s.len, (const char *)s.ptr,
			 text);
}

static void fields_end_with_a_delimiter_or_the_text(void **state)
{
	struct base_rd r;

	(void)state;
	base_rd_init(&r, "a,,bc,d", 7);
	is(track_text_field(&r, ','), "a");
	is(track_text_field(&r, ','), "");
	is(track_text_field(&r, ','), "bc");
	is(track_text_field(&r, ','), "d");
	for (int i = 0; i < 3; i++)
		is(track_text_field(&r, ','), "");
	assert_true(base_rd_ok(&r));

	base_rd_init(&r, "a,b,c,", 6);
	track_text_skip(&r, ',', 2);
	is(track_text_field(&r, ','), "c");
	assert_int_equal(base_rd_left(&r), 0);
	track_text_skip(&r, ',', 9);
	assert_true(base_rd_ok(&r));
}

static void runs_of_bytes(void **state)
{
	struct base_rd r;

	(void)state;
	base_rd_init(&r, "1230x", 5);
	is(track_text_run(&r, "0123", 3), "123");
	is(track_text_run(&r, "0123", 3), "0");
	is(track_text_run(&r, "0123", 3), "");
	assert_false(track_text_take(&r, '0'));
	assert_true(track_text_take(&r, 'x'));
	assert_false(track_text_take(&r, 'x'));
	is(track_text_run(&r, "x", 3), "");
	assert_true(base_rd_ok(&r));

	/* a NUL is in no set */
	base_rd_init(&r, "a", 2);
	is(track_text_run(&r, "a", 9), "a");
}

static void words(void **state)
{
	uint8_t capitals[8];

	(void)state;
	assert_true(track_text_is(span("LK"), "LK"));
	assert_false(track_text_is(span("LK2"), "LK"));
	assert_false(track_text_is(span("L"), "LK"));
	assert_true(track_text_begins(span("LK2"), "LK"));
	assert_false(track_text_begins(span("L"), "LK"));
	assert_true(track_text_begins(span(""), ""));
	assert_true(track_text_is((struct base_span){ NULL, 0 }, ""));
	assert_true(track_text_fits(span("LK"), "LK"));
	assert_false(track_text_fits(span("LK2"), "LK"));
	assert_true(track_text_fits(span("UD"), "UD*"));
	assert_true(track_text_fits(span("UD2"), "UD*"));
	assert_false(track_text_fits(span("U"), "UD*"));
	assert_true(track_text_fits(span(""), "*"));
	assert_true(track_text_fits(span("x"), "*"));
	assert_true(track_text_fits(span(""), ""));
	assert_false(track_text_fits(span("x"), ""));
	is(track_text_capitals(span("aZ z!0{"), capitals, sizeof(capitals)),
	   "AZ Z!0{");
	is(track_text_capitals(span("abcdefghi"), capitals, sizeof(capitals)),
	   "ABCDEFGH");
	is(track_text_trim(span(" \t a b\r\n")), "a b");
	is(track_text_trim(span(" \r ")), "");
	is(track_text_head(span("abc"), 2), "ab");
	is(track_text_head(span("abc"), 4), "abc");
	is(track_text_tail(span("abc"), 2), "c");
	is(track_text_tail(span("abc"), 3), "");
	is(track_text_tail(span("abc"), 4), "");
	assert_true(track_text_digits(span("0189")));
	assert_false(track_text_digits(span("01a")));
	assert_false(track_text_digits(span("")));
	assert_true(track_text_hex_digits(span("09afAF")));
	assert_false(track_text_hex_digits(span("0g")));
	assert_false(track_text_hex_digits(span("")));
}

static void whole_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t v;
	} cases[] = {
		{ "0", true, 0 },
		{ "0012", true, 12 },
		{ " -7 ", true, -7 },
		{ "+7", true, 7 },
		{ "999999999999999999", true, 999999999999999999 },
		{ "-999999999999999999", true, -999999999999999999 },
		{ "1000000000000000000", false, 0 }, /* 19 digits */
		{ "", false, 0 },
		{ " ", false, 0 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "1 2", false, 0 },
		{ "1.0", false, 0 },
		{ "0x1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		int64_t v = 42;

		if (track_text_int(span(cases[i].text), &v) != cases[i].ok)
			fail_msg("%s", cases[i].text);
		assert_int_equal(v, cases[i].ok ? cases[i].v : 42);
	}
}

static void hexadecimal_numbers(void **state)
{
	uint64_t v = 42;

	(void)state;
	assert_true(track_text_hex(span("00fF"), &v));
	assert_int_equal(v, 255);
	assert_true(track_text_hex(span("FFFFFFFFFFFFFFFF"), &v));
	assert_true(v == UINT64_MAX);
	v = 42;
	assert_false(track_text_hex(span("00000000000000000"), &v)); /* 17 */
	assert_false(track_text_hex(span(""), &v));
	assert_false(track_text_hex(span("-1"), &v));
	assert_int_equal(v, 42);
}

static void numbers_with_a_point(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		double v;
	} cases[] = {
		{ "0", true, 0 },
		{ "1.5", true, 1.5 },
		{ "-1.5", true, -1.5 },
		{ " 9.1574736", true, 9.1574736 },
		{ ".5", true, 0.5 },
		{ "5.", true, 5 },
		{ "0022.50", true, 22.5 },
		{ "1234567890123.45", true, 1234567890123.45 },
		{ "1234567890123456789", false, 0 },
		{ "", false, 0 },
		{ ".", false, 0 },
		{ "1.2.3", false, 0 },
		{ "1e5", false, 0 },
		{ "nan", false, 0 },
		{ "1,5", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		double v = 42;

		if (track_text_real(span(cases[i].text), &v) != cases[i].ok)
			fail_msg("%s", cases[i].text);
		assert_true(v == (cases[i].ok ? cases[i].v : 42));
	}
}

static void degrees_and_minutes(void **state)
{
	double v = 42;

	(void)state;
	/* 22 + 30 / 60 */
	assert_true(track_text_minutes(span("2230.0000"), &v));
	assert_float_equal(v, 22.5, 1e-9);
	/* 113 + 54.75 / 60 */
	assert_true(track_text_minutes(span("11354.75"), &v));
	assert_float_equal(v, 113.9125, 1e-9);
	/* minutes alone: 6.75 / 60; a sign is of both: -(1 + 15 / 60) */
	assert_true(track_text_minutes(span("6.75"), &v));
	assert_float_equal(v, 0.1125, 1e-9);
	assert_true(track_text_minutes(span("-115.0"), &v));
	assert_float_equal(v, -1.25, 1e-9);
	assert_false(track_text_minutes(span("x"), &v));
	assert_float_equal(v, -1.25, 1e-9);

	assert_true(track_text_side(1.5, span("S")) == -1.5);
	assert_true(track_text_side(1.5, span(" w")) == -1.5);
	assert_true(track_text_side(1.5, span("N")) == 1.5);
	assert_true(track_text_side(1.5, span("")) == 1.5);
	assert_true(track_text_side(1.5, span("SW")) == 1.5);
}

/* Days since 1970 by the calendar: 365 a year and one a leap year. */
static void dates(void **state)
{
	/* 2000-03-01: 30 years, leap days of 1972 to 1996 and 2000: 8, and
	 * 31 + 28 days: 30 * 365 + 8 + 59 = 11017 */
	const struct track_civil march = { .year = 2000, .month = 3, .day = 1 };
	struct track_civil c = { .year = 0,
				 .month = 2,
				 .day = 29,
				 .hour = 23,
				 .minute = 59,
				 .second = 59,
				 .ms = 999 };

	(void)state;
	assert_true(track_time(&(struct track_civil){ .year = 1970,
						      .month = 1,
						      .day = 1 },
			       0) == 0);
	assert_true(track_time(&march, 0) == 11017 * 86400000LL);
	/* a millisecond before it, in the year 0 of this century */
	assert_true(track_time(&c, 0) == 11017 * 86400000LL - 1);
	/* a clock that is two hours ahead said so two hours earlier */
	assert_true(track_time(&march, 120) ==
		    11017 * 86400000LL - 2 * 3600000LL);
	assert_true(track_time(&march, -90) ==
		    11017 * 86400000LL + 90 * 60000LL);

	c.year = 2100; /* no leap year */
	assert_true(track_time(&c, 0) == TRACK_TIME_NONE);
	c.year = 2001;
	assert_true(track_time(&c, 0) == TRACK_TIME_NONE);
	c.day = 28;
	assert_true(track_time(&c, 0) != TRACK_TIME_NONE);
}

static void what_is_no_date(void **state)
{
	static const struct track_civil good = { 24, 1, 31, 23, 59, 59, 0 };
	struct track_civil c;

	(void)state;
	assert_true(track_time(&good, 0) != TRACK_TIME_NONE);
#define IS_NONE(member, value)                                     \
	do {                                                       \
		c = good;                                          \
		c.member = (value);                                \
		assert_true(track_time(&c, 0) == TRACK_TIME_NONE); \
	} while (0)
	IS_NONE(year, 1969);
	IS_NONE(year, 2200);
	IS_NONE(month, 0);
	IS_NONE(month, 13);
	IS_NONE(month, 4); /* has no 31st */
	IS_NONE(day, 0);
	IS_NONE(day, 32);
	IS_NONE(hour, 24);
	IS_NONE(minute, 60);
	IS_NONE(second, 60);
	IS_NONE(ms, 1000);
	IS_NONE(hour, -1);
#undef IS_NONE
}

static void what_goes_beyond_is_carried(void **state)
{
	static const struct {
		struct track_civil civil;
		int zone_min;
		bool none;
	} cases[] = {
		{ { 6, 18, 30, 8, 3, 31, 5 }, 0, false },
		{ { 7, 5, 61, 8, 3, 31, 5 }, 0, false },
		{ { 7, 6, 29, 30, 62, 91, 5 }, -60, false },
		{ { 2007, 6, 30, 8, 3, 31, 5 }, 0, false },
		{ { 7, 7, 0, 8, 3, 31, 5 }, 0, false },
		{ { 7, -1, 30, 8, 3, 31, 5 }, 0, true },
		{ { 7, 6, -1, 8, 3, 31, 5 }, 0, true },
		{ { 2199, 13, 1, 0, 0, 0, 0 }, 0, true },
		{ { 1970, 0, 1, 0, 0, 0, 0 }, 0, true },
	};
	/* 2007-06-30 is 13694 days: 37 years of 365, 9 leap days and
	 * 31+28+31+30+31+29; 08:03:31 is 8*3600+3*60+31 seconds */
	static const int64_t june = (13694LL * 86400 + 29011) * 1000 + 5;
	const struct track_civil zeros = { 0 };

	(void)state;
	/* 2000-01-01 is 30 years of 365 and 7 leap days: 10957; December has
	 * 31 days, and one more is left out */
	assert_int_equal(track_time_carry(&zeros, 60),
			 (10957LL - 31 - 1) * 86400000 - 3600000);
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++)
		assert_int_equal(
			track_time_carry(&cases[i].civil, cases[i].zone_min),
			cases[i].none ? TRACK_TIME_NONE : june);
}

static void digits_of_a_date(void **state)
{
	struct track_civil c = { .ms = 7 };
	struct base_rd r;

	(void)state;
	assert_true(track_time_parse(&c, "dmy", span("310124")));
	assert_int_equal(c.day, 31);
	assert_int_equal(c.month, 1);
	assert_int_equal(c.year, 24);
	assert_int_equal(c.ms, 7); /* it names no seconds */
	assert_true(track_time_parse(&c, "HMS", span("235958.5")));
	assert_int_equal(c.hour, 23);
	assert_int_equal(c.minute, 59);
	assert_int_equal(c.second, 58);
	assert_int_equal(c.ms, 500);
	assert_true(track_time_parse(&c, "HMS", span("000102.0789")));
	assert_int_equal(c.ms, 78);
	assert_true(track_time_parse(&c, "HMS", span(" 000102. ")));
	assert_int_equal(c.ms, 0);
	assert_true(track_time_parse(&c, "YmdHM", span("202302030405")));
	assert_int_equal(c.year, 2023);
	assert_int_equal(c.month, 2);
	assert_int_equal(c.day, 3);
	assert_int_equal(c.hour, 4);
	assert_int_equal(c.minute, 5);
	assert_int_equal(c.second, 2);

	assert_false(track_time_parse(&c, "dmy", span("31012")));
	assert_false(track_time_parse(&c, "dmy", span("3101244")));
	assert_false(track_time_parse(&c, "dmy", span("310124.5")));
	assert_false(track_time_parse(&c, "dmy", span("3101x4")));
	assert_false(track_time_parse(&c, "dmy", span("31-124")));
	assert_false(track_time_parse(&c, "HMS", span("111213,5")));
	assert_false(track_time_parse(&c, "HMS", span("111213.x")));
	assert_false(track_time_parse(&c, "HMS", span("")));
	assert_int_equal(c.year, 2023);
	assert_int_equal(c.second, 2);

	base_rd_init(&r, "\x24\x12\x31\x23\x5a", 5);
	assert_true(track_time_parse_bcd(&c, "ymdH", &r));
	assert_int_equal(c.year, 24);
	assert_int_equal(c.month, 12);
	assert_int_equal(c.day, 31);
	assert_int_equal(c.hour, 23);
	assert_false(track_time_parse_bcd(&c, "M", &r)); /* 5a */
	assert_false(track_time_parse_bcd(&c, "M", &r)); /* no byte */
	assert_int_equal(c.minute, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_end_with_a_delimiter_or_the_text),
		cmocka_unit_test(runs_of_bytes),
		cmocka_unit_test(words),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(hexadecimal_numbers),
		cmocka_unit_test(numbers_with_a_point),
		cmocka_unit_test(degrees_and_minutes),
		cmocka_unit_test(dates),
		cmocka_unit_test(what_is_no_date),
		cmocka_unit_test(what_goes_beyond_is_carried),
		cmocka_unit_test(digits_of_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
