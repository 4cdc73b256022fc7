/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_h02.c - the h02 family: framing, and its binary messages
 *
 * Theory of operation
 *
 * A message begins where a whole header stands. Of a text that is maker, device
 * and type with their commas; of binary it is the message itself up to its
 * status, for `$` and `X` alone say nothing (NMEA, meitrack and jt600 begin
 * with `$`, too): digits, a time of day, a date, a place on Earth, a course.
 *
 * A text ends at the first `#`. A header inside it, or from a tracker a control
 * character, says that its `#` was lost: it is skipped. Every binary message
 * has such a character, so none is swallowed.
 *
 * `X` has 32 bytes. How many `$` has (32, 45, 42 with a long device, and others
 * were seen) is decided by what follows, for p from the least length on:
 *
 *   a header at p         the end
 *   may become a header   undecided until more bytes come
 *   no header             inside, and so on with p + 1
 *   BINARY_MAX passed     what follows is none of ours: the least length
 *   silence, end of flow  ends there, or where a header has begun
 */
#include "track_h02.h"

#include <string.h>

#include "track_frame.h"
#include "track_h02_internal.h"
#include "track_text.h"
#include "track_time.h"

/* Of a hundred positions sent at once, 110 bytes each. */
#define TEXT_MAX   16384
#define BINARY_MAX 64
#define DEVICE_MAX 20
#define TYPE_MAX   15

/* The forms of binary messages. */
struct layout {
	uint8_t mark;
	uint8_t device; /* bytes, and the digits in them */
	uint8_t digits;
	uint8_t least; /* bytes of the message */
	uint8_t usual; /* length seen most with more behind */
	bool fixed;    /* never more than the least */
};

static const struct layout layouts[] = {
	{ '$', 5, 10, 32, 45, false },
	{ '$', 8, 15, 35, 42, false },
	{ 'X', 5, 10, 32, 32, true },
};

/* A byte behind the device: two digits, as a rule. */
struct byte_rule {
	uint8_t max; /* as hexadecimal digits show it */
	uint8_t low; /* greatest low nibble */
};

static const struct byte_rule byte_rules[] = {
	{ 0x23, 9 },  { 0x59, 9 }, { 0x59, 9 }, /* time */
	{ 0x31, 9 },  { 0x12, 9 }, { 0x99, 9 }, /* date; none is 00 00 00 */
	{ 0x90, 9 },  { 0x59, 9 }, { 0x99, 9 }, { 0x99, 9 }, /* ddmm.mmmm */
	{ 0xff, 15 }, /* battery, temperature */
	{ 0x18, 9 },  { 0x99, 5 }, { 0x99, 9 }, { 0x99, 9 }, /* dddmm.mmm */
	{ 0x9f, 15 },                                        /* m and flags */
	{ 0x99, 9 },  { 0x99, 3 }, { 0x99, 9 },              /* speed, course */
};

/* Bits of a status are 1 unless something is the matter. */
#define STATUS_ONES_MIN 8

static bool fits(uint8_t byte, const struct byte_rule *rule)
{
	return byte <= rule->max && (byte & 15) <= rule->low;
}

/* The bytes from `from` on. */
static struct base_span tail(struct base_span bytes, size_t from)
{
	return (struct base_span){ bytes.ptr + from, bytes.len - from };
}

static enum track_probe match_binary(struct base_span bytes,
				     const struct layout *layout)
{
	static const struct byte_rule digits = { 0x99, 9 };
	static const struct byte_rule digit = { 0x9f, 15 };
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	if (base_rd_u8(&r) != layout->mark)
		return TRACK_PROBE_NO;
	for (unsigned i = 0; i < layout->device && base_rd_left(&r); i++) {
		if (!fits(base_rd_u8(&r),
			  i < layout->digits / 2 ? &digits : &digit))
			return TRACK_PROBE_NO;
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(byte_rules) && base_rd_left(&r);
	     i++) {
		if (!fits(base_rd_u8(&r), &byte_rules[i]))
			return TRACK_PROBE_NO;
	}
	if (base_rd_left(&r) < 4)
		return TRACK_PROBE_MAYBE;
	return __builtin_popcount(base_rd_be32(&r)) >= STATUS_ONES_MIN
		       ? TRACK_PROBE_YES
		       : TRACK_PROBE_NO;
}

