/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_exec_test.c - real programs: they read, die, hang, are not there
 *
 * dash's `read` takes byte by byte, so what a script has read is known to the
 * line. The clock is the test's own: it stands still until a test moves it, so
 * a time-out comes when the test wants it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_test_dir.h"
#include "conf_tables.h"
#include "sink.h"

#define TIMEOUT_MS 1000

static uint64_t clock_ms, step_ms;

uint64_t __wrap_base_time_mono_ms(void);
uint64_t __wrap_base_time_mono_ms(void)
{
	clock_ms += step_ms;
	return clock_ms;
}

static char dir[64];
static struct conf_sink conf;
static struct conf_secret secret;
static struct sink sink;

static void args(const char *const *list)
{
	size_t at = 0;

	memset(&secret, 0, sizeof(secret));
	for (; *list; list++) {
		memcpy(secret.args + at, *list, strlen(*list));
		at += strlen(*list) + 1;
		secret.n_args++;
	}
}

static int open_program(const char *const *list)
{
	args(list);
	assert_int_equal(sink_init(&sink, &conf, &secret), 0);
	return sink.ops->open(&sink);
}

static void open_script(const char *script)
{
	const char *list[] = { "/bin/sh", "-c", script, NULL };

	assert_int_equal(open_program(list), 0);
}

static int put(const char *const *bodies)
{
	struct sink_event e[8] = { { .id = NULL } };
	unsigned n = 0;

	for (; bodies[n]; n++)
		e[n] = (struct sink_event){ .id = "0-c-0",
					    .protocol = "watch",
					    .type = "login",
					    .body = bodies[n],
					    .len = strlen(bodies[n]) };
	return sink.ops->put(&sink, e, n);
}

static void close_sink(void)
{
	sink.ops->close(&sink);
	assert_null(sink.state);
	assert_int_equal(sink.fd, -1);
}

/* Bytes of a file in the directory. */
static char *text_of(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *text;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, 1 << 20, &text, &len), 0);
	base_fd_close(&fd);
	return text;
}

static void expect_file(const char *name, const char *want)
{
	char *text = text_of(name);

	assert_string_equal(text, want);
	free(text);
}

/* A child's child said its pid into a file: it ends. */
static void expect_end(const char *name)
{
	char *text = text_of(name);
	const pid_t pid = (pid_t)strtol(text, NULL, 10);
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0),
			    .events = POLLIN };

	free(text);
	if (p.fd < 0) {
		assert_int_equal(errno, ESRCH);
		return;
	}
	assert_int_equal(poll(&p, 1, BASE_TEST_LIMIT_S * 1000), 1);
	(void)close(p.fd);
}

/* The process whose pid is in the file has the three and no other. */
static void expect_descriptors(pid_t pid)
{
	char path[64], target[64];
	ssize_t n;

	for (int fd = 0; fd < 64; fd++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid,
			       fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (fd > STDERR_FILENO) {
			assert_true(n < 0 && errno == ENOENT);
			continue;
		}
		assert_true(n > 0);
		target[n] = '\0';
		if (fd == STDOUT_FILENO)
			assert_string_equal(target, "/dev/null");
	}
}

