/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_xexun.c - Xexun TK102, TK103 and their likes
 *
 * Theory of operation
 *
 * A message begins with a start: the sentence's name, or clock and phone number
 * before it or before an empty field. It has to get to its `imei:` within
 * FRONT_MAX bytes of text, or it was torn, and is skipped up to the next bytes
 * that may be a start.
 *
 *   short form   ends with the comma behind the number
 *   full form    goes on to the end of the line, which is no part of it, to a
 *                start, to silence, or to the end of all
 *
 * The bytes of a start are looked at again until it is complete; it is short.
 * The rest is scanned once.
 */
#include "track_xexun.h"

#include <math.h>
#include <string.h>

#include "track_frame.h"
#include "track_sum.h"
#include "track_text.h"
#include "track_time.h"

#define CLOCK_MAX  12  /* digits: yymmddHHMMSS */
#define PHONE_MAX  24  /* bytes */
#define STATUS_MAX 24  /* bytes */
#define FRONT_MAX  320 /* to the end of the number behind imei: */
#define TAIL_MAX   256 /* behind it */
#define FRAME_MAX  1024

struct start {
	bool full; /* with clock and phone number */
	bool fix;  /* with a sentence */
	size_t sentence;
	size_t len; /* to the comma behind the sentence's name, or behind F */
};

