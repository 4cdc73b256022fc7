/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_wal.c - the log: emptied, and its limit
 *
 * SQLite appends pages to the log, and a checkpoint copies them into the file
 * and begins the log anew, unless somebody still reads what is in it. So that
 * its errors are seen, it is done here and not by SQLite within COMMIT.
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base_die.h"

/* 16 MiB: seldom enough that syncing costs little, with commits of 50 events,
 * too. With flash the same page is written less often still, but a checkpoint
 * and a recovery take longer. */
#define PAGES       4000
#define PAGES_FLASH 8000
#define FRAME_HEAD  24 /* sqlite.org/fileformat2.html, 4.1 */
/* For readers to end; the recorder waits meanwhile. */
#define EMPTY_MS 50

/* Bytes of -shm that stand for readers (sqlite.org/walformat.html, 2.3.1). */
#define READ_LOCK  123
#define READ_LOCKS 5

static uint64_t limit_of(const struct store *s)
{
	const uint64_t max = s->options.wal_max ? s->options.wal_max
						: STORE_WAL_MAX;

	return max / (s->page_size + FRAME_HEAD);
}

static uint64_t pages_of(const struct store *s)
{
	const uint64_t pages = s->options.flash ? PAGES_FLASH : PAGES;
	const uint64_t half = limit_of(s) / 2;

	return pages < half ? pages : half;
}

static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	if ((uint64_t)pages < s->wal_pages) /* it began anew */
		s->wal_next = pages_of(s);
	s->wal_pages = (uint64_t)pages;
	return SQLITE_OK;
}

int store_wal_empty(struct store *s)
{
	int pages = 0, r;

	(void)sqlite3_busy_timeout(s->db, EMPTY_MS);
	r = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE,
				      &pages, NULL);
	(void)sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	if (pages >= 0)
		s->wal_pages = (uint64_t)pages;
	s->wal_next = s->wal_pages + pages_of(s);
	if (r == SQLITE_OK)
		base_die_at(BASE_DIE_STORE_CHECKPOINT);
	return r;
}

void store_wal_watch(struct store *s)
{
	(void)sqlite3_wal_hook(s->db, committed, s);
	(void)store_wal_empty(s); /* if not now, then when it is due */
}

void store_wal_after(struct store *s)
{
	int r;

	if (s->wal_pages < s->wal_next)
		return;
	/* one that fails is tried again, by force at the log's limit */
	r = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_PASSIVE,
				      NULL, NULL);
	/* not at each commit while a reader is in the way */
	s->wal_next = s->wal_pages + pages_of(s);
	if (r == SQLITE_OK)
		base_die_at(BASE_DIE_STORE_CHECKPOINT);
}

/* 0 = not known: of this process, or of another pid namespace. */
static pid_t reader_of(const struct store *s)
{
	struct flock l = { .l_type = F_WRLCK,
			   .l_whence = SEEK_SET,
			   .l_start = READ_LOCK,
			   .l_len = READ_LOCKS };

	if (s->shm < 0 || fcntl(s->shm, F_GETLK, &l) < 0 || l.l_type == F_UNLCK)
		return 0;
	return l.l_pid;
}

int store_wal_room(struct store *s, uint64_t bytes, struct store_error *why)
{
	const uint64_t limit = limit_of(s);
	uint64_t need = bytes / s->page_size;
	pid_t pid;
	int r;

	if (need > limit / 2) /* an estimate on the safe side */
		need = limit / 2;
	if (s->wal_pages + need <= limit) {
		s->wal_stuck = false;
		return 0;
	}
	if (!s->wal_stuck)
		s->wal_full++;
	s->wal_stuck = true;
	r = store_wal_empty(s);
	if (r == SQLITE_OK)
		return 0;
	if (r != SQLITE_BUSY)
		return store_fail(s, r, "its log is full and cannot be emptied",
				  why);
	pid = reader_of(s);
	if (pid > 0)
		store_say(why,
			  "%s: its log is full: process %ld reads and does not "
			  "end",
			  s->options.path, (long)pid);
	else
		store_say(why,
			  "%s: its log is full: somebody reads and does "
			  "not end",
			  s->options.path);
	return -ENOSPC;
}
