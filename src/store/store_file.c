/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_file.c - the file: made, looked at, migrated, set aside */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base_fd.h"
#include "store_schema.h"

#define MODE 0640
/* A device's, a flow's and an index's pages are met again in a moment. */
#define CACHE_KIB 8192

/* Named before login; those before them stay as they are, so that one message
 * never costs more than this. */
#define NAME_MAX_SQL "10000"
#define NAMELESS                                                   \
	"(SELECT * FROM events WHERE flow = ?1 AND device IS NULL" \
	" ORDER BY id DESC LIMIT " NAME_MAX_SQL ")"
#define DEVICE_CONFLICT                                          \
	" ON CONFLICT(id) DO UPDATE SET"                         \
	" protocol = excluded.protocol,"                         \
	" first_seen = min(first_seen, excluded.first_seen),"    \
	" last_seen = max(last_seen, excluded.last_seen),"       \
	" flow = CASE WHEN excluded.flow_opened >= flow_opened"  \
	"  THEN excluded.flow ELSE flow END,"                    \
	" flow_opened = max(flow_opened, excluded.flow_opened)," \
	" events = events + excluded.events,"                    \
	" last_event = max(last_event, excluded.last_event)"

static const char *const sql[STORE_SQL_MAX] = {
	[STORE_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_SQL_COMMIT] = "COMMIT",
	[STORE_SQL_ROLLBACK] = "ROLLBACK",
	[STORE_SQL_MARK] = "SELECT id, writer, seq, last_event FROM store",
	[STORE_SQL_SET_MARK] =
		"UPDATE store SET writer = ?1, seq = ?2, last_event = ?3",
	[STORE_SQL_SKIP] = "UPDATE store SET last_event = max(last_event, ?1)",
	/* no later than the last that was heard at all */
	[STORE_SQL_LOST_FLOWS] =
		"UPDATE flows SET reason = 'lost', closed = max(opened, ifnull("
		"(SELECT time FROM events ORDER BY id DESC LIMIT 1), opened))"
		" WHERE closed IS NULL",
	[STORE_SQL_FLOW] =
		"INSERT OR IGNORE INTO flows(id, opened, client, server,"
		" connection_id) VALUES(?1, ?2, ?3, ?4, ?5)",
	[STORE_SQL_FLOW_SAYS] =
		"UPDATE flows SET protocol = ?2, device = ifnull(?3, device)"
		" WHERE id = ?1 AND (protocol IS NOT ?2"
		" OR device IS NOT ifnull(?3, device))",
	[STORE_SQL_END] =
		"UPDATE flows SET closed = ?2, reason = ?3, client_bytes = ?4,"
		" server_bytes = ?5 WHERE id = ?1",
	[STORE_SQL_EVENT] =
		"INSERT INTO events VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[STORE_SQL_POSITION] =
		"INSERT INTO positions VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
		" ?9, ?10)",
	[STORE_SQL_DEVICE] =
		"INSERT INTO devices(id, protocol, first_seen, last_seen, flow,"
		" flow_opened, events, last_event)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" DEVICE_CONFLICT,
	[STORE_SQL_NAME_DEVICE] =
		"INSERT INTO devices(id, protocol, first_seen, last_seen, flow,"
		" flow_opened, events, last_event)"
		" SELECT ?2, max(protocol), min(time), max(time), ?1,"
		"  ifnull((SELECT opened FROM flows WHERE id = ?1), min(time)),"
		"  count(*), max(id) FROM " NAMELESS
		" WHERE direction = 'client' GROUP BY direction" DEVICE_CONFLICT,
	[STORE_SQL_NAME_POSITIONS] = "UPDATE positions SET device = ?2"
				     " WHERE event IN (SELECT id FROM " NAMELESS
				     ")",
	[STORE_SQL_NAME_EVENTS] =
		"UPDATE events SET device = ?2,"
		" event = CASE WHEN json_valid(event)"
		"  THEN json_set(event, '$.device_id', ?2) ELSE event END"
		" WHERE id IN (SELECT id FROM " NAMELESS ")",
	[STORE_SQL_NAME_FLOW] = "UPDATE flows SET device = ?2 WHERE id = ?1",
	[STORE_SQL_USED] = "SELECT (page_count - freelist_count) * page_size"
			   " FROM pragma_page_count, pragma_freelist_count,"
			   " pragma_page_size",
	[STORE_SQL_FIRST] = "SELECT id, time FROM events ORDER BY id LIMIT 1",
	/* the first of the next ?2 that is not older than ?1 */
	[STORE_SQL_YOUNG] =
		"SELECT min(id) FROM (SELECT id, time FROM events ORDER BY id"
		" LIMIT ?2) WHERE time >= ?1",
	[STORE_SQL_EXPIRE_DEVICES] =
		"DELETE FROM devices WHERE last_event <= ?1 AND id IN"
		" (SELECT DISTINCT device FROM events WHERE id <= ?1)",
	[STORE_SQL_EXPIRE_POSITIONS] =
		"DELETE FROM positions WHERE event <= ?1",
	[STORE_SQL_EXPIRE_EVENTS] = "DELETE FROM events WHERE id <= ?1",
	[STORE_SQL_EXPIRE_FLOWS] =
		"DELETE FROM flows WHERE id IN (SELECT id FROM flows"
		" WHERE closed < ?1 ORDER BY closed LIMIT ?2)",
};