static bool is_printable(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a number, or of a name that stands for it. */
static bool is_phone(uint8_t c)
{
	return is_digit(c) || is_letter(c) || (c && strchr("+-_.#*& ()/'", c));
}

/* The bytes from `from` on. */
static struct base_span tail(struct base_span bytes, size_t from)
{
	return track_text_tail(bytes, from);
}

/* Takes the word where ? stands for any of `any`. */
static enum track_probe match_word(struct base_rd *r, const char *word,
				   const char *any)
{
	struct base_rd ahead = *r;

	for (; *word; word++) {
		const int c = base_rd_peek(&ahead);

		if (c < 0)
			return TRACK_PROBE_MAYBE;
		if (*word == '?' ? !strchr(any, c) : c != *word)
			return TRACK_PROBE_NO;
		(void)base_rd_u8(&ahead);
	}
	*r = ahead;
	return TRACK_PROBE_YES;
}

/* Takes a field of at most `max` such bytes, and the comma behind it. */
static enum track_probe match_field(struct base_rd *r, bool (*belongs)(uint8_t),
				    size_t max)
{
	for (size_t n = 0; n <= max; n++) {
		const int c = base_rd_peek(r);

		if (c < 0)
			return TRACK_PROBE_MAYBE;
		(void)base_rd_u8(r);
		if (c == ',')
			return TRACK_PROBE_YES;
		if (!belongs((uint8_t)c))
			return TRACK_PROBE_NO;
	}
	return TRACK_PROBE_NO;
}

static enum track_probe match_start(struct base_span bytes, struct start *start)
{
	struct start s = { .fix = true };
	struct base_rd r;
	enum track_probe m;

	base_rd_init(&r, bytes.ptr, bytes.len);
	if (!bytes.len)
		return TRACK_PROBE_NO;
	m = match_word(&r, "G?RMC,", "PN");
	if (m == TRACK_PROBE_NO) {
		s.full = true;
		m = match_field(&r, is_digit, CLOCK_MAX);
		if (m == TRACK_PROBE_YES)
			m = match_field(&r, is_phone, PHONE_MAX);
		if (m != TRACK_PROBE_YES)
			return m;
		s.sentence = bytes.len - base_rd_left(&r);
		m = match_word(&r, "G?RMC,", "PN");
	}
	if (m == TRACK_PROBE_NO) {
		s.fix = false;
		m = match_word(&r, ",?,", "FL");
	}
	s.len = bytes.len - base_rd_left(&r);
	*start = s;
	return m;
}

/* Up to the star, the checksum, perhaps a line end, and the signal. */
static enum track_probe match_sentence(struct base_rd *r)
{
	static const char hex[] = "0123456789ABCDEFabcdef";
	int c;

	while ((c = base_rd_peek(r)) != '*') {
		if (c < 0)
			return TRACK_PROBE_MAYBE;
		if (!is_printable((uint8_t)c))
			return TRACK_PROBE_NO;
		(void)base_rd_u8(r);
	}
	for (int i = 0; i < 3; i++) {
		static const char *const words[] = { "*", "?", "?" };
		const enum track_probe m = match_word(r, words[i], hex);

		if (m != TRACK_PROBE_YES)
			return m;
	}
	if (base_rd_peek(r) == '\r')
		(void)base_rd_u8(r);
	if (base_rd_peek(r) == '\n')
		(void)base_rd_u8(r);
	return match_word(r, ",?,", "FL");
}

static enum track_probe xexun_probe(struct base_span bytes,
				    enum base_direction direction)
{
	struct start start;
	struct base_rd r;
	enum track_probe m = TRACK_PROBE_NO;

	if (direction == BASE_CLIENT)
		m = match_start(bytes, &start);
	if (m != TRACK_PROBE_YES)
		return m;
	base_rd_init(&r, bytes.ptr + start.len, bytes.len - start.len);
	if (start.fix)
		return match_sentence(&r);
	m = match_field(&r, is_printable, STATUS_MAX);
	if (m == TRACK_PROBE_YES && base_rd_peek(&r) == ' ')
		(void)base_rd_u8(&r);
	if (m == TRACK_PROBE_YES)
		m = match_word(&r, "imei:?", "0123456789");
	return m;
}

/* A message, or what its frame holds of it, in pieces. */
struct parts {
	struct start start;
	struct base_span phone;
	struct base_span sentence; /* without the star */
	struct base_span sum;      /* two digits; empty without a star */
	struct base_span signal, status, imei;
	struct base_rd tail;
};

static void split(struct base_span bytes, struct parts *p)
{
	struct base_rd r;

	*p = (struct parts){ 0 };
	base_rd_init(&p->tail, NULL, 0);
	if (match_start(bytes, &p->start) != TRACK_PROBE_YES)
		return;
	base_rd_init(&r, bytes.ptr, bytes.len);
	if (p->start.full) {
		(void)track_text_field(&r, ',');
		p->phone = track_text_field(&r, ',');
	}
	if (p->start.fix) {
		struct base_rd ahead = r;

		p->sentence = base_rd_until(&ahead, '*');
		if (base_rd_ok(&ahead)) {
			r = ahead;
			p->sum = track_text_trim(track_text_field(&r, ','));
		}
	} else {
		(void)track_text_field(&r, ',');
	}
	p->signal = track_text_field(&r, ',');
	for (bool first = true; base_rd_left(&r); first = false) {
		const struct base_span s =
			track_text_trim(track_text_field(&r, ','));

		if (track_text_begins(s, "imei:")) {
			p->imei = tail(s, 5);
			break;
		}
		if (first)
			p->status = s;
	}
	p->tail = r;
}

static enum track_check worse(enum track_check a, bool right)
{
	return a != TRACK_CHECK_WRONG && right ? TRACK_CHECK_OK
					       : TRACK_CHECK_WRONG;
}

/* What the sentence and the tail say of the bytes before them. */
static void check(struct base_span bytes, struct track_frame *frame)
{
	struct base_span s;
	struct parts p;
	uint64_t sum;
	int64_t n;

	split(bytes, &p);
	if (track_text_hex(p.sum, &sum))
		frame->checksum = worse(frame->checksum,
					track_sum_xor(p.sentence) == sum);
	track_text_skip(&p.tail, ',', 4);
	s = track_text_field(&p.tail, ',');
	if (!track_text_digits(s) || !track_text_int(s, &n))
		return;
	frame->length = worse(frame->length, s.ptr - bytes.ptr == n);
	s = track_text_field(&p.tail, ',');
	if (!track_text_digits(s) || !track_text_int(s, &n))
		return;
	frame->checksum =
		worse(frame->checksum,
		      track_sum_xmodem(track_text_head(
			      bytes, (size_t)(s.ptr - bytes.ptr))) == n);
}

static enum track_step message(struct base_span bytes, size_t len,
			       struct track_frame *frame)
{
	frame->len = len;
	check(track_text_head(bytes, len), frame);
	return TRACK_STEP_MESSAGE;
}

/* No message before the next bytes that may begin one. */
static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	struct start start;

	frame->len = 1;
	while (frame->len < bytes.len &&
	       match_start(tail(bytes, frame->len), &start) == TRACK_PROBE_NO)
		frame->len++;
	return TRACK_STEP_SKIP;
}

