/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gps103_body.c - what trackers of the gps103 family say
 *
 * The fields of a place stand in fixed order, but the later ones may be missing
 * anywhere, so each is known by its look, too. Speed is in knots. The clock's
 * zone is the difference between the date, which is local, and the UTC field;
 * without that field the date is in the zone of the configuration. Seconds of a
 * place are those of UTC, or 0.
 */
#include <math.h>
#include <string.h>

#include "track_gps103.h"
#include "track_gps103_internal.h"
#include "track_text.h"
#include "track_time.h"

#define KMH_PER_KNOT 1.852

static void start(struct base_rd *r, struct base_span s)
{
	base_rd_init(r, s.ptr, s.len);
}

/* An event's word, and what comes of it. */
struct event {
	const char *word;       /* a final * stands for a value */
	bool told;              /* as the attribute `event` */
	enum track_alarm alarm; /* TRACK_ALARM_MAX = none */
};

static const struct event events[] = {
	{ "tracker", false, TRACK_ALARM_MAX },
	{ "help me", false, TRACK_ALARM_SOS },
	{ "low battery", false, TRACK_ALARM_LOW_BATTERY },
	{ "stockade", false, TRACK_ALARM_GEOFENCE },
	{ "move", false, TRACK_ALARM_MOVEMENT },
	{ "speed", false, TRACK_ALARM_OVERSPEED },
	{ "door alarm", false, TRACK_ALARM_DOOR },
	{ "ac alarm", false, TRACK_ALARM_POWER_CUT },
	{ "accident alarm", false, TRACK_ALARM_ACCIDENT },
	{ "sensor alarm", false, TRACK_ALARM_VIBRATION },
	{ "bonnet alarm", false, TRACK_ALARM_BONNET },
	{ "footbrake alarm", false, TRACK_ALARM_FOOT_BRAKE },
	{ "collision", true, TRACK_ALARM_ACCIDENT },
	{ "brake*", true, TRACK_ALARM_HARD_BRAKING },
	{ "accelerate", true, TRACK_ALARM_HARD_ACCELERATION },
	{ "sharp turn", true, TRACK_ALARM_HARD_CORNERING },
	{ "acc on", false, TRACK_ALARM_MAX },
	{ "acc off", false, TRACK_ALARM_MAX },
	{ "oil*", false, TRACK_ALARM_FUEL_LEAK },
	{ "T:*", false, TRACK_ALARM_TEMPERATURE },
	{ "DTC*", false, TRACK_ALARM_FAULT },
	{ "vt*", false, TRACK_ALARM_MAX },
	{ "*", true, TRACK_ALARM_MAX },
};

static const struct event *find_event(struct base_span word)
{
	size_t i = 0;

	while (!track_text_fits(word, events[i].word))
		i++; /* the last row fits any */
	return &events[i];
}

/* Events with a value behind their word: what the value is. */
static const struct valued {
	const char *word;             /* also the keyword */
	track_key real, text, number; /* one of them; UINT32_MAX = it is not */
} valued[] = {
	{ "T:", TRACK_N(TRACK_TEMPERATURE, 1), UINT32_MAX, UINT32_MAX },
	{ "oil ", TRACK_FUEL, UINT32_MAX, UINT32_MAX },
	{ "DTC ", UINT32_MAX, TRACK_DTCS, UINT32_MAX },
	{ "service", UINT32_MAX, UINT32_MAX, UINT32_MAX },
	{ "vt", UINT32_MAX, UINT32_MAX, TRACK_PACKAGES },
};

/* Return: the keyword. */
static struct base_span add_value(struct track_record *record,
				  struct base_span word)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(valued); i++) {
		const struct valued *row = &valued[i];
		const size_t len = strlen(row->word);
		const struct base_span value = track_text_tail(word, len);
		double real;
		int64_t n;

		if (!track_text_begins(word, row->word))
			continue;
		if (row->real != UINT32_MAX && track_text_real(value, &real))
			track_record_real(record, row->real, real);
		if (row->text != UINT32_MAX)
			track_record_text(record, row->text, value);
		if (row->number != UINT32_MAX && track_text_int(value, &n))
			track_record_int(record, row->number, n);
		return track_text_trim(track_text_head(word, len));
	}
	return word;
}

