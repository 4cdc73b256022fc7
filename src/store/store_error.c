/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_error.c - SQLite's results as errno, and in words */
#include "store_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void store_say(struct store_error *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
}

/* What the system said to SQLite, which forgets it when COMMIT fails; `other`
 * when it is not known. */
static int system_errno(const struct store *s, int other)
{
	const int e = s->error ? s->error : sqlite3_system_errno(s->db);

	switch (e) {
	case 0:
		return -other;
	case EDQUOT:
	case EFBIG:
		return -ENOSPC;
	case EPERM:
		return -EACCES;
	default:
		return -e;
	}
}

static int errno_of(const struct store *s, int result)
{
	if (result == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	/* pages that were there are not: somebody cut the file */
	if (result == SQLITE_IOERR_SHORT_READ)
		return -EUCLEAN;
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CANTOPEN:
		return system_errno(s, EACCES);
	case SQLITE_IOERR:
		return system_errno(s, EIO);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

/* What SQLite says of a full disk or a right is less than errno does. */
static const char *words(sqlite3 *db, int result, int r)
{
	switch (result & 0xff) {
	case SQLITE_FULL:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return strerrordesc_np(-r);
	default:
		return sqlite3_extended_errcode(db) == result
			       ? sqlite3_errmsg(db)
			       : sqlite3_errstr(result);
	}
}

int store_fail(struct store *s, int result, const char *what,
	       struct store_error *why)
{
	const int r = errno_of(s, result);

	store_say(why, "%s: %s: %s", s->options.path, what,
		  words(s->db, result, r));
	return r;
}