/* Of a file that was never ours. */
#define FOREIGN (-EINVAL)

static int exec(struct store *s, const char *text)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL);
}

/* The first column of the first row. */
static int number(struct store *s, const char *text, int64_t *out)
{
	sqlite3_stmt *st;
	int r = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (r != SQLITE_OK)
		return r;
	r = sqlite3_step(st);
	if (r == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st); /* says again what step said */
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int failed(const char *path, int error, struct store_error *why)
{
	store_say(why, "%s: %s", path, strerrordesc_np(error));
	return -error;
}

/* SQLite gives -wal and -shm the mode of the file, so it is made here, and its
 * mode is the same under every umask. */
static int make(const char *path, struct store_error *why)
{
	WS_CLEAN(base_fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
	struct stat st;

	if (fd >= 0)
		return fchmod(fd, MODE) < 0 ? failed(path, errno, why) : 0;
	if (errno != EEXIST || stat(path, &st) < 0)
		return failed(path, errno, why);
	if (S_ISREG(st.st_mode))
		return 0;
	store_say(why, "%s: not a regular file", path);
	return -EINVAL;
}

/* May it be used? Nothing was changed yet. */
static int identify(struct store *s, int64_t *version, struct store_error *why)
{
	int64_t application = 0, tables = 0;
	int r = number(s, "PRAGMA application_id", &application);

	if (r == SQLITE_OK)
		r = number(s, "PRAGMA user_version", version);
	if (r == SQLITE_OK)
		r = number(s, "SELECT count(*) FROM sqlite_master", &tables);
	if (r != SQLITE_OK)
		return store_fail(s, r, "cannot be read", why);
	if (application != STORE_APPLICATION_ID &&
	    (application || *version || tables)) {
		store_say(why, "%s: a database of another application",
			  s->options.path);
		return FOREIGN;
	}
	if (*version > STORE_SCHEMA_VERSION) {
		store_say(why,
			  "%s: made by a newer Wayside (schema %lld, this one "
			  "knows %d)",
			  s->options.path, (long long)*version,
			  STORE_SCHEMA_VERSION);
		return -EINVAL;
	}
	return 0;
}

/* SQLite opens it for reading when that is all it may. */
static int writable(struct store *s, struct store_error *why)
{
	const char *path = s->options.path;

	if (sqlite3_db_readonly(s->db, "main") != 1)
		return 0;
	return failed(path, access(path, W_OK) < 0 ? errno : EROFS, why);
}

static int configure(struct store *s)
{
	static const int off[] = { SQLITE_DBCONFIG_TRUSTED_SCHEMA,
				   SQLITE_DBCONFIG_ENABLE_TRIGGER,
				   SQLITE_DBCONFIG_ENABLE_VIEW };
	char text[64];
	int r = sqlite3_busy_timeout(s->db, STORE_BUSY_MS);

	for (size_t i = 0; r == SQLITE_OK && i < WS_ARRAY_LEN(off); i++)
		r = sqlite3_db_config(s->db, off[i], 0, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
				      NULL);
	(void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%d",
		       CACHE_KIB);
	if (r == SQLITE_OK)
		r = exec(s, text);
	/* rows that go are overwritten where that costs no write more */
	if (r == SQLITE_OK)
		r = exec(s, "PRAGMA temp_store = MEMORY;"
			    "PRAGMA secure_delete = FAST");
	return r;
}

int store_file_tune(struct store *s)
{
	return exec(s, s->options.durable ? "PRAGMA synchronous = FULL"
					  : "PRAGMA synchronous = NORMAL");
}

/* Write-ahead log, which stays when we close, and is empty then. */
static int use_wal(struct store *s, struct store_error *why)
{
	sqlite3_stmt *st;
	const char *mode;
	int persist = 1, r;
	bool wal = false;

	r = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &st,
			       NULL);
	if (r == SQLITE_OK) {
		r = sqlite3_step(st);
		mode = r == SQLITE_ROW
			       ? (const char *)sqlite3_column_text(st, 0)
			       : NULL;
		wal = mode && !strcmp(mode, "wal");
		r = sqlite3_finalize(st);
	}
	if (r == SQLITE_OK && !wal) {
		store_say(why, "%s: no write-ahead log on this file system",
			  s->options.path);
		return -ENOTSUP;
	}
	if (r == SQLITE_OK)
		r = sqlite3_file_control(s->db, "main",
					 SQLITE_FCNTL_PERSIST_WAL, &persist);
	/* after a stuck reader; closing empties it whatever this says */
	if (r == SQLITE_OK)
		r = exec(s, "PRAGMA journal_size_limit = 33554432");
	if (r == SQLITE_OK)
		r = store_file_tune(s);
	return r == SQLITE_OK ? 0 : store_fail(s, r, "cannot be opened", why);
}

/* All of these steps, or nothing. */
static int steps(struct store *s, int64_t from, int64_t to)
{
	char text[128];
	int r = exec(s, "BEGIN IMMEDIATE");

	for (int64_t i = from; r == SQLITE_OK && i < to; i++)
		r = exec(s, store_schema_steps[i]);
	(void)snprintf(text, sizeof(text),
		       "PRAGMA application_id = %d; PRAGMA user_version = %lld",
		       STORE_APPLICATION_ID, (long long)to);
	if (r == SQLITE_OK)
		r = exec(s, text);
	if (r == SQLITE_OK)
		r = exec(s, "COMMIT");
	if (r != SQLITE_OK && !sqlite3_get_autocommit(s->db))
		(void)exec(s, "ROLLBACK"); /* closing does, too */
	return r;
}

/* A new file is made at once, an old one goes step by step. */
static int migrate(struct store *s, int64_t version, struct store_error *why)
{
	const int64_t from = version;
	int r = SQLITE_OK;

	while (r == SQLITE_OK && version < STORE_SCHEMA_VERSION) {
		const int64_t to = from ? version + 1 : STORE_SCHEMA_VERSION;

		r = steps(s, version, to);
		version = to;
	}
	if (r != SQLITE_OK)
		return store_fail(s, r, "its schema cannot be made", why);
	if (from && from < version)
		store_say(why, "%s: schema %lld is now %lld", s->options.path,
			  (long long)from, (long long)version);
	return 0;
}

static int prepare(struct store *s, struct store_error *why)
{
	struct store_mark mark = s->mark;
	int r = SQLITE_OK;
	int64_t last = 0;

	for (int i = 0; r == SQLITE_OK && i < STORE_SQL_MAX; i++)
		r = sqlite3_prepare_v3(s->db, sql[i], -1,
				       SQLITE_PREPARE_PERSISTENT, &s->sql[i],
				       NULL);
	if (r == SQLITE_ERROR) /* tables or columns are gone */
		r = SQLITE_CORRUPT;
	if (r == SQLITE_OK)
		r = store_read_mark(s, &mark);
	if (r == SQLITE_OK)
		r = number(s, "SELECT max(id) FROM events", &last);
	if (r == SQLITE_OK && last > mark.last_event)
		r = SQLITE_CORRUPT;
	if (r == SQLITE_OK)
		r = number(s, "PRAGMA page_size", &last);
	if (r != SQLITE_OK)
		return store_fail(s, r, "cannot be read", why);
	s->mark = mark;
	s->id = mark.id;
	s->page_size = (uint64_t)last;
	return 0;
}

/* Which file this is, and that it is ours; and what tells who holds its log. */
static int remember(struct store *s, struct store_error *why)
{
	char path[PATH_MAX];
	struct stat st;

	if (stat(s->options.path, &st) < 0)
		return failed(s->options.path, errno, why);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	/* Closed after SQLite's own: a process that closes any descriptor of a
	 * file gives up all its locks on it. */
	(void)snprintf(path, sizeof(path), "%s-shm", s->options.path);
	s->shm = open(path, O_RDONLY | O_CLOEXEC); /* works without it */
	/* of another kind than SQLite's, which it does not touch */
	if (s->shm < 0 || flock(s->shm, LOCK_EX | LOCK_NB) == 0 ||
	    errno != EWOULDBLOCK)
		return 0;
	store_say(why, "%s: another Wayside writes it", s->options.path);
	return -EBUSY;
}

static int open_once(struct store *s, struct store_error *why)
{
	int64_t version = 0;
	int r = make(s->options.path, why);

	if (r)
		return r;
	r = sqlite3_open_v2(s->options.path, &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				    SQLITE_OPEN_EXRESCODE,
			    NULL);
	if (r == SQLITE_OK)
		r = configure(s);
	if (r != SQLITE_OK)
		return s->db ? store_fail(s, r, "cannot be opened", why)
			     : -ENOMEM;
	r = writable(s, why);
	if (!r)
		r = identify(s, &version, why);
	if (!r)
		r = use_wal(s, why);
	if (!r)
		r = migrate(s, version, why);
	if (!r)
		r = prepare(s, why);
	if (!r)
		r = remember(s, why);
	if (!r)
		store_wal_watch(s);
	return r;
}

/* broken: as it is, for whoever looks into it. */
static void let_go(struct store *s, bool broken)
{
	if (!s->db)
		return;
	store_rollback(s);
	if (broken)
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
					1, NULL);
	else
		(void)store_wal_empty(s); /* or the next one does */
	for (int i = 0; i < STORE_SQL_MAX; i++) {
		(void)sqlite3_finalize(s->sql[i]); /* says what step said */
		s->sql[i] = NULL;
	}
	(void)sqlite3_close(s->db); /* nothing of it is in use */
	s->db = NULL;
	base_fd_close(&s->shm);
	s->mark = (struct store_mark){ .id = 0 };
	s->skip = 0;
	memset(s->told, 0, sizeof(s->told));
}