/* "0809231929", "151030080103", "13/05/25 14:23" is a date. */
static bool read_date(struct base_span field, struct track_civil *c)
{
	uint8_t digits[12];
	struct base_rd r;
	size_t n = 0;

	start(&r, field);
	while (base_rd_left(&r)) {
		const uint8_t byte = base_rd_u8(&r);

		if (byte && strchr("/: ", byte))
			continue;
		if (n == sizeof(digits))
			return false;
		digits[n++] = byte;
	}
	return track_time_parse(c, n == sizeof(digits) ? "ymdHMS" : "ymdHM",
				(struct base_span){ digits, n });
}

/* Local date and time, and the same moment's time of day in UTC. Digits that
 * are no date, or none at all, count as zeros, as Traccar has it. */
static int64_t time_of(struct base_span date, struct base_span utc,
		       int zone_min)
{
	struct track_civil local = { 0 }, universal = { 0 };
	int ahead;

	if (!read_date(date, &local) && date.len && !track_text_digits(date))
		return TRACK_TIME_NONE;
	local.second = 0;
	if (!track_time_parse(&universal, "HMS", utc))
		return track_time_carry(&local, zone_min);
	ahead = (local.hour - universal.hour) * 60 + local.minute -
		universal.minute;
	if (ahead <= -12 * 60)
		ahead += 24 * 60;
	else if (ahead > 12 * 60)
		ahead -= 24 * 60;
	local.second = universal.second;
	return track_time_carry(&local, ahead);
}

/* The next field, without taking it. */
static struct base_span peek_field(const struct base_rd *r)
{
	struct base_rd ahead = *r;

	return track_text_field(&ahead, ',');
}

static bool is_letter(struct base_span field, const char *letters)
{
	return field.len == 1 && memchr(letters, field.ptr[0], 2);
}

/* "2234.4669,N", or the letter before the number, or none. */
static bool read_degrees(struct base_rd *r, const char *sides, double *degrees)
{
	struct base_span side = { NULL, 0 };

	if (is_letter(peek_field(r), sides))
		side = track_text_field(r, ',');
	if (!track_text_minutes(track_text_field(r, ','), degrees))
		return false;
	if (!peek_field(r).len || is_letter(peek_field(r), sides)) {
		const struct base_span behind = track_text_field(r, ',');

		if (behind.len)
			side = behind;
	}
	*degrees = track_text_side(*degrees, side);
	return true;
}

/* The fields behind the place, in order. */
enum slot {
	SLOT_SPEED,
	SLOT_COURSE,
	SLOT_ALTITUDE,
	SLOT_IGNITION,
	SLOT_DOOR,
	SLOT_FUEL,
	SLOT_FUEL2,
	SLOT_TEMPERATURE,
	SLOT_MAX
};

/* What they say: NAN = nothing. */
struct tail {
	double v[SLOT_MAX];
};

/* "12.34%", "12.3": other numbers are no fuel. */
static bool read_fuel(struct base_span field, double *v)
{
	size_t n = field.len;

	if (n && field.ptr[n - 1] == '%')
		n--;
	else if (!n || !memchr(field.ptr, '.', n))
		return false;
	return track_text_real(track_text_head(field, n), v);
}

/* Can the field stand in the slot? An empty one can in each. */
static bool fits(enum slot slot, struct base_span field, double *v)
{
	switch (slot) {
	case SLOT_SPEED:
	case SLOT_COURSE:
	case SLOT_ALTITUDE:
	case SLOT_TEMPERATURE:
		return !field.len || track_text_real(field, v);
	case SLOT_IGNITION:
	case SLOT_DOOR:
		return !field.len ||
		       (is_letter(field, "01") && track_text_real(field, v));
	case SLOT_FUEL:
		return !field.len || read_fuel(field, v);
	case SLOT_FUEL2: /* a whole number there is something else */
		return !field.len || track_text_digits(field) ||
		       read_fuel(field, v);
	case SLOT_MAX:
		break;
	}
	return false;
}

