/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_commit.c - one transaction */
#include "store_internal.h"

#include <errno.h>
#include <string.h>

#include "base_die.h"
#include "base_hash.h"

/* A page that a row may touch besides its own: of a table, of an index. */
#define TOUCHED 4096

int store_step(struct store *s, enum store_statement which)
{
	int r;

	errno = 0;
	r = sqlite3_step(s->sql[which]);
	if (r != SQLITE_ROW && r != SQLITE_DONE && !s->error)
		s->error = errno;
	return r;
}

void store_done(struct store *s, enum store_statement which)
{
	(void)sqlite3_reset(s->sql[which]); /* says what step said */
}

int store_run(struct store *s, enum store_statement which)
{
	const int r = store_step(s, which);

	store_done(s, which);
	return r == SQLITE_DONE || r == SQLITE_ROW ? SQLITE_OK : r;
}

void store_rollback(struct store *s)
{
	/* SQLite has done it already after some errors */
	if (!sqlite3_get_autocommit(s->db))
		(void)store_run(s, STORE_SQL_ROLLBACK);
}

int store_read_mark(struct store *s, struct store_mark *out)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_MARK];
	int r = store_step(s, STORE_SQL_MARK);

	if (r == SQLITE_ROW)
		*out = (struct store_mark){
			.id = (uint64_t)sqlite3_column_int64(st, 0),
			.writer = (uint64_t)sqlite3_column_int64(st, 1),
			.seq = (uint64_t)sqlite3_column_int64(st, 2),
			.last_event = sqlite3_column_int64(st, 3),
		};
	store_done(s, STORE_SQL_MARK);
	if (r == SQLITE_DONE) /* the row is gone */
		return SQLITE_CORRUPT;
	return r == SQLITE_ROW ? SQLITE_OK : r;
}

/* Parameters cannot fail but for memory, which the step would find: an unbound
 * one is NULL, and each of these columns is NOT NULL. */
static void bind_int(sqlite3_stmt *st, int i, int64_t v)
{
	(void)sqlite3_bind_int64(st, i, v);
}

/* Takes it off the front of what stands in a row. */
static struct base_span take(const uint8_t **from, size_t len)
{
	const struct base_span text = { *from, len };

	*from += len;
	return text;
}

/* Not copied: the block lives as long as the transaction. */
static void bind_text(sqlite3_stmt *st, int i, struct base_span text)
{
	(void)sqlite3_bind_text(st, i, (const char *)text.ptr, (int)text.len,
				SQLITE_STATIC);
}

static void bind_device(sqlite3_stmt *st, int i, struct base_span device)
{
	if (device.len)
		bind_text(st, i, device);
	else
		(void)sqlite3_bind_null(st, i);
}

static int put_flow(struct store *s, const struct store_row_flow *row)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_FLOW];
	const uint8_t *texts = (const uint8_t *)(row + 1);

	bind_int(st, 1, (int64_t)row->row.flow);
	bind_int(st, 2, row->opened_ms);
	bind_text(st, 3, take(&texts, row->client_len));
	bind_text(st, 4, take(&texts, row->server_len));
	bind_text(st, 5, take(&texts, row->id_len));
	return store_run(s, STORE_SQL_FLOW);
}

static int put_end(struct store *s, const struct store_row_end *row)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_END];
	const uint8_t *texts = (const uint8_t *)(row + 1);

	bind_int(st, 1, (int64_t)row->row.flow);
	bind_int(st, 2, row->closed_ms);
	bind_text(st, 3, take(&texts, row->reason_len));
	bind_int(st, 4, (int64_t)row->bytes[BASE_CLIENT]);
	bind_int(st, 5, (int64_t)row->bytes[BASE_SERVER]);
	return store_run(s, STORE_SQL_END);
}

/* The device before the events: it counts those that have no name. */
static int put_name(struct store *s, const struct store_row_name *row)
{
	static const enum store_statement all[] = { STORE_SQL_NAME_DEVICE,
						    STORE_SQL_NAME_POSITIONS,
						    STORE_SQL_NAME_EVENTS,
						    STORE_SQL_NAME_FLOW };
	const uint8_t *texts = (const uint8_t *)(row + 1);
	const struct base_span device = take(&texts, row->device_len);
	int r = SQLITE_OK;

	for (size_t i = 0; r == SQLITE_OK && i < WS_ARRAY_LEN(all); i++) {
		bind_int(s->sql[all[i]], 1, (int64_t)row->row.flow);
		bind_text(s->sql[all[i]], 2, device);
		r = store_run(s, all[i]);
	}
	return r;
}

