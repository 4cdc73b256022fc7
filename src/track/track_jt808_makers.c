/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_makers.c - makers' larger items of locations of JT/T 808 */
#include <string.h>

#include "track_jt808_internal.h"
#include "track_text.h"

/* E6: radio sensors, or the engine in text */

void jt808_obd_text(struct jt808 *m, struct base_span text)
{
	static const enum track_name names[] = {
		TRACK_POWER,
		TRACK_RPM,
		TRACK_OBD_SPEED,
		TRACK_THROTTLE,
		TRACK_ENGINE_LOAD,
		TRACK_COOLANT_TEMP,
		TRACK_FUEL_CONSUMPTION,
		TRACK_FUEL_CONSUMPTION,
		TRACK_TRIP_ODOMETER,
		TRACK_OBD_ODOMETER,
		TRACK_TRIP_FUEL_USED,
		TRACK_FUEL_USED,
	};
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	track_text_skip(&r, ',', 1);
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		double v;

		if (track_text_real(track_text_field(&r, ','), &v))
			track_record_real(m->record, TRACK_N(names[i], -1), v);
	}
}

/* A signed byte, and a byte of parts of 255 that go away from zero. */
static double signed_parts(struct base_rd *r)
{
	const int whole = jt808_s8(r);
	const double parts = base_rd_u8(r) / 255.0;

	return whole < 0 ? whole - parts : whole + parts;
}

void jt808_item_e6(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (len % 11 == 0) {
		while (base_rd_left(value)) {
			const int i = base_rd_u8(value);

			(void)base_rd_take(value, 6); /* its address */
			track_record_real(m->record,
					  TRACK_N(TRACK_TEMPERATURE, i),
					  signed_parts(value));
			track_record_real(m->record, TRACK_N(TRACK_HUMIDITY, i),
					  signed_parts(value));
		}
	} else {
		const struct base_span text = base_rd_take(value, len);

		if (track_text_begins(text, "$OBD-RT"))
			jt808_obd_text(m, text);
	}
}

/* E8: the state of a lock, or an event of a camera (Jimi) */

static void camera_charge(struct jt808 *m, struct base_rd *value)
{
	track_record_bool(m->record, N(CHARGE), !base_rd_u8(value));
}

/* One digit more than there are. */
static void camera_iccid(struct jt808 *m, struct base_rd *value)
{
	const struct base_span digits =
		track_record_digits(m->record, base_rd_take(value, 10));

	track_record_text(m->record, N(ICCID), track_text_head(digits, 19));
}

static const struct jt808_row camera_rows[] = {
	PER(0x0001, U16, BATTERY, 100), AS(0x0002, U32, DATA_USAGE),
	AS(0x0003, U8, BATTERY_LEVEL),  OWN(0x0004, camera_charge),
	OWN(0x0005, camera_iccid),      PER(0x0007, U16, HDOP, 10),
	PER(0x2001, U16, POWER, 10),
};

static const struct jt808_items camera_items = {
	.rows = camera_rows,
	.n = WS_ARRAY_LEN(camera_rows),
	.id_len = 2,
	.len_len = 1,
};

static const struct {
	uint16_t event;
	enum track_alarm alarm;
} camera_alarms[] = {
	{ 0x0001, TRACK_ALARM_FAULT },
	{ 0x0400, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x0401, TRACK_ALARM_HARD_BRAKING },
	{ 0x0402, TRACK_ALARM_HARD_CORNERING },
	{ 0x0403, TRACK_ALARM_OVERSPEED },
	{ 0x0405, TRACK_ALARM_ACCIDENT },
	{ 0x0406, TRACK_ALARM_VIBRATION },
	{ 0x0407, TRACK_ALARM_TOW },
	{ 0x0408, TRACK_ALARM_GEOFENCE_ENTER },
	{ 0x0409, TRACK_ALARM_GEOFENCE_EXIT },
	{ 0x040c, TRACK_ALARM_DOOR },
	{ 0x0412, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x0413, TRACK_ALARM_HARD_BRAKING },
	{ 0x0414, TRACK_ALARM_HARD_CORNERING },
	{ 0x0415, TRACK_ALARM_LANE_CHANGE },
	{ 0x0416, TRACK_ALARM_ACCIDENT },
	{ 0x0417, TRACK_ALARM_ACCIDENT },
	{ 0x0c01, TRACK_ALARM_SOS },
	{ 0x0c02, TRACK_ALARM_LOW_POWER },
	{ 0x0c05, TRACK_ALARM_GENERAL },
	{ 0x0c0e, TRACK_ALARM_POWER_CUT },
	{ 0x0c0f, TRACK_ALARM_LOW_BATTERY },
	{ 0x0c10, TRACK_ALARM_POWER_OFF },
	{ 0x0c12, TRACK_ALARM_TAMPERING },
};

