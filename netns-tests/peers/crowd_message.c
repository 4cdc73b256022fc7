/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd_message.c - the bytes that each connection of a crowd sends */
#include "crowd_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FRAME_LEN     21 /* all of a message but its content */
#define HEADER_LEN    23 /* what comes before the first cell */
#define DEVICE_DIGITS 5
#define NUMBER_DIGITS 7
#define INDEX_DIGITS  3
#define CELL_LEN      16 /* the digits and a dot */

static void put(char **p, uint64_t v, unsigned digits)
{
	for (unsigned i = digits; i--; v /= 10)
		(*p)[i] = (char)('0' + v % 10);
	*p += digits;
}

static void cell(char buf[static CELL_LEN], uint32_t device, uint64_t number,
		 size_t index)
{
	put(&buf, device, DEVICE_DIGITS);
	put(&buf, number, NUMBER_DIGITS);
	put(&buf, index, INDEX_DIGITS);
	*buf = '.';
}

static void message(char *buf, uint32_t device, size_t len, uint64_t number)
{
	(void)snprintf(buf, HEADER_LEN + 1, "[3G*%010" PRIu32 "*%04zX*LK,",
		       device, len - FRAME_LEN);
	for (size_t at = HEADER_LEN; at < len - 1; at += CELL_LEN) {
		char text[CELL_LEN];
		const size_t left = len - 1 - at;

		cell(text, device, number, (at - HEADER_LEN) / CELL_LEN);
		memcpy(buf + at, text, left < CELL_LEN ? left : CELL_LEN);
	}
	buf[len - 1] = ']';
}

/* The rest of one message, at most `max` bytes. Return: their number. */
static size_t piece(char *text, const char **from, size_t max, uint32_t device,
		    size_t len, uint64_t offset)
{
	const size_t at = offset % len;

	message(text, device, len, offset / len);
	*from = text + at;
	return len - at < max ? len - at : max;
}

void crowd_message_fill(uint8_t *buf, size_t n, uint32_t device, size_t len,
			uint64_t offset)
{
	char text[CROWD_MESSAGE_MAX];

	for (size_t done = 0; done < n;) {
		const char *from;
		const size_t part = piece(text, &from, n - done, device, len,
					  offset + done);

		memcpy(buf + done, from, part);
		done += part;
	}
}

bool crowd_message_is(struct base_span bytes, uint32_t device, size_t len,
		      uint64_t offset)
{
	char text[CROWD_MESSAGE_MAX];

	for (size_t done = 0; done < bytes.len;) {
		const char *from;
		const size_t part = piece(text, &from, bytes.len - done, device,
					  len, offset + done);

		if (memcmp(bytes.ptr + done, from, part) != 0)
			return false;
		done += part;
	}
	return true;
}

static uint64_t digits(struct base_rd *r, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t c = base_rd_u8(r);

		if (c < '0' || c > '9')
			base_rd_fail(r);
		v = v * 10 + (uint64_t)(c - '0');
	}
	return v;
}

bool crowd_message_find(struct base_span bytes, size_t len, uint32_t *device,
			uint64_t *offset)
{
	for (size_t at = 0; at + CELL_LEN <= bytes.len; at++) {
		struct base_rd r;
		uint64_t before;

		base_rd_init(&r, bytes.ptr + at, CELL_LEN);
		*device = (uint32_t)digits(&r, DEVICE_DIGITS);
		before = digits(&r, NUMBER_DIGITS) * len + HEADER_LEN;
		before += digits(&r, INDEX_DIGITS) * CELL_LEN;
		base_rd_expect(&r, '.');
		if (!base_rd_ok(&r))
			continue;
		*offset = before - at;
		return before >= at;
	}
	return false;
}
