/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_tk103_body.c - what trackers of the TK103 family say
 *
 * Most messages are a place, with commas between its parts or without:
 *   data date A|V latitude N|S longitude E|W speed time course inputs L
 * odometer ,date,A|V,latitude N|S,longitude
 * E|W,speed,time,course,altitude,satellites Date is yymmdd, in the form with
 * commas ddmmyy; speed in km/h. `data` are the digits that some commands have
 * before the date: an alarm's number, a login's IMEI. A few commands have forms
 * of their own, see the table of readers.
 */
#include <math.h>
#include <string.h>

#include "track_text.h"
#include "track_time.h"
#include "track_tk103_internal.h"

#define DIGITS "0123456789"
#define HEX    DIGITS "ABCDEFabcdef"

static void start(struct base_rd *r, struct base_span s)
{
	base_rd_init(r, s.ptr, s.len);
}

/* What commands say by themselves. */
struct meaning {
	const char *commands[3];
	enum track_alarm alarm;
	int ignition; /* -1 = it tells an alarm */
};

static const struct meaning meanings[] = {
	{ { "ZC11", "DW31", "DW51" }, TRACK_ALARM_MOVEMENT, -1 },
	{ { "ZC12", "DW32", "DW52" }, TRACK_ALARM_LOW_BATTERY, -1 },
	{ { "ZC13", "DW33", "DW53" }, TRACK_ALARM_POWER_CUT, -1 },
	{ { "ZC15", "DW35", "DW55" }, TRACK_ALARM_GENERAL, 1 },
	{ { "ZC16", "DW36", "DW56" }, TRACK_ALARM_GENERAL, 0 },
	{ { "ZC17", "DW37", "DW57" }, TRACK_ALARM_REMOVING, -1 },
	{ { "ZC25", "DW3E", "DW5E" }, TRACK_ALARM_SOS, -1 },
	{ { "ZC26", "DW3F", "DW5F" }, TRACK_ALARM_TAMPERING, -1 },
	{ { "ZC27", "DW40", "DW60" }, TRACK_ALARM_LOW_POWER, -1 },
	{ { "ZC29", "DW42", "DW62" }, TRACK_ALARM_GENERAL, 1 },
};

/* The alarm or the ignition that the command itself tells; inputs know better
 * about the ignition. */
static void add_meaning(struct track_record *record, struct base_span command,
			bool inputs)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(meanings); i++) {
		const struct meaning *m = &meanings[i];
		bool found = false;

		for (size_t k = 0; k < WS_ARRAY_LEN(m->commands); k++)
			found |= track_text_is(command, m->commands[k]);
		if (found && m->ignition < 0)
			track_record_alarm(record, m->alarm);
		else if (found && !inputs)
			track_record_bool(record, TRACK_IGNITION, m->ignition);
	}
}

/* The number that a message carries before the date, or behind "ALARM,". */
struct numbered {
	const char *command;
	uint8_t digits; /* that make the number */
	uint8_t n;
	enum track_alarm alarms[7];
};

static const struct numbered numbered[] = {
	{ "BO01",
	  1,
	  7,
	  { TRACK_ALARM_POWER_CUT, TRACK_ALARM_ACCIDENT, TRACK_ALARM_SOS,
	    TRACK_ALARM_VIBRATION, TRACK_ALARM_LOWSPEED, TRACK_ALARM_OVERSPEED,
	    TRACK_ALARM_GEOFENCE_EXIT } },
	{ "BQ81",
	  18,
	  6,
	  { TRACK_ALARM_LOW_BATTERY, TRACK_ALARM_OVERSPEED, TRACK_ALARM_IDLE,
	    TRACK_ALARM_HARD_ACCELERATION, TRACK_ALARM_HARD_BRAKING,
	    TRACK_ALARM_TEMPERATURE } },
};

static void add_numbered(struct track_record *record, struct base_span command,
			 struct base_span number)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(numbered); i++) {
		const struct numbered *row = &numbered[i];
		int64_t v;

		if (track_text_is(command, row->command) &&
		    track_text_int(track_text_head(number, row->digits), &v) &&
		    v >= 0 && v < row->n)
			track_record_alarm(record, row->alarms[v]);
	}
}

