/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_extended.c - what trackers of the GT06 family say in 79 79
 * messages: texts, modules, values by number
 */
#include "track_gt06_internal.h"

#include <string.h>

#include "track_text.h"
#include "track_time.h"

static struct base_span rest(struct gt06 *g)
{
	return base_rd_take(&g->rd, gt06_left(g));
}

/* UTF-16 of the wire as UTF-8; what is no character is left out. */
static struct base_span from_utf16(struct gt06 *g, struct base_span s)
{
	uint8_t *to = track_record_room(g->record, s.len / 2 * 3);
	struct base_span text = { to, 0 };
	struct base_rd r;

	if (!to)
		return text;
	base_rd_init(&r, s.ptr, s.len);
	while (base_rd_left(&r) >= 2) {
		const uint16_t c = base_rd_be16(&r);

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x80) {
			to[text.len++] = (uint8_t)c;
			continue;
		}
		if (c >= 0x800) {
			to[text.len++] = (uint8_t)(0xe0 | c >> 12);
			to[text.len++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		} else {
			to[text.len++] = (uint8_t)(0xc0 | c >> 6);
		}
		to[text.len++] = (uint8_t)(0x80 | (c & 0x3f));
	}
	return text;
}

/* The field at the reader begins with `label`; *value is the rest of it. */
static bool labelled(struct base_rd *r, const char *label,
		     struct base_span *value)
{
	const struct base_span field =
		track_text_trim(track_text_field(r, ','));

	*value = track_text_tail(field, strlen(label));
	return track_text_begins(field, label);
}

/* "N54.739332" */
static bool sided(struct base_rd *r, const char *label, double *v)
{
	struct base_span s;
	double degrees;

	if (!labelled(r, label, &s) ||
	    !track_text_real(track_text_tail(s, 1), &degrees))
		return false;
	*v = track_text_side(degrees, track_text_head(s, 1));
	return true;
}

static bool labelled_real(struct base_rd *r, const char *label, double *v)
{
	struct base_span s;

	return labelled(r, label, &s) && track_text_real(s, v);
}

/* "2017-05-26  10:27:47" */
static bool date_of(struct base_span s, struct track_civil *c)
{
	static const struct {
		const char *form;
		uint8_t delim;
	} fields[] = { { "Y", '-' }, { "m", '-' }, { "d", ' ' },
		       { "H", ':' }, { "M", ':' }, { "S", ' ' } };
	struct base_rd r;

	base_rd_init(&r, s.ptr, s.len);
	for (size_t i = 0; i < WS_ARRAY_LEN(fields); i++) {
		while (base_rd_peek(&r) == ' ')
			(void)base_rd_u8(&r);
		if (!track_time_parse(c, fields[i].form,
				      track_text_field(&r, fields[i].delim)))
			return false;
	}
	return true;
}

/* An answer that tells a place. */
static bool read_where(struct gt06 *g, struct base_span text)
{
	static const char start[] = "Current position!";
	double lat, lon, course, speed;
	struct track_position *p;
	struct track_civil c = { 0 };
	struct base_span time;
	struct base_rd r;

	if (!track_text_begins(text, start))
		return false;
	text = track_text_tail(text, strlen(start));
	base_rd_init(&r, text.ptr, text.len);
	if (!sided(&r, "Lat:", &lat) || !sided(&r, "Lon:", &lon) ||
	    !labelled_real(&r, "Course:", &course) ||
	    !labelled_real(&r, "Speed:", &speed) ||
	    !labelled(&r, "DateTime:", &time) || !date_of(time, &c))
		return false;
	p = gt06_position(g);
	p->valid = true;
	p->lat = lat;
	p->lon = lon;
	p->course = course;
	p->speed = speed;
	p->time_ms = track_time_carry(&c, g->zone_min);
	return true;
}

/* The answer to a command: the server's four bytes, 1 = ASCII or 2 = UTF-16. */
static void string_info(struct gt06 *g)
{
	struct base_span text;
	uint8_t code;

	gt06_skip(g, 4);
	code = base_rd_u8(&g->rd);
	text = rest(g);
	if (code != 1)
		text = from_utf16(g, text);
	text = gt06_trim(text);
	if (!read_where(g, text))
		gt06_text(g, TRACK_RESULT, text);
}

