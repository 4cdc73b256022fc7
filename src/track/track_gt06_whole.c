/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_gt06_whole.c - contents of the GT06 family that share little */
#include "track_gt06_internal.h"

#include "track_text.h"
#include "track_time.h"

/* ... a number of `how` bytes, written in decimal. */
void gt06_driver_number(struct gt06 *g, unsigned how)
{
	uint64_t id = 0;
	uint8_t *text;
	size_t n = 0;

	while (how--)
		id = id << 8 | base_rd_u8(&g->rd);
	if (!base_rd_ok(&g->rd) || !id)
		return;
	for (uint64_t rest = id; rest; rest /= 10)
		n++;
	text = track_record_room(g->record, n);
	if (!text)
		return;
	for (size_t i = n; i--; id /= 10)
		text[i] = (uint8_t)('0' + id % 10);
	gt06_text(g, TRACK_DRIVER, (struct base_span){ text, n });
}

/* OBD6: satellites and signal in two bytes, alarm, battery, mode, power. */
void gt06_obd6(struct gt06 *g, unsigned how)
{
	const unsigned signal = base_rd_be16(&g->rd);
	uint8_t mode;

	(void)how;
	gt06_int(g, TRACK_SATELLITES, (signal >> 10 & 31) + (signal >> 5 & 31));
	gt06_int(g, TRACK_RSSI, signal & 31);
	gt06_alarm_code(g, base_rd_u8(&g->rd));
	gt06_skip(g, 1); /* language */
	gt06_percent(g, 0);
	mode = base_rd_u8(&g->rd);
	gt06_volts(g, TRACK_POWER);
	gt06_skip(g, 3); /* reserved, working time */
	if (mode == 4)
		gt06_real(g, TRACK_N(TRACK_TEMPERATURE, 1),
			  (int16_t)base_rd_be16(&g->rd) / 10.0);
}

/* Modules: type, length, value. */
void gt06_modules(struct gt06 *g, unsigned how)
{
	(void)how;
	while (gt06_left(g) >= 3) {
		const unsigned module = base_rd_be16(&g->rd);
		const struct base_span value =
			base_rd_take(&g->rd, base_rd_u8(&g->rd));
		const struct base_rd after = g->rd;

		base_rd_init(&g->rd, value.ptr, value.len);
		if (module == 0x18)
			gt06_volts(g, TRACK_BATTERY);
		else if (module == 0x27)
			gt06_volts(g, TRACK_POWER);
		else if (module == 0x2e)
			gt06_number(g, TRACK_ODOMETER);
		else if (module == 0x32)
			gt06_int(g, TRACK_STARTUP_STATUS, base_rd_u8(&g->rd));
		else if (module == 0x3b && value.len == 2 && g->position)
			g->position->accuracy = base_rd_be16(&g->rd) / 100.0;
		else if (module == 0x6a)
			gt06_percent(g, 0);
		g->rd = after;
	}
}

/* GK310: armed, ignition, charging; battery and signal if they are there. */
void gt06_heartbeat(struct gt06 *g, unsigned how)
{
	const uint8_t bits = base_rd_u8(&g->rd);

	(void)how;
	gt06_bool(g, TRACK_ARMED, gt06_bit(bits, 0));
	gt06_bool(g, TRACK_IGNITION, gt06_bit(bits, 1));
	gt06_bool(g, TRACK_CHARGE, gt06_bit(bits, 2));
	if (gt06_left(g) >= 2)
		gt06_volts(g, TRACK_BATTERY);
	if (gt06_left(g) >= 1)
		gt06_rssi(g, 0);
}

/* X1: odometer, cell, driver, voltages, inputs. */
void gt06_x1(struct gt06 *g, unsigned how)
{
	struct track_cell c = { .rssi = TRACK_RSSI_NONE };
	unsigned inputs;

	(void)how;
	gt06_skip(g, 2); /* of the terminal */
	gt06_number(g, TRACK_ODOMETER);
	gt06_network(g, 0, &c);
	gt06_cell(g, GT06_CELL_CID32, &c);
	gt06_driver_number(g, 4);
	gt06_volts(g, TRACK_BATTERY);
	gt06_volts(g, TRACK_POWER);
	inputs = base_rd_be32(&g->rd) >> 20 & 15;
	gt06_int(g, TRACK_INPUT, base_rd_u8(&g->rd));
	gt06_int(g, TRACK_OUTPUT, base_rd_u8(&g->rd));
	for (unsigned i = 1; i <= inputs; i++)
		gt06_volts(g, TRACK_N(TRACK_ADC, i));
}

