/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_error_test.c - errors.log, byte for byte */
#include "capture_error.h"

#include "capture_lines.h"
#include "capture_test.h"

static struct scratch scratch;
static struct capture_lines lines;
static int lost;

static void is_lost(void *arg, const char *path, int err, uint64_t n)
{
	assert_null(arg);
	assert_string_equal(path, CAPTURE_ERROR_FILE);
	assert_int_equal(n, 1);
	lost = err;
}

static const struct capture_lines_ops ops = { .lost = is_lost };

static int setup(void **state)
{
	struct capture_lines_file *f;

	(void)state;
	scratch_init(&scratch);
	lost = 0;
	capture_lines_init(&lines, &ops, NULL);
	f = capture_lines_add_file(&lines, 0, scratch.dir, CAPTURE_ERROR_FILE,
				   NULL);
	f->flags = O_NOFOLLOW;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	limit_file_size(RLIM_INFINITY);
	capture_lines_done(&lines);
	scratch_done(&scratch);
	return 0;
}

/* Return: 0 or the errno with which it was lost. */
static int write_line(const char *context, const char *message, int err)
{
	capture_error_add(&lines, WALL_NS, context, message, err);
	capture_lines_flush(&lines);
	capture_lines_committed(&lines);
	return lost;
}

static void write_ok(const char *context, const char *message, int err)
{
	assert_int_equal(write_line(context, message, err), 0);
}

/* errno 111 and 28 are ECONNREFUSED and ENOSPC on Linux. */
static void lines_are_tcpproxys(void **state)
{
	const struct base_addr server = addr("47.88.85.196:7700"),
			       client = addr("192.168.1.10:40000"),
			       client6 = addr("[2001:db8::10]:40000");
	char context[CAPTURE_CONTEXT_LEN];
	struct stat st;

	(void)state;
	write_ok("main", "bind()", 98);
	write_ok("proxy", "stopped", 0);
	write_ok(capture_error_connection(&(struct capture_id){ SECOND, 0 },
					  &client, &server, context),
		 "connect()", 111);
	write_ok(capture_error_connection(&(struct capture_id){ SECOND, 1 },
					  &client6, &server, context),
		 "Broken connection (client side)", 104);
	write_ok("main", "odd", 4095);
	file_is_text(scratch.dir, "errors.log",
		     STAMP
		     "\tmain\tbind() (errno=98: Address already in use)\n" STAMP
		     "\tproxy\tstopped (no errno)\n" STAMP "\tconn=" ID
		     " client=192.168.1.10:40000"
		     " remote=47.88.85.196:7700"
		     "\tconnect() (errno=111: Connection refused)\n" STAMP
		     "\tconn=" ID "-2 client=[2001:db8::10]:40000"
		     " remote=47.88.85.196:7700"
		     "\tBroken connection (client side)"
		     " (errno=104: Connection reset by peer)\n" STAMP
		     "\tmain\todd (errno=4095: unknown)\n");
	assert_int_equal(fstatat(scratch.dir, "errors.log", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void a_file_moved_away_is_made_again(void **state)
{
	(void)state;
	write_ok("main", "one", 0);
	assert_int_equal(renameat(scratch.dir, "errors.log", scratch.dir,
				  "errors.log.1"),
			 0);
	write_ok("main", "two", 0);
	file_is_text(scratch.dir, "errors.log",
		     STAMP "\tmain\ttwo (no errno)\n");
}

static void a_full_disk_leaves_no_half_line(void **state)
{
	static const char first[] = STAMP "\tmain\tone (no errno)\n";

	(void)state;
	write_ok("main", "one", 0);
	limit_file_size(sizeof(first) + 10);
	assert_int_equal(write_line("main", "two", 0), EFBIG);
	file_is_text(scratch.dir, "errors.log", first);
}

static void a_link_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("target", scratch.dir, "errors.log"), 0);
	assert_int_equal(write_line("main", "one", 0), ELOOP);
	assert_int_equal(faccessat(scratch.dir, "target", F_OK, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_tcpproxys),
		TEST(a_file_moved_away_is_made_again),
		TEST(a_full_disk_leaves_no_half_line),
		TEST(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
