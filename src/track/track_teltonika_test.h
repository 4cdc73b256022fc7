/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika_test.h - messages of Teltonika from their content
 *
 * The checksum is made bit by bit, as ISO/IEC 13239 draws it, not by the
 * tables of track_sum.c.
 */
#ifndef TRACK_TELTONIKA_TEST_H
#define TRACK_TELTONIKA_TEST_H

#include "track_bytes_test.h"

static inline void bytes_number(struct bytes *b, size_t number, int size)
{
	while (size--)
		b->at[b->len++] = (uint8_t)(number >> 8 * size);
}

static inline uint16_t bitwise_crc(const uint8_t *p, size_t len)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < 8 * len; i++) {
		const unsigned bit = (sum ^ p[i / 8] >> i % 8) & 1;

		sum = (uint16_t)(sum >> 1 ^ (bit ? 0xa001 : 0));
	}
	return sum;
}

/* A packet with this content, behind what there is. */
static inline void bytes_packet(struct bytes *b, const char *content)
{
	struct bytes c = { 0 };

	bytes_add(&c, content);
	bytes_number(b, 0, 4);
	bytes_number(b, c.len, 4);
	bytes_add(b, content);
	bytes_number(b, bitwise_crc(c.at, c.len), 4);
}

#endif
