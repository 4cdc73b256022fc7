/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_teltonika_text.c - commands, answers, lines and pictures of Teltonika
 */
#include "track_teltonika_internal.h"
#include "track_text.h"

bool track_teltonika_has_texts(uint8_t codec)
{
	return codec >= TELTONIKA_12 && codec <= TELTONIKA_15;
}

void track_teltonika_pass_texts(struct base_rd *r, uint8_t count)
{
	for (uint8_t i = 0; i < count && base_rd_ok(r); i++) {
		(void)base_rd_u8(r);
		(void)base_rd_take(r, base_rd_be32(r));
	}
}

/* What stands before the text, in this order. */
static bool has_time(uint8_t codec)
{
	return codec == TELTONIKA_13 || codec == TELTONIKA_15;
}

static bool has_imei(uint8_t codec)
{
	return codec == TELTONIKA_14 || codec == TELTONIKA_15;
}

#define TEXT_CAMERA   0x0d /* the type of texts that are parts of pictures */
#define CAMERA_BEGINS 1
#define CAMERA_PART   2

/* A picture: its number, and where in it the part lies. */
static void decode_camera(struct base_span body, struct track_record *record)
{
	struct base_rd r;
	uint8_t what;
	uint32_t id, where;

	base_rd_init(&r, body.ptr, body.len);
	what = base_rd_u8(&r);
	id = base_rd_be32(&r);
	where = base_rd_be32(&r);
	if (!base_rd_ok(&r) || (what != CAMERA_BEGINS && what != CAMERA_PART))
		return;
	track_record_int(record, TRACK_MEDIA_ID, id);
	if (what == CAMERA_PART)
		track_record_int(record, TRACK_INDEX, where);
}

static bool is_printable(struct base_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];

		if ((c < ' ' && c != '\r' && c != '\n') || c > 0x7e)
			return false;
	}
	return true;
}

/* "UUUUww06.4;04.2; ... ;SSS" from a scale: twelve weights in tonnes. */
static bool decode_weights(struct base_span text, struct track_record *record)
{
	static const track_key keys[] = {
		TRACK_N(TRACK_AXLE, 1), TRACK_N(TRACK_AXLE, 2),
		TRACK_N(TRACK_AXLE, 3), TRACK_N(TRACK_AXLE, 4),
		TRACK_N(TRACK_AXLE, 5), TRACK_N(TRACK_AXLE, 6),
		TRACK_N(TRACK_AXLE, 7), TRACK_N(TRACK_AXLE, 8),
		TRACK_LOAD_TRUCK,       TRACK_LOAD_TRAILER,
		TRACK_TOTAL_TRUCK,      TRACK_TOTAL_TRAILER,
	};
	const struct base_span begin = TRACK_SPAN("UUUUww");
	struct base_rd r;
	double v;

	if (!track_text_begins(text, "UUUUww") || text.len < 9 ||
	    !track_text_is(track_text_tail(text, text.len - 3), "SSS"))
		return false;
	text = track_text_tail(text, begin.len);
	base_rd_init(&r, text.ptr, text.len);
	for (size_t i = 0; i < WS_ARRAY_LEN(keys); i++) {
		if (track_text_real(track_text_field(&r, ';'), &v))
			track_record_real(record, keys[i], v);
	}
	return true;
}

/* "GTSL|..|..|..|CARD": a driver's card was read. */
static bool decode_card(struct base_span text, struct track_record *record)
{
	struct base_rd r;

	if (!track_text_begins(text, "GTSL|"))
		return false;
	base_rd_init(&r, text.ptr, text.len);
	track_text_skip(&r, '|', 4);
	track_record_text(record, TRACK_DRIVER, track_text_field(&r, '|'));
	return true;
}

/* Of the i-th text of a message, from 1 on: result, result2 ... */
static track_key nth(enum track_name name, unsigned i)
{
	return i > 1 ? TRACK_N(name, i) : name;
}

static void decode_text(const struct track_message *m, unsigned i,
			struct base_span text, struct track_record *record)
{
	const track_key key = nth(
		m->direction == BASE_SERVER ? TRACK_COMMAND : TRACK_RESULT, i);
	const struct base_span trimmed = track_text_trim(text);

	if (!is_printable(text))
		track_record_hex(record, key, text);
	else if (!decode_weights(trimmed, record) &&
		 !decode_card(trimmed, record))
		track_record_text(record, key, trimmed);
}

void track_teltonika_texts(const struct track_message *m, struct base_rd *r,
			   uint8_t codec, uint8_t count,
			   struct track_record *record)
{
	for (unsigned i = 1; i <= count; i++) {
		const uint8_t type = base_rd_u8(r);
		const struct base_span body = base_rd_take(r, base_rd_be32(r));
		struct base_rd b;

		if (!base_rd_ok(r))
			return;
		base_rd_init(&b, body.ptr, body.len);
		if (has_time(codec)) {
			const uint32_t time_s = base_rd_be32(&b);

			if (base_rd_ok(&b))
				track_record_position(record)->time_ms =
					time_s * 1000LL;
		}
		if (has_imei(codec)) {
			/* 15 digits behind a 0 */
			const struct base_span imei =
				track_record_bcd(record, base_rd_take(&b, 8));

			track_record_device(record, track_text_tail(imei, 1));
		}
		if (type == TEXT_CAMERA && m->direction == BASE_CLIENT)
			record->type = TRACK_TYPE_MEDIA;
		track_record_int(record, nth(TRACK_TYPE, i), type);
		if (type == TEXT_CAMERA)
			decode_camera(body, record);
		else
			decode_text(m, i, base_rd_take(&b, base_rd_left(&b)),
				    record);
	}
}