static void expect_signals(pid_t pid)
{
	char path[64], *text;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	text = text_of(path);
	assert_non_null(strstr(text, "\nSigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(text, "\nSigIgn:\t0000000000000000\n"));
	free(text);
}

static int setup(void **state)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/sink_exec_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	conf = (struct conf_sink){ .name = "fleet",
				   .kind = CONF_SINK_EXEC,
				   .timeout_ms = TIMEOUT_MS };
	clock_ms = 5000;
	step_ms = 0;
	/* as the publisher does */
	assert_int_equal(sigaction(SIGPIPE, &ignore, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	base_test_remove(dir);
	return 0;
}

/* Each event is a line, in order; the last is on disk when the sink is closed,
 * since the program is waited for. */
static void test_lines(void **state)
{
	(void)state;
	open_script("exec cat >out");
	assert_int_equal(put((const char *[]){ "{\"a\":1}", "", "c", NULL }),
			 3);
	assert_int_equal(put((const char *[]){ "d", NULL }), 1);
	close_sink();
	expect_file("out", "{\"a\":1}\n\nc\nd\n");
}

/* Far more than a pipe holds. */
static void test_more_than_a_pipe(void **state)
{
	char *big = malloc(400001);
	const char *bodies[] = { big, big, big, NULL };

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 400000);
	big[400000] = '\0';
	open_script("wc >out");
	assert_int_equal(put(bodies), 3);
	close_sink();
	free(big);
	{
		char *text = text_of("out"), *end;

		/* lines, words, bytes */
		assert_int_equal(strtoul(text, &end, 10), 3);
		assert_int_equal(strtoul(end, &end, 10), 3);
		assert_int_equal(strtoul(end, &end, 10), 1200003);
		free(text);
	}
}

/* What a program finds: its arguments as they are, no shell; three descriptors;
 * a few variables; its own group; no blocked and no ignored signal. */
static void test_surroundings(void **state)
{
	const int stray = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	static const char script[] =
		"printf '%s\\n' \"$@\" >args; echo $$ >pid; env >env; "
		"exec cat >/dev/null";
	const char *list[] = { "/bin/sh", "-c",      script, "sh",
			       "a b",     "$HOME;*", NULL };
	sigset_t all;
	char *text;
	pid_t pid;

	(void)state;
	/* left open on purpose, as a library might */
	assert_true(stray > 2);
	assert_int_equal(fcntl(stray, F_SETFD, 0), 0);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	(void)sigemptyset(&all);
	(void)sigaddset(&all, SIGTERM);
	(void)sigaddset(&all, SIGPIPE);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	assert_int_equal(open_program(list), 0);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &all, NULL), 0);
	assert_int_equal(put((const char *[]){ "x", NULL }), 1);
	text = text_of("pid");
	pid = (pid_t)strtol(text, NULL, 10);
	free(text);
	expect_descriptors(pid);
	expect_signals(pid);
	assert_int_equal(getpgid(pid), pid);
	assert_int_equal(getsid(pid), pid);
	close_sink();
	(void)close(stray);
	expect_file("args", "a b\n$HOME;*\n");
	text = text_of("env");
	assert_non_null(strstr(text, "WAYSIDE_SINK=fleet\n"));
	assert_non_null(strstr(text, "TZ=UTC0\n"));
	assert_non_null(strstr(text, "PATH="));
	assert_null(strstr(text, "SECRET"));
	free(text);
}

static void test_absent(void **state)
{
	const char *list[] = { "/nonexistent/program", "x", NULL };

	(void)state;
	assert_int_equal(open_program(list), -ENOENT);
	assert_string_equal(sink.why, "cannot run /nonexistent/program: No "
				      "such file or directory");
	close_sink();
	list[0] = dir; /* a directory */
	assert_int_equal(open_program(list), -EACCES);
	close_sink();
}

/* What it had read before is confirmed, to the line; then it says how it
 * ended. */
static void test_dies(void **state)
{
	const char *bodies[] = { "one", "two", "three", NULL };

	(void)state;
	open_script("read a; read b; exit 3");
	assert_int_equal(put(bodies), 2);
	assert_int_equal(put(bodies + 2), -EPIPE);
	assert_string_equal(sink.why, "the program ended with status 3");
	close_sink();
	open_script("kill -KILL $$");
	assert_int_equal(put(bodies), -EPIPE);
	assert_string_equal(sink.why, "the program died of signal 9");
	close_sink();
}

/* Before the end of a line: that one comes again. */
static void test_dies_within_a_line(void **state)
{
	(void)state;
	open_script("read a; dd bs=1 count=3 of=out 2>/dev/null; exit 0");
	assert_int_equal(put((const char *[]){ "one", "two", NULL }), 1);
	close_sink();
	expect_file("out", "two");
}

static bool time_runs_out(void *arg)
{
	(void)arg;
	clock_ms += 100;
	return false;
}