/* The parts of a place. */
struct place {
	struct base_span number; /* of an alarm, an IMEI ... */
	bool alarm;              /* it stood behind "ALARM," */
	bool valid;
	double lat, lon, speed, course;
	int64_t time_ms;
	bool inputs;                     /* the form that has them */
	struct base_span bits, odometer; /* if inputs */
	struct base_span rest;
};

/* "2232.9806N", maybe with blanks before and a comma behind. */
static bool read_degrees(struct base_rd *r, const char *sides, double *degrees)
{
	struct base_span number, side;

	(void)track_text_run(r, " ", SIZE_MAX);
	number = track_text_run(r, DIGITS ".", 18);
	side = track_text_run(r, sides, 1);
	(void)track_text_take(r, ',');
	if (!side.len || !track_text_minutes(number, degrees))
		return false;
	*degrees = track_text_side(*degrees, side);
	return true;
}

/* "ALARM,2,1," or the digits before the date: the last six are the date. */
static bool read_date(struct base_rd *r, struct track_civil *c,
		      const struct tk103_body *body, struct place *p)
{
	static const char word[] = "ALARM,";
	struct base_rd ahead = *r;
	struct base_span digits;

	if (track_text_is(base_rd_take(&ahead, sizeof(word) - 1), word)) {
		p->alarm = true;
		p->number = track_text_field(&ahead, ',');
		track_text_skip(&ahead, ',', 1);
		*r = ahead;
	}
	digits = track_text_run(r, DIGITS, 64);
	if (digits.len < 6)
		return false;
	if (!p->alarm)
		p->number = track_text_head(digits, digits.len - 6);
	(void)track_text_take(r, ',');
	return track_time_parse(c, body->commas ? "dmy" : "ymd",
				track_text_tail(digits, digits.len - 6));
}

/* Five characters; what more there is of a number with a comma is cut, as
 * Traccar does. */
static void read_speed(struct base_rd *r, struct place *p)
{
	const struct base_span speed = track_text_run(r, DIGITS " .", 5);
	struct base_rd ahead;

	(void)track_text_real(speed, &p->speed);
	ahead = *r;
	(void)track_text_run(&ahead, DIGITS, 5); /* six are the time */
	if (track_text_take(&ahead, ','))
		*r = ahead;
}

/* A course of `len` characters, eight inputs, L and the odometer. */
static bool read_inputs(struct base_rd *r, size_t len, struct place *p)
{
	struct base_rd ahead = *r, bits;
	const struct base_span course = base_rd_take(&ahead, len);

	(void)track_text_take(&ahead, ',');
	p->bits = base_rd_take(&ahead, 8);
	(void)track_text_take(&ahead, ',');
	base_rd_expect(&ahead, 'L');
	p->odometer = track_text_run(&ahead, HEX, SIZE_MAX);
	start(&bits, p->bits);
	if (!base_rd_ok(&ahead) || !p->odometer.len ||
	    !track_text_hex_digits(p->bits) ||
	    track_text_run(&bits, "01", 2).len != 2 ||
	    !track_text_real(course, &p->course))
		return false;
	*r = ahead;
	return true;
}

static bool read_place(const struct tk103_body *body, struct place *p)
{
	struct track_civil c = { 0 };
	struct base_span validity;
	struct base_rd r;

	*p = (struct place){ .speed = (double)NAN, .course = (double)NAN };
	start(&r, body->data);
	if (!read_date(&r, &c, body, p))
		return false;
	validity = track_text_run(&r, "AV", 1);
	p->valid = track_text_is(validity, "A");
	(void)track_text_take(&r, ',');
	if (!validity.len || !read_degrees(&r, "NS", &p->lat) ||
	    !read_degrees(&r, "EW", &p->lon))
		return false;
	read_speed(&r, p);
	p->time_ms = track_time_parse(&c, "HMS", base_rd_take(&r, 6))
			     ? track_time_carry(&c, body->zone_min)
			     : TRACK_TIME_NONE;
	(void)track_text_take(&r, ',');
	p->inputs = read_inputs(&r, 6, p) || read_inputs(&r, 2, p);
	p->rest = base_rd_take(&r, base_rd_left(&r));
	return true;
}

