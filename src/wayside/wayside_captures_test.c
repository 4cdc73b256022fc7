/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_captures_test.c - captures of a directory that was made by hand */
#include "wayside_captures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_test_dir.h"

/* 2025-11-03 14:25:01 UTC: 20395 days and 51901 seconds; the tests run five and
 * a half hours east of it. */
#define SECOND 1762179901
#define ID     "2025-11-03_195501"

static char path[] = "/tmp/wayside_captures_test.XXXXXX";
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "TST-5:30", 1), 0);
	tzset();
	(void)snprintf(path, sizeof(path), "/tmp/wayside_captures_test.XXXXXX");
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	base_fd_close(&dir);
	base_test_remove(path);
	return 0;
}

/* A file of `bytes` bytes, last written `age` seconds after SECOND. */
static void make(const char *name, off_t bytes, int age)
{
	const struct timespec times[2] = { { .tv_sec = SECOND + age },
					   { .tv_sec = SECOND + age } };
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	assert_int_equal(futimens(fd, times), 0);
	base_fd_close(&fd);
}

static struct wayside_captures read_all(void)
{
	struct wayside_captures c;
	DIR *d = opendir(path);

	assert_non_null(d);
	assert_int_equal(wayside_captures_read(d, &c), 0);
	(void)closedir(d);
	return c;
}

static void prints(const char *want)
{
	struct wayside_captures c = read_all();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	wayside_captures_print(f, &c);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
	free(text);
	wayside_captures_free(&c);
}

static void fill(void)
{
	make(ID "_192.168.1.10.log", 100, 2);
	make(ID "-2_192.168.1.10.rot000010.pcap", 1, 9);
	make(ID "-2_192.168.1.10.pcap", 1000, 3);
	make(ID "-2_192.168.1.10.rot000002.pcap", 23, 5);
	make(ID "-10_2001:db8::7.log", 0, 1);
	make("2025-11-03_195500_192.168.1.9.log", 7, 86400);
	/* the same connection in both formats: two captures */
	make(ID "_192.168.1.10.pcap", 24, 1);
}

static void one_line_a_connection(void **state)
{
	(void)state;
	fill();
	prints("CONNECTION            CLIENT        FORMAT  PARTS  BYTES  "
	       "FIRST                LAST\n"
	       "2025-11-03_195500     192.168.1.9   text        1      7  "
	       "2025-11-03 19:55:00  2025-11-04 19:55:01\n"
	       "2025-11-03_195501     192.168.1.10  text        1    100  "
	       "2025-11-03 19:55:01  2025-11-03 19:55:03\n"
	       "2025-11-03_195501     192.168.1.10  pcap        1     24  "
	       "2025-11-03 19:55:01  2025-11-03 19:55:02\n"
	       "2025-11-03_195501-2   192.168.1.10  pcap        3   1024  "
	       "2025-11-03 19:55:01  2025-11-03 19:55:10\n"
	       "2025-11-03_195501-10  2001:db8::7   text        1      0  "
	       "2025-11-03 19:55:01  2025-11-03 19:55:02\n");
}

static void json_has_the_same(void **state)
{
	struct wayside_captures c;
	json_t *list, *one, *want;

	(void)state;
	fill();
	c = read_all();
	list = wayside_captures_json(&c);
	assert_int_equal(json_array_size(list), 5);
	one = json_array_get(list, 3);
	want = json_pack("{s:s, s:s, s:s, s:i, s:i}", "connection_id", ID "-2",
			 "client", "192.168.1.10", "format", "pcap", "parts", 3,
			 "bytes", 1024);
	assert_non_null(want);
	assert_string_equal(json_string_value(json_object_get(one, "first")),
			    "2025-11-03T14:25:01.000Z");
	assert_string_equal(json_string_value(json_object_get(one, "last")),
			    "2025-11-03T14:25:10.000Z");
	assert_int_equal(json_object_del(one, "first"), 0);
	assert_int_equal(json_object_del(one, "last"), 0);
	assert_true(json_equal(one, want));
	json_decref(want);
	json_decref(list);
	wayside_captures_free(&c);
}

/* What is none, however it is called, is not listed; nothing of it is printed.
 */
static void others_are_left_out(void **state)
{
	(void)state;
	make("errors.log", 5, 0);
	make("events.log", 5, 0);
	make("\033[31m_192.168.1.10.log", 5, 0);
	make(ID "_192.168.1.10\n.log", 5, 0);
	make(ID "_192.168.1.10.log.1", 5, 0);
	assert_int_equal(symlinkat("errors.log", dir, ID "_192.168.1.1.log"),
			 0);
	assert_int_equal(mkdirat(dir, ID "_192.168.1.2.log", 0700), 0);
	prints("CONNECTION  CLIENT  FORMAT  PARTS  BYTES  FIRST  LAST\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line_a_connection),
		TEST(json_has_the_same),
		TEST(others_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