static void read_tail(struct base_rd *r, struct tail *tail)
{
	bool before = false;

	for (unsigned i = 0; i < SLOT_MAX; i++) {
		const enum slot slot = (enum slot)i;

		tail->v[i] = (double)NAN;
		/* the second fuel has a first one before it */
		before = base_rd_left(r) && (slot != SLOT_FUEL2 || before) &&
			 fits(slot, peek_field(r), &tail->v[i]);
		if (before)
			(void)track_text_field(r, ',');
	}
}

static void add_tail(struct track_record *record, const struct tail *tail)
{
	if (!isnan(tail->v[SLOT_IGNITION]))
		track_record_bool(record, TRACK_IGNITION,
				  tail->v[SLOT_IGNITION] > 0);
	if (!isnan(tail->v[SLOT_DOOR]))
		track_record_bool(record, TRACK_DOOR, tail->v[SLOT_DOOR] > 0);
	track_record_real(record, TRACK_N(TRACK_FUEL, 1), tail->v[SLOT_FUEL]);
	track_record_real(record, TRACK_N(TRACK_FUEL, 2), tail->v[SLOT_FUEL2]);
	track_record_real(record, TRACK_N(TRACK_TEMPERATURE, 1),
			  tail->v[SLOT_TEMPERATURE]);
}

/* Behind F and the UTC field. */
static bool add_fix(struct base_rd *r, int64_t time_ms,
		    struct track_record *record, struct tail *tail)
{
	const struct base_span validity = track_text_field(r, ',');
	struct track_position *to;
	double lat, lon;

	if (!is_letter(validity, "AV") || !read_degrees(r, "NS", &lat) ||
	    !read_degrees(r, "EW", &lon))
		return false;
	read_tail(r, tail);
	to = track_record_position(record);
	to->time_ms = time_ms;
	to->valid = is_letter(validity, "AA");
	to->lat = lat;
	to->lon = lon;
	to->speed = tail->v[SLOT_SPEED] * KMH_PER_KNOT;
	to->course = tail->v[SLOT_COURSE];
	to->altitude = tail->v[SLOT_ALTITUDE];
	return true;
}

/* Behind L and a field: the cell stands where the place would. */
static void add_cell(struct base_rd *r, int64_t time_ms,
		     struct track_record *record, struct tail *tail)
{
	struct track_cell cell = { .mcc = -1,
				   .mnc = -1,
				   .rssi = TRACK_RSSI_NONE };
	struct base_span lac, cid;
	uint64_t area, id;

	track_text_skip(r, ',', 1);
	lac = track_text_field(r, ',');
	track_text_skip(r, ',', 1);
	cid = track_text_field(r, ',');
	track_text_skip(r, ',', 1);
	read_tail(r, tail);
	if (lac.len > 8 || cid.len > 8 || !track_text_hex(lac, &area) ||
	    !track_text_hex(cid, &id)) {
		if (time_ms != TRACK_TIME_NONE)
			track_record_position(record)->time_ms = time_ms;
		return;
	}
	cell.lac = (int64_t)area;
	cell.cid = (int64_t)id;
	track_record_position(record)->time_ms = time_ms;
	track_record_cell(record, &cell);
}

/* EVENT,DATE,RFID,F|L,... */
static bool add_event(const struct gps103_body *body,
		      struct track_record *record)
{
	struct base_span word, date, rfid, utc, kind;
	const struct event *event;
	struct tail tail;
	struct base_rd r;
	struct track_civil told = { 0 };
	int64_t time_ms;

