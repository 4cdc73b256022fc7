/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_h02_text.c - text messages of h02, field by field
 *
 * Most types hold the same run of fields, here called a place:
 *   time, A|V|B (or a coding scheme), latitude, N|S, longitude, E|W, knots,
 *   course, [battery,] date
 * with the status and a tail behind, which every firmware writes its own way.
 * The place is found by its N|S and E|W, so a type that no document names is
 * read, too. The tail's fields become io1, io2 ... as they stand; what they
 * mean is said besides where the documents agree.
 */
#include <string.h>

#include "track_h02_internal.h"
#include "track_text.h"
#include "track_time.h"

#define FIELDS_MAX 192

struct fields {
	struct base_span f[FIELDS_MAX];
	size_t n; /* those behind are empty */
};

struct text {
	struct fields fields; /* from the maker on */
	struct base_span
		content; /* all of it, for what is not made of fields */
	struct track_record *record;
	int zone_min;
};

static void split(struct fields *to, struct base_span s, uint8_t delim)
{
	struct base_rd r;

	*to = (struct fields){ 0 };
	base_rd_init(&r, s.ptr, s.len);
	while (base_rd_left(&r) && to->n < FIELDS_MAX)
		to->f[to->n++] = track_text_trim(track_text_field(&r, delim));
}

/* The field, or an empty one. */
static struct base_span at(const struct fields *f, size_t i)
{
	return i < f->n ? f->f[i] : (struct base_span){ NULL, 0 };
}

/* From field i on, with the commas. */
static struct base_span rest(const struct text *t, size_t i)
{
	struct base_rd r;

	base_rd_init(&r, t->content.ptr, t->content.len);
	track_text_skip(&r, ',', i);
	return base_rd_take(&r, base_rd_left(&r));
}

/* One of these letters? */
static bool is_one_of(struct base_span s, const char *letters)
{
	return s.len == 1 && s.ptr[0] && strchr(letters, s.ptr[0]);
}

static bool is_date(struct base_span s)
{
	return s.len == 6 && track_text_digits(s);
}

static bool is_status(struct base_span s)
{
	return s.len == 8 && track_text_hex_digits(s);
}

static void read_status(struct track_record *r, struct base_span s)
{
	uint64_t v;

	if (is_status(s) && track_text_hex(s, &v))
		track_h02_status(r, (uint32_t)v);
}

static void read_int(struct track_record *r, track_key key, struct base_span s)
{
	int64_t v;

	if (track_text_int(s, &v))
		track_record_int(r, key, v);
}

static void read_battery(struct track_record *r, struct base_span s)
{
	int64_t v;

	if (track_text_int(s, &v))
		track_h02_battery(r, v);
}

/* ddmm.mmmm; ddmmmmmm without the point; -dd-mm.mmmm; the side is the sign. */
static bool read_degrees(struct base_span s, struct base_span side, double *v)
{
	struct base_span minutes;
	struct base_rd r;
	double degrees, part;

	if (s.len && s.ptr[0] == '-')
		s = track_text_tail(s, 1);
	base_rd_init(&r, s.ptr, s.len);
	minutes = track_text_tail(s, track_text_field(&r, '-').len);
	if (minutes.len) {
		s.len -= minutes.len;
		minutes = track_text_tail(minutes, 1);
		if (!track_text_real(s, &degrees) ||
		    !track_text_real(minutes, &part))
			return false;
		degrees += part / 60;
	} else if (track_text_digits(s)) {
		if (s.len < 7 || !track_text_real(s, &degrees))
			return false;
		degrees = track_text_from_minutes(degrees / 1e4);
	} else if (!track_text_minutes(s, &degrees)) {
		return false;
	}
	*v = track_text_side(degrees, side);
	return true;
}

