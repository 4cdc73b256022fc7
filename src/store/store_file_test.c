/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_file_test.c - files that are ours, others', broken, gone */
#include "store_test.h"

#include <fnmatch.h>

#include "store_schema.h"

#define NOBODY 65534

static char found[16][96];
static unsigned n_found;

static void note(int fd, const char *name)
{
	(void)fd;
	assert_true(n_found < WS_ARRAY_LEN(found));
	(void)snprintf(found[n_found++], sizeof(found[0]), "%s", name);
}

/* The name of a file that was set aside; NULL: none. */
static const char *aside(struct place *p)
{
	static const char pattern[] =
		".corrupt-20[0-9][0-9][01][0-9][0-3][0-9]T"
		"[012][0-9][0-5][0-9][0-5][0-9]Z";
	static char path[192];
	const char *name = NULL;

	n_found = 0;
	base_test_each(p->dir, note);
	for (unsigned i = 0; i < n_found; i++) {
		const char *stamp = strstr(found[i], ".corrupt-");

		if (stamp && !fnmatch(pattern, stamp, 0))
			name = found[i];
	}
	if (!name)
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	return path;
}

static void refused(struct place *p, int error, const char *says)
{
	closed(p);
	assert_int_equal(store_open(&p->options, &p->store, &p->why), error);
	assert_null(p->store);
	if (!strstr(p->why.text, says))
		fail_msg("%s", p->why.text);
	assert_memory_equal(p->why.text, p->path, strlen(p->path));
	assert_null(aside(p));
}

static void write_file(const char *path, const void *bytes, size_t len,
		       off_t at)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	assert_int_equal(close(fd), 0);
}

static unsigned mode_of(struct place *p, const char *tail)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", p->path, tail);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void files_have_their_mode(void **state)
{
	static const mode_t masks[] = { 0, 077, 0777 };
	struct place *p = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(masks); i++) {
		const mode_t mask = umask(masks[i]);

		opened(p);
		(void)umask(mask);
		add_events(p->store, 1);
		committed(p, 1);
		assert_int_equal(mode_of(p, ""), 0640);
		assert_int_equal(mode_of(p, "-wal"), 0640);
		assert_int_equal(mode_of(p, "-shm"), 0640);
		closed(p);
		base_test_empty(p->dir);
	}
}

/* A mode that its owner chose is his. */
static void a_mode_that_is_there_stays(void **state)
{
	struct place *p = *state;

	opened(p);
	closed(p);
	assert_int_equal(chmod(p->path, 0600), 0);
	opened(p);
	assert_int_equal(mode_of(p, ""), 0600);
}

/* So that others can read it, and quickly. */
static void the_log_stays_and_is_empty(void **state)
{
	struct place *p = *state;

	opened(p);
	add_events(p->store, 10);
	committed(p, 1);
	assert_true(size_of(p->path, "-wal") > 0);
	closed(p);
	assert_int_equal(size_of(p->path, "-wal"), 0);
	assert_true(size_of(p->path, "-shm") > 0);
	whole(p->path);
}

/* application_id, user_version, and SQL as steps leave it. */
static void the_schema_is_versioned(void **state)
{
	struct place *p = *state;

	opened(p);
	is(p, "PRAGMA user_version", "2");
	is(p, "PRAGMA application_id", "1465080133"); /* 0x57535945 */
	is(p,
	   "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
	   "devices;events;flows;positions;store");
	is(p,
	   "SELECT name FROM sqlite_master WHERE type = 'index'"
	   " AND sql IS NOT NULL ORDER BY name",
	   "events_nameless;flows_closed;positions_device_time");
}

