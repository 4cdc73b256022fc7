/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_read.c - what trackers of the GT06 family say in 78 78 messages
 *
 * Theory of operation
 *
 * A content is a row of parts that many types share: a fix, a cell, status
 * bits. The table of forms says which parts a type has, where needed by LENGTH,
 * since makers gave the same type to different contents. A part that finds no
 * bytes says nothing, and nor do those behind it.
 */
#include "track_gt06_internal.h"

#include <string.h>

#include "track_text.h"
#include "track_time.h"

/* The message names its type among its attributes. */
static void type(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_TYPE, g->head.type);
}

static void imei(struct gt06 *g, unsigned how)
{
	const struct base_span id = base_rd_take(&g->rd, 8);

	(void)how;
	track_record_device(
		g->record, track_text_tail(track_record_bcd(g->record, id), 1));
}

#define ALARM_WIDE 1U /* four more bits in the byte behind it, the language */

static void alarm_and_language(struct gt06 *g, unsigned how)
{
	unsigned code = base_rd_u8(&g->rd);

	if (how & ALARM_WIDE)
		code |= (base_rd_u8(&g->rd) >> 4U) << 8U;
	gt06_alarm_code(g, code);
}

static void odometer_10m(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_ODOMETER, (int64_t)base_rd_be32(&g->rd) * 10);
}

static void hours(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_HOURS, (int64_t)base_rd_be32(&g->rd) * 1000);
}

static void input(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_INPUT, base_rd_be16(&g->rd));
}

/* Ignition, why it was sent, whether it was kept: as far as it goes. */
static void report(struct gt06 *g, unsigned how)
{
	if (gt06_left(g) < 3)
		return;
	gt06_bool(g, TRACK_IGNITION, base_rd_u8(&g->rd));
	gt06_int(g, how, base_rd_u8(&g->rd));
	gt06_bool(g, TRACK_ARCHIVE, base_rd_u8(&g->rd));
}

/* What is left at the end of many types: three bytes like those of report(),
 * an odometer, or both. */
static void tail(struct gt06 *g, unsigned how)
{
	(void)how;
	if (gt06_left(g) == 3 || gt06_left(g) == 7) {
		gt06_bool(g, TRACK_IGNITION, base_rd_u8(&g->rd));
		gt06_skip(g, 1);
		if (base_rd_u8(&g->rd))
			gt06_bool(g, TRACK_ARCHIVE, true);
	}
	if (gt06_left(g) == 4)
		gt06_number(g, TRACK_ODOMETER);
}

static void altitude(struct gt06 *g, unsigned how)
{
	const int16_t metres = (int16_t)base_rd_be16(&g->rd);

	(void)how;
	if (base_rd_ok(&g->rd) && g->position)
		g->position->altitude = metres;
}

#define TEMPERATURE_PLUS 256U /* the sign bit means plus */

/* Sign and amount; the rest of `how`: parts of a degree. */
static void temperature(struct gt06 *g, unsigned how)
{
	const unsigned bits = base_rd_be16(&g->rd);
	const double amount = (bits & 0x7fff) / (double)(how & 0xff);

	gt06_real(g, TRACK_N(TRACK_TEMPERATURE, 1),
		  gt06_bit(bits, 15) == !!(how & TEMPERATURE_PLUS) ? amount
								   : -amount);
}

static void fence(struct gt06 *g, unsigned how)
{
	(void)how;
	if (gt06_left(g))
		gt06_int(g, TRACK_GEOFENCE, base_rd_u8(&g->rd));
}

/* A driver's card or key: `how` bytes. */
static void driver(struct gt06 *g, unsigned how)
{
	const struct base_span id = base_rd_take(&g->rd, how);

	for (size_t i = 0; i < id.len; i++) {
		if (id.ptr[i]) {
			gt06_hex(g, TRACK_DRIVER, id);
			return;
		}
	}
}

/* The driver's card: a length and as much text, alarm, state, and if `how` the
 * time it was driven. */
