/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_read_test.c - stores that were written by hand, read */
#include "store_read.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"
#include "base_test_dir.h"
#include "store.h"
#include "store_read_internal.h"
#include "store_schema.h"

#define NOBODY 65534

/* 2025-11-03 14:25:01 UTC */
#define START_MS  1762179901000LL
#define HOUR_MS   3600000LL
#define AT(hours) (START_MS + (hours)*HOUR_MS)

static char dir[64], path[96];
static sqlite3 *db;
static struct store_error why;

static void run(const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
}

__attribute__((format(printf, 1, 2))) static void runf(const char *format, ...)
{
	va_list args;
	char *sql;

	va_start(args, format);
	sql = sqlite3_vmprintf(format, args);
	va_end(args);
	assert_non_null(sql);
	run(sql);
	sqlite3_free(sql);
}

/* A store of this version of the schema, in WAL mode as the writer's. */
static void make(int version)
{
	int on = 1;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run("PRAGMA journal_mode = WAL");
	runf("PRAGMA application_id = %d", STORE_APPLICATION_ID);
	for (int i = 0; i < version && i < STORE_SCHEMA_VERSION; i++)
		run(store_schema_steps[i]);
	runf("PRAGMA user_version = %d", version);
	assert_int_equal(
		sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on),
		SQLITE_OK);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/store_read_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/wayside.db", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)sqlite3_close(db);
	db = NULL;
	base_test_remove(dir);
	return 0;
}

static struct store_reader *reader(void)
{
	struct store_reader *r = NULL;

	if (store_reader_open(path, &r, &why))
		fail_msg("%s", why.text);
	assert_string_equal(why.text, "");
	return r;
}

static void refused(int error, const char *said)
{
	struct store_reader *r = NULL;
	char want[256];

	(void)snprintf(want, sizeof(want), "%s: %s", path, said);
	assert_int_equal(store_reader_open(path, &r, &why), error);
	assert_null(r);
	assert_string_equal(why.text, want);
}

/* n events, a minute apart, from number `first` on. */
static void add_events(int64_t first, int64_t n)
{
	runf("WITH RECURSIVE i(n) AS (SELECT %lld UNION ALL"
	     " SELECT n + 1 FROM i WHERE n < %lld)"
	     " INSERT INTO events SELECT n, 7, %lld + (n - 1) * 60000,"
	     " 'client', 'gt06', CASE n %% 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b'"
	     " END, CASE n %% 10 WHEN 0 THEN 'alarm' ELSE 'position' END,"
	     " '{\"n\":' || n || '}' FROM i",
	     (long long)first, (long long)(first + n - 1), START_MS);
	runf("UPDATE store SET last_event = %lld", (long long)(first + n - 1));
}

/* The numbers of what is read. */
struct list {
	int64_t id[4096];
	size_t n;
};

static int list_event(void *arg, const struct store_event_row *row)
{
	struct list *l = arg;
	char json[32];

	assert_true(l->n < WS_ARRAY_LEN(l->id));
	l->id[l->n++] = row->id;
	(void)snprintf(json, sizeof(json), "{\"n\":%" PRId64 "}", row->id);
	assert_string_equal(row->json, json);
	assert_int_equal(row->json_len, strlen(json));
	assert_int_equal(row->flow, 7);
	assert_string_equal(row->direction, "client");
	assert_string_equal(row->protocol, "gt06");
	return 0;
}

/* Those from `first` to `last` in steps are what the query gives. */
static void gives(struct store_reader *r, const struct store_query *q,
		  int64_t first, int64_t last, int64_t distance)
{
	static struct list l;
	size_t n = 0;

	l.n = 0;
	if (store_read_events(r, q, list_event, &l, &why))
		fail_msg("%s", why.text);
	for (int64_t i = first; i <= last; i += distance, n++) {
		assert_true(n < l.n);
		assert_int_equal(l.id[n], i);
	}
	assert_int_equal(l.n, n);
}