/* A time of day that is empty is midnight; a date that is, no time at all. */
static int64_t read_time(struct base_span time, struct base_span date,
			 int zone_min)
{
	struct track_civil civil = { 0 };

	if ((time.len && !track_time_parse(&civil, "HMS", time)) ||
	    !track_time_parse(&civil, "dmy", date))
		return TRACK_TIME_NONE;
	return track_time_carry(&civil, zone_min);
}

static int32_t dbm(struct base_span s)
{
	int64_t v;

	if (!track_text_int(s, &v) || v < -200 || v > 200)
		return TRACK_RSSI_NONE;
	return (int32_t)(v > 0 ? -v : v);
}

/* Written decimal, or hexadecimal by other firmware. */
struct network {
	int64_t mcc, mnc;
	bool hex;
};

static bool read_number(struct base_span s, bool hex, int64_t *v)
{
	uint64_t u;

	if (!hex)
		return track_text_digits(s) && track_text_int(s, v);
	if (s.len > 8 || !track_text_hex(s, &u))
		return false;
	*v = (int64_t)u;
	return true;
}

static void add_cell(struct track_record *r, const struct network *n,
		     struct base_span lac, struct base_span cid, int32_t rssi)
{
	struct track_cell cell = { .mcc = (int32_t)n->mcc,
				   .mnc = (int32_t)n->mnc,
				   .rssi = rssi };

	if (read_number(lac, n->hex, &cell.lac) &&
	    read_number(cid, n->hex, &cell.cid) && (cell.lac || cell.cid))
		track_record_cell(r, &cell);
}

static bool read_network(struct network *n, struct base_span mcc,
			 struct base_span mnc)
{
	return read_number(mcc, n->hex, &n->mcc) && n->mcc >= 200 &&
	       n->mcc < 1000 && read_number(mnc, n->hex, &n->mnc) &&
	       n->mnc < 1000;
}

/*
 * Four fields of a tail: mcc, mnc, lac, cid. Nothing says in which base, so it
 * is hexadecimal if one of them can be nothing else, or if the first is no
 * country's in decimal.
 */
static void read_tail_cell(struct track_record *r, const struct fields *f,
			   size_t i)
{
	struct network n = { .hex = false };
	int64_t v;

	for (size_t k = 0; k < 4; k++)
		n.hex = n.hex || !read_number(at(f, i + k), false, &v);
	n.hex = n.hex || !read_network(&n, at(f, i), at(f, i + 1));
	if (read_network(&n, at(f, i), at(f, i + 1)))
		add_cell(r, &n, at(f, i + 2), at(f, i + 3), TRACK_RSSI_NONE);
}

/* odometer, temperature, fuel, altitude, lac, cid */
static bool read_odometer(struct track_record *r, const struct fields *f,
			  size_t i)
{
	const struct network nowhere = { -1, -1, true };
	int64_t odometer, temperature, altitude;
	double fuel;

	if (f->n != i + 6 || !read_number(at(f, i), false, &odometer) ||
	    !track_text_int(at(f, i + 1), &temperature) ||
	    track_text_int(at(f, i + 2), &altitude) ||
	    !track_text_real(at(f, i + 2), &fuel) ||
	    !track_text_int(at(f, i + 3), &altitude))
		return false;
	track_record_int(r, TRACK_ODOMETER, odometer);
	track_record_int(r, TRACK_N(TRACK_TEMPERATURE, 1), temperature);
	track_record_real(r, TRACK_FUEL, fuel);
	r->positions[r->n_positions - 1].altitude = (double)altitude;
	add_cell(r, &nowhere, at(f, i + 4), at(f, i + 5), TRACK_RSSI_NONE);
	return true;
}

