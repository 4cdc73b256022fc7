/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_rd.h - bounds-checked reader with a sticky error
 *
 * The one way bytes from outside are parsed. Read several fields in a row,
 * then ask base_rd_ok() once: after the first read past the end every later
 * read gives 0 (or an empty span), nothing advances, and the error stays.
 * A reader borrows its bytes; it never allocates and never writes them.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"

struct base_rd {
	const uint8_t *pos; /* next byte */
	const uint8_t *end; /* one past the last byte */
	bool failed;
};

/* A piece of borrowed bytes; ptr may be NULL when len is 0. */
struct base_span {
	const uint8_t *ptr;
	size_t len;
};

void base_rd_init(struct base_rd *r, const void *bytes, size_t len);
bool base_rd_ok(const struct base_rd *r);
size_t base_rd_left(const struct base_rd *r);

/* Marks the reader as failed: the caller found a value it cannot accept. */
void base_rd_fail(struct base_rd *r);

/* Fixed-size integers; 0 after an error. */
uint8_t base_rd_u8(struct base_rd *r);
uint16_t base_rd_be16(struct base_rd *r);
uint32_t base_rd_be32(struct base_rd *r);
uint64_t base_rd_be64(struct base_rd *r);

/* The next byte without taking it, or -1 at the end or after an error. */
int base_rd_peek(const struct base_rd *r);

/* Takes exactly len bytes. */
struct base_span base_rd_take(struct base_rd *r, size_t len);

/*
 * Takes the bytes up to the next `delim` and the delimiter itself; the span
 * is without it. No delimiter: the reader fails.
 */
struct base_span base_rd_until(struct base_rd *r, uint8_t delim);

/* Takes the next byte, which must be `want`, or fails. */
void base_rd_expect(struct base_rd *r, uint8_t want);

/* Takes exactly `digits` hexadecimal digits (at most 8) as a number. */
uint32_t base_rd_hex(struct base_rd *r, size_t digits);

#endif
