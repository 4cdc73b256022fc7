/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_cursor_test.c - a cursor's file: what is read, and when it is there */
#include "store_cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_test.h"
#include "base_test_dir.h"

static char dir[64], store[96], file[128], beside[160];
static int synced;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	synced++;
	return __real_fdatasync(fd);
}

static const struct store_cursor full = {
	.store = 0xfedcba9876543210,
	.event = INT64_MAX,
	.confirmed = 1,
	.retried = 2,
	.lost = 3,
	.returned = 4,
	.anew = 5,
	.changed_ms = 1762179901042,
	.connected = true,
	.error_ms = 1762179901000,
	.error = "connection refused: \"x\" \\ y",
};

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/store_cursor_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(store, sizeof(store), "%s/wayside.db", dir);
	(void)snprintf(file, sizeof(file), "%s.fleet.cursor", store);
	(void)snprintf(beside, sizeof(beside), "%s.new", file);
	synced = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	base_test_remove(dir);
	return 0;
}

static void expect(const struct store_cursor *want)
{
	struct store_cursor c = { .store = 1 };

	assert_int_equal(store_cursor_read(store, "fleet", &c), 0);
	assert_true(c.store == want->store);
	assert_true(c.event == want->event);
	assert_true(c.confirmed == want->confirmed);
	assert_true(c.retried == want->retried);
	assert_true(c.lost == want->lost);
	assert_true(c.returned == want->returned);
	assert_true(c.anew == want->anew);
	assert_true(c.changed_ms == want->changed_ms);
	assert_true(c.connected == want->connected);
	assert_true(c.error_ms == want->error_ms);
	assert_string_equal(c.error, want->error);
}