static bool is_bcd(struct base_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] >> 4 > 9 || (s.ptr[i] & 15) > 9)
			return false;
	}
	return s.len > 0;
}

/* The form without length and checksum: the length is that of the list of
 * access points; cells follow. */
void gt06_counted_wifi(struct gt06 *g, unsigned how)
{
	struct track_civil c = { 0 };
	struct track_cell cell = { .rssi = TRACK_RSSI_NONE };
	uint8_t n;

	(void)how;
	if (!is_bcd(base_rd_take(
		    &(struct base_rd){ g->rd.pos, g->rd.end, g->rd.failed },
		    6)))
		return;
	if (!track_time_parse_bcd(&c, "ymdHMS", &g->rd))
		return;
	gt06_position(g)->time_ms = track_time_carry(&c, g->zone_min);
	gt06_wifi(g, &g->rd, g->head.declared);
	n = base_rd_u8(&g->rd);
	cell.mcc = base_rd_be16(&g->rd);
	cell.mnc = base_rd_u8(&g->rd);
	while (n--) {
		cell.lac = base_rd_be16(&g->rd);
		cell.cid = base_rd_be16(&g->rd);
		cell.rssi = gt06_dbm(base_rd_u8(&g->rd));
		if (!base_rd_ok(&g->rd))
			return;
		track_record_cell(g->record, &cell);
	}
}

/* A count; two bytes and an address each. */
void gt06_plain_wifi(struct gt06 *g, unsigned how)
{
	uint8_t n;

	(void)how;
	gt06_when(g, 0);
	n = base_rd_u8(&g->rd);
	while (n--) {
		struct base_span mac;

		gt06_skip(g, 2);
		mac = base_rd_take(&g->rd, 6);
		if (!base_rd_ok(&g->rd))
			return;
		track_record_wifi_bytes(g->record, mac, TRACK_RSSI_NONE);
	}
}

void gt06_text_of(struct gt06 *g, track_key key, size_t len)
{
	gt06_text(g, key, gt06_trim(base_rd_take(&g->rd, len)));
}

/* The answer to a command: its length with the server's four bytes; the text;
 * the language. A length of 0 is one that was not told. */
void gt06_answer(struct gt06 *g, unsigned how)
{
	size_t len = base_rd_u8(&g->rd);
	struct base_span text;

	(void)how;
	gt06_skip(g, 4);
	len = len >= 4 ? len - 4 : gt06_left(g);
	if (len > gt06_left(g))
		len = gt06_left(g);
	text = gt06_trim(base_rd_take(&g->rd, len));
	if (track_text_begins(text, "<ICCID:"))
		gt06_text(g, TRACK_ICCID,
			  track_text_head(track_text_tail(text, 7), 20));
	else
		gt06_text(g, TRACK_RESULT, text);
}

/* WD-209: what a battery's controller says. */
void gt06_bms(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_skip(g, 8); /* serial number */
	gt06_position(g)->time_ms = gt06_epoch(&g->rd);
	gt06_int(g, TRACK_RELATIVE_CAPACITY, base_rd_u8(&g->rd));
	gt06_int(g, TRACK_REMAINING_CAPACITY, base_rd_be16(&g->rd));
	gt06_int(g, TRACK_ABSOLUTE_CAPACITY, base_rd_u8(&g->rd));
	gt06_int(g, TRACK_FULL_CAPACITY, base_rd_be16(&g->rd));
	gt06_int(g, TRACK_BATTERY_HEALTH, base_rd_u8(&g->rd));
	gt06_real(g, TRACK_BATTERY_TEMP, base_rd_be16(&g->rd) / 10.0 - 273.1);
	gt06_int(g, TRACK_CURRENT, base_rd_be16(&g->rd));
	gt06_real(g, TRACK_BATTERY, base_rd_be16(&g->rd) / 1000.0);
	gt06_int(g, TRACK_CYCLE_INDEX, base_rd_be16(&g->rd));
	for (unsigned i = 1; i <= 14; i++)
		gt06_real(g, TRACK_N(TRACK_BATTERY_CELL, i),
			  base_rd_be16(&g->rd) / 1000.0);
	gt06_int(g, TRACK_CURRENT_CHARGE_INTERVAL, base_rd_be16(&g->rd));
	gt06_int(g, TRACK_MAX_CHARGE_INTERVAL, base_rd_be16(&g->rd));
	gt06_text_of(g, TRACK_BARCODE, 16);
	gt06_int(g, TRACK_BATTERY_VERSION, base_rd_be16(&g->rd));
	gt06_text_of(g, TRACK_MANUFACTURER, 16);
	gt06_number(g, TRACK_BATTERY_STATUS);
	gt06_number(g, TRACK_CONTROLLER_STATUS);
	gt06_number(g, TRACK_CONTROLLER_FAULT);
}