/* Settings: NAME=VALUE, semicolons between. */
static void info_settings(struct gt06 *g)
{
	static const struct {
		const char *name;
		track_key key;
	} bits[] = {
		{ "ALM1", TRACK_N(TRACK_ALARM_STATUS, 1) },
		{ "ALM2", TRACK_N(TRACK_ALARM_STATUS, 2) },
		{ "ALM3", TRACK_N(TRACK_ALARM_STATUS, 3) },
		{ "ALM4", TRACK_N(TRACK_ALARM_STATUS, 4) },
		{ "STA1", TRACK_OTHER_STATUS },
		{ "DYD", TRACK_ENGINE_STATUS },
	};
	const struct base_span all = rest(g);
	struct base_rd r;

	base_rd_init(&r, all.ptr, all.len);
	while (base_rd_left(&r)) {
		struct base_rd pair;
		const struct base_span one = track_text_field(&r, ';');
		struct base_span name, value;
		uint64_t v;

		base_rd_init(&pair, one.ptr, one.len);
		name = track_text_field(&pair, '=');
		value = track_text_trim(track_text_field(&pair, '='));
		if (track_text_is(name, "ICCID"))
			gt06_text(g, TRACK_ICCID, value);
		for (size_t i = 0; i < WS_ARRAY_LEN(bits); i++) {
			if (track_text_is(name, bits[i].name) &&
			    track_text_hex(value, &v) && v <= UINT32_MAX)
				gt06_int(g, bits[i].key, (int64_t)v);
		}
	}
}

static void info_door(struct gt06 *g)
{
	uint8_t bits;

	if (gt06_left(g) >= 7)
		gt06_when(g, 0);
	bits = base_rd_u8(&g->rd);
	gt06_bool(g, TRACK_DOOR, gt06_bit(bits, 0));
	gt06_bool(g, TRACK_N(TRACK_IO, 1), gt06_bit(bits, 2));
}

/* Digits without the F that fills the last byte. */
static void iccid(struct gt06 *g, struct base_span bytes)
{
	struct base_span digits = track_record_digits(g->record, bytes);

	while (digits.len && digits.ptr[digits.len - 1] == 'f')
		digits.len--;
	gt06_text(g, TRACK_ICCID, digits);
}

static void info_numbers(struct gt06 *g)
{
	const struct base_span imei = base_rd_take(&g->rd, 8);
	const struct base_span imsi = base_rd_take(&g->rd, 8);

	track_record_device(
		g->record,
		track_text_tail(track_record_bcd(g->record, imei), 1));
	gt06_text(g, TRACK_IMSI,
		  track_text_tail(track_record_bcd(g->record, imsi), 1));
	iccid(g, base_rd_take(&g->rd, 10));
}

static void info_network_or_power(struct gt06 *g)
{
	if (gt06_left(g) == 1)
		gt06_text(g, TRACK_NETWORK_TECHNOLOGY,
			  base_rd_u8(&g->rd) ? TRACK_SPAN("4G")
					     : TRACK_SPAN("2G"));
	else if (gt06_left(g) == 2)
		gt06_volts(g, TRACK_POWER);
}

/* A fuel sensor, perhaps with six bytes before it: "!AIOIL,02,002.720,
 * 029.500,..": address, output, temperature, version, state, amount. */
static void info_fuel(struct gt06 *g)
{
	double degrees, amount;
	struct base_rd r;

	if (base_rd_peek(&g->rd) != '!')
		gt06_skip(g, 6);
	r = g->rd;
	if (!track_text_is(track_text_field(&r, ','), "!AIOIL"))
		return;
	track_text_skip(&r, ',', 2);
	if (!track_text_real(track_text_field(&r, ','), &degrees))
		return;
	track_text_skip(&r, ',', 2);
	if (!track_text_real(track_text_field(&r, ','), &amount))
		return;
	gt06_real(g, TRACK_N(TRACK_TEMPERATURE, 1), degrees);
	gt06_real(g, TRACK_FUEL, amount);
}

