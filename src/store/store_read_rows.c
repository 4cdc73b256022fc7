/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_read_rows.c - the store as others read it: events, positions, devices
 *
 * Theory of operation
 *
 * Whatever is read is read in an order, which has a key of three numbers: that
 * of events is their number; positions have (event, n), or with one device
 * (time, event, n), for which there is an index. A range of the key's first
 * number is looked through upwards. A statement ends after PAGE_LOOKED rows
 * that it looked at or PAGE_BYTES that it kept, and the next one goes on behind
 * the last key; what it kept is handed over in between. What is asked for is
 * compared here and not in SQL, or a statement would look for a rare device
 * through all of a large file.
 *
 * The newest n are found by going downwards first, which tells the key that
 * they begin with.
 *
 * Events' times grow with their numbers, but for what the rings of several
 * workers hold when the recorder reads one after the other: a time is found by
 * bisection, DISORDER_MS beside it, and then compared.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "store_read.h"
#include "store_read_internal.h"
#include "store_schema.h"

#define PAGE_LOOKED 8192
#define PAGE_BYTES  (1U << 20)

#define DISORDER_MS (15ULL * 60 * 1000)
/* A tracker's clock may be ahead of the event that brings its position. */
#define AHEAD_MS (24ULL * 3600 * 1000)

struct key {
	int64_t part[3];
};

/* The columns of a row come behind those of its key. */
#define KEYS 3

struct order {
	const char *up, *down; /* ?1 to ?3: behind this key; ?4: device */
	int last;              /* part of the key that counts its rows */
};

#define EVENT_COLUMNS \
	"id, 0, 0, id, flow, time, direction, protocol, device, type, event"
#define POSITION_COLUMNS                                                  \
	"p.event, e.time, p.time, p.device, e.protocol, p.valid, p.lat, " \
	"p.lon, p.altitude, p.speed, p.course, e.type FROM positions p "  \
	"CROSS JOIN events e ON e.id = p.event "

static const struct order events_by_number = {
	.up = "SELECT " EVENT_COLUMNS " FROM events WHERE id > ?1 ORDER BY id",
	.down = "SELECT " EVENT_COLUMNS " FROM events WHERE id < ?1"
		" ORDER BY id DESC",
	.last = 0,
};

static const struct order positions_by_event = {
	.up = "SELECT p.event, p.n, 0, " POSITION_COLUMNS
	      "WHERE (p.event, p.n) > (?1, ?2) ORDER BY p.event, p.n",
	.down = "SELECT p.event, p.n, 0, " POSITION_COLUMNS
		"WHERE (p.event, p.n) < (?1, ?2)"
		" ORDER BY p.event DESC, p.n DESC",
	.last = 1,
};

static const struct order positions_by_time = {
	.up = "SELECT p.time, p.event, p.n, " POSITION_COLUMNS
	      "WHERE p.device = ?4 AND (p.time, p.event, p.n) > (?1, ?2, ?3)"
	      " ORDER BY p.time, p.event, p.n",
	.down = "SELECT p.time, p.event, p.n, " POSITION_COLUMNS
		"WHERE p.device = ?4 AND (p.time, p.event, p.n) < (?1, ?2, ?3)"
		" ORDER BY p.time DESC, p.event DESC, p.n DESC",
	.last = 2,
};

union row {
	struct store_event_row event;
	struct store_position_row position;
	struct store_device_row device;
};

union fn {
	store_event_fn *event;
	store_position_fn *position;
	store_device_fn *device;
};

/* A row that waits to be handed over; its texts lie behind it. */
struct kept {
	struct kept *next;
	union row row;
	char text[];
};

struct page {
	struct kept *first, **end;
	size_t bytes;
};

/* What is done with a row. */
struct kind {
	bool (*wanted)(const struct store_query *q, sqlite3_stmt *st);
	int texts, texts_end; /* columns */
	void (*fill)(union row *row, sqlite3_stmt *st, const char *text);
	int (*give)(union fn fn, void *arg, const union row *row);
};