	start(&r, body->text);
	word = track_text_field(&r, ',');
	date = track_text_field(&r, ',');
	rfid = track_text_field(&r, ',');
	kind = track_text_field(&r, ',');
	utc = track_text_field(&r, ',');
	/* a clock that was never set tells nothing without a fix */
	time_ms = track_text_is(kind, "F") ||
				  (read_date(date, &told) && told.month)
			  ? time_of(date, utc, body->zone_min)
			  : TRACK_TIME_NONE;
	for (unsigned i = 0; i < SLOT_MAX; i++)
		tail.v[i] = (double)NAN;
	if (track_text_is(kind, "F"))
		(void)add_fix(&r, time_ms, record, &tail);
	else if (track_text_is(kind, "L"))
		add_cell(&r, time_ms, record, &tail);
	event = find_event(word);
	if (event->alarm != TRACK_ALARM_MAX)
		track_record_alarm(record, event->alarm);
	if (event->told)
		track_record_text(record, TRACK_EVENT, word);
	if (isnan(tail.v[SLOT_IGNITION]) && track_text_begins(word, "acc o"))
		tail.v[SLOT_IGNITION] = track_text_is(word, "acc on");
	add_tail(record, &tail);
	if (track_text_is(word, "rfid"))
		track_record_text(record, TRACK_DRIVER, rfid);
	track_record_keyword(record, add_value(record, word));
	return true;
}

static void add_number(struct track_record *record, track_key key,
		       struct base_span field)
{
	int64_t v;

	if (track_text_int(field, &v))
		track_record_int(record, key, v);
}

static void add_real(struct track_record *record, track_key key,
		     struct base_span field)
{
	double v;

	if (field.len && field.ptr[field.len - 1] == '%')
		field.len--;
	if (track_text_real(field, &v))
		track_record_real(record, key, v);
}

/* "P0137,P0430,,": the codes with blanks between. */
static void add_codes(struct track_record *record, struct base_span codes)
{
	uint8_t *to;

	while (codes.len && codes.ptr[codes.len - 1] == ',')
		codes.len--;
	to = codes.len ? track_record_room(record, codes.len) : NULL;
	if (!to)
		return;
	for (size_t i = 0; i < codes.len; i++)
		to[i] = codes.ptr[i] == ',' ? ' ' : codes.ptr[i];
	track_record_text(record, TRACK_DTCS,
			  track_text_trim((struct base_span){ to, codes.len }));
}

/* OBD,DATE,odometer,fuel now,fuel on average,hours,speed,load,temperature of
 * the coolant,throttle,rpm,volts,codes */
static bool add_obd(const struct gps103_body *body, struct track_record *record)
{
	struct track_civil c = { 0 };
	struct base_rd r;
	int64_t hours;

	start(&r, body->text);
	if (!track_text_is(track_text_field(&r, ','), "OBD"))
		return false;
	track_record_keyword(record, TRACK_SPAN("OBD"));
	if (read_date(track_text_field(&r, ','), &c))
		track_record_position(record)->time_ms =
			track_time_carry(&c, body->zone_min);
	add_number(record, TRACK_ODOMETER, track_text_field(&r, ','));
	track_text_skip(&r, ',', 1);
	add_real(record, TRACK_FUEL_CONSUMPTION, track_text_field(&r, ','));
	if (track_text_int(track_text_head(track_text_field(&r, ','), 9),
			   &hours))
		track_record_int(record, TRACK_HOURS, hours * 3600 * 1000);
	add_number(record, TRACK_OBD_SPEED, track_text_field(&r, ','));
	add_real(record, TRACK_ENGINE_LOAD, track_text_field(&r, ','));
	add_number(record, TRACK_COOLANT_TEMP, track_text_field(&r, ','));
	add_real(record, TRACK_THROTTLE, track_text_field(&r, ','));
	add_number(record, TRACK_RPM, track_text_field(&r, ','));
	add_real(record, TRACK_BATTERY, track_text_field(&r, ','));
	add_codes(record, base_rd_take(&r, base_rd_left(&r)));
	return true;
}

