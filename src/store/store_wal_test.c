/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_wal_test.c - others read and write, and the log has a limit */
#include "store_test.h"

#include "base_time.h"

#define LIMIT ((off_t)1 << 20)
/* Bytes of JSON in an event that fills the log. */
#define LARGE 20000
/* A page in the log has a head. */
#define FRAME ((off_t)4096 + 24)

/* Another process that holds something of the file, until it is told. */
struct other {
	pid_t pid;
	int say; /* closing it ends the other */
};

static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
}

/* The other's whole life: `sql` in a transaction. A program of its own, since
 * SQLite's locks do not go over a fork(). */
static int other_main(const char *path, const char *sql)
{
	sqlite3_stmt *st;
	sqlite3 *db;

	if (sqlite3_open(path, &db) ||
	    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(db, sql, -1, &st, NULL) ||
	    sqlite3_step(st) == SQLITE_ERROR ||
	    write(STDOUT_FILENO, "x", 1) != 1)
		return 1;
	wait_for_end(STDIN_FILENO);
	return 0; /* locks go with the process */
}

/* Comes back when the other has run the statement. */
static struct other other_with(struct place *p, const char *sql)
{
	int ready[2], end[2];
	struct other o;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	o.pid = fork();
	assert_true(o.pid >= 0);
	if (!o.pid) {
		if (dup2(end[0], STDIN_FILENO) >= 0 &&
		    dup2(ready[1], STDOUT_FILENO) >= 0)
			(void)execl("/proc/self/exe", "other", p->path, sql,
				    NULL);
		_exit(1);
	}
	(void)close(ready[1]);
	(void)close(end[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	o.say = end[1];
	return o;
}

static void end_of(struct other *o)
{
	int status;

	(void)close(o->say);
	assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
	assert_int_equal(status, 0);
}

static void add_large(struct store *s)
{
	static char json[LARGE + 1];
	struct store_event e = event_of(1, START_MS, "a");

	memset(json, 'x', LARGE);
	e.json = span(json);
	assert_int_equal(store_add_event(s, &e), 0);
}

#define READS "SELECT count(*) FROM events"

static void a_stuck_reader_is_named(void **state)
{
	struct place *p = *state;
	uint64_t seq = 0;
	struct other o;
	char want[64];
	int r;

	p->options.wal_max = LIMIT;
	opened(p);
	add_large(p->store);
	committed(p, ++seq);
	o = other_with(p, READS);
	do {
		add_large(p->store);
		r = store_commit(p->store, WRITER, ++seq, &p->why);
		assert_true(size_of(p->path, "-wal") <= LIMIT);
		assert_true(seq < 1000);
	} while (!r);
	assert_int_equal(r, -ENOSPC);
	(void)snprintf(want, sizeof(want), "log is full: process %ld reads",
		       (long)o.pid);
	if (!strstr(p->why.text, want))
		fail_msg("%s", p->why.text);
	/* it was of some use: 20 kB an event, and half kept for a batch */
	assert_true(seq > 10);
	assert_int_equal(store_wal_full(p->store), 1);
	for (int i = 0; i < 3; i++) {
		add_large(p->store);
		assert_int_equal(store_commit(p->store, WRITER, seq, &p->why),
				 -ENOSPC);
		assert_true(size_of(p->path, "-wal") <= LIMIT);
	}
	assert_int_equal(store_wal_full(p->store), 1); /* still the same */
	assert_int_equal(store_waiting(p->store).events, 4);
	end_of(&o);
	committed(p, seq);
	assert_true(size_of(p->path, "-wal") < LIMIT / 2);
	is(p, "SELECT count(*) - seq FROM events, store", "3");
	whole(p->path);
}

/* With reading ones that end, the log never comes near its limit. */
static void the_log_is_emptied_in_passing(void **state)
{
	struct place *p = *state;
	off_t largest = 0;

	p->options.wal_max = (uint64_t)2 * LIMIT;
	opened(p);
	for (uint64_t seq = 1; seq <= 500; seq++) {
		add_large(p->store);
		committed(p, seq);
		if (seq % 50 == 0) {
			struct other o = other_with(p, READS);

			end_of(&o);
		}
		if (size_of(p->path, "-wal") > largest)
			largest = size_of(p->path, "-wal");
	}
	/* half of the limit, and one transaction */
	assert_true(largest <= LIMIT + (off_t)3 * LARGE);
	assert_int_equal(store_wal_full(p->store), 0);
	is(p, "SELECT count(*) FROM events", "500");
}

/* The limit as it is without one: 4,000 pages, or 8,000 with flash. */
static off_t log_after(struct place *p, unsigned n)
{
	off_t largest = 0;

	opened(p);
	for (uint64_t seq = 1; seq <= n; seq++) {
		add_large(p->store);
		committed(p, seq);
		if (size_of(p->path, "-wal") > largest)
			largest = size_of(p->path, "-wal");
	}
	closed(p);
	return largest;
}

static void flash_is_written_seldom(void **state)
{
	struct place *p = *state;

	/* 1,300 events of five pages, with a few more each time */
	assert_true(log_after(p, 1300) < 4020 * FRAME);
	p->options.flash = true;
	assert_true(log_after(p, 1300) > 6000 * FRAME);
}

/* A log that somebody left at its limit, found at the start. */
static void a_full_log_is_found_at_open(void **state)
{
	struct place *p = *state;
	uint64_t seq = 0;
	struct other o;
	int r;

	p->options.wal_max = LIMIT;
	opened(p);
	o = other_with(p, READS);
	do {
		add_large(p->store);
		r = store_commit(p->store, WRITER, ++seq, &p->why);
	} while (!r && seq < 1000);
	assert_int_equal(r, -ENOSPC);
	opened(p); /* a successor's */
	add_large(p->store);
	assert_int_equal(store_commit(p->store, WRITER, seq, &p->why), -ENOSPC);
	assert_int_equal(store_wal_full(p->store), 1);
	end_of(&o);
	committed(p, seq);
}

static void another_writer_is_waited_for_shortly(void **state)
{
	struct place *p = *state;
	struct store_limits limits = { .size = 1, .confirmed = INT64_MAX };
	struct store_retained retained;
	uint64_t began, took;
	struct other o;

	opened(p);
	add_events(p->store, 3);
	committed(p, 1);
	o = other_with(p, "DELETE FROM events WHERE id = 1");
	add_events(p->store, 2);
	began = base_time_mono_ms();
	assert_int_equal(store_commit(p->store, WRITER, 2, &p->why), -EBUSY);
	took = base_time_mono_ms() - began;
	assert_true(took < 5000); /* 100 ms, and a busy machine */
	assert_non_null(strstr(p->why.text, "locked"));
	assert_int_equal(store_waiting(p->store).events, 2);
	assert_int_equal(store_retain(p->store, &limits, &retained, &p->why),
			 -EBUSY);
	end_of(&o);
	committed(p, 2);
	is(p, "SELECT count(*) FROM events", "5");
}

/* It sees what was there when it began, however much comes. */
static void a_reader_does_not_block(void **state)
{
	struct place *p = *state;
	struct other o;

	opened(p);
	add_events(p->store, 3);
	committed(p, 1);
	o = other_with(p, READS);
	add_events(p->store, 2);
	committed(p, 2);
	is(p, "SELECT count(*) FROM events", "5");
	/* closing does not wait for it, either */
	closed(p);
	end_of(&o);
	is(p, "SELECT count(*) FROM events", "5");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_stuck_reader_is_named),
		PLACE_TEST(the_log_is_emptied_in_passing),
		PLACE_TEST(flash_is_written_seldom),
		PLACE_TEST(a_full_log_is_found_at_open),
		PLACE_TEST(another_writer_is_waited_for_shortly),
		PLACE_TEST(a_reader_does_not_block),
	};

	if (argc == 3)
		_exit(other_main(argv[1], argv[2]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