static bool bit(uint64_t bits, unsigned n)
{
	return bits >> n & 1;
}

/* The inputs: main power (0 = there), ignition, three digits of bits of which
 * most are told only when set, three digits of fuel. */
static void add_inputs(struct track_record *record, const struct place *p)
{
	uint64_t bits = 0, v;

	(void)track_text_hex(p->bits, &bits);
	track_record_bool(record, TRACK_CHARGE, p->bits.ptr[0] == '0');
	track_record_bool(record, TRACK_IGNITION, p->bits.ptr[1] == '1');
	track_record_bool(record, TRACK_N(TRACK_IN, 2), bit(bits, 20));
	track_record_bool(record, TRACK_PANIC, bit(bits, 21));
	track_record_bool(record, TRACK_N(TRACK_OUT, 2), bit(bits, 22));
	if (bit(bits, 23))
		track_record_bool(record, TRACK_BLOCKED, true);
	for (unsigned i = 0; i < 3; i++) {
		if (bit(bits, 16 + i))
			track_record_bool(record,
					  TRACK_N(TRACK_HIGH_SENSOR, 3 - i),
					  true);
		if (bit(bits, 13 + i))
			track_record_bool(
				record, TRACK_N(TRACK_LOW_SENSOR, 3 - i), true);
	}
	if (bit(bits, 19))
		track_record_bool(record, TRACK_DOOR, true);
	track_record_int(record, TRACK_FUEL, (int64_t)(bits & 0xfff));
	if (track_text_hex(p->odometer, &v) && v <= INT64_MAX)
		track_record_int(record, TRACK_ODOMETER, (int64_t)v);
}

/* Behind the odometer: "+017.7" at the end is a temperature. */
static void add_temperature(struct track_record *record, struct base_span rest)
{
	double v;

	if (rest.len >= 6)
		rest = track_text_tail(rest, rest.len - 6);
	if ((track_text_begins(rest, "+") || track_text_begins(rest, "-")) &&
	    track_text_real(rest, &v))
		track_record_real(record, TRACK_N(TRACK_TEMPERATURE, 1), v);
}

/* "178.48,64.50,9": course, altitude, satellites. */
static void add_tail(struct track_position *to, struct base_span rest)
{
	struct base_span altitude, satellites;
	struct base_rd r;
	int64_t v;

	start(&r, rest);
	(void)track_text_real(track_text_field(&r, ','), &to->course);
	altitude = track_text_field(&r, ',');
	satellites = track_text_field(&r, ',');
	if (altitude.len && memchr(altitude.ptr, '.', altitude.len))
		(void)track_text_real(altitude, &to->altitude);
	if (satellites.len <= 2 && track_text_int(satellites, &v))
		to->satellites = (int)v;
}

static bool add_place(const struct tk103_body *body,
		      struct track_record *record)
{
	struct track_position *to;
	struct place p;

	if (!read_place(body, &p))
		return false;
	to = track_record_position(record);
	to->time_ms = p.time_ms;
	to->valid = p.valid;
	to->lat = p.lat;
	to->lon = p.lon;
	to->speed = p.speed;
	to->course = p.course;
	if (p.inputs) {
		add_inputs(record, &p);
		add_temperature(record, p.rest);
	} else {
		add_tail(to, p.rest);
	}
	add_meaning(record, body->command, p.inputs);
	add_numbered(record, p.alarm ? TRACK_SPAN("BO01") : body->command,
		     p.number);
	return true;
}

/* A position that has a time at most. */
static struct track_position *add_time(const struct tk103_body *body,
				       struct track_record *record,
				       struct base_span date,
				       struct base_span time)
{
	struct track_civil c = { 0 };
	struct track_position *to = track_record_position(record);

	if (track_time_parse(&c, "dmy", date) &&
	    track_time_parse(&c, "HMS", time))
		to->time_ms = track_time_carry(&c, body->zone_min);
	return to;
}

