/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_time.c - clocks, and the classic local time stamps */
#include "base_time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t base_time_wall_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail: valid clock */
	return (uint64_t)ts.tv_sec * BASE_TIME_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t base_time_mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* False when the time has no local form. */
static bool local_time(uint64_t wall_ns, struct tm *tm)
{
	const time_t t = (time_t)(wall_ns / BASE_TIME_NS_PER_S);

	return localtime_r(&t, tm) != NULL;
}

const char *base_time_stamp(uint64_t wall_ns,
			    char buf[static BASE_TIME_STAMP_LEN])
{
	struct tm tm;

	if (!local_time(wall_ns, &tm) ||
	    !strftime(buf, BASE_TIME_STAMP_LEN, "%Y-%m-%d %H:%M:%S", &tm))
		memcpy(buf, "-", 2);
	return buf;
}

const char *base_time_id(uint64_t wall_ns, char buf[static BASE_TIME_STAMP_LEN])
{
	struct tm tm;

	if (!local_time(wall_ns, &tm) ||
	    !strftime(buf, BASE_TIME_STAMP_LEN, "%Y-%m-%d_%H%M%S", &tm))
		memcpy(buf, "-", 2);
	return buf;
}

const char *base_time_utc(uint64_t wall_ns, char buf[static BASE_TIME_UTC_LEN])
{
	const time_t t = (time_t)(wall_ns / BASE_TIME_NS_PER_S);
	char stem[24];
	struct tm tm;

	/* 64 bits of nanoseconds end in 2554: there is always such a date */
	if (!gmtime_r(&t, &tm) ||
	    !strftime(stem, sizeof(stem), "%Y-%m-%dT%H:%M:%S", &tm))
		memcpy(stem, "-", 2);
	(void)snprintf(buf, BASE_TIME_UTC_LEN, "%s.%03uZ", stem,
		       (unsigned)(wall_ns % BASE_TIME_NS_PER_S / 1000000));
	return buf;
}
