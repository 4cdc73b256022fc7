/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_time.c - dates of trackers to milliseconds since 1970 */
#include "track_time.h"

#include <stdbool.h>

#include "track_record.h"
#include "track_text.h"

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int month, int year)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

static bool is_possible(const struct track_civil *c, int year)
{
	return year >= 1970 && year < 2200 && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= days_of(c->month, year) &&
	       c->hour >= 0 && c->hour < 24 && c->minute >= 0 &&
	       c->minute < 60 && c->second >= 0 && c->second < 60 &&
	       c->ms >= 0 && c->ms < 1000;
}

int64_t track_time(const struct track_civil *c, int zone_min)
{
	const int year = c->year < 100 ? c->year + 2000 : c->year;
	int64_t days, y = year - 1;

	if (!is_possible(c, year))
		return TRACK_TIME_NONE;
	/* whole years since year 1, of which 719162 days are before 1970 */
	days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
	for (int m = 1; m < c->month; m++)
		days += days_of(m, year);
	days += c->day - 1;
	return (((days * 24 + c->hour) * 60 + c->minute - zone_min) * 60 +
		c->second) *
		       1000 +
	       c->ms;
}

int64_t track_time_carry(const struct track_civil *c, int zone_min)
{
	const int year = c->year < 100 ? c->year + 2000 : c->year;
	const int months = year * 12 + c->month - 1;
	const struct track_civil first = { .year = months / 12,
					   .month = months % 12 + 1,
					   .day = 1,
					   .ms = c->ms };
	const int64_t start = c->month < 0 || c->day < 0
				      ? TRACK_TIME_NONE
				      : track_time(&first, zone_min);

	if (start == TRACK_TIME_NONE)
		return start;
	return start +
	       (((c->day - 1) * (int64_t)24 + c->hour) * 60 + c->minute) * 60 *
		       1000 +
	       (int64_t)c->second * 1000;
}

static int *member(struct track_civil *c, char letter)
{
	switch (letter) {
	case 'Y':
	case 'y':
		return &c->year;
	case 'm':
		return &c->month;
	case 'd':
		return &c->day;
	case 'H':
		return &c->hour;
	case 'M':
		return &c->minute;
	default:
		return &c->second;
	}
}

/* ".5", ".52", ".523" and more digits; empty is 0. */
static bool parse_fraction(struct base_span s, int *ms)
{
	int scale = 100, v = 0;

	for (size_t i = 1; i < s.len; i++) {
		v += (s.ptr[i] - '0') * scale;
		scale /= 10;
	}
	*ms = v;
	return !s.len ||
	       (s.ptr[0] == '.' &&
		(s.len == 1 || track_text_digits(track_text_tail(s, 1))));
}

bool track_time_parse(struct track_civil *c, const char *form,
		      struct base_span digits)
{
	struct track_civil parsed = *c;
	bool seconds = false;

	digits = track_text_trim(digits);
	for (; *form; form++) {
		const size_t n = *form == 'Y' ? 4 : 2;
		const struct base_span two = track_text_head(digits, n);
		int64_t v;

		if (two.len != n || !track_text_digits(two) ||
		    !track_text_int(two, &v))
			return false;
		*member(&parsed, *form) = (int)v;
		digits = track_text_tail(digits, n);
		seconds = *form == 'S';
	}
	if (seconds ? !parse_fraction(digits, &parsed.ms) : digits.len > 0)
		return false;
	*c = parsed;
	return true;
}

bool track_time_parse_bcd(struct track_civil *c, const char *form,
			  struct base_rd *r)
{
	struct track_civil parsed = *c;

	for (; *form; form++) {
		const uint8_t byte = base_rd_u8(r);

		if (byte >> 4 > 9 || (byte & 15) > 9)
			return false;
		*member(&parsed, *form) = (byte >> 4) * 10 + (byte & 15);
	}
	if (!base_rd_ok(r))
		return false;
	*c = parsed;
	return true;
}
