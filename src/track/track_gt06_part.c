/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_part.c - parts that messages of the GT06 family share
 */
#include "track_gt06_internal.h"

#include <string.h>

#include "track_text.h"
#include "track_time.h"

size_t gt06_left(const struct gt06 *g)
{
	const size_t left = base_rd_left(&g->rd);

	return left > g->foot ? left - g->foot : 0;
}

struct track_position *gt06_position(struct gt06 *g)
{
	if (!g->position)
		g->position = track_record_position(g->record);
	return g->position;
}

uint32_t gt06_be24(struct base_rd *r)
{
	const uint32_t high = base_rd_u8(r);

	return high << 16 | base_rd_be16(r);
}

bool gt06_bit(uint64_t bits, unsigned n)
{
	return bits >> n & 1;
}

struct base_span gt06_trim(struct base_span s)
{
	const uint8_t *nul = s.len ? memchr(s.ptr, 0, s.len) : NULL;

	if (nul)
		s.len = (size_t)(nul - s.ptr);
	return track_text_trim(s);
}

int64_t gt06_time(struct gt06 *g, struct base_rd *r)
{
	struct track_civil c = { .year = 2000 + base_rd_u8(r) };

	c.month = base_rd_u8(r);
	c.day = base_rd_u8(r);
	c.hour = base_rd_u8(r);
	c.minute = base_rd_u8(r);
	c.second = base_rd_u8(r);
	return base_rd_ok(r) ? track_time_carry(&c, g->zone_min)
			     : TRACK_TIME_NONE;
}

int64_t gt06_epoch(struct base_rd *r)
{
	return (int64_t)base_rd_be32(r) * 1000;
}

/* Zero has no side. */
static double degrees(uint32_t v, bool negative)
{
	return v && negative ? v / -1800000.0 : v / 1800000.0;
}

void gt06_place(struct gt06 *g, uint32_t lat, uint32_t lon, unsigned flags)
{
	struct track_position *p = gt06_position(g);

	p->lat = degrees(lat, !gt06_bit(flags, 10));
	p->lon = degrees(lon, gt06_bit(flags, 11));
	p->course = flags & 0x3ff;
	p->valid = gt06_bit(flags, 12);
}

int32_t gt06_dbm(uint8_t strength)
{
	return strength < 128 ? -strength : (int8_t)strength;
}

void gt06_wifi(struct gt06 *g, struct base_rd *r, size_t n)
{
	while (n--) {
		const struct base_span mac = base_rd_take(r, 6);
		const uint8_t strength = base_rd_u8(r);

		if (!base_rd_ok(r))
			return;
		(void)gt06_position(g);
		track_record_wifi_bytes(g->record, mac, gt06_dbm(strength));
	}
}

/* The attribute of the position or message, where it has it. */
static struct track_attr *there(struct gt06 *g, track_key key)
{
	const struct track_range all = g->position ? g->position->attrs
						   : g->record->attrs;

	for (uint32_t i = all.first; i < all.first + all.n; i++) {
		if (g->record->attr[i].key == key)
			return &g->record->attr[i];
	}
	return NULL;
}

static void set(struct gt06 *g, const struct track_attr *v)
{
	struct track_attr *a = there(g, v->key);

	if (a) {
		*a = *v;
		return;
	}
	switch (v->kind) {
	case TRACK_KIND_BOOL:
		track_record_bool(g->record, v->key, v->yes);
		return;
	case TRACK_KIND_INT:
		track_record_int(g->record, v->key, v->number);
		return;
	case TRACK_KIND_REAL:
		track_record_real(g->record, v->key, v->real);
		return;
	case TRACK_KIND_TEXT:
		track_record_text(g->record, v->key, v->text);
		return;
	case TRACK_KIND_HEX:
		track_record_hex(g->record, v->key, v->text);
		return;
	}
}

void gt06_int(struct gt06 *g, track_key key, int64_t v)
{
	const struct track_attr a = { .key = key,
				      .kind = TRACK_KIND_INT,
				      .number = v };

	if (base_rd_ok(&g->rd))
		set(g, &a);
}