static void all_that_was_asked_for(void **state)
{
	struct store_reader *r;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(101, 1000);
	r = reader();
	gives(r, &(struct store_query){ .after = 0 }, 101, 1100, 1);
	gives(r, &(struct store_query){ .after = 50, .limit = 3 }, 101, 103, 1);
	gives(r, &(struct store_query){ .after = 101, .limit = 3 }, 102, 104,
	      1);
	gives(r, &(struct store_query){ .after = 1100 }, 1, 0, 1);
	gives(r, &(struct store_query){ .after = 5000 }, 1, 0, 1);
	gives(r, &(struct store_query){ .limit = 3, .newest = true }, 1098,
	      1100, 1);
	gives(r, &(struct store_query){ .limit = 1000, .newest = true }, 101,
	      1100, 1);
	gives(r, &(struct store_query){ .limit = 1001, .newest = true }, 101,
	      1100, 1);
	/* multiples of 3 are of `a`: 102, 105 ... 1098 */
	gives(r, &(struct store_query){ .device = "a" }, 102, 1098, 3);
	gives(r,
	      &(struct store_query){
		      .device = "a", .limit = 2, .newest = true },
	      1095, 1098, 3);
	gives(r, &(struct store_query){ .type = "alarm" }, 110, 1100, 10);
	gives(r, &(struct store_query){ .type = "alarm", .device = "a" }, 120,
	      1080, 30);
	gives(r, &(struct store_query){ .protocol = "h02" }, 1, 0, 1);
	gives(r, &(struct store_query){ .device = "c" }, 1, 0, 1);
	store_reader_close(r);
}

/* More than a statement looks at, and than it keeps. */
static void more_than_a_page(void **state)
{
	struct store_reader *r;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 40000);
	r = reader();
	/* the 3333rd of `a` from the end is 39999 - 3 * 3332 */
	gives(r,
	      &(struct store_query){
		      .device = "a", .limit = 3333, .newest = true },
	      30003, 39999, 3);
	run("UPDATE events SET device = 'rare' WHERE id IN (7, 39000)");
	gives(r, &(struct store_query){ .device = "rare" }, 7, 39000, 38993);
	gives(r,
	      &(struct store_query){
		      .device = "rare", .limit = 1, .newest = true },
	      39000, 39000, 1);
	gives(r,
	      &(struct store_query){
		      .device = "rare", .limit = 2, .newest = true },
	      7, 39000, 38993);
	store_reader_close(r);
}

static int count(void *arg, const struct store_event_row *row)
{
	size_t *n = arg;

	assert_int_equal(row->json_len, 100000);
	assert_int_equal(strlen(row->json), 100000);
	(*n)++;
	return 0;
}

static void large_rows(void **state)
{
	struct store_reader *r;
	size_t n = 0;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 50);
	run("UPDATE events SET event = printf('%.*c', 100000, 'x')");
	r = reader();
	assert_int_equal(store_read_events(r,
					   &(struct store_query){ .limit = 0 },
					   count, &n, &why),
			 0);
	assert_int_equal(n, 50);
	store_reader_close(r);
}

/* Event n is n - 1 minutes after START_MS. */
static void times(void **state)
{
	struct store_reader *r;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 3000);
	run("DELETE FROM events WHERE id < 11");
	r = reader();
	gives(r, &(struct store_query){ .since_ms = START_MS }, 11, 3000, 1);
	gives(r, &(struct store_query){ .since_ms = AT(20) }, 1201, 3000, 1);
	gives(r, &(struct store_query){ .since_ms = AT(20) + 1 }, 1202, 3000,
	      1);
	gives(r, &(struct store_query){ .until_ms = AT(20) }, 11, 1200, 1);
	gives(r,
	      &(struct store_query){ .since_ms = AT(20), .until_ms = AT(21) },
	      1201, 1260, 1);
	gives(r,
	      &(struct store_query){
		      .until_ms = AT(20), .limit = 2, .newest = true },
	      1199, 1200, 1);
	gives(r, &(struct store_query){ .since_ms = AT(20), .limit = 2 }, 1201,
	      1202, 1);
	gives(r, &(struct store_query){ .since_ms = AT(99) }, 1, 0, 1);
	gives(r, &(struct store_query){ .until_ms = 1 }, 1, 0, 1);
	/* what another ring kept for ten minutes comes late */
	run("UPDATE events SET time = time - 600000 WHERE id = 1210");
	gives(r,
	      &(struct store_query){ .since_ms = AT(20),
				     .until_ms = AT(20) + 60000 },
	      1201, 1201, 1);
	gives(r,
	      &(struct store_query){ .since_ms = AT(20) - 60000,
				     .until_ms = AT(20) },
	      1200, 1210, 10);
	/* ... or what is late is all the rest */
	run("UPDATE events SET time = time + 600000 WHERE id = 1190");
	gives(r,
	      &(struct store_query){ .since_ms = AT(20) - 60000,
				     .until_ms = AT(20) },
	      1190, 1210, 10);
	store_reader_close(r);
}