static void test_hangs(void **state)
{
	const char *bodies[] = { "one", "two", NULL };

	(void)state;
	open_script("read a; sleep 1000 & echo $! >pid; mv pid started; wait");
	/* when both have begun, time may run */
	assert_int_equal(put((const char *[]){ "zero", NULL }), 1);
	while (access("started", F_OK) != 0)
		(void)poll(NULL, 0, 1);
	sink.hurried = time_runs_out;
	assert_int_equal(put(bodies), -ETIMEDOUT);
	assert_string_equal(sink.why,
			    "the program has read nothing for 1000 ms");
	assert_int_equal(put(bodies), -ETIMEDOUT); /* for good */
	close_sink();
	expect_end("started"); /* also what it had started */
}

/* The first line is read at `go`, the next only at another one. */
static int go;

static bool one_more(void *arg)
{
	static int held;
	int n = 0;

	(void)arg;
	assert_int_equal(ioctl(sink.fd, FIONREAD, &n), 0);
	if (n != held) { /* it has read one: as much time as for one and half */
		held = n;
		clock_ms += TIMEOUT_MS * 2 / 3;
		assert_int_equal(write(go, "\n", 1), 1);
	}
	return false;
}

/* The time-out is for reading nothing, not for reading all. */
static void test_slow_is_not_stuck(void **state)
{
	const char *bodies[] = { "one", "two", "three", "four", "five", NULL };

	(void)state;
	assert_int_equal(mkfifo("go", 0600), 0);
	open_script("exec 3<>go; while read g <&3 && read l; do "
		    "echo $l >>out; done");
	go = open("go", O_RDWR | O_CLOEXEC);
	assert_true(go >= 0);
	sink.hurried = one_more;
	assert_int_equal(put(bodies), 5);
	assert_true(clock_ms >= 5000 + 2 * TIMEOUT_MS);
	assert_int_equal(write(go, "\n", 1), 1); /* to see the end */
	sink.hurried = NULL;
	close_sink();
	(void)close(go);
	expect_file("out", "one\ntwo\nthree\nfour\nfive\n");
}

static bool no_time(void *arg)
{
	(void)arg;
	return true;
}

static void test_stopped_while_waiting(void **state)
{
	(void)state;
	open_script("exec sleep 1000");
	sink.hurried = no_time;
	assert_int_equal(put((const char *[]){ "one", NULL }), -ECANCELED);
	close_sink();
}

/* It is noticed without an event, by the descriptor that is watched. */
static void test_ends_while_idle(void **state)
{
	struct pollfd p;

	(void)state;
	open_script("read a; exit 7");
	assert_int_equal(sink.ops->idle(&sink), 0);
	assert_int_equal(put((const char *[]){ "one", NULL }), 1);
	p = (struct pollfd){ .fd = sink.fd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, BASE_TEST_LIMIT_S * 1000), 1);
	assert_int_equal(sink.ops->idle(&sink), -EPIPE);
	assert_string_equal(sink.why, "the program ended with status 7");
	close_sink();
}

static void test_closes_its_input(void **state)
{
	(void)state;
	open_script("read a; exec <&-; exec sleep 1000");
	step_ms = 1; /* for the end that does not come */
	assert_int_equal(put((const char *[]){ "one", NULL }), 1);
	assert_int_equal(put((const char *[]){ "two", NULL }), -EPIPE);
	assert_string_equal(sink.why,
			    "the program has closed its standard input");
	close_sink();
}

/* Nothing more comes, but it does not end. */
static void test_does_not_end(void **state)
{
	(void)state;
	open_script("echo $$ >pid; trap '' TERM; cat >/dev/null; "
		    "while :; do sleep 1000; done");
	assert_int_equal(put((const char *[]){ "one", NULL }), 1);
	sink.hurried = time_runs_out;
	close_sink();
	expect_end("pid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		ROW(test_lines),
		ROW(test_more_than_a_pipe),
		ROW(test_surroundings),
		ROW(test_absent),
		ROW(test_dies),
		ROW(test_dies_within_a_line),
		ROW(test_hangs),
		ROW(test_slow_is_not_stuck),
		ROW(test_stopped_while_waiting),
		ROW(test_ends_while_idle),
		ROW(test_closes_its_input),
		ROW(test_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
