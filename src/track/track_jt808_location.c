/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_location.c - locations of JT/T 808 and their items */
#include <stdio.h>

#include "track_jt808_internal.h"
#include "track_text.h"

#define STATUS_IGNITION (1U << 0)
#define STATUS_VALID    (1U << 1)
#define STATUS_SOUTH    (1U << 2)
#define STATUS_WEST     (1U << 3)
#define STATUS_BLOCKED  (1U << 10)
#define STATUS_CHARGE   (1U << 26)

void jt808_satellites(struct jt808 *m, int n)
{
	m->record->positions[m->record->n_positions - 1].satellites = n;
}

static void item_satellites(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_left(value))
		jt808_satellites(m, base_rd_u8(value));
}

/* The highest bit tells the unit. */
static void item_fuel(struct jt808 *m, struct base_rd *value)
{
	const unsigned v = base_rd_be16(value);

	if (!base_rd_ok(value))
		return;
	if (v & 0x8000) /* % */
		track_record_int(m->record, N(FUEL), v & 0x7fff);
	else
		track_record_real(m->record, N(FUEL), v / 10.0);
}

void jt808_unlock(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (!len)
		return;
	track_record_int(m->record, N(LOCK_COMMAND), base_rd_u8(value));
	if (len == 5 || len == 6)
		track_record_int(m->record, N(LOCK_CARD), base_rd_be32(value));
	else if (len >= 7)
		track_record_text(m->record, N(LOCK_PASSWORD),
				  jt808_text(value, 6));
	if (len % 2 == 0)
		track_record_int(m->record, N(UNLOCK_RESULT),
				 base_rd_u8(value));
}

static void item_analog(struct jt808 *m, struct base_rd *value)
{
	const unsigned first = base_rd_be16(value),
		       second = base_rd_be16(value);

	if (!base_rd_ok(value))
		return;
	track_record_real(m->record, TRACK_N(TRACK_ADC, 1), first / 100.0);
	track_record_real(m->record, TRACK_N(TRACK_ADC, 2), second / 100.0);
}

/* "*M00,45,1136..." of a lock: volts behind the first digits */
static void item_lock_text(struct jt808 *m, struct base_rd *value)
{
	struct base_span s = base_rd_take(value, base_rd_left(value));
	int64_t v;

	if (!track_text_begins(s, "*M00") || s.len < 15)
		return;
	s = track_text_head(track_text_tail(s, 10), 3);
	if (track_text_int(s, &v))
		track_record_real(m->record, N(BATTERY), (double)v / 100);
}

/* Sensors of 16 bits, the highest is the sign; all ones: none. */
static void item_temperatures(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (len != 2 && len != 16)
		return;
	for (int i = 1; base_rd_left(value); i++) {
		const unsigned v = base_rd_be16(value);
		const double degrees = (v & 0x7fff) / 10.0;

		if (v != 0xffff)
			track_record_real(m->record,
					  TRACK_N(TRACK_TEMPERATURE, i),
					  v & 0x8000 ? -degrees : degrees);
	}
}

static void item_driving_alarms(struct jt808 *m, struct base_rd *value)
{
	static const struct jt808_alarm driving[] = {
		{ 1U << 8, TRACK_ALARM_HARD_ACCELERATION },
		{ 1U << 9, TRACK_ALARM_HARD_BRAKING },
		{ 1U << 10, TRACK_ALARM_HARD_CORNERING },
	};

	jt808_alarms(m, base_rd_be16(value), driving, WS_ARRAY_LEN(driving));
}

static void item_event(struct jt808 *m, struct base_rd *value)
{
	const unsigned event = base_rd_be16(value);

	if (!base_rd_ok(value))
		return;
	track_record_int(m->record, N(EVENT), event);
	if (event < 0x61 || event > 0x66)
		return;
	(void)base_rd_take(value, 6); /* the lock */
	track_record_text(m->record, N(DRIVER), jt808_text(value, 8));
}