static bool is_letter(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_word(int c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/* Takes min to max characters. Return: how many; *c is the next byte or -1. */
static size_t take_word(struct base_rd *r, size_t max, int *c)
{
	size_t n = 0;

	while ((*c = base_rd_peek(r)) >= 0 && n < max && is_word(*c)) {
		(void)base_rd_u8(r);
		n++;
	}
	return n;
}

static enum track_probe match_text(struct base_span bytes)
{
	struct base_rd r;
	size_t device, type;
	int c;

	base_rd_init(&r, bytes.ptr, bytes.len);
	base_rd_expect(&r, '*');
	for (int i = 0; i < 2 && base_rd_left(&r); i++) {
		if (!is_letter(base_rd_u8(&r)))
			return TRACK_PROBE_NO;
	}
	if (!base_rd_left(&r))
		return base_rd_ok(&r) ? TRACK_PROBE_MAYBE : TRACK_PROBE_NO;
	base_rd_expect(&r, ',');
	device = take_word(&r, DEVICE_MAX, &c);
	if (!base_rd_ok(&r) || (c >= 0 && c != ','))
		return TRACK_PROBE_NO;
	if (c < 0)
		return TRACK_PROBE_MAYBE;
	(void)base_rd_u8(&r);
	type = take_word(&r, TYPE_MAX, &c);
	if (c < 0)
		return TRACK_PROBE_MAYBE;
	return (c == ',' || c == '#') && device + type ? TRACK_PROBE_YES
						       : TRACK_PROBE_NO;
}

/* A header at the front? *layout: which; NULL = of a text. */
static enum track_probe match_header(struct base_span bytes,
				     enum base_direction direction,
				     const struct layout **layout)
{
	enum track_probe best = TRACK_PROBE_NO;

	*layout = NULL;
	if (bytes.ptr[0] == '*')
		return match_text(bytes);
	if (direction != BASE_CLIENT)
		return TRACK_PROBE_NO;
	for (size_t i = 0; i < WS_ARRAY_LEN(layouts) && best == TRACK_PROBE_NO;
	     i++) {
		*layout = &layouts[i];
		best = match_binary(bytes, *layout);
	}
	return best;
}

/* Of a whole message. Digits of a long device may look like those of a short
 * one and a time: the length knows better. */
static enum track_probe match_message(const struct track_message *m,
				      const struct layout **layout)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(layouts); i++) {
		*layout = &layouts[i];
		if (m->direction == BASE_CLIENT &&
		    m->bytes.len == layouts[i].usual &&
		    match_binary(m->bytes, *layout) == TRACK_PROBE_YES)
			return TRACK_PROBE_YES;
	}
	return match_header(m->bytes, m->direction, layout);
}

/* No message before the next mark behind the first byte. */
static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	size_t n = 1;

	while (n < bytes.len && bytes.ptr[n] != '*' && bytes.ptr[n] != '$' &&
	       bytes.ptr[n] != 'X')
		n++;
	frame->len = n;
	return TRACK_STEP_SKIP;
}

static enum track_step message(size_t len, struct track_frame *frame)
{
	frame->len = len;
	return TRACK_STEP_MESSAGE;
}

