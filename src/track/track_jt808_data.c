/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_data.c - data of devices behind the tracker, and of locks */
#include <string.h>

#include "track_jt808_internal.h"
#include "track_text.h"
#include "track_time.h"

/* The vehicle's bus (0900, type F0) */

static void bus_other(struct jt808 *m, uint16_t id, struct base_rd *value)
{
	const size_t len = base_rd_left(value);
	int64_t v = 0;

	if (len != 1 && len != 2 && len != 4)
		return;
	while (base_rd_left(value))
		v = v << 8 | base_rd_u8(value);
	track_record_int(m->record, TRACK_N(TRACK_IO, id), v);
}

static const struct jt808_row bus_rows[] = {
	BY(0x0102, U32, ODOMETER, 100),
	PER(0x0103, U32, FUEL, 100),
	PER(0x0105, U32, FUEL_USED, 100),
	ADD(0x0111, U8, FUEL_TEMP, -40),
	PER(0x012e, U16, OIL_LEVEL, 10),
	PER(0x014a, U16, FUEL_CONSUMPTION, 100),
	BY(0x0528, U32, ODOMETER, 100),
	PER(0x052a, U16, FUEL, 100),
	AS(0x052b, U8, FUEL),
	PER(0x052c, U32, FUEL_USED, 100),
	ADD(0x052d, U8, COOLANT_TEMP, -40),
	ADD(0x052e, U8, AIR_TEMP, -40),
	PER(0x0530, U16, POWER, 1000),
	PER(0x0535, U16, OBD_SPEED, 10),
	AS(0x0536, U16, RPM),
	PER(0x0537, U16, FUEL_CONSUMPTION, 100),
	PER(0x0538, U16, FUEL_CONSUMPTION, 100),
	PER(0x0539, U16, FUEL_CONSUMPTION, 100),
	PER(0x053d, U16, INTAKE_PRESSURE, 10),
	AS(0x0544, U8, LIQUID_LEVEL),
	BY(0x0546, U32, ODOMETER, 100),
	AS(0x0547, U8, THROTTLE),
	AS(0x0548, U8, THROTTLE),
	{ 0xfeec, 0, JT808_TEXT, N(VIN), 0, 0, 0, NULL },
};

static const struct jt808_items bus_items = {
	.rows = bus_rows,
	.n = WS_ARRAY_LEN(bus_rows),
	.id_len = 2,
	.len_len = 1,
	.other = bus_other,
};

static const struct {
	uint8_t event;
	enum track_alarm alarm;
} bus_alarms[] = {
	{ 0x01, TRACK_ALARM_POWER_RESTORED },
	{ 0x02, TRACK_ALARM_POWER_CUT },
	{ 0x0e, TRACK_ALARM_IDLE },
	{ 0x1a, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x1b, TRACK_ALARM_HARD_BRAKING },
	{ 0x1c, TRACK_ALARM_HARD_CORNERING },
	{ 0x1d, TRACK_ALARM_LANE_CHANGE },
	{ 0x1e, TRACK_ALARM_LANE_CHANGE },
	{ 0x1f, TRACK_ALARM_LANE_CHANGE },
	{ 0x23, TRACK_ALARM_FATIGUE_DRIVING },
	{ 0x25, TRACK_ALARM_OVERSPEED },
	{ 0x26, TRACK_ALARM_ACCIDENT },
	{ 0x27, TRACK_ALARM_ACCIDENT },
	{ 0x28, TRACK_ALARM_ACCIDENT },
	{ 0x31, TRACK_ALARM_DOOR },
	{ 0x32, TRACK_ALARM_DOOR },
};

static void bus_alarm(struct jt808 *m, uint16_t id, struct base_rd *value)
{
	(void)value;
	for (size_t i = 0; i < WS_ARRAY_LEN(bus_alarms); i++) {
		if (bus_alarms[i].event == id)
			track_record_alarm(m->record, bus_alarms[i].alarm);
	}
}

static const struct jt808_items bus_alarm_items = {
	.id_len = 1,
	.len_len = 1,
	.other = bus_alarm,
};

