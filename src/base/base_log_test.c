/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_log_test.c - what reaches standard error, and in how many writes
 *
 * Standard error is a SOCK_SEQPACKET socket while a test logs: each write()
 * arrives as one packet, so packets count writes; or a pipe, to be full. It is
 * the real one again before anything is asserted.
 */
#include "base_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"

static const char stamp_shape[] = "dddd-dd-ddTdd:dd:ddZ";

struct listener {
	int real_stderr, log, ear;
};

static void listen_begin(struct listener *l)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	l->real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(l->real_stderr >= 0);
	l->log = pair[0];
	l->ear = pair[1];
	assert_int_equal(dup3(l->log, STDERR_FILENO, O_CLOEXEC), STDERR_FILENO);
}

/* Return: the number of writes; the last of them in `line`. */
static int listen_end(struct listener *l, char *line, size_t size)
{
	const int back = dup3(l->real_stderr, STDERR_FILENO, 0);
	ssize_t n;
	int writes = 0;

	line[0] = '\0';
	while ((n = base_fd_recv(l->ear, line, size - 1)) > 0) {
		line[n] = '\0';
		writes++;
	}
	base_fd_close(&l->real_stderr);
	base_fd_close(&l->log);
	base_fd_close(&l->ear);
	assert_int_equal(back, STDERR_FILENO);
	return writes;
}

/* Return: what follows the time stamp, whose shape is checked. */
static const char *after_stamp(const char *line)
{
	for (const char *s = stamp_shape; *s; s++, line++) {
		const int shape = *line >= '0' && *line <= '9' ? 'd' : *line;

		assert_int_equal(shape, *s);
	}
	return line;
}

/* Logs `text` as a warning. Return: the line, behind its stamp. */
static const char *logged(const char *text, char *line, size_t size)
{
	static const char json_head[] = "{\"time\":\"";
	struct listener l;

	listen_begin(&l);
	base_warn("%s", text);
	assert_int_equal(listen_end(&l, line, size), 1);
	if (line[0] == '{') {
		assert_memory_equal(line, json_head, sizeof(json_head) - 1);
		return after_stamp(line + sizeof(json_head) - 1);
	}
	return after_stamp(line);
}

static int at_start(void **state)
{
	(void)state;
	base_log_set_level(BASE_LOG_NOTICE);
	base_log_set_format(BASE_LOG_CONSOLE);
	base_log_set_role("waysided");
	return 0;
}

static void a_line_is_one_write(void **state)
{
	char line[4096];

	(void)state;
	assert_string_equal(logged("slow sink=fleet", line, sizeof(line)),
			    " warn waysided: slow sink=fleet\n");
}

static void strangers_cannot_forge(void **state)
{
	char line[4096];

	(void)state;
	/* line feed, escape sequence, delete, UTF-8 of U+009B (a C1 control) */
	assert_string_equal(
		logged("a\nb\x1b[31m\x7f \xc2\x9b~", line, sizeof(line)),
		" warn waysided: a\\x0ab\\x1b[31m\\x7f \\xc2\\x9b~\n");
}

static void json_is_json(void **state)
{
	char line[4096];

	(void)state;
	base_log_set_format(BASE_LOG_JSON);
	base_log_set_role("worker/0");
	/* RFC 8259 7: quotation mark, backslash and controls are escaped; a
	 * byte that is not UTF-8 must not be there at all */
	assert_string_equal(
		logged("say \"hi\" \\ \n\xff", line, sizeof(line)),
		"\",\"level\":\"warn\",\"role\":\"worker/0\",\"message\":"
		"\"say \\\"hi\\\" \\\\ \\\\x0a\\\\xff\"}\n");
}

/* A string that is all escapes, and longer than a line may be, for every
 * place that the cut can fall on. */