/* vr,PICTURE: hexadecimal digits of the part's number and its length, low byte
 * first, of the JPEG's bytes, and of a checksum. */
static bool add_picture(const struct gps103_body *body,
			struct track_record *record)
{
	struct base_rd r;
	uint32_t part;

	start(&r, body->text);
	if (!track_text_is(track_text_field(&r, ','), "vr"))
		return false;
	track_record_keyword(record, TRACK_SPAN("vr"));
	part = base_rd_hex(&r, 2);
	part |= base_rd_hex(&r, 2) << 8;
	if (base_rd_ok(&r))
		track_record_int(record, TRACK_PACKAGE, part);
	return true;
}

/* "---" stands for nothing. */
static void add_word(struct track_record *record, track_key key,
		     struct base_span field)
{
	struct base_rd r;

	start(&r, field);
	(void)track_text_run(&r, "-", SIZE_MAX);
	if (base_rd_left(&r))
		track_record_text(record, key, field);
}

/* NAME,event,sensor,volts of the sensor,hhmmss,ddmmyy,signal,fix,latitude,
 * longitude,km/h,course,altitude,hdop,satellites,ignition,charge,error */
static bool add_star(const struct gps103_body *body,
		     struct track_record *record)
{
	struct base_span event, sensor, volts;
	struct track_civil c = { 0 };
	struct track_position *to;
	struct base_rd r;
	int64_t v;

	start(&r, body->text);
	track_text_skip(&r, ',', 1);
	event = track_text_field(&r, ',');
	sensor = track_text_field(&r, ',');
	volts = track_text_field(&r, ',');
	if (!body->star ||
	    !track_time_parse(&c, "HMS", track_text_field(&r, ',')) ||
	    !track_time_parse(&c, "dmy", track_text_field(&r, ',')))
		return false;
	track_record_keyword(record, event);
	to = track_record_position(record);
	to->time_ms = track_time_carry(&c, body->zone_min);
	add_word(record, TRACK_EVENT, event);
	add_word(record, TRACK_SENSOR_ID, sensor);
	add_real(record, TRACK_SENSOR_VOLTAGE, volts);
	add_number(record, TRACK_RSSI, track_text_field(&r, ','));
	to->valid = track_text_int(track_text_field(&r, ','), &v) && v > 0;
	(void)track_text_real(track_text_field(&r, ','), &to->lat);
	(void)track_text_real(track_text_field(&r, ','), &to->lon);
	(void)track_text_real(track_text_field(&r, ','), &to->speed);
	(void)track_text_real(track_text_field(&r, ','), &to->course);
	(void)track_text_real(track_text_field(&r, ','), &to->altitude);
	add_real(record, TRACK_HDOP, track_text_field(&r, ','));
	if (track_text_int(track_text_head(track_text_field(&r, ','), 3), &v))
		to->satellites = (int)v;
	if (track_text_int(track_text_field(&r, ','), &v))
		track_record_bool(record, TRACK_IGNITION, v > 0);
	if (track_text_int(track_text_field(&r, ','), &v))
		track_record_bool(record, TRACK_CHARGE, v > 0);
	add_word(record, TRACK_ERROR, track_text_field(&r, ','));
	return true;
}

void track_gps103_body(const struct gps103_body *body,
		       struct track_record *record)
{
	static bool (*const readers[])(const struct gps103_body *body,
				       struct track_record *record) = {
		add_picture,
		add_obd,
		add_star,
		add_event,
	};
	struct base_span keyword;
	size_t i = 0;

	while (!readers[i](body, record))
		i++; /* the last one reads any */
	keyword = (struct base_span){ (const uint8_t *)record->keyword,
				      strlen(record->keyword) };
	record->type = track_keyword_type(&track_gps103, BASE_CLIENT, keyword);
	if (record->type == TRACK_TYPE_UNKNOWN && record->n_positions)
		record->type = TRACK_TYPE_POSITION;
}