/* Do the bytes before `at` end with the word? */
static bool ends_with(struct base_span bytes, size_t at, const char *word,
		      const char *any)
{
	const size_t n = strlen(word);
	struct base_rd r;

	if (at < n)
		return false;
	base_rd_init(&r, bytes.ptr + at - n, n);
	return match_word(&r, word, any) == TRACK_PROBE_YES;
}

/* Where the clock and the phone number begin whose comma is before `at`; `at`
 * if there are none behind `min`. */
static size_t before_prefix(struct base_span bytes, size_t at, size_t min)
{
	size_t i = at;

	if (i == min || bytes.ptr[i - 1] != ',')
		return at;
	for (i--; i > min && bytes.ptr[i - 1] != ','; i--) {
		if (!is_phone(bytes.ptr[i - 1]) || at - i > PHONE_MAX)
			return at;
	}
	if (i == min)
		return at;
	i--;
	for (size_t n = 0; n < CLOCK_MAX && i > min; n++, i--) {
		if (!is_digit(bytes.ptr[i - 1]))
			break;
	}
	return i;
}

/* Where a start begins whose last byte is before `at`; 0: there ends none. */
static size_t start_before(struct base_span bytes, size_t at, size_t min)
{
	size_t from;

	if (ends_with(bytes, at, "G?RMC,", "PN"))
		return before_prefix(bytes, at - 6, min);
	if (!ends_with(bytes, at, ",,?,", "FL"))
		return 0;
	from = before_prefix(bytes, at - 3, min);
	return from == at - 3 ? 0 : from;
}

/* A line may end within a message: behind the sentence. */
static bool ends_sentence(struct base_span bytes, size_t at)
{
	if (bytes.ptr[at] == '\n' && at && bytes.ptr[at - 1] == '\r')
		at--;
	else if (bytes.ptr[at] != '\r' && bytes.ptr[at] != '\n')
		return false;
	return at >= 3 && bytes.ptr[at - 3] == '*';
}

enum front {
	FRONT_GOES_ON,
	FRONT_TORN,
	FRONT_ENDS, /* behind the number */
};

/* The byte at scan->at, which is before the end of the number. scan->depth is
 * where the number begins. */
static enum front front_byte(struct base_span bytes, struct track_scan *scan)
{
	const uint8_t c = bytes.ptr[scan->at];
	const bool number = scan->depth && scan->at > scan->depth;

	if (scan->at >= FRONT_MAX ||
	    (c == ',' && start_before(bytes, scan->at + 1, 0)))
		return FRONT_TORN;
	if (number && (c == ',' || c == '\r' || c == '\n'))
		return FRONT_ENDS;
	if (!is_printable(c) && !ends_sentence(bytes, scan->at))
		return FRONT_TORN;
	if (c == ':' && ends_with(bytes, scan->at + 1, "imei:", ""))
		scan->depth = scan->at + 1;
	else if (!is_digit(c))
		scan->depth = 0;
	return FRONT_GOES_ON;
}

static enum track_step scan_front(struct base_span bytes,
				  const struct start *start,
				  struct track_scan *scan,
				  struct track_frame *frame)
{
	for (; scan->at < bytes.len; scan->at++) {
		const enum front f = front_byte(bytes, scan);

		if (f == FRONT_TORN)
			return skip(bytes, frame);
		if (f == FRONT_GOES_ON)
			continue;
		if (bytes.ptr[scan->at] != ',')
			return message(bytes, scan->at, frame);
		if (!start->full)
			return message(bytes, scan->at + 1, frame);
		scan->at++;
		scan->end = scan->depth = scan->at;
		scan->quiet = true;
		break;
	}
	return TRACK_STEP_MORE;
}

/* scan->depth is where the tail begins. */
static enum track_step scan_tail(struct base_span bytes, enum track_after after,
				 struct track_scan *scan,
				 struct track_frame *frame)
{
	for (; scan->at < bytes.len; scan->at++) {
		const uint8_t c = bytes.ptr[scan->at];
		const size_t next = c == ',' ? start_before(bytes, scan->at + 1,
							    scan->depth)
					     : 0;

		if (!is_printable(c))
			return message(bytes, scan->at, frame);
		if (next > scan->depth)
			return message(bytes, next, frame);
		if (next || scan->at - scan->depth >= TAIL_MAX)
			return message(bytes, scan->depth, frame);
		scan->end = scan->at + 1;
	}
	return after == TRACK_AFTER_MORE ? TRACK_STEP_MORE
					 : message(bytes, scan->end, frame);
}

