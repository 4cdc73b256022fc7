/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_write_test.c - how much of a file counts */
#include "capture_write.h"

#include "capture_test.h"

static struct scratch scratch;

static int setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

static int open_it(void)
{
	const int fd = capture_write_open(scratch.dir, "f", 0);

	assert_true(fd >= 0);
	return fd;
}

static void add(int fd, const char *text)
{
	struct iovec part = capture_write_part(
		(struct base_span){ (const uint8_t *)text, strlen(text) });
	size_t written;

	assert_int_equal(capture_write_all(fd, &part, 1, BASE_DIE_CAPTURE_HALF,
					   &written),
			 0);
	assert_int_equal(written, strlen(text));
}

static int settle(int fd, struct capture_mark *mark, bool unsure)
{
	const int r = capture_write_settle(fd, scratch.dir, "f", mark, &unsure);

	assert_false(unsure);
	return r;
}

static void what_is_new_has_to_be_kept(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int fd = open_it();

	(void)state;
	add(fd, "theirs");
	assert_int_equal(settle(fd, &mark, false), 1);
	assert_int_equal(mark.len, 6);
	assert_true(mark.ino != 0);
	/* once */
	assert_int_equal(settle(fd, &mark, false), 0);
	base_fd_close(&fd);
}

static void what_is_too_much_is_cut_when_it_may_be_ours(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int fd = open_it();

	(void)state;
	add(fd, "counts");
	assert_int_equal(settle(fd, &mark, false), 1);
	add(fd, "half a rec");
	assert_int_equal(settle(fd, &mark, true), 0);
	file_is_text(scratch.dir, "f", "counts");
	/* and is somebody else's when it cannot be ours */
	add(fd, "theirs");
	assert_int_equal(settle(fd, &mark, false), 1);
	assert_int_equal(mark.len, 12);
	file_is_text(scratch.dir, "f", "countstheirs");
	base_fd_close(&fd);
}

static void what_others_cut_is_continued(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int fd = open_it();

	(void)state;
	add(fd, "counts");
	assert_int_equal(settle(fd, &mark, false), 1);
	assert_int_equal(ftruncate(fd, 2), 0);
	assert_int_equal(settle(fd, &mark, true), 1);
	assert_int_equal(mark.len, 2);
	file_is_text(scratch.dir, "f", "co");
	base_fd_close(&fd);
}

/* A file of that name with as many bytes is not that file. */
static void another_file_is_never_cut(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int fd = open_it();

	(void)state;
	add(fd, "a");
	assert_int_equal(settle(fd, &mark, false), 1);
	assert_int_equal(renameat(scratch.dir, "f", scratch.dir, "g"), 0);
	base_fd_close(&fd);
	fd = open_it();
	add(fd, "theirs");
	mark.dev++; /* the same number on another device */
	assert_int_equal(settle(fd, &mark, true), 1);
	file_is_text(scratch.dir, "f", "theirs");
	file_is_text(scratch.dir, "g", "a");
	base_fd_close(&fd);
}

static void one_that_was_moved_away_is_cut_where_it_is(void **state)
{
	struct capture_mark mark = { .ino = 0 }, first;
	int fd = open_it();

	(void)state;
	add(fd, "counts");
	assert_int_equal(settle(fd, &mark, false), 1);
	first = mark;
	add(fd, "half a rec");
	base_fd_close(&fd);
	assert_int_equal(renameat(scratch.dir, "f", scratch.dir, "f.1"), 0);
	fd = open_it();
	assert_int_equal(settle(fd, &mark, true), 1);
	file_is_text(scratch.dir, "f.1", "counts");
	assert_true(mark.ino != first.ino);
	assert_int_equal(mark.len, 0);
	base_fd_close(&fd);
}

/* A file that was deleted has given its number to another one. */
static void one_of_another_name_is_not_ours(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int fd = open_it();

	(void)state;
	assert_int_equal(settle(fd, &mark, false), 1);
	add(fd, "an archive");
	base_fd_close(&fd);
	assert_int_equal(renameat(scratch.dir, "f", scratch.dir, "x.f"), 0);
	fd = open_it();
	assert_int_equal(settle(fd, &mark, true), 1);
	file_is_text(scratch.dir, "x.f", "an archive");
	base_fd_close(&fd);
}

/* The path's directory is searched, not the one it starts from. */
static void a_path_may_be_absolute(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	bool unsure = true;
	char path[80];
	int fd = open_it();

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", scratch.path);
	add(fd, "counts");
	assert_int_equal(settle(fd, &mark, false), 1);
	add(fd, "half a rec");
	base_fd_close(&fd);
	assert_int_equal(renameat(scratch.dir, "f", scratch.dir, "f.1"), 0);
	fd = open_it();
	assert_int_equal(
		capture_write_settle(fd, AT_FDCWD, path, &mark, &unsure), 1);
	file_is_text(scratch.dir, "f.1", "counts");
	base_fd_close(&fd);
}

static void a_pipe_has_no_mark(void **state)
{
	struct capture_mark mark = { .ino = 0 };
	int reader, fd;

	(void)state;
	assert_int_equal(mkfifoat(scratch.dir, "f", 0600), 0);
	reader = openat(scratch.dir, "f", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	fd = open_it();
	assert_int_equal(settle(fd, &mark, true), 0);
	assert_int_equal(mark.ino, 0);
	assert_int_equal(capture_write_undo(fd, &mark), -EINVAL);
	base_fd_close(&fd);
	base_fd_close(&reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_new_has_to_be_kept),
		TEST(what_is_too_much_is_cut_when_it_may_be_ours),
		TEST(what_others_cut_is_continued),
		TEST(another_file_is_never_cut),
		TEST(one_that_was_moved_away_is_cut_where_it_is),
		TEST(one_of_another_name_is_not_ours),
		TEST(a_path_may_be_absolute),
		TEST(a_pipe_has_no_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
