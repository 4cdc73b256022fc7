/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_time.h - clocks, and the classic local time stamps */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#define BASE_TIME_NS_PER_S 1000000000ULL

/* Wall clock in nanoseconds since 1970. */
uint64_t base_time_wall_ns(void);
/* Monotonic clock in milliseconds: for time-outs only. */
uint64_t base_time_mono_ms(void);

/* Length of a stamp with its final NUL. */
#define BASE_TIME_STAMP_LEN 20

/* "YYYY-MM-DD HH:MM:SS", local time (the format of tcpproxy's files).
 * Return: buf. */
const char *base_time_stamp(uint64_t wall_ns,
			    char buf[static BASE_TIME_STAMP_LEN]);
/* "YYYY-MM-DD_HHMMSS", local time: the stem of a connection id. Return: buf. */
const char *base_time_id(uint64_t wall_ns,
			 char buf[static BASE_TIME_STAMP_LEN]);

#define BASE_TIME_UTC_LEN 40
/* RFC 3339, UTC, milliseconds: "2025-11-03T14:25:01.042Z". Return: buf. */
const char *base_time_utc(uint64_t wall_ns, char buf[static BASE_TIME_UTC_LEN]);

#endif