/* Four fields; cids and lacs may be hexadecimal. */
static bool read_cell(struct base_rd *r, bool hex, struct track_cell *cell)
{
	const struct base_span mcc = track_text_field(r, ','),
			       mnc = track_text_field(r, ','),
			       lac = track_text_field(r, ','),
			       cid = track_text_field(r, ',');
	uint64_t area, id;
	int64_t v;

	*cell = (struct track_cell){ .rssi = TRACK_RSSI_NONE };
	if (!track_text_digits(mcc) || !track_text_digits(mnc) || mcc.len > 4 ||
	    mnc.len > 4)
		return false;
	(void)track_text_int(mcc, &v);
	cell->mcc = (int32_t)v;
	(void)track_text_int(mnc, &v);
	cell->mnc = (int32_t)v;
	if (hex) {
		if (lac.len > 8 || cid.len > 8 || !track_text_hex(lac, &area) ||
		    !track_text_hex(cid, &id))
			return false;
		cell->lac = (int64_t)area;
		cell->cid = (int64_t)id;
		return true;
	}
	return track_text_digits(lac) && track_text_digits(cid) &&
	       track_text_int(lac, &cell->lac) &&
	       track_text_int(cid, &cell->cid);
}

/* "mcc,mnc,lac,cid,n", n of "mac*rssi*channel", date and time. */
static bool add_network(const struct tk103_body *body,
			struct track_record *record)
{
	struct base_span date;
	struct track_cell cell;
	struct base_rd r, wifi;
	int64_t n;

	start(&r, body->data);
	if (!read_cell(&r, false, &cell) ||
	    !track_text_int(track_text_field(&r, ','), &n))
		return false;
	wifi = r;
	do {
		date = track_text_field(&r, ',');
	} while (date.len && memchr(date.ptr, '*', date.len));
	(void)add_time(body, record, date, track_text_field(&r, ','));
	track_record_cell(record, &cell);
	add_meaning(record, body->command, false);
	for (; n > 0 && base_rd_left(&wifi); n--) {
		struct base_span mac, rssi;
		struct base_rd one;
		int64_t v;

		start(&one, track_text_field(&wifi, ','));
		mac = track_text_field(&one, '*');
		rssi = track_text_field(&one, '*');
		if (rssi.len <= 4 && track_text_int(rssi, &v))
			track_record_wifi(record, mac, (int32_t)v);
	}
	return true;
}

/* "{mcc,mnc,lac,cid}" on lines, then the odometer. */
static bool add_cells(const struct tk103_body *body,
		      struct track_record *record)
{
	struct base_rd r, rest, fields;
	struct track_cell cell;
	uint64_t v;

	start(&r, body->data);
	for (;;) {
		(void)base_rd_until(&r, '{');
		start(&fields, base_rd_until(&r, '}'));
		if (!base_rd_ok(&r))
			break;
		rest = r;
		if (!read_cell(&fields, false, &cell))
			continue;
		if (!record->n_positions)
			(void)track_record_position(record);
		track_record_cell(record, &cell);
	}
	if (!record->n_positions)
		return false;
	track_text_skip(&rest, ',', 1);
	if (track_text_hex(track_text_field(&rest, ','), &v) && v <= INT64_MAX)
		track_record_int(record, TRACK_ODOMETER, (int64_t)v);
	return true;
}

/* BZ00: one cell, lac and cid in hexadecimal. */
static bool add_cell(const struct tk103_body *body, struct track_record *record)
{
	struct track_cell cell;
	struct base_rd r;

	start(&r, body->data);
	if (!read_cell(&r, true, &cell))
		return false;
	(void)track_record_position(record);
	track_record_cell(record, &cell);
	return true;
}

/* ZC20: date, time, level, volts of the battery, volts from outside. */
static bool add_battery(const struct tk103_body *body,
			struct track_record *record)
{
	static const int8_t percent[] = { -1, -1, 10, 20, 50, 80, 100 };
	struct base_span date, time;
	struct base_rd r;
	int64_t v;

