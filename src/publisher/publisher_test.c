/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher_test.c - from the store to a sink, whatever the two do */
#include "publisher_test.h"

static void test_all_in_order(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 1);
	add(l, 1300);
	start(l);
	await_all(l);
	add(l, 1);
	await_all(l);
	add(l, 700);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
	assert_int_equal(cursor(l).event, 2002);
	assert_int_equal(cursor(l).confirmed, 2002);
	assert_int_equal(cursor(l).retried, 0);
	assert_int_equal(cursor(l).lost, 0);
	assert_int_equal(cursor(l).anew, 0);
	assert_true(cursor(l).store == store_id(l->store));
	assert_false(cursor(l).connected);
	assert_int_equal(l->page->largest, PUBLISHER_BATCH);
	assert_int_equal(l->page->opens, 1);
	assert_int_equal(l->page->closes, 1);
}

/* A successor goes on where its predecessor stopped. */
static void test_goes_on(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 10);
	start(l);
	await_all(l);
	assert_true(cursor(l).connected);
	assert_true(l->page->said_connected);
	stop(l);
	add(l, 10);
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
	assert_int_equal(cursor(l).confirmed, 20);
}

/* A batch ends with the event that makes it a MiB. */
static void test_large_events(void **state)
{
	struct lab *l = *state;

	l->padding = 400000;
	open_store(l);
	add(l, 10);
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
	assert_int_equal(l->page->largest, 3);
	/* and one that is larger alone */
	l->padding = 3 << 20;
	add(l, 1);
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
}

/* What is behind the confirmed ones is put next, and is no repetition. */
static void test_partly_confirmed(void **state)
{
	struct lab *l = *state;
	const int plan[] = { 1, 200, 100 };

	for (size_t i = 0; i < WS_ARRAY_LEN(plan); i++)
		l->page->plan[i] = plan[i];
	l->page->returned = 2;
	open_store(l);
	add(l, 400);
	start(l);
	await_all(l);
	stop(l);
	/* 400, behind 1: 399, behind 201: 199, behind 301: 99 */
	assert_int_equal(l->page->puts, 4);
	assert_int_equal(l->page->n_came, 400 + 399 + 199 + 99);
	(void)expect_in_order(l, 1);
	assert_int_equal(cursor(l).confirmed, 400);
	assert_int_equal(cursor(l).retried, 0);
	assert_int_equal(cursor(l).returned, 8);
	assert_int_equal(l->page->opens, 1);
}

/* It fails with events handed over: those come again, and are counted. */
static void test_fails_and_comes_back(void **state)
{
	struct lab *l = *state;

	l->page->plan[0] = 100;
	l->page->plan[1] = -EPIPE;
	l->page->plan[2] = 30;
	l->page->plan[3] = -EPIPE;
	open_store(l);
	add(l, 150);
	start(l);
	await_all(l);
	stop(l);
	(void)expect_in_order(l, 1);
	assert_int_equal(cursor(l).confirmed, 150);
	/* 101-150, then 131-150 */
	assert_int_equal(cursor(l).retried, 50 + 20);
	assert_string_equal(cursor(l).error, "the script says 32");
	assert_true(cursor(l).error_ms > 0);
	assert_int_equal(l->page->opens, 3);
	assert_int_equal(l->page->closes, 3);
}

/* The other side lets it wait: no failure, nothing is closed or counted. */
static void test_is_let_wait(void **state)
{
	struct lab *l = *state;

	l->page->plan[0] = -EAGAIN;
	l->page->plan[1] = -EAGAIN;
	open_store(l);
	add(l, 5);
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(l->page->puts, 3);
	assert_int_equal(l->page->opens, 1);
	assert_int_equal(cursor(l).retried, 0);
	assert_string_equal(cursor(l).error, "the script says 11");
}

/* Whole, by chance between half and whole: 0.5, 1, 2 ... 30 s, 30 s. */
static void expect_pause(const struct page *p, unsigned i, uint64_t whole)
{
	const uint64_t pause = p->opened_ms[i + 1] - p->opened_ms[i];

	assert_in_range(pause, whole / 2, whole);
}

