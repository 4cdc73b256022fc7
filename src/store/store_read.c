/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_read.c - the store as others read it: opening, and what it is */
#include "store_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store.h"
#include "store_read_internal.h"
#include "store_schema.h"

/* A reader waits only while a writer recovers a WAL. */
#define BUSY_MS    2000

#define OPEN_TRIES 3

void store_read_say(const struct store_reader *r, struct store_error *why,
		    const char *what)
{
	(void)snprintf(why->text, sizeof(why->text), "%s: %s", r->path, what);
}

int store_read_failed(const struct store_reader *r, int rc,
		      struct store_error *why)
{
	static const struct {
		int code, error;
	} rows[] = {
		{ SQLITE_BUSY, -EBUSY },      { SQLITE_LOCKED, -EBUSY },
		{ SQLITE_NOMEM, -ENOMEM },    { SQLITE_CORRUPT, -EUCLEAN },
		{ SQLITE_NOTADB, -EINVAL },   { SQLITE_PERM, -EACCES },
		{ SQLITE_CANTOPEN, -EACCES }, { SQLITE_READONLY, -EACCES },
		{ SQLITE_SCHEMA, -EINVAL },   { SQLITE_ERROR, -EINVAL },
	};

	store_read_say(r, why, sqlite3_errmsg(r->db)); /* NULL: no memory */
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		if (rows[i].code == (rc & 0xff))
			return rows[i].error;
	}
	return -EIO;
}

int store_read_prepare(struct store_reader *r, const char *sql,
		       sqlite3_stmt **st, struct store_error *why)
{
	const int rc = sqlite3_prepare_v2(r->db, sql, -1, st, NULL);

	return rc == SQLITE_OK ? 0 : store_read_failed(r, rc, why);
}

int store_read_step(struct store_reader *r, sqlite3_stmt *st,
		    struct store_error *why)
{
	const int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : store_read_failed(r, rc, why);
}

int store_read_numbers(struct store_reader *r, const char *sql, int64_t arg,
		       int64_t *out, struct store_error *why)
{
	sqlite3_stmt *st = NULL;
	int got = store_read_prepare(r, sql, &st, why);

	if (!got) {
		if (sqlite3_bind_parameter_count(st))
			(void)sqlite3_bind_int64(st, 1, arg);
		got = store_read_step(r, st, why);
	}
	for (int i = 0; got > 0 && i < sqlite3_column_count(st); i++)
		out[i] = sqlite3_column_int64(st, i);
	(void)sqlite3_finalize(st); /* says again what store_read_step() said */
	return got;
}

/* Is it a store, and one that can be read? */
static int check(struct store_reader *r, struct store_error *why)
{
	int64_t id = 0, version = 0, tables = 0;
	int got = store_read_numbers(r, "PRAGMA application_id", 0, &id, why);

	if (got > 0)
		got = store_read_numbers(r, "PRAGMA user_version", 0, &version,
					 why);
	if (got > 0)
		got = store_read_numbers(r,
					 "SELECT count(*) FROM sqlite_master",
					 0, &tables, why);
	if (got == -EACCES) /* the file itself was opened */
		store_read_say(
			r, why,
			"its -wal and -shm cannot be read, or are missing");
	if (got < 0)
		return got;
	if (id != STORE_APPLICATION_ID && (id || version || tables)) {
		store_read_say(r, why, "this is no store of Wayside");
		return -EINVAL;
	}
	if (!version) {
		store_read_say(r, why, "there is nothing in it yet");
		return -ENOENT;
	}
	if (version > STORE_SCHEMA_VERSION) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%s: this store was made by a newer Wayside: "
			       "its schema is version %" PRId64
			       ", here %d is known",
			       r->path, version, STORE_SCHEMA_VERSION);
		return -EINVAL;
	}
	r->v1 = version == 1;
	return 0;
}

static int open_once(struct store_reader *r, struct store_error *why)
{
	struct stat st;
	int rc;

	/* SQLite tells less, and takes a directory for a broken file */
	if (stat(r->path, &st)) {
		const int error = errno;

		store_read_say(r, why, strerrordesc_np(error));
		return -error;
	}
	if (!S_ISREG(st.st_mode)) {
		store_read_say(r, why, "this is no file");
		return -EINVAL;
	}
	rc = sqlite3_open_v2(r->path, &r->db,
			     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
				     SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc != SQLITE_OK) {
		const int error = sqlite3_system_errno(r->db);

		if (!error)
			return store_read_failed(r, rc, why);
		store_read_say(r, why, strerrordesc_np(error));
		return -error;
	}
	/* a reader empties no WAL, and a schema may call no function */
	(void)sqlite3_db_config(r->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
				NULL);
	(void)sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_busy_timeout(r->db, BUSY_MS);
	return check(r, why);
}

bool store_reader_current(const struct store_reader *r)
{
	int moved = 1;

	return sqlite3_file_control(r->db, "main", SQLITE_FCNTL_HAS_MOVED,
				    &moved) == SQLITE_OK &&
	       !moved;
}

int store_reader_open(const char *path, struct store_reader **out,
		      struct store_error *why)
{
	struct store_reader *r = calloc(1, sizeof(*r));
	int error = -ENOMEM;

	(void)snprintf(why->text, sizeof(why->text), "%s: out of memory", path);
	if (r)
		r->path = strdup(path);
	/* SQLite opens the WAL by name: while a store is set aside, it may be
	 * another file's */
	for (int i = 0; i < OPEN_TRIES && r && r->path; i++) {
		error = open_once(r, why);
		if (!error && store_reader_current(r)) {
			why->text[0] = '\0';
			*out = r;
			return 0;
		}
		(void)sqlite3_close(r->db); /* no statement is open */
		r->db = NULL;
		if (error)
			break;
		store_read_say(r, why, "it is just being replaced");
		error = -EAGAIN;
	}
	store_reader_close(r);
	return error;
}

void store_reader_close(struct store_reader *r)
{
	if (!r)
		return;
	(void)sqlite3_close(r->db); /* no statement is open */
	free(r->path);
	free(r);
}

int store_read_extent(struct store_reader *r, struct store_extent *out,
		      struct store_error *why)
{
	int64_t n[4] = { 0 };
	const int got = store_read_numbers(
		r,
		"SELECT id, last_event,"
		" ifnull((SELECT min(id) FROM events), last_event + 1),"
		" (page_count - freelist_count) * page_size"
		" FROM store, pragma_page_count, pragma_freelist_count,"
		" pragma_page_size",
		0, n, why);

	if (got < 0)
		return got;
	if (!got) {
		store_read_say(r, why, "its table `store` is empty");
		return -EUCLEAN;
	}
	*out = (struct store_extent){ .store = (uint64_t)n[0],
				      .last = n[1],
				      .first = n[2],
				      .bytes = (uint64_t)n[3] };
	return 0;
}