/* A store as version 1 left it, with rows. */
static void make_version_1(struct place *p)
{
	char sql[64];

	change(p->path, "PRAGMA journal_mode = WAL");
	change(p->path, store_schema_steps[0]);
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
		       STORE_APPLICATION_ID);
	change(p->path, sql);
	change(p->path,
	       "PRAGMA user_version = 1;"
	       "INSERT INTO flows(id, opened, client, server, connection_id)"
	       " VALUES(7, 1000, 'c', 's', 'x'), (8, 500, 'c', 's', 'y');"
	       "INSERT INTO events VALUES"
	       "(1, 7, 1001, 'client', 'h02', 'a', 'position', '{}'),"
	       "(2, 8, 1002, 'client', 'gt06', 'a', 'login', '{}'),"
	       "(3, 9, 2003, 'client', 'h02', 'b', 'login', '{}'),"
	       "(4, 7, 1004, 'server', 'h02', 'a', 'command', '{}'),"
	       "(5, 9, 1005, 'client', 'h02', NULL, 'login', '{}');"
	       "INSERT INTO positions VALUES"
	       "(1, 0, 'a', 900, 1, 1.5, 2.5, NULL, NULL, NULL);"
	       "UPDATE store SET writer = 3, seq = 4, last_event = 5, id = 99");
}

static void version_1_is_migrated(void **state)
{
	struct place *p = *state;

	make_version_1(p);
	opened(p);
	assert_non_null(strstr(p->why.text, "schema 1 is now 2"));
	/* a: newest flow 7 though 8 came later, protocol of event 2; b has a
	 * flow of which nothing is known but an event */
	is(p, "SELECT * FROM devices",
	   "a|gt06|1001|1002|7|1000|2|2;b|h02|2003|2003|9|2003|1|3");
	is(p, "SELECT count(*) FROM events", "5");
	is(p, "SELECT id, event FROM store, positions", "99|1");
	is(p, "PRAGMA user_version", "2");
	assert_int_equal(store_committed(p->store, 3), 4);
	add_event(p->store, 10, 3000, "a");
	committed(p, 1);
	is(p, "SELECT max(id) FROM events", "6");
	is(p, "SELECT events, flow FROM devices WHERE id = 'a'", "3|10");
	/* once is enough */
	opened(p);
	assert_string_equal(p->why.text, "");
	is(p, "SELECT events FROM devices", "3;1");
}

/* What stands in its way takes the whole step back. */
static void a_step_is_done_or_not(void **state)
{
	struct place *p = *state;

	make_version_1(p);
	/* step 2 makes its table, then its rows, which collide */
	change(p->path,
	       "UPDATE events SET type = 'x' WHERE id = 1;"
	       "CREATE TRIGGER t BEFORE INSERT ON events BEGIN SELECT 1;"
	       " END;"
	       "CREATE TABLE devices(id)");
	closed(p);
	assert_int_not_equal(store_open(&p->options, &p->store, &p->why), 0);
	is(p, "PRAGMA user_version", "1");
	is(p, "SELECT count(*) FROM devices", "0");
	is(p, "SELECT count(*) FROM events", "5");
	assert_null(aside(p));
}

static void a_newer_one_is_refused(void **state)
{
	struct place *p = *state;

	opened(p);
	closed(p);
	change(p->path, "PRAGMA user_version = 3");
	refused(p, -EINVAL, "newer Wayside (schema 3, this one knows 2)");
	is(p, "PRAGMA user_version", "3");
}

static void anothers_database_is_left_alone(void **state)
{
	static const char *const others[] = {
		"CREATE TABLE t(x)", "PRAGMA application_id = 5",
		"PRAGMA user_version = 1" /* before anything is in it */
	};
	struct place *p = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(others); i++) {
		change(p->path, others[i]);
		refused(p, -EINVAL, "another application");
		is(p, "PRAGMA journal_mode", "delete");
		base_test_empty(p->dir);
	}
}

static void what_is_no_file_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir(p->path, 0700), 0);
	refused(p, -EINVAL, "not a regular file");
	assert_int_equal(rmdir(p->path), 0);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	refused(p, -EINVAL, "not a regular file");
}

static void no_directory_no_store(void **state)
{
	struct place *p = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/none/wayside.db", p->dir);
	p->options.path = path;
	assert_int_equal(store_open(&p->options, &p->store, &p->why), -ENOENT);
	assert_non_null(strstr(p->why.text, "none/wayside.db: No such file"));
}