/* battery, count, mcc, mnc, and so many times lac, cid and perhaps signal */
static bool read_cells(struct track_record *r, const struct fields *f, size_t i)
{
	struct network n = { .hex = false };
	const size_t first = i + 4;
	int64_t count;
	size_t each;

	if (f->n <= first || !track_text_int(at(f, i + 1), &count) ||
	    count < 1 || count > 16 ||
	    !read_network(&n, at(f, i + 2), at(f, i + 3)))
		return false;
	each = (f->n - first) / (size_t)count;
	if ((each != 2 && each != 3) || f->n != first + each * (size_t)count)
		return false;
	for (size_t k = first + 2; each == 3 && k < f->n; k += each) {
		if (dbm(at(f, k)) == TRACK_RSSI_NONE)
			return false;
	}
	read_battery(r, at(f, i));
	for (size_t k = first; k < f->n; k += each)
		add_cell(r, &n, at(f, k), at(f, k + 1),
			 each == 3 ? dbm(at(f, k + 2)) : TRACK_RSSI_NONE);
	return true;
}

/* V8: [Wi-Fi, 3 times,] satellites, signal, tenths of a volt, per cent */
static void read_state(struct track_record *r, const struct fields *f, size_t i)
{
	const size_t end = f->n;
	struct track_position *p = &r->positions[r->n_positions - 1];
	uint64_t level;
	int64_t v;

	if (end < i + 4)
		return;
	for (; i + 6 <= end; i += 2) {
		const struct base_span rssi = at(f, i + 1);

		track_record_wifi(r, at(f, i),
				  track_text_hex(rssi, &level) && level < 256
					  ? (int32_t)level - 110
					  : dbm(rssi));
	}
	if (track_text_int(at(f, end - 4), &v) && v >= 0 && v < 256)
		p->satellites = (int)v;
	read_int(r, TRACK_RSSI, at(f, end - 3));
	if (track_text_int(at(f, end - 2), &v))
		track_record_real(r, TRACK_POWER, (double)v / 10);
	read_int(r, TRACK_BATTERY_LEVEL, at(f, end - 1));
}

/* What stands behind the status. */
static void read_tail(struct track_record *r, struct base_span type,
		      const struct fields *f, size_t i)
{
	if (read_odometer(r, f, i))
		return;
	for (size_t k = i; k < f->n; k++)
		track_record_text(r, TRACK_N(TRACK_IO, k - i + 1), at(f, k));
	if (f->n < i + 4 || read_cells(r, f, i))
		return;
	read_tail_cell(r, f, i);
	if (track_text_is(type, "V6"))
		track_record_text(r, TRACK_ICCID, at(f, i + 4));
	else if (track_text_is(type, "V8"))
		read_state(r, f, i + 4);
	else
		read_battery(r, at(f, i + 4));
}

/* Where in the fields a place has its latitude; 0: there is none. */
static size_t find_place(const struct fields *f)
{
	for (size_t i = f->n; i-- > 3;) {
		if (is_one_of(at(f, i - 1), "NS") &&
		    is_one_of(at(f, i + 1), "EW"))
			return i - 2;
	}
	return 0;
}

/* The place with its latitude in field i, its date aside. */
static struct track_position *read_place(struct track_record *r,
					 const struct fields *f, size_t i)
{
	struct track_position *p = track_record_position(r);
	const struct base_span valid = at(f, i - 1);
	double lat, lon;

	p->valid = is_one_of(valid, "AB") || track_text_digits(valid);
	if (read_degrees(at(f, i), at(f, i + 1), &lat) &&
	    read_degrees(at(f, i + 2), at(f, i + 3), &lon)) {
		p->lat = lat;
		p->lon = lon;
	}
	if (track_text_real(at(f, i + 4), &p->speed))
		p->speed *= TRACK_H02_KNOT;
	(void)track_text_real(at(f, i + 5), &p->course);
	return p;
}

/* Is field i a battery before the date, or before the place of a date? */
static bool is_early_battery(const struct fields *f, size_t i)
{
	const struct base_span next = at(f, i + 1);

	return track_text_digits(at(f, i)) &&
	       (is_date(next) ||
		(!next.len && i + 1 < f->n && !is_date(at(f, i))));
}

/* What follows the course: date, status, tail. time: NULL = the type has none.
 */
