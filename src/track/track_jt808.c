/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808.c - framing of JT/T 808
 *
 * Theory of operation
 *
 * A message lies between two delimiters, which never occur inside. So the first
 * delimiter behind the one at the front ends the message, or begins the next
 * one if this one was torn. Length and checksum tell:
 *
 *   one of them is right      the end, if it can be a header at all: its id is
 *                             known, or its phone is one
 *   both are right            the end, whatever the header says
 *   both are wrong, known id  what follows the delimiter decides:
 *     a delimiter, a text,
 *     CR, LF, silence         the end
 *     any other byte          a header: the message was torn
 *   else                      no message
 *
 * What is no message is skipped up to the next byte that can begin one. E7 does
 * so only before a header as a probe knows it, since it may wait long for its
 * end and hold up others.
 *
 * Texts of locks begin with digits and commas, and end at the parenthesis; any
 * byte that is no text ends the search.
 *
 * A delimiter's search stops at the next one, and a text's at the next
 * parenthesis: each byte is scanned once for each of the three forms.
 */
#include "track_jt808.h"

#include <stdio.h>
#include <string.h>

#include "track_jt808_internal.h"
#include "track_sum.h"
#include "track_text.h"

#define DELIMITER       0x7e
#define DELIMITER_OTHER 0xe7

/* A body has at most 1023 bytes, which escapes may double; some makers take the
 * bits of the encryption for longer ones. */
#define MESSAGE_MAX 4096
#define TEXT_MAX    1024
/* The longest header, and the shortest with its checksum. */
#define HEAD_MAX         21
#define HEAD_MIN         12

#define ATTR_LENGTH      0x3ff
#define ATTR_LENGTH_LONG 0x1fff
#define ATTR_ENCRYPTED   0x400
#define ATTR_PACKAGES    0x2000
#define ATTR_2019        0x4000
#define ATTR_RESERVED    0x9c00

/* The byte that two stand for; -1: they stand for themselves. */
static int escaped(uint8_t delimiter, uint8_t first, int second)
{
	static const struct {
		uint8_t delimiter, first, second, byte;
	} escapes[] = {
		{ 0x7e, 0x7d, 0x01, 0x7d }, { 0x7e, 0x7d, 0x02, 0x7e },
		{ 0xe7, 0xe6, 0x01, 0xe6 }, { 0xe7, 0xe6, 0x02, 0xe7 },
		{ 0xe7, 0x3e, 0x01, 0x3e }, { 0xe7, 0x3e, 0x02, 0x3d },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(escapes); i++) {
		if (escapes[i].delimiter == delimiter &&
		    escapes[i].first == first && escapes[i].second == second)
			return escapes[i].byte;
	}
	return -1;
}

/* Takes the escapes away, from behind the first delimiter up to the next one.
 * Return: bytes written, at most `max`. */
static size_t unescape(struct base_span wire, uint8_t *to, size_t max)
{
	struct base_rd r;
	uint8_t delimiter;
	size_t n = 0;

	base_rd_init(&r, wire.ptr, wire.len);
	delimiter = base_rd_u8(&r);
	while (n < max && base_rd_left(&r)) {
		const uint8_t c = base_rd_u8(&r);
		int byte = -1;

		if (c == delimiter)
			break;
		if (c == 0x7d || c == 0xe6 || c == 0x3e)
			byte = escaped(delimiter, c, base_rd_peek(&r));
		if (byte >= 0)
			(void)base_rd_u8(&r);
		to[n++] = byte < 0 ? c : (uint8_t)byte;
	}
	return n;
}

static void spell_id(uint16_t id, char text[static 5])
{
	(void)snprintf(text, 5, "%04X", id);
}

static bool is_known(uint16_t id)
{
	char text[5];

	spell_id(id, text);
	for (const struct track_keyword *k = jt808_keywords; k->name; k++) {
		if (!strcmp(k->name, text))
			return true;
	}
	return false;
}

static bool is_digits(struct base_span bcd)
{
	for (size_t i = 0; i < bcd.len; i++) {
		if (bcd.ptr[i] >> 4 > 9 || (bcd.ptr[i] & 15) > 9)
			return false;
	}
	return true;
}

/* The first 14 digits of an IMEI, as a number. */
static uint64_t imei_of(struct base_span phone)
{
	struct base_rd r;
	uint64_t high;

	base_rd_init(&r, phone.ptr, phone.len);
	high = base_rd_be16(&r);
	return high << 32 | base_rd_be32(&r);
}

/* The first digit may be a zero. */
static bool is_imei(struct base_span phone)
{
	const uint64_t imei = imei_of(phone);

	return imei >= 1000000000000 && imei < 100000000000000;
}