static bool is_letter(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A card between four bytes, or text. */
static void info_card(struct gt06 *g)
{
	if (is_letter(base_rd_peek(&g->rd))) {
		gt06_text_of(g, TRACK_SERIAL, gt06_left(g));
		return;
	}
	gt06_skip(g, 2);
	gt06_hex(g, TRACK_DRIVER, base_rd_take(&g->rd, 4));
}

static void info_climate(struct gt06 *g)
{
	gt06_real(g, TRACK_N(TRACK_TEMPERATURE, 1),
		  (int32_t)base_rd_be32(&g->rd) / 10.0);
	gt06_real(g, TRACK_HUMIDITY, (int32_t)base_rd_be32(&g->rd) / 10.0);
}

static void info_voltage(struct gt06 *g)
{
	gt06_volts(g, TRACK_N(TRACK_ADC, 1));
}

struct subtype {
	uint8_t type;
	void (*read)(struct gt06 *g);
};

static void read_subtype(struct gt06 *g, const struct subtype *rows, size_t n,
			 unsigned what)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].type == what)
			rows[i].read(g);
	}
}

static void info(struct gt06 *g)
{
	static const struct subtype subtypes[] = {
		{ 0x00, info_voltage },
		{ 0x04, info_settings },
		{ 0x05, info_door },
		{ 0x0a, info_numbers },
		{ 0x0b, info_network_or_power },
		{ 0x0d, info_fuel },
		{ 0x1b, info_card },
		{ 0x1e, info_climate },
	};

	read_subtype(g, subtypes, WS_ARRAY_LEN(subtypes), base_rd_u8(&g->rd));
}

/* AZ735: n bytes of neighbours of the cell c. */
static void neighbours(struct gt06 *g, const struct track_cell *c)
{
	const struct base_span all = base_rd_take(&g->rd, base_rd_u8(&g->rd));
	struct track_cell other = *c;
	struct base_rd r;

	base_rd_init(&r, all.ptr, all.len);
	while (base_rd_left(&r) >= 6) {
		other.lac = base_rd_be16(&r);
		other.cid = gt06_be24(&r);
		other.rssi = gt06_dbm(base_rd_u8(&r));
		if (other.lac)
			track_record_cell(g->record, &other);
	}
}

/* AZ735: a fix if it has one, cells, access points, status. */
static void az735(struct gt06 *g)
{
	static const struct gt06_alarm alarms[] = {
		{ 0xa2, TRACK_ALARM_LOW_BATTERY },
		{ 0xa3, TRACK_ALARM_LOW_BATTERY },
		{ 0xa4, TRACK_ALARM_GENERAL },
		{ 0xa5, TRACK_ALARM_DOOR },
	};
	const uint32_t cells = g->record->n_cells;
	struct track_cell c = { .mcc = -1, .mnc = -1 };
	struct base_span wifi;
	struct base_rd r;
	uint8_t status;

	gt06_gps(g, GT06_GPS_COUNTED);
	if (base_rd_peek(&g->rd) > 0) {
		gt06_lbs(g, GT06_CELL_COUNTED);
		gt06_int(g, TRACK_RSSI, base_rd_u8(&g->rd));
	} else {
		gt06_lbs(g, GT06_CELL_COUNTED);
	}
	if (g->record->n_cells > cells)
		c = g->record->cell[cells];
	neighbours(g, &c);
	wifi = base_rd_take(&g->rd, base_rd_u8(&g->rd));
	base_rd_init(&r, wifi.ptr, wifi.len);
	gt06_wifi(g, &r, wifi.len / 7);
	status = base_rd_u8(&g->rd);
	gt06_int(g, TRACK_STATUS, status);
	if (g->head.type != 0x33)
		return;
	if (status == 0xa0 || status == 0xa1)
		gt06_bool(g, TRACK_ARMED, status == 0xa0);
	gt06_alarm_of(g, alarms, WS_ARRAY_LEN(alarms), status);
}

/* FM08ABC: what a vehicle says, ID=VALUE in hexadecimal with commas between;
 * an id's first two digits tell what it is. The tracker's last place, 12 bytes,
 * stands behind it. */