static void item_locks(struct jt808 *m, struct base_rd *value)
{
	for (int i = 1; base_rd_left(value) >= 11; i++) {
		track_record_hex(m->record, TRACK_N(TRACK_LOCK_ID, i),
				 base_rd_take(value, 6));
		track_record_real(m->record, TRACK_N(TRACK_LOCK_BATTERY, i),
				  base_rd_be16(value) / 1000.0);
		track_record_bool(m->record, TRACK_N(TRACK_LOCK_SEAL, i),
				  base_rd_u8(value) == '1');
		(void)base_rd_be16(value); /* its state, its signal */
	}
}

/* Alarms of cameras: serial, state, kind ..., and at the end a label. */
static void camera(struct jt808 *m, struct base_rd *value, track_key key)
{
	const size_t len = base_rd_left(value);
	uint8_t kind;

	(void)base_rd_take(value, 5);
	kind = base_rd_u8(value);
	if (!base_rd_ok(value))
		return;
	track_record_int(m->record, key, kind);
	if (len < 47)
		return;
	(void)base_rd_take(value, len - 6 - 16);
	track_record_hex(m->record, N(ALARM_LABEL), base_rd_take(value, 16));
}

static void item_adas(struct jt808 *m, struct base_rd *value)
{
	camera(m, value, N(ADAS_ALARM));
}

static void item_dms(struct jt808 *m, struct base_rd *value)
{
	camera(m, value, N(DMS_ALARM));
}

static void item_behaviour(struct jt808 *m, struct base_rd *value)
{
	static const struct {
		uint8_t kind;
		enum track_alarm alarm;
	} kinds[] = {
		{ 0x01, TRACK_ALARM_HARD_ACCELERATION },
		{ 0x02, TRACK_ALARM_HARD_BRAKING },
		{ 0x03, TRACK_ALARM_HARD_CORNERING },
		{ 0x16, TRACK_ALARM_ACCIDENT },
	};
	uint8_t kind;

	(void)base_rd_take(value, 5); /* serial, state */
	kind = base_rd_u8(value);
	for (size_t i = 0; i < WS_ARRAY_LEN(kinds); i++) {
		if (base_rd_ok(value) && kinds[i].kind == kind)
			track_record_alarm(m->record, kinds[i].alarm);
	}
}

static void item_tires(struct jt808 *m, struct base_rd *value)
{
	while (base_rd_left(value) >= 8) {
		const int i = base_rd_u8(value);

		track_record_hex(m->record, TRACK_N(TRACK_TIRE_SENSOR, i),
				 base_rd_take(value, 3));
		track_record_real(m->record, TRACK_N(TRACK_TIRE_PRESSURE, i),
				  (base_rd_be16(value) & 0x3ff) / 40.0);
		track_record_int(m->record, TRACK_N(TRACK_TIRE_TEMP, i),
				 base_rd_u8(value) - 50);
		track_record_int(m->record, TRACK_N(TRACK_TIRE_STATUS, i),
				 base_rd_u8(value));
	}
}

/* Values of the engine, in one. */
static void item_engine(struct jt808 *m, struct base_rd *value)
{
	struct track_record *record = m->record;

	if (base_rd_left(value) < 22)
		return;
	track_record_real(record, N(BATTERY), base_rd_be16(value) / 10.0);
	track_record_int(record, N(RPM), base_rd_be16(value));
	track_record_int(record, N(OBD_SPEED), base_rd_u8(value));
	track_record_int(record, N(THROTTLE), base_rd_u8(value) * 100 / 255);
	track_record_int(record, N(ENGINE_LOAD), base_rd_u8(value) * 100 / 255);
	track_record_int(record, N(COOLANT_TEMP), base_rd_u8(value) - 40);
	(void)base_rd_be16(value);
	track_record_real(record, N(FUEL_CONSUMPTION),
			  base_rd_be16(value) / 100.0);
	(void)base_rd_take(value, 8);
	track_record_real(record, N(FUEL_USED), base_rd_be16(value) / 100.0);
}

static void item_vibration(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_be32(value) & 1U << 3)
		track_record_alarm(m->record, TRACK_ALARM_VIBRATION);
}

static void level(struct jt808 *m, struct base_rd *value)
{
	const uint8_t v = base_rd_u8(value);

	if (v == 0xff)
		track_record_bool(m->record, N(CHARGE), true);
	else
		track_record_int(m->record, N(BATTERY_LEVEL), v);
}