static void camera_power(struct jt808 *m, struct base_rd *r)
{
	uint8_t steps;

	if (base_rd_left(r) < 7)
		return;
	track_record_bool(m->record, N(CHARGE), base_rd_u8(r) == 1);
	steps = base_rd_u8(r);
	if (steps >= 1 && steps <= 6)
		track_record_int(m->record, N(BATTERY_LEVEL), steps * 100 / 6);
	track_record_real(m->record, N(BATTERY), base_rd_be16(r) / 100.0);
	track_record_int(m->record, N(RSSI), base_rd_u8(r));
	track_record_real(m->record, N(POWER), base_rd_be16(r) / 100.0);
}

static void camera_upload(struct jt808 *m, struct base_rd *r)
{
	if (base_rd_left(r) < 2)
		return;
	track_record_int(m->record, N(UPLOAD_MODE), base_rd_u8(r));
	track_record_bool(m->record, N(BUFFERED), base_rd_u8(r) == 1);
}

static void camera_event(struct jt808 *m, uint16_t event, struct base_rd *r)
{
	switch (event) {
	case 0x2002:
		camera_upload(m, r);
		return;
	case 0x2003:
		camera_power(m, r);
		return;
	case 0x2005:
		jt808_items(m, &camera_items, r);
		return;
	case 0x0c03:
	case 0x0c04:
		track_record_bool(m->record, N(IGNITION), event == 0x0c03);
		return;
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(camera_alarms); i++) {
		if (camera_alarms[i].event == event)
			track_record_alarm(m->record, camera_alarms[i].alarm);
	}
}

void jt808_item_e8(struct jt808 *m, struct base_rd *value)
{
	struct base_rd ahead = *value;
	const uint16_t event = base_rd_be16(&ahead);
	const size_t len = base_rd_u8(&ahead);
	uint32_t bits;

	if (!base_rd_ok(&ahead))
		return;
	if (base_rd_left(&ahead) && base_rd_left(&ahead) == len) {
		camera_event(m, event, &ahead);
		return;
	}
	bits = (uint32_t)base_rd_u8(value) << 16;
	bits |= base_rd_be16(value);
	track_record_int(m->record, N(LOCK_STATUS), bits);
}

/* EA: sensors outside */

static void external_alarms(struct jt808 *m, struct base_rd *value)
{
	track_record_int(m->record, N(EXTERNAL_ALARMS), base_rd_be16(value));
	track_record_int(m->record, N(ALARM_THRESHOLD), base_rd_u8(value));
}

static const struct jt808_row external_rows[] = {
	OWN(0x11, external_alarms),
	AS(0x13, U16, EXTERNAL_ILLUMINANCE),
	AS(0x14, U16, EXTERNAL_PRESSURE),
	PER(0x15, U16, EXTERNAL_HUMIDITY, 10),
	{ 0x16, 0, JT808_U16, N(EXTERNAL_TEMP), 1, 10, -50, NULL },
};

static const struct jt808_items external_items = {
	.rows = external_rows,
	.n = WS_ARRAY_LEN(external_rows),
	.id_len = 1,
	.len_len = 1,
};

void jt808_item_ea(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_left(value) <= 2)
		return;
	(void)base_rd_u8(value); /* the kind of all of them */
	jt808_items(m, &external_items, value);
}

/* EB: cells, a time zone in text, or items whose lengths come first */

static void eb_fuel(struct jt808 *m, struct base_rd *value)
{
	track_record_real(m->record, TRACK_N(TRACK_FUEL, 1),
			  base_rd_be16(value) / 10.0);
}

static void eb_fuel_text(struct jt808 *m, struct base_rd *value)
{
	double v;

	if (track_text_real(jt808_text(value, base_rd_left(value)), &v))
		track_record_real(m->record, TRACK_N(TRACK_FUEL, 2), v);
}

static void eb_voltage(struct jt808 *m, struct base_rd *value)
{
	if (base_rd_left(value) == 4)
		track_record_real(m->record, N(POWER),
				  base_rd_be32(value) / 1000.0);
	else
		track_record_real(m->record, N(BATTERY),
				  base_rd_be16(value) / 1000.0);
}