static void read_when(struct text *t, struct track_position *p, size_t i,
		      struct base_span time)
{
	const struct fields *f = &t->fields;
	struct track_record *r = t->record;

	if (is_early_battery(f, i))
		read_battery(r, at(f, i++));
	p->time_ms = read_time(time, at(f, i++), t->zone_min);
	if (!is_status(at(f, i)) && is_status(at(f, i + 3))) {
		track_record_text(r, TRACK_PHONE, at(f, i));
		track_record_text(r, TRACK_IP, at(f, i + 1));
		track_record_text(r, TRACK_ICCID, at(f, i + 2));
		i += 3;
	}
	if (!is_status(at(f, i)))
		return;
	read_status(r, at(f, i));
	read_tail(r, at(f, 2), f, i + 1);
}

/* V1 and most others. Return: where the place begins; 0: there is none. */
static size_t read_position(struct text *t)
{
	const size_t i = find_place(&t->fields);

	if (i < 5)
		return 0;
	read_when(t, read_place(t->record, &t->fields, i), i + 6,
		  at(&t->fields, i - 2));
	return i - 2;
}

static void read_any(struct text *t)
{
	(void)read_position(t);
}

/* What was done, what it said, its time; and a place. */
static void read_answer(struct text *t)
{
	const struct base_span all = rest(t, 3);
	struct base_span result = all;
	const size_t i = find_place(&t->fields);

	if (i > 5) {
		const struct base_span place = rest(t, i - 2);

		result = track_text_head(all, all.len - place.len - 1);
	}
	if (i != 5)
		track_record_text(t->record, TRACK_RESULT,
				  track_text_trim(result));
	read_any(t);
}

static void read_sms(struct text *t)
{
	track_record_text(t->record, TRACK_RESULT, rest(t, 3));
}

static void read_heartbeat(struct text *t)
{
	read_int(t->record, TRACK_BATTERY_LEVEL, at(&t->fields, 3));
}

/* time, signal, satellites, battery, steps, turnovers, date, status */
static void read_link(struct text *t)
{
	static const enum track_name names[] = { TRACK_RSSI, TRACK_SATELLITES,
						 TRACK_BATTERY_LEVEL,
						 TRACK_STEPS, TRACK_TURNOVERS };

	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++)
		read_int(t->record, names[i], at(&t->fields, 4 + i));
	read_status(t->record, at(&t->fields, 10));
}

/* time, mcc, mnc, timing advance, count, lac, cid, signal each; date, status,
 * battery. The count is not asked: it is wrong where one was left out. */
static void read_neighbours(struct text *t)
{
	const struct fields *f = &t->fields;
	struct track_position *p = track_record_position(t->record);
	struct network n = { .hex = false };
	const bool known = read_network(&n, at(f, 4), at(f, 5));
	size_t i = 8;

	for (; i + 2 < f->n; i += 3) {
		if (is_date(at(f, i)) && is_status(at(f, i + 1)))
			break;
		if (known)
			add_cell(t->record, &n, at(f, i), at(f, i + 1),
				 dbm(at(f, i + 2)));
	}
	p->time_ms = read_time(at(f, 3), at(f, i), t->zone_min);
	read_status(t->record, at(f, i + 1));
	read_battery(t->record, at(f, i + 2));
}

/* time, mcc and mnc, count, four fields each; battery, restarts, X, date,
 * status. A place where the type is used for one. */
static void read_stations(struct text *t)
{
	const struct fields *f = &t->fields;
	const struct base_span network = at(f, 4);
	struct network n = { .hex = false };
	struct track_position *p;
	uint64_t battery;
	int64_t count;
	size_t i = 6;
	bool known;

	if (read_position(t) || !track_text_int(at(f, 5), &count) ||
	    count < 0 || count > FIELDS_MAX / 4)
		return;
	p = track_record_position(t->record);
	known = read_network(&n, track_text_head(network, 3),
			     track_text_tail(network, 3));
	for (; count--; i += 4) {
		if (known)
			add_cell(t->record, &n, at(f, i), at(f, i + 1),
				 TRACK_RSSI_NONE);
	}
	if (!at(f, i).len)
		i++; /* where no cell is in sight */
	if (track_text_hex(at(f, i), &battery) && battery <= 0xffff)
		track_record_int(t->record, TRACK_BATTERY, (int64_t)battery);
	p->time_ms = read_time(at(f, 3), at(f, i + 3), t->zone_min);
	read_status(t->record, at(f, i + 4));
}

