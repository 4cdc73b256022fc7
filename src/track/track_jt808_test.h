/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808_test.h - messages of JT/T 808 from their parts
 *
 * Made as the standard describes it, in the order header, checksum, escapes;
 * nothing here calls the code under test.
 */
#ifndef TRACK_JT808_TEST_H
#define TRACK_JT808_TEST_H

#include <math.h>

#include "track_bytes_test.h"
#include "track_jt808.h"

#define PHONE  "013912345678"
#define DEVICE "13912345678"

/* 22.5 = 22500000 = 343 * 65536 + 21152; 114.25 = 114250000 = 1743 * 65536 +
 * 20752 */
#define LAT "015752a0"
#define LON "06cf5110"
/* 100 m; 60.5 km/h; 271 degrees */
#define MOTION "0064 025d 010f"
#define DATE   "260102030405"
/* 2026-01-02 03:04:05 of GMT+8 is 19:04:05 of the day before, which begins
 * 20454 days after 1970: 14 leap years in 56 years, 56 * 365 + 14 = 20454 */
#define DATE_MS ((((20454LL * 24 + 19) * 60 + 4) * 60 + 5) * 1000)
#define POINT   "00000000 00000003" LAT LON MOTION DATE

/* A message of what stands between the delimiters, without the checksum, to
 * which `wrong` is added. */
static inline void put_plain(struct bytes *w, const struct bytes *plain,
			     uint8_t delimiter, uint8_t wrong)
{
	uint8_t sum = wrong;

	bytes_put(w, delimiter);
	for (size_t i = 0; i <= plain->len; i++) {
		const uint8_t c = i < plain->len ? plain->at[i] : sum;

		sum ^= c;
		if (delimiter == 0x7e && (c == 0x7e || c == 0x7d)) {
			bytes_put(w, 0x7d);
			bytes_put(w, c == 0x7e ? 2 : 1);
		} else if (delimiter == 0xe7 && (c == 0xe7 || c == 0xe6)) {
			bytes_put(w, 0xe6);
			bytes_put(w, c == 0xe7 ? 2 : 1);
		} else if (delimiter == 0xe7 && (c == 0x3e || c == 0x3d)) {
			bytes_put(w, 0x3e);
			bytes_put(w, c == 0x3d ? 2 : 1);
		} else {
			bytes_put(w, c);
		}
	}
	bytes_put(w, delimiter);
}

/* The usual form; more: bits of the attributes beside the body's length, and
 * what is added to it. */
static inline void put_message_as(struct bytes *w, const char *id,
				  const char *phone, const char *body,
				  unsigned more)
{
	struct bytes content = { 0 }, plain = { 0 };
	unsigned attributes;

	bytes_add(&content, body);
	attributes = (unsigned)content.len + more;
	bytes_add(&plain, id);
	bytes_put(&plain, (uint8_t)(attributes >> 8));
	bytes_put(&plain, (uint8_t)attributes);
	bytes_add(&plain, phone);
	bytes_add(&plain, "0102"); /* serial */
	bytes_add(&plain, body);
	put_plain(w, &plain, 0x7e, 0);
}

static inline void put_message(struct bytes *w, const char *id,
			       const char *body)
{
	put_message_as(w, id, PHONE, body, 0);
}

/* The message that all these bytes are. The record lives until the next. */
static inline const struct track_record *
decode_wire(const struct bytes *w, enum base_direction direction)
{
	struct track_frame frame;

	return decoded(&track_jt808, direction, bytes_span(w), &frame);
}

static inline const struct track_record *decode(const char *id,
						const char *body)
{
	static struct bytes w;

	w.len = 0;
	put_message(&w, id, body);
	return decode_wire(&w, BASE_CLIENT);
}

/* Of the last position, or of the record without any; the last of the name. */
static inline const struct track_attr *find_attr(const struct track_record *r,
						 const char *name)
{
	const struct track_range in =
		r->n_positions ? r->positions[r->n_positions - 1].attrs
			       : r->attrs;
	const struct track_attr *found = NULL;
	char text[TRACK_KEY_LEN];

	for (uint32_t i = in.first; i < in.first + in.n; i++) {
		if (!strcmp(track_key_text(r->attr[i].key, text), name))
			found = &r->attr[i];
	}
	return found;
}

static inline void is_number(const struct track_record *r, const char *name,
			     double v)
{
	const struct track_attr *a = find_attr(r, name);

	assert_non_null(a);
	if (a->kind == TRACK_KIND_INT)
		assert_true((double)a->number == v);
	else if (a->kind == TRACK_KIND_REAL)
		assert_true(fabs(a->real - v) < 1e-9);
	else
		fail();
}

static inline void is_bool(const struct track_record *r, const char *name,
			   bool yes)
{
	const struct track_attr *a = find_attr(r, name);

	assert_non_null(a);
	assert_int_equal(a->kind, TRACK_KIND_BOOL);
	assert_int_equal(a->yes, yes);
}

static inline void is_text(const struct track_record *r, const char *name,
			   const char *text)
{
	const struct track_attr *a = find_attr(r, name);

	assert_non_null(a);
	assert_int_equal(a->kind, TRACK_KIND_TEXT);
	assert_int_equal(a->text.len, strlen(text));
	assert_memory_equal(a->text.ptr, text, strlen(text));
}

/* text: hexadecimal digits */
static inline void is_hex(const struct track_record *r, const char *name,
			  const char *text)
{
	const struct track_attr *a = find_attr(r, name);
	struct bytes w = { 0 };

	bytes_add(&w, text);
	assert_non_null(a);
	assert_int_equal(a->kind, TRACK_KIND_HEX);
	assert_int_equal(a->text.len, w.len);
	assert_memory_equal(a->text.ptr, w.at, w.len);
}

static inline void is_absent(const struct track_record *r, const char *name)
{
	assert_null(find_attr(r, name));
}

static inline const struct track_position *only(const struct track_record *r)
{
	assert_int_equal(r->n_positions, 1);
	return &r->positions[0];
}

static inline void is_place(const struct track_position *p, double lat,
			    double lon)
{
	assert_true(fabs(p->lat - lat) < 1e-9);
	assert_true(fabs(p->lon - lon) < 1e-9);
}

static inline void is_cell(const struct track_record *r, uint32_t i, int mcc,
			   int mnc, int64_t lac, int64_t cid)
{
	assert_true(i < only(r)->cells.n);
	assert_int_equal(r->cell[i].mcc, mcc);
	assert_int_equal(r->cell[i].mnc, mnc);
	assert_int_equal(r->cell[i].lac, lac);
	assert_int_equal(r->cell[i].cid, cid);
}

#endif