/* D4, E1 and E9 by their lengths: the battery, or who drives */
static void item_level(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);
	char text[12];

	if (len == 1) {
		level(m, value);
	} else if (len >= 4) {
		(void)snprintf(text, sizeof(text), "%u",
			       (unsigned)base_rd_be32(value));
		jt808_text_value(m, N(DRIVER), text);
	}
}

static void item_cells_of_operator(struct jt808 *m, struct base_rd *value)
{
	struct track_cell of = { 0 };

	of.mcc = base_rd_be16(value);
	of.mnc = base_rd_be16(value);
	while (base_rd_left(value)) {
		struct track_cell cell = of;

		cell.lac = (int64_t)base_rd_u8(value) << 16;
		cell.lac |= base_rd_be16(value);
		cell.cid = base_rd_be32(value);
		cell.rssi = jt808_s8(value);
		if (cell.lac > 0 && cell.lac <= 0xffff && cell.cid <= 0xfffffff)
			track_record_cell(m->record, &cell);
	}
}

static void item_e1(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (len >= 12 && (len - 4) % 8 == 0)
		item_cells_of_operator(m, value);
	else if (len == 2)
		track_record_real(m->record, N(POWER),
				  base_rd_be16(value) / 10.0);
	else
		item_level(m, value);
}

static void item_d5(struct jt808 *m, struct base_rd *value)
{
	struct track_record *record = m->record;

	if (base_rd_left(value) == 2) {
		track_record_real(record, N(BATTERY),
				  base_rd_be16(value) / 100.0);
		return;
	}
	(void)base_rd_u8(value); /* how many */
	for (int i = 1; base_rd_left(value) >= 13; i++) {
		track_record_hex(record, TRACK_N(TRACK_LOCK_ID, i),
				 base_rd_take(value, 5));
		track_record_hex(record, TRACK_N(TRACK_LOCK_N_CARD, i),
				 base_rd_take(value, 5));
		track_record_int(record, TRACK_N(TRACK_LOCK_BATTERY, i),
				 base_rd_u8(value));
		track_record_bool(record, TRACK_N(TRACK_LOCK_LOCKED, i),
				  !(base_rd_be16(value) & 1U << 5));
	}
}

static void item_lock_state(struct jt808 *m, struct base_rd *value)
{
	unsigned bits;

	(void)base_rd_be16(value); /* times that the string was cut */
	bits = base_rd_u8(value);
	if (!base_rd_ok(value))
		return;
	track_record_bool(m->record, N(STRING), bits & 1U << 0);
	track_record_bool(m->record, N(MOTION), bits & 1U << 2);
	track_record_bool(m->record, N(COVER), bits & 1U << 3);
}

static void item_e3(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_left(value) < 4)
		return;
	(void)base_rd_u8(value);
	track_record_int(m->record, N(BATTERY_LEVEL), base_rd_u8(value));
	track_record_real(m->record, N(BATTERY), base_rd_be16(value) / 100.0);
}

static void item_e4(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_left(value) < 2)
		return;
	if (!base_rd_u8(value))
		track_record_bool(m->record, N(CHARGE), true);
	track_record_int(m->record, N(BATTERY_LEVEL), base_rd_u8(value));
}

static void item_motion(struct jt808 *m, struct base_rd *value)
{
	track_record_bool(m->record, N(MOTION), base_rd_u8(value) == 1);
}

static void item_e7(struct jt808 *m, struct base_rd *value)
{
	static const struct jt808_alarm bits[] = {
		{ 1U << 0, TRACK_ALARM_VIBRATION },
		{ 7U << 1, TRACK_ALARM_SOS },
	};

	jt808_alarms(m, base_rd_be16(value), bits, WS_ARRAY_LEN(bits));
}

static void item_voltages(struct jt808 *m, struct base_rd *value)
{
	track_record_int(m->record, N(RSSI), base_rd_u8(value));
	track_record_real(m->record, N(POWER), base_rd_be16(value) / 1000.0);
	track_record_real(m->record, N(BATTERY), base_rd_be16(value) / 1000.0);
	item_satellites(m, value);
}