	start(&r, body->data);
	date = track_text_field(&r, ',');
	time = track_text_field(&r, ',');
	(void)add_time(body, record, date, time);
	if (track_text_int(track_text_field(&r, ','), &v) && v >= 0 &&
	    v < (int64_t)WS_ARRAY_LEN(percent) && percent[v] >= 0)
		track_record_int(record, TRACK_BATTERY_LEVEL, percent[v]);
	if (track_text_int(track_text_field(&r, ','), &v) && v != 65535)
		track_record_real(record, TRACK_BATTERY, (double)v / 100);
	if (track_text_int(track_text_field(&r, ','), &v) && v != 65535)
		track_record_real(record, TRACK_POWER, (double)v / 10);
	return true;
}

/* ZC03: date, time, and what the tracker answers to a command. */
static bool add_result(const struct tk103_body *body,
		       struct track_record *record)
{
	struct base_span date, time;
	struct base_rd r;

	start(&r, body->data);
	date = track_text_field(&r, ',');
	time = track_text_field(&r, ',');
	(void)add_time(body, record, date, time);
	if (track_text_take(&r, '$'))
		track_record_text(record, TRACK_RESULT,
				  track_text_field(&r, '$'));
	return true;
}

#define VIN_LEN 17

/* BV00: the number of the vehicle, or an answer of another length. */
static bool add_vin(const struct tk103_body *body, struct track_record *record)
{
	if (body->data.len != VIN_LEN)
		return false;
	track_record_text(record, TRACK_VIN, body->data);
	return true;
}

/* A part of what a battery's electronics say: bytes as hexadecimal digits, the
 * low byte first. */
struct cell_field {
	track_key key; /* 0xffffffff = not told */
	uint8_t bytes;
	int16_t add;
	int16_t divide; /* 0 = it is a whole number */
};

#define NOT_TOLD UINT32_MAX

static uint32_t take_le(struct base_rd *r, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= base_rd_hex(r, 2) << 8 * i;
	return v;
}

static void add_fields(struct track_record *record, struct base_rd *r,
		       const struct cell_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct cell_field *f = &fields[i];
		const int64_t v = (int64_t)take_le(r, f->bytes) + f->add;

		if (!base_rd_ok(r) || f->key == NOT_TOLD)
			continue;
		if (f->divide)
			track_record_real(record, f->key,
					  (double)v / f->divide);
		else
			track_record_int(record, f->key, v);
	}
}

/* ... of which the first `told` are. */
static void add_numbers(struct track_record *record, struct base_rd *r,
			struct cell_field f, unsigned n, unsigned told)
{
	for (unsigned i = 1; i <= n; i++) {
		const struct cell_field one = { i <= told ? TRACK_N(f.key, i)
							  : NOT_TOLD,
						f.bytes, f.add, f.divide };

		add_fields(record, r, &one, 1);
	}
}

/* A byte: yes if it is not 0. */
static void add_yes(struct track_record *record, struct base_rd *r,
		    enum track_name name, bool inverted)
{
	const uint32_t v = take_le(r, 1);

	if (base_rd_ok(r))
		track_record_bool(record, name, (v > 0) != inverted);
}

/* BS50: all about a battery, in fixed places. */
static bool add_bs50(const struct tk103_body *body, struct track_record *record)
{
	static const struct cell_field cell = { TRACK_BATTERY, 2, 0, 1000 },
				       temp = { TRACK_BATTERY_TEMP, 1, -40, 0 };
	static const struct cell_field volts[] = {
		{ TRACK_CURRENT, 2, 0, 10 },
		{ TRACK_BATTERY, 2, 0, 100 },
		{ TRACK_BATTERY_LEVEL, 1, 0, 0 },
	};
	static const struct cell_field cycles[] = {
		{ NOT_TOLD, 1, 0, 0 }, /* a line is off */
		{ NOT_TOLD, 1, 0, 0 }, /* cells are balanced */
		{ TRACK_CYCLES, 2, 0, 0 }, { TRACK_FAULT_ALARM, 1, 0, 0 },
		{ NOT_TOLD, 3, 0, 0 },     { NOT_TOLD, 3, 0, 0 },
	};
	static const struct cell_field temps[] = {
		{ TRACK_POWER_TEMP, 1, -40, 0 },
		{ TRACK_EQUILIBRIUM_TEMP, 1, -40, 0 },
	};
	static const struct cell_field capacity[] = {
		{ TRACK_CALIBRATION_CAPACITY, 2, 0, 100 },
		{ TRACK_DISCHARGE_CAPACITY, 4, 0, 0 },
	};
	unsigned told;
	struct base_rd r;

	start(&r, body->data);
	(void)take_le(&r, 3);
	told = take_le(&r, 1);
	add_numbers(record, &r, cell, 24, told);
	add_yes(record, &r, TRACK_CHARGE, true);
	add_fields(record, &r, volts, WS_ARRAY_LEN(volts));
	add_yes(record, &r, TRACK_BATTERY_OVERHEAT, false);
	add_yes(record, &r, TRACK_CHARGE_PROTECTION, false);
	add_yes(record, &r, TRACK_DISCHARGE_PROTECTION, false);
	add_fields(record, &r, cycles, WS_ARRAY_LEN(cycles));
	told = take_le(&r, 1);
	add_fields(record, &r, temps, WS_ARRAY_LEN(temps));
	add_numbers(record, &r, temp, 7, told);
	add_fields(record, &r, capacity, WS_ARRAY_LEN(capacity));
	return true;
}