struct cost {
	int statements, rows;
};

/* Statements: those that look through events. */
static int count_cost(unsigned what, void *arg, void *st, void *x)
{
	struct cost *c = arg;

	(void)x;
	if (what == SQLITE_TRACE_ROW)
		c->rows++;
	else if (strstr(sqlite3_sql(st), "ORDER BY id") &&
		 !strstr(sqlite3_sql(st), "LIMIT 1"))
		c->statements++;
	return 0;
}

static struct cost cost_of(struct store_reader *r, const struct store_query *q,
			   int64_t first, int64_t last)
{
	struct cost c = { .rows = 0 };

	assert_int_equal(sqlite3_trace_v2(r->db,
					  SQLITE_TRACE_STMT | SQLITE_TRACE_ROW,
					  count_cost, &c),
			 SQLITE_OK);
	gives(r, q, first, last, 1);
	return c;
}

/* Nothing is looked for through the whole file, but a device; and that in
 * statements of which none is long. */
static void what_it_costs(void **state)
{
	struct store_reader *r;
	struct cost c;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 40000);
	r = reader();
	c = cost_of(r, &(struct store_query){ .limit = 3, .newest = true },
		    39998, 40000);
	assert_true(c.rows < 20);
	/* 16 steps of bisection, and what a quarter of an hour has */
	c = cost_of(
		r,
		&(struct store_query){ .since_ms = START_MS + 39999 * 60000LL },
		40000, 40000);
	assert_true(c.rows < 40);
	c = cost_of(r, &(struct store_query){ .after = 39998 }, 39999, 40000);
	assert_true(c.rows < 20);
	c = cost_of(r, &(struct store_query){ .device = "none" }, 1, 0);
	assert_true(c.rows >= 40000);
	assert_int_equal(c.statements, 5); /* 40000 / 8192 */
	store_reader_close(r);
}

struct places {
	int64_t event[16];
	int64_t time[16];
	size_t n;
};

static int list_place(void *arg, const struct store_position_row *row)
{
	struct places *p = arg;

	assert_true(p->n < WS_ARRAY_LEN(p->event));
	p->event[p->n] = row->event;
	p->time[p->n++] = row->time_ms;
	return 0;
}

static struct places places_of(struct store_reader *r,
			       const struct store_query *q)
{
	struct places p = { .n = 0 };

	if (store_read_positions(r, q, list_place, &p, &why))
		fail_msg("%s", why.text);
	return p;
}

static void add_position(int64_t event, int n, const char *device,
			 int64_t time_ms, const char *lat)
{
	runf("INSERT INTO positions VALUES(%lld, %d, nullif('%s', ''), %lld,"
	     " 1, %s, 5.5, NULL, 36.0, 90)",
	     (long long)event, n, device, (long long)time_ms, lat);
}

static int one_place(void *arg, const struct store_position_row *row)
{
	struct store_position_row *out = arg;

	assert_string_equal(row->device, "a");
	assert_string_equal(row->protocol, "gt06");
	*out = *row;
	return 0;
}

