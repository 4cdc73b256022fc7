/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_when.c - a time as people write it */
#include "wayside_when.h"

#include <string.h>
#include <time.h>

#include "base_rd.h"

/* The next `digits` digits. */
static int number(struct base_rd *r, int digits)
{
	int n = 0;

	for (; digits > 0; digits--) {
		const uint8_t c = base_rd_u8(r);

		if (c < '0' || c > '9')
			base_rd_fail(r);
		n = n * 10 + (c - '0');
	}
	return n;
}

static bool next_is(const struct base_rd *r, const char *set)
{
	const int c = base_rd_peek(r);

	return c > 0 && strchr(set, c);
}

/* ".5": what is beyond milliseconds is left out. */
static int fraction_ms(struct base_rd *r)
{
	int ms = 0, unit = 100;

	(void)base_rd_u8(r);
	do {
		ms += number(r, 1) * unit;
		unit /= 10;
	} while (next_is(r, "0123456789"));
	return ms;
}

static void read_clock(struct base_rd *r, struct tm *tm, int *ms)
{
	(void)base_rd_u8(r); /* what stands between date and time */
	tm->tm_hour = number(r, 2);
	base_rd_expect(r, ':');
	tm->tm_min = number(r, 2);
	if (next_is(r, ":")) {
		(void)base_rd_u8(r);
		tm->tm_sec = number(r, 2);
	}
	if (next_is(r, "."))
		*ms = fraction_ms(r);
	if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		base_rd_fail(r);
}

/* Seconds east of UTC. */
static int zone(struct base_rd *r)
{
	const uint8_t sign = base_rd_u8(r);
	int hours, minutes;

	if (sign == 'Z' || sign == 'z')
		return 0;
	hours = number(r, 2);
	base_rd_expect(r, ':');
	minutes = number(r, 2);
	if (hours > 23 || minutes > 59)
		base_rd_fail(r);
	return (sign == '-' ? -60 : 60) * (hours * 60 + minutes);
}

/* There is no 30 February. */
static bool is_day(const struct tm *tm)
{
	struct tm noon = { .tm_year = tm->tm_year,
			   .tm_mon = tm->tm_mon,
			   .tm_mday = tm->tm_mday,
			   .tm_hour = 12 };

	(void)timegm(&noon);
	return noon.tm_mon == tm->tm_mon && noon.tm_mday == tm->tm_mday;
}

static bool parse_date(struct base_rd r, uint64_t *ms)
{
	struct tm tm = { .tm_isdst = -1 };
	int millis = 0, east = 0;
	bool local = true;
	time_t t;

	tm.tm_year = number(&r, 4) - 1900;
	base_rd_expect(&r, '-');
	tm.tm_mon = number(&r, 2) - 1;
	base_rd_expect(&r, '-');
	tm.tm_mday = number(&r, 2);
	if (next_is(&r, "Tt ")) {
		read_clock(&r, &tm, &millis);
		if (next_is(&r, "Zz+-")) {
			local = false;
			east = zone(&r);
		}
	}
	if (!base_rd_ok(&r) || base_rd_left(&r) || !is_day(&tm))
		return false;
	/* a leap second, or an hour that is left out in spring, is that behind
	 * it */
	t = (local ? mktime(&tm) : timegm(&tm)) - east;
	if (t < 0)
		return false;
	*ms = (uint64_t)t * 1000 + (uint64_t)millis;
	return true;
}

static bool parse_distance(struct base_rd r, uint64_t now_ms, uint64_t *ms)
{
	static const struct {
		uint8_t unit;
		uint64_t ms;
	} units[] = {
		{ 's', 1000 },     { 'm', 60000 },     { 'h', 3600000 },
		{ 'd', 86400000 }, { 'w', 604800000 },
	};
	uint64_t n = 0;
	uint8_t unit;

	do {
		n = n * 10 + (uint64_t)number(&r, 1);
	} while (base_rd_ok(&r) && n < 1000000000 && next_is(&r, "0123456789"));
	unit = base_rd_u8(&r);
	if (!base_rd_ok(&r) || base_rd_left(&r))
		return false;
	for (size_t i = 0; i < WS_ARRAY_LEN(units); i++) {
		if (unit != units[i].unit)
			continue;
		if (n * units[i].ms > now_ms)
			return false;
		*ms = now_ms - n * units[i].ms;
		return true;
	}
	return false;
}

bool wayside_when_parse(const char *text, uint64_t now_ms, uint64_t *ms)
{
	struct base_rd r;

	base_rd_init(&r, text, strlen(text));
	return parse_date(r, ms) || parse_distance(r, now_ms, ms);
}