/* A line of text that begins with a letter. */
static enum track_step frame_command(const struct track_front *front,
				     struct track_scan *scan,
				     struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;

	while (frame->len < bytes.len && !is_letter(bytes.ptr[frame->len]))
		frame->len++;
	if (frame->len)
		return TRACK_STEP_SKIP;
	while (scan->at < bytes.len && is_printable(bytes.ptr[scan->at]))
		scan->at++;
	scan->end = scan->at;
	scan->quiet = true;
	if (scan->at == bytes.len && front->after == TRACK_AFTER_MORE)
		return TRACK_STEP_MORE;
	frame->len = scan->end;
	return TRACK_STEP_MESSAGE;
}

static enum track_step xexun_frame(const struct track_front *front,
				   struct track_scan *scan,
				   struct track_frame *frame)
{
	const bool nothing = front->after == TRACK_AFTER_NOTHING;
	enum track_step step = TRACK_STEP_MORE;
	struct start start = { 0 };
	enum track_probe m;

	if (front->direction == BASE_SERVER)
		return frame_command(front, scan, frame);
	m = match_start(front->bytes, &start);
	if (track_frame_waits(m, front->after))
		return TRACK_STEP_MORE;
	if (m != TRACK_PROBE_YES)
		return skip(front->bytes, frame);
	if (!scan->at)
		scan->at = (uint32_t)start.len;
	if (!scan->end)
		step = scan_front(front->bytes, &start, scan, frame);
	if (scan->end)
		step = scan_tail(front->bytes, front->after, scan, frame);
	return step == TRACK_STEP_MORE && nothing ? skip(front->bytes, frame)
						  : step;
}

#define KNOT_KMH 1.852

/*
 * Whole seconds, and what is missing counts as zero, both as Traccar has it:
 * few trackers send more than zeros behind the point.
 */
static int64_t time_of(struct base_span date, struct base_span time,
		       int zone_min)
{
	struct track_civil when = { 0 };

	(void)track_time_parse(&when, "dmy", date);
	(void)track_time_parse(&when, "HMS", track_text_head(time, 6));
	return track_time_carry(&when, zone_min);
}

static void read_sentence(const struct parts *p, int zone_min,
			  struct track_record *record)
{
	struct track_position *to = track_record_position(record);
	struct base_span time, date;
	double v;
	struct base_rd r;

	base_rd_init(&r, p->sentence.ptr, p->sentence.len);
	(void)track_text_field(&r, ',');
	time = track_text_field(&r, ',');
	to->valid = track_text_is(track_text_field(&r, ','), "A");
	if (track_text_minutes(track_text_field(&r, ','), &v))
		to->lat = v;
	to->lat = track_text_side(to->lat, track_text_field(&r, ','));
	if (track_text_minutes(track_text_field(&r, ','), &v))
		to->lon = v;
	to->lon = track_text_side(to->lon, track_text_field(&r, ','));
	if (track_text_real(track_text_field(&r, ','), &v))
		to->speed = v * KNOT_KMH;
	if (track_text_real(track_text_field(&r, ','), &v))
		to->course = v;
	date = track_text_field(&r, ',');
	if (date.len || !isnan(to->lat))
		to->time_ms = time_of(date, time, zone_min);
}

/* F:4.01V, and perhaps /ADC1=0.20V/ADC2=0.00V */
static void read_volts(struct base_span s, struct track_record *record)
{
	struct base_rd all, one;
	double v;

	base_rd_init(&all, s.ptr, s.len);
	while (base_rd_left(&all)) {
		struct base_span name;

		s = track_text_field(&all, '/');
		base_rd_init(&one, s.ptr, s.len);
		name = track_text_field(
			&one, track_text_begins(s, "ADC") ? '=' : ':');
		if (!track_text_real(track_text_field(&one, 'V'), &v))
			continue;
		if (track_text_is(name, "F") || track_text_is(name, "L"))
			track_record_real(record, TRACK_POWER, v);
		else if (name.len == 4 && is_digit(name.ptr[3]))
			track_record_real(record,
					  TRACK_N(TRACK_ADC, name.ptr[3] - '0'),
					  v);
	}
}

