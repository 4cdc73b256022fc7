/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch_content.c - what messages of the watch family say
 *
 * Content is a keyword, and fields after commas. Makers do not agree on the
 * case of letters, so a keyword is looked up in capitals.
 *
 * Voice and pictures are bytes in the place of the last field. Five of them
 * would end it or the message, and are sent as two:
 *
 *   7d 01  7d `}`      7d 04  2c `,`
 *   7d 02  5b `[`      7d 05  2a `*`
 *   7d 03  5d `]`
 */
#include "track_watch_internal.h"

#include <math.h>
#include <string.h>

#include "track_text.h"
#include "track_time.h"

/* A message while its fields are read. */
struct content {
	struct base_rd fields; /* what of them is left */
	int zone_min;          /* of its times */
	struct track_record *record;
};

static struct base_span next(struct content *c)
{
	return track_text_field(&c->fields, ',');
}

static bool next_int(struct content *c, int64_t *v)
{
	return track_text_int(next(c), v);
}

/* NAN: no number. */
static double next_real(struct content *c)
{
	double v;

	return track_text_real(next(c), &v) ? v : (double)NAN;
}

static void next_as_int(struct content *c, track_key key)
{
	int64_t v;

	if (next_int(c, &v))
		track_record_int(c->record, key, v);
}

static struct base_span rest(struct content *c)
{
	return base_rd_take(&c->fields, base_rd_left(&c->fields));
}

struct status_bit {
	uint8_t bit;
	enum track_alarm alarm;
};

/* Traccar, and "Communication protocol" of Shenzhen Sanjitongchuang. */
static const struct status_bit status_bits[] = {
	{ 0, TRACK_ALARM_LOW_BATTERY },    { 1, TRACK_ALARM_GEOFENCE_EXIT },
	{ 2, TRACK_ALARM_GEOFENCE_ENTER }, { 14, TRACK_ALARM_POWER_CUT },
	{ 16, TRACK_ALARM_SOS },           { 17, TRACK_ALARM_LOW_BATTERY },
	{ 18, TRACK_ALARM_GEOFENCE_EXIT }, { 19, TRACK_ALARM_GEOFENCE_ENTER },
	{ 20, TRACK_ALARM_REMOVING },      { 21, TRACK_ALARM_FALL_DOWN },
	{ 22, TRACK_ALARM_FALL_DOWN },
};
#define STATUS_MOVES (1U << 4)

static void read_status(struct content *c)
{
	uint64_t bits;

	if (!track_text_hex(next(c), &bits))
		return;
	track_record_int(c->record, TRACK_STATUS, (int64_t)(bits & INT64_MAX));
	if (bits & STATUS_MOVES)
		track_record_bool(c->record, TRACK_MOTION, true);
	for (size_t i = 0; i < WS_ARRAY_LEN(status_bits); i++) {
		if (bits >> status_bits[i].bit & 1)
			track_record_alarm(c->record, status_bits[i].alarm);
	}
}

/* A number of a cell: makers write it in either system. */
static bool cell_number(struct base_span s, bool hex, int64_t *v)
{
	uint64_t u;

	if (!hex)
		return track_text_int(s, v);
	if (!track_text_hex(s, &u) || u > UINT32_MAX)
		return false;
	*v = (int64_t)u;
	return true;
}

/* Is one of the next n cells written in hexadecimal digits? */
static bool cells_are_hex(struct content c, int64_t n)
{
	bool hex = false;
	int64_t v;

	for (; n > 0 && base_rd_left(&c.fields); n--) {
		for (int i = 0; i < 2; i++) {
			const struct base_span s = track_text_trim(next(&c));

			hex |= !track_text_int(s, &v) &&
			       track_text_hex_digits(s);
		}
		(void)next(&c);
	}
	return hex;
}

/* The number of cells, then timing advance, country and network, then area,
 * cell and level for each; with no cell, the number alone. */