/* A bit that is missing is the alarm. */
static void eb_alarms(struct jt808 *m, struct base_rd *value)
{
	static const struct jt808_alarm rows[] = {
		{ 1U << 0, TRACK_ALARM_POWER_OFF },
		{ 1U << 12, TRACK_ALARM_REMOVING },
	};
	const uint32_t bits = base_rd_be32(value);

	if (base_rd_ok(value))
		jt808_alarms(m, ~bits, rows, WS_ARRAY_LEN(rows));
}

static void eb_motion(struct jt808 *m, struct base_rd *value)
{
	const uint32_t bits = base_rd_be32(value);
	const unsigned motion = bits >> 23 & 3;

	if (!base_rd_ok(value))
		return;
	if (!(bits & 1U << 6))
		track_record_alarm(m->record, TRACK_ALARM_VIBRATION);
	if (motion < 2)
		track_record_bool(m->record, N(MOTION), motion == 0);
}

/* Filled up with F. */
static void eb_iccid(struct jt808 *m, struct base_rd *value)
{
	struct base_span digits =
		track_record_digits(m->record, base_rd_take(value, 10));

	while (digits.len && digits.ptr[digits.len - 1] == 'f')
		digits.len--;
	track_record_text(m->record, N(ICCID), digits);
}

/* "54:B1:..,-51,54:B1:..,-50" */
static void eb_wifi(struct jt808 *m, struct base_rd *value)
{
	(void)base_rd_u8(value); /* how many */
	while (base_rd_left(value)) {
		const struct base_span mac = track_text_field(value, ',');
		int64_t rssi;

		if (track_text_int(track_text_field(value, ','), &rssi))
			track_record_wifi(m->record, mac, (int32_t)rssi);
	}
}

static void eb_battery(struct jt808 *m, struct base_rd *value)
{
	const uint8_t state = base_rd_u8(value);

	if (state == 3 || state == 4)
		track_record_alarm(m->record, TRACK_ALARM_LOW_BATTERY);
	track_record_int(m->record, N(BATTERY_ALARM), state);
}

static void eb_cell(struct jt808 *m, struct base_rd *value)
{
	struct track_cell cell = { .rssi = TRACK_RSSI_NONE };

	cell.mcc = base_rd_be16(value);
	cell.mnc = base_rd_u8(value);
	cell.lac = base_rd_be16(value);
	cell.cid = base_rd_be32(value);
	if (base_rd_ok(value))
		track_record_cell(m->record, &cell);
}

static const struct jt808_row eb_rows[] = {
	OWN(0x0001, eb_fuel),
	OWN(0x0023, eb_fuel_text),
	OWN(0x002d, eb_voltage),
	OWN(0x0089, eb_alarms),
	AS(0x00a8, U8, BATTERY_LEVEL),
	OWN(0x00b2, eb_iccid),
	OWN(0x00b9, eb_wifi),
	OWN(0x00c5, eb_motion),
	OWN(0x00c6, eb_battery),
	PER(0x00ce, U16, POWER, 100),
	TEXT(0x00d5, IMEI),
	OWN(0x00d8, eb_cell),
	AS(0x00e1, U8, BATTERY_LEVEL),
};

static const struct jt808_items eb_items = {
	.rows = eb_rows,
	.n = WS_ARRAY_LEN(eb_rows),
};

static void eb_cells(struct jt808 *m, struct base_rd *value)
{
	struct track_cell cell = { 0 };

	cell.mcc = base_rd_be16(value);
	cell.mnc = base_rd_u8(value);
	while (base_rd_left(value)) {
		cell.lac = base_rd_be16(value);
		cell.cid = base_rd_be16(value);
		cell.rssi = base_rd_u8(value);
		track_record_cell(m->record, &cell);
	}
}

static bool is_printable(struct base_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	}
	return s.len > 0;
}

void jt808_item_eb(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);
	struct base_rd ahead = *value;
	const unsigned first = base_rd_be16(&ahead);
	struct base_span text;

	ahead = *value;
	text = base_rd_take(&ahead, len);
	if (is_printable(text)) {
		track_record_text(m->record, N(TIMEZONE), text);
		return;
	}
	if (first > 200 && len >= 8 && (len - 3) % 5 == 0) {
		eb_cells(m, value);
		return;
	}
	while (base_rd_left(value)) {
		const size_t inner = base_rd_be16(value);
		const struct base_span bytes = base_rd_take(value, inner);
		struct base_rd item;
		uint16_t id;

		base_rd_init(&item, bytes.ptr, bytes.len);
		id = base_rd_be16(&item);
		if (!base_rd_ok(&item))
			return;
		jt808_value(m, &eb_items, id, &item);
	}
}

/* F3: the engine; of one maker: radio tags */