static void card(struct gt06 *g, unsigned how)
{
	const struct base_span text = base_rd_take(&g->rd, base_rd_u8(&g->rd));
	const uint8_t alarm = base_rd_u8(&g->rd);
	const uint8_t state = base_rd_u8(&g->rd);

	if (!base_rd_ok(&g->rd))
		return;
	gt06_text(g, TRACK_CARD, gt06_trim(text));
	if (!how)
		return;
	if (alarm)
		track_record_alarm(g->record, TRACK_ALARM_GENERAL);
	gt06_int(g, TRACK_CARD_STATUS, state);
	gt06_int(g, TRACK_DRIVING_TIME, base_rd_be16(&g->rd));
}

/* BENWAY: ignition, an input, and a temperature or a voltage. */
static void benway(struct gt06 *g, unsigned how)
{
	const unsigned bits = base_rd_be16(&g->rd);

	(void)how;
	gt06_bool(g, TRACK_IGNITION, gt06_bit(bits, 15));
	gt06_bool(g, TRACK_N(TRACK_IN, 2), gt06_bit(bits, 14));
	if (gt06_bit(bits, 12)) {
		const int v = (int)(bits & 0x1ff);

		gt06_int(g, TRACK_N(TRACK_TEMPERATURE, 1),
			 gt06_bit(bits, 9) ? -v : v);
	} else if (gt06_bit(bits, 13)) {
		gt06_int(g, TRACK_N(TRACK_ADC, 1), bits & 0x3ff);
	} else {
		gt06_real(g, TRACK_N(TRACK_ADC, 1), (bits & 0x3ff) / 10.0);
	}
}

/* S5: oil, temperature of one byte with a sign bit. */
static void oil(struct gt06 *g, unsigned how)
{
	uint8_t degrees;

	(void)how;
	gt06_int(g, TRACK_OIL, base_rd_be16(&g->rd));
	degrees = base_rd_u8(&g->rd);
	gt06_int(g, TRACK_N(TRACK_TEMPERATURE, 1),
		 gt06_bit(degrees, 7) ? -(degrees & 0x7f) : degrees);
}

static void phone(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_text_of(g, TRACK_PHONE, 21);
}

/* Tenths of a volt in a byte. */
static void battery_tenths(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_real(g, TRACK_BATTERY, base_rd_u8(&g->rd) / 10.0);
}

static void odometer_3(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_ODOMETER, gt06_be24(&g->rd));
}

static void hours_3(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_HOURS, (int64_t)gt06_be24(&g->rd) * 60000);
}

static void ignition(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_bool(g, TRACK_IGNITION, base_rd_u8(&g->rd));
}

static void humidity(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_real(g, TRACK_HUMIDITY, base_rd_be16(&g->rd) / 100.0);
}

/* A length, the kind of identifier, the identifier. */
static void driver_counted(struct gt06 *g, unsigned how)
{
	const uint8_t len = base_rd_u8(&g->rd);

	(void)how;
	if (!len)
		return;
	gt06_skip(g, 1);
	driver(g, len - 1U);
}

#define PARTS_MAX 16

struct form {
	uint8_t type;
	uint8_t min, max; /* LENGTH; 255 is any more */
	enum {
		ANY,
		DATED,
		UNDATED
	} begins; /* with a time? */
	struct part {
		void (*read)(struct gt06 *g, unsigned how);
		unsigned how;
	} parts[PARTS_MAX]; /* end with NULL */
};

#define EVERY  0, 255, ANY
#define LEN(n) n, n, ANY
#define STATUS5                                                    \
	{ gt06_status, 0 }, { gt06_battery, 0 }, { gt06_rssi, 0 }, \
	{                                                          \
		alarm_and_language, 0                              \
	}
#define LANGUAGE             \
	{                    \
		gt06_skip, 1 \
	}