static void item_cells(struct jt808 *m, struct base_rd *value)
{
	while (base_rd_left(value) >= 13) {
		struct track_cell cell;

		cell.mcc = base_rd_be16(value);
		cell.mnc = base_rd_be16(value);
		cell.cid = base_rd_be32(value);
		cell.lac = base_rd_be32(value);
		cell.rssi = jt808_s8(value);
		track_record_cell(m->record, &cell);
	}
}

static void item_wifi(struct jt808 *m, struct base_rd *value)
{
	while (base_rd_left(value) >= 7) {
		const struct base_span mac = base_rd_take(value, 6);

		track_record_wifi_bytes(m->record, mac, jt808_s8(value));
	}
}

/* The standard's: an area or a route was entered or left. */
static void item_area(struct jt808 *m, struct base_rd *value)
{
	uint32_t area;
	uint8_t way;

	(void)base_rd_u8(value); /* its shape */
	area = base_rd_be32(value);
	way = base_rd_u8(value);
	if (way > 1)
		return;
	track_record_int(m->record, N(GEOFENCE), area);
	track_record_alarm(m->record, way ? TRACK_ALARM_GEOFENCE_EXIT
					  : TRACK_ALARM_GEOFENCE_ENTER);
}

#define ITEM_EXTENSION 0x80
#define ITEM_FIRMWARE  0xf2

static const struct jt808_row rows[] = {
	BY(0x01, U32, ODOMETER, 100),
	OWN(0x02, item_fuel),
	AS(0x06, U8, BATTERY_LEVEL),
	OWN(0x0b, jt808_unlock),
	{ 0x12, 6, JT808_OWN, 0, 0, 0, 0, item_area },
	AS(0x14, U32, VIDEO_ALARM),
	AS(0x25, U32, INPUT),
	OWN(0x2b, item_analog),
	AS(0x30, U8, RSSI),
	OWN(0x31, item_satellites),
	{ 0x33, 1, JT808_U8, N(MODE), 1, 1, 0, NULL },
	OWN(0x33, item_lock_text),
	OWN(0x51, item_temperatures),
	BY(0x56, U8, BATTERY_LEVEL, 10),
	OWN(0x57, item_driving_alarms),
	OWN(0x60, item_event),
	OWN(0x63, item_locks),
	OWN(0x64, item_adas),
	OWN(0x65, item_dms),
	{ 0x67, 8, JT808_TEXT, N(PASSWORD), 0, 0, 0, NULL },
	PER(0x68, U16, BATTERY_LEVEL, 100),
	PER(0x69, U16, BATTERY, 100),
	OWN(0x70, item_behaviour),
	OWN(0x77, item_tires),
	PER(0x82, U16, POWER, 10),
	OWN(0x91, item_engine),
	TEXT(0x94, VIN),
	OWN(0xa7, item_analog),
	AS(0xac, U32, ODOMETER),
	TEXT(0xbc, DRIVER_NAME),
	TEXT(0xbd, DRIVER),
	OWN(0xd0, item_vibration),
	PER(0xd3, U16, POWER, 10),
	OWN(0xd4, item_level),
	OWN(0xd5, item_d5),
	OWN(0xda, item_lock_state),
	OWN(0xe1, item_e1),
	PER(0xe2, U32, FUEL, 10),
	OWN(0xe3, item_e3),
	OWN(0xe4, item_e4),
	{ 0xe5, 1, JT808_OWN, 0, 0, 0, 0, item_motion },
	OWN(0xe6, jt808_item_e6),
	{ 0xe7, 8, JT808_OWN, 0, 0, 0, 0, item_e7 },
	OWN(0xe8, jt808_item_e8),
	OWN(0xe9, item_level),
	OWN(0xea, jt808_item_ea),
	OWN(0xeb, jt808_item_eb),
	OWN(0xec, item_wifi),
	TEXT(0xed, CARD),
	{ 0xee, 6, JT808_OWN, 0, 0, 0, 0, item_voltages },
	OWN(0xf0, item_cells),
	PER(0xf1, U32, POWER, 1000),
	TEXT(ITEM_FIRMWARE, VERSION_FW),
	OWN(0xf3, jt808_item_f3),
	OWN(0xf4, item_wifi),
	{ 0xf5, 2, JT808_U16, N(ILLUMINANCE), 1, 1, 0, NULL },
	OWN(0xf6, jt808_item_f6),
	OWN(0xf7, jt808_item_f7),
	OWN(0xf8, jt808_item_f8),
	OWN(0xf9, jt808_item_f9),
	TEXT(0xfb, CONTAINER),
	AS(0xfc, U8, GEOFENCE),
	OWN(0xfe, jt808_item_fe),
};

