/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_files_test.c - what others do to the files, and what goes on */
#include "recorder_test.h"

#define LINE(n)   STAMP "\tclient\t192.0.2.10\t" ID n "\t" LK "\n"
#define RECORD(t) STAMP "\tclient\t" t "\n"

static void logrotate_needs_no_signal(void **state)
{
	struct lab *lab = *state;
	char path[128], away[128];

	(void)snprintf(path, sizeof(path), "%s/events", lab->dir);
	(void)snprintf(away, sizeof(away), "%s/events.1", lab->dir);
	flow(lab, 0, 0)->capture = CONF_CAPTURE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	start(lab);
	lab_await_read(lab);
	assert_int_equal(rename(path, away), 0); /* create */
	bytes(lab, 0, RING_CLIENT, 23, LK);
	bytes(lab, 0, RING_CLIENT, 46, LK);
	lab_await_read(lab);
	assert_file(lab, "events", LINE("") LINE(""));
	assert_int_equal(truncate(path, 0), 0); /* copytruncate */
	bytes(lab, 0, RING_CLIENT, 69, LK);
	lab_await_read(lab);
	/* and one that dies does not take it for its own lines */
	kill_it(lab);
	bytes(lab, 0, RING_CLIENT, 92, LK);
	start(lab);
	stop(lab);
	assert_file(lab, "events.1", LINE(""));
	assert_file(lab, "events", LINE("") LINE(""));
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 0);
}

/* Others may write to an event file, too: their lines are never cut. */
static void foreign_lines_stay(void **state)
{
	struct lab *lab = *state;
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/events", lab->dir);
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	start(lab);
	lab_await_read(lab);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "theirs\n", 7), 7);
	assert_int_equal(close(fd), 0);
	bytes(lab, 0, RING_CLIENT, 23, LK);
	lab_await_read(lab);
	kill_it(lab);
	start(lab);
	stop(lab);
	assert_file(lab, "events", LINE("") "theirs\n" LINE(""));
}

/* What becomes of a capture while the recorder watches is the doing of others,
 * though its flow has been quiet since its predecessor died. */
static void a_quiet_capture_belongs_to_others_after_a_restart(void **state)
{
	struct lab *lab = *state;
	char path[128], away[136];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" ID "_192.0.2.10.log",
		       lab->dir);
	(void)snprintf(away, sizeof(away), "%s.1", path);
	flow(lab, 0, 0)->observe = CONF_OBSERVE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "abc");
	start(lab);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	kill_it(lab);
	start(lab);
	await_ready(lab);
	assert_int_equal(rename(path, away), 0);
	fd = open(away, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "theirs\n", 7), 7);
	assert_int_equal(close(fd), 0);
	bytes(lab, 0, RING_CLIENT, 3, "d");
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log.1", RECORD("abc") "theirs\n");
	assert_file(lab, ID "_192.0.2.10.log", RECORD("d"));
}

/* What counts of a file by one mark must not be cut off by another one. */
static void one_capture_is_not_written_by_two(void **state)
{
	struct lab *lab = *state;

	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, i, 0)->observe = CONF_OBSERVE_NONE;
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	}
	bytes(lab, 1, RING_CLIENT, 0, "12345");
	start(lab);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	bytes(lab, 0, RING_CLIENT, 0, "abc");
	ring_tap_kick(&lab->taps[0]);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	kill_it(lab);
	bytes(lab, 1, RING_CLIENT, 5, "6");
	bytes(lab, 0, RING_CLIENT, 3, "d");
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", RECORD("abc") RECORD("d"));
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 4);
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 6);
}

/* Whose name is free again: its file is not begun in the middle. */
static void who_was_refused_stays_so(void **state)
{
	struct lab *lab = *state;

	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, 1 - i, 0)->observe = CONF_OBSERVE_NONE;
		hint(lab, 1 - i, RING_ENTRY_OPEN, 0, 0);
	}
	start(lab);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	kill_it(lab);
	/* its successor meets them in the other order */
	bytes(lab, 0, RING_CLIENT, 0, "12345");
	bytes(lab, 1, RING_CLIENT, 0, "abc");
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", RECORD("abc"));
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 5);
}