static bool is_short(uint16_t id)
{
	return id == JT808_SHORT_REPORT || id == JT808_SHORT_BLIND ||
	       id == JT808_SHORT_REPLY;
}

static bool is_length(const struct jt808 *m, size_t len)
{
	return len == (m->attributes & ATTR_LENGTH) ||
	       len == (m->attributes & ATTR_LENGTH_LONG);
}

static bool read_head(struct base_span bytes, size_t phone_len, struct jt808 *m)
{
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	m->id = base_rd_be16(&r);
	m->attributes = base_rd_be16(&r);
	m->is_2019 = m->attributes & ATTR_2019 && !is_short(m->id);
	if (m->is_2019) {
		(void)base_rd_u8(&r);
		phone_len = 10;
	}
	m->phone = base_rd_take(&r, phone_len);
	(void)base_rd_take(&r, is_short(m->id) ? 1 : 2);
	m->packages = m->package = 0;
	m->length_ok = is_length(m, base_rd_left(&r));
	if (!m->length_ok && m->attributes & ATTR_PACKAGES &&
	    base_rd_left(&r) >= 4) {
		m->packages = base_rd_be16(&r);
		m->package = base_rd_be16(&r);
		m->length_ok = is_length(m, base_rd_left(&r));
	}
	m->body = r;
	return base_rd_ok(&r);
}

/* bytes: without the checksum. Return: whether they can hold a header. */
static bool parse_head(uint8_t delimiter, struct base_span bytes,
		       struct jt808 *m)
{
	if (delimiter != DELIMITER_OTHER)
		return read_head(bytes, 6, m);
	/* some of them have the usual phone */
	if (read_head(bytes, 6, m) && m->length_ok)
		return true;
	return read_head(bytes, 7, m);
}

static bool is_start(int c)
{
	return c == DELIMITER || c == DELIMITER_OTHER || c == '(';
}

static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	do {
		(void)base_rd_u8(&r);
	} while (base_rd_left(&r) && !is_start(base_rd_peek(&r)));
	frame->len = bytes.len - base_rd_left(&r);
	return TRACK_STEP_SKIP;
}

enum verdict {
	VERDICT_NO,
	VERDICT_UNSURE, /* a message unless it was torn */
	VERDICT_MESSAGE,
};

static enum track_check check_of(bool ok)
{
	return ok ? TRACK_CHECK_OK : TRACK_CHECK_WRONG;
}

/* wire: from one delimiter to the next. */
static enum verdict judge(struct base_span wire, struct track_frame *frame)
{
	uint8_t plain[MESSAGE_MAX];
	const size_t n = unescape(wire, plain, sizeof(plain));
	const uint8_t delimiter = wire.ptr[0];
	bool sum_ok, known, phone;
	struct jt808 m;

	if (n < HEAD_MIN ||
	    !parse_head(delimiter, (struct base_span){ plain, n - 1 }, &m))
		return VERDICT_NO;
	sum_ok = !track_sum_xor((struct base_span){ plain, n });
	known = is_known(m.id);
	phone = is_digits(m.phone);
	frame->len = wire.len;
	frame->length = check_of(m.length_ok);
	frame->checksum = check_of(sum_ok);
	if (m.length_ok && sum_ok)
		return VERDICT_MESSAGE;
	if (m.length_ok || sum_ok)
		return known || phone ? VERDICT_MESSAGE : VERDICT_NO;
	return known && (phone || is_imei(m.phone)) ? VERDICT_UNSURE
						    : VERDICT_NO;
}

/* Does a header begin behind the delimiter at the front, as far as it goes? */
static enum track_probe probe_head(struct base_span wire)
{
	uint8_t plain[HEAD_MAX + 1];
	const size_t n = unescape(wire, plain, sizeof(plain));
	const uint8_t delimiter = wire.ptr[0];
	/* a byte is sure if it was not the last one, which may be half of an
	 * escape; what ends before them is no header */
	const bool all = n == sizeof(plain);
	const size_t sure = n - (n > 0 && !all);
	struct base_rd r;
	uint16_t id, attributes;
	size_t len = 6;
	bool known;

	base_rd_init(&r, plain, sure);
	id = base_rd_be16(&r);
	attributes = base_rd_be16(&r);
	known = is_known(id);
	if (attributes & ATTR_2019 && !is_short(id)) {
		(void)base_rd_u8(&r);
		len = 10;
	}
	if (sure >= 4 && !known && attributes & ATTR_RESERVED)
		return TRACK_PROBE_NO;
	if (base_rd_ok(&r) && base_rd_left(&r) >= len) {
		const struct base_span phone = base_rd_take(&r, len);

		return is_digits(phone) || (known && is_imei(phone))
			       ? TRACK_PROBE_YES
			       : TRACK_PROBE_NO;
	}
	return memchr(wire.ptr + 1, delimiter, wire.len - 1)
		       ? TRACK_PROBE_NO
		       : TRACK_PROBE_MAYBE;
}

