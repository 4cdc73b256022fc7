/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_event_test.c - the event file, byte for byte, and when it fails */
#include "capture_event.h"

#include "capture_lines.h"
#include "capture_test.h"

static struct scratch scratch;
static struct capture_lines lines;
static struct {
	uint64_t n;
	int err, calls;
} lost;

static void count_lost(void *arg, const char *path, int err, uint64_t n)
{
	assert_ptr_equal(arg, &lost);
	assert_non_null(path);
	lost.n += n;
	lost.err = err;
	lost.calls++;
}

static void nothing_to_keep(void *arg)
{
	assert_ptr_equal(arg, &lost);
}

static const struct capture_lines_ops ops = { .lost = count_lost,
					      .keep = nothing_to_keep };

static int setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	assert_int_equal(fchdir(scratch.dir), 0);
	memset(&lost, 0, sizeof(lost));
	capture_lines_init(&lines, &ops, &lost);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	limit_file_size(RLIM_INFINITY);
	capture_lines_done(&lines);
	assert_int_equal(chdir("/"), 0);
	scratch_done(&scratch);
	return 0;
}

static void add(enum base_direction d, uint32_t number, const char *client,
		const void *message, size_t len)
{
	capture_event_add(&lines, 0,
			  &(struct capture_event){ WALL_NS,
						   d,
						   { SECOND, number },
						   addr(client),
						   { message, len } });
}

/* The end of a batch. */
static void flush(void)
{
	capture_lines_flush(&lines);
	capture_lines_committed(&lines);
}

static int add_file(const char *path)
{
	struct capture_lines_file *f =
		capture_lines_add_file(&lines, 0, AT_FDCWD, path, NULL);

	return f ? capture_lines_settle(f) : -EMFILE;
}

static void add_text(const char *message)
{
	add(BASE_CLIENT, 0, "192.0.2.1:1", message, strlen(message));
}

#define HEAD STAMP "\tclient\t192.0.2.1\t" ID "\t"