static void test_back_off(void **state)
{
	static const uint64_t pauses[] = { 500,  1000,  2000,  4000,
					   8000, 16000, 30000, 30000 };
	struct lab *l = *state;

	l->page->open_result = -ECONNREFUSED;
	open_store(l);
	add(l, 1);
	start(l);
	await(l, l->page->opens > WS_ARRAY_LEN(pauses));
	assert_string_equal(cursor(l).error, "the script does not open");
	assert_false(cursor(l).connected);
	l->page->open_result = 0;
	await_all(l);
	stop(l);
	for (unsigned i = 0; i < WS_ARRAY_LEN(pauses); i++)
		expect_pause(l->page, i, pauses[i]);
	assert_int_equal(expect_in_order(l, 1), 0);
	/* what was half open is closed, too */
	assert_int_equal(l->page->closes, l->page->opens);
}

/* With a wrong password it is no use to try soon. */
static void test_hopeless(void **state)
{
	struct lab *l = *state;

	l->page->open_result = -EINVAL;
	open_store(l);
	add(l, 1);
	start(l);
	await(l, l->page->opens > 2);
	stop_opening(l);
	expect_pause(l->page, 0, 30000);
	expect_pause(l->page, 1, 30000);
	assert_int_equal(l->page->n_came, 0);
	assert_int_equal(cursor(l).event, 0);
}

/* Deleted before they were read: the jump in the numbers is counted, once. */
static void test_lost(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 10);
	start(l);
	await_all(l);
	stop(l);
	add(l, 100);
	sql(l, "DELETE FROM events WHERE id <= 50");
	l->page->plan[1] = -EPIPE; /* and is not counted again then */
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(cursor(l).lost, 40);
	assert_int_equal(cursor(l).confirmed, 70);
	/* all of them, and nothing to put */
	add(l, 7);
	sql(l, "DELETE FROM events");
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(cursor(l).lost, 47);
	assert_int_equal(cursor(l).confirmed, 70);
}

/* Rows that somebody else put there are no events; they stop nothing. */
static void test_no_events(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 3);
	sql(l, "UPDATE events SET event = 'x' WHERE id = 2;"
	       "INSERT INTO events VALUES(4, 1, 1, 'client', 'watch', NULL,"
	       " 'position', '{}');"
	       "UPDATE store SET last_event = 4");
	start(l);
	await(l, cursor(l).event == 4);
	stop(l);
	assert_int_equal(l->page->n_came, 2);
	assert_int_equal(cursor(l).confirmed, 2);
	assert_int_equal(cursor(l).lost, 2);
}

static void test_from_newest(void **state)
{
	struct lab *l = *state;

	l->conf.from = CONF_SINK_FROM_NEWEST;
	/* its place is known, and kept, while it cannot be reached */
	l->page->open_result = -ECONNREFUSED;
	open_store(l);
	add(l, 100);
	start(l);
	await_all(l);
	stop_opening(l);
	add(l, 20);
	l->page->open_result = 0;
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 101), 0);
	assert_int_equal(cursor(l).confirmed, 20);
	assert_int_equal(cursor(l).lost, 0);
}

/* What was deleted before the sink was there is not its loss. */
static void test_from_oldest(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 100);
	sql(l, "DELETE FROM events WHERE id <= 90");
	start(l);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 91), 0);
	assert_int_equal(cursor(l).lost, 0);
	assert_int_equal(cursor(l).anew, 0);
}