static void read_cells(struct content *c)
{
	int64_t n, mcc = -1, mnc = -1, level;
	bool known, hex;

	if (!next_int(c, &n) || n <= 0)
		return;
	(void)next(c);
	known = next_int(c, &mcc) && mcc >= 0 && mcc <= 999;
	known = next_int(c, &mnc) && mnc >= 0 && mnc <= 999 && known;
	hex = cells_are_hex(*c, n);
	for (; n > 0 && base_rd_left(&c->fields); n--) {
		struct track_cell cell = { .mcc = (int32_t)mcc,
					   .mnc = (int32_t)mnc };
		const struct base_span lac = next(c), cid = next(c);

		cell.rssi = next_int(c, &level) && level > -1000 && level < 1000
				    ? (int32_t)level
				    : TRACK_RSSI_NONE;
		if (known && cell_number(lac, hex, &cell.lac) &&
		    cell_number(cid, hex, &cell.cid))
			track_record_cell(c->record, &cell);
	}
}

static bool is_mac(struct base_span s)
{
	struct base_rd r;

	if (s.len != 17)
		return false;
	base_rd_init(&r, s.ptr, s.len);
	for (int i = 0; i < 6; i++) {
		(void)base_rd_hex(&r, 2);
		if (i < 5)
			base_rd_expect(&r, ':');
	}
	return base_rd_ok(&r);
}

/*
 * The number of access points, then name, address and level for each, then the
 * accuracy. A name may hold commas and say anything, so what is found by is an
 * address before a number, not the count.
 */
static void read_wifi(struct content *c, struct track_position *p)
{
	bool sure = track_text_is(next(c), "0");
	struct base_span last = { NULL, 0 };
	int behind = 0; /* fields behind the last access point */
	double accuracy;

	while (base_rd_left(&c->fields)) {
		struct content ahead;
		int64_t level;

		last = next(c);
		behind++;
		ahead = *c;
		if (!is_mac(last) || !next_int(&ahead, &level) ||
		    level < -1000 || level > 1000)
			continue;
		*c = ahead;
		track_record_wifi(c->record, last, (int32_t)level);
		behind = 0;
		sure = true;
	}
	/* 0 is how they say that they do not know it */
	if (sure && behind == 1 && track_text_real(last, &accuracy) &&
	    accuracy > 0)
		p->accuracy = accuracy;
}

/* South and west are negative, and so is what has a sign. */
static double next_place(struct content *c)
{
	const double degrees = next_real(c);
	const struct base_span side = next(c);

	return fmin(degrees, track_text_side(degrees, side));
}

static void read_position(struct content *c)
{
	struct track_civil when = { 0 };
	struct track_position *p;
	struct base_span fix;
	int64_t n;

	if (!track_time_parse(&when, "dmy", next(c)) ||
	    !track_time_parse(&when, "HMS", next(c)))
		return;
	fix = track_text_trim(next(c));
	p = track_record_position(c->record);
	p->time_ms = track_time_carry(&when, c->zone_min);
	p->valid = track_text_is(fix, "A");
	p->lat = next_place(c);
	p->lon = next_place(c);
	p->speed = next_real(c);
	p->course = next_real(c);
	p->altitude = next_real(c);
	if (next_int(c, &n) && n >= 0 && n < 256)
		p->satellites = (int)n;
	next_as_int(c, TRACK_RSSI);
	next_as_int(c, TRACK_BATTERY_LEVEL);
	next_as_int(c, TRACK_STEPS);
	next_as_int(c, TRACK_TUMBLES);
	read_status(c);
	read_cells(c);
	read_wifi(c, p);
}

/* The weather is asked for with a place, or without. */
static void read_weather(struct content *c)
{
	read_position(c);
	if (!c->record->n_positions)
		c->record->type = TRACK_TYPE_COMMAND;
}

