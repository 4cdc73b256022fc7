/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_retain.c - what is old goes */
#include "store_internal.h"

#include <errno.h>
#include <string.h>

#include "base_die.h"

#define NS_PER_MS 1000000
/* At once: twice of what a commit has, so a store at its limit stays there. */
#define STEP 2000
/* Beyond what brings it under its limit, so it is not there again at once. */
#define SPARE 64
/* Bytes of the log, for a row that goes: it, its page, those of its indexes. */
#define ROW_BYTES 16384

struct look {
	int64_t used; /* bytes */
	int64_t first, first_ms;
	int64_t last; /* event; first > last: there are none */
};

static int look(struct store *s, struct look *out)
{
	sqlite3_stmt *used = s->sql[STORE_SQL_USED];
	sqlite3_stmt *first = s->sql[STORE_SQL_FIRST];
	int r = store_step(s, STORE_SQL_USED);

	*out = (struct look){ .last = s->mark.last_event,
			      .first = s->mark.last_event + 1,
			      .first_ms = INT64_MAX };
	if (r == SQLITE_ROW)
		out->used = sqlite3_column_int64(used, 0);
	store_done(s, STORE_SQL_USED);
	if (r != SQLITE_ROW)
		return r;
	r = store_step(s, STORE_SQL_FIRST);
	if (r == SQLITE_ROW) {
		out->first = sqlite3_column_int64(first, 0);
		out->first_ms = sqlite3_column_int64(first, 1);
	}
	store_done(s, STORE_SQL_FIRST);
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

/* The last event that goes for its age. Times are those of a clock that may
 * have been wrong: what comes behind a younger one stays with it. */
static int cut_by_age(struct store *s, const struct look *l, int64_t older_ms,
		      int64_t *cut)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_YOUNG];
	int r;

	*cut = l->first - 1;
	if (l->first > l->last || l->first_ms >= older_ms)
		return SQLITE_OK;
	(void)sqlite3_bind_int64(st, 1, older_ms);
	(void)sqlite3_bind_int64(st, 2, STEP);
	r = store_step(s, STORE_SQL_YOUNG);
	if (r == SQLITE_ROW)
		*cut = sqlite3_column_type(st, 0) == SQLITE_NULL
			       ? l->first + STEP - 1
			       : sqlite3_column_int64(st, 0) - 1;
	store_done(s, STORE_SQL_YOUNG);
	return r == SQLITE_ROW ? SQLITE_OK : r;
}

/* The same for a size: as many events as have the bytes that are too much. */
static int64_t cut_by_size(const struct look *l, uint64_t size)
{
	const double n = (double)(l->last - l->first + 1);
	double events;

	if (!size || l->used <= (int64_t)size)
		return l->first - 1;
	events = n * ((double)l->used - (double)size) / (double)l->used + SPARE;
	return l->first - 1 + (int64_t)(events < STEP ? events : STEP);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int expire_events(struct store *s, int64_t cut)
{
	static const enum store_statement all[] = { STORE_SQL_EXPIRE_DEVICES,
						    STORE_SQL_EXPIRE_POSITIONS,
						    STORE_SQL_EXPIRE_EVENTS };
	int r = SQLITE_OK;

	for (size_t i = 0; r == SQLITE_OK && i < WS_ARRAY_LEN(all); i++) {
		(void)sqlite3_bind_int64(s->sql[all[i]], 1, cut);
		r = store_run(s, all[i]);
	}
	return r;
}

/* Ended ones, of which no event is left. */
static int expire_flows(struct store *s, int64_t closed_before, int *n)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_EXPIRE_FLOWS];
	int r;

	(void)sqlite3_bind_int64(st, 1, closed_before);
	(void)sqlite3_bind_int64(st, 2, STEP);
	r = store_run(s, STORE_SQL_EXPIRE_FLOWS);
	*n = r == SQLITE_OK ? sqlite3_changes(s->db) : 0;
	return r;
}

/* Between BEGIN and COMMIT. */
static int expire(struct store *s, const struct store_limits *l,
		  struct store_retained *out)
{
	const int64_t older_ms = (int64_t)(l->older_than_ns / NS_PER_MS);
	const uint64_t any = l->size ? l->size : l->size_hard;
	struct look at;
	bool large;
	int64_t cut = 0;
	int r, flows = 0;

	r = look(s, &at);
	if (r == SQLITE_OK)
		r = cut_by_age(s, &at, older_ms, &cut);
	if (r != SQLITE_OK)
		return r;
	cut = smaller(larger(cut, cut_by_size(&at, l->size)), l->confirmed);
	cut = larger(cut, cut_by_size(&at, l->size_hard));
	cut = smaller(cut, at.last);
	if (cut >= at.first) {
		out->expired = (uint32_t)(cut - at.first + 1);
		out->unsent = (uint32_t)larger(
			cut - larger(l->confirmed, at.first - 1), 0);
		r = expire_events(s, cut);
	}
	if (r == SQLITE_OK)
		r = look(s, &at);
	large = any && at.used > (int64_t)any;
	if (r == SQLITE_OK)
		r = expire_flows(
			s, large ? at.first_ms : smaller(at.first_ms, older_ms),
			&flows);
	if (r == SQLITE_OK)
		out->more = flows == STEP ||
			    (out->expired && (large || out->expired == STEP));
	return r;
}

static int transaction(struct store *s, const struct store_limits *l,
		       struct store_retained *out)
{
	int r = store_run(s, STORE_SQL_BEGIN);

	if (r != SQLITE_OK)
		return r;
	r = expire(s, l, out);
	if (r == SQLITE_OK)
		r = store_run(s, STORE_SQL_COMMIT);
	store_rollback(s);
	if (r == SQLITE_OK && out->expired)
		base_die_at(BASE_DIE_STORE_EXPIRED);
	return r;
}

int store_retain(struct store *s, const struct store_limits *l,
		 struct store_retained *out, struct store_error *why)
{
	struct store_retained done = { .expired = 0 };
	int r;

	store_say(why, "%s", "");
	r = store_file_check(s, why);
	if (!r)
		r = store_wal_room(s, (uint64_t)STEP * ROW_BYTES, why);
	if (r)
		return r;
	r = transaction(s, l, &done);
	if (r != SQLITE_OK)
		return store_file_failed(s, r, "old events cannot be deleted",
					 why);
	*out = done;
	store_wal_after(s);
	return 0;
}