static const struct jt808_items items = {
	.rows = rows,
	.n = WS_ARRAY_LEN(rows),
	.id_len = 1,
	.len_len = 1,
};

static void item_extended_level(struct jt808 *m, struct base_rd *value)
{
	(void)base_rd_u8(value); /* in five steps */
	track_record_int(m->record, N(BATTERY_LEVEL), base_rd_u8(value));
}

/* "P0101,P0102": blanks between them */
static void item_dtcs(struct jt808 *m, struct base_rd *value)
{
	const struct base_span s = jt808_text(value, base_rd_left(value));
	uint8_t *room = s.len ? track_record_room(m->record, s.len) : NULL;

	if (!room)
		return;
	for (size_t i = 0; i < s.len; i++)
		room[i] = s.ptr[i] == ',' ? ' ' : s.ptr[i];
	track_record_text(m->record, N(DTCS),
			  (struct base_span){ room, s.len });
}

static const struct jt808_row extension_rows[] = {
	BY(0x01, U32, ODOMETER, 100),
	PER(0x02, U16, FUEL, 10),
	PER(0x03, U16, OBD_SPEED, 10),
	{ 0x56, 2, JT808_OWN, 0, 0, 0, 0, item_extended_level },
	PER(0x61, U16, POWER, 100),
	PER(0x69, U16, BATTERY, 100),
	AS(0x80, U8, OBD_SPEED),
	AS(0x81, U16, RPM),
	PER(0x82, U16, POWER, 10),
	AS(0x83, U8, ENGINE_LOAD),
	{ 0x84, 0, JT808_U8, N(COOLANT_TEMP), 1, 1, -40, NULL },
	AS(0x85, U16, FUEL_CONSUMPTION),
	{ 0x86, 0, JT808_U8, N(INTAKE_TEMP), 1, 1, -40, NULL },
	AS(0x87, U16, INTAKE_FLOW),
	AS(0x88, U8, INTAKE_PRESSURE),
	AS(0x89, U8, THROTTLE),
	TEXT(0x8b, VIN),
	BY(0x8c, U32, OBD_ODOMETER, 100),
	BY(0x8d, U16, TRIP_ODOMETER, 1000),
	AS(0x8e, U8, FUEL),
	OWN(0xa0, item_dtcs),
	TEXT(0xcc, ICCID),
};

const struct jt808_items jt808_extension = {
	.rows = extension_rows,
	.n = WS_ARRAY_LEN(extension_rows),
	.id_len = 1,
	.len_len = 1,
};

static const struct jt808_alarm alarms[] = {
	{ 1U << 0, TRACK_ALARM_SOS },
	{ 1U << 1, TRACK_ALARM_OVERSPEED },
	{ 1U << 2, TRACK_ALARM_FATIGUE_DRIVING },
	{ 1U << 5 | 1U << 6, TRACK_ALARM_GPS_ANTENNA_CUT },
	{ 1U << 4 | 1U << 9 | 1U << 10 | 1U << 11, TRACK_ALARM_FAULT },
	{ 1U << 7 | 1U << 18, TRACK_ALARM_LOW_BATTERY },
	{ 1U << 8, TRACK_ALARM_POWER_OFF },
	{ 1U << 15, TRACK_ALARM_VIBRATION },
	{ 1U << 16 | 1U << 17, TRACK_ALARM_TAMPERING },
	{ 1U << 19, TRACK_ALARM_PARKING },
	{ 1U << 20, TRACK_ALARM_GEOFENCE },
	{ 1U << 26, TRACK_ALARM_GENERAL },
	{ 1U << 28, TRACK_ALARM_MOVEMENT },
	{ 1U << 29 | 1U << 30, TRACK_ALARM_ACCIDENT },
};