/* All three of them, or none. */
static void read_link(struct content *c)
{
	struct base_rd ahead = c->fields;

	track_text_skip(&ahead, ',', 2);
	if (!base_rd_left(&ahead))
		return;
	next_as_int(c, TRACK_STEPS);
	next_as_int(c, TRACK_TUMBLES);
	next_as_int(c, TRACK_BATTERY_LEVEL);
}

static void read_heart(struct content *c)
{
	next_as_int(c, TRACK_HEART_RATE);
}

static void read_blood(struct content *c)
{
	next_as_int(c, TRACK_PRESSURE_HIGH);
	next_as_int(c, TRACK_PRESSURE_LOW);
	read_heart(c);
}

/* A flag is before the value, or is left out. Return: the value. */
static double behind_flag(struct content *c)
{
	const double first = next_real(c);
	const double second = next_real(c);

	if (isnan(second) || first > 1)
		return first;
	return second;
}

static void read_oxygen(struct content *c)
{
	const double v = behind_flag(c);

	if (v >= 0 && v <= 100)
		track_record_int(c->record, TRACK_BLOOD_OXYGEN, lround(v));
}

static void read_temperature(struct content *c)
{
	track_record_real(c->record, TRACK_N(TRACK_TEMPERATURE, 1),
			  behind_flag(c));
}

/* ... with a flag that says whether it was measured. */
static void read_body_temperature(struct content *c)
{
	int64_t measured;

	if (next_int(c, &measured) && measured > 0)
		track_record_real(c->record, TRACK_N(TRACK_TEMPERATURE, 1),
				  next_real(c));
}

/* Bytes as they were before they were escaped, in the record. */
static struct base_span unescaped(struct base_span wire,
				  struct track_record *record)
{
	static const uint8_t meant[] = { '}', '[', ']', ',', '*' };
	uint8_t *to = track_record_room(record, wire.len);
	struct base_rd r;
	size_t n = 0;

	if (!to)
		return (struct base_span){ NULL, 0 };
	base_rd_init(&r, wire.ptr, wire.len);
	while (base_rd_left(&r)) {
		const uint8_t byte = base_rd_u8(&r);
		const int code = base_rd_peek(&r);

		if (byte == 0x7d && code >= 1 && code <= 5)
			to[n++] = meant[base_rd_u8(&r) - 1];
		else
			to[n++] = byte;
	}
	return (struct base_span){ to, n };
}

static void read_bytes(struct content *c, track_key key)
{
	track_record_hex(c->record, key, unescaped(rest(c), c->record));
}

/* A single digit says how the voice of the other side arrived. */
static void read_voice(struct content *c)
{
	if (base_rd_left(&c->fields) > 1) {
		read_bytes(c, TRACK_AUDIO);
		return;
	}
	c->record->type = TRACK_TYPE_REPLY;
	track_record_text(c->record, TRACK_RESULT, rest(c));
}

/* Two fields, the number of this part, that of all parts, the part. */
static void read_voice_part(struct content *c)
{
	track_text_skip(&c->fields, ',', 2);
	next_as_int(c, TRACK_PACKAGE);
	next_as_int(c, TRACK_PACKAGES);
	read_bytes(c, TRACK_AUDIO);
}

/* What asked for it, yymmddHHMMSS, the picture. */
static void read_picture(struct content *c)
{
	next_as_int(c, TRACK_TYPE);
	(void)next(c);
	read_bytes(c, TRACK_IMAGE);
}

static void read_version(struct content *c)
{
	track_record_text(c->record, TRACK_VERSION_FW, rest(c));
}

static void read_sim(struct content *c)
{
	static const track_key keys[] = { TRACK_ICCID, TRACK_IMEI, TRACK_IMSI };

	for (size_t i = 0; i < WS_ARRAY_LEN(keys); i++)
		track_record_text(c->record, keys[i], track_text_trim(next(c)));
}

