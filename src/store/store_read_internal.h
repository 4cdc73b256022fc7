/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_read_internal.h - what the files of the reader share */
#ifndef STORE_READ_INTERNAL_H
#define STORE_READ_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

struct store_error;

struct store_reader {
	sqlite3 *db;
	char *path;
	bool v1; /* made by the first step of the schema alone */
};

/* "PATH: what". */
void store_read_say(const struct store_reader *r, struct store_error *why,
		    const char *what);

/* What SQLite says. Return: as -errno. */
int store_read_failed(const struct store_reader *r, int rc,
		      struct store_error *why);

/* Return: 0 and *st, or -errno. */
WS_MUST_USE int store_read_prepare(struct store_reader *r, const char *sql,
				   sqlite3_stmt **st, struct store_error *why);

/* Return: 1 there is a row, 0 there is none, -errno. */
WS_MUST_USE int store_read_step(struct store_reader *r, sqlite3_stmt *st,
				struct store_error *why);

/* One row of numbers; the statement is finished in any case. Return: as
 * store_read_step(). */
WS_MUST_USE int store_read_numbers(struct store_reader *r, const char *sql,
				   int64_t arg, int64_t *out,
				   struct store_error *why);

#endif