static void write_text(const char *text)
{
	FILE *f = fopen(file, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_there_and_back(void **state)
{
	const struct store_cursor empty = { .store = 0 };
	struct stat st;

	(void)state;
	(void)umask(022);
	assert_int_equal(store_cursor_write(store, "fleet", &full, false), 0);
	expect(&full);
	assert_int_equal(synced, 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(store_cursor_write(store, "fleet", &empty, true), 0);
	expect(&empty);
	assert_int_equal(synced, 1);
	assert_int_equal(access(beside, F_OK), -1);
}

static void test_none(void **state)
{
	struct store_cursor c;

	(void)state;
	assert_int_equal(store_cursor_read(store, "fleet", &c), -ENOENT);
	assert_int_equal(store_cursor_write(store, "fleet", &full, false), 0);
	assert_int_equal(store_cursor_read(store, "other", &c), -ENOENT);
}

/* The members as they have to be; one of them can be another. */
static void line(char *out, size_t size, const char *key, const char *value)
{
	static const char *const members[][2] = {
		{ "store", "\"00000000000000ff\"" },
		{ "event", "7" },
		{ "confirmed", "1" },
		{ "retried", "2" },
		{ "lost", "3" },
		{ "returned", "4" },
		{ "anew", "0" },
		{ "changed_ms", "5" },
		{ "connected", "false" },
		{ "error_ms", "6" },
		{ "error", "\"\"" },
	};
	size_t len = 0;

	out[len++] = '{';
	for (size_t i = 0; i < WS_ARRAY_LEN(members); i++) {
		const char *v = strcmp(key, members[i][0]) ? members[i][1]
							   : value;

		if (!v)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s\"%s\": %s",
					len > 1 ? ", " : "", members[i][0], v);
	}
	(void)snprintf(out + len, size - len, "}\n");
}

static void test_nonsense(void **state)
{
	static const char *const rows[][2] = {
		{ "store", "255" },
		{ "store", "\"ff\"" },
		{ "store", "\"00000000000000FF\"" },
		{ "store", "\"00000000000000ffx\"" },
		{ "store", "\"+0000000000000ff\"" },
		{ "event", "-1" },
		{ "event", "7.5" },
		{ "event", "\"7\"" },
		{ "event", "9223372036854775808" },
		{ "event", "true" },
		{ "confirmed", "null" },
		{ "anew", "[]" },
		{ "connected", "0" },
		{ "error", "\"\\n\"" },
		{ "error", "\"\\u00e4\"" },
		{ "error", "7" },
		{ "error", "\"x\", \"error\": \"x\"" }, /* twice */
		{ "error", "\"x\", \"other\": 1" },
		{ "event", NULL }, /* missing */
		{ "error", NULL },
	};
	static const char *const texts[] = { "",   "\n", "null",    "7",
					     "[]", "{}", "\xff\xfe" };
	char text[8192], error[256];
	struct store_cursor c = { .event = 77 };

	(void)state;
	line(text, sizeof(text), "", "");
	write_text(text);
	assert_int_equal(store_cursor_read(store, "fleet", &c), 0);
	assert_int_equal(c.store, 255);
	assert_int_equal(c.event, 7);
	c.event = 77;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		line(text, sizeof(text), rows[i][0], rows[i][1]);
		write_text(text);
		assert_int_equal(store_cursor_read(store, "fleet", &c),
				 -EBADMSG);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++) {
		write_text(texts[i]);
		assert_int_equal(store_cursor_read(store, "fleet", &c),
				 -EBADMSG);
	}
	/* every beginning of a file, as a power cut leaves it */
	line(text, sizeof(text), "", "");
	for (size_t len = strlen(text) - 2; len > 0; len--) {
		text[len] = '\0';
		write_text(text);
		assert_int_equal(store_cursor_read(store, "fleet", &c),
				 -EBADMSG);
	}
	/* too long: the error, the file */
	memset(error, 'x', sizeof(error));
	error[0] = '"';
	error[STORE_CURSOR_ERROR_LEN] = '"';
	error[STORE_CURSOR_ERROR_LEN + 1] = '\0';
	line(text, sizeof(text), "error", error);
	write_text(text);
	assert_int_equal(store_cursor_read(store, "fleet", &c), 0);
	error[STORE_CURSOR_ERROR_LEN] = 'x';
	error[STORE_CURSOR_ERROR_LEN + 1] = '"';
	error[STORE_CURSOR_ERROR_LEN + 2] = '\0';
	line(text, sizeof(text), "error", error);
	write_text(text);
	c.event = 77;
	assert_int_equal(store_cursor_read(store, "fleet", &c), -EBADMSG);
	memset(text, ' ', 8191);
	text[8191] = '\0';
	write_text(text);
	assert_int_equal(store_cursor_read(store, "fleet", &c), -EBADMSG);
	assert_int_equal(c.event, 77); /* untouched on failure */
}

/* No regular file is waited for, followed or taken for another. */
static void test_no_file(void **state)
{
	struct store_cursor c;

	(void)state;
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(store_cursor_read(store, "fleet", &c), -EBADMSG);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(symlink("/dev/zero", file), 0);
	assert_int_equal(store_cursor_read(store, "fleet", &c), -EBADMSG);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(store_cursor_read(store, "fleet", &c), -EBADMSG);
}

/* What cannot be written leaves the old one. */
static void test_failure_keeps_the_old_one(void **state)
{
	struct store_cursor c = full;

	(void)state;
	assert_int_equal(store_cursor_write(store, "fleet", &full, false), 0);
	assert_int_equal(mkdir(beside, 0700), 0);
	c.event = 1;
	assert_int_equal(store_cursor_write(store, "fleet", &c, false),
			 -EISDIR);
	expect(&full);
	assert_int_equal(rmdir(beside), 0);
	assert_int_equal(store_cursor_write(store, "fleet", &c, false), 0);
	expect(&c);
}

#ifdef WAYSIDE_TEST_POINTS
/* Whoever dies while it writes leaves the old one or the new one, whole, and
 * nothing that stops the successor. */
static void test_dies_while_writing(void **state)
{
	static const struct {
		enum base_die_point point;
		int64_t event;
	} rows[] = { { BASE_DIE_CURSOR_WRITTEN, 1 },
		     { BASE_DIE_CURSOR_KEPT, 2 } };

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct store_cursor c = full;
		char die[64];
		int status;
		pid_t pid;

		c.event = 1;
		assert_int_equal(store_cursor_write(store, "fleet", &c, false),
				 0);
		(void)snprintf(die, sizeof(die), "%s=1",
			       base_die_name(rows[i].point));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			c.event = 2;
			/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
			if (setenv("WAYSIDE_DIE", die, 1) || !base_die_init())
				_exit(1);
			(void)!store_cursor_write(store, "fleet", &c, false);
			_exit(2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		c.event = rows[i].event;
		expect(&c);
		c.event = 3;
		assert_int_equal(store_cursor_write(store, "fleet", &c, false),
				 0);
		expect(&c);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		ROW(test_there_and_back),
		ROW(test_none),
		ROW(test_nonsense),
		ROW(test_no_file),
		ROW(test_failure_keeps_the_old_one),
#ifdef WAYSIDE_TEST_POINTS
		ROW(test_dies_while_writing),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