/* A byte says how many. */
static void counted(struct jt808 *m, const struct jt808_items *items,
		    struct base_rd *r)
{
	struct base_rd value;
	uint16_t id;

	for (int n = base_rd_u8(r); n > 0; n--) {
		if (!jt808_item(r, items, &id, &value)) {
			base_rd_fail(r);
			return;
		}
		jt808_value(m, items, id, &value);
	}
}

static void bus_values(struct jt808 *m, struct track_position *p,
		       struct base_rd *r)
{
	counted(m, &bus_items, r);
	jt808_place(m, p, r);
}

static void bus_events(struct jt808 *m, struct track_position *p,
		       struct base_rd *r)
{
	counted(m, &bus_alarm_items, r);
	jt808_place(m, p, r);
}

/* One code more, behind a blank. Return: where the next one goes. */
static uint8_t *put_code(uint8_t *to, const uint8_t *first,
			 struct base_span code)
{
	if (!code.len)
		return to;
	if (to != first)
		*to++ = ' ';
	memcpy(to, code.ptr, code.len);
	return to + code.len;
}

static void bus_faults(struct jt808 *m, struct track_position *p,
		       struct base_rd *r)
{
	/* a code takes ten bytes more than its text */
	uint8_t *room = track_record_room(m->record, base_rd_left(r));
	uint8_t *to = room;

	if (!room)
		return;
	for (int n = base_rd_be16(r); n > 0 && base_rd_ok(r); n--) {
		(void)base_rd_be32(r); /* the unit */
		for (int k = base_rd_be16(r); k > 0 && base_rd_ok(r); k--) {
			(void)base_rd_take(r, 8); /* its number, its state */
			to = put_code(to, room, jt808_text(r, base_rd_be16(r)));
		}
	}
	track_record_text(m->record, N(DTCS),
			  (struct base_span){ room, (size_t)(to - room) });
	jt808_place(m, p, r);
}

static void bus_trip(struct jt808 *m, struct track_position *p,
		     struct base_rd *r)
{
	struct track_record *record = m->record;
	const uint8_t part = base_rd_u8(r);
	const uint32_t number = base_rd_be32(r);

	(void)p;
	if (!base_rd_ok(r))
		return;
	track_record_int(record, N(TRIP_NUMBER), number);
	/* when it began; when it ended, and where */
	(void)base_rd_take(r, part == 2 ? 6 + 6 + 8 + 8 + 1 : 6);
	if (part != 2 || base_rd_left(r) < 8)
		return;
	track_record_int(record, N(IDLING_COUNT), base_rd_be16(r));
	track_record_int(record, N(IDLING_TIME), base_rd_be16(r));
	track_record_int(record, N(TRIP_ODOMETER),
			 (int64_t)base_rd_be16(r) * 100);
	track_record_real(record, N(TRIP_FUEL), base_rd_be16(r) / 100.0);
}

static void bus_vin(struct jt808 *m, struct track_position *p,
		    struct base_rd *r)
{
	(void)p;
	if (base_rd_u8(r))
		track_record_text(m->record, N(VIN), jt808_text(r, 17));
}

static void bus_behaviour(struct jt808 *m, struct track_position *p,
			  struct base_rd *r)
{
	static const struct {
		uint32_t event;
		enum track_alarm alarm;
	} rows[] = {
		{ 51, TRACK_ALARM_HARD_ACCELERATION },
		{ 52, TRACK_ALARM_HARD_BRAKING },
		{ 53, TRACK_ALARM_HARD_CORNERING },
		{ 54, TRACK_ALARM_LANE_CHANGE },
		{ 56, TRACK_ALARM_ACCIDENT },
	};
	const uint32_t event = base_rd_be32(r);

	(void)p;
	if (!base_rd_ok(r))
		return;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		if (rows[i].event == event) {
			track_record_alarm(m->record, rows[i].alarm);
			return;
		}
	}
	track_record_int(m->record, N(EVENT), event);
}

