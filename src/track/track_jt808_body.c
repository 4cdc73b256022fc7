/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_body.c - the messages of JT/T 808, beside locations' items */
#include <stdio.h>
#include <string.h>

#include "track_jt808_internal.h"
#include "track_text.h"
#include "track_time.h"

static void spell(struct jt808 *m, track_key key, uint16_t id)
{
	char text[5];

	(void)snprintf(text, sizeof(text), "%04X", id);
	jt808_text_value(m, key, text);
}

static struct base_span rest(struct base_rd *r)
{
	return base_rd_take(r, base_rd_left(r));
}

static void put_int(struct jt808 *m, enum track_name name, struct base_rd *r,
		    int bytes)
{
	int64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | base_rd_u8(r);
	if (base_rd_ok(r))
		track_record_int(m->record, TRACK_N(name, -1), v);
}

static void put_text(struct jt808 *m, enum track_name name, struct base_rd *r,
		     size_t n)
{
	track_record_text(m->record, TRACK_N(name, -1), jt808_text(r, n));
}

/* Registration: the fields were longer in each edition. */
static void registration(struct jt808 *m, struct base_rd *r)
{
	static const struct {
		size_t body, maker, model, terminal;
	} forms[] = { { 76, 11, 30, 30 }, { 37, 5, 20, 7 }, { 25, 5, 8, 7 } };
	const size_t len = base_rd_left(r);

	for (size_t i = m->is_2019 ? 0 : 1; i < WS_ARRAY_LEN(forms); i++) {
		if (len < forms[i].body)
			continue;
		(void)base_rd_be32(r); /* province, city */
		put_text(m, TRACK_MANUFACTURER, r, forms[i].maker);
		put_text(m, TRACK_MODEL, r, forms[i].model);
		put_text(m, TRACK_TERMINAL_ID, r, forms[i].terminal);
		(void)base_rd_u8(r); /* colour of the plate */
		put_text(m, TRACK_PLATE, r, base_rd_left(r));
		return;
	}
}

/* Its code is nobody's business; behind it the modem and the firmware. */
static void authentication(struct jt808 *m, struct base_rd *r)
{
	if (!m->is_2019)
		return;
	(void)jt808_short_text(r);
	if (base_rd_left(r) < 35)
		return;
	put_text(m, TRACK_IMEI, r, 15);
	put_text(m, TRACK_VERSION_FW, r, 20);
}

static void heartbeat(struct jt808 *m, struct base_rd *r)
{
	if (base_rd_left(r) < 3)
		return;
	put_int(m, TRACK_BATTERY_LEVEL, r, 1);
	put_int(m, TRACK_RSSI, r, 1);
	put_int(m, TRACK_STATUS, r, 1);
}

static void properties(struct jt808 *m, struct base_rd *r)
{
	(void)base_rd_be16(r); /* its kind */
	put_text(m, TRACK_MANUFACTURER, r, 5);
	put_text(m, TRACK_MODEL, r, m->is_2019 ? 30 : 20);
	put_text(m, TRACK_TERMINAL_ID, r, m->is_2019 ? 30 : 7);
	track_record_hex(m->record, N(ICCID), base_rd_take(r, 10));
	track_record_text(m->record, N(VERSION_HW), jt808_short_text(r));
	track_record_text(m->record, N(VERSION_FW), jt808_short_text(r));
}

/* What is answered, and how: the serial, the id, the result. */
static void general_reply(struct jt808 *m, struct base_rd *r)
{
	if (base_rd_left(r) < 5)
		return;
	put_int(m, TRACK_INDEX, r, 2);
	spell(m, N(COMMAND), base_rd_be16(r));
	put_int(m, TRACK_RESULT, r, 1);
}

static void short_reply(struct jt808 *m, struct base_rd *r)
{
	if (base_rd_left(r) < 3)
		return;
	spell(m, N(COMMAND), base_rd_be16(r));
	put_int(m, TRACK_RESULT, r, 1);
}

/* ... the serial and the result */
static void serial_result(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_INDEX, r, 2);
	put_int(m, TRACK_RESULT, r, 1);
}

static void update_result(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_TYPE, r, 1);
	put_int(m, TRACK_RESULT, r, 1);
}

static void answered_location(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_INDEX, r, 2);
	jt808_location(m, r);
}

static void event(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_EVENT, r, 1);
}