static void positions(void **state)
{
	struct store_position_row row;
	struct store_reader *r;
	struct places p;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 3000);
	/* 3000 was kept by its tracker for a day and comes with a new one */
	add_position(3, 0, "a", START_MS + 1000, "1.5");
	add_position(4, 0, "b", START_MS + 2000, "1.5");
	add_position(6, 0, "a", START_MS + 3000, "NULL");
	add_position(10, 0, "", START_MS + 4000, "1.5");
	add_position(3000, 0, "a", START_MS + 500, "-2.25");
	add_position(3000, 1, "a", START_MS + 90 * HOUR_MS, "2.25");
	r = reader();

	p = places_of(r, &(struct store_query){ .limit = 0 });
	assert_int_equal(p.n, 5); /* as they came; one has no place */
	assert_int_equal(p.event[0], 3);
	assert_int_equal(p.event[2], 10);
	assert_int_equal(p.event[4], 3000);
	assert_int_equal(p.time[3], START_MS + 500);

	p = places_of(r, &(struct store_query){ .device = "a" });
	assert_int_equal(p.n, 3); /* as it was */
	assert_int_equal(p.time[0], START_MS + 500);
	assert_int_equal(p.time[1], START_MS + 1000);
	assert_int_equal(p.time[2], START_MS + 90 * HOUR_MS);

	p = places_of(r, &(struct store_query){
				 .device = "a", .limit = 2, .newest = true });
	assert_int_equal(p.n, 2);
	assert_int_equal(p.time[0], START_MS + 1000);
	p = places_of(r, &(struct store_query){ .limit = 3, .newest = true });
	assert_int_equal(p.n, 3);
	assert_int_equal(p.event[0], 10);
	p = places_of(r, &(struct store_query){ .after = 10 });
	assert_int_equal(p.n, 2);
	p = places_of(r, &(struct store_query){ .after = 10, .device = "b" });
	assert_int_equal(p.n, 0);

	p = places_of(r, &(struct store_query){ .device = "a",
						.since_ms = START_MS + 500,
						.until_ms = START_MS + 1000 });
	assert_int_equal(p.n, 1);
	p = places_of(r, &(struct store_query){ .since_ms = START_MS + 2000,
						.until_ms = START_MS + 4001 });
	assert_int_equal(p.n, 2);
	/* brought two days later, it is found */
	p = places_of(r, &(struct store_query){ .until_ms = START_MS + 501 });
	assert_int_equal(p.n, 1);
	assert_int_equal(p.event[0], 3000);
	p = places_of(r, &(struct store_query){ .type = "alarm" });
	assert_int_equal(p.n, 3); /* 10 and 3000 */

	assert_int_equal(
		store_read_positions(
			r, &(struct store_query){ .device = "a", .limit = 1 },
			one_place, &row, &why),
		0);
	assert_int_equal(row.event, 3000);
	assert_int_equal(row.event_time_ms, START_MS + 2999 * 60000LL);
	assert_true(row.valid);
	assert_true(row.lat == -2.25 && row.lon == 5.5);
	assert_true(isnan(row.altitude));
	assert_true(row.speed == 36 && row.course == 90);
	store_reader_close(r);
}

struct devices {
	struct store_device_row row[8];
	char id[8][16], client[8][32];
	size_t n;
};

static int list_device(void *arg, const struct store_device_row *row)
{
	struct devices *d = arg;

	assert_true(d->n < WS_ARRAY_LEN(d->row));
	(void)snprintf(d->id[d->n], sizeof(d->id[0]), "%s", row->id);
	(void)snprintf(d->client[d->n], sizeof(d->client[0]), "%s",
		       row->client);
	d->row[d->n++] = *row;
	return 0;
}

static void add_device(const char *id, int64_t last_ms, int64_t flow)
{
	runf("INSERT INTO devices VALUES('%s', 'gt06', %lld, %lld, %lld, 1, 5,"
	     " 10)",
	     id, START_MS, (long long)last_ms, (long long)flow);
}

static void add_flow(int64_t id, const char *device, const char *closed)
{
	runf("INSERT INTO flows(id, opened, closed, client, server,"
	     " connection_id, device) VALUES(%lld, %lld, %s,"
	     " '192.0.2.%lld:1', '192.0.2.1:2', 'x', nullif('%s', ''))",
	     (long long)id, START_MS + id, closed, (long long)(id & 0xff),
	     device);
}

static struct devices devices_of(struct store_reader *r,
				 const struct store_query *q)
{
	struct devices d = { .n = 0 };

	if (store_read_devices(r, q, list_device, &d, &why))
		fail_msg("%s", why.text);
	return d;
}

static void some_devices(void)
{
	add_events(1, 10);
	add_flow(7, "a", "NULL");
	add_flow(5, "a", "12");
	add_flow(6, "b", "12");
	add_flow(9, "", "NULL");
	add_position(3, 0, "a", START_MS + 1000, "1.5");
	add_position(6, 0, "a", START_MS + 900, "2.5");
	add_position(9, 0, "a", START_MS + 2000, "NULL");
}