/* Killed between making the file and its first page. */
static void an_empty_file_is_a_beginning(void **state)
{
	struct place *p = *state;

	write_file(p->path, "", 0, 0);
	opened(p);
	assert_string_equal(p->why.text, "");
	assert_null(aside(p));
}

static void begun_anew(struct place *p)
{
	assert_non_null(
		strstr(p->why.text, "set aside as wayside.db.corrupt-"));
	assert_non_null(strstr(p->why.text, "and a new one begun"));
	assert_non_null(aside(p));
	is(p, "SELECT count(*) FROM events", "0");
	assert_int_equal(store_committed(p->store, WRITER), 0);
	add_events(p->store, 2);
	committed(p, 9);
	is(p, "SELECT count(*) FROM events", "2");
	whole(p->path);
}

static bool dies_with_a_log(struct place *p)
{
	opened(p);
	add_events(p->store, 3);
	committed(p, 1);
	return true; /* nothing is closed */
}

/* Somebody removed the file alone: its log is no part of the next one. */
static void a_log_without_its_file_is_nothing(void **state)
{
	struct place *p = *state;

	assert_int_equal(in_child(dies_with_a_log, p), 0);
	assert_true(size_of(p->path, "-wal") > 0);
	assert_int_equal(unlink(p->path), 0);
	opened(p);
	is(p, "SELECT count(*) FROM events", "0");
	add_events(p->store, 1);
	committed(p, 1);
	is(p, "SELECT count(*) FROM events", "1");
	whole(p->path);
}

/* What a killed one has committed is there. */
static void a_log_with_its_file_is_used(void **state)
{
	struct place *p = *state;

	assert_int_equal(in_child(dies_with_a_log, p), 0);
	opened(p);
	assert_int_equal(store_committed(p->store, WRITER), 1);
	is(p, "SELECT count(*) FROM events", "3");
}

static void what_is_no_database_is_set_aside(void **state)
{
	struct place *p = *state;
	char text[8192];
	struct stat st;

	memset(text, 'x', sizeof(text));
	write_file(p->path, text, sizeof(text), 0);
	opened(p);
	begun_anew(p);
	assert_int_equal(stat(aside(p), &st), 0);
	assert_int_equal(st.st_size, sizeof(text));
}

static void a_broken_one_is_set_aside_at_open(void **state)
{
	struct place *p = *state;
	char text[4096];
	uint64_t id;

	id = store_id(opened(p));
	add_events(p->store, 100);
	committed(p, 5);
	closed(p);
	memset(text, 0xff, sizeof(text));
	/* all but the first page, which has the schema */
	for (off_t at = 4096; at < size_of(p->path, ""); at += 4096)
		write_file(p->path, text, sizeof(text), at);
	opened(p);
	begun_anew(p);
	assert_true(store_id(p->store) != id);
}

static void one_that_was_cut_is_set_aside(void **state)
{
	struct place *p = *state;

	opened(p);
	add_events(p->store, 1000);
	committed(p, 5);
	closed(p);
	assert_int_equal(truncate(p->path, 4096), 0);
	opened(p);
	begun_anew(p);
}

static void one_without_tables_is_set_aside(void **state)
{
	static const char *const tables[] = { "store", "events", "positions",
					      "devices", "flows" };
	struct place *p = *state;
	char sql[64];

	for (size_t i = 0; i < WS_ARRAY_LEN(tables); i++) {
		opened(p);
		closed(p);
		(void)snprintf(sql, sizeof(sql), "DROP TABLE %s", tables[i]);
		change(p->path, sql);
		opened(p);
		begun_anew(p);
		closed(p);
		base_test_empty(p->dir);
	}
	opened(p);
	closed(p);
	change(p->path, "DELETE FROM store");
	opened(p);
	begun_anew(p);
}

