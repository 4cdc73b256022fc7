/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_internal.h - what the files of JT/T 808 share */
#ifndef TRACK_JT808_INTERNAL_H
#define TRACK_JT808_INTERNAL_H

#include "track.h"

/* A message without delimiters, escapes and checksum. */
struct jt808 {
	uint16_t id;
	uint16_t attributes;
	bool is_2019;
	bool length_ok;
	struct base_span phone;
	uint16_t packages, package; /* 0 = whole */
	struct base_rd body;
	/* while it is decoded */
	struct track_record *record;
	int zone_min;
	bool is_aovx; /* the maker whose items F3, F6 and F8 are its own */
};

#define JT808_SHORT_REPORT 0x5501 /* a location, with a serial of one byte */
#define JT808_SHORT_BLIND  0x5502
#define JT808_SHORT_REPLY  0x4401

/* Ends with a NULL name, sorted by id; words of locks at the end. */
extern const struct track_keyword jt808_keywords[];

/* What the body says becomes the record's. */
void jt808_body(struct jt808 *m);

enum jt808_form {
	JT808_U8,
	JT808_U16,
	JT808_U32,
	JT808_S16,
	JT808_TEXT,
	JT808_HEX,
	JT808_OWN, /* own() reads it */
};

/* An item {id, length, value}. A number is v * mul / div + add, and an integer
 * if div is 1. */
struct jt808_row {
	uint16_t id;
	uint8_t len; /* 0 = any */
	enum jt808_form form;
	track_key key;
	int16_t mul, div, add;
	void (*own)(struct jt808 *m, struct base_rd *value);
};

/* A name without a number. */
#define N(name) TRACK_N(TRACK_##name, -1)

/* Rows: the value as it is, by `mul`, in parts of `div`, with `add` added. */
#define OWN(id, f)                              \
	{                                       \
		id, 0, JT808_OWN, 0, 0, 0, 0, f \
	}
#define TEXT(id, name)                                    \
	{                                                 \
		id, 0, JT808_TEXT, N(name), 0, 0, 0, NULL \
	}
#define HEX(id, name)                                    \
	{                                                \
		id, 0, JT808_HEX, N(name), 0, 0, 0, NULL \
	}
#define AS(id, form, name)                                  \
	{                                                   \
		id, 0, JT808_##form, N(name), 1, 1, 0, NULL \
	}
#define BY(id, form, name, mul)                               \
	{                                                     \
		id, 0, JT808_##form, N(name), mul, 1, 0, NULL \
	}
#define PER(id, form, name, div)                              \
	{                                                     \
		id, 0, JT808_##form, N(name), 1, div, 0, NULL \
	}
#define ADD(id, form, name, add)                              \
	{                                                     \
		id, 0, JT808_##form, N(name), 1, 1, add, NULL \
	}

/* Items of one kind. */
struct jt808_items {
	const struct jt808_row *rows;
	size_t n;
	uint8_t id_len, len_len; /* bytes: 1 or 2 */
	/* of an id that has no row; may be NULL */
	void (*other)(struct jt808 *m, uint16_t id, struct base_rd *value);
};

/* All items that the reader holds; one that is longer than what is left ends
 * them. */
void jt808_items(struct jt808 *m, const struct jt808_items *items,
		 struct base_rd *r);
/* One. Return: false, and nothing was taken: it was the last. */
bool jt808_item(struct base_rd *r, const struct jt808_items *items,
		uint16_t *id, struct base_rd *value);
/* NULL: none. */
const struct jt808_row *jt808_row_of(const struct jt808_items *items,
				     uint16_t id, const struct base_rd *value);
void jt808_value(struct jt808 *m, const struct jt808_items *items, uint16_t id,
		 struct base_rd *value);

struct jt808_alarm {
	uint32_t bits; /* any of them */
	enum track_alarm alarm;
};

void jt808_alarms(struct jt808 *m, uint32_t value,
		  const struct jt808_alarm *rows, size_t n);

/* Six bytes of BCD; TRACK_TIME_NONE. */
int64_t jt808_time(struct base_rd *r, int zone_min);
/* A position of which only the time is known; no time, no position. */
void jt808_timed(struct jt808 *m, struct base_rd *r);
/* n bytes, without NULs and blanks around them. */
struct base_span jt808_text(struct base_rd *r, size_t n);
/* A byte says how many. */
struct base_span jt808_short_text(struct base_rd *r);
int jt808_s16(struct base_rd *r);
int jt808_s8(struct base_rd *r);
/* Three values as "[1,-2,3]". */
void jt808_axes(struct jt808 *m, enum track_name name,
		int (*axis)(struct base_rd *r), struct base_rd *r);
/* A copy of the text. */
void jt808_text_value(struct jt808 *m, track_key key, const char *text);

/* status and place, the beginning of many things */
void jt808_place(struct jt808 *m, struct track_position *p, struct base_rd *r);
/* altitude, speed and course */
void jt808_motion(struct track_position *p, struct base_rd *r);
/* The first 28 bytes of a location. */
struct track_position *jt808_point(struct jt808 *m, struct base_rd *r);
/* All of it: its items take the reader to its end. */
void jt808_location(struct jt808 *m, struct base_rd *r);
/* Of the position begun last, which there is. */
void jt808_satellites(struct jt808 *m, int n);
/* "$OBD-RT,12.5,800,..." */
void jt808_obd_text(struct jt808 *m, struct base_span text);
/* How a lock was opened. */
void jt808_unlock(struct jt808 *m, struct base_rd *value);

/* Makers' items of locations. */
void jt808_item_e6(struct jt808 *m, struct base_rd *value);
void jt808_item_e8(struct jt808 *m, struct base_rd *value);
void jt808_item_ea(struct jt808 *m, struct base_rd *value);
void jt808_item_eb(struct jt808 *m, struct base_rd *value);
void jt808_item_f3(struct jt808 *m, struct base_rd *value);
void jt808_item_f6(struct jt808 *m, struct base_rd *value);
void jt808_item_f7(struct jt808 *m, struct base_rd *value);
void jt808_item_f8(struct jt808 *m, struct base_rd *value);
void jt808_item_f9(struct jt808 *m, struct base_rd *value);
void jt808_item_fe(struct jt808 *m, struct base_rd *value);
/* Behind the first byte of item 80 all are of this kind, within it or not. */
extern const struct jt808_items jt808_extension;

/* Messages of makers. */
void jt808_short_report(struct jt808 *m, struct base_rd *r);
void jt808_transparent(struct jt808 *m, struct base_rd *r);
void jt808_transparent_command(struct jt808 *m, struct base_rd *r);

#endif