static void lines_are_tcpproxys(void **state)
{
	static const char want[] = HEAD "[SG*1*0002*LK]\n" STAMP
					"\tserver\t2001:db8::10\t" ID
					"-2\t[SG*1*0002*CR]\n";
	struct stat st;

	(void)state;
	assert_int_equal(add_file("a"), 1);
	assert_int_equal(add_file("b"), 1);
	file_is_text(scratch.dir, "a", "");
	add_text("[SG*1*0002*LK]");
	add(BASE_SERVER, 1, "[2001:db8::10]:7", "[SG*1*0002*CR]", 14);
	file_is_text(scratch.dir, "a", "");
	flush();
	file_is_text(scratch.dir, "a", want);
	file_is_text(scratch.dir, "b", want);
	assert_int_equal(fstatat(scratch.dir, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(lost.calls, 0);
}

static void a_line_has_five_fields(void **state)
{
	static const char some[] = "a\tb\nc\\d\0e\x1f ~\x7f\x80\xff";
	char all[256], want[2048] = HEAD;
	size_t n = strlen(want);

	(void)state;
	assert_int_equal(add_file("a"), 1);
	add(BASE_CLIENT, 0, "192.0.2.1:1", some, sizeof(some) - 1);
	flush();
	file_is_text(scratch.dir, "a",
		     HEAD "a\\x09b\\x0ac\\x5cd\\x00e\\x1f ~\\x7f\\x80\\xff\n");
	/* all bytes: 0x20 to 0x7e without the backslash stay */
	assert_int_equal(unlinkat(scratch.dir, "a", 0), 0);
	capture_lines_done(&lines);
	assert_int_equal(add_file("a"), 1);
	for (int c = 0; c < 256; c++) {
		all[c] = (char)c;
		if (c >= ' ' && c <= '~' && c != '\\')
			want[n++] = (char)c;
		else
			n += (size_t)snprintf(want + n, sizeof(want) - n,
					      "\\x%02x", (unsigned)c);
	}
	add(BASE_CLIENT, 0, "192.0.2.1:1", all, sizeof(all));
	flush();
	want[n++] = '\n';
	file_is(scratch.dir, "a", want, n);
}

static void the_longest_message_is_one_line(void **state)
{
	const size_t len = 65603, head = strlen(HEAD);
	char *message = malloc(len), *want = malloc(head + len * 4 + 1);

	(void)state;
	assert_non_null(message);
	assert_non_null(want);
	memset(message, 0xfe, len);
	(void)snprintf(want, head + 1, "%s", HEAD);
	for (size_t i = 0; i < len; i++)
		(void)snprintf(want + head + i * 4, 5, "\\xfe");
	want[head + len * 4] = '\n';
	assert_int_equal(add_file("a"), 1);
	add(BASE_CLIENT, 0, "192.0.2.1:1", message, len);
	flush();
	file_is(scratch.dir, "a", want, head + len * 4 + 1);
	free(message);
	free(want);
}

static void a_full_disk_leaves_whole_lines(void **state)
{
	(void)state;
	assert_int_equal(add_file("a"), 1);
	add_text("1");
	flush();
	/* room for one more of the next three, and some bytes */
	limit_file_size(2 * (strlen(HEAD) + 2) + 10);
	add_text("2");
	add_text("3");
	add_text("4");
	flush();
	assert_int_equal(lost.calls, 1);
	assert_int_equal(lost.n, 2);
	assert_int_equal(lost.err, EFBIG);
	file_is_text(scratch.dir, "a", HEAD "1\n" HEAD "2\n");
	limit_file_size(RLIM_INFINITY);
	add_text("5");
	flush();
	file_is_text(scratch.dir, "a", HEAD "1\n" HEAD "2\n" HEAD "5\n");
	assert_int_equal(lost.calls, 1);
}

static void one_bad_file_harms_no_other(void **state)
{
	(void)state;
	assert_int_equal(add_file("gone/a"), -ENOENT);
	assert_int_equal(add_file("b"), 1);
	add_text("1");
	add_text("2");
	flush();
	assert_int_equal(lost.n, 2);
	assert_int_equal(lost.err, ENOENT);
	file_is_text(scratch.dir, "b", HEAD "1\n" HEAD "2\n");
	/* and it may come */
	assert_int_equal(mkdirat(scratch.dir, "gone", 0700), 0);
	add_text("3");
	flush();
	assert_int_equal(lost.n, 2);
	file_is_text(scratch.dir, "gone/a", HEAD "3\n");
	assert_int_equal(unlinkat(scratch.dir, "gone/a", 0), 0);
	assert_int_equal(unlinkat(scratch.dir, "gone", AT_REMOVEDIR), 0);
}

static void a_file_moved_away_is_made_again(void **state)
{
	(void)state;
	assert_int_equal(add_file("a"), 1);
	add_text("1");
	flush();
	assert_int_equal(renameat(scratch.dir, "a", scratch.dir, "a.1"), 0);
	add_text("2");
	flush();
	file_is_text(scratch.dir, "a.1", HEAD "1\n");
	file_is_text(scratch.dir, "a", HEAD "2\n");
	assert_int_equal(unlinkat(scratch.dir, "a", 0), 0);
	add_text("3");
	flush();
	file_is_text(scratch.dir, "a", HEAD "3\n");
	assert_int_equal(lost.calls, 0);
}

/* A reader that sleeps must not stop the recorder. */
static void a_pipe_never_blocks(void **state)
{
	char *text = malloc(1 << 20);
	size_t got = 0;
	ssize_t n;
	int reader;

	(void)state;
	assert_non_null(text);
	assert_int_equal(mkfifoat(scratch.dir, "fifo", 0600), 0);
	assert_int_equal(add_file("fifo"), -ENXIO);
	reader = openat(scratch.dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	while (!lost.calls) {
		add_text("1");
		flush();
		add_text("a message of another length");
		flush();
	}
	assert_int_equal(lost.err, EAGAIN);
	while ((n = read(reader, text, 1 << 20)) > 0)
		got += (size_t)n;
	assert_true(got > 0);
	base_fd_close(&reader);
	free(text);
}

/* A pipe takes nothing back: half a line is ended, so the next is whole. */
static void a_pipe_cannot_be_cut(void **state)
{
	const size_t len = 1 << 16; /* as much as a pipe holds */
	char *message = malloc(len), *text = malloc(1 << 20);
	ssize_t n;
	int reader;

	(void)state;
	assert_non_null(message);
	assert_non_null(text);
	memset(message, 'x', len);
	assert_int_equal(mkfifoat(scratch.dir, "fifo", 0600), 0);
	reader = openat(scratch.dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(add_file("fifo"), 0);
	add(BASE_CLIENT, 0, "192.0.2.1:1", message, len);
	flush();
	assert_int_equal(lost.n, 1);
	n = read(reader, text, 1 << 20);
	assert_true(n > (ssize_t)strlen(HEAD));
	assert_memory_equal(text, HEAD, strlen(HEAD));
	assert_int_equal(text[n - 1], 'x');
	add_text("2");
	flush();
	assert_int_equal(lost.n, 1);
	n = read(reader, text, 1 << 20);
	assert_int_equal(n, 1 + strlen(HEAD) + 2);
	assert_memory_equal(text, "\n" HEAD "2\n", (size_t)n);
	base_fd_close(&reader);
	free(message);
	free(text);
}

static void no_more_than_the_maximum(void **state)
{
	(void)state;
	for (int i = 0; i < CAPTURE_LINES_FILES_MAX; i++)
		assert_int_equal(add_file("a"), 1);
	assert_int_equal(add_file("b"), -EMFILE);
	assert_int_equal(faccessat(scratch.dir, "b", F_OK, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_tcpproxys),
		TEST(a_line_has_five_fields),
		TEST(the_longest_message_is_one_line),
		TEST(a_full_disk_leaves_whole_lines),
		TEST(one_bad_file_harms_no_other),
		TEST(a_file_moved_away_is_made_again),
		TEST(a_pipe_never_blocks),
		TEST(a_pipe_cannot_be_cut),
		TEST(no_more_than_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
