/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_fd_test.c - what a step on a descriptor returns, and when */
#include "base_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"

struct pair {
	int a, b;
};

static struct pair open_pair(int type)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd), 0);
	return (struct pair){ fd[0], fd[1] };
}

static void close_pair(struct pair *p)
{
	base_fd_close(&p->a);
	base_fd_close(&p->b);
}

static int open_file(const char *bytes)
{
	const int fd = memfd_create("base_fd_test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(base_fd_write_all(fd, bytes, strlen(bytes), NULL), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void close_marks_and_keeps_errno(void **state)
{
	struct pair p = open_pair(SOCK_STREAM);
	const int was = p.a;
	int wrong = 1 << 20; /* close() says EBADF */

	(void)state;
	errno = EDOM;
	base_fd_close(&p.a);
	assert_int_equal(errno, EDOM);
	assert_int_equal(p.a, -1);
	assert_int_equal(fcntl(was, F_GETFD), -1);
	errno = EDOM;
	base_fd_close(&p.a);
	base_fd_close(&wrong);
	assert_int_equal(errno, EDOM);
	assert_int_equal(wrong, -1);
	close_pair(&p);
}

static void take_leaves_nothing(void **state)
{
	int fd = 7;

	(void)state;
	assert_int_equal(base_fd_take(&fd), 7);
	assert_int_equal(fd, -1);
}

static void recv_tells_four_things_apart(void **state)
{
	struct pair p = open_pair(SOCK_STREAM);
	char buf[8];

	(void)state;
	assert_int_equal(base_fd_recv(p.a, buf, sizeof(buf)), 0);
	assert_int_equal(write(p.b, "abc", 3), 3);
	assert_int_equal(base_fd_recv(p.a, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	base_fd_close(&p.b);
	assert_int_equal(base_fd_recv(p.a, buf, sizeof(buf)), -ESHUTDOWN);
	close_pair(&p);

	/* unix(7): a close with unread bytes resets the other end */
	p = open_pair(SOCK_STREAM);
	assert_int_equal(write(p.a, "x", 1), 1);
	base_fd_close(&p.b);
	assert_int_equal(base_fd_recv(p.a, buf, sizeof(buf)), -ECONNRESET);
	close_pair(&p);
}

static void sendv_gathers(void **state)
{
	struct pair p = open_pair(SOCK_STREAM);
	char head[] = "[3G*", tail[] = "LK]", buf[16];
	struct iovec iov[] = { { head, 4 }, { tail, 3 } };

	(void)state;
	assert_int_equal(base_fd_sendv(p.a, iov, 2), 7);
	assert_int_equal(base_fd_recv(p.b, buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "[3G*LK]", 7);
	close_pair(&p);
}

/* Also: no SIGPIPE, which would end this test. */
static void sendv_tells_full_from_gone(void **state)
{
	static char bulk[65536];
	struct pair p = open_pair(SOCK_STREAM);
	struct iovec iov = { bulk, sizeof(bulk) };
	ssize_t n;

	(void)state;
	do {
		n = base_fd_sendv(p.a, &iov, 1);
	} while (n > 0);
	assert_int_equal(n, 0);
	base_fd_close(&p.b);
	assert_int_equal(base_fd_sendv(p.a, &iov, 1), -EPIPE);
	close_pair(&p);
}

static void write_all_says_how_far_it_got(void **state)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	struct rlimit limit, ten;
	int fd = memfd_create("base_fd_test", MFD_CLOEXEC), r;
	size_t written = 99;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(base_fd_write_all(fd, "abc", 3, &written), 0);
	assert_int_equal(written, 3);
	assert_int_equal(base_fd_write_all(fd, "", 0, &written), 0);
	assert_int_equal(written, 0);

	/* a file of at most ten bytes: write(2) cuts the first write there and
	 * refuses the second with EFBIG */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ten = limit;
	ten.rlim_cur = 10;
	assert_int_equal(sigaction(SIGXFSZ, &ignore, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &ten), 0);
	r = base_fd_write_all(fd, "defghijklmnop", 13, &written);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(sigaction(SIGXFSZ, &before, NULL), 0);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(written, 7);
	base_fd_close(&fd);
}

static void read_all_takes_max_and_no_more(void **state)
{
	int fd = open_file("12345678");
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(base_fd_read_all(fd, 8, &text, &len), 0);
	assert_int_equal(len, 8);
	assert_string_equal(text, "12345678");
	free(text);

	text = NULL;
	len = 99;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(base_fd_read_all(fd, 7, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(len, 99);
	base_fd_close(&fd);

	fd = open_file("");
	assert_int_equal(base_fd_read_all(fd, 0, &text, &len), 0);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
	free(text);
	base_fd_close(&fd);
}

/* A packet socket gives one packet a read, so this needs three reads. */
static void read_all_reads_on_to_the_end(void **state)
{
	struct pair p = open_pair(SOCK_SEQPACKET);
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(write(p.b, "ab\0", 3), 3);
	assert_int_equal(write(p.b, "cd", 2), 2);
	base_fd_close(&p.b);
	assert_int_equal(base_fd_read_all(p.a, 100, &text, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(text, "ab\0cd", 6);
	free(text);
	close_pair(&p);
}

/* `max` is a limit and not a size: memory that no machine has is not asked for.
 */
static void read_all_takes_memory_as_it_reads(void **state)
{
	enum {
		LEN = 100000
	};
	int fd = memfd_create("long", MFD_CLOEXEC);
	static uint8_t bytes[LEN];
	char *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)(i % 251);
	assert_int_equal(write(fd, bytes, LEN), LEN);
	for (size_t max = LEN; max < SIZE_MAX / 2; max += SIZE_MAX / 4) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(base_fd_read_all(fd, max, &text, &len), 0);
		assert_int_equal(len, LEN);
		assert_memory_equal(text, bytes, LEN);
		free(text);
	}
	base_fd_close(&fd);
}

static void read_all_passes_the_error_on(void **state)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text = NULL;
	size_t len;

	(void)state;
	assert_true(dir >= 0);
	assert_int_equal(base_fd_read_all(dir, 8, &text, &len), -EISDIR);
	assert_null(text);
	base_fd_close(&dir);
}

/* In a child without the descriptors of `closed`, a bit each. Return: what is
 * not as it should be. */
static int without(unsigned closed)
{
	char c = 'c';
	int next;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if ((closed & (1U << fd)) && close(fd) < 0)
			return 1;
	}
	if (!base_fd_standard())
		return 2;
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (next <= STDERR_FILENO)
		return 3;
	if ((closed & (1U << STDIN_FILENO)) && read(STDIN_FILENO, &c, 1) != 0)
		return 4;
	if ((closed & (1U << STDOUT_FILENO)) &&
	    (write(STDOUT_FILENO, &c, 1) != -1 || errno != EBADF))
		return 5;
	if ((closed & (1U << STDERR_FILENO)) &&
	    write(STDERR_FILENO, &c, 1) != 1)
		return 6;
	return 0;
}

static void standard_descriptors_are_nobody_elses(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++) {
		const pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(without(closed));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_marks_and_keeps_errno),
		cmocka_unit_test(take_leaves_nothing),
		cmocka_unit_test(recv_tells_four_things_apart),
		cmocka_unit_test(sendv_gathers),
		cmocka_unit_test(sendv_tells_full_from_gone),
		cmocka_unit_test(write_all_says_how_far_it_got),
		cmocka_unit_test(read_all_takes_max_and_no_more),
		cmocka_unit_test(read_all_reads_on_to_the_end),
		cmocka_unit_test(read_all_takes_memory_as_it_reads),
		cmocka_unit_test(read_all_passes_the_error_on),
		cmocka_unit_test(standard_descriptors_are_nobody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