static void devices(void **state)
{
	struct store_reader *r;
	struct devices d;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	some_devices();
	add_device("a", START_MS + 5000, 7);
	add_device("b", START_MS + 6000, 6);
	add_device("gone", START_MS, -2);
	/* its clock is a year ahead */
	add_position(9, 1, "a", START_MS + 365LL * 24 * HOUR_MS, "3.5");
	r = reader();
	d = devices_of(r, &(struct store_query){ .limit = 0 });
	assert_int_equal(d.n, 3);
	assert_string_equal(d.id[0], "b");
	assert_false(d.row[0].open);
	assert_false(d.row[0].located);
	assert_int_equal(d.row[0].flows, 1);
	assert_string_equal(d.client[0], "192.0.2.6:1");
	assert_string_equal(d.id[1], "a");
	assert_true(d.row[1].open);
	assert_int_equal(d.row[1].flows, 2);
	assert_int_equal(d.row[1].live_flow, 7);
	assert_int_equal(d.row[1].events, 5);
	assert_int_equal(d.row[1].first_seen_ms, START_MS);
	assert_int_equal(d.row[1].last_seen_ms, START_MS + 5000);
	assert_true(d.row[1].located);
	assert_true(d.row[1].lat == 1.5);
	assert_int_equal(d.row[1].position_ms, START_MS + 1000);
	assert_string_equal(d.client[2], "-");
	assert_int_equal(d.row[2].flows, 0);
	assert_false(d.row[2].open);
	assert_true(d.row[2].live_flow == (uint64_t)-2);

	d = devices_of(r, &(struct store_query){ .device = "a" });
	assert_int_equal(d.n, 1);
	d = devices_of(r, &(struct store_query){ .limit = 2 });
	assert_int_equal(d.n, 2);
	d = devices_of(r, &(struct store_query){ .since_ms = START_MS + 5001 });
	assert_int_equal(d.n, 1);
	store_reader_close(r);
}

static void first_version(void **state)
{
	struct store_reader *r;
	struct devices d;

	(void)state;
	make(1);
	some_devices();
	r = reader();
	gives(r, &(struct store_query){ .after = 8 }, 9, 10, 1);
	d = devices_of(r, &(struct store_query){ .limit = 0 });
	assert_int_equal(d.n, 2);
	assert_string_equal(d.id[0], "b"); /* event 10 */
	assert_int_equal(d.row[0].events, 4);
	assert_int_equal(d.row[1].events, 3);
	assert_int_equal(d.row[1].first_seen_ms, START_MS + 2 * 60000LL);
	assert_int_equal(d.row[1].last_seen_ms, START_MS + 8 * 60000LL);
	assert_true(d.row[1].open);
	assert_true(d.row[1].lat == 1.5);
	store_reader_close(r);
}

static void extent(void **state)
{
	struct store_extent e;
	struct store_reader *r;
	struct stat st;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	run("UPDATE store SET id = -5");
	r = reader();
	assert_int_equal(store_read_extent(r, &e, &why), 0);
	assert_true(e.store == (uint64_t)-5);
	assert_int_equal(sqlite3_db_readonly(r->db, "main"), 1);
	assert_int_equal(e.first, 1);
	assert_int_equal(e.last, 0);
	gives(r, &(struct store_query){ .after = 0 }, 1, 0, 1);
	add_events(1, 5000);
	run("DELETE FROM events WHERE id < 2000");
	assert_int_equal(store_read_extent(r, &e, &why), 0);
	assert_int_equal(e.first, 2000);
	assert_int_equal(e.last, 5000);
	run("DELETE FROM events; PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(store_read_extent(r, &e, &why), 0);
	assert_int_equal(e.first, 5001);
	assert_int_equal(e.last, 5000);
	/* what is free is not in use */
	assert_int_equal(stat(path, &st), 0);
	assert_true(e.bytes > 0 && e.bytes * 2 < (uint64_t)st.st_size);
	run("DELETE FROM store");
	assert_int_equal(store_read_extent(r, &e, &why), -EUCLEAN);
	store_reader_close(r);
}

/* A function that looks at the writer, and goes before the end. */
struct looker {
	int rows;
	int blocked;
};

static int look_at_the_wal(void *arg, const struct store_event_row *row)
{
	struct looker *l = arg;
	int frames = 0, done = 0;

	(void)row;
	run("UPDATE store SET seq = seq + 1");
	if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
				      &frames, &done) != SQLITE_OK)
		l->blocked++;
	return ++l->rows == 9000 ? 77 : 0;
}