static void read_cell(struct base_rd *r, struct track_record *record)
{
	struct track_cell cell = { .rssi = TRACK_RSSI_NONE };
	int64_t mcc, mnc;
	uint64_t lac, cid;

	if (!track_text_int(track_text_field(r, ','), &mcc) || mcc < 0 ||
	    mcc > 999 || !track_text_int(track_text_field(r, ','), &mnc) ||
	    mnc < 0 || mnc > 999 ||
	    !track_text_hex(track_text_field(r, ','), &lac) ||
	    lac > UINT32_MAX ||
	    !track_text_hex(track_text_field(r, ','), &cid) || cid > UINT32_MAX)
		return;
	cell.mcc = (int32_t)mcc;
	cell.mnc = (int32_t)mnc;
	cell.lac = (int64_t)lac;
	cell.cid = (int64_t)cid;
	track_record_cell(record, &cell);
}

static void read_tail(struct base_rd *r, struct track_record *record)
{
	struct base_span s = track_text_field(r, ',');
	int64_t n;
	double v;

	/* more digits are the length that older firmware has here */
	if (s.len <= 2 && track_text_int(s, &n) && n >= 0) {
		if (record->n_positions)
			record->positions[0].satellites = (int)n;
		else
			track_record_int(record, TRACK_SATELLITES, n);
	}
	if (track_text_real(track_text_field(r, ','), &v) &&
	    record->n_positions)
		record->positions[0].altitude = v;
	read_volts(track_text_field(r, ','), record);
	s = track_text_field(r, ',');
	if (track_text_is(s, "0") || track_text_is(s, "1"))
		track_record_bool(record, TRACK_CHARGE, track_text_is(s, "1"));
	track_text_skip(r, ',', 2);
	read_cell(r, record);
	s = track_text_field(r, ',');
	if (s.len > 2 && track_text_is(tail(s, s.len - 2), "km") &&
	    track_text_real(track_text_head(s, s.len - 2), &v))
		track_record_real(record, TRACK_ODOMETER, v * 1000);
}

struct status {
	const char *name; /* in capitals, without the ! behind it */
	int alarm;        /* enum track_alarm; -1 = none */
	int ignition;     /* -1 = nothing said */
};

static const struct status statuses[] = {
	{ "HELP ME", TRACK_ALARM_SOS, -1 },
	{ "LOW BATTERY", TRACK_ALARM_LOW_BATTERY, -1 },
	{ "MOVE", TRACK_ALARM_MOVEMENT, -1 },
	{ "MOVED", TRACK_ALARM_MOVEMENT, -1 },
	{ "SPEED", TRACK_ALARM_OVERSPEED, -1 },
	{ "STOCKADE", TRACK_ALARM_GEOFENCE, -1 },
	{ "ACC ON", -1, 1 },
	{ "ACCSTART", -1, 1 },
	{ "ACC OFF", -1, 0 },
	{ "ACCSTOP", -1, 0 },
};

static void read_status(struct base_span name, struct track_record *record)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(statuses); i++) {
		const struct status *s = &statuses[i];

		if (!track_text_is(name, s->name))
			continue;
		if (s->alarm >= 0)
			track_record_alarm(record, (enum track_alarm)s->alarm);
		if (s->ignition >= 0)
			track_record_bool(record, TRACK_IGNITION, s->ignition);
	}
}

#define NAME_LEN 32

/* A word, without what follows it: a password, or a ! */
static struct base_span name_of(struct base_span s, uint8_t to[static NAME_LEN])
{
	size_t n = 0;

	while (n < s.len && (is_letter(s.ptr[n]) || s.ptr[n] == ' '))
		n++;
	return track_text_capitals(track_text_trim(track_text_head(s, n)), to,
				   NAME_LEN);
}

static void xexun_decode(const struct track_message *m,
			 const struct track_habits *habits,
			 struct track_session *session,
			 struct track_record *record)
{
	struct base_span keyword, name;
	uint8_t buf[NAME_LEN];
	struct parts p;

	(void)session;
	if (m->direction == BASE_SERVER) {
		name = name_of(m->bytes, buf);
		track_record_keyword(record,
				     track_text_head(m->bytes, name.len));
		record->type =
			track_keyword_type(m->protocol, m->direction, name);
		return;
	}
	split(m->bytes, &p);
	keyword = p.status;
	if (!keyword.len)
		keyword = p.start.fix ? track_text_head(p.sentence, 5)
				      : TRACK_SPAN("imei");
	name = name_of(keyword, buf);
	track_record_keyword(record, keyword);
	track_record_device(record, p.imei);
	record->type = track_keyword_type(m->protocol, m->direction, name);
	if (record->type == TRACK_TYPE_UNKNOWN)
		record->type = p.start.fix ? TRACK_TYPE_POSITION
					   : TRACK_TYPE_STATUS;
	if (p.start.fix)
		read_sentence(&p, habits->zone_min, record);
	track_record_text(record, TRACK_SIGNAL, p.signal);
	track_record_text(record, TRACK_PHONE, p.phone);
	read_status(name, record);
	read_tail(&p.tail, record);
}

