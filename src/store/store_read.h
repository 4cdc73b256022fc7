/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_read.h - the store as others read it
 *
 * For publishers and the tool. Opens read-only, works while the daemon is down
 * and as another uid that may read the files.
 *
 * What a call reads it reads in pages: a short statement looks at so many rows
 * and copies those that are asked for; it is finished before they are handed
 * over. So no transaction is open between two calls, nor while a row's function
 * runs, and one that waits for a network or a pager keeps no WAL from being
 * emptied. Rows that go or come meanwhile are seen or not.
 */
#ifndef STORE_READ_H
#define STORE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"

struct store_error;
struct store_reader;

/* Return: 0 and *out; -ENOENT: there is none yet; -EINVAL: of a newer Wayside,
 * or no store; another -errno. *why says it. */
WS_MUST_USE int store_reader_open(const char *path, struct store_reader **out,
				  struct store_error *why);
/* NULL is fine. */
void store_reader_close(struct store_reader *r);

/* Does the path still name this file? False after it was set aside. */
WS_MUST_USE bool store_reader_current(const struct store_reader *r);

struct store_extent {
	uint64_t store;      /* the file's identity */
	int64_t first, last; /* events; first > last: there are none. `last`
			      * is the last that there ever was */
	uint64_t bytes;      /* of pages in use */
};
WS_MUST_USE int store_read_extent(struct store_reader *r,
				  struct store_extent *out,
				  struct store_error *why);

/* 0, NULL: any. */
struct store_query {
	int64_t after;     /* events with a larger number */
	uint64_t since_ms; /* not before: events' time, positions' own */
	uint64_t until_ms; /* before */
	const char *device;
	const char *type, *protocol;
	uint32_t limit; /* so many at most: the oldest of them ... */
	bool newest;    /* ... or the newest of them; the oldest comes first */
};

/* Strings are borrowed until the function returns; they end with NUL. */
struct store_event_row {
	int64_t id;
	uint64_t flow, time_ms;
	const char *direction, *protocol;
	const char *device; /* NULL: not known */
	const char *type;
	const char *json; /* as event.schema.json says */
	size_t json_len;
};

struct store_position_row {
	int64_t event;
	uint64_t event_time_ms; /* when it came */
	int64_t time_ms;        /* when it was so, as far as the tracker says */
	const char *device;     /* NULL: not known */
	const char *protocol;
	bool valid;
	double lat, lon, altitude, speed, course; /* NAN: not known */
};

struct store_device_row {
	const char *id, *protocol;
	uint64_t first_seen_ms, last_seen_ms;
	uint64_t events;
	uint64_t flows;     /* that are in the store */
	uint64_t live_flow; /* the newest */
	const char *client; /* of it */
	bool open;          /* it has not ended */
	bool located;       /* the rest says where it was last */
	int64_t position_ms;
	double lat, lon, speed, course;
};

/* For each row; may wait; nonzero ends it, and is what the call returns. */
typedef int store_event_fn(void *arg, const struct store_event_row *row);
typedef int store_position_fn(void *arg, const struct store_position_row *row);
typedef int store_device_fn(void *arg, const struct store_device_row *row);

/* Return: 0, -errno with *why, or what fn returned. Positions without a place
 * are left out. Devices: the one that was seen last comes first; of the query
 * only `device`, `since_ms` and `limit` count. */
WS_MUST_USE int store_read_events(struct store_reader *r,
				  const struct store_query *q,
				  store_event_fn *fn, void *arg,
				  struct store_error *why);
WS_MUST_USE int store_read_positions(struct store_reader *r,
				     const struct store_query *q,
				     store_position_fn *fn, void *arg,
				     struct store_error *why);
WS_MUST_USE int store_read_devices(struct store_reader *r,
				   const struct store_query *q,
				   store_device_fn *fn, void *arg,
				   struct store_error *why);

#endif