/* Writes one byte after the other until the file is there. */
static uint64_t write_until(struct lab *lab, const char *path, uint64_t from)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	while (access(path, F_OK) < 0) {
		assert_true(base_time_mono_ms() < limit);
		bytes(lab, 0, RING_CLIENT, from++, "x");
		lab_await_read(lab);
	}
	return from;
}

static void a_log_directory_made_anew_is_found(void **state)
{
	struct lab *lab = *state;
	char old[80], path[128], *text;
	uint64_t n;
	size_t len;
	int fd;

	(void)snprintf(old, sizeof(old), "%s.old", lab->dir);
	(void)snprintf(path, sizeof(path), "%s/" ID "_192.0.2.10.log",
		       lab->dir);
	lab->conf->n_events = 0;
	flow(lab, 0, 0)->observe = CONF_OBSERVE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	start(lab);
	lab_await_read(lab);
	assert_int_equal(rename(lab->dir, old), 0);
	assert_int_equal(mkdir(lab->dir, 0700), 0);
	n = write_until(lab, path, 0);
	stop(lab);
	/* every byte is here or there: 27 + 1 + 1 bytes each */
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(base_fd_read_all(fd, 1 << 24, &text, &len), 0);
	base_fd_close(&fd);
	free(text);
	assert_true(len > 0);
	(void)snprintf(path, sizeof(path), "%s/" ID "_192.0.2.10.log", old);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	{
		const size_t here = len;

		assert_int_equal(base_fd_read_all(fd, 1 << 24, &text, &len), 0);
		assert_int_equal(here + len, n * 29);
	}
	base_fd_close(&fd);
	free(text);
	base_test_remove(old);
}

static void a_successor_goes_on_without_a_log_directory(void **state)
{
	struct lab *lab = *state;
	char path[128];
	uint64_t n;

	(void)snprintf(path, sizeof(path), "%s/" ID "_192.0.2.10.log",
		       lab->dir);
	lab->conf->n_events = 0;
	flow(lab, 0, 0)->observe = CONF_OBSERVE_NONE;
	start(lab);
	await_ready(lab);
	kill_it(lab);
	assert_int_equal(rmdir(lab->dir), 0);
	bytes(lab, 0, RING_CLIENT, 0, "abc");
	start(lab);
	lab_await_read(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 3);
	assert_int_equal(mkdir(lab->dir, 0700), 0);
	n = write_until(lab, path, 3);
	stop(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES) +
				 count(lab, STAT_CAPTURE_BYTES),
			 n);
	assert_true(count(lab, STAT_CAPTURE_BYTES) > 0);
}

/* The supervisor blocks SIGPIPE, and its children inherit that. */
static void block_sigpipe(void)
{
	sigset_t set;

	assert_int_equal(sigemptyset(&set), 0);
	assert_int_equal(sigaddset(&set, SIGPIPE), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static void a_pipe_that_nobody_reads_stops_nothing(void **state)
{
	struct lab *lab = *state;
	char path[128], text[256];
	ssize_t n;

	block_sigpipe();
	(void)snprintf(path, sizeof(path), "%s/fifo", lab->dir);
	(void)snprintf(lab->conf->events[0], CONF_PATH_LEN, "%s", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	lab->not_its = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(lab->not_its >= 0);
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	start(lab);
	lab_await_read(lab);
	base_fd_close(&lab->not_its);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	lab_await_read(lab);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 1);
	/* nor does it keep a successor from starting */
	kill_it(lab);
	start(lab);
	bytes(lab, 0, RING_CLIENT, 23, LK);
	lab_await_read(lab);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 2);
	lab->not_its = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bytes(lab, 0, RING_CLIENT, 46, LK);
	lab_await_read(lab);
	n = read(lab->not_its, text, sizeof(text));
	assert_int_equal(n, strlen(LINE("")));
	assert_memory_equal(text, LINE(""), (size_t)n);
	base_fd_close(&lab->not_its);
	stop(lab);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(logrotate_needs_no_signal),
		CASE(foreign_lines_stay),
		CASE(a_quiet_capture_belongs_to_others_after_a_restart),
		CASE(one_capture_is_not_written_by_two),
		CASE(who_was_refused_stays_so),
		CASE(a_log_directory_made_anew_is_found),
		CASE(a_successor_goes_on_without_a_log_directory),
		CASE(a_pipe_that_nobody_reads_stops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