static const struct jt808_row parameter_rows[] = {
	{ 0x0001, 4, JT808_U32, N(HEARTBEAT_INTERVAL), 1, 1, 0, NULL },
	{ 0x0010, 0, JT808_TEXT, N(APN), 0, 0, 0, NULL },
	{ 0x0013, 0, JT808_TEXT, N(SERVER), 0, 0, 0, NULL },
	{ 0x0018, 4, JT808_U32, N(PORT), 1, 1, 0, NULL },
	{ 0x0027, 4, JT808_U32, N(SLEEP_INTERVAL), 1, 1, 0, NULL },
	{ 0x0028, 4, JT808_U32, N(EMERGENCY_INTERVAL), 1, 1, 0, NULL },
	{ 0x0029, 4, JT808_U32, N(DEFAULT_INTERVAL), 1, 1, 0, NULL },
	{ 0x0055, 4, JT808_U32, N(OVERSPEED), 1, 1, 0, NULL },
	{ 0x0056, 4, JT808_U32, N(OVERSPEED_TIME), 1, 1, 0, NULL },
	{ 0x0080, 4, JT808_U32, N(ODOMETER), 100, 1, 0, NULL },
	{ 0x0083, 0, JT808_TEXT, N(PLATE), 0, 0, 0, NULL },
	/* a command in text (AOVX) */
	{ 0xf030, 0, JT808_TEXT, N(COMMAND), 0, 0, 0, NULL },
};

static const struct jt808_items parameters = {
	.rows = parameter_rows,
	.n = WS_ARRAY_LEN(parameter_rows),
};

/* Ids of four bytes, of which no known one needs more than two. */
static void set_parameters(struct jt808 *m, struct base_rd *r)
{
	(void)base_rd_u8(r); /* how many */
	while (base_rd_left(r)) {
		const uint32_t id = base_rd_be32(r);
		const size_t len = base_rd_u8(r);
		const struct base_span bytes = base_rd_take(r, len);
		struct base_rd value;

		if (!base_rd_ok(r))
			return;
		base_rd_init(&value, bytes.ptr, bytes.len);
		if (id <= 0xffff)
			jt808_value(m, &parameters, (uint16_t)id, &value);
	}
}

static void told_parameters(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_INDEX, r, 2);
	set_parameters(m, r);
}

/* A word, and what it needs in text. */
static void control(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_COMMAND, r, 1);
	track_record_text(m->record, N(DATA), rest(r));
}

static void command_number(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_COMMAND, r, 1);
}

static void text_command(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_FLAGS, r, 1);
	if (m->is_2019)
		(void)base_rd_u8(r); /* its kind */
	put_text(m, TRACK_COMMAND, r, base_rd_left(r));
}

static void text_reply(struct jt808 *m, struct base_rd *r)
{
	(void)base_rd_u8(r); /* its encoding */
	put_text(m, TRACK_RESULT, r, base_rd_left(r));
}

static uint8_t *put_rune(uint8_t *to, uint16_t c)
{
	if (c >= 0x800) {
		*to++ = (uint8_t)(0xe0 | c >> 12);
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	} else if (c >= 0x80) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
	}
	*to++ = (uint8_t)(c < 0x80 ? c : 0x80 | (c & 0x3f));
	return to;
}

/* UTF-16; what is beyond its first plane becomes two odd letters. */
static void wide_reply(struct jt808 *m, struct base_rd *r)
{
	struct base_span text;
	uint8_t *room, *to;

	put_int(m, TRACK_INDEX, r, 2);
	room = to = track_record_room(m->record, base_rd_left(r) / 2 * 3);
	if (!room)
		return;
	while (base_rd_left(r) >= 2)
		to = put_rune(to, base_rd_be16(r));
	text = (struct base_span){ room, (size_t)(to - room) };
	track_record_text(m->record, N(RESULT), track_text_trim(text));
}

/* A waybill, and makers' replies to a command: both in text. */
static void long_text(struct jt808 *m, struct base_rd *r)
{
	put_text(m, TRACK_RESULT, r, base_rd_be32(r));
}

static void driver(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_CARD_STATUS, r, 1);
	jt808_timed(m, r);
	if (!base_rd_left(r))
		return;
	put_int(m, TRACK_CARD_RESULT, r, 1);
	track_record_text(m->record, N(DRIVER_NAME), jt808_short_text(r));
	put_text(m, TRACK_CARD_CODE, r, 20);
	track_record_text(m->record, N(CARD_AGENCY), jt808_short_text(r));
	track_record_hex(m->record, N(CARD_VALIDITY), base_rd_take(r, 4));
}

static void media_event(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_MEDIA_ID, r, 4);
	put_int(m, TRACK_MEDIA_TYPE, r, 1);
	put_int(m, TRACK_MEDIA_FORMAT, r, 1);
	put_int(m, TRACK_EVENT, r, 1);
	put_int(m, TRACK_CHANNEL, r, 1);
}

#define POINT_LEN 28

/* Does a place with a time begin here? The first edition had none. */
static bool is_point(struct base_rd r)
{
	struct track_civil c = { 0 };

	(void)base_rd_take(&r, POINT_LEN - 6);
	return track_time_parse_bcd(&c, "ymdHMS", &r) &&
	       track_time(&c, 0) != TRACK_TIME_NONE;
}

