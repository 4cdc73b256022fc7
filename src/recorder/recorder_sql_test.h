/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_sql_test.h - what a recorder left in its store, asked in SQL */
#ifndef RECORDER_SQL_TEST_H
#define RECORDER_SQL_TEST_H

#include <sqlite3.h>

#include "recorder_test.h"

/* An open query; both are the caller's. */
static inline sqlite3_stmt *sql_query(const struct lab *lab, sqlite3 **db,
				      const char *sql)
{
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_open(lab->conf->store, db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(*db, sql, -1, &st, NULL),
			 SQLITE_OK);
	return st;
}

static inline void sql_done(sqlite3 *db, sqlite3_stmt *st)
{
	(void)sqlite3_finalize(st); /* says what step said */
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What the one row says; NULL is 0. */
static inline int64_t sql_number(const struct lab *lab, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st = sql_query(lab, &db, sql);
	int64_t n;

	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sql_done(db, st);
	return n;
}

/* The first column of all rows, a line each; to be freed. */
static inline char *sql_lines(const struct lab *lab, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st = sql_query(lab, &db, sql);
	char *all = NULL;
	size_t len;
	FILE *f = open_memstream(&all, &len);

	assert_non_null(f);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		(void)fprintf(f, "%s\n", text ? text : "NULL");
	}
	assert_int_equal(fclose(f), 0);
	sql_done(db, st);
	return all;
}

static inline void assert_sql(const struct lab *lab, const char *sql,
			      const char *lines)
{
	char *all = sql_lines(lab, sql);

	assert_string_equal(all, lines);
	free(all);
}

#endif