/* Twice in one second: the first one stays. */
static void two_are_set_aside(void **state)
{
	struct place *p = *state;

	unsigned n = 0;

	for (int i = 0; i < 3; i++) {
		closed(p);
		write_file(p->path, "no database, and long enough for one", 36,
			   0);
		opened(p);
		assert_non_null(strstr(p->why.text, "and a new one begun"));
	}
	n_found = 0;
	base_test_each(p->dir, note);
	for (unsigned i = 0; i < n_found; i++)
		n += strstr(found[i], ".corrupt-") &&
		     !strstr(found[i], "-wal") && !strstr(found[i], "-shm");
	assert_int_equal(n, 3);
}

/* The batch is still there, and goes into the new one. */
static void broken_during_a_commit(void **state)
{
	struct place *p = *state;
	char text[4096];
	uint64_t id;
	int r;

	id = store_id(opened(p));
	add_events(p->store, 2000);
	committed(p, 1);
	opened(p); /* all is in the file, nothing in the log */
	memset(text, 0xff, sizeof(text));
	for (off_t at = 4096; at < size_of(p->path, ""); at += 4096)
		write_file(p->path, text, sizeof(text), at);
	add_event(p->store, 7, START_MS, "new");
	r = store_commit(p->store, WRITER, 2, &p->why);
	assert_int_equal(r, -EUCLEAN);
	assert_non_null(strstr(p->why.text, "and a new one begun"));
	assert_non_null(aside(p));
	assert_int_equal(store_waiting(p->store).events, 1);
	assert_true(store_id(p->store) != id);
	assert_int_equal(store_committed(p->store, WRITER), 0);
	committed(p, 2);
	is(p, "SELECT id, device FROM events", "1|new");
	is(p, "SELECT id, last_event FROM devices", "new|1");
}

static void tables_taken_during_a_commit(void **state)
{
	struct place *p = *state;
	uint64_t id;
	int r;

	id = store_id(opened(p));
	add_events(p->store, 3);
	change(p->path, "DROP TABLE positions; DROP TABLE events");
	/* the first says that it does not work, the next finds out why */
	r = store_commit(p->store, WRITER, 2, &p->why);
	assert_true(r && r != -EUCLEAN);
	assert_int_equal(store_commit(p->store, WRITER, 2, &p->why), -EUCLEAN);
	assert_non_null(strstr(p->why.text, "and a new one begun"));
	assert_non_null(aside(p));
	assert_true(store_id(p->store) != id);
	assert_int_equal(store_waiting(p->store).events, 3);
	committed(p, 2);
	is(p, "SELECT count(*) FROM events", "3");
}

static void removed_while_it_is_open(void **state)
{
	struct place *p = *state;
	uint64_t id;

	id = store_id(opened(p));
	add_flow(p->store, 1, START_MS);
	add_events(p->store, 3);
	committed(p, 1);
	base_test_empty(p->dir);
	add_flow(p->store, 1, START_MS);
	add_events(p->store, 2);
	assert_int_equal(store_commit(p->store, WRITER, 2, &p->why), -EUCLEAN);
	assert_non_null(strstr(p->why.text, "removed"));
	committed(p, 2);
	assert_true(store_id(p->store) != id);
	is(p, "SELECT count(*), max(id) FROM events", "2|2");
	is(p, "SELECT protocol, device FROM flows", "h02|a");
}

/* An operator who puts a copy in its place gets what comes next into it. */
static void replaced_while_it_is_open(void **state)
{
	struct place *p = *state;
	char copy[128], sql[192];

	opened(p);
	add_events(p->store, 3);
	committed(p, 1);
	(void)snprintf(copy, sizeof(copy), "%s/copy", p->dir);
	(void)snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", copy);
	change(p->path, sql);
	add_events(p->store, 4);
	committed(p, 2);
	assert_int_equal(rename(copy, p->path), 0);
	add_events(p->store, 2);
	assert_int_equal(store_commit(p->store, WRITER, 3, &p->why), -EUCLEAN);
	committed(p, 3);
	is(p, "SELECT count(*), max(id) FROM events", "5|5");
	whole(p->path);
}