static void read_imei(struct content *c)
{
	track_record_text(c->record, TRACK_IMEI, track_text_trim(next(c)));
}

/* name:value, parted by semicolons and line ends. */
static void read_state(struct content *c)
{
	while (base_rd_left(&c->fields)) {
		struct base_span pair =
			track_text_trim(track_text_field(&c->fields, ';'));
		struct base_span name;
		struct base_rd r;
		int64_t v;

		base_rd_init(&r, pair.ptr, pair.len);
		name = track_text_field(&r, ':');
		pair = track_text_trim(base_rd_take(&r, base_rd_left(&r)));
		if (track_text_is(name, "ver"))
			track_record_text(c->record, TRACK_VERSION_FW, pair);
		else if (track_text_is(name, "imei"))
			track_record_text(c->record, TRACK_IMEI, pair);
		else if ((track_text_is(name, "bat level") ||
			  track_text_is(name, "batlevel")) &&
			 track_text_int(pair, &v))
			track_record_int(c->record, TRACK_BATTERY_LEVEL, v);
	}
}

/* A confirmation: the keyword, and perhaps how it went. */
static void read_result(struct content *c)
{
	if (c->record->type == TRACK_TYPE_REPLY)
		track_record_text(c->record, TRACK_RESULT, rest(c));
}

struct reader {
	const char *name; /* a final * stands for any ending */
	unsigned from;
	void (*read)(struct content *c);
};

/* The first row that fits counts. */
static const struct reader readers[] = {
	{ "UD*", TRACK_FROM_CLIENT, read_position },
	{ "AL*", TRACK_FROM_CLIENT, read_position },
	{ "WT*", TRACK_FROM_CLIENT, read_weather },
	{ "LK", TRACK_FROM_CLIENT, read_link },
	{ "HEART", TRACK_FROM_CLIENT, read_heart },
	{ "HR", TRACK_FROM_CLIENT, read_heart },
	{ "PULSE", TRACK_FROM_CLIENT, read_heart },
	{ "BLOOD", TRACK_FROM_CLIENT, read_blood },
	{ "BPHRT", TRACK_FROM_CLIENT, read_blood },
	{ "OXYGEN", TRACK_FROM_CLIENT, read_oxygen },
	{ "TEMP", TRACK_FROM_CLIENT, read_temperature },
	{ "BTEMP2", TRACK_FROM_CLIENT, read_body_temperature },
	{ "TK", TRACK_FROM_BOTH, read_voice },
	{ "TK2", TRACK_FROM_BOTH, read_voice },
	{ "JXTK", TRACK_FROM_CLIENT, read_voice_part },
	{ "IMG", TRACK_FROM_CLIENT, read_picture },
	{ "VERNO", TRACK_FROM_CLIENT, read_version },
	{ "ICCID", TRACK_FROM_CLIENT, read_sim },
	{ "CCID", TRACK_FROM_CLIENT, read_sim },
	{ "GS1", TRACK_FROM_CLIENT, read_cells },
	{ "RYIMEI", TRACK_FROM_CLIENT, read_imei },
	{ "TS", TRACK_FROM_CLIENT, read_state },
	{ "*", TRACK_FROM_CLIENT, read_result },
};

/* Long enough for all names above and below. */
#define NAME_LEN 16

void track_watch_content(const struct track_message *m,
			 struct base_span content, int zone_min,
			 struct track_record *record)
{
	struct content c = { .zone_min = zone_min, .record = record };
	uint8_t buf[NAME_LEN];
	struct base_span keyword;

	base_rd_init(&c.fields, content.ptr, content.len);
	keyword = next(&c);
	track_record_keyword(record, keyword);
	keyword = track_text_capitals(keyword, buf, sizeof(buf));
	record->type = track_keyword_type(m->protocol, m->direction, keyword);
	for (size_t i = 0; i < WS_ARRAY_LEN(readers); i++) {
		if (readers[i].from & 1U << m->direction &&
		    track_text_fits(keyword, readers[i].name)) {
			readers[i].read(&c);
			return;
		}
	}
}