/* A|B and a place without time; or V, mcc, mnc and "lac,cid,signal" with a Y
 * between them */
static void read_short(struct text *t)
{
	const struct fields *f = &t->fields;
	struct network n = { .hex = false };
	struct fields cells, cell;

	if (find_place(f) == 4) {
		const struct base_span none = { NULL, 0 };

		read_when(t, read_place(t->record, f, 4), 10, none);
		return;
	}
	(void)track_record_position(t->record);
	if (!read_network(&n, at(f, 4), at(f, 5)))
		return;
	split(&cells, rest(t, 6), 'Y');
	for (size_t i = 0; i < cells.n; i++) {
		split(&cell, at(&cells, i), ',');
		add_cell(t->record, &n, at(&cell, 0), at(&cell, 1),
			 dbm(at(&cell, 2)));
	}
}

/* time, length, and places with a semicolon between them, whose date is day
 * and time: nothing says of which month */
static void read_kept(struct text *t)
{
	struct base_span all = rest(t, 5);
	struct base_rd r;

	base_rd_init(&r, all.ptr, all.len);
	while (base_rd_left(&r)) {
		struct fields f;

		split(&f, track_text_trim(track_text_field(&r, ';')), ',');
		if (find_place(&f) != 1)
			continue;
		(void)read_place(t->record, &f, 1);
		track_record_bool(t->record, TRACK_ARCHIVE, true);
		read_status(t->record, at(&f, 8));
		if (f.n >= 13)
			read_tail_cell(t->record, &f, 9);
	}
}

static void read_alarm(struct text *t)
{
	static const enum track_alarm alarms[] = { TRACK_ALARM_SOS,
						   TRACK_ALARM_LOW_BATTERY,
						   TRACK_ALARM_GEOFENCE };
	int64_t kind;

	if (track_text_int(at(&t->fields, 3), &kind) && kind >= 1 &&
	    kind <= (int64_t)WS_ARRAY_LEN(alarms))
		track_record_alarm(t->record, alarms[kind - 1]);
	read_any(t);
}

struct reader {
	const char *type;
	void (*read)(struct text *t);
};

static const struct reader readers[] = {
	{ "V0", read_heartbeat }, { "HTBT", read_heartbeat },
	{ "LINK", read_link },    { "NBR", read_neighbours },
	{ "V3", read_stations },  { "V4", read_answer },
	{ "VP1", read_short },    { "BC", read_kept },
	{ "ALRM", read_alarm },   { "SMS", read_sms },
};

void track_h02_text(const struct track_message *m,
		    const struct track_habits *habits, struct track_record *r)
{
	struct text t = { .record = r, .zone_min = habits->zone_min };
	struct base_span type;
	struct base_rd rd;

	base_rd_init(&rd, m->bytes.ptr, m->bytes.len);
	base_rd_expect(&rd, '*');
	t.content = base_rd_until(&rd, '#');
	split(&t.fields, t.content, ',');
	type = at(&t.fields, 2);
	track_record_keyword(r, type);
	track_record_device(r, at(&t.fields, 1));
	r->type = track_keyword_type(m->protocol, m->direction, type);
	if (m->direction == BASE_SERVER) {
		if (track_text_is(type, "V4"))
			read_sms(&t);
		return;
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(readers); i++) {
		if (track_text_is(type, readers[i].type)) {
			readers[i].read(&t);
			return;
		}
	}
	read_any(&t);
}