static enum track_step frame_text(const struct track_front *front,
				  struct track_scan *scan,
				  struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;
	const bool last = front->after == TRACK_AFTER_NOTHING;

	if (!scan->at)
		scan->at = 1;
	for (; scan->at < bytes.len; scan->at++) {
		const uint8_t c = bytes.ptr[scan->at];

		if (c == '#')
			return message(scan->at + 1, frame);
		if (c == '*') {
			const enum track_probe m =
				match_text(tail(bytes, scan->at));

			if (m == TRACK_PROBE_YES) {
				frame->len = scan->at;
				return TRACK_STEP_SKIP;
			}
			if (m == TRACK_PROBE_MAYBE && !last)
				return TRACK_STEP_MORE;
		}
		if (c < ' ' && c != '\r' && c != '\n' &&
		    front->direction == BASE_CLIENT)
			return skip(bytes, frame);
	}
	return last ? skip(bytes, frame) : TRACK_STEP_MORE;
}

/* Where a message may end in silence: another may have begun at p. A byte or
 * two that look so are rather the end of a usual length. */
static size_t quiet_end(size_t len, size_t p, const struct layout *layout)
{
	return len - p < 4 && len == layout->usual ? len : p;
}

static enum track_step frame_binary(const struct track_front *front,
				    const struct layout *layout,
				    struct track_scan *scan,
				    struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;
	enum track_probe m = TRACK_PROBE_NO;
	size_t p = layout->least;
	size_t end;

	if (bytes.len < layout->least)
		return front->after == TRACK_AFTER_NOTHING ? skip(bytes, frame)
							   : TRACK_STEP_MORE;
	if (layout->fixed)
		return message(layout->least, frame);
	for (; p < bytes.len && p <= BINARY_MAX; p++) {
		const struct layout *next;

		m = match_header(tail(bytes, p), front->direction, &next);
		if (m != TRACK_PROBE_NO)
			break;
	}
	if (m == TRACK_PROBE_YES)
		return message(p, frame);
	if (p > BINARY_MAX)
		return message(layout->least, frame);
	end = quiet_end(bytes.len, p, layout);
	if (front->after != TRACK_AFTER_MORE)
		return message(end, frame);
	scan->end = (uint32_t)end;
	scan->quiet = true;
	return TRACK_STEP_MORE;
}

static enum track_step h02_frame(const struct track_front *front,
				 struct track_scan *scan,
				 struct track_frame *frame)
{
	const struct layout *layout;
	const enum track_probe header =
		match_header(front->bytes, front->direction, &layout);

	if (track_frame_waits(header, front->after))
		return TRACK_STEP_MORE;
	if (header != TRACK_PROBE_YES)
		return skip(front->bytes, frame);
	return layout ? frame_binary(front, layout, scan, frame)
		      : frame_text(front, scan, frame);
}

static enum track_probe h02_probe(struct base_span bytes,
				  enum base_direction direction)
{
	const struct layout *layout;

	return match_header(bytes, direction, &layout);
}

void track_h02_status(struct track_record *r, uint32_t status)
{
	static const struct {
		uint32_t bit;
		enum track_alarm alarm;
	} alarms[] = {
		{ 1U << 0, TRACK_ALARM_VIBRATION },
		{ 1U << 1, TRACK_ALARM_SOS },
		{ 1U << 18, TRACK_ALARM_SOS },
		{ 1U << 2, TRACK_ALARM_OVERSPEED },
		{ 1U << 19, TRACK_ALARM_POWER_CUT },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(alarms); i++) {
		if (!(status & alarms[i].bit))
			track_record_alarm(r, alarms[i].alarm);
	}
	track_record_bool(r, TRACK_IGNITION, status & 1U << 10);
	if (!(status & 1U << 9))
		track_record_bool(r, TRACK_ARMED, true);
	if (!(status & 1U << 27))
		track_record_bool(r, TRACK_BLOCKED, true);
	track_record_int(r, TRACK_STATUS, status);
}

void track_h02_battery(struct track_record *r, int64_t level)
{
	static const uint8_t steps[] = { 0, 10, 20, 60, 80, 100 };

	if (level >= 1 && level <= 6)
		level = steps[level - 1];
	else if (level >= 0xf1 && level <= 0xf6)
		level -= 0xf0;
	else if (level < 7 || level > 100)
		return;
	track_record_int(r, TRACK_BATTERY_LEVEL, level);
}