/* The tracker confirms a command with its keyword. */
#define COMMAND(name, what)                                                  \
	{ name, TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, what },               \
	{                                                                    \
		name, TRACK_FROM_CLIENT, TRACK_TYPE_REPLY, "confirms: " what \
	}

/* The server answers with the keyword of what it answers. */
#define ANSWERED(name, type, what)                                          \
	{ name, TRACK_FROM_CLIENT, type, what },                            \
	{                                                                   \
		name, TRACK_FROM_SERVER, TRACK_TYPE_REPLY, "answers: " what \
	}

/* In capitals; trackers and servers use either case. */
const struct track_keyword track_watch_keywords[] = {
	ANSWERED("LK", TRACK_TYPE_HEARTBEAT,
		 "link: steps, rolls in sleep, battery"),
	ANSWERED("INIT", TRACK_TYPE_LOGIN, "first message of a connection"),
	ANSWERED("UD*", TRACK_TYPE_POSITION,
		 "position; UD2: kept and sent later"),
	ANSWERED("AL*", TRACK_TYPE_ALARM, "alarm, with the position"),
	ANSWERED("WT*", TRACK_TYPE_POSITION,
		 "weather, for the position if there is one"),
	{ "JXTKR", TRACK_FROM_SERVER, TRACK_TYPE_REPLY,
	  "answers: voice in parts" },
	ANSWERED("JXTK", TRACK_TYPE_MEDIA, "voice in parts"),
	{ "TK", TRACK_FROM_BOTH, TRACK_TYPE_MEDIA,
	  "voice; with 0 or 1 alone: whether it arrived" },
	{ "TK2", TRACK_FROM_BOTH, TRACK_TYPE_MEDIA, "voice, as TK" },
	ANSWERED("IMG", TRACK_TYPE_MEDIA, "picture"),
	ANSWERED("TKQ", TRACK_TYPE_COMMAND, "is there voice to fetch?"),
	ANSWERED("TKQ2", TRACK_TYPE_COMMAND, "is there voice to fetch?"),
	{ "SOSQ", TRACK_FROM_CLIENT, TRACK_TYPE_COMMAND,
	  "asks for the numbers of SOS" },
	{ "REMINDQ", TRACK_FROM_CLIENT, TRACK_TYPE_COMMAND,
	  "asks for the alarm clock" },
	{ "PHLQ", TRACK_FROM_CLIENT, TRACK_TYPE_COMMAND,
	  "asks for the phone book" },
	ANSWERED("TIME", TRACK_TYPE_COMMAND, "what time is it?"),
	ANSWERED("HEART", TRACK_TYPE_STATUS, "heart rate"),
	ANSWERED("HR", TRACK_TYPE_STATUS, "heart rate"),
	ANSWERED("PULSE", TRACK_TYPE_STATUS, "heart rate"),
	ANSWERED("BLOOD", TRACK_TYPE_STATUS, "blood pressure"),
	ANSWERED("BPHRT", TRACK_TYPE_STATUS, "blood pressure and heart rate"),
	ANSWERED("OXYGEN", TRACK_TYPE_STATUS, "oxygen in the blood"),
	ANSWERED("TEMP", TRACK_TYPE_STATUS, "temperature"),
	ANSWERED("BTEMP2", TRACK_TYPE_STATUS, "temperature of the body"),
	ANSWERED("ICCID", TRACK_TYPE_STATUS, "numbers of SIM and tracker"),
	{ "CCID", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS, "number of the SIM" },
	{ "GS1", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION, "cells in sight" },
	ANSWERED("RYIMEI", TRACK_TYPE_STATUS, "number of the tracker"),
	ANSWERED("CONFIG", TRACK_TYPE_STATUS, "settings of the tracker"),
	ANSWERED("CALLLOG", TRACK_TYPE_STATUS, "a call that was made"),
	{ "TS", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "asks for the state" },
	{ "TS", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS, "state of the tracker" },
	{ "ANY", TRACK_FROM_CLIENT, TRACK_TYPE_REPLY,
	  "confirms: hours of counting" },
	COMMAND("CR", "say where you are, now"),
	COMMAND("UPLOAD", "seconds between positions"),
	COMMAND("WORKTIME", "hours of work"),
	COMMAND("WORK", "hours of work"),
	COMMAND("LZ", "language and time zone"),
	COMMAND("IP", "address and port of the server"),
	COMMAND("APN", "access point of the mobile network"),
	COMMAND("RESET", "start again"),
	COMMAND("POWEROFF", "switch off"),
	COMMAND("FACTORY", "back to the settings of the factory"),
	COMMAND("PW", "password"),
	COMMAND("FIND", "ring, to be found"),
	COMMAND("MESSAGE", "text to show, UTF-16 in hexadecimal digits"),
	COMMAND("SMS", "send a short message"),
	COMMAND("CALL", "call a number"),
	COMMAND("ACALL", "answer calls without being asked"),
	COMMAND("MONITOR", "call back, to be listened to"),
	COMMAND("CENTER", "number of the centre"),
	COMMAND("SLAVE", "number of the centre's assistant"),
	COMMAND("SOS", "numbers for SOS"),
	COMMAND("SOS1", "first number for SOS"),
	COMMAND("SOS2", "second number for SOS"),
	COMMAND("SOS3", "third number for SOS"),
	COMMAND("PHB", "phone book, first half"),
	COMMAND("PHB2", "phone book, second half"),
	COMMAND("PHL", "phone book and list of allowed numbers"),
	COMMAND("WHITELIST1", "allowed numbers, first half"),
	COMMAND("WHITELIST2", "allowed numbers, second half"),
	COMMAND("RCAPTURE", "take a picture"),
	COMMAND("RECORD", "record sound"),
	COMMAND("REMIND", "alarm clock"),
	COMMAND("SILENCETIME", "hours of silence"),
	COMMAND("WALKTIME", "hours in which steps are counted"),
	COMMAND("SLEEPTIME", "hours in which rolls in sleep are counted"),
	COMMAND("BOOTOFF", "hours of switching on and off"),
	COMMAND("PEDO", "count steps, or do not"),
	COMMAND("HRTSTART", "measure the heart rate"),
	COMMAND("FALLDOWN", "alarm on a fall, on or off"),
	COMMAND("SOSSMS", "short message on SOS, on or off"),
	COMMAND("LOWBAT", "short message on low battery, on or off"),
	COMMAND("REMOVE", "alarm on removal, on or off"),
	COMMAND("REMOVESMS", "short message on removal, on or off"),
	COMMAND("SMSONOFF", "short messages, on or off"),
	COMMAND("TKONOFF", "voice, on or off"),
	COMMAND("PHBONOFF", "phone book, on or off"),
	COMMAND("MAKEFRIEND", "make friends with a watch near by"),
	COMMAND("PROFILE", "ring, shake or be silent"),
	COMMAND("FLOWER", "number of rewards to show"),
	COMMAND("BT", "Bluetooth, on or off"),
	COMMAND("BTNAME", "name in Bluetooth"),
	COMMAND("BIGTIME", "show the time in large digits"),
	COMMAND("WIFI", "Wi-Fi, on or off"),
	COMMAND("VERNO", "version of the firmware"),
	COMMAND("ZONE", "time zone"),
	COMMAND("TIMECALI", "set the clock"),
	COMMAND("DEBUGCLOSE", "stop telling a second server"),
	COMMAND("DEBUG", "tell a second server"),
	{ NULL, 0, TRACK_TYPE_UNKNOWN, NULL },
};