/* Takes `min` to `max` digits and a comma. */
static enum track_probe probe_number(struct base_rd *r, int min, int max)
{
	int n = 0, c;

	while ((c = base_rd_peek(r)) >= '0' && c <= '9' && n < max) {
		(void)base_rd_u8(r);
		n++;
	}
	if (c < 0)
		return TRACK_PROBE_MAYBE;
	base_rd_expect(r, ',');
	return base_rd_ok(r) && n >= min ? TRACK_PROBE_YES : TRACK_PROBE_NO;
}

/* "(DEVICE,1,SERIAL,W" */
static enum track_probe probe_text(struct base_span bytes)
{
	static const struct {
		int min, max;
	} numbers[] = { { 6, 15 }, { 1, 2 }, { 3, 5 } };
	struct base_rd r;
	int c;

	base_rd_init(&r, bytes.ptr, bytes.len);
	(void)base_rd_u8(&r);
	for (size_t i = 0; i < WS_ARRAY_LEN(numbers); i++) {
		const enum track_probe p =
			probe_number(&r, numbers[i].min, numbers[i].max);

		if (p != TRACK_PROBE_YES)
			return p;
	}
	c = base_rd_peek(&r);
	if (c < 0)
		return TRACK_PROBE_MAYBE;
	return c >= 'A' && c <= 'Z' ? TRACK_PROBE_YES : TRACK_PROBE_NO;
}

static enum track_probe jt808_probe(struct base_span bytes,
				    enum base_direction direction)
{
	struct base_rd r;

	(void)direction;
	base_rd_init(&r, bytes.ptr, bytes.len);
	switch (base_rd_peek(&r)) {
	case DELIMITER:
	case DELIMITER_OTHER:
		return probe_head(bytes);
	case '(':
		return probe_text(bytes);
	}
	return TRACK_PROBE_NO;
}

/* What follows the end of a message that may have been torn? */
static enum track_step decide(const struct track_front *front,
			      struct track_scan *scan,
			      struct track_frame *frame)
{
	struct base_rd r;
	int c;

	base_rd_init(&r, front->bytes.ptr, front->bytes.len);
	(void)base_rd_take(&r, frame->len);
	c = base_rd_peek(&r);
	if (c < 0 && front->after == TRACK_AFTER_MORE) {
		scan->end = (uint32_t)frame->len;
		scan->quiet = true;
		return TRACK_STEP_MORE;
	}
	if (c < 0 || is_start(c) || c == '\r' || c == '\n')
		return TRACK_STEP_MESSAGE;
	return skip(front->bytes, frame);
}

static enum track_step frame_binary(const struct track_front *front,
				    struct track_scan *scan,
				    struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;
	const uint8_t delimiter = bytes.ptr[0];
	const size_t from = scan->end ? scan->end - 1 : scan->at ? scan->at : 1;
	const uint8_t *end =
		memchr(bytes.ptr + from, delimiter, bytes.len - from);
	const bool more = front->after != TRACK_AFTER_NOTHING;

	if (delimiter == DELIMITER_OTHER && probe_head(bytes) == TRACK_PROBE_NO)
		return skip(bytes, frame);
	if (!end) {
		scan->at = (uint32_t)bytes.len;
		return more ? TRACK_STEP_MORE : skip(bytes, frame);
	}
	switch (judge(
		(struct base_span){ bytes.ptr, (size_t)(end - bytes.ptr) + 1 },
		frame)) {
	case VERDICT_NO:
		break;
	case VERDICT_UNSURE:
		return decide(front, scan, frame);
	case VERDICT_MESSAGE:
		return TRACK_STEP_MESSAGE;
	}
	return skip(bytes, frame);
}

static bool is_text(uint8_t c)
{
	return c >= 0x20 && c < DELIMITER && c != '(';
}

static enum track_step frame_text(const struct track_front *front,
				  struct track_scan *scan,
				  struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;

	if (probe_text(bytes) == TRACK_PROBE_NO)
		return skip(bytes, frame);
	for (scan->at += !scan->at; scan->at < bytes.len; scan->at++) {
		const uint8_t c = bytes.ptr[scan->at];

		if (c == ')' && probe_text(bytes) == TRACK_PROBE_YES) {
			frame->len = scan->at + 1;
			return TRACK_STEP_MESSAGE;
		}
		if (!is_text(c) || scan->at == TEXT_MAX)
			return skip(bytes, frame);
	}
	return front->after == TRACK_AFTER_NOTHING ? skip(bytes, frame)
						   : TRACK_STEP_MORE;
}