static void obd(struct gt06 *g)
{
	static const struct {
		uint8_t id;
		track_key key;
	} values[] = {
		{ 0x28, TRACK_ODOMETER },     { 0x2b, TRACK_FUEL },
		{ 0x2d, TRACK_COOLANT_TEMP }, { 0x35, TRACK_OBD_SPEED },
		{ 0x36, TRACK_RPM },          { 0x47, TRACK_FUEL_USED },
		{ 0x49, TRACK_HOURS },
	};
	struct base_span text;
	struct base_rd r;

	gt06_when(g, 0);
	gt06_bool(g, TRACK_IGNITION, base_rd_u8(&g->rd));
	text = base_rd_take(&g->rd, gt06_left(g) > 12 ? gt06_left(g) - 12 : 0);
	base_rd_init(&r, text.ptr, text.len);
	while (base_rd_left(&r)) {
		const struct base_span one = track_text_field(&r, ',');
		struct base_span value;
		struct base_rd pair;
		uint64_t id, v;

		base_rd_init(&pair, one.ptr, one.len);
		if (!track_text_hex(
			    track_text_head(track_text_field(&pair, '='), 2),
			    &id))
			continue;
		value = track_text_field(&pair, '=');
		if (id == 0x4a)
			gt06_text(g, TRACK_VIN, value);
		for (size_t i = 0; i < WS_ARRAY_LEN(values); i++) {
			if (values[i].id == id && track_text_hex(value, &v))
				gt06_real(g, values[i].key, (double)v / 100.0);
		}
	}
}

/* Modules of 70. */

static void module_iccid(struct gt06 *g)
{
	iccid(g, base_rd_take(&g->rd, 10));
}

static void module_satellites(struct gt06 *g)
{
	gt06_int(g, TRACK_SATELLITES, base_rd_u8(&g->rd));
}

static void module_visible(struct gt06 *g)
{
	gt06_int(g, TRACK_SATELLITES_VISIBLE, base_rd_u8(&g->rd));
}

static void module_cell(struct gt06 *g)
{
	struct track_cell c;

	gt06_network(g, GT06_CELL_MNC16, &c);
	gt06_cell(g, GT06_CELL_RSSI, &c);
}

static void module_battery(struct gt06 *g)
{
	gt06_volts(g, TRACK_BATTERY);
}

static void module_hdop(struct gt06 *g)
{
	gt06_real(g, TRACK_HDOP, base_rd_u8(&g->rd) / 10.0);
}

static void module_index(struct gt06 *g)
{
	gt06_number(g, TRACK_INDEX);
}

static void module_input(struct gt06 *g)
{
	const uint8_t bits = base_rd_u8(&g->rd);

	gt06_bool(g, TRACK_DOOR, bits & 15);
	gt06_bool(g, TRACK_TAMPER, bits >> 4);
}

static void module_boot(struct gt06 *g)
{
	gt06_int(g, TRACK_BOOT_REASON, base_rd_u8(&g->rd));
}

/* The one number whose least byte comes first. */
static void module_odometer(struct gt06 *g)
{
	const uint32_t v = base_rd_be32(&g->rd);

	gt06_int(g, TRACK_ODOMETER, __builtin_bswap32(v));
}

static void module_fix(struct gt06 *g)
{
	const int64_t time_ms = gt06_epoch(&g->rd);
	const uint8_t satellites = base_rd_u8(&g->rd);
	const int16_t metres = (int16_t)base_rd_be16(&g->rd);
	const uint32_t lat = base_rd_be32(&g->rd);
	const uint32_t lon = base_rd_be32(&g->rd);
	const uint8_t speed = base_rd_u8(&g->rd);
	const unsigned flags = base_rd_be16(&g->rd);

	if (!base_rd_ok(&g->rd))
		return;
	gt06_place(g, lat, lon, flags);
	g->position->time_ms = time_ms;
	g->position->satellites = satellites;
	g->position->altitude = metres;
	g->position->speed = speed;
}