/* By type; of one type, the first row that fits counts. */
static const struct form forms[] = {
	{ 0x10, EVERY, { { type, 0 }, { gt06_gps, 0 }, { tail, 0 } } },
	{ 0x11,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_MNC16 | GT06_CELL_CID32 },
	    { tail, 0 } } },
	{ 0x12, /* BENWAY */
	  LEN(0x21),
	  { { type, 0 }, { gt06_gps, 0 }, { gt06_lbs, 0 }, { benway, 0 } } },
	{ 0x12, /* VXT01 */
	  LEN(0x24),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { gt06_status, GT06_STATUS_VXT01 },
	    { gt06_volts, TRACK_POWER },
	    { gt06_rssi, 0 } } },
	{ 0x12, /* QH302R */
	  0x27,
	  0x27,
	  UNDATED,
	  { { type, 0 },
	    { imei, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { tail, 0 } } },
	{ 0x12, /* WETRUST */
	  LEN(0x29),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { gt06_number, TRACK_ODOMETER },
	    { card, 1 } } },
	{ 0x12, /* S5 */
	  LEN(0x2b),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { gt06_status, 0 },
	    { gt06_volts, TRACK_POWER },
	    { gt06_rssi, 0 },
	    { alarm_and_language, 0 },
	    { oil, 0 },
	    { odometer_10m, 0 } } },
	{ 0x12, /* GT06E with a card */
	  0x71,
	  0xff,
	  ANY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { gt06_number, TRACK_ODOMETER },
	    { card, 0 } } },
	{ 0x12,
	  EVERY,
	  { { type, 0 }, { gt06_gps, 0 }, { gt06_lbs, 0 }, { tail, 0 } } },
	{ 0x13, /* OBD6 */
	  LEN(0x13),
	  { { type, 0 }, { gt06_status, 0 }, { gt06_obd6, 0 } } },
	{ 0x13,
	  LEN(0x15),
	  { { gt06_skip, 5 },
	    { gt06_percent, 0 },
	    { gt06_skip, 8 },
	    { temperature, TEMPERATURE_PLUS | 10 } } },
	{ 0x13,
	  EVERY,
	  { { type, 0 },
	    { gt06_status, 0 },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, 0 },
	    { tail, 0 } } },
	{ 0x15, EVERY, { { gt06_answer, 0 } } },
	{ 0x16, /* VXT01 */
	  LEN(0x24),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { gt06_status, GT06_STATUS_VXT01 },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 } } },
	{ 0x16, /* SEEWORLD */
	  LEN(0x26),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED | GT06_CELL_CID32 },
	    STATUS5,
	    LANGUAGE } },
	{ 0x16, /* VL103 */
	  LEN(0x2d),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    STATUS5,
	    LANGUAGE,
	    { driver, 8 } } },
	{ 0x16,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    STATUS5,
	    LANGUAGE,
	    { tail, 0 } } },
	{ 0x17, /* a reader of cards */
	  LEN(0x28),
	  { { type, 0 }, { gt06_gps, 0 }, { gt06_lbs, 0 }, { driver, 8 } } },
	{ 0x17, EVERY, { { gt06_counted_wifi, 0 } } },
	{ 0x18, EVERY, { { gt06_cells, GT06_CELLS_WIFI } } },
	{ 0x19, 0x17, 0xff, ANY, { { NULL, 0 } } }, /* SPACE10X: not known */
	{ 0x19,
	  EVERY,
	  { { type, 0 }, { gt06_lbs, 0 }, STATUS5, LANGUAGE, { tail, 0 } } },
	{ 0x1a, EVERY, { { type, 0 }, { gt06_gps, 0 }, { phone, 0 } } },
	{ 0x1e, EVERY, { { type, 0 }, { gt06_gps, 0 }, { gt06_cells, 0 } } },
	{ 0x22, /* SEEWORLD */
	  LEN(0x2f),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_CID32 },
	    { ignition, 0 },
	    { gt06_skip, 2 }, /* mode, kept */
	    { gt06_number, TRACK_ODOMETER },
	    { gt06_skip, 4 }, /* travel time */
	    { temperature, 100 },
	    { humidity, 0 } } },
	{ 0x22, /* NT and XT models */
	  0x38,
	  0xff,
	  UNDATED,
	  { { type, 0 },
	    { gt06_skip, 1 }, /* where the place is from */
	    { imei, 0 },
	    { gt06_skip, 6 }, /* the tracker's own time */
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED | GT06_CELL_TEN },
	    { gt06_status, 0 },
	    { gt06_volts, TRACK_POWER },
	    { battery_tenths, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, 0 },
	    LANGUAGE,
	    { odometer_3, 0 },
	    { hours_3, 0 } } },
	{ 0x22,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { report, TRACK_EVENT },
	    { tail, 0 } } },
	{ 0x23, EVERY, { { gt06_heartbeat, 0 } } },
	{ 0x24, /* SR411 mini */
	  LEN(0x2e),
	  { { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { ignition, 0 },
	    { gt06_volts, TRACK_POWER },
	    { gt06_volts, TRACK_BATTERY } } },
	{ 0x24, /* Wanway S20 */
	  LEN(0x31),
	  { { gt06_cells, GT06_CELLS_MANY | GT06_CELLS_TA } } },
	{ 0x24, EVERY, { { gt06_cells, 0 } } },
	{ 0x25,
	  EVERY,
	  { { type, 0 },
	    { gt06_skip, 1 }, /* as 22 of the same models */
	    { imei, 0 },
	    { gt06_skip, 6 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED | GT06_CELL_TEN },
	    { gt06_status, 0 },
	    { gt06_volts, TRACK_POWER },
	    { battery_tenths, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, 0 },
	    LANGUAGE,
	    { odometer_3, 0 },
	    { hours_3, 0 },
	    { driver_counted, 0 } } },
	{ 0x26,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    STATUS5,
	    LANGUAGE,
	    { tail, 0 } } },
	{ 0x27,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    { gt06_status, 0 },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, ALARM_WIDE },
	    { fence, 0 },
	    { tail, 0 } } },
	{ 0x28, EVERY, { { gt06_cells, 0 } } },
	{ 0x2c, EVERY, { { gt06_cells, GT06_CELLS_WIFI } } },
	{ 0x2d,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { report, TRACK_EVENT },
	    { tail, 0 } } },
	{ 0x2e, EVERY, { { gt06_cells, 0 } } },
	{ 0x31, /* SL4X */
	  LEN(0x2a),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_MNC16 | GT06_CELL_CID64 },
	    { report, TRACK_EVENT },
	    { altitude, 0 } } },
	{ 0x31,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { report, TRACK_EVENT },
	    { tail, 0 } } },
	{ 0x32, /* SL4X; a cell of 2G or 4G */
	  0x27,
	  0x29,
	  ANY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    STATUS5,
	    LANGUAGE,
	    { altitude, 0 } } },
	{ 0x32,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED },
	    STATUS5,
	    LANGUAGE,
	    { tail, 0 } } },
	{ 0x33,
	  EVERY,
	  { { gt06_cells,
	      GT06_CELLS_SIX | GT06_CELL_CID32 | GT06_CELLS_WIFI } } },
	{ 0x34, /* SL4X */
	  LEN(0x37),
	  { { gt06_cells,
	      GT06_CELLS_TA | GT06_CELL_MNC16 | GT06_CELL_CID32 } } },
	{ 0x34, EVERY, { { gt06_skip, 4 }, { gt06_gps, 0 }, { gt06_x1, 0 } } },
	{ 0x36, /* VL103 */
	  0x35,
	  0x35,
	  DATED,
	  { { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_CID32 },
	    { report, TRACK_UPLOAD_MODE },
	    { gt06_number, TRACK_ODOMETER },
	    { gt06_volts, TRACK_POWER },
	    { battery_tenths, 0 },
	    { hours_3, 0 },
	    { driver, 8 } } },
	{ 0x36,
	  EVERY,
	  { { type, 0 }, STATUS5, LANGUAGE, { gt06_modules, 0 } } },
	{ 0x37,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, 0 },
	    { report, TRACK_EVENT },
	    { gt06_modules, 0 } } },
	{ 0x38,
	  EVERY,
	  { { gt06_gps, 0 },
	    { gt06_skip, 2 }, /* mode, kept */
	    { gt06_lbs, GT06_CELL_KIND } } },
	{ 0x39,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_KIND },
	    { gt06_status, 0 },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, ALARM_WIDE },
	    { gt06_modules, 0 } } },
	{ 0x40, EVERY, { { gt06_bms, 0 } } },
	{ 0x61,
	  EVERY,
	  { { imei, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_CID32 },
	    { gt06_driver_number, 6 } } },
	{ 0x69, EVERY, { { gt06_counted_wifi, 0 } } },
	{ 0x94, EVERY, { { gt06_volts, TRACK_POWER } } },
	{ 0x95, EVERY, { { gt06_event, 0 } } },
	{ 0xa0,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_4G },
	    { tail, 0 } } },
	{ 0xa1, EVERY, { { gt06_cells, GT06_CELL_4G } } },
	{ 0xa2, /* LW models of 4G */
	  LEN(0x40),
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_4G },
	    { gt06_skip, 1 }, /* kind of network */
	    { gt06_status, 0 },
	    { gt06_volts, TRACK_POWER },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, 0 },
	    LANGUAGE,
	    { gt06_number, TRACK_ODOMETER },
	    { hours, 0 },
	    { imei, 0 },
	    { input, 0 } } },
	{ 0xa2, EVERY, { { gt06_cells, GT06_CELL_4G | GT06_CELLS_WIFI } } },
	{ 0xa3, /* GL21L */
	  LEN(0x0c),
	  { { type, 0 }, STATUS5, { tail, 0 } } },
	{ 0xa3,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED | GT06_CELL_4G },
	    STATUS5,
	    LANGUAGE,
	    { tail, 0 } } },
	{ 0xa4,
	  EVERY,
	  { { type, 0 },
	    { gt06_gps, 0 },
	    { gt06_lbs, GT06_CELL_COUNTED | GT06_CELL_4G },
	    { gt06_status, 0 },
	    { gt06_battery, 0 },
	    { gt06_rssi, 0 },
	    { alarm_and_language, ALARM_WIDE },
	    { fence, 0 },
	    { tail, 0 } } },
	{ 0xa5,
	  EVERY,
	  { { type, 0 },
	    { gt06_lbs, GT06_CELL_4G },
	    STATUS5,
	    LANGUAGE,
	    { tail, 0 } } },
	{ 0xa7,
	  EVERY,
	  { { type, 0 }, { gt06_lbs, GT06_CELL_4G }, { phone, 0 } } },
	{ 0xa9,
	  EVERY,
	  { { gt06_cells,
	      GT06_CELLS_MANY | GT06_CELLS_CHOOSE | GT06_CELLS_WIFI },
	    { alarm_and_language, ALARM_WIDE } } },
	{ 0xb2, EVERY, { { gt06_radio_clock, 0 } } },
	{ 0xf3, EVERY, { { gt06_plain_wifi, 0 } } },
};

/* Could the first six bytes be a time? All zero is one that is not known. */
static bool is_dated(const struct gt06 *g)
{
	static const uint8_t max[] = { 99, 12, 31, 23, 59, 59 };
	struct base_rd r = g->rd;
	const struct base_span time = base_rd_take(&r, sizeof(max));

	for (size_t i = 0; i < time.len; i++) {
		if (time.ptr[i] > max[i])
			return false;
	}
	return base_rd_ok(&r);
}

static bool fits(const struct form *f, const struct gt06 *g)
{
	return f->type == g->head.type && g->head.declared >= f->min &&
	       (f->max == 0xff || g->head.declared <= f->max) &&
	       (f->begins == ANY || is_dated(g) == (f->begins == DATED));
}

void gt06_read(struct gt06 *g)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		const struct form *f = &forms[i];

		if (!fits(f, g))
			continue;
		for (size_t p = 0; p < PARTS_MAX && f->parts[p].read; p++)
			f->parts[p].read(g, f->parts[p].how);
		return;
	}
}