/* BCD, two digits a byte, which the header's rules have passed. */
static int64_t take_digits(struct base_rd *r, unsigned bytes)
{
	int64_t v = 0;

	while (bytes--) {
		const uint8_t byte = base_rd_u8(r);

		v = v * 10 + (byte >> 4);
		v = v * 10 + (byte & 15);
	}
	return v;
}

/* Behind the status of the 45 bytes: mileage, and the cell at the end. */
static void read_cell(struct base_rd *r, struct track_record *record)
{
	struct track_cell cell = { .rssi = TRACK_RSSI_NONE };

	(void)base_rd_take(r, 8);
	cell.mcc = base_rd_be16(r);
	cell.mnc = base_rd_u8(r);
	cell.lac = base_rd_be16(r);
	cell.cid = base_rd_be16(r);
	if (base_rd_ok(r) && cell.mcc && cell.cid)
		track_record_cell(record, &cell);
}

static void read_place(struct base_rd *r, const struct track_habits *habits,
		       struct track_record *record, bool battery)
{
	struct track_position *p = track_record_position(record);
	struct track_civil civil = { 0 };
	double lat, lon;
	uint8_t level, flags;
	int64_t v, knots;

	if (track_time_parse_bcd(&civil, "HMSdmy", r))
		p->time_ms = track_time_carry(&civil, habits->zone_min);
	lat = track_text_from_minutes((double)take_digits(r, 4) / 1e4);
	level = base_rd_u8(r);
	v = take_digits(r, 4) * 10;
	flags = base_rd_u8(r);
	lon = track_text_from_minutes((double)(v + (flags >> 4)) / 1e4);
	p->valid = flags & 2;
	p->lat = flags & 4 ? lat : -lat;
	p->lon = flags & 8 ? lon : -lon;
	v = take_digits(r, 3);
	knots = v / 1000;
	p->speed = (double)knots * TRACK_H02_KNOT;
	p->course = (double)(v % 1000);
	if (battery)
		track_h02_battery(record, level);
	track_h02_status(record, base_rd_be32(r));
}

/* A unit of the mileage: what one knot is in a second. */
#define MILEAGE_M (1852.0 / 3600)

static void decode_binary(const struct track_message *m,
			  const struct layout *layout,
			  const struct track_habits *habits,
			  struct track_record *record)
{
	struct base_rd r;

	base_rd_init(&r, m->bytes.ptr, m->bytes.len);
	track_record_keyword(record, base_rd_take(&r, 1));
	if (layout->mark == 'X') {
		track_record_real(record, TRACK_ODOMETER,
				  (double)take_digits(&r, layout->device) *
					  MILEAGE_M);
	} else {
		const struct base_span device =
			base_rd_take(&r, layout->device);

		track_record_device(
			record,
			track_text_head(track_record_digits(record, device),
					layout->digits));
	}
	read_place(&r, habits, record, layout->mark == '$');
	if (layout->device == 5 && m->bytes.len == layout->usual)
		read_cell(&r, record);
	record->type = TRACK_TYPE_POSITION;
}

static void h02_decode(const struct track_message *m,
		       const struct track_habits *habits,
		       struct track_session *session,
		       struct track_record *record)
{
	const struct layout *layout;

	(void)session;
	if (match_message(m, &layout) != TRACK_PROBE_YES)
		return;
	if (layout)
		decode_binary(m, layout, habits, record);
	else
		track_h02_text(m, habits, record);
}

