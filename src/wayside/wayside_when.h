/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_when.h - a time as people write it */
#ifndef WAYSIDE_WHEN_H
#define WAYSIDE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

/*
 * RFC 3339 (2025-11-03T14:25:01.5Z, 2025-11-03T19:55:01+05:30), the same with a
 * blank or without a zone: local time, YYYY-MM-DD[ HH:MM[:SS]]; or so long
 * before now: 90s, 15m, 2h, 3d, 1w. Milliseconds since 1970. Return: false with
 * *ms unchanged: it is none of them, or before 1970.
 */
WS_MUST_USE bool wayside_when_parse(const char *text, uint64_t now_ms,
				    uint64_t *ms);

#endif