#define COMMAND(name, what)                                       \
	{                                                         \
		name, TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, what \
	}

/* In capitals; trackers and servers use either case. */
static const struct track_keyword xexun_keywords[] = {
#define REPORT(name, type, what)                    \
	{                                           \
		name, TRACK_FROM_CLIENT, type, what \
	}
	REPORT("GPRMC", TRACK_TYPE_POSITION, "position"),
	REPORT("GNRMC", TRACK_TYPE_POSITION, "position"),
	REPORT("IMEI", TRACK_TYPE_STATUS, "no position, but cell and battery"),
	REPORT("HELP ME", TRACK_TYPE_ALARM, "SOS, with the position"),
	REPORT("LOW BATTERY", TRACK_TYPE_ALARM, "with the position"),
	REPORT("MOVE", TRACK_TYPE_ALARM, "it was moved"),
	REPORT("MOVED", TRACK_TYPE_ALARM, "it was moved"),
	REPORT("SPEED", TRACK_TYPE_ALARM, "too fast"),
	REPORT("STOCKADE", TRACK_TYPE_ALARM, "left or entered an area"),
	REPORT("ACC ON", TRACK_TYPE_POSITION, "position; ignition is on"),
	REPORT("ACCSTART", TRACK_TYPE_POSITION, "position; ignition is on"),
	REPORT("ACC OFF", TRACK_TYPE_POSITION, "position; ignition is off"),
	REPORT("ACCSTOP", TRACK_TYPE_POSITION, "position; ignition is off"),
	COMMAND("POWERCAR", "11: stop the engine, 00: let it run"),
	COMMAND("STOP", "stop the engine"),
	COMMAND("QUICKSTOP", "stop the engine whatever the speed"),
	COMMAND("NOQUICKSTOP", "stop the engine at low speed only"),
	COMMAND("RESUME", "let the engine run"),
	COMMAND("BEGIN", "set up anew"),
	COMMAND("PASSWORD", "change the password"),
	COMMAND("ADMIN", "number that gets alarms"),
	COMMAND("NOADMIN", "remove that number"),
	COMMAND("FIX", "positions at an interval"),
	COMMAND("NOFIX", "end of that"),
	COMMAND("T", "positions at an interval, that many times"),
	COMMAND("MONITOR", "calls are listened to"),
	COMMAND("TRACKER", "calls are answered with the position"),
	COMMAND("STOCKADE", "alarm when it leaves an area"),
	COMMAND("NOSTOCKADE", "end of that"),
	COMMAND("SPEED", "alarm above a speed"),
	COMMAND("NOSPEED", "end of that"),
	COMMAND("MOVE", "alarm when it moves"),
	COMMAND("NOMOVE", "end of that"),
	COMMAND("ACC", "tell of the ignition"),
	COMMAND("NOACC", "end of that"),
	COMMAND("LOWBATTERY", "alarm on low battery, on or off"),
	COMMAND("TIME ZONE", "time zone"),
	COMMAND("APN", "access point of the mobile network"),
	COMMAND("ADMINIP", "address and port of the server"),
	COMMAND("NOADMINIP", "forget the server"),
	COMMAND("CHECK", "asks for the state"),
	COMMAND("IMEI", "asks for the number of the tracker"),
	COMMAND("BALANCE", "asks the mobile operator for the balance"),
	COMMAND("RESET", "start again"),
#undef REPORT
	{ NULL, 0, TRACK_TYPE_UNKNOWN, NULL },
};

static const uint16_t xexun_ports[] = { 5006, 0 };

const struct track_protocol track_xexun = {
	.name = TRACK_XEXUN_NAME,
	.ports = xexun_ports,
	.max_frame = FRAME_MAX,
	.keywords = xexun_keywords,
	.probe = xexun_probe,
	.frame = xexun_frame,
	.decode = xexun_decode,
};
