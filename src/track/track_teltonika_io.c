/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika_io.c - what the numbered values of Teltonika mean
 *
 * The same number means different things in different models. Named here is
 * what all of them share, the rest is io<number>.
 */
#include "track_teltonika_internal.h"
#include "track_text.h"

enum meaning {
	MEANS_NOTHING, /* that is known */
	MEANS_NUMBER,
	MEANS_SIGNED,
	MEANS_YES, /* more than 0 */
	MEANS_ALARM,
	MEANS_HARSH, /* a manner of driving */
	MEANS_DRIVER,
};

struct element {
	enum meaning meaning;
	track_key key;
	uint16_t divisor; /* of numbers; 0: they are whole */
};

/* By number; of codecs 8, 8 Extended and 16. */
static const struct element elements[] = {
	[1] = { MEANS_YES, TRACK_N(TRACK_IN, 1), 0 },
	[2] = { MEANS_YES, TRACK_N(TRACK_IN, 2), 0 },
	[3] = { MEANS_YES, TRACK_N(TRACK_IN, 3), 0 },
	[4] = { MEANS_YES, TRACK_N(TRACK_IN, 4), 0 },
	[16] = { MEANS_NUMBER, TRACK_ODOMETER, 0 },
	[17] = { MEANS_SIGNED, TRACK_AXIS_X, 0 },
	[18] = { MEANS_SIGNED, TRACK_AXIS_Y, 0 },
	[19] = { MEANS_SIGNED, TRACK_AXIS_Z, 0 },
	[21] = { MEANS_NUMBER, TRACK_RSSI, 0 },
	[25] = { MEANS_SIGNED, TRACK_N(TRACK_BLE_TEMP, 1), 100 },
	[26] = { MEANS_SIGNED, TRACK_N(TRACK_BLE_TEMP, 2), 100 },
	[27] = { MEANS_SIGNED, TRACK_N(TRACK_BLE_TEMP, 3), 100 },
	[28] = { MEANS_SIGNED, TRACK_N(TRACK_BLE_TEMP, 4), 100 },
	[66] = { MEANS_NUMBER, TRACK_POWER, 1000 },
	[67] = { MEANS_NUMBER, TRACK_BATTERY, 1000 },
	[78] = { MEANS_DRIVER, TRACK_DRIVER, 0 },
	[179] = { MEANS_YES, TRACK_N(TRACK_OUT, 1), 0 },
	[180] = { MEANS_YES, TRACK_N(TRACK_OUT, 2), 0 },
	[181] = { MEANS_NUMBER, TRACK_PDOP, 10 },
	[182] = { MEANS_NUMBER, TRACK_HDOP, 10 },
	[199] = { MEANS_NUMBER, TRACK_TRIP_ODOMETER, 0 },
	[236] = { MEANS_ALARM, TRACK_ALARM_GENERAL, 0 },
	[239] = { MEANS_YES, TRACK_IGNITION, 0 },
	[240] = { MEANS_YES, TRACK_MOTION, 0 },
	[241] = { MEANS_NUMBER, TRACK_OPERATOR, 0 },
	[253] = { MEANS_HARSH, TRACK_ALARM, 0 },
};

/* By number; of codec 7. */
static const struct element gh3000_elements[] = {
	[1] = { MEANS_NUMBER, TRACK_BATTERY_LEVEL, 0 },
	[2] = { MEANS_YES, TRACK_USB_CONNECTED, 0 },
	[5] = { MEANS_NUMBER, TRACK_UPTIME, 0 },
	[20] = { MEANS_NUMBER, TRACK_HDOP, 10 },
	[21] = { MEANS_NUMBER, TRACK_VDOP, 10 },
	[22] = { MEANS_NUMBER, TRACK_PDOP, 10 },
	[67] = { MEANS_NUMBER, TRACK_BATTERY, 1000 },
	[221] = { MEANS_NUMBER, TRACK_BUTTON, 0 },
	[222] = { MEANS_ALARM, TRACK_ALARM_SOS, 0 },
	[240] = { MEANS_YES, TRACK_MOTION, 0 },
	[244] = { MEANS_YES, TRACK_ROAMING, 0 },
};

static struct element element_of(unsigned id, bool gh3000)
{
	struct element e = { 0 };

	if (gh3000 && id < WS_ARRAY_LEN(gh3000_elements))
		e = gh3000_elements[id];
	else if (!gh3000 && id < WS_ARRAY_LEN(elements))
		e = elements[id];
	if (e.meaning == MEANS_NOTHING)
		e = (struct element){ MEANS_NUMBER, TRACK_N(TRACK_IO, id), 0 };
	return e;
}