static int put_positions(struct store *s, const struct store_row_event *row,
			 int64_t id, struct base_span device)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_POSITION];
	int r = SQLITE_OK;

	bind_int(st, 1, id);
	bind_device(st, 3, device);
	for (uint32_t i = 0; r == SQLITE_OK && i < row->n_positions; i++) {
		const struct store_row_position *p = &row->positions[i];
		const double reals[] = { p->lat, p->lon, p->altitude, p->speed,
					 p->course };

		bind_int(st, 2, i);
		bind_int(st, 4, p->time_ms);
		bind_int(st, 5, p->valid);
		/* SQLite takes NAN for NULL */
		for (int k = 0; k < (int)WS_ARRAY_LEN(reals); k++)
			(void)sqlite3_bind_double(st, 6 + k, reals[k]);
		r = store_run(s, STORE_SQL_POSITION);
	}
	return r;
}

/* The flow's row says what its last event said. */
static int tell_flow(struct store *s, uint64_t flow, struct base_span protocol,
		     struct base_span device)
{
	struct store_told *told = &s->told[flow % STORE_TOLD_SLOTS];
	sqlite3_stmt *st = s->sql[STORE_SQL_FLOW_SAYS];
	uint64_t hash = base_hash(BASE_HASH_NONE, protocol.ptr, protocol.len);

	hash = base_hash(hash, "", 1); /* NUL, which no protocol's name has */
	hash = base_hash(hash, device.ptr, device.len);
	if (told->flow == flow && told->hash == hash)
		return SQLITE_OK;
	*told = (struct store_told){ .flow = flow, .hash = hash };
	bind_int(st, 1, (int64_t)flow);
	bind_text(st, 2, protocol);
	bind_device(st, 3, device);
	return store_run(s, STORE_SQL_FLOW_SAYS);
}

static int put_event(struct store *s, const struct store_row_event *row,
		     int64_t id)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_EVENT];
	const uint8_t *texts =
		(const uint8_t *)&row->positions[row->n_positions];
	const struct base_span protocol = take(&texts, row->protocol_len);
	const struct base_span type = take(&texts, row->type_len);
	const struct base_span device = take(&texts, row->device_len);
	const char *direction =
		base_direction_name((enum base_direction)row->direction);
	int r;

	bind_int(st, 1, id);
	bind_int(st, 2, (int64_t)row->row.flow);
	bind_int(st, 3, row->time_ms);
	(void)sqlite3_bind_text(st, 4, direction, -1, SQLITE_STATIC);
	bind_text(st, 5, protocol);
	bind_device(st, 6, device);
	bind_text(st, 7, type);
	bind_text(st, 8, take(&texts, row->json_len));
	r = store_run(s, STORE_SQL_EVENT);
	if (r == SQLITE_OK)
		r = put_positions(s, row, id, device);
	return r == SQLITE_OK ? tell_flow(s, row->row.flow, protocol, device)
			      : r;
}

static int put_device(struct store *s, const struct store_seen *d,
		      int64_t before)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_DEVICE];
	const uint8_t *rows = s->batch.rows;

	bind_text(st, 1, (struct base_span){ rows + d->device, d->device_len });
	bind_text(st, 2,
		  (struct base_span){ rows + d->protocol, d->protocol_len });
	bind_int(st, 3, d->first_ms);
	bind_int(st, 4, d->last_ms);
	bind_int(st, 5, (int64_t)d->flow);
	bind_int(st, 6, d->opened_ms);
	bind_int(st, 7, d->events);
	bind_int(st, 8, before + 1 + d->last);
	return store_run(s, STORE_SQL_DEVICE);
}

static int put_row(struct store *s, const void *row, int64_t *last)
{
	const struct store_row *head = row;

	switch ((enum store_row_kind)head->kind) {
	case STORE_ROW_FLOW:
		return put_flow(s, row);
	case STORE_ROW_EVENT:
		return put_event(s, row, ++*last);
	case STORE_ROW_END:
		return put_end(s, row);
	case STORE_ROW_NAME:
		return put_name(s, row);
	}
	return SQLITE_INTERNAL;
}

