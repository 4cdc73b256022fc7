/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_bytes_test.h - messages of binary protocols from hexadecimal digits
 *
 * BYTES_MAX is defined before it where messages are longer than usual.
 */
#ifndef TRACK_BYTES_TEST_H
#define TRACK_BYTES_TEST_H

#include "track_test.h"

#ifndef BYTES_MAX
#	define BYTES_MAX 4608
#endif

struct bytes {
	size_t len;
	uint8_t at[BYTES_MAX];
};

static inline void bytes_put(struct bytes *b, unsigned byte)
{
	assert_true(b->len < sizeof(b->at));
	b->at[b->len++] = (uint8_t)byte;
}

/* Behind what there is; blanks in the text mean nothing. */
static inline void bytes_add(struct bytes *b, const char *hex)
{
	unsigned digits = 0, n = 0;

	for (; *hex; hex++) {
		const char digit[] = { *hex, '\0' };

		if (*hex == ' ')
			continue;
		digits = digits << 4 | (unsigned)strtoul(digit, NULL, 16);
		if (++n % 2 == 0)
			bytes_put(b, digits & 0xff);
	}
	assert_int_equal(n % 2, 0);
}

static inline struct base_span bytes_span(const struct bytes *b)
{
	return (struct base_span){ b->at, b->len };
}

#endif