/* A time clock of a radio tag. */
void gt06_radio_clock(struct gt06 *g, unsigned how)
{
	(void)how;
	gt06_when(g, 0);
	gt06_int(g, TRACK_RSSI, (int8_t)base_rd_u8(&g->rd));
	gt06_hex(g, TRACK_N(TRACK_TAG_MAC, 1), base_rd_take(&g->rd, 6));
	gt06_hex(g, TRACK_N(TRACK_TAG_UUID, 1), base_rd_take(&g->rd, 16));
	gt06_int(g, TRACK_N(TRACK_TAG_MAJOR, 1), base_rd_be16(&g->rd));
	gt06_int(g, TRACK_N(TRACK_TAG_MINOR, 1), base_rd_be16(&g->rd));
	gt06_volts(g, TRACK_N(TRACK_TAG_BATTERY, 1));
	gt06_int(g, TRACK_CLOCK, base_rd_u8(&g->rd) >> 2 & 15);
}

/* Events of JC100 and JC400. */
static const struct gt06_alarm events[] = {
	{ 0x0e, TRACK_ALARM_LOW_POWER },
	{ 0x76, TRACK_ALARM_TEMPERATURE },
	{ 0x80, TRACK_ALARM_VIBRATION },
	{ 0x87, TRACK_ALARM_OVERSPEED },
	{ 0x88, TRACK_ALARM_POWER_CUT },
	{ 0x90, TRACK_ALARM_HARD_ACCELERATION },
	{ 0x91, TRACK_ALARM_HARD_BRAKING },
	{ 0x92, TRACK_ALARM_HARD_CORNERING },
	{ 0x93, TRACK_ALARM_ACCIDENT },
};

/* JC100 and JC400: with a fix (marked FFFF and a version by the latter) if it
 * is long enough; an event, and the names of recordings. */
void gt06_event(struct gt06 *g, unsigned how)
{
	const bool fix = gt06_left(g) > 9;
	struct base_rd ahead = g->rd;
	const bool marked = base_rd_be16(&ahead) == 0xffff;
	uint8_t code;

	(void)how;
	if (fix && marked)
		gt06_skip(g, 3);
	if (fix)
		gt06_gps(g, marked ? GT06_GPS_JC400 : GT06_GPS_SHORT);
	else
		gt06_when(g, 0);
	if (marked)
		gt06_real(g, TRACK_POWER, base_rd_be16(&g->rd) / 10.0);
	code = base_rd_u8(&g->rd);
	gt06_int(g, TRACK_EVENT, code);
	if (code == 1 && base_rd_ok(&g->rd))
		track_record_alarm(g->record,
				   fix ? TRACK_ALARM_SOS : TRACK_ALARM_GENERAL);
	gt06_alarm_of(g, events, WS_ARRAY_LEN(events), code);
	if (gt06_left(g) < 2)
		return;
	gt06_int(g, TRACK_EVENT_DATA, base_rd_be16(&g->rd));
	gt06_text_of(g, TRACK_EVENT_FILES, gt06_left(g));
}

/* A length with the server's four bytes, those, the text, the language. */
void gt06_read_server(struct gt06 *g)
{
	const bool address = g->head.type == 0x17 || g->head.type == 0x97;
	size_t len;

	if (g->head.type < 0x80 && !address)
		return;
	if (!gt06_left(g) || g->head.type == 0x8a)
		return;
	len = base_rd_u8(&g->rd);
	gt06_skip(g, 4);
	if (len < 4 || len - 4 > gt06_left(g))
		return;
	gt06_text_of(g, address ? TRACK_RESULT : TRACK_COMMAND, len - 4);
}