static void media(struct jt808 *m, struct base_rd *r)
{
	media_event(m, r);
	if (is_point(*r))
		(void)jt808_point(m, r);
}

static void media_received(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_MEDIA_ID, r, 4);
}

static void take_picture(struct jt808 *m, struct base_rd *r)
{
	put_int(m, TRACK_CHANNEL, r, 1);
	put_int(m, TRACK_COMMAND, r, 2);
}

static void batch_items(struct jt808 *m, struct base_rd *r, bool archive,
			bool wide)
{
	while (base_rd_left(r)) {
		const size_t len = wide ? base_rd_be16(r) : base_rd_u8(r);
		const struct base_span bytes = base_rd_take(r, len);
		struct base_rd one;

		if (!base_rd_ok(r))
			return;
		base_rd_init(&one, bytes.ptr, bytes.len);
		if (len < POINT_LEN)
			continue;
		jt808_location(m, &one);
		if (archive)
			track_record_bool(m->record, N(ARCHIVE), true);
	}
}

static void batch(struct jt808 *m, struct base_rd *r)
{
	bool archive;

	(void)base_rd_be16(r); /* how many */
	archive = base_rd_u8(r) > 0;
	batch_items(m, r, archive, true);
}

#define BATTERY_LEN 7

static void small_batch(struct jt808 *m, struct base_rd *r)
{
	if (base_rd_left(r) == BATTERY_LEN) {
		put_int(m, TRACK_BATTERY_LEVEL, r, 1);
		jt808_timed(m, r);
		return;
	}
	batch_items(m, r, false, false);
}

static void location(struct jt808 *m, struct base_rd *r)
{
	jt808_location(m, r);
}

/* The sign of each axis is a bit of its own. */
static int axis(struct base_rd *r)
{
	const int v = base_rd_be16(r);

	return v & 0x8000 ? -(v & 0x7fff) : v;
}

static void acceleration(struct jt808 *m, struct base_rd *r)
{
	const size_t n = base_rd_left(r) / 12;
	/* "[-32767,-32767,-32767]," */
	const size_t max = n * 23 + 2;
	char *room = (char *)track_record_room(m->record, max + 1), *to = room;

	if (!room || !n)
		return;
	*to++ = '[';
	for (size_t i = 0; i < n; i++) {
		int x, y, z;

		(void)base_rd_take(r, 6); /* its time */
		x = axis(r);
		y = axis(r);
		z = axis(r);
		to += snprintf(to, max + 1 - (size_t)(to - room),
			       "%s[%d,%d,%d]", i ? "," : "", x, y, z);
	}
	*to++ = ']';
	track_record_text(
		m->record, N(G_SENSOR),
		(struct base_span){ (uint8_t *)room, (size_t)(to - room) });
}

static void block_engine(struct jt808 *m, struct base_rd *r)
{
	const uint8_t on = base_rd_u8(r);

	if (base_rd_ok(r))
		track_record_bool(m->record, N(BLOCKED), on);
}

static const struct {
	uint16_t id;
	void (*read)(struct jt808 *m, struct base_rd *r);
} bodies[] = {
	{ 0x0001, general_reply },
	{ 0x0002, heartbeat },
	{ 0x0100, registration },
	{ 0x0102, authentication },
	{ 0x0104, told_parameters },
	{ 0x0107, properties },
	{ 0x0108, update_result },
	{ 0x0200, location },
	{ 0x0201, answered_location },
	{ 0x0210, small_batch },
	{ 0x0301, event },
	{ 0x0302, serial_result },
	{ 0x0500, answered_location },
	{ 0x0701, long_text },
	{ 0x0702, driver },
	{ 0x0704, batch },
	{ 0x0800, media_event },
	{ 0x0801, media },
	{ 0x0805, serial_result },
	{ 0x0900, jt808_transparent },
	{ 0x1300, wide_reply },
	{ 0x2070, acceleration },
	{ JT808_SHORT_REPLY, short_reply },
	{ JT808_SHORT_REPORT, jt808_short_report },
	{ JT808_SHORT_BLIND, jt808_short_report },
	{ 0x6006, text_reply },
	{ 0x8001, general_reply },
	{ 0x8100, serial_result },
	{ 0x8103, set_parameters },
	{ 0x8105, control },
	{ 0x8300, text_command },
	{ 0x8400, command_number },
	{ 0x8500, command_number },
	{ 0x8700, command_number },
	{ 0x8800, media_received },
	{ 0x8801, take_picture },
	{ 0x8804, command_number },
	{ 0x8900, jt808_transparent_command },
	{ 0xa006, block_engine },
};

void jt808_body(struct jt808 *m)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(bodies); i++) {
		if (bodies[i].id == m->id) {
			bodies[i].read(m, &m->body);
			return;
		}
	}
}