/* No statement is open while a row is looked at: the WAL can be emptied. The
 * rows are more than a page. */
static void nothing_is_held(void **state)
{
	struct looker l = { .rows = 0 };
	struct store_reader *r;

	(void)state;
	make(STORE_SCHEMA_VERSION);
	run("PRAGMA synchronous = OFF");
	add_events(1, 10000);
	r = reader();
	assert_int_equal(store_read_events(r,
					   &(struct store_query){ .limit = 0 },
					   look_at_the_wal, &l, &why),
			 77);
	assert_int_equal(l.rows, 9000);
	assert_int_equal(l.blocked, 0);
	store_reader_close(r);
}

static void not_a_store(void **state)
{
	FILE *f;

	(void)state;
	refused(-ENOENT, "No such file or directory");
	assert_int_equal(mkdir(path, 0755), 0);
	refused(-EINVAL, "this is no file");
	assert_int_equal(rmdir(path), 0);
	f = fopen(path, "we");
	assert_non_null(f);
	refused(-ENOENT, "there is nothing in it yet");
	(void)fputs("rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n", f);
	assert_int_equal(fclose(f), 0);
	refused(-EINVAL, "file is not a database");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run("CREATE TABLE events(id)");
	refused(-EINVAL, "this is no store of Wayside");
	run("PRAGMA user_version = 5");
	refused(-EINVAL, "this is no store of Wayside");
	run("PRAGMA application_id = 7; PRAGMA user_version = 0");
	refused(-EINVAL, "this is no store of Wayside");
}

static void newer(void **state)
{
	(void)state;
	make(STORE_SCHEMA_VERSION + 1);
	refused(-EINVAL,
		"this store was made by a newer Wayside: its schema is version "
		"3, here 2 is known");
}

static void set_aside(void **state)
{
	struct store_reader *r;
	char other[128];

	(void)state;
	make(STORE_SCHEMA_VERSION);
	add_events(1, 3);
	r = reader();
	assert_true(store_reader_current(r));
	(void)snprintf(other, sizeof(other), "%s.old", path);
	assert_int_equal(rename(path, other), 0);
	assert_false(store_reader_current(r));
	gives(r, &(struct store_query){ .after = 0 }, 1, 3, 1);
	(void)sqlite3_close(db);
	db = NULL;
	(void)snprintf(other, sizeof(other), "%s-wal", path);
	assert_int_equal(unlink(other), 0);
	(void)snprintf(other, sizeof(other), "%s-shm", path);
	assert_int_equal(unlink(other), 0);
	make(STORE_SCHEMA_VERSION);
	assert_false(store_reader_current(r));
	store_reader_close(r);
	r = reader();
	assert_true(store_reader_current(r));
	gives(r, &(struct store_query){ .after = 0 }, 1, 0, 1);
	store_reader_close(r);
}

/* Return: what the child found. */
static int as_nobody(void)
{
	struct store_reader *r = NULL;
	struct store_extent e;

	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	if (store_reader_open(path, &r, &why) ||
	    store_read_extent(r, &e, &why)) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 3;
	}
	store_reader_close(r);
	return e.last == 3 ? 0 : 4;
}

/* The writer is gone, its WAL is not empty. */
static void another_user(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	make(STORE_SCHEMA_VERSION);
	add_events(1, 3);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
					   1, NULL),
			 SQLITE_OK);
	(void)sqlite3_close(db);
	db = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_that_was_asked_for),
		TEST(more_than_a_page),
		TEST(large_rows),
		TEST(times),
		TEST(what_it_costs),
		TEST(positions),
		TEST(devices),
		TEST(first_version),
		TEST(extent),
		TEST(nothing_is_held),
		TEST(not_a_store),
		TEST(newer),
		TEST(set_aside),
		TEST(another_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