/* Without the file's directory each commit says so, and with it goes on. */
static void the_directory_is_away_for_a_while(void **state)
{
	struct place *p = *state;
	char away[80];

	opened(p);
	add_events(p->store, 3);
	committed(p, 1);
	(void)snprintf(away, sizeof(away), "%s.away", p->dir);
	assert_int_equal(rename(p->dir, away), 0);
	add_events(p->store, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_commit(p->store, WRITER, 2, &p->why),
				 -ENOENT);
		assert_int_equal(store_first(p->store), 0);
	}
	assert_int_equal(rename(away, p->dir), 0);
	committed(p, 2);
	is(p, "SELECT count(*), max(id) FROM events", "5|5");
}

static bool nobody_opens(struct place *p)
{
	const int r = getuid() ? 0 : setresuid(NOBODY, NOBODY, NOBODY);
	struct store *s;

	return !r && store_open(&p->options, &s, &p->why) == -EACCES &&
	       strstr(p->why.text, "Permission denied");
}

static void without_the_right_to_write(void **state)
{
	struct place *p = *state;

	opened(p);
	closed(p);
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(chmod(p->path, 0444), 0);
	assert_int_equal(in_child(nobody_opens, p), 0);
	assert_int_equal(chmod(p->path, 0000), 0);
	assert_int_equal(in_child(nobody_opens, p), 0);
	base_test_empty(p->dir);
	assert_int_equal(chmod(p->dir, 0555), 0);
	assert_int_equal(in_child(nobody_opens, p), 0);
	assert_int_equal(chmod(p->dir, 0700), 0);
}

/* What was asked for is in force: 1 is NORMAL, 2 FULL. Of SQLite's own doing
 * only the sync itself can be seen: store_fault_test. */
static void options_change_while_it_runs(void **state)
{
	struct place *p = *state;
	struct store_options o;

	opened(p);
	o = p->options;
	o.durable = true;
	o.path = "/nowhere"; /* this needs a restart */
	store_set(p->store, &o);
	add_events(p->store, 1);
	committed(p, 1);
	is(p, "SELECT count(*) FROM events", "1");
}

static void one_writes(void **state)
{
	struct place *p = *state;
	struct store *other = NULL;

	opened(p);
	assert_int_equal(store_open(&p->options, &other, &p->why), -EBUSY);
	assert_non_null(strstr(p->why.text, "another Wayside"));
	add_events(p->store, 1);
	committed(p, 1);
	opened(p);
	is(p, "SELECT count(*) FROM events", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(one_writes),
		PLACE_TEST(files_have_their_mode),
		PLACE_TEST(a_mode_that_is_there_stays),
		PLACE_TEST(the_log_stays_and_is_empty),
		PLACE_TEST(the_schema_is_versioned),
		PLACE_TEST(version_1_is_migrated),
		PLACE_TEST(a_step_is_done_or_not),
		PLACE_TEST(a_newer_one_is_refused),
		PLACE_TEST(anothers_database_is_left_alone),
		PLACE_TEST(what_is_no_file_is_refused),
		PLACE_TEST(no_directory_no_store),
		PLACE_TEST(an_empty_file_is_a_beginning),
		PLACE_TEST(a_log_without_its_file_is_nothing),
		PLACE_TEST(a_log_with_its_file_is_used),
		PLACE_TEST(what_is_no_database_is_set_aside),
		PLACE_TEST(a_broken_one_is_set_aside_at_open),
		PLACE_TEST(one_that_was_cut_is_set_aside),
		PLACE_TEST(one_without_tables_is_set_aside),
		PLACE_TEST(two_are_set_aside),
		PLACE_TEST(broken_during_a_commit),
		PLACE_TEST(tables_taken_during_a_commit),
		PLACE_TEST(removed_while_it_is_open),
		PLACE_TEST(replaced_while_it_is_open),
		PLACE_TEST(the_directory_is_away_for_a_while),
		PLACE_TEST(without_the_right_to_write),
		PLACE_TEST(options_change_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
