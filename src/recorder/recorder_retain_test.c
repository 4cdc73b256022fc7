/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_retain_test.c - what may be deleted from the store; who may read it
 */
#include <grp.h>

#include "recorder_store_test.h"
#include "store_cursor.h"
#include "store_read.h"

/* --- what may go ---------------------------------------------------------- */

/* The events are of 2025. */
static void old_ones_go(void **state)
{
	struct lab *lab = *state;

	lab->conf->store_max_age_s = 3600;
	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 50);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	await_stat(lab, STAT_STORE_EXPIRED, 50);
	assert_int_equal(n_events(lab), 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORED), 50);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), 0);
}

static void sink_at(struct lab *lab, uint32_t i, const char *name,
		    int64_t event)
{
	const struct store_cursor c = {
		.store = (uint64_t)sql_number(lab, "SELECT id FROM store"),
		.event = event,
	};

	(void)snprintf(lab->conf->sinks[i].name, CONF_NAME_LEN, "%s", name);
	lab->conf->n_sinks = i + 1;
	if (event >= 0)
		assert_int_equal(
			store_cursor_write(lab->conf->store, name, &c, false),
			0);
}

/* Two sinks, at 30 and at 20 of 50. */
static void what_a_sink_has_not_confirmed_stays(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 50);
	sink_at(lab, 0, "one", 30);
	sink_at(lab, 1, "two", 20);
	lab->conf->store_max_age_s = 3600;
	start(lab);
	await_stat(lab, STAT_STORE_EXPIRED, 20);
	stop(lab);
	assert_events(lab, 30);
	assert_int_equal(sql_number(lab, "SELECT min(id) FROM events"), 21);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), 0);
}

/* One without a cursor begins at the oldest, or behind the newest. */
static void a_sink_that_never_ran(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 50);
	sink_at(lab, 0, "one", 30);
	sink_at(lab, 1, "two", -1);
	lab->conf->sinks[1].from = CONF_SINK_FROM_OLDEST;
	lab->conf->store_max_age_s = 3600;
	start(lab);
	messages(lab, 3, at(50), 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 51);
	lab->conf->sinks[1].from = CONF_SINK_FROM_NEWEST;
	start(lab);
	await_stat(lab, STAT_STORE_EXPIRED, 30);
	stop(lab);
	assert_events(lab, 21);
}

/* A cursor of a file that was set aside says nothing of this one. */
static void a_sink_of_another_store(void **state)
{
	struct lab *lab = *state;
	const struct store_cursor other = { .store = 1, .event = 40 };

	store_some(lab, 50);
	sink_at(lab, 0, "one", -1);
	assert_int_equal(
		store_cursor_write(lab->conf->store, "one", &other, false), 0);
	lab->conf->store_max_age_s = 3600;
	start(lab);
	messages(lab, 3, at(50), 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 51);
	assert_int_equal(sql_number(lab, "SELECT max(id) FROM events"), 51);
}

/* A power cut took what it had: the next event is none of those for it. */
static void a_sink_that_is_beyond_the_file(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 50);
	sink_at(lab, 0, "one", 20);
	sink_at(lab, 1, "two", 60);
	start(lab);
	messages(lab, 3, at(50), 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 51);
	assert_int_equal(sql_number(lab, "SELECT max(id) FROM events"), 61);
}

static void beyond_the_hard_limit_all_go_and_are_counted(void **state)
{
	struct lab *lab = *state;
	uint64_t gone;

	store_some(lab, 900);
	sink_at(lab, 0, "one", 100);
	/* an event takes more than 300 bytes */
	lab->conf->store_max_size_hard = 100 << 10;
	start(lab);
	messages(lab, 3, at(900ULL), 1);
	await_committed(lab);
	stop(lab);
	gone = count(lab, STAT_STORE_EXPIRED);
	assert_true(gone > 100 && gone < 901);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), gone - 100);
	assert_int_equal(sql_number(lab, "SELECT min(id) FROM events"),
			 gone + 1);
	assert_int_equal(count(lab, STAT_STORED), 901);
}

