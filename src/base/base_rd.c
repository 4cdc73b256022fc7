/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_rd.c - bounds-checked reader with a sticky error */
#include "base_rd.h"

#include <assert.h>
#include <string.h>

void base_rd_init(struct base_rd *r, const void *bytes, size_t len)
{
	static const uint8_t nothing[1];

	r->pos = len ? bytes : nothing;
	r->end = r->pos + len;
	r->failed = false;
}

bool base_rd_ok(const struct base_rd *r)
{
	return !r->failed;
}

size_t base_rd_left(const struct base_rd *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->pos);
}

void base_rd_fail(struct base_rd *r)
{
	r->failed = true;
}

struct base_span base_rd_take(struct base_rd *r, size_t len)
{
	struct base_span s = { NULL, 0 };

	if (len > base_rd_left(r)) {
		r->failed = true;
		return s;
	}
	if (r->failed)
		return s;
	s.ptr = r->pos;
	s.len = len;
	r->pos += len;
	return s;
}

static uint64_t take_be(struct base_rd *r, size_t len)
{
	struct base_span s = base_rd_take(r, len);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint8_t base_rd_u8(struct base_rd *r)
{
	return (uint8_t)take_be(r, 1);
}

uint16_t base_rd_be16(struct base_rd *r)
{
	return (uint16_t)take_be(r, 2);
}

uint32_t base_rd_be32(struct base_rd *r)
{
	return (uint32_t)take_be(r, 4);
}

uint64_t base_rd_be64(struct base_rd *r)
{
	return take_be(r, 8);
}

int base_rd_peek(const struct base_rd *r)
{
	return base_rd_left(r) ? *r->pos : -1;
}

struct base_span base_rd_until(struct base_rd *r, uint8_t delim)
{
	const size_t left = base_rd_left(r);
	const uint8_t *hit = left ? memchr(r->pos, delim, left) : NULL;
	struct base_span s;

	if (!hit) {
		r->failed = true;
		return (struct base_span){ NULL, 0 };
	}
	s = base_rd_take(r, (size_t)(hit - r->pos));
	r->pos++;
	return s;
}

void base_rd_expect(struct base_rd *r, uint8_t want)
{
	if (base_rd_peek(r) != want)
		r->failed = true;
	else
		r->pos++;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

uint32_t base_rd_hex(struct base_rd *r, size_t digits)
{
	const uint8_t *start = r->pos;
	struct base_span s;
	uint32_t v = 0;

	assert(digits <= 8);
	s = base_rd_take(r, digits);
	for (size_t i = 0; i < s.len; i++) {
		int d = hex_value(s.ptr[i]);

		if (d < 0) {
			r->pos = start;
			r->failed = true;
			return 0;
		}
		v = v << 4 | (uint32_t)d;
	}
	return v;
}