static void bus(struct jt808 *m, struct base_rd *r)
{
	static const struct {
		uint8_t kind;
		void (*read)(struct jt808 *m, struct track_position *p,
			     struct base_rd *r);
	} kinds[] = {
		{ 0x01, bus_values }, { 0x02, bus_faults },
		{ 0x03, bus_events }, { 0x04, bus_trip },
		{ 0x0b, bus_vin },    { 0x15, bus_behaviour },
	};
	struct track_position *p = track_record_position(m->record);
	uint8_t kind;

	p->time_ms = jt808_time(r, m->zone_min);
	if (base_rd_u8(r))
		track_record_bool(m->record, N(ARCHIVE), true);
	(void)base_rd_u8(r); /* the kind of vehicle */
	kind = base_rd_u8(r);
	for (size_t i = 0; i < WS_ARRAY_LEN(kinds); i++) {
		if (base_rd_ok(r) && kinds[i].kind == kind)
			kinds[i].read(m, p, r);
	}
}

/* 40: a text; a card's has bars between its fields, the fifth is the number */
static void text_data(struct jt808 *m, struct base_rd *r)
{
	struct base_span text = jt808_text(r, base_rd_left(r));
	struct base_rd fields;

	if (!track_text_begins(text, "GTSL")) {
		track_record_text(m->record, N(DATA), text);
		return;
	}
	base_rd_init(&fields, text.ptr, text.len);
	track_text_skip(&fields, '|', 4);
	track_record_text(m->record, N(DRIVER), track_text_field(&fields, '|'));
}

static void obd_data(struct jt808 *m, struct base_rd *r)
{
	jt808_obd_text(m, jt808_text(r, base_rd_left(r)));
}

/* 53: radio tags near a place */
static void tags(struct jt808 *m, struct base_rd *r)
{
	struct track_record *record = m->record;

	(void)base_rd_u8(r); /* in all messages together */
	while (base_rd_left(r) >= 9) {
		const int i = base_rd_u8(r) + 1;

		track_record_hex(record, TRACK_N(TRACK_TAG_MAC, i),
				 base_rd_take(r, 6));
		track_record_int(record, TRACK_N(TRACK_TAG_RSSI, i),
				 jt808_s8(r));
		track_record_hex(record, TRACK_N(TRACK_TAG_DATA, i),
				 base_rd_take(r, base_rd_u8(r)));
	}
}

/* 54: what sensors have measured in the meantime; the last counts */
static void samples(struct jt808 *m, struct base_rd *r)
{
	struct track_record *record = m->record;

	while (base_rd_left(r) >= 8) {
		const unsigned has = base_rd_be16(r);

		(void)base_rd_take(r, 6); /* its time */
		if (has & 1U << 0)
			track_record_int(record, N(LIGHT_SENSOR),
					 base_rd_be16(r));
		if (has & 1U << 1) {
			track_record_real(record, N(DEVICE_TEMP),
					  jt808_s16(r) / 10.0);
			track_record_real(record, N(HUMIDITY),
					  jt808_s16(r) / 10.0);
		}
		if (has & 1U << 2)
			track_record_real(record, TRACK_N(TRACK_TEMPERATURE, 3),
					  jt808_s16(r) / 10.0);
		if (has & 1U << 3)
			(void)base_rd_take(r, 6); /* acceleration */
		if (has & 1U << 4)
			track_record_int(record, N(AIR_PRESSURE),
					 base_rd_be16(r));
	}
}

static void placed(struct jt808 *m, struct base_rd *r)
{
	struct track_position *p = track_record_position(m->record);

	jt808_place(m, p, r);
	jt808_motion(p, r);
	p->time_ms = jt808_time(r, m->zone_min);
}

static void placed_tags(struct jt808 *m, struct base_rd *r)
{
	placed(m, r);
	tags(m, r);
}

static void placed_samples(struct jt808 *m, struct base_rd *r)
{
	placed(m, r);
	samples(m, r);
}

static void collision(struct jt808 *m, struct base_rd *value)
{
	const unsigned v = base_rd_be16(value);

	if (base_rd_ok(value))
		track_record_real(m->record, N(COLLISION), v / 256.0 / 100.0);
}

