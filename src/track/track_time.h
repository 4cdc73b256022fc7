/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_time.h - dates of trackers to milliseconds since 1970 */
#ifndef TRACK_TIME_H
#define TRACK_TIME_H

#include <stdint.h>

#include "base_rd.h"

/* A two-digit year is of this century. Month and day count from 1. */
struct track_civil {
	int year, month, day, hour, minute, second, ms;
};

/* zone_min: minutes east of UTC in which it is told. Proleptic Gregorian.
 * Return: TRACK_TIME_NONE for what is no date between 1970 and 2199, and no
 * time of day (24:00:00 and a leap second are none). */
int64_t track_time(const struct track_civil *c, int zone_min);
/* ... but what goes beyond is carried: June 31 is July 1, month 18 is June of
 * the next year, as a Java calendar has it. So is what stays behind: a date of
 * zeros, of a receiver that has none yet, is 1999-11-30. */
int64_t track_time_carry(const struct track_civil *c, int zone_min);

/*
 * Digits as `form` says, two for each letter: y year, m month, d day, H hour,
 * M minute, S second; Y takes four. The text has just as many digits, or,
 * behind a final S, a point and a fraction of a second. "dmy" and "HMS" are the
 * usual ones. What the form does not name stays. Return: false, and nothing has
 * changed.
 */
bool track_time_parse(struct track_civil *c, const char *form,
		      struct base_span digits);
/* The same from BCD, a byte for two digits. */
bool track_time_parse_bcd(struct track_civil *c, const char *form,
			  struct base_rd *r);

#endif