static void obd_throttle(struct jt808 *m, struct base_rd *value)
{
	const int v = base_rd_be16(value);

	if (base_rd_ok(value))
		track_record_int(m->record, N(THROTTLE), v * 100 / 255);
}

static const struct jt808_row obd_rows[] = {
	PER(0x0002, U16, OBD_SPEED, 10),
	AS(0x0003, U16, RPM),
	PER(0x0004, U16, POWER, 1000),
	BY(0x0005, U32, OBD_ODOMETER, 100),
	PER(0x0007, U16, FUEL_CONSUMPTION, 10),
	PER(0x0008, U16, ENGINE_LOAD, 10),
	ADD(0x0009, U16, COOLANT_TEMP, -40),
	AS(0x000b, U16, INTAKE_PRESSURE),
	ADD(0x000c, U16, INTAKE_TEMP, -40),
	AS(0x000d, U16, INTAKE_FLOW),
	OWN(0x000e, obd_throttle),
	TEXT(0x0050, VIN),
	HEX(0x0051, CVN),
	TEXT(0x0052, CALID),
	PER(0x0100, U16, TRIP_ODOMETER, 10),
	PER(0x0102, U16, TRIP_FUEL, 10),
	AS(0x0112, U16, HARD_ACCELERATIONS),
	AS(0x0113, U16, HARD_DECELERATIONS),
	AS(0x0114, U16, HARD_CORNERINGS),
};

static const struct jt808_items obd_items = {
	.rows = obd_rows,
	.n = WS_ARRAY_LEN(obd_rows),
	.id_len = 2,
	.len_len = 1,
};

#define HAS_NAME         (1U << 0)
#define HAS_FIRMWARE     (1U << 1)
#define HAS_BATTERY      (1U << 2)
#define HAS_TEMP         (1U << 3)
#define HAS_HUMIDITY     (1U << 4)
#define HAS_ACCELERATION (1U << 5)
#define HAS_RESERVED     (1U << 6)
#define HAS_RESERVED_2   (1U << 7)

static void tag(struct jt808 *m, struct base_rd *r, unsigned has, int i)
{
	struct track_record *record = m->record;

	track_record_hex(record, TRACK_N(TRACK_TAG_MAC, i), base_rd_take(r, 6));
	track_record_int(record, TRACK_N(TRACK_TAG_RSSI, i), jt808_s8(r));
	if (has & HAS_NAME)
		track_record_text(record, TRACK_N(TRACK_TAG_NAME, i),
				  jt808_text(r, 10));
	if (has & HAS_FIRMWARE)
		(void)base_rd_be16(r);
	if (has & HAS_BATTERY)
		track_record_real(record, TRACK_N(TRACK_TAG_BATTERY, i),
				  base_rd_be16(r) / 1000.0);
	if (has & HAS_TEMP)
		track_record_real(record, TRACK_N(TRACK_TAG_TEMP, i),
				  jt808_s16(r) / 10.0);
	if (has & HAS_HUMIDITY)
		track_record_real(record, TRACK_N(TRACK_TAG_HUMIDITY, i),
				  jt808_s16(r) / 10.0);
	if (has & HAS_ACCELERATION)
		(void)base_rd_take(r, 6);
	if (has & HAS_RESERVED)
		(void)base_rd_be16(r);
	if (has & HAS_RESERVED_2)
		(void)base_rd_be16(r);
}

void jt808_item_f3(struct jt808 *m, struct base_rd *value)
{
	unsigned has;

	if (!m->is_aovx) {
		jt808_items(m, &obd_items, value);
		return;
	}
	has = base_rd_u8(value);
	for (int i = 1; base_rd_left(value) >= 7; i++)
		tag(m, value, has, i);
}

/* F6: one value by its length, or an event and what its bits name */

static void sensors(struct jt808 *m, struct base_rd *r)
{
	struct track_record *record = m->record;
	const unsigned event = base_rd_u8(r), has = base_rd_u8(r);

	if (!base_rd_ok(r))
		return;
	track_record_int(record, N(EVENT), event);
	if (event == 2)
		track_record_bool(record, N(MOTION), true);
	if (has & 1U << 0)
		track_record_int(record, N(LIGHT_SENSOR), base_rd_be16(r));
	if (has & 1U << 1)
		track_record_real(record, TRACK_N(TRACK_TEMPERATURE, 1),
				  jt808_s16(r) / 10.0);
	if (has & 1U << 2)
		track_record_real(record, N(HUMIDITY), jt808_s16(r) / 10.0);
	if (has & 1U << 3) {
		jt808_axes(m, TRACK_G_SENSOR, jt808_s16, r);
	}
	if (has & 1U << 4)
		(void)base_rd_take(r, 10); /* its thresholds */
	if (has & 1U << 5)
		track_record_int(record, N(AIR_PRESSURE), base_rd_be16(r));
}