static const struct jt808_row collision_rows[] = {
	OWN(0x0002, collision),
	OWN(0x0006, jt808_timed),
};

static const struct jt808_items collision_items = {
	.rows = collision_rows,
	.n = WS_ARRAY_LEN(collision_rows),
	.id_len = 2,
	.len_len = 2,
};

static void collisions(struct jt808 *m, struct base_rd *r)
{
	jt808_items(m, &collision_items, r);
}

/* FF: where and when; degrees are signed */
static void accident(struct jt808 *m, struct base_rd *r)
{
	struct track_position *p = track_record_position(m->record);
	int32_t lat, lon;

	p->time_ms = jt808_time(r, m->zone_min);
	lat = (int32_t)base_rd_be32(r);
	lon = (int32_t)base_rd_be32(r);
	if (!base_rd_ok(r))
		return;
	p->valid = true;
	p->lat = lat / 1e6;
	p->lon = lon / 1e6;
	jt808_motion(p, r);
}

void jt808_transparent(struct jt808 *m, struct base_rd *r)
{
	static const struct {
		uint8_t type;
		void (*read)(struct jt808 *m, struct base_rd *r);
	} types[] = {
		{ 0x40, text_data },   { 0x41, obd_data },
		{ 0x53, placed_tags }, { 0x54, placed_samples },
		{ 0xf0, bus },         { 0xf3, collisions },
		{ 0xff, accident },
	};
	const uint8_t type = base_rd_u8(r);

	if (!base_rd_ok(r))
		return;
	for (size_t i = 0; i < WS_ARRAY_LEN(types); i++) {
		if (types[i].type == type) {
			types[i].read(m, r);
			return;
		}
	}
	track_record_int(m->record, N(TYPE), type);
}

void jt808_transparent_command(struct jt808 *m, struct base_rd *r)
{
	const uint8_t type = base_rd_u8(r);

	if (!base_rd_ok(r))
		return;
	track_record_int(m->record, N(TYPE), type);
	if (base_rd_peek(r) >= 0x20)
		track_record_text(m->record, N(COMMAND),
				  jt808_text(r, base_rd_left(r)));
}

/* Locks: a location of its own form, with other items */

static void lock_altitude(struct jt808 *m, struct base_rd *value)
{
	const int v = jt808_s16(value);

	if (base_rd_ok(value))
		m->record->positions[m->record->n_positions - 1].altitude = v;
}

static void lock_tilt(struct jt808 *m, struct base_rd *value)
{
	jt808_axes(m, TRACK_TILT, jt808_s16, value);
}

/* The operator of the cell that the location named. */
static void lock_operator(struct jt808 *m, struct base_rd *value)
{
	struct track_record *record = m->record;
	const int mcc = base_rd_be16(value), mnc = base_rd_u8(value);

	if (!base_rd_ok(value) || !record->n_cells)
		return;
	record->cell[record->n_cells - 1].mcc = mcc;
	record->cell[record->n_cells - 1].mnc = mnc;
}

static const struct jt808_row lock_rows[] = {
	OWN(0x02, lock_altitude),
	{ 0x0a, 3, JT808_OWN, 0, 0, 0, 0, lock_operator },
	OWN(0x0b, jt808_unlock),
	OWN(0x0c, lock_tilt),
	AS(0x10, U8, WAKE_SOURCE),
	AS(0xfc, U8, GEOFENCE),
};

static const struct jt808_items lock_items = {
	.rows = lock_rows,
	.n = WS_ARRAY_LEN(lock_rows),
	.id_len = 1,
	.len_len = 1,
};

/* Digits of BCD; false: something else. */
static bool read_digits(struct jt808 *m, struct base_rd *r, size_t bytes,
			struct base_span *digits)
{
	*digits = track_record_bcd(m->record, base_rd_take(r, bytes));
	return digits->len == 2 * bytes;
}

/* "DDMM.MMMM" without its point, of 8 or 9 digits */
static bool read_angle(struct base_span digits, double *degrees)
{
	int64_t v;

	if (!track_text_int(digits, &v))
		return false;
	*degrees = track_text_from_minutes((double)v / 10000);
	return true;
}