/* Another file at its path: from its first event on, also with from: newest. */
static void test_store_set_aside(void **state)
{
	struct lab *l = *state;
	char aside[128], tail[160];

	l->conf.from = CONF_SINK_FROM_NEWEST;
	open_store(l);
	start(l);
	await(l, cursor(l).store == store_id(l->store));
	add(l, 5);
	await_all(l);
	store_close(l->store);
	(void)snprintf(aside, sizeof(aside), "%s.corrupt", l->store_path);
	assert_int_equal(__real_rename(l->store_path, aside), 0);
	(void)snprintf(tail, sizeof(tail), "%s-wal", l->store_path);
	assert_int_equal(unlink(tail), 0);
	(void)snprintf(tail, sizeof(tail), "%s-shm", l->store_path);
	assert_int_equal(unlink(tail), 0);
	open_store(l);
	l->events = 0;
	add(l, 3);
	await(l, cursor(l).store == store_id(l->store) && cursor(l).event == 3);
	stop(l);
	assert_int_equal(l->page->n_came, 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(l->page->came[i], i < 5 ? i + 1 : i - 4);
	assert_int_equal(cursor(l).anew, 1);
	assert_int_equal(cursor(l).confirmed, 8);
	assert_int_equal(cursor(l).lost, 0);
}

static void write_cursor(struct lab *l, const char *text)
{
	char path[160];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s.fleet.cursor", l->store_path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_cursor_makes_no_sense(void **state)
{
	struct lab *l = *state;

	l->conf.from = CONF_SINK_FROM_NEWEST;
	open_store(l);
	add(l, 5);
	write_cursor(l, "{\"event\": 3}\n");
	start(l);
	await(l, l->page->n_came == 5);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
	assert_int_equal(cursor(l).anew, 1);
	assert_int_equal(cursor(l).confirmed, 5);
}

/* After a power cut the store may lack what was put already; its numbers are
 * given to other events then. */
static void test_cursor_beyond_the_end(void **state)
{
	struct lab *l = *state;
	struct store_cursor c = { .event = 100, .confirmed = 100 };

	open_store(l);
	add(l, 5);
	c.store = store_id(l->store);
	assert_int_equal(store_cursor_write(l->store_path, "fleet", &c, false),
			 0);
	start(l);
	await_all(l);
	add(l, 5);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 6), 0);
	assert_int_equal(cursor(l).confirmed, 105);
	assert_int_equal(cursor(l).lost, 0);
}

/* It may be there before the recorder has made its store. */
static void test_no_store_yet(void **state)
{
	struct lab *l = *state;

	start(l);
	await(l, l->page->opens >= 1);
	open_store(l);
	add(l, 5);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
}

/* All that is there is put before it ends, also what no kick told of. */
static void test_stop_drains(void **state)
{
	struct lab *l = *state;

	l->page->put_ms = 900;
	open_store(l);
	add(l, 1);
	start(l);
	await_all(l);
	/* while it is held up, it gets events, and the word to stop */
	assert_int_equal(kill(l->publisher, SIGSTOP), 0);
	add(l, 2500);
	ask_to_stop(l);
	assert_int_equal(kill(l->publisher, SIGCONT), 0);
	assert_int_equal(ended(l), 0);
	assert_int_equal(expect_in_order(l, 1), 0);
	assert_int_equal(cursor(l).event, 2501);
}

/* ... but for PUBLISHER_STOP_MS only. */
static void test_stop_ends(void **state)
{
	struct lab *l = *state;

	l->page->put_ms = 2000;
	open_store(l);
	add(l, 1);
	start(l);
	await_all(l);
	assert_int_equal(kill(l->publisher, SIGSTOP), 0);
	add(l, 5000);
	ask_to_stop(l);
	assert_int_equal(kill(l->publisher, SIGCONT), 0);
	assert_int_equal(ended(l), 0);
	/* at 0, 2 and 4 s; and one, if it was about to put when it was held up
	 */
	if (cursor(l).event != 1 + 3 * PUBLISHER_BATCH)
		assert_int_equal(cursor(l).event, 1 + 4 * PUBLISHER_BATCH);
	assert_int_equal(cursor(l).confirmed, cursor(l).event);
}

/* One that cannot be reached holds up no stop. */
static void test_stop_while_closed(void **state)
{
	struct lab *l = *state;
	uint64_t asked;
	int status;

	l->page->open_result = -ECONNREFUSED;
	open_store(l);
	add(l, 5);
	start(l);
	await(l, l->page->opens >= 3);
	assert_int_equal(kill(l->publisher, SIGSTOP), 0);
	asked = l->page->clock_ms;
	ask_to_stop(l);
	assert_int_equal(kill(l->publisher, SIGCONT), 0);
	status = ended(l);
	/* the pause that it was in, at most: 16 s, if it was the seventh try */
	assert_true(status == 0 || status == SIGTERM);
	assert_true(l->page->clock_ms - asked <= 30000);
	assert_true(l->page->opens < 30);
	assert_int_equal(l->page->n_came, 0);
}