static void a_long_line_is_still_json(void **state)
{
	char line[8192], text[3000];

	(void)state;
	base_log_set_format(BASE_LOG_JSON);
	for (size_t plain = 0; plain < 16; plain++) {
		const char *s;

		memset(text, '\n', sizeof(text) - 1);
		memset(text, 'x', plain);
		text[sizeof(text) - 1] = '\0';
		s = strstr(logged(text, line, sizeof(line)), "\"message\":\"");
		assert_non_null(s);
		s += strlen("\"message\":\"");
		s += strspn(s, "x");
		while (!strncmp(s, "\\\\x0a", 5))
			s += 5;
		assert_string_equal(s, "\"}\n");
	}
}

static void levels_filter(void **state)
{
	static const enum base_log_level levels[] = {
		BASE_LOG_ERR,  BASE_LOG_WARN,  BASE_LOG_NOTICE,
		BASE_LOG_INFO, BASE_LOG_DEBUG,
	};
	struct listener l;
	char line[4096];
	int writes, evaluated = 0;

	(void)state;
	for (int i = 0; i < (int)WS_ARRAY_LEN(levels); i++) {
		base_log_set_level(levels[i]);
		listen_begin(&l);
		base_err("1");
		base_warn("2");
		base_notice("3");
		base_info("4");
		base_debug("%d", ++evaluated);
		writes = listen_end(&l, line, sizeof(line));
		assert_int_equal(writes, i + 1);
	}
	/* debug is free: its values were made only for the last level */
	assert_int_equal(evaluated, 1);
	assert_string_equal(after_stamp(line), " debug waysided: 1\n");
}

static void a_role_is_cut(void **state)
{
	char line[4096];

	(void)state;
	base_log_set_role("0123456789012345678901234567890-and-more");
	assert_string_equal(logged("x", line, sizeof(line)),
			    " warn 0123456789012345678901234567890: x\n");
}

/* A pipe of one page, the least there is, and full. A log that waits for it
 * ends the test by alarm(). */
struct narrow {
	int real_stderr, rd, wr;
};