static enum track_step jt808_frame(const struct track_front *front,
				   struct track_scan *scan,
				   struct track_frame *frame)
{
	switch (front->bytes.ptr[0]) {
	case DELIMITER:
	case DELIMITER_OTHER:
		return frame_binary(front, scan, frame);
	case '(':
		return frame_text(front, scan, frame);
	}
	return skip(front->bytes, frame);
}

/* The last digit of an IMEI: every second digit from the last one on is
 * doubled, the sum of all digits becomes a multiple of ten (ISO/IEC 7812). */
static unsigned luhn(uint64_t digits)
{
	unsigned sum = 0;

	for (bool twice = true; digits; digits /= 10, twice = !twice) {
		const unsigned d = (unsigned)(digits % 10) * (twice ? 2 : 1);

		sum += d / 10 + d % 10;
	}
	return (10 - sum % 10) % 10;
}

/* Without the zeros that fill it up. */
static struct base_span device_of(struct track_record *r,
				  struct base_span phone)
{
	struct base_span digits = track_record_bcd(r, phone);

	if (!digits.len && phone.len >= 6) {
		const uint64_t imei = imei_of(phone);
		char text[TRACK_DEVICE_LEN];
		const int n = snprintf(text, sizeof(text), "%llu%u",
				       (unsigned long long)imei, luhn(imei));
		uint8_t *room = track_record_room(r, (size_t)n);

		if (!room)
			return digits;
		memcpy(room, text, (size_t)n);
		digits = (struct base_span){ room, (size_t)n };
	}
	while (digits.len > 1 && digits.ptr[0] == '0')
		digits = track_text_tail(digits, 1);
	return digits;
}

/* An id has one meaning, whoever sends it. */
static enum track_type type_of(const struct track_message *m,
			       struct base_span id)
{
	const enum track_type type =
		track_keyword_type(m->protocol, BASE_CLIENT, id);

	return type != TRACK_TYPE_UNKNOWN
		       ? type
		       : track_keyword_type(m->protocol, BASE_SERVER, id);
}

static void decode_text(const struct track_message *m,
			struct track_record *record)
{
	const bool client = m->direction == BASE_CLIENT;
	struct base_span word;
	struct base_rd r;

	base_rd_init(&r, m->bytes.ptr, m->bytes.len - 1);
	(void)base_rd_u8(&r);
	track_record_device(record, track_text_field(&r, ','));
	track_text_skip(&r, ',', 2);
	word = track_text_field(&r, ',');
	track_record_keyword(record, word);
	record->type = track_keyword_type(m->protocol, m->direction, word);
	if (record->type == TRACK_TYPE_UNKNOWN)
		record->type = client ? TRACK_TYPE_REPLY : TRACK_TYPE_COMMAND;
	if (client)
		track_record_text(record, TRACK_RESULT, m->bytes);
	else
		track_record_text(record, TRACK_COMMAND, m->bytes);
}

static void decode_binary(const struct track_message *m,
			  const struct track_habits *habits,
			  struct track_record *record)
{
	uint8_t *plain = track_record_room(record, m->bytes.len);
	struct jt808 own = { .record = record, .zone_min = habits->zone_min };
	char id[5];
	size_t n;

	if (!plain)
		return;
	n = unescape(m->bytes, plain, m->bytes.len);
	if (!n || !parse_head(m->bytes.ptr[0],
			      (struct base_span){ plain, n - 1 }, &own))
		return;
	spell_id(own.id, id);
	track_record_keyword(record, TRACK_SPAN(id));
	record->type = type_of(m, TRACK_SPAN(id));
	track_record_device(record, device_of(record, own.phone));
	if (own.packages) {
		track_record_int(record, TRACK_PACKAGES, own.packages);
		track_record_int(record, TRACK_PACKAGE, own.package);
	}
	/* an encrypted body, or one that began in another package, says
	 * nothing */
	if (own.package > 1 ||
	    (own.attributes & ATTR_ENCRYPTED && !is_short(own.id) &&
	     base_rd_left(&own.body) == (own.attributes & ATTR_LENGTH)))
		return;
	jt808_body(&own);
}

static void jt808_decode(const struct track_message *m,
			 const struct track_habits *habits,
			 struct track_session *session,
			 struct track_record *record)
{
	(void)session;
	if (m->bytes.ptr[0] == '(')
		decode_text(m, record);
	else
		decode_binary(m, habits, record);
}

/* A port that many platforms took for the standard, and Traccar's. */
static const uint16_t jt808_ports[] = { 808, 6808, 5015, 0 };

const struct track_protocol track_jt808 = {
	.name = TRACK_JT808_NAME,
	.ports = jt808_ports,
	.max_frame = MESSAGE_MAX,
	.habits = { .zone_min = 480 },
	.keywords = jt808_keywords,
	.probe = jt808_probe,
	.frame = jt808_frame,
	.decode = jt808_decode,
};
