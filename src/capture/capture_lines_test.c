/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_lines_test.c - files that others move, and what an owner keeps */
#include "capture_lines.h"

#include "capture_test.h"

static struct scratch scratch;
static struct capture_lines lines;
static int kept;
static uint64_t kept_len; /* of the first file, when it was kept */

static void is_lost(void *arg, const char *path, int err, uint64_t n)
{
	(void)arg;
	fail_msg("%s: %d: %d lines lost", path, err, (int)n);
}

static void keep(void *arg)
{
	assert_ptr_equal(arg, &kept);
	kept++;
	kept_len = lines.files[0].mark.len;
}

static const struct capture_lines_ops ops = { .lost = is_lost, .keep = keep };

static int setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	kept = 0;
	kept_len = 0;
	capture_lines_init(&lines, &ops, &kept);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_lines_done(&lines);
	scratch_done(&scratch);
	return 0;
}

static void write_line(const char *text)
{
	const size_t len = strlen(text);
	char *at = capture_lines_reserve(&lines, len + 1);

	assert_non_null(at);
	(void)snprintf(at, len + 1, "%s", text);
	capture_lines_commit(&lines, len);
	capture_lines_flush(&lines);
}

static void marks_are_kept_when_they_are_new(void **state)
{
	(void)state;
	(void)capture_lines_add_file(&lines, scratch.dir, "a", NULL);
	write_line("1\n");
	assert_int_equal(kept, 1);
	assert_int_equal(kept_len, 0); /* before its first byte */
	assert_int_equal(lines.files[0].mark.len, 2);
	capture_lines_committed(&lines);
	write_line("2\n");
	capture_lines_committed(&lines);
	assert_int_equal(kept, 1);
	assert_int_equal(ftruncate(lines.files[0].fd, 0), 0);
	write_line("3\n");
	assert_int_equal(kept, 2);
	assert_int_equal(kept_len, 0);
	file_is_text(scratch.dir, "a", "3\n");
}

/* What was written before is not committed: its file must stay known. */
static void a_batch_ends_in_the_file_that_it_began_in(void **state)
{
	(void)state;
	(void)capture_lines_add_file(&lines, scratch.dir, "a", NULL);
	write_line("1\n");
	assert_int_equal(renameat(scratch.dir, "a", scratch.dir, "a.1"), 0);
	write_line("2\n");
	capture_lines_committed(&lines);
	write_line("3\n");
	file_is_text(scratch.dir, "a.1", "1\n2\n");
	file_is_text(scratch.dir, "a", "3\n");
}

static void a_predecessors_half_is_cut_off(void **state)
{
	struct capture_mark mark;

	(void)state;
	(void)capture_lines_add_file(&lines, scratch.dir, "a", NULL);
	write_line("1\n");
	mark = lines.files[0].mark;
	write_line("2\n");
	capture_lines_done(&lines);
	capture_lines_init(&lines, &ops, &kept);
	(void)capture_lines_add_file(&lines, scratch.dir, "a", &mark);
	write_line("3\n");
	file_is_text(scratch.dir, "a", "1\n3\n");
	assert_int_equal(kept, 1); /* by the first; nothing was new since */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_are_kept_when_they_are_new),
		TEST(a_batch_ends_in_the_file_that_it_began_in),
		TEST(a_predecessors_half_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
