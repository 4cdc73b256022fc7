/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_test.h - frames and packets made by hand */
#ifndef PACKET_TEST_H
#define PACKET_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "packet_build.h"
#include "packet_parse.h"

static inline struct base_addr addr(const char *text)
{
	struct base_addr a;

	assert_true(base_addr_parse(&a, text));
	return a;
}

static inline struct base_span span(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

/* "45 00 0a...": hexadecimal digits, blanks between them. Return: the length.
 */
static inline size_t from_hex(const char *text, uint8_t *out, size_t room)
{
	size_t len = 0;
	int digits = 0;

	for (const char *p = text; *p; p++) {
		const char *const all = "0123456789abcdef";
		const char *at = strchr(all, *p);

		if (*p == ' ')
			continue;
		assert_non_null(at);
		assert_true(len < room);
		out[len] = (uint8_t)((digits ? out[len] << 4 : 0) | (at - all));
		len += (size_t)digits;
		digits = !digits;
	}
	assert_int_equal(digits, 0);
	return len;
}

#endif