#define LOCK_NORTH 2
#define LOCK_EAST  4

/* UTC; latitude of 8 digits, longitude of 9, then a nibble of flags. */
static void lock_point(struct jt808 *m, struct track_position *p,
		       struct base_rd *r)
{
	struct track_civil c = { 0 };
	struct base_rd date;
	struct base_span digits, bytes = base_rd_take(r, 6);
	double lat, lon;
	int64_t v;

	base_rd_init(&date, bytes.ptr, bytes.len);
	if (track_time_parse_bcd(&c, "dmyHMS", &date))
		p->time_ms = track_time_carry(&c, 0);
	if (read_digits(m, r, 4, &digits) && read_angle(digits, &lat)) {
		/* the flags may be no digit */
		uint8_t last = 0;

		digits = track_record_digits(m->record, base_rd_take(r, 5));
		if (digits.len)
			last = digits.ptr[9];
		digits = track_text_head(digits, 9);
		last = (uint8_t)(last <= '9' ? last - '0' : last - 'a' + 10);
		if (base_rd_ok(r) && read_angle(digits, &lon)) {
			p->lat = last & LOCK_NORTH ? lat : -lat;
			p->lon = last & LOCK_EAST ? lon : -lon;
		}
	}
	if (read_digits(m, r, 1, &digits) && track_text_int(digits, &v))
		p->speed = (double)v * 1.852;
	p->course = base_rd_u8(r) * 2.0;
}

static const struct jt808_alarm box_alarms[] = {
	{ 1U << 0, TRACK_ALARM_LOW_POWER },
};

static const struct jt808_alarm lock_alarms[] = {
	{ 1U << 0, TRACK_ALARM_OVERSPEED },
	{ 1U << 1, TRACK_ALARM_LOW_POWER },
	{ 1U << 2, TRACK_ALARM_VIBRATION },
	{ 1U << 3, TRACK_ALARM_LOW_BATTERY },
	{ 1U << 5, TRACK_ALARM_GEOFENCE_ENTER },
	{ 1U << 6, TRACK_ALARM_GEOFENCE_EXIT },
};

static void lock_state(struct jt808 *m, struct base_rd *r)
{
	const uint8_t product = base_rd_u8(r);
	const unsigned status = base_rd_be16(r), alarm = base_rd_be16(r);

	if (!base_rd_ok(r))
		return;
	if (product == 3) {
		track_record_bool(m->record, N(BLOCKED), status & 1U << 5);
		jt808_alarms(m, alarm, lock_alarms, WS_ARRAY_LEN(lock_alarms));
	} else if (product == 1 || product == 2) {
		jt808_alarms(m, alarm, box_alarms, WS_ARRAY_LEN(box_alarms));
	}
	track_record_int(m->record, N(STATUS), status);
}

#define LOCK_LEN 35

void jt808_short_report(struct jt808 *m, struct base_rd *r)
{
	struct track_cell cell = { .mcc = -1,
				   .mnc = -1,
				   .rssi = TRACK_RSSI_NONE };
	struct track_record *record = m->record;
	struct track_position *p;
	uint8_t battery;

	if (base_rd_left(r) < LOCK_LEN)
		return;
	p = track_record_position(record);
	lock_point(m, p, r);
	p->valid = m->id == JT808_SHORT_REPORT;
	track_record_int(record, N(RSSI), base_rd_u8(r));
	jt808_satellites(m, base_rd_u8(r));
	track_record_int(record, N(ODOMETER), (int64_t)base_rd_be32(r) * 1000);
	battery = base_rd_u8(r);
	if (battery <= 100)
		track_record_int(record, N(BATTERY_LEVEL), battery);
	else if (battery == 0xaa || battery == 0xab)
		track_record_bool(record, N(CHARGE), true);
	cell.cid = base_rd_be32(r);
	cell.lac = base_rd_be16(r);
	if (cell.cid && cell.lac)
		track_record_cell(record, &cell);
	lock_state(m, r);
	jt808_items(m, &lock_items, r);
}