/* Through a range of an order. */
struct scan {
	const struct order *order;
	const struct kind *kind;
	const struct store_query *q;
	int64_t begin, end; /* of the key's first part */
	struct key at;
	uint32_t left; /* rows that are still wanted */
};

static const char *column(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

static double real(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL
		       ? (double)NAN
		       : sqlite3_column_double(st, i);
}

/* Without the conversion and copy of the column, where nothing is asked. */
static bool matches(sqlite3_stmt *st, int i, const char *want)
{
	const char *is = want ? column(st, i) : NULL;

	return !want || (is && strcmp(is, want) == 0);
}

static bool within(const struct store_query *q, int64_t ms)
{
	return (!q->since_ms || ms >= (int64_t)q->since_ms) &&
	       (!q->until_ms || ms < (int64_t)q->until_ms);
}

/* The text at *text, or NULL; *text is moved behind it. Columns come in the
 * order in which keep() copied them. */
static const char *take(sqlite3_stmt *st, int i, const char **text)
{
	const char *is = *text;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return NULL;
	*text += sqlite3_column_bytes(st, i) + 1;
	return is;
}

enum {
	E_ID = KEYS,
	E_FLOW,
	E_TIME,
	E_DIRECTION,
	E_PROTOCOL,
	E_DEVICE,
	E_TYPE,
	E_EVENT,
	E_END
};

static bool event_wanted(const struct store_query *q, sqlite3_stmt *st)
{
	return within(q, sqlite3_column_int64(st, E_TIME)) &&
	       matches(st, E_DEVICE, q->device) &&
	       matches(st, E_TYPE, q->type) &&
	       matches(st, E_PROTOCOL, q->protocol);
}

static void event_fill(union row *row, sqlite3_stmt *st, const char *text)
{
	struct store_event_row *e = &row->event;

	e->id = sqlite3_column_int64(st, E_ID);
	e->flow = (uint64_t)sqlite3_column_int64(st, E_FLOW);
	e->time_ms = (uint64_t)sqlite3_column_int64(st, E_TIME);
	e->direction = take(st, E_DIRECTION, &text);
	e->protocol = take(st, E_PROTOCOL, &text);
	e->device = take(st, E_DEVICE, &text);
	e->type = take(st, E_TYPE, &text);
	e->json = take(st, E_EVENT, &text);
	e->json_len = (size_t)sqlite3_column_bytes(st, E_EVENT);
}

static int event_give(union fn fn, void *arg, const union row *row)
{
	return fn.event(arg, &row->event);
}

static const struct kind events = { event_wanted, E_DIRECTION, E_END,
				    event_fill, event_give };

enum {
	P_EVENT = KEYS,
	P_EVENT_TIME,
	P_TIME,
	P_DEVICE,
	P_PROTOCOL,
	P_VALID,
	P_LAT,
	P_LON,
	P_ALTITUDE,
	P_SPEED,
	P_COURSE,
	P_TYPE
};

static bool position_wanted(const struct store_query *q, sqlite3_stmt *st)
{
	return sqlite3_column_type(st, P_LAT) != SQLITE_NULL &&
	       sqlite3_column_type(st, P_LON) != SQLITE_NULL &&
	       within(q, sqlite3_column_int64(st, P_TIME)) &&
	       matches(st, P_DEVICE, q->device) &&
	       matches(st, P_TYPE, q->type) &&
	       matches(st, P_PROTOCOL, q->protocol);
}

static void position_fill(union row *row, sqlite3_stmt *st, const char *text)
{
	struct store_position_row *p = &row->position;

	p->event = sqlite3_column_int64(st, P_EVENT);
	p->event_time_ms = (uint64_t)sqlite3_column_int64(st, P_EVENT_TIME);
	p->time_ms = sqlite3_column_int64(st, P_TIME);
	p->device = take(st, P_DEVICE, &text);
	p->protocol = take(st, P_PROTOCOL, &text);
	p->valid = sqlite3_column_int(st, P_VALID);
	p->lat = real(st, P_LAT);
	p->lon = real(st, P_LON);
	p->altitude = real(st, P_ALTITUDE);
	p->speed = real(st, P_SPEED);
	p->course = real(st, P_COURSE);
}

static int position_give(union fn fn, void *arg, const union row *row)
{
	return fn.position(arg, &row->position);
}

static const struct kind positions = { position_wanted, P_DEVICE, P_VALID,
				       position_fill, position_give };

enum {
	D_FIRST_SEEN,
	D_LAST_SEEN,
	D_EVENTS,
	D_FLOWS,
	D_FLOW,
	D_OPEN,
	D_ID,
	D_PROTOCOL,
	D_CLIENT,
	D_POSITION_TIME,
	D_LAT,
	D_LON,
	D_SPEED,
	D_COURSE
};

/* The table has an index for ids alone, and few rows. */
static bool device_wanted(const struct store_query *q, sqlite3_stmt *st)
{
	return sqlite3_column_int64(st, D_LAST_SEEN) >= (int64_t)q->since_ms &&
	       matches(st, D_ID, q->device);
}

static void device_fill(union row *row, sqlite3_stmt *st, const char *text)
{
	struct store_device_row *d = &row->device;

	d->first_seen_ms = (uint64_t)sqlite3_column_int64(st, D_FIRST_SEEN);
	d->last_seen_ms = (uint64_t)sqlite3_column_int64(st, D_LAST_SEEN);
	d->events = (uint64_t)sqlite3_column_int64(st, D_EVENTS);
	d->flows = (uint64_t)sqlite3_column_int64(st, D_FLOWS);
	d->live_flow = (uint64_t)sqlite3_column_int64(st, D_FLOW);
	d->open = sqlite3_column_int(st, D_OPEN);
	d->id = take(st, D_ID, &text);
	d->protocol = take(st, D_PROTOCOL, &text);
	d->client = take(st, D_CLIENT, &text);
	d->located = sqlite3_column_type(st, D_LAT) != SQLITE_NULL;
	d->position_ms = sqlite3_column_int64(st, D_POSITION_TIME);
	d->lat = real(st, D_LAT);
	d->lon = real(st, D_LON);
	d->speed = real(st, D_SPEED);
	d->course = real(st, D_COURSE);
}

static int device_give(union fn fn, void *arg, const union row *row)
{
	return fn.device(arg, &row->device);
}

static const struct kind devices = { device_wanted, D_ID, D_POSITION_TIME,
				     device_fill, device_give };

static void page_init(struct page *p)
{
	*p = (struct page){ .end = &p->first };
}

/* Copies the row. Return: 0 or -ENOMEM. */
static int keep(struct page *p, const struct kind *kind, sqlite3_stmt *st)
{
	size_t len = sizeof(struct kept), at = 0;
	struct kept *k;

	for (int i = kind->texts; i < kind->texts_end; i++)
		len += (size_t)sqlite3_column_bytes(st, i) + 1;
	k = malloc(len);
	if (!k)
		return -ENOMEM;
	for (int i = kind->texts; i < kind->texts_end; i++) {
		const void *text = sqlite3_column_text(st, i);
		const size_t n = (size_t)sqlite3_column_bytes(st, i);

		if (!text)
			continue; /* take() skips it, too */
		memcpy(k->text + at, text, n);
		k->text[at + n] = '\0';
		at += n + 1;
	}
	kind->fill(&k->row, st, k->text);
	k->next = NULL;
	*p->end = k;
	p->end = &k->next;
	p->bytes += len;
	return 0;
}

/* Empties the page. Return: what fn returned if that was not 0: then the rest
 * is not handed over. */
static int hand_over(struct page *p, const struct kind *kind, union fn fn,
		     void *arg)
{
	struct kept *next;
	int r = 0;

	for (struct kept *k = p->first; k; k = next) {
		next = k->next;
		if (!r)
			r = kind->give(fn, arg, &k->row);
		free(k);
	}
	page_init(p);
	return r;
}

static void drop(struct page *p)
{
	struct kept *next;

	for (struct kept *k = p->first; k; k = next) {
		next = k->next;
		free(k);
	}
	page_init(p);
}

static int bind_key(struct store_reader *r, sqlite3_stmt *st,
		    const struct scan *s, struct store_error *why)
{
	const int n = sqlite3_bind_parameter_count(st);
	int rc = SQLITE_OK;

	for (int i = 0; i < KEYS && i < n && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_int64(st, i + 1, s->at.part[i]);
	if (n > KEYS && rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, KEYS + 1, s->q->device, -1,
				       SQLITE_STATIC);
	return rc == SQLITE_OK ? 0 : store_read_failed(r, rc, why);
}

/*
 * One statement of a scan: goes on behind s->at, and leaves it at the last row
 * that was looked at. Return: 1 there may be more, 0 the range is at its end or
 * all that was wanted is there, -errno.
 */
static int turn(struct store_reader *r, struct scan *s, bool up, struct page *p,
		struct store_error *why)
{
	sqlite3_stmt *st = NULL;
	int got = store_read_prepare(r, up ? s->order->up : s->order->down, &st,
				     why);

	if (!got)
		got = bind_key(r, st, s, why);
	if (!got)
		got = 1;
	for (int n = 0; got > 0 && n < PAGE_LOOKED && p->bytes < PAGE_BYTES;
	     n++) {
		got = store_read_step(r, st, why);
		if (got <= 0)
			break;
		for (int i = 0; i < KEYS; i++)
			s->at.part[i] = sqlite3_column_int64(st, i);
		if (up ? s->at.part[0] >= s->end : s->at.part[0] < s->begin) {
			got = 0;
			break;
		}
		if (!s->kind->wanted(s->q, st))
			continue;
		if (up && keep(p, s->kind, st)) {
			store_read_say(r, why, strerrordesc_np(ENOMEM));
			got = -ENOMEM;
		} else if (--s->left == 0) {
			got = 0;
		}
	}
	(void)sqlite3_finalize(st); /* says again what store_read_step() said */
	return got;
}

/* Sets s->begin and s->at so that the newest s->left rows are behind it. */
static int seek_newest(struct store_reader *r, struct scan *s,
		       struct store_error *why)
{
	const uint32_t wanted = s->left;
	struct page none;
	int got;

	page_init(&none);
	s->at = (struct key){ { s->end, INT64_MIN, INT64_MIN } };
	do {
		got = turn(r, s, false, &none, why);
	} while (got > 0);
	if (!got && !s->left) {
		s->at.part[s->order->last]--; /* this one, too */
	} else {
		s->at = (struct key){ { s->begin - 1, INT64_MAX, INT64_MAX } };
	}
	s->left = wanted;
	return got;
}

static int scan(struct store_reader *r, struct scan *s, union fn fn, void *arg,
		struct store_error *why)
{
	struct page p;
	int got = 0;

	page_init(&p);
	s->left = s->q->limit ? s->q->limit : UINT32_MAX;
	if (s->begin >= s->end)
		return 0;
	s->at = (struct key){ { s->begin - 1, INT64_MAX, INT64_MAX } };
	if (s->q->newest && s->q->limit)
		got = seek_newest(r, s, why);
	if (got < 0)
		return got;
	do {
		int given;

		got = turn(r, s, true, &p, why);
		if (got < 0) {
			drop(&p);
			return got;
		}
		given = hand_over(&p, s->kind, fn, arg);
		if (given)
			return given;
	} while (got > 0);
	return 0;
}

/* *out = the first event of the range that is not before this time; `end`, if
 * there is none. */
static int bisect(struct store_reader *r, uint64_t ms, int64_t begin,
		  int64_t end, int64_t *out, struct store_error *why)
{
	while (begin < end) {
		const int64_t middle = begin + (end - begin) / 2;
		int64_t n[2] = { 0 };
		const int got =
			store_read_numbers(r,
					   "SELECT id, time FROM events"
					   " WHERE id >= ? ORDER BY id LIMIT 1",
					   middle, n, why);

		if (got < 0)
			return got;
		if (!got || n[0] >= end || n[1] >= (int64_t)ms)
			end = middle;
		else
			begin = n[0] + 1;
	}
	*out = end;
	return 0;
}

static uint64_t before(uint64_t ms, uint64_t distance)
{
	return ms > distance ? ms - distance : 0;
}

/* The events that a query can mean; 0: no such limit. */
static int range(struct store_reader *r, const struct store_query *q,
		 uint64_t since_ms, uint64_t until_ms, struct scan *s,
		 struct store_error *why)
{
	struct store_extent all;
	int error = store_read_extent(r, &all, why);

	if (error)
		return error;
	s->begin = q->after >= all.first ? q->after + 1 : all.first;
	s->end = all.last + 1;
	if (since_ms)
		error = bisect(r, since_ms, s->begin, s->end, &s->begin, why);
	if (until_ms && !error)
		error = bisect(r, until_ms, s->begin, s->end, &s->end, why);
	return error;
}

int store_read_events(struct store_reader *r, const struct store_query *q,
		      store_event_fn *fn, void *arg, struct store_error *why)
{
	struct scan s = { .order = &events_by_number, .kind = &events, .q = q };
	const int error = range(r, q, before(q->since_ms, DISORDER_MS),
				q->until_ms ? q->until_ms + DISORDER_MS : 0, &s,
				why);

	return error ? error : scan(r, &s, (union fn){ .event = fn }, arg, why);
}

int store_read_positions(struct store_reader *r, const struct store_query *q,
			 store_position_fn *fn, void *arg,
			 struct store_error *why)
{
	struct scan s = { .order = &positions_by_event,
			  .kind = &positions,
			  .q = q };
	int error = 0;

	if (q->device && !q->after) {
		s.order = &positions_by_time;
		s.begin = q->since_ms ? (int64_t)q->since_ms : INT64_MIN + 1;
		s.end = q->until_ms ? (int64_t)q->until_ms : INT64_MAX;
	} else { /* events may bring what is older, as old as may be */
		error = range(r, q, before(q->since_ms, AHEAD_MS), 0, &s, why);
	}
	return error ? error
		     : scan(r, &s, (union fn){ .position = fn }, arg, why);
}

#define DEVICES_FROM(table)                                                   \
	"SELECT d.first_seen, d.last_seen, d.events, ifnull(c.n, 0), d.flow," \
	" f.id IS NOT NULL AND f.closed IS NULL, d.id, d.protocol,"           \
	" ifnull(f.client, '-'), p.time, p.lat, p.lon, p.speed, p.course"     \
	" FROM " table " d"                                                   \
	" LEFT JOIN flows f ON f.id = d.flow"                                 \
	" LEFT JOIN (SELECT device, count(*) AS n FROM flows"                 \
	"  WHERE device IS NOT NULL GROUP BY device) c ON c.device = d.id"    \
	" LEFT JOIN positions p ON (p.event, p.n) ="                          \
	"  (SELECT event, n FROM positions WHERE device = d.id"               \
	"   AND time < d.last_seen + ?1"                                      \
	"   AND lat IS NOT NULL AND lon IS NOT NULL"                          \
	"   ORDER BY time DESC, event DESC, n DESC LIMIT 1)"                  \
	" ORDER BY d.last_seen DESC, d.id"

int store_read_devices(struct store_reader *r, const struct store_query *q,
		       store_device_fn *fn, void *arg, struct store_error *why)
{
	uint32_t left = q->limit ? q->limit : UINT32_MAX;
	sqlite3_stmt *st = NULL;
	struct page p;
	int got = store_read_prepare(
		r,
		r->v1 ? DEVICES_FROM("(" STORE_SCHEMA_DEVICES ")")
		      : DEVICES_FROM("devices"),
		&st, why);

	page_init(&p);
	if (!got &&
	    sqlite3_bind_int64(st, 1, (sqlite3_int64)AHEAD_MS) == SQLITE_OK)
		got = 1;
	while (got > 0 && left) {
		got = store_read_step(r, st, why);
		if (got <= 0 || !device_wanted(q, st))
			continue;
		left--;
		if (keep(&p, &devices, st)) {
			store_read_say(r, why, strerrordesc_np(ENOMEM));
			got = -ENOMEM;
		}
	}
	(void)sqlite3_finalize(st); /* says again what store_read_step() said */
	if (got < 0) {
		drop(&p);
		return got;
	}
	return hand_over(&p, &devices, (union fn){ .device = fn }, arg);
}