/* BS51: parts of it, "90:02150000753001DC,91:...". */
static const struct bms_part {
	const char *number;
	struct cell_field fields[4];
} bms_parts[] = {
	{ "90",
	  { { TRACK_CUMULATIVE_VOLTAGE, 2, 0, 10 },
	    { TRACK_GATHER_VOLTAGE, 2, 0, 10 },
	    { TRACK_CURRENT, 2, -30000, 10 },
	    { TRACK_SOC, 2, 0, 10 } } },
	{ "91",
	  { { TRACK_MAX_CELL_VOLTAGE, 2, 0, 1000 },
	    { TRACK_MAX_CELL_VOLTAGE_COUNT, 1, 0, 0 },
	    { TRACK_MIN_CELL_VOLTAGE, 2, 0, 1000 },
	    { TRACK_MIN_CELL_VOLTAGE_COUNT, 1, 0, 0 } } },
	{ "92",
	  { { TRACK_MAX_TEMP, 1, -40, 0 },
	    { TRACK_MAX_TEMP_COUNT, 1, 0, 0 },
	    { TRACK_MIN_TEMP, 1, -40, 0 },
	    { TRACK_MIN_TEMP_COUNT, 1, 0, 0 } } },
};

static bool add_bs51(const struct tk103_body *body, struct track_record *record)
{
	static const struct cell_field temp = { TRACK_CELL_TEMP, 1, -40, 0 };
	struct base_rd r;

	start(&r, body->data);
	while (base_rd_left(&r)) {
		struct base_span number;
		struct base_rd part;

		start(&part, track_text_field(&r, ','));
		number = track_text_field(&part, ':');
		for (size_t i = 0; i < WS_ARRAY_LEN(bms_parts); i++) {
			if (track_text_is(number, bms_parts[i].number))
				add_fields(record, &part, bms_parts[i].fields,
					   4);
		}
		if (!track_text_is(number, "96"))
			continue;
		(void)take_le(&part, 1); /* which of several */
		add_numbers(record, &part, temp,
			    (unsigned)base_rd_left(&part) / 2, UINT32_MAX);
	}
	return true;
}

/* Forms of their own: the first that can read the message does. */
static const struct {
	const char *command; /* a final * stands for any ending */
	bool (*read)(const struct tk103_body *body,
		     struct track_record *record);
} readers[] = {
	{ "BS50", add_bs50 },    { "BS51", add_bs51 },   { "ZC03", add_result },
	{ "ZC20", add_battery }, { "BV00", add_vin },    { "*", add_cells },
	{ "BZ00", add_cell },    { "DW*", add_network }, { "*", add_place },
};

void track_tk103_body(const struct tk103_body *body,
		      struct track_record *record)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(readers); i++) {
		if (track_text_fits(body->command, readers[i].command) &&
		    readers[i].read(body, record))
			break;
	}
	if (record->type == TRACK_TYPE_UNKNOWN && record->n_positions)
		record->type = TRACK_TYPE_POSITION;
}