/* The bytes as a number; the last eight of them where there are more. */
static uint64_t number_of(struct base_span s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

static int64_t signed_of(struct base_span s)
{
	const uint64_t v = number_of(s);

	if (!s.len || s.len >= 8 || !(s.ptr[0] & 0x80))
		return (int64_t)v;
	return (int64_t)(v | ~0ULL << 8 * s.len);
}

static void put_number(struct track_record *record, track_key key,
		       int64_t number, uint16_t divisor)
{
	if (divisor)
		track_record_real(record, key, (double)number / divisor);
	else
		track_record_int(record, key, number);
}

static void put_harsh(struct track_record *record, uint64_t kind)
{
	static const enum track_alarm alarms[] = {
		TRACK_ALARM_HARD_ACCELERATION,
		TRACK_ALARM_HARD_BRAKING,
		TRACK_ALARM_HARD_CORNERING,
	};

	if (kind >= 1 && kind <= WS_ARRAY_LEN(alarms))
		track_record_alarm(record, alarms[kind - 1]);
}

/* A key's number, least byte first, as 16 digits; 0 is none. */
static void put_driver(struct track_record *record, struct base_span value)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t *text;

	if (!number_of(value))
		return;
	text = track_record_room(record, 2 * value.len);
	if (!text)
		return;
	for (size_t i = 0; i < value.len; i++) {
		const uint8_t byte = value.ptr[value.len - 1 - i];

		text[2 * i] = (uint8_t)hex[byte >> 4];
		text[2 * i + 1] = (uint8_t)hex[byte & 15];
	}
	track_record_text(record, TRACK_DRIVER,
			  (struct base_span){ text, 2 * value.len });
}

void track_teltonika_value(struct track_record *record, unsigned id,
			   struct base_span value, bool gh3000)
{
	const struct element e = element_of(id, gh3000);
	const uint64_t number = number_of(value);

	switch (e.meaning) {
	case MEANS_NOTHING:
		return;
	case MEANS_NUMBER:
		put_number(record, e.key, (int64_t)number, e.divisor);
		return;
	case MEANS_SIGNED:
		put_number(record, e.key, signed_of(value), e.divisor);
		return;
	case MEANS_YES:
		track_record_bool(record, e.key, number > 0);
		return;
	case MEANS_ALARM:
		if (number)
			track_record_alarm(record, (enum track_alarm)e.key);
		return;
	case MEANS_HARSH:
		put_harsh(record, number);
		return;
	case MEANS_DRIVER:
		put_driver(record, value);
		return;
	}
}

/* What a radio tag says of itself. */
enum tag_kind {
	TAG_NOTHING,
	TAG_NUMBER,
	TAG_SIGNED,
	TAG_YES,
	TAG_TEXT,
	TAG_HEX,
	TAG_FLAGS,
};

static const struct {
	enum tag_kind kind;
	enum track_name name;
} tag_parts[] = {
	[0] = { TAG_SIGNED, TRACK_TAG_RSSI },
	[1] = { TAG_HEX, TRACK_TAG_ID },
	[2] = { TAG_FLAGS, TRACK_TAG_VOLTAGE },
	[5] = { TAG_TEXT, TRACK_TAG_NAME },
	[6] = { TAG_SIGNED, TRACK_TAG_TEMP },
	[7] = { TAG_NUMBER, TRACK_TAG_HUMIDITY },
	[8] = { TAG_YES, TRACK_TAG_MAGNET },
	[9] = { TAG_YES, TRACK_TAG_MOTION },
	[10] = { TAG_NUMBER, TRACK_TAG_MOTION_COUNT },
	[11] = { TAG_SIGNED, TRACK_TAG_PITCH },
	[12] = { TAG_SIGNED, TRACK_TAG_ANGLE_ROLL },
	[13] = { TAG_NUMBER, TRACK_TAG_LOW_BATTERY },
	[14] = { TAG_NUMBER, TRACK_TAG_BATTERY },
	[15] = { TAG_HEX, TRACK_TAG_MAC },
};

#define TAG_BATTERY_IS_LOW (1U << 6)
#define TAG_HAS_VOLTAGE    (1U << 7)

static void put_tag_flags(struct track_record *record, unsigned i,
			  struct base_span value)
{
	struct base_rd r;
	uint8_t flags, voltage;

	base_rd_init(&r, value.ptr, value.len);
	flags = base_rd_u8(&r);
	if (flags & TAG_BATTERY_IS_LOW)
		track_record_bool(record, TRACK_N(TRACK_TAG_LOW_BATTERY, i),
				  true);
	voltage = base_rd_u8(&r);
	if (base_rd_ok(&r) && flags & TAG_HAS_VOLTAGE)
		track_record_int(record, TRACK_N(TRACK_TAG_VOLTAGE, i),
				 2000 + 10 * voltage);
}