void jt808_item_f6(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (!m->is_aovx && len == 2) {
		track_record_int(m->record, N(AIR_PRESSURE),
				 base_rd_be16(value));
	} else if (!m->is_aovx && len == 8) {
		const struct base_span digits =
			track_record_digits(m->record, base_rd_take(value, 8));

		track_record_text(m->record, N(IMEI),
				  track_text_tail(digits, 1));
	} else {
		sensors(m, value);
	}
}

void jt808_item_f7(struct jt808 *m, struct base_rd *value)
{
	const size_t len = base_rd_left(value);

	if (len == 2) {
		track_record_real(m->record, N(HUMIDITY),
				  base_rd_be16(value) / 10.0);
		return;
	}
	if (len < 4)
		return;
	track_record_real(m->record, N(BATTERY), base_rd_be32(value) / 1000.0);
	if (len >= 5) {
		const uint8_t state = base_rd_u8(value);

		if (state == 2 || state == 3)
			track_record_bool(m->record, N(CHARGE), true);
	}
	if (len >= 6)
		track_record_int(m->record, N(BATTERY_LEVEL),
				 base_rd_u8(value));
}

void jt808_item_f8(struct jt808 *m, struct base_rd *value)
{
	if (m->is_aovx) {
		(void)base_rd_take(value, 9); /* its mode, its IMEI */
		track_record_hex(m->record, N(ICCID), base_rd_take(value, 10));
	} else if (base_rd_left(value) >= 2) {
		track_record_real(m->record, TRACK_N(TRACK_TEMPERATURE, 2),
				  base_rd_be16(value) / 10.0 - 50);
	}
}

void jt808_item_f9(struct jt808 *m, struct base_rd *value)
{
	const unsigned has = base_rd_be16(value);

	if (has & 1U << 0)
		(void)base_rd_be32(value); /* age of the fix */
	if (has & 1U << 1)
		(void)base_rd_be32(value); /* since the ignition was on */
	if (has & 1U << 2) {
		const unsigned hdop = base_rd_be16(value);

		if (base_rd_ok(value))
			track_record_real(m->record, N(HDOP), hdop / 10.0);
	}
	if (has & 1U << 3)
		(void)base_rd_take(value, 6); /* time of the fix */
	if (has & 1U << 5)
		(void)base_rd_take(value, 8); /* intervals */
	if (has & 1U << 6) {
		const int degrees = jt808_s16(value);

		if (base_rd_ok(value))
			track_record_real(m->record,
					  TRACK_N(TRACK_TEMPERATURE, 3),
					  degrees / 10.0);
	}
}

/* FE: one value by its length, or events behind a mark */

static void fe_alarms(struct jt808 *m, struct base_rd *value)
{
	static const struct jt808_alarm rows[] = {
		{ 1U << 0, TRACK_ALARM_HARD_ACCELERATION },
		{ 1U << 1, TRACK_ALARM_HARD_BRAKING },
		{ 1U << 2, TRACK_ALARM_HARD_CORNERING },
		{ 1U << 3, TRACK_ALARM_ACCIDENT },
		{ 1U << 4, TRACK_ALARM_TAMPERING },
	};

	jt808_alarms(m, base_rd_be32(value), rows, WS_ARRAY_LEN(rows));
}

static const struct jt808_row fe_rows[] = { OWN(0x01, fe_alarms) };

static const struct jt808_items fe_items = {
	.rows = fe_rows,
	.n = WS_ARRAY_LEN(fe_rows),
	.id_len = 1,
	.len_len = 1,
};

#define FE_MARK 0x7c

void jt808_item_fe(struct jt808 *m, struct base_rd *value)
{
	switch (base_rd_left(value)) {
	case 0:
		return;
	case 1:
		track_record_int(m->record, N(BATTERY_LEVEL),
				 base_rd_u8(value));
		return;
	case 2:
		track_record_real(m->record, N(POWER),
				  base_rd_be16(value) / 10.0);
		return;
	case 4:
		track_record_int(m->record, N(ODOMETER), base_rd_be32(value));
		return;
	}
	if (base_rd_u8(value) == FE_MARK)
		jt808_items(m, &fe_items, value);
	else
		track_record_int(m->record, N(BATTERY_LEVEL),
				 base_rd_u8(value));
}