static void narrow_begin(struct narrow *n)
{
	static const char page[PIPE_BUF];
	int pair[2];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	n->rd = pair[0];
	n->wr = pair[1];
	assert_int_equal(fcntl(n->wr, F_SETPIPE_SZ, PIPE_BUF), PIPE_BUF);
	assert_int_equal(fcntl(n->rd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(write(n->wr, page, sizeof(page)), sizeof(page));
	n->real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(n->real_stderr >= 0);
	(void)alarm(BASE_TEST_LIMIT_S);
	assert_int_equal(dup3(n->wr, STDERR_FILENO, O_CLOEXEC), STDERR_FILENO);
}

/* Return: all that is in the pipe. */
static const char *narrow_read(struct narrow *n, char *text, size_t size)
{
	const ssize_t got = read(n->rd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void narrow_end(struct narrow *n)
{
	const int back = dup3(n->real_stderr, STDERR_FILENO, 0);

	(void)alarm(0);
	base_fd_close(&n->real_stderr);
	base_fd_close(&n->rd);
	base_fd_close(&n->wr);
	assert_int_equal(back, STDERR_FILENO);
}

static void a_full_pipe_stops_nobody(void **state)
{
	char page[PIPE_BUF + 1], third[512], fourth[512], fifth[512];
	struct narrow n;
	int after;

	(void)state;
	narrow_begin(&n);
	errno = ENOENT;
	base_warn("1");
	base_warn("2");
	after = errno;
	(void)narrow_read(&n, page, sizeof(page));
	/* through, but there is no room for what it has to tell */
	base_warn("3");
	(void)narrow_read(&n, third, sizeof(third));
	(void)fcntl(n.wr, F_SETPIPE_SZ, 16 * PIPE_BUF);
	base_log_set_level(BASE_LOG_ERR);
	base_err("4");
	(void)narrow_read(&n, fourth, sizeof(fourth));
	base_err("5");
	(void)narrow_read(&n, fifth, sizeof(fifth));
	narrow_end(&n);
	assert_int_equal(after, ENOENT);
	assert_string_equal(after_stamp(third), " warn waysided: 3\n");
	/* 1 and 2; whatever the level, and behind the line that got through */
	assert_non_null(strchr(fourth, '\n'));
	assert_string_equal(after_stamp(strchr(fourth, '\n') + 1),
			    " warn waysided: log lines were lost lines=2\n");
	*(strchr(fourth, '\n') + 1) = '\0';
	assert_string_equal(after_stamp(fourth), " err waysided: 4\n");
	/* told once */
	assert_string_equal(after_stamp(fifth), " err waysided: 5\n");
}

/* A terminal says that it takes a byte, and then wants a reader for the line.
 */
static void a_terminal_that_nobody_reads_stops_nobody(void **state)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];
	int terminal, real_stderr, back;

	(void)state;
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(real_stderr >= 0);
	(void)alarm(BASE_TEST_LIMIT_S);
	back = dup3(terminal, STDERR_FILENO, O_CLOEXEC);
	base_log_own_stderr();
	for (int i = 0; i < 5000; i++)
		base_warn("more than a terminal holds");
	(void)alarm(0);
	/* what others have open blocks as before */
	assert_int_equal(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(back, STDERR_FILENO);
	assert_int_equal(dup3(real_stderr, STDERR_FILENO, 0), STDERR_FILENO);
	assert_int_equal(close(real_stderr), 0);
	assert_int_equal(close(terminal), 0);
	assert_int_equal(close(master), 0);
}

/* What a parent lost is not told a second time, by its child. */
static void a_new_role_has_lost_nothing(void **state)
{
	char text[PIPE_BUF + 1];
	struct narrow n;

	(void)state;
	narrow_begin(&n);
	base_warn("1");
	(void)narrow_read(&n, text, sizeof(text));
	base_log_set_role("worker/0");
	(void)fcntl(n.wr, F_SETPIPE_SZ, 16 * PIPE_BUF);
	base_warn("2");
	(void)narrow_read(&n, text, sizeof(text));
	narrow_end(&n);
	assert_string_equal(after_stamp(text), " warn worker/0: 2\n");
}

/* /dev/full refuses every write with ENOSPC. */
static void errno_is_kept(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), after;
	struct listener l;
	char line[4096];

	(void)state;
	assert_true(full >= 0);
	listen_begin(&l);
	(void)dup3(full, STDERR_FILENO, O_CLOEXEC);
	errno = ENOENT;
	base_err("gone");
	after = errno;
	/* a lost line is one, for whatever reason */
	(void)dup3(l.log, STDERR_FILENO, O_CLOEXEC);
	base_err("back");
	assert_int_equal(listen_end(&l, line, sizeof(line)), 2);
	assert_int_equal(after, ENOENT);
	assert_string_equal(after_stamp(line),
			    " warn waysided: log lines were lost lines=1\n");
	base_fd_close(&full);
}

static bool from_env(const char *level, const char *format, int *writes)
{
	struct listener l;
	char line[4096];
	bool ok;

	/* NOLINTBEGIN(concurrency-mt-unsafe): the test has one thread */
	assert_int_equal(setenv("LOG_LEVEL", level, 1), 0);
	assert_int_equal(setenv("LOG_FORMAT", format, 1), 0);
	/* NOLINTEND(concurrency-mt-unsafe) */
	listen_begin(&l);
	ok = base_log_from_env();
	*writes = listen_end(&l, line, sizeof(line));
	return ok;
}

static void the_environment_is_taken(void **state)
{
	char line[4096];
	int writes;

	(void)state;
	assert_true(from_env("debug", "json", &writes));
	assert_int_equal(writes, 0);
	assert_true(base_log_on(BASE_LOG_DEBUG));
	assert_string_equal(logged("x", line, sizeof(line)),
			    "\",\"level\":\"warn\",\"role\":\"waysided\","
			    "\"message\":\"x\"}\n");
	assert_true(from_env("err", "console", &writes));
	assert_false(base_log_on(BASE_LOG_WARN));
	/* empty is as good as unset */
	assert_true(from_env("", "", &writes));
	assert_int_equal(writes, 0);
	assert_false(base_log_on(BASE_LOG_WARN));
}

/* sd-daemon(3): SD_ERR is "<3>", then warning, notice, info and debug. */
static void the_journal_gets_priorities(void **state)
{
	static const char *const want[] = {
		"<3>worker/0: a\\x0ab\n", "<4>worker/0: a\\x0ab\n",
		"<5>worker/0: a\\x0ab\n", "<6>worker/0: a\\x0ab\n",
		"<7>worker/0: a\\x0ab\n",
	};
	struct listener l;
	char line[4096];
	int writes;

	(void)state;
	assert_true(from_env("debug", "journal", &writes));
	base_log_set_role("worker/0");
	for (int i = 0; i < (int)WS_ARRAY_LEN(want); i++) {
		listen_begin(&l);
		base_log((enum base_log_level)i, "a\nb");
		assert_int_equal(listen_end(&l, line, sizeof(line)), 1);
		assert_string_equal(line, want[i]);
	}
}

/* systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE", both decimal. Return: the
 * format that was chosen. */
static enum base_log_format with_stream(const char *format, long more)
{
	char stream[64], line[4096];
	struct listener l;
	struct stat st;
	bool ok;

	base_log_set_format(BASE_LOG_CONSOLE);
	listen_begin(&l);
	ok = fstat(STDERR_FILENO, &st) == 0;
	(void)snprintf(stream, sizeof(stream), "%lu:%lu", st.st_dev,
		       st.st_ino + more);
	/* NOLINTBEGIN(concurrency-mt-unsafe): the test has one thread */
	(void)setenv("LOG_FORMAT", format, 1);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	ok = ok && base_log_from_env();
	(void)unsetenv("JOURNAL_STREAM");
	/* NOLINTEND(concurrency-mt-unsafe) */
	assert_int_equal(listen_end(&l, line, sizeof(line)), 0);
	assert_true(ok);
	return base_log_get_format();
}

static void the_journal_is_recognised(void **state)
{
	(void)state;
	assert_int_equal(with_stream("", 0), BASE_LOG_JOURNAL);
	/* another's, and what the user wants */
	assert_int_equal(with_stream("", 1), BASE_LOG_CONSOLE);
	assert_int_equal(with_stream("console", 0), BASE_LOG_CONSOLE);
	assert_int_equal(with_stream("json", 0), BASE_LOG_JSON);
}

static void a_bad_environment_is_told(void **state)
{
	int writes;

	(void)state;
	assert_false(from_env("loud", "console", &writes));
	assert_int_equal(writes, 1);
	assert_false(from_env("notice", "xml", &writes));
	assert_int_equal(writes, 1);
	assert_false(from_env("NOTICE", "", &writes));
	assert_true(base_log_on(BASE_LOG_NOTICE));
	assert_false(base_log_on(BASE_LOG_INFO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_is_one_write, at_start),
		cmocka_unit_test_setup(strangers_cannot_forge, at_start),
		cmocka_unit_test_setup(json_is_json, at_start),
		cmocka_unit_test_setup(a_long_line_is_still_json, at_start),
		cmocka_unit_test_setup(levels_filter, at_start),
		cmocka_unit_test_setup(a_role_is_cut, at_start),
		cmocka_unit_test_setup(errno_is_kept, at_start),
		cmocka_unit_test_setup(a_full_pipe_stops_nobody, at_start),
		cmocka_unit_test_setup(
			a_terminal_that_nobody_reads_stops_nobody, at_start),
		cmocka_unit_test_setup(a_new_role_has_lost_nothing, at_start),
		cmocka_unit_test_setup(the_environment_is_taken, at_start),
		cmocka_unit_test_setup(the_journal_gets_priorities, at_start),
		cmocka_unit_test_setup(the_journal_is_recognised, at_start),
		cmocka_unit_test_setup(a_bad_environment_is_told, at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