/* It died when they were deleted, before it had counted them. */
static void a_death_behind_deleting(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 900);
	sink_at(lab, 0, "one", 100);
	lab->conf->store_max_size_hard = 100 << 10;
	die_at("store.expired=1");
	start(lab);
	await_death(lab);
	die_at("");
	lab->conf->store_max_size_hard = 0;
	start(lab);
	messages(lab, 3, at(900ULL), 1);
	await_committed(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORE_EXPIRED),
			 sql_number(lab, "SELECT min(id) FROM events") - 1);
	assert_true(count(lab, STAT_STORE_EXPIRED) > 100);
	assert_int_equal(count(lab, STAT_STORE_UNSENT),
			 count(lab, STAT_STORE_EXPIRED) - 100);
}

/* --- others --------------------------------------------------------------- */

/* Of nobody, as far as known. */
#define GROUP    23457
#define STRANGER 23458

/* What a process of another user finds: 0 = all, and it cannot write. */
static int look_as(const struct lab *lab, gid_t group, int64_t events)
{
	const pid_t pid = fork();
	struct store_reader *reader;
	struct store_extent e;
	struct store_error why = { "" };
	sqlite3 *db;
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(group, group, group) ||
		    setresuid(STRANGER, STRANGER, STRANGER))
			_exit(1);
		if (store_reader_open(lab->conf->store, &reader, &why))
			_exit(2);
		if (store_read_extent(reader, &e, &why))
			_exit(3);
		if (e.first != 1 || e.last != events)
			_exit(4);
		store_reader_close(reader);
		if (sqlite3_open(lab->conf->store, &db) ||
		    !sqlite3_exec(db, "DELETE FROM events", NULL, NULL, NULL))
			_exit(5);
		(void)sqlite3_close(db);
		_exit(0);
	}
	status = wait_for(pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* As an operator gives it to a group; others have no right to it. */
static void give_to_group(const struct lab *lab)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[CONF_PATH_LEN + 8];

	assert_int_equal(chmod(lab->dir, 0755), 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(ends); i++) {
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s%s", lab->conf->store,
			       ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0640);
		assert_int_equal(chown(path, (uid_t)-1, GROUP), 0);
	}
}

/* While a recorder writes, when one was killed, and when it has stopped: then
 * nobody is there who could mend what a reader may not write. Needs root, who
 * alone can become others. */
static void read_by_others(void **state)
{
	struct lab *lab = *state;

	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 5);
	await_committed(lab);
	give_to_group(lab);
	assert_int_equal(look_as(lab, GROUP, 5), 0);
	assert_int_equal(look_as(lab, STRANGER, 5), 2);
	messages(lab, 3, at(5), 2);
	await_committed(lab);
	kill_it(lab);
	assert_int_equal(look_as(lab, GROUP, 7), 0);
	start(lab);
	messages(lab, 3, at(7), 3);
	await_committed(lab);
	stop(lab);
	assert_int_equal(look_as(lab, GROUP, 10), 0);
	assert_int_equal(look_as(lab, STRANGER, 10), 2);
	/* who only reads is in nobody's way */
	start(lab);
	messages(lab, 3, at(10), 1);
	stop(lab);
	assert_events(lab, 11);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
}

/* With an argument: what needs root. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(old_ones_go),
		TEST(what_a_sink_has_not_confirmed_stays),
		TEST(a_sink_that_never_ran),
		TEST(a_sink_of_another_store),
		TEST(a_sink_that_is_beyond_the_file),
		TEST(beyond_the_hard_limit_all_go_and_are_counted),
		TEST(a_death_behind_deleting),
	};
	const struct CMUnitTest root_tests[] = { TEST(read_by_others) };

	(void)argv;
	if (argc > 1)
		return cmocka_run_group_tests(root_tests, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
