/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_items.c - values of JT/T 808 and items of {id, length, value} */
#include <stdio.h>
#include <string.h>

#include "track_jt808_internal.h"
#include "track_text.h"
#include "track_time.h"

int jt808_s16(struct base_rd *r)
{
	return (int16_t)base_rd_be16(r);
}

int jt808_s8(struct base_rd *r)
{
	return (int8_t)base_rd_u8(r);
}

int64_t jt808_time(struct base_rd *r, int zone_min)
{
	struct base_rd digits;
	struct track_civil c = { 0 };
	const struct base_span bcd = base_rd_take(r, 6);

	base_rd_init(&digits, bcd.ptr, bcd.len);
	if (!track_time_parse_bcd(&c, "ymdHMS", &digits))
		return TRACK_TIME_NONE;
	return track_time_carry(&c, zone_min);
}

void jt808_timed(struct jt808 *m, struct base_rd *r)
{
	const int64_t time_ms = jt808_time(r, m->zone_min);

	if (time_ms != TRACK_TIME_NONE)
		track_record_position(m->record)->time_ms = time_ms;
}

struct base_span jt808_text(struct base_rd *r, size_t n)
{
	struct base_span s = base_rd_take(r, n);

	while (s.len && s.ptr[s.len - 1] <= ' ')
		s.len--;
	while (s.len && s.ptr[0] <= ' ')
		s = track_text_tail(s, 1);
	return s;
}

struct base_span jt808_short_text(struct base_rd *r)
{
	return jt808_text(r, base_rd_u8(r));
}

void jt808_text_value(struct jt808 *m, track_key key, const char *text)
{
	const struct base_span s = { (const uint8_t *)text, strlen(text) };
	uint8_t *room = track_record_room(m->record, s.len);

	if (!room)
		return;
	memcpy(room, s.ptr, s.len);
	track_record_text(m->record, key, (struct base_span){ room, s.len });
}

void jt808_axes(struct jt808 *m, enum track_name name,
		int (*axis)(struct base_rd *r), struct base_rd *r)
{
	const int x = axis(r);
	const int y = axis(r);
	const int z = axis(r);
	char text[48];

	if (!base_rd_ok(r))
		return;
	(void)snprintf(text, sizeof(text), "[%d,%d,%d]", x, y, z);
	jt808_text_value(m, TRACK_N(name, -1), text);
}

void jt808_alarms(struct jt808 *m, uint32_t value,
		  const struct jt808_alarm *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (value & rows[i].bits)
			track_record_alarm(m->record, rows[i].alarm);
	}
}

static void number(struct jt808 *m, const struct jt808_row *row, int64_t v)
{
	v = v * row->mul;
	if (row->div == 1)
		track_record_int(m->record, row->key, v + row->add);
	else
		track_record_real(m->record, row->key,
				  (double)v / row->div + row->add);
}

static void value_of(struct jt808 *m, const struct jt808_row *row,
		     struct base_rd *value)
{
	int64_t v = 0;

	switch (row->form) {
	case JT808_U8:
		v = base_rd_u8(value);
		break;
	case JT808_U16:
		v = base_rd_be16(value);
		break;
	case JT808_U32:
		v = base_rd_be32(value);
		break;
	case JT808_S16:
		v = jt808_s16(value);
		break;
	case JT808_TEXT:
		track_record_text(m->record, row->key,
				  jt808_text(value, base_rd_left(value)));
		return;
	case JT808_HEX:
		track_record_hex(m->record, row->key,
				 base_rd_take(value, base_rd_left(value)));
		return;
	case JT808_OWN:
		row->own(m, value);
		return;
	}
	if (base_rd_ok(value))
		number(m, row, v);
}

static uint16_t read_number(struct base_rd *r, uint8_t len)
{
	return len == 1 ? base_rd_u8(r) : base_rd_be16(r);
}

bool jt808_item(struct base_rd *r, const struct jt808_items *items,
		uint16_t *id, struct base_rd *value)
{
	struct base_rd ahead = *r;
	const uint16_t found = read_number(&ahead, items->id_len);
	const size_t len = read_number(&ahead, items->len_len);
	const struct base_span bytes = base_rd_take(&ahead, len);

	if (!base_rd_ok(&ahead))
		return false;
	*r = ahead;
	*id = found;
	base_rd_init(value, bytes.ptr, bytes.len);
	return true;
}

const struct jt808_row *jt808_row_of(const struct jt808_items *items,
				     uint16_t id, const struct base_rd *value)
{
	for (size_t i = 0; i < items->n; i++) {
		const struct jt808_row *row = &items->rows[i];

		if (row->id == id &&
		    (!row->len || row->len == base_rd_left(value)))
			return row;
	}
	return NULL;
}

void jt808_value(struct jt808 *m, const struct jt808_items *items, uint16_t id,
		 struct base_rd *value)
{
	const struct jt808_row *row = jt808_row_of(items, id, value);

	if (row)
		value_of(m, row, value);
	else if (items->other)
		items->other(m, id, value);
}

void jt808_items(struct jt808 *m, const struct jt808_items *items,
		 struct base_rd *r)
{
	struct base_rd value;
	uint16_t id;

	while (base_rd_left(r) && jt808_item(r, items, &id, &value))
		jt808_value(m, items, id, &value);
}
