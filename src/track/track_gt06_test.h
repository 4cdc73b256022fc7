/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_test.h - messages of the GT06 family from their content
 *
 * The checksum is made bit by bit, as ISO/IEC 13239 draws it, not by the
 * tables of track_sum.c.
 */
#ifndef TRACK_GT06_TEST_H
#define TRACK_GT06_TEST_H

#define BYTES_MAX 20000
#include "track_bytes_test.h"
#include "track_gt06.h"

/* CRC-16/X-25. */
static inline uint16_t bitwise_crc(const uint8_t *p, size_t len)
{
	unsigned sum = 0xffff;

	for (size_t i = 0; i < 8 * len; i++) {
		const unsigned bit = (sum ^ p[i / 8] >> i % 8) & 1;

		sum = sum >> 1 ^ (bit ? 0x8408 : 0);
	}
	return (uint16_t)~sum;
}

/* A message of type and content, and the serial number 0x1234, behind what
 * there is. start: 0x78 or 0x79. */
static inline void bytes_message(struct bytes *b, unsigned start,
				 const char *hex)
{
	const size_t at = b->len;
	struct bytes *content = calloc(1, sizeof(*content));
	uint16_t sum;

	assert_non_null(content);
	bytes_add(content, hex);
	bytes_put(b, start);
	bytes_put(b, start);
	if (start == 0x79)
		bytes_put(b, (unsigned)(content->len + 4) >> 8);
	bytes_put(b, (content->len + 4) & 0xff);
	bytes_add(b, hex);
	bytes_add(b, "1234");
	sum = bitwise_crc(b->at + at + 2, b->len - at - 2);
	bytes_put(b, sum >> 8);
	bytes_put(b, sum & 0xff);
	bytes_add(b, "0d0a");
	free(content);
}

/* One for all that a test needs at a time. */
static inline struct bytes *bytes_new(void)
{
	static struct bytes bytes;

	bytes.len = 0;
	return &bytes;
}

#endif
