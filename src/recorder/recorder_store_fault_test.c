/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_store_fault_test.c - a store that fails, is gone, or is broken
 *
 * A store that fails is one that the test has locked (BEGIN IMMEDIATE); one
 * that cannot be opened has a directory at its path.
 */
#include "recorder_store_test.h"

/* --- a store that fails --------------------------------------------------- */

static sqlite3 *locked(const struct lab *lab)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lab->conf->store, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	return db;
}

static void unlock(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Until this text is in that file: all files are written before the store is
 * tried. */
static void await_line(const struct lab *lab, const char *name,
		       const char *text)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	for (bool there = false; !there;) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
		if (access(path, F_OK) == 0) {
			char *all = lab_read(lab, name);

			there = strstr(all, text) != NULL;
			free(all);
		}
	}
}

/* A recorder whose store is locked before the first n events of flow 3, which
 * are in the event file. Return: for unlock(). */
static sqlite3 *fails_at_once(struct lab *lab, int n)
{
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, n);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, "events", LK);
	return db;
}

static void one_that_fails_is_tried_again(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db = fails_at_once(lab, 4);

	/* what comes meanwhile is read, and waits, too */
	messages(lab, 3, at(4), 4);
	lab_await_read(lab);
	assert_int_equal(atomic_load(&cursor(lab)->pos), 0);
	unlock(db);
	await_committed(lab);
	assert_events(lab, 8);
	assert_int_equal(count(lab, STAT_STORED), 8);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	assert_true(count(lab, STAT_STORE_RETRIES) > 0);
	stop(lab);
}

/* The successor of one that died while it failed begins with the same batch. */
static void one_that_fails_and_a_death(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db = fails_at_once(lab, 4);

	kill_it(lab);
	unlock(db);
	start(lab);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 4);
	assert_int_equal(count(lab, STAT_STORED), 4);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
}

/* While it fails a new capture is begun, whose mark is committed by itself.
 * Nothing of the batch comes into force with it. */
static void one_that_fails_and_a_mark(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	ring_tap_kick(&lab->taps[0]);
	await_stat(lab, STAT_STORE_RETRIES, 1);
	open_flow(lab, 4);
	messages(lab, 4, 0, 4);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, ID "-5_192.0.2.10.log", LK);
	kill_it(lab);
	unlock(db);
	start(lab);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 8);
	assert_int_equal(count(lab, STAT_EVENTS), 8);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), at(8));
}

/* Messages of a flow, from the n-th on, until the store takes one again.
 * Return: the number of the next one. */
static int until_stored(struct lab *lab, uint32_t slot, int n)
{
	const uint64_t before = count(lab, STAT_STORED);

	do {
		messages(lab, slot, at(n++), 1);
		await_committed(lab);
	} while (count(lab, STAT_STORED) == before);
	return n;
}

/* What cannot be kept is given up, and counted; then it is said, and a batch is
 * tried once or not at all, until one gets through. */
static void one_that_fails_for_long_is_given_up(void **state)
{
	struct lab *lab = *state;
	struct role_message m;
	uint64_t tries;
	sqlite3 *db;
	int n, lost;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	/* an entry of a message takes 128 bytes */
	for (n = 0; head(lab) < RING_SIZE_MIN / 4; n++)
		messages(lab, 3, at(n), 1);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), n);
	assert_int_equal(count(lab, STAT_STORED), 0);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_int_equal(m.error, -EBUSY);
	/* an attempt takes 100 ms: not each of these has one */
	tries = count(lab, STAT_STORE_RETRIES);
	for (int i = 0; i < 20; i++) {
		messages(lab, 3, at(n++), 1);
		await_committed(lab);
	}
	assert_int_equal(count(lab, STAT_STORE_LOST), n);
	assert_in_range(count(lab, STAT_STORE_RETRIES) - tries, 0, 10);
	unlock(db);
	n = until_stored(lab, 3, n);
	lost = n - 1;
	messages(lab, 3, at(n), 6);
	n += 6;
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORED), 7);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_int_equal(m.error, 0);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	stop(lab);
	assert_events(lab, 7);
	assert_int_equal(count(lab, STAT_STORE_LOST), lost);
	/* the flow's row was given up with the first ones, and came again */
	assert_sql(lab, "SELECT reason FROM flows", "normal\n");
	/* the event file has all of them */
	assert_int_equal(count(lab, STAT_EVENTS), n);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 0);
}

/* The end of a flow that the store has comes again, though its batch was given
 * up; else the flow would stay open there. */
static void an_end_that_was_given_up(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 1);
	flow(lab, 4, 4)->observe = CONF_OBSERVE_NONE;
	hint(lab, 4, RING_ENTRY_OPEN, 0, 0);
	await_committed(lab);
	db = locked(lab);
	hint(lab, 3, RING_ENTRY_CLOSE, RING_CLOSE_IDLE, 0);
	noise_in_flow(lab, 4, RING_SIZE_MIN / 4);
	await_committed(lab);
	/* once more in vain */
	hint(lab, 4, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	await_committed(lab);
	unlock(db);
	open_flow(lab, 5);
	(void)until_stored(lab, 5, 0);
	assert_sql(lab, "SELECT ifnull(reason, 'open') FROM flows ORDER BY id",
		   "idle\nnormal\nopen\n");
	kill_it(lab);
}