static const struct track_keyword h02_keywords[] = {
	{ "$", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION, "position, binary" },
	{ "X", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position and mileage, binary" },
	{ "V0", TRACK_FROM_CLIENT, TRACK_TYPE_HEARTBEAT, "link" },
	{ "HTBT", TRACK_FROM_CLIENT, TRACK_TYPE_HEARTBEAT,
	  "link, with the battery" },
	{ "XT", TRACK_FROM_CLIENT, TRACK_TYPE_HEARTBEAT, "link" },
	{ "LINK", TRACK_FROM_CLIENT, TRACK_TYPE_HEARTBEAT,
	  "link, with signal, satellites, battery, steps" },
	{ "V4", TRACK_FROM_CLIENT, TRACK_TYPE_REPLY,
	  "answer to a command, often with a position" },
	{ "SMS", TRACK_FROM_CLIENT, TRACK_TYPE_REPLY,
	  "answer to a command in the form of an SMS" },
	{ "V6", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position after a start, with the SIM's number" },
	{ "V8", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position with cell, Wi-Fi, satellites, voltage, battery" },
	{ "V19", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position with address and SIM's number" },
	{ "VI*", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position whose street address is asked for" },
	{ "VP1", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position or cells, short" },
	{ "V*", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "position; V3 also cells" },
	{ "BC", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "positions kept while there was no network" },
	{ "NBR", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION, "cells in sight" },
	{ "BASE", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS, "base stations" },
	{ "BS", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS, "base stations" },
	{ "ALRM", TRACK_FROM_CLIENT, TRACK_TYPE_ALARM,
	  "alarm: SOS, battery or fence" },

	{ "V0", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "link seen" },
	{ "HTBT", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "link seen" },
	{ "LINK", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "link seen" },
	{ "V4", TRACK_FROM_SERVER, TRACK_TYPE_REPLY,
	  "position (V1) or cells (NBR) seen, with the time" },
	{ "R12", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "message seen" },
	{ "I0*", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "street address" },
	{ "I1*", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "street address" },
	{ "VI", TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "street address" },
	{ "D1", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "report every so many seconds" },
	{ "S17", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "report every so many seconds, for good" },
	{ "S71", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "interval, owner's and SOS numbers" },
	{ "XT", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "interval while driving" },
	{ "NXT", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "interval while standing" },
	{ "CR", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "report once" },
	{ "LOC", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "report once" },
	{ "S20", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "cut off fuel and power, or restore" },
	{ "SCF", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "arm, disarm" },
	{ "SF*", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "arm" },
	{ "CF*", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "disarm" },
	{ "S1", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "password" },
	{ "MP", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "password" },
	{ "S8", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "SOS numbers" },
	{ "S14", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "speed limits" },
	{ "S21", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "fence" },
	{ "S23", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "server address" },
	{ "IP", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "server address" },
	{ "S26", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "tell the state" },
	{ "CK", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "tell the state" },
	{ "INFO", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "tell the settings" },
	{ "S32", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "mileage" },
	{ "R1", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "restart" },
	{ "CQ", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "restart" },
	{ "R7", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "clear alarms" },
	{ "R8", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "call back to listen" },
	{ "CALB", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "call back to listen" },
	{ "RESET", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "factory settings" },
	{ "APN", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "access point" },
	{ "UR", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "owner's numbers" },
	{ "SQQ", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "family numbers" },
	{ "SIMEI", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "IMEI" },
	{ "SLAN", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "language" },
	{ "KC", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "keys and alarms" },
	{ "ACPC", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "take calls" },
	{ "PWM", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "power saving" },
	{ "WMOD", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "hours of work" },
	{ "OVSP", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "speed limit" },
	{ "TG", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "send an SMS" },
	{ "ST", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "numbers to refuse" },
	{ "*", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "any other" },
	{ NULL, 0, TRACK_TYPE_UNKNOWN, NULL },
};

/* SinoTrack, twice, and the port that Traccar gave the family. */
static const uint16_t h02_ports[] = { 8800, 8090, 5013, 0 };

const struct track_protocol track_h02 = {
	.name = TRACK_H02_NAME,
	.ports = h02_ports,
	.max_frame = TEXT_MAX,
	.keywords = h02_keywords,
	.probe = h02_probe,
	.frame = h02_frame,
	.decode = h02_decode,
};