void gt06_real(struct gt06 *g, track_key key, double v)
{
	const struct track_attr a = { .key = key,
				      .kind = TRACK_KIND_REAL,
				      .real = v };

	if (base_rd_ok(&g->rd))
		set(g, &a);
}

void gt06_bool(struct gt06 *g, track_key key, bool yes)
{
	const struct track_attr a = { .key = key,
				      .kind = TRACK_KIND_BOOL,
				      .yes = yes };

	if (base_rd_ok(&g->rd))
		set(g, &a);
}

void gt06_text(struct gt06 *g, track_key key, struct base_span text)
{
	const struct track_attr a = { .key = key,
				      .kind = TRACK_KIND_TEXT,
				      .text = text };

	if (text.len)
		set(g, &a);
}

void gt06_hex(struct gt06 *g, track_key key, struct base_span bytes)
{
	const struct track_attr a = { .key = key,
				      .kind = TRACK_KIND_HEX,
				      .text = bytes };

	if (bytes.len)
		set(g, &a);
}

void gt06_skip(struct gt06 *g, unsigned how)
{
	(void)base_rd_take(&g->rd, how);
}

/* When; for what has no fix. */
void gt06_when(struct gt06 *g, unsigned how)
{
	const int64_t time_ms = gt06_time(g, &g->rd);

	(void)how;
	if (base_rd_ok(&g->rd))
		gt06_position(g)->time_ms = time_ms;
}

/* A fix: time, satellites, place, speed, flags. */
void gt06_gps(struct gt06 *g, unsigned how)
{
	const int64_t time_ms = gt06_time(g, &g->rd);
	const bool none = how & GT06_GPS_COUNTED && !base_rd_u8(&g->rd);
	uint8_t satellites = 0;
	unsigned speed = 0, flags;
	uint32_t lat, lon;

	if (none) {
		if (base_rd_ok(&g->rd))
			gt06_position(g)->time_ms = time_ms;
		return;
	}
	if (!(how & GT06_GPS_SHORT))
		satellites = base_rd_u8(&g->rd) & 15;
	lat = base_rd_be32(&g->rd);
	lon = base_rd_be32(&g->rd);
	if (!(how & (GT06_GPS_SHORT | GT06_GPS_JC400)))
		speed = base_rd_u8(&g->rd);
	flags = base_rd_be16(&g->rd);
	if (how & GT06_GPS_JC400)
		speed = base_rd_be16(&g->rd);
	if (!base_rd_ok(&g->rd))
		return;
	gt06_place(g, lat, lon, flags);
	g->position->time_ms = time_ms;
	if (!(how & GT06_GPS_SHORT)) {
		g->position->satellites = satellites;
		g->position->speed = speed;
	}
	if (gt06_bit(flags, 14))
		gt06_bool(g, TRACK_IGNITION, gt06_bit(flags, 15));
}

void gt06_network(struct gt06 *g, unsigned how, struct track_cell *c)
{
	const unsigned mcc = base_rd_be16(&g->rd);

	c->mcc = (int32_t)(mcc & 0x7fff);
	c->mnc = gt06_bit(mcc, 15) || how & GT06_CELL_MNC16
			 ? base_rd_be16(&g->rd)
			 : base_rd_u8(&g->rd);
	c->rssi = TRACK_RSSI_NONE;
}

void gt06_cell(struct gt06 *g, unsigned how, struct track_cell *c)
{
	c->lac = how & GT06_CELL_LAC32 ? base_rd_be32(&g->rd)
				       : base_rd_be16(&g->rd);
	if (how & GT06_CELL_CID64)
		c->cid = (int64_t)base_rd_be64(&g->rd);
	else
		c->cid = how & GT06_CELL_CID32 ? base_rd_be32(&g->rd)
					       : gt06_be24(&g->rd);
	if (how & GT06_CELL_RSSI)
		c->rssi = gt06_dbm(base_rd_u8(&g->rd));
	if (!base_rd_ok(&g->rd) || (!c->lac && !c->cid))
		return;
	(void)gt06_position(g);
	track_record_cell(g->record, c);
}

/* A counted cell of no bytes. Some devices send the bytes all the same, with
 * those of neighbours and access points, as zeros. */
