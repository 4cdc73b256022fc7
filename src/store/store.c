/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - opens, closes; what is asked of a store */
#include "store.h"

#include <errno.h>
#include <stdlib.h>

#include "store_internal.h"

int store_open(const struct store_options *o, struct store **out,
	       struct store_error *why)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	store_say(why, "%s", "");
	if (!s)
		return -ENOMEM;
	s->options = *o;
	s->shm = -1;
	r = store_file_open(s, why);
	if (r) {
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_file_close(s);
	store_batch_free(&s->batch);
	free(s);
}

void store_set(struct store *s, const struct store_options *o)
{
	const char *path = s->options.path; /* needs a restart */

	s->options = *o;
	s->options.path = path;
	if (s->db && store_file_tune(s) != SQLITE_OK)
		store_file_close(s); /* the next commit opens it with them */
}

uint64_t store_id(const struct store *s)
{
	return s->id;
}

int64_t store_first(struct store *s)
{
	int64_t first = 0;
	int r;

	if (!s->db)
		return 0;
	r = store_step(s, STORE_SQL_FIRST);
	if (r == SQLITE_ROW)
		first = sqlite3_column_int64(s->sql[STORE_SQL_FIRST], 0);
	else if (r == SQLITE_DONE)
		first = s->mark.last_event + 1;
	store_done(s, STORE_SQL_FIRST);
	return first;
}

uint64_t store_committed(const struct store *s, uint64_t writer)
{
	return s->mark.writer == writer ? s->mark.seq : 0;
}

struct store_waiting store_waiting(const struct store *s)
{
	return (struct store_waiting){ .rows = s->batch.n_rows,
				       .events = s->batch.n_events,
				       .bytes = s->batch.len };
}

uint32_t store_give_up(struct store *s)
{
	const uint32_t events = s->batch.n_events;

	store_batch_clear(&s->batch);
	return events;
}

uint64_t store_wal_full(const struct store *s)
{
	return s->wal_full;
}
