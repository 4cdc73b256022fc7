/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_test.h - a place for a store, rows for it, and what is in it then */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base_test.h"
#include "base_test_dir.h"
#include "store.h"

/* 2025-11-03 14:25:01 UTC */
#define START_MS  1762179901000ULL
#define NS_PER_MS 1000000ULL
#define WRITER    0xfeedfacecafebeefULL

struct place {
	char dir[64], path[96];
	struct store_options options;
	struct store *store;
	struct store_error why;
};

static inline struct base_span span(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

static inline int place_make(void **state)
{
	static struct place p;

	p = (struct place){ .dir = "/tmp/store_test.XXXXXX" };
	assert_non_null(mkdtemp(p.dir));
	(void)snprintf(p.path, sizeof(p.path), "%s/wayside.db", p.dir);
	p.options.path = p.path;
	*state = &p;
	return 0;
}

static inline int place_remove(void **state)
{
	struct place *p = *state;

	store_close(p->store);
	base_test_remove(p->dir);
	return 0;
}

#define PLACE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, place_make, place_remove)

static inline struct store *opened(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
	if (store_open(&p->options, &p->store, &p->why))
		fail_msg("%s", p->why.text);
	return p->store;
}

static inline void closed(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

static inline void committed(struct place *p, uint64_t seq)
{
	if (store_commit(p->store, WRITER, seq, &p->why))
		fail_msg("%s", p->why.text);
}

static inline void add_flow(struct store *s, uint64_t flow, uint64_t opened_ms)
{
	struct store_flow f = { .flow = flow,
				.opened_ns = opened_ms * NS_PER_MS,
				.connection_id = "2025-11-03_142501" };

	assert_true(base_addr_parse(&f.client, "192.0.2.7:40000"));
	assert_true(base_addr_parse(&f.server, "47.88.85.196:7700"));
	assert_int_equal(store_add_flow(s, &f), 0);
}

static inline void add_end(struct store *s, uint64_t flow, uint64_t closed_ms)
{
	const struct store_end e = { .flow = flow,
				     .closed_ns = closed_ms * NS_PER_MS,
				     .reason = "normal",
				     .bytes = { 11, 22 } };

	assert_int_equal(store_add_end(s, &e), 0);
}

/* device: NULL = not known yet */
static inline struct store_event event_of(uint64_t flow, uint64_t ms,
					  const char *device)
{
	static char json[256];

	(void)snprintf(json, sizeof(json),
		       "{\"flow\":\"%016llx\",\"device_id\":%s%s%s,\"n\":1.50}",
		       (unsigned long long)flow, device ? "\"" : "",
		       device ? device : "null", device ? "\"" : "");
	return (struct store_event){
		.flow = flow,
		.opened_ns = START_MS * NS_PER_MS,
		.wall_ns = ms * NS_PER_MS,
		.direction = BASE_CLIENT,
		.protocol = "h02",
		.type = "position",
		.device = device ? span(device) : (struct base_span){ NULL, 0 },
		.json = span(json),
	};
}

static inline void add_event(struct store *s, uint64_t flow, uint64_t ms,
			     const char *device)
{
	const struct store_event e = event_of(flow, ms, device);

	assert_int_equal(store_add_event(s, &e), 0);
}

static inline void add_events(struct store *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_event(s, 1, START_MS + i, "a");
}

static inline struct track_position position_at(int64_t ms, double lat,
						double lon)
{
	return (struct track_position){ .time_ms = ms,
					.valid = true,
					.lat = lat,
					.lon = lon,
					.altitude = (double)NAN,
					.speed = (double)NAN,
					.course = (double)NAN,
					.accuracy = (double)NAN };
}

/* What another process would find: columns by |, rows by ;. The last answer is
 * gone with the next. */
static inline const char *ask(const char *path, const char *sql)
{
	static char text[8192];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	size_t len = 0;
	int r;

	text[0] = '\0';
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
			 0);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while ((r = sqlite3_step(st)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *v =
				(const char *)sqlite3_column_text(st, i);
			const int n = snprintf(text + len, sizeof(text) - len,
					       "%s%s",
					       i     ? "|"
					       : len ? ";"
						     : "",
					       v ? v : "-");

			assert_true(n >= 0 && (size_t)n < sizeof(text) - len);
			len += (size_t)n;
		}
	}
	if (r != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return text;
}

/* As somebody who may write. */
static inline void change(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *text = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &text))
		fail_msg("%s: %s", sql, text);
	(void)sqlite3_close(db);
}

static inline void is(struct place *p, const char *sql, const char *want)
{
	assert_string_equal(ask(p->path, sql), want);
}

/* Nothing is lost, nothing is there twice: numbers, count and mark agree, and
 * SQLite finds nothing wrong. */
static inline void whole(const char *path)
{
	assert_string_equal(ask(path, "PRAGMA integrity_check"), "ok");
	assert_string_equal(ask(path,
				"SELECT count(*) FROM events"
				" WHERE id > (SELECT last_event FROM store)"),
			    "0");
	assert_string_equal(
		ask(path, "SELECT ifnull(max(id) - min(id) + 1 - count(*), 0)"
			  " FROM events"),
		"0");
}

static inline off_t size_of(const char *path, const char *tail)
{
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, tail);
	return stat(name, &st) < 0 ? -1 : st.st_size;
}

/* A child that does it and says by its exit status whether that worked. Return:
 * the status. */
static inline int in_child(bool (*fn)(struct place *p), struct place *p)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(p) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
