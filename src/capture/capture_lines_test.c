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

static void add_line(unsigned form, const char *text)
{
	const size_t len = strlen(text);
	char *at = capture_lines_reserve(&lines, form, len + 1);

	assert_non_null(at);
	(void)snprintf(at, len + 1, "%s", text);
	capture_lines_commit(&lines, form, len);
}

static void write_line(const char *text)
{
	add_line(0, text);
	capture_lines_flush(&lines);
}

static void marks_are_kept_when_they_are_new(void **state)
{
	(void)state;
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "a", NULL);
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
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "a", NULL);
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
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "a", NULL);
	write_line("1\n");
	mark = lines.files[0].mark;
	write_line("2\n");
	capture_lines_done(&lines);
	capture_lines_init(&lines, &ops, &kept);
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "a", &mark);
	write_line("3\n");
	file_is_text(scratch.dir, "a", "1\n3\n");
	assert_int_equal(kept, 1); /* by the first; nothing was new since */
}

/* Each file gets the lines of its form, whole, and no other; a flush that a
 * full text makes leaves none of the other behind. */
static void forms_do_not_mix(void **state)
{
	static char line[1001], want[66 * 1000 + 1];
	size_t n = 0;

	(void)state;
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "a", NULL);
	(void)capture_lines_add_file(&lines, 1, scratch.dir, "b", NULL);
	(void)capture_lines_add_file(&lines, 0, scratch.dir, "c", NULL);
	assert_true(capture_lines_wants(&lines, 0));
	assert_true(capture_lines_wants(&lines, 1));
	assert_false(capture_lines_any(&lines));
	add_line(1, "json\n");
	assert_true(capture_lines_any(&lines));
	memset(line, 'x', 999);
	line[999] = '\n';
	/* 64 KiB hold 65 of them, so the 66th makes room */
	while (lines.texts[1].n) {
		add_line(0, line);
		memcpy(want + 1000 * n++, line, 1000);
	}
	assert_int_equal(n, 66);
	file_is_text(scratch.dir, "b", "json\n");
	file_is(scratch.dir, "a", want, 65000);
	capture_lines_flush(&lines);
	assert_false(capture_lines_any(&lines));
	file_is_text(scratch.dir, "b", "json\n");
	file_is(scratch.dir, "a", want, 66000);
	file_is(scratch.dir, "c", want, 66000);
	assert_int_equal(lines.files[0].mark.len, 66000);
	assert_int_equal(lines.files[1].mark.len, 5);
}

static void nobody_wants_a_form(void **state)
{
	(void)state;
	(void)capture_lines_add_file(&lines, 1, scratch.dir, "a", NULL);
	assert_false(capture_lines_wants(&lines, 0));
	assert_true(capture_lines_wants(&lines, 1));
	write_line("1\n");
	capture_lines_lose(&lines, 0, ENOMEM); /* of no file */
	assert_int_equal(kept, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_are_kept_when_they_are_new),
		TEST(a_batch_ends_in_the_file_that_it_began_in),
		TEST(a_predecessors_half_is_cut_off),
		TEST(forms_do_not_mix),
		TEST(nobody_wants_a_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