/* A device that was named in a batch that was given up is named again. */
static void a_name_that_was_given_up(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	gt06_flow(lab);
	await_committed(lab);
	db = locked(lab);
	hex_bytes(lab, 3, RING_CLIENT, 15, LOGIN);
	flow(lab, 4, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 4, RING_ENTRY_OPEN, 0, 0);
	noise_in_flow(lab, 4, RING_SIZE_MIN / 4);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 1);
	unlock(db);
	hex_bytes(lab, 3, RING_CLIENT, 37, BEAT);
	stop(lab);
	assert_sql(lab, "SELECT device FROM events ORDER BY id",
		   IMEI "\n" IMEI "\n");
}

/* The slot lives again while the batch that it ends cannot be stored: nothing
 * is read until then. */
static void a_commit_that_is_waited_for(void **state)
{
	struct lab *lab = *state;
	uint64_t before;
	sqlite3 *db = fails_at_once(lab, 2);

	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	lab_await_read(lab);
	before = head(lab);
	open_next_flow(lab);
	messages(lab, 3, 0, 3);
	ring_tap_kick(&lab->taps[0]);
	assert_int_equal(atomic_load(&cursor(lab)->read), before);
	unlock(db);
	await_committed(lab);
	assert_events(lab, 5);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	assert_int_equal(count(lab, STAT_UNKNOWN_FLOWS), 0);
}

/* ... by the supervisor: for a second. */
static void a_stop_does_not_wait_for_ever(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db = fails_at_once(lab, 4);

	stop(lab);
	unlock(db);
	assert_events(lab, 0);
	assert_int_equal(count(lab, STAT_STORE_LOST), 4);
	assert_int_equal(count(lab, STAT_STORED), 0);
	assert_int_equal(count(lab, STAT_EVENTS), 4);
}

/* --- a store that cannot be opened ---------------------------------------- */

static void hide(const struct lab *lab)
{
	char to[CONF_PATH_LEN + 8];

	(void)snprintf(to, sizeof(to), "%s.away", lab->conf->store);
	assert_int_equal(rename(lab->conf->store, to), 0);
	assert_int_equal(mkdir(lab->conf->store, 0700), 0);
}

static void unhide(const struct lab *lab)
{
	char from[CONF_PATH_LEN + 8];

	(void)snprintf(from, sizeof(from), "%s.away", lab->conf->store);
	assert_int_equal(rmdir(lab->conf->store), 0);
	assert_int_equal(rename(from, lab->conf->store), 0);
}

static void the_first_one_does_not_start_without(void **state)
{
	struct lab *lab = *state;
	int status;

	assert_int_equal(mkdir(lab->conf->store, 0700), 0);
	start(lab);
	status = wait_for(lab->recorder);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	base_fd_close(&lab->channel);
	assert_int_equal(rmdir(lab->conf->store), 0);
}

static void a_successor_goes_on_without(void **state)
{
	struct lab *lab = *state;
	struct role_message m;

	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 2);
	await_committed(lab);
	kill_it(lab);
	hide(lab);
	start(lab);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_true(m.error < 0);
	await_ready(lab);
	messages(lab, 3, at(2), 3);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 3);
	unhide(lab);
	/* it is tried once a second: then what comes is stored again */
	for (int i = 5; count(lab, STAT_STORED) < 3; i++) {
		messages(lab, 3, at(i), 1);
		await_committed(lab);
	}
	stop(lab);
	assert_events(lab, 3);
	assert_int_equal(count(lab, STAT_STORED) + count(lab, STAT_STORE_LOST),
			 count(lab, STAT_EVENTS));
}

/* One dies in the transaction, and the next cannot look whether it took place:
 * it goes on behind it, and counts rightly when it can look. */
static void nobody_could_tell(struct lab *lab, const char *die, unsigned stored)
{
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	die_at(die);
	start(lab);
	await_death(lab);
	die_at("");
	hide(lab);
	start(lab);
	await_committed(lab);
	/* as if it had taken place */
	assert_int_equal(count(lab, STAT_STORED), 4);
	kill_it(lab); /* the next one knows of it, too */
	unhide(lab);
	start(lab);
	await_ready(lab);
	messages(lab, 3, at(4), 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, stored + 1);
	assert_int_equal(count(lab, STAT_STORED), stored + 1);
	assert_int_equal(count(lab, STAT_STORE_LOST), 4 - stored);
	assert_int_equal(count(lab, STAT_EVENTS), 5);
}

static void nobody_could_tell_and_it_was_stored(void **state)
{
	nobody_could_tell(*state, "store.committed=1", 4);
}

static void nobody_could_tell_and_it_was_not(void **state)
{
	nobody_could_tell(*state, "store.inserted=1", 0);
}

/* --- a file that is none -------------------------------------------------- */

static void a_broken_file_is_set_aside(void **state)
{
	struct lab *lab = *state;
	int fd;

	store_some(lab, 5);
	fd = open(lab->conf->store, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, LK, 23), 23);
	base_fd_close(&fd);
	start(lab);
	messages(lab, 3, at(5), 2);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 2);
	assert_int_equal(count(lab, STAT_STORED), 7);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	/* the flow goes on, and is in the new one */
	assert_int_equal(sql_number(lab, "SELECT count(*) FROM flows"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_fails_is_tried_again),
		TEST(one_that_fails_and_a_death),
		TEST(one_that_fails_and_a_mark),
		TEST(one_that_fails_for_long_is_given_up),
		TEST(an_end_that_was_given_up),
		TEST(a_name_that_was_given_up),
		TEST(a_commit_that_is_waited_for),
		TEST(a_stop_does_not_wait_for_ever),
		TEST(the_first_one_does_not_start_without),
		TEST(a_successor_goes_on_without),
		TEST(nobody_could_tell_and_it_was_stored),
		TEST(nobody_could_tell_and_it_was_not),
		TEST(a_broken_file_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