static void no_cell(struct gt06 *g)
{
	struct base_rd ahead = g->rd;
	const struct base_span zeros = base_rd_take(&ahead, 45);

	for (size_t i = 9; i < zeros.len; i++) {
		if (zeros.ptr[i])
			return;
	}
	if (base_rd_ok(&ahead))
		g->rd = ahead;
}

/* The sizes of a counted cell, by the bytes that it has. */
static unsigned sizes(size_t len, unsigned how, bool long_mnc)
{
	if (how & GT06_CELL_4G && len > 10)
		return how;
	how &= ~GT06_CELL_4G;
	if (len >= 15 && len <= 17)
		return how | GT06_CELL_4G;
	if (len == 10 && !long_mnc)
		how |= how & GT06_CELL_TEN ? GT06_CELL_CID32
					   : GT06_CELL_CID32 | GT06_CELL_MNC16;
	return how;
}

void gt06_lbs(struct gt06 *g, unsigned how)
{
	struct track_cell c;
	size_t len = 0;

	if (!gt06_left(g))
		return;
	if (how & GT06_CELL_COUNTED) {
		len = base_rd_u8(&g->rd);
		if (!len) {
			no_cell(g);
			return;
		}
		how = sizes(len, how, base_rd_peek(&g->rd) > 0x7f);
	}
	if (how & GT06_CELL_KIND && base_rd_u8(&g->rd) >= 3)
		how |= GT06_CELL_4G;
	gt06_network(g, how, &c);
	gt06_cell(g, how, &c);
	if (how & GT06_CELL_KIND)
		gt06_skip(g, how & GT06_CELL_LAC32 ? 2 : 1); /* strength */
	if (len == 10 && how & GT06_CELL_TEN && how & GT06_CELL_CID32)
		gt06_skip(g, 1);
	else if (len > 9 && !(how & (GT06_CELL_4G | GT06_CELL_CID32)))
		gt06_skip(g, (unsigned)len - 9);
}

/* Cells that are heard, and access points; without a fix but for 1E. */
void gt06_cells(struct gt06 *g, unsigned how)
{
	size_t n = how & GT06_CELLS_SIX ? 6 : 7;
	struct track_cell c;

	if (!g->position)
		gt06_when(g, 0);
	if (!gt06_left(g))
		return;
	if (how & GT06_CELLS_TA)
		gt06_skip(g, 1);
	gt06_network(g, how, &c);
	if (how & GT06_CELLS_CHOOSE && base_rd_u8(&g->rd))
		how |= GT06_CELL_4G;
	if (how & GT06_CELLS_MANY)
		n = base_rd_u8(&g->rd);
	while (n-- && base_rd_ok(&g->rd))
		gt06_cell(g, how | GT06_CELL_RSSI, &c);
	if (!(how & GT06_CELLS_TA))
		gt06_skip(g, 1);
	if (how & GT06_CELLS_WIFI)
		gt06_wifi(g, &g->rd, base_rd_u8(&g->rd));
}

