/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd_message.c - the bytes that each connection of a crowd sends */
#include "crowd_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FRAME_LEN     21 /* all of a message but its content */
#define DEVICE_DIGITS 10
#define NUMBER_DIGITS 12
#define START         "[3G*"
#define START_LEN     4
#define COMMAND       "LK,"
#define HEADER_LEN    (FRAME_LEN - 1 + 3 + NUMBER_DIGITS + 1)

static void message(char *buf, uint32_t device, size_t len, uint64_t number)
{
	(void)snprintf(buf, HEADER_LEN + 1,
		       START "%010" PRIu32 "*%04zX*" COMMAND "%012" PRIu64 ",",
		       device, len - FRAME_LEN, number);
	for (size_t i = HEADER_LEN; i < len - 1; i++)
		buf[i] = (char)('a' + (number + i) % 26);
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
	const uint8_t *at =
		bytes.len ? memmem(bytes.ptr, bytes.len, START, START_LEN)
			  : NULL;
	const size_t before = at ? (size_t)(at - bytes.ptr) : 0;
	struct base_rd r;
	uint64_t number;

	if (!at)
		return false;
	base_rd_init(&r, at, bytes.len - before);
	(void)base_rd_take(&r, START_LEN);
	*device = (uint32_t)digits(&r, DEVICE_DIGITS);
	base_rd_expect(&r, '*');
	if (base_rd_hex(&r, 4) != len - FRAME_LEN)
		base_rd_fail(&r);
	base_rd_expect(&r, '*');
	(void)base_rd_take(&r, sizeof(COMMAND) - 1);
	number = digits(&r, NUMBER_DIGITS);
	*offset = number * len - before;
	return base_rd_ok(&r) && before <= number * len;
}