static void module_event(struct gt06 *g)
{
	static const struct gt06_alarm alarms[] = {
		{ 0x10, TRACK_ALARM_DOOR },
		{ 0x12, TRACK_ALARM_REMOVING },
		{ 0x14, TRACK_ALARM_GEOFENCE_ENTER },
		{ 0x15, TRACK_ALARM_GEOFENCE_EXIT },
		{ 0x16, TRACK_ALARM_TEMPERATURE },
		{ 0x1a, TRACK_ALARM_LOW_BATTERY },
		{ 0x1b, TRACK_ALARM_OVERSPEED },
		{ 0x1c, TRACK_ALARM_POWER_ON },
		{ 0x1d, TRACK_ALARM_POWER_OFF },
		{ 0x20, TRACK_ALARM_VIBRATION },
		{ 0x21, TRACK_ALARM_POWER_CUT },
		{ 0x23, TRACK_ALARM_TAMPERING },
	};
	const uint8_t code = base_rd_u8(&g->rd);

	gt06_int(g, TRACK_EVENT, code);
	gt06_alarm_of(g, alarms, WS_ARRAY_LEN(alarms), code);
}

static void module_tag(struct gt06 *g)
{
	gt06_hex(g, TRACK_N(TRACK_TAG_ID, 1), base_rd_take(&g->rd, 6));
	gt06_real(g, TRACK_N(TRACK_TAG_BATTERY, 1),
		  base_rd_be16(&g->rd) / 1000.0);
	gt06_int(g, TRACK_N(TRACK_TAG_BATTERY_LEVEL, 1), base_rd_u8(&g->rd));
	gt06_real(g, TRACK_N(TRACK_TAG_TEMP, 1),
		  (int16_t)base_rd_be16(&g->rd) / 10.0);
	gt06_int(g, TRACK_N(TRACK_TAG_HUMIDITY, 1),
		 (int16_t)base_rd_be16(&g->rd));
	gt06_int(g, TRACK_N(TRACK_TAG_STATUS, 1), base_rd_u8(&g->rd));
}

/* Reads `value` as its row says. */
static void read_value(struct gt06 *g, const struct subtype *rows, size_t n,
		       unsigned what, struct base_span value)
{
	const struct base_rd after = g->rd;

	base_rd_init(&g->rd, value.ptr, value.len);
	read_subtype(g, rows, n, what);
	g->rd = after;
}

/* Values of {number, length, value}; the length has so many bytes. */
static void read_values(struct gt06 *g, const struct subtype *rows, size_t n,
			unsigned len_len)
{
	while (gt06_left(g) >= 2 + len_len) {
		const unsigned what = base_rd_be16(&g->rd);
		const size_t len = len_len == 2 ? base_rd_be16(&g->rd)
						: base_rd_u8(&g->rd);

		read_value(g, rows, n, what, base_rd_take(&g->rd, len));
	}
}

static void modular(struct gt06 *g)
{
	static const struct subtype rows[] = {
		{ 0x03, module_iccid },   { 0x09, module_satellites },
		{ 0x0a, module_visible }, { 0x11, module_cell },
		{ 0x18, module_battery }, { 0x28, module_hdop },
		{ 0x29, module_index },   { 0x2a, module_input },
		{ 0x2b, module_boot },    { 0x2e, module_odometer },
		{ 0x33, module_fix },     { 0x34, module_event },
		{ 0x7f, module_tag },
	};

	read_values(g, rows, WS_ARRAY_LEN(rows), 2);
}

/* States of F1. */

static void state_motion(struct gt06 *g)
{
	const uint8_t v = base_rd_u8(&g->rd);

	gt06_bool(g, TRACK_MOTION, v == 2 || v == 4);
}

static void state_armed(struct gt06 *g)
{
	gt06_bool(g, TRACK_ARMED, base_rd_u8(&g->rd));
}

static void state_ignition(struct gt06 *g)
{
	gt06_bool(g, TRACK_IGNITION, base_rd_u8(&g->rd));
}

static void state_power(struct gt06 *g)
{
	gt06_volts(g, TRACK_POWER);
}

static void state_charge(struct gt06 *g)
{
	gt06_bool(g, TRACK_CHARGE, base_rd_u8(&g->rd));
}

static void state_charge_voltage(struct gt06 *g)
{
	gt06_int(g, TRACK_CHARGE_VOLTAGE, base_rd_be16(&g->rd));
}