static const struct jt808_alarm aovx_alarms[] = {
	{ 1U << 16, TRACK_ALARM_MOVEMENT },
};

void jt808_place(struct jt808 *m, struct track_position *p, struct base_rd *r)
{
	const uint32_t status = base_rd_be32(r);
	const double lat = base_rd_be32(r) / 1e6;
	const double lon = base_rd_be32(r) / 1e6;

	if (!base_rd_ok(r))
		return;
	track_record_bool(m->record, N(IGNITION), status & STATUS_IGNITION);
	track_record_bool(m->record, N(BLOCKED), status & STATUS_BLOCKED);
	track_record_bool(m->record, N(CHARGE), status & STATUS_CHARGE);
	p->valid = status & STATUS_VALID;
	p->lat = (status & STATUS_SOUTH) ? -lat : lat;
	p->lon = (status & STATUS_WEST) ? -lon : lon;
}

void jt808_motion(struct track_position *p, struct base_rd *r)
{
	const int altitude = jt808_s16(r);
	const double speed = base_rd_be16(r) / 10.0;
	const double course = base_rd_be16(r);

	if (!base_rd_ok(r))
		return;
	p->altitude = altitude;
	p->speed = speed;
	p->course = course;
}

struct track_position *jt808_point(struct jt808 *m, struct base_rd *r)
{
	struct track_position *p = track_record_position(m->record);
	const uint32_t alarm = base_rd_be32(r);

	if (m->is_aovx)
		jt808_alarms(m, alarm, aovx_alarms, WS_ARRAY_LEN(aovx_alarms));
	else
		jt808_alarms(m, alarm, alarms, WS_ARRAY_LEN(alarms));
	jt808_place(m, p, r);
	jt808_motion(p, r);
	p->time_ms = jt808_time(r, m->zone_min);
	return p;
}

/* What its items say of themselves: that they are items up to the last byte
 * and that the first has a meaning; that the firmware is a certain maker's. */
static bool look_ahead(struct jt808 *m, struct base_rd r)
{
	struct base_rd value;
	uint16_t id;
	bool first = true, known = false;

	while (base_rd_left(&r)) {
		if (!jt808_item(&r, &items, &id, &value))
			return false;
		if (first)
			known = jt808_row_of(&items, id, &value);
		first = false;
		if (id == ITEM_FIRMWARE &&
		    track_text_begins(
			    base_rd_take(&value, base_rd_left(&value)),
			    "AOVX_"))
			m->is_aovx = true;
	}
	return known;
}

/* An early maker's tail: 18 bytes that are no items. */
static void fixed_tail(struct jt808 *m, struct base_rd *r)
{
	(void)base_rd_be32(r); /* what is left of battery and distance */
	track_record_int(m->record, N(ODOMETER),
			 (int64_t)base_rd_be32(r) * 1000);
	track_record_real(m->record, N(BATTERY), base_rd_be16(r) / 10.0);
	(void)base_rd_be32(r); /* area */
	track_record_int(m->record, N(RSSI), base_rd_u8(r));
	(void)base_rd_take(r, 3);
}

#define POINT_LEN 28
#define TAIL_LEN  18

void jt808_location(struct jt808 *m, struct base_rd *r)
{
	struct base_rd ahead = *r, value;
	bool is_items;
	uint16_t id;

	(void)base_rd_take(&ahead, POINT_LEN);
	if (!base_rd_ok(&ahead))
		return;
	is_items = look_ahead(m, ahead);
	(void)jt808_point(m, r);
	if (base_rd_left(r) == TAIL_LEN && !is_items) {
		fixed_tail(m, r);
		return;
	}
	while (base_rd_left(r) && jt808_item(r, &items, &id, &value)) {
		if (id == ITEM_EXTENSION) {
			(void)base_rd_u8(&value); /* their kind */
			jt808_items(m, &jt808_extension, &value);
			jt808_items(m, &jt808_extension, r);
			return;
		}
		jt808_value(m, &items, id, &value);
	}
}