/* Nor does one that does not answer; it may end of the signal then. */
static void test_stop_while_opening(void **state)
{
	struct lab *l = *state;
	int status;

	l->page->open_hangs = true;
	open_store(l);
	add(l, 5);
	start(l);
	await(l, l->page->opens >= 1);
	ask_to_stop(l);
	status = ended(l);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* The supervisor is gone: the same as its word. */
static void test_channel_closed(void **state)
{
	struct lab *l = *state;

	open_store(l);
	add(l, 5);
	start(l);
	await_all(l);
	base_fd_close(&l->channel);
	assert_int_equal(ended(l), 0);
}

static void test_served_while_idle(void **state)
{
	struct lab *l = *state;
	const uint64_t one = 1;
	uint64_t from;

	l->page->idle_ms = 20000;
	open_store(l);
	add(l, 5);
	start(l);
	await(l, l->page->idles >= 3); /* by its time */
	assert_int_equal(kill(l->publisher, SIGSTOP), 0);
	from = l->page->opened_ms[0];
	assert_true(l->page->clock_ms >= from + 60000);
	assert_true(l->page->clock_ms <=
		    from + (l->page->idles + 1) * 21000ULL);
	assert_int_equal(kill(l->publisher, SIGCONT), 0);
	l->page->idle_ms = 0;
	/* it fails: is closed and opened again; then by its descriptor */
	l->page->idle_result = -ECONNRESET;
	await(l, l->page->opens >= 2);
	assert_string_equal(cursor(l).error, "the script is not served");
	l->page->idle_result = 0;
	l->page->idles = 0;
	assert_int_equal(write(l->sink_fd, &one, sizeof(one)), sizeof(one));
	await(l, l->page->idles == 1);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
}

/* While events flow, the cursor is written ten times a second at most. */
static void test_cursor_is_written_seldom(void **state)
{
	struct lab *l = *state;

	l->page->put_ms = 10;
	open_store(l);
	for (int i = 0; i < 20; i++)
		add(l, 1000);
	start(l);
	await_all(l);
	stop(l);
	/* 20000 events in batches of 512 are 40 puts: 400 ms; one before it
	 * opens the sink, two at the end */
	assert_in_range(l->page->renames, 4, 4 + 3 + 1);
	assert_true(l->page->syncs >= l->page->renames);
}

static void test_flash(void **state)
{
	struct lab *l = *state;
	unsigned syncs;

	l->flash = true;
	l->page->put_ms = 1000;
	open_store(l);
	for (int i = 0; i < 20; i++)
		add(l, 1024);
	syncs = l->page->syncs; /* the store's own */
	start(l);
	await_all(l);
	stop(l);
	/* 40 s */
	assert_in_range(l->page->renames, 4, 4 + 3 + 1);
	assert_int_equal(l->page->syncs, syncs);
	assert_int_equal(expect_in_order(l, 1), 0);
}

/* A directory that nobody can write to stops no event. */
static void test_cursor_cannot_be_written(void **state)
{
	struct lab *l = *state;
	char path[160];

	open_store(l);
	(void)snprintf(path, sizeof(path), "%s.fleet.cursor.new",
		       l->store_path);
	assert_int_equal(mkdir(path, 0700), 0);
	add(l, 5);
	start(l);
	await(l, l->page->n_came == 5);
	assert_int_equal(cursor(l).event, 0);
	assert_int_equal(rmdir(path), 0);
	await_all(l);
	stop(l);
	assert_int_equal(expect_in_order(l, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		ROW(test_all_in_order),
		ROW(test_goes_on),
		ROW(test_large_events),
		ROW(test_partly_confirmed),
		ROW(test_fails_and_comes_back),
		ROW(test_is_let_wait),
		ROW(test_back_off),
		ROW(test_hopeless),
		ROW(test_lost),
		ROW(test_no_events),
		ROW(test_from_newest),
		ROW(test_from_oldest),
		ROW(test_store_set_aside),
		ROW(test_cursor_makes_no_sense),
		ROW(test_cursor_beyond_the_end),
		ROW(test_no_store_yet),
		ROW(test_stop_drains),
		ROW(test_stop_ends),
		ROW(test_stop_while_closed),
		ROW(test_stop_while_opening),
		ROW(test_channel_closed),
		ROW(test_served_while_idle),
		ROW(test_cursor_is_written_seldom),
		ROW(test_flash),
		ROW(test_cursor_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