static void state_battery_temperature(struct gt06 *g)
{
	gt06_real(g, TRACK_BATTERY_TEMP, base_rd_be16(&g->rd) / 10.0);
}

static void since_1970(struct gt06 *g)
{
	const int64_t time_ms = gt06_epoch(&g->rd);

	if (base_rd_ok(&g->rd))
		gt06_position(g)->time_ms = time_ms;
}

static void device_status(struct gt06 *g)
{
	static const struct subtype rows[] = {
		{ 0x01, state_motion },
		{ 0x02, state_armed },
		{ 0x04, state_ignition },
		{ 0x05, state_power },
		{ 0x07, state_charge },
		{ 0x0a, state_charge_voltage },
		{ 0x0b, state_battery_temperature },
	};

	since_1970(g);
	read_values(g, rows, WS_ARRAY_LEN(rows), 1);
}

/* Peripherals of F2. */

static void radio_sensor(struct gt06 *g)
{
	uint8_t code, detail;

	gt06_skip(g, 1); /* kind of address */
	gt06_hex(g, TRACK_MAC, base_rd_take(&g->rd, 6));
	code = base_rd_u8(&g->rd);
	detail = base_rd_u8(&g->rd);
	gt06_int(g, TRACK_EVENT, code);
	if (code)
		gt06_int(g, TRACK_EVENT_DATA, detail);
	gt06_int(g, TRACK_DATA_TYPE, base_rd_u8(&g->rd));
	gt06_hex(g, TRACK_DATA_DETAILS,
		 base_rd_take(&g->rd, base_rd_left(&g->rd)));
}

static void external_battery(struct gt06 *g)
{
	gt06_int(g, TRACK_EXTERNAL_BATTERY_LEVEL, base_rd_u8(&g->rd));
	if (base_rd_u8(&g->rd))
		gt06_bool(g, TRACK_EXTERNAL_BATTERY_CHARGE, true);
	gt06_int(g, TRACK_EXTERNAL_BATTERY_CYCLES, base_rd_be16(&g->rd));
}

/* Lengths have a byte, or two where the first is zero. */
static void peripheral(struct gt06 *g)
{
	static const struct subtype rows[] = {
		{ 0x0a, radio_sensor },
		{ 0x0c, external_battery },
	};

	since_1970(g);
	while (gt06_left(g) >= 3) {
		const unsigned what = base_rd_be16(&g->rd);
		size_t len = base_rd_u8(&g->rd);

		if (!len)
			len = base_rd_u8(&g->rd);
		read_value(g, rows, WS_ARRAY_LEN(rows), what,
			   base_rd_take(&g->rd, len));
	}
}

/* What a device at the serial line says: text, or bytes. */
static void serial(struct gt06 *g)
{
	struct base_span data;

	gt06_skip(g, 1); /* kind of device */
	data = rest(g);
	for (size_t i = 0; i < data.len; i++) {
		const uint8_t c = data.ptr[i];

		if ((c < 0x20 || c > 0x7e) && c != '\r' && c != '\n') {
			gt06_hex(g, TRACK_RESULT, data);
			return;
		}
	}
	gt06_text(g, TRACK_RESULT, track_text_trim(data));
}

/* A part of a picture is what its bytes are. */
static void nothing(struct gt06 *g)
{
	(void)g;
}

bool gt06_read_extended(struct gt06 *g)
{
	static const struct {
		uint8_t type;
		bool alone; /* in 78 78 it is another */
		void (*read)(struct gt06 *g);
	} types[] = {
		{ 0x21, false, string_info }, { 0x32, true, az735 },
		{ 0x33, true, az735 },        { 0x36, true, nothing },
		{ 0x41, false, nothing },     { 0x70, false, modular },
		{ 0x8c, false, obd },         { 0x94, true, info },
		{ 0x9b, false, serial },      { 0xf1, false, device_status },
		{ 0xf2, false, peripheral },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(types); i++) {
		if (types[i].type == g->head.type &&
		    (g->head.extended || !types[i].alone)) {
			types[i].read(g);
			return true;
		}
	}
	return false;
}