static const struct gt06_alarm alarms[] = {
	{ 0x01, TRACK_ALARM_SOS },
	{ 0x02, TRACK_ALARM_POWER_CUT },
	{ 0x03, TRACK_ALARM_VIBRATION },
	{ 0x04, TRACK_ALARM_GEOFENCE_ENTER },
	{ 0x05, TRACK_ALARM_GEOFENCE_EXIT },
	{ 0x06, TRACK_ALARM_OVERSPEED },
	{ 0x09, TRACK_ALARM_VIBRATION },
	{ 0x0c, TRACK_ALARM_TAMPERING },
	{ 0x0e, TRACK_ALARM_LOW_BATTERY },
	{ 0x0f, TRACK_ALARM_LOW_BATTERY },
	{ 0x11, TRACK_ALARM_POWER_OFF },
	{ 0x13, TRACK_ALARM_TAMPERING },
	{ 0x14, TRACK_ALARM_DOOR },
	{ 0x18, TRACK_ALARM_REMOVING },
	{ 0x19, TRACK_ALARM_LOW_BATTERY },
	{ 0x1a, TRACK_ALARM_HARD_BRAKING },
	{ 0x1b, TRACK_ALARM_HARD_CORNERING },
	{ 0x23, TRACK_ALARM_FALL_DOWN },
	{ 0x25, TRACK_ALARM_TAMPERING },
	{ 0x26, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x27, TRACK_ALARM_HARD_BRAKING },
	{ 0x28, TRACK_ALARM_HARD_BRAKING },
	{ 0x29, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x2a, TRACK_ALARM_HARD_CORNERING },
	{ 0x2b, TRACK_ALARM_HARD_CORNERING },
	{ 0x2c, TRACK_ALARM_ACCIDENT },
	{ 0x2e, TRACK_ALARM_HARD_CORNERING },
	{ 0x30, TRACK_ALARM_JAMMING },
	{ 0x32, TRACK_ALARM_TAMPERING },
	{ 0x33, TRACK_ALARM_LOCK },
	{ 0x34, TRACK_ALARM_UNLOCK },
	{ 0x53, TRACK_ALARM_FUEL_LEAK },
	{ 0x5b, TRACK_ALARM_TEMPERATURE },
	{ 0x5c, TRACK_ALARM_TEMPERATURE },
	{ 0xc9, TRACK_ALARM_IDLE },
	{ 0x107, TRACK_ALARM_JAMMING },
	{ 0x10b, TRACK_ALARM_JAMMING },
};

void gt06_alarm_of(struct gt06 *g, const struct gt06_alarm *rows, size_t n,
		   unsigned code)
{
	for (size_t i = 0; base_rd_ok(&g->rd) && i < n; i++) {
		if (rows[i].code == code)
			track_record_alarm(g->record,
					   (enum track_alarm)rows[i].alarm);
	}
}

void gt06_alarm_code(struct gt06 *g, unsigned code)
{
	gt06_alarm_of(g, alarms, WS_ARRAY_LEN(alarms), code);
}

/* Bits 3 to 5 are an alarm. */
void gt06_status(struct gt06 *g, unsigned how)
{
	const uint8_t bits = base_rd_u8(&g->rd);

	if (!base_rd_ok(&g->rd))
		return;
	gt06_int(g, TRACK_STATUS, bits);
	gt06_bool(g, TRACK_IGNITION, gt06_bit(bits, 1));
	gt06_bool(g, TRACK_CHARGE, gt06_bit(bits, 2));
	gt06_bool(g, TRACK_BLOCKED, gt06_bit(bits, 7));
	switch (bits >> 3 & 7) {
	case 1:
		track_record_alarm(g->record, TRACK_ALARM_VIBRATION);
		break;
	case 2:
		track_record_alarm(g->record, TRACK_ALARM_POWER_CUT);
		break;
	case 3:
		track_record_alarm(g->record, TRACK_ALARM_LOW_BATTERY);
		break;
	case 4:
		track_record_alarm(g->record, TRACK_ALARM_SOS);
		break;
	case 6:
		track_record_alarm(g->record, TRACK_ALARM_GEOFENCE);
		break;
	case 7:
		track_record_alarm(g->record, how & GT06_STATUS_VXT01
						      ? TRACK_ALARM_OVERSPEED
						      : TRACK_ALARM_REMOVING);
		break;
	default:
		break;
	}
}

/* A level of 0 to 6, or per cent. */
void gt06_battery(struct gt06 *g, unsigned how)
{
	const uint8_t level = base_rd_u8(&g->rd);

	(void)how;
	if (level <= 6)
		gt06_int(g, TRACK_BATTERY_LEVEL, level * 100 / 6);
	else if (level <= 100)
		gt06_int(g, TRACK_BATTERY_LEVEL, level);
}

void gt06_percent(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_BATTERY_LEVEL, base_rd_u8(&g->rd));
}

void gt06_rssi(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_int(g, TRACK_RSSI, base_rd_u8(&g->rd));
}

/* Two bytes of 0.01 V; `how` is what of. */
void gt06_volts(struct gt06 *g, unsigned how)
{
	gt06_real(g, how, base_rd_be16(&g->rd) / 100.0);
}

/* Four bytes; `how` is what of. */
void gt06_number(struct gt06 *g, unsigned how)
{
	gt06_int(g, how, base_rd_be32(&g->rd));
}