void store_file_close(struct store *s)
{
	let_go(s, false);
}

/* A name that no file has. */
static bool aside_name(const char *path, char to[static PATH_MAX])
{
	const time_t now = time(NULL);
	char stamp[32];
	struct stat st;
	struct tm tm;
	int n;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return false;
	n = snprintf(to, PATH_MAX, "%s.corrupt-%s", path, stamp);
	for (int i = 2; n > 0 && n < PATH_MAX && !lstat(to, &st); i++)
		n = snprintf(to, PATH_MAX, "%s.corrupt-%s-%d", path, stamp, i);
	return n > 0 && n < PATH_MAX;
}

/* The file and what belongs to it. */
static int set_aside(const char *path, char aside[static PATH_MAX])
{
	static const char *const parts[] = { "-wal", "-shm", "-journal" };
	char from[PATH_MAX], to[PATH_MAX];

	if (!aside_name(path, aside))
		return -ENAMETOOLONG;
	if (rename(path, aside) < 0)
		return -errno;
	/* what stays here would be taken for the new file's */
	for (size_t i = 0; i < WS_ARRAY_LEN(parts); i++) {
		const int a =
			snprintf(from, sizeof(from), "%s%s", path, parts[i]);
		const int b = snprintf(to, sizeof(to), "%s%s", aside, parts[i]);

		if (a < 0 || a >= PATH_MAX || b < 0 || b >= PATH_MAX)
			return -ENAMETOOLONG;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Return: -EUCLEAN, or another -errno when it could not. */
static int replace(struct store *s, struct store_error *why)
{
	const char *path = s->options.path;
	struct store_error found = *why, again = { "" };
	char aside[PATH_MAX];
	int r;

	let_go(s, true);
	r = set_aside(path, aside);
	if (r) {
		store_say(why, "%s; cannot be set aside: %s", found.text,
			  strerrordesc_np(-r));
		return r;
	}
	r = open_once(s, &again);
	if (r) {
		store_file_close(s);
		store_say(why, "%s; set aside as %s; %s", found.text,
			  strrchr(aside, '/') + 1, again.text);
		return r == -EUCLEAN ? -EIO : r;
	}
	store_say(why, "%s; set aside as %s, and a new one begun", found.text,
		  strrchr(aside, '/') + 1);
	return -EUCLEAN;
}

int store_file_open(struct store *s, struct store_error *why)
{
	int r = open_once(s, why);

	if (r == -EUCLEAN)
		r = replace(s, why);
	else if (r)
		store_file_close(s);
	return r == -EUCLEAN ? 0 : r;
}

int store_file_failed(struct store *s, int result, const char *what,
		      struct store_error *why)
{
	const int r = store_fail(s, result, what, why);

	/* opening it again tells what is wrong with it */
	if ((result & 0xff) == SQLITE_ERROR ||
	    (result & 0xff) == SQLITE_CONSTRAINT)
		store_file_close(s);
	return r == -EUCLEAN ? replace(s, why) : r;
}

/* It was closed because it made no sense, or nothing could be opened. */
static int open_again(struct store *s, struct store_error *why)
{
	const uint64_t id = s->id;
	const int r = store_file_open(s, why);

	if (r || s->id == id)
		return r;
	if (!why->text[0])
		store_say(why, "%s: is another file now", s->options.path);
	return -EUCLEAN;
}

int store_file_check(struct store *s, struct store_error *why)
{
	const char *path = s->options.path;
	struct store_error again = { "" };
	struct stat st;
	int r;

	s->error = 0;
	if (!s->db)
		return open_again(s, why);
	r = stat(path, &st) < 0 ? -errno : 0;
	if (r != -ENOENT && (r || (st.st_dev == s->dev && st.st_ino == s->ino)))
		return 0;
	store_file_close(s);
	r = store_file_open(s, &again);
	store_say(why, "%s: was removed or replaced%s%s", path,
		  again.text[0] ? "; " : ", and is opened anew", again.text);
	return r ? r : -EUCLEAN;
}