static void put_tag_part(struct track_record *record, unsigned i, uint8_t id,
			 struct base_span value)
{
	track_key key;

	if (id >= WS_ARRAY_LEN(tag_parts) || !value.len)
		return;
	key = TRACK_N(tag_parts[id].name, i);
	switch (tag_parts[id].kind) {
	case TAG_NOTHING:
		return;
	case TAG_NUMBER:
		track_record_int(record, key, (int64_t)number_of(value));
		return;
	case TAG_SIGNED:
		track_record_int(record, key, signed_of(value));
		return;
	case TAG_YES:
		track_record_bool(record, key, number_of(value) > 0);
		return;
	case TAG_TEXT:
		track_record_text(record, key, value);
		return;
	case TAG_HEX:
		track_record_hex(record, key, value);
		return;
	case TAG_FLAGS:
		put_tag_flags(record, i, value);
		return;
	}
}

static void put_tags(struct track_record *record, struct base_span bytes)
{
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	(void)base_rd_u8(&r);
	for (unsigned i = 1; base_rd_left(&r); i++) {
		const struct base_span tag = base_rd_take(&r, base_rd_u8(&r));
		struct base_rd t;

		base_rd_init(&t, tag.ptr, tag.len);
		while (base_rd_left(&t)) {
			const uint8_t id = base_rd_u8(&t);

			put_tag_part(record, i, id,
				     base_rd_take(&t, base_rd_u8(&t)));
		}
	}
}

#define BEACON_HAS_BATTERY (1U << 1)
#define BEACON_HAS_TEMP    (1U << 2)

static void put_beacons(struct track_record *record, struct base_span bytes)
{
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	(void)base_rd_u8(&r); /* which part of the list */
	for (unsigned i = 1; base_rd_left(&r); i++) {
		const uint8_t flags = base_rd_u8(&r);
		const bool apple = flags >> 4; /* iBeacon; else Eddystone */
		const struct base_span id = base_rd_take(&r, apple ? 16 : 10);
		const struct base_span more = base_rd_take(&r, apple ? 4 : 6);
		const int8_t rssi = (int8_t)base_rd_u8(&r);

		if (!base_rd_ok(&r))
			return;
		if (apple) {
			const struct base_span major = track_text_head(more, 2);
			const struct base_span minor = track_text_tail(more, 2);

			track_record_hex(record, TRACK_N(TRACK_BEACON_UUID, i),
					 id);
			track_record_int(record, TRACK_N(TRACK_BEACON_MAJOR, i),
					 (int64_t)number_of(major));
			track_record_int(record, TRACK_N(TRACK_BEACON_MINOR, i),
					 (int64_t)number_of(minor));
		} else {
			track_record_hex(
				record, TRACK_N(TRACK_BEACON_NAMESPACE, i), id);
			track_record_hex(record,
					 TRACK_N(TRACK_BEACON_INSTANCE, i),
					 more);
		}
		track_record_int(record, TRACK_N(TRACK_BEACON_RSSI, i), rssi);
		if (flags & BEACON_HAS_BATTERY)
			track_record_real(record,
					  TRACK_N(TRACK_BEACON_BATTERY, i),
					  base_rd_be16(&r) / 100.0);
		if (flags & BEACON_HAS_TEMP)
			track_record_int(record, TRACK_N(TRACK_BEACON_TEMP, i),
					 base_rd_be16(&r));
	}
}

/* "P0299,P0675" */
static void put_trouble_codes(struct track_record *record,
			      struct base_span bytes)
{
	uint8_t *text = track_record_room(record, bytes.len);

	if (!text)
		return;
	for (size_t i = 0; i < bytes.len; i++)
		text[i] = bytes.ptr[i] == ',' ? ' ' : bytes.ptr[i];
	track_record_text(record, TRACK_DTCS,
			  (struct base_span){ text, bytes.len });
}

void track_teltonika_bytes(struct track_record *record, unsigned id,
			   struct base_span bytes)
{
	switch (id) {
	case 256:
	case 325:
		track_record_text(record, TRACK_VIN, bytes);
		return;
	case 281:
		put_trouble_codes(record, bytes);
		return;
	case 385:
		put_beacons(record, bytes);
		return;
	case 548:
	case 10828:
	case 10829:
	case 10831:
	case 11317:
		put_tags(record, bytes);
		return;
	default:
		track_record_hex(record, TRACK_N(TRACK_IO, id), bytes);
	}
}