/* Into the transaction. *mark: as it was; becomes what is to be. */
static int put_batch(struct store *s, struct store_mark *mark)
{
	const struct store_batch *b = &s->batch;
	const int64_t before = mark->last_event;
	int r = SQLITE_OK;

	for (size_t at = 0; r == SQLITE_OK && at < b->len;
	     at +=
	     ((const struct store_row *)(const void *)(b->rows + at))->size)
		r = put_row(s, b->rows + at, &mark->last_event);
	for (uint32_t i = 0; r == SQLITE_OK && i < b->n_seen; i++)
		r = put_device(s, &b->seen[i], before);
	return r;
}

static int set_mark(struct store *s, const struct store_mark *mark)
{
	sqlite3_stmt *st = s->sql[STORE_SQL_SET_MARK];

	bind_int(st, 1, (int64_t)mark->writer);
	bind_int(st, 2, (int64_t)mark->seq);
	bind_int(st, 3, mark->last_event);
	return store_run(s, STORE_SQL_SET_MARK);
}

/* Between BEGIN and COMMIT. */
static int fill(struct store *s, uint64_t writer, uint64_t seq,
		struct store_mark *mark)
{
	int r = store_read_mark(s, mark);

	if (mark->last_event < s->skip)
		mark->last_event = s->skip;
	/* flows of a daemon that is gone do not go on */
	if (r == SQLITE_OK && mark->writer && mark->writer != writer)
		r = store_run(s, STORE_SQL_LOST_FLOWS);
	if (r == SQLITE_OK)
		r = put_batch(s, mark);
	mark->writer = writer;
	mark->seq = seq;
	if (r == SQLITE_OK)
		r = set_mark(s, mark);
	return r;
}

int store_skip(struct store *s, int64_t number, struct store_error *why)
{
	int r;

	if (!s->db || number <= s->mark.last_event || number > INT64_MAX / 2)
		return 0;
	s->skip = number;
	bind_int(s->sql[STORE_SQL_SKIP], 1, number);
	r = store_run(s, STORE_SQL_SKIP);
	if (r != SQLITE_OK)
		return store_fail(s, r, "cannot be written", why);
	s->mark.last_event = number;
	return 0;
}

static int transaction(struct store *s, uint64_t writer, uint64_t seq)
{
	struct store_mark mark = s->mark, now = mark;
	int r = store_run(s, STORE_SQL_BEGIN);

	if (r != SQLITE_OK)
		return r;
	base_die_at(BASE_DIE_STORE_BEGUN);
	r = fill(s, writer, seq, &mark);
	if (r == SQLITE_OK) {
		base_die_at(BASE_DIE_STORE_INSERTED);
		r = store_run(s, STORE_SQL_COMMIT);
		store_rollback(s);
		/* the mark knows better than what COMMIT says */
		if (r != SQLITE_OK && store_read_mark(s, &now) == SQLITE_OK &&
		    now.writer == writer && now.seq == seq)
			r = SQLITE_OK;
	}
	if (r == SQLITE_OK) {
		s->mark = mark;
		base_die_at(BASE_DIE_STORE_COMMITTED);
		return r;
	}
	store_rollback(s);
	/* it may be in the log all the same, where who opens it next finds it:
	 * of the log, only what was committed gets into the file */
	if ((r & 0xff) == SQLITE_IOERR)
		(void)store_wal_empty(s);
	memset(s->told, 0, sizeof(s->told));
	return r;
}

/* More than it will be: each row may touch a page of its own in each tree. */
static uint64_t pages_bytes(const struct store_batch *b)
{
	return b->len + (uint64_t)TOUCHED *
				(b->n_rows + 2ULL * b->n_positions + b->n_seen);
}

int store_commit(struct store *s, uint64_t writer, uint64_t seq,
		 struct store_error *why)
{
	int r;

	store_say(why, "%s", "");
	r = store_file_check(s, why);
	if (!r)
		r = store_wal_room(s, pages_bytes(&s->batch), why);
	if (r)
		return r;
	r = transaction(s, writer, seq);
	if (r != SQLITE_OK)
		return store_file_failed(s, r, "cannot be written", why);
	store_batch_clear(&s->batch);
	store_wal_after(s);
	return 0;
}
