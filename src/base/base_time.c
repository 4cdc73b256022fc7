/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_time.c - clocks, and the classic local time stamps */
#include "base_time.h"

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

static const char *format_local(uint64_t wall_ns, const char *format,
				char buf[static BASE_TIME_STAMP_LEN])
{
	const time_t t = (time_t)(wall_ns / BASE_TIME_NS_PER_S);
	struct tm tm;

	if (!localtime_r(&t, &tm) ||
	    !strftime(buf, BASE_TIME_STAMP_LEN, format, &tm))
		memcpy(buf, "-", 2);
	return buf;
}

const char *base_time_stamp(uint64_t wall_ns,
			    char buf[static BASE_TIME_STAMP_LEN])
{
	return format_local(wall_ns, "%Y-%m-%d %H:%M:%S", buf);
}

const char *base_time_id(uint64_t wall_ns, char buf[static BASE_TIME_STAMP_LEN])
{
	return format_local(wall_ns, "%Y-%m-%d_%H%M%S", buf);
}
