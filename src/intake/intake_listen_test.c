/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_listen_test.c - sharing a port with ourselves and with nobody else */
#include "intake_listen.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base_fd.h"
#include "intake_test.h"

#define N_WORKERS 4

static struct intake_listener listener_on(const char *engine, const char *ip,
					  uint16_t port)
{
	return (struct intake_listener){ .engine = intake_engine_find(engine),
					 .addr = addr_of(ip, port) };
}

static void close_all(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		base_fd_close(&fds[i]);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* The RLIMIT_NOFILE that leaves just n free numbers. */
static rlim_t limit_with_room_for(int n)
{
	int fd = 0;

	for (; n > 0; fd++)
		n -= fcntl(fd, F_GETFD) < 0;
	return (rlim_t)fd;
}

/* intake_listen() with what it says on standard error; its line ends in a
 * newline, and the time stamp at its start is left out. */
static int listen_and_hear(struct intake_listener *l, unsigned n, int *fds,
			   char line[static 256])
{
	const int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	const int heard = memfd_create("stderr", MFD_CLOEXEC);
	char text[512] = "";
	const char *said;
	int r;

	assert_true(copy >= 0 && heard >= 0);
	assert_true(dup2(heard, STDERR_FILENO) >= 0);
	r = intake_listen(l, n, fds);
	assert_true(dup2(copy, STDERR_FILENO) >= 0);
	assert_true(pread(heard, text, sizeof(text) - 1, 0) >= 0);
	close(copy);
	close(heard);
	said = strstr(text, ": ");
	(void)snprintf(line, 256, "%s", said ? said + 2 : "");
	return r;
}

static void check_shared(const char *ip)
{
	struct intake_listener l = listener_on("fixed", ip, 0);
	int fds[N_WORKERS], clients[64], n_taken[N_WORKERS] = { 0 }, n = 0;

	assert_int_equal(intake_listen(&l, N_WORKERS, fds), 0);
	assert_int_not_equal(l.addr.port, 0);
	for (int i = 0; i < N_WORKERS; i++) {
		const struct base_addr a = name_of(fds[i]);

		assert_addr(&a, &l.addr);
		assert_flags(fds[i]);
		assert_int_equal(option_of(fds[i], SOL_SOCKET, SO_ACCEPTCONN),
				 1);
	}
	for (int i = 0; i < 64; i++) {
		clients[i] =
			socket(l.addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect_to(clients[i], &l.addr), 0);
	}
	/* a hash spreads them: one of four is left out of 64 in 4 * 0.75^64,
	 * about one run in 25 million */
	for (int i = 0; i < N_WORKERS; i++) {
		int fd;

		while ((fd = accept4(fds[i], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			close(fd);
			n_taken[i]++;
			n++;
		}
		assert_int_not_equal(n_taken[i], 0);
	}
	assert_int_equal(n, 64);
	close_all(clients, 64);
	close_all(fds, N_WORKERS);
}

static void test_shared(void **state)
{
	need_gateway(state);
	check_shared("127.0.0.1");
	check_shared("::1");
}

/* A second daemon of the same user asks for the same address. */
static void test_taken(void **state)
{
	struct intake_listener l = listener_on("fixed", "127.0.0.1", 0), again;
	char line[256], want[256], addr[BASE_ADDR_STRLEN];
	int fds[2], more[2], before;

	(void)state;
	assert_int_equal(intake_listen(&l, 2, fds), 0);
	again = l;
	before = count_fds();
	assert_int_equal(listen_and_hear(&again, 2, more, line), -EADDRINUSE);
	(void)snprintf(want, sizeof(want),
		       "cannot listen on %s: Address already in use\n",
		       base_addr_format(&l.addr, addr));
	assert_string_equal(line, want);
	assert_int_equal(count_fds(), before);
	close_all(fds, 2);
	/* free again */
	assert_int_equal(intake_listen(&again, 2, more), 0);
	close_all(more, 2);
}

/* The connections of the daemon before us may still be in TIME_WAIT. */
static void test_time_wait(void **state)
{
	struct intake_listener l = listener_on("fixed", "127.0.0.1", 0);
	const int c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd, taken;

	(void)state;
	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	assert_int_equal(connect_to(c, &l.addr), 0);
	wait_for(fd, POLLIN);
	taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(taken >= 0);
	close(taken); /* our FIN is the first: the waiting is ours */
	assert_int_equal(end_of(c), 0);
	close(c);
	close(fd);
	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	close(fd);
}

/* IPv6 leaves IPv4 alone: both may have the same port. */
static void test_v6_only(void **state)
{
	struct intake_listener six = listener_on("fixed", "::", 0), four;
	int fd6, fd4;

	need_gateway(state);
	assert_int_equal(intake_listen(&six, 1, &fd6), 0);
	four = listener_on("fixed", "0.0.0.0", six.addr.port);
	assert_int_equal(intake_listen(&four, 1, &fd4), 0);
	close(fd4);
	close(fd6);
}

static void test_transparent(void **state)
{
	struct intake_listener l = listener_on("tproxy-tcp", "127.0.0.1", 0);
	int fds[2];

	need_gateway(state);
	assert_int_equal(intake_listen(&l, 2, fds), 0);
	/* one that is not would send its share of connections direct */
	for (int i = 0; i < 2; i++)
		assert_int_equal(option_of(fds[i], SOL_IP, IP_TRANSPARENT), 1);
	close_all(fds, 2);
	l = listener_on("tproxy-tcp", "::1", 0);
	assert_int_equal(intake_listen(&l, 2, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(option_of(fds[i], SOL_IPV6, IPV6_TRANSPARENT),
				 1);
	close_all(fds, 2);
}

/* Return: 0, or the number of the check that failed: the exit status. */
static int listen_without_capability(void)
{
	struct intake_listener l =
		listener_on("tproxy-tcp", "127.0.0.1", 15001);
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	char line[256];
	int fd;

	if (syscall(SYS_capset, &header, none))
		return 1;
	if (listen_and_hear(&l, 1, &fd, line) != -EPERM)
		return 2;
	if (strcmp(line, "cannot listen on 127.0.0.1:15001: Operation not "
			 "permitted (engine tproxy-tcp needs CAP_NET_ADMIN or "
			 "CAP_NET_RAW)\n") != 0)
		return 3;
	return 0;
}

static void test_without_capability(void **state)
{
	const pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(listen_without_capability());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Room for two of three sockets: nothing of them stays. */
static void test_nothing_left(void **state)
{
	struct intake_listener l = listener_on("fixed", "127.0.0.1", 0);
	struct rlimit old, tight;
	char line[256];
	int fds[3], before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	before = count_fds();
	tight = old;
	/* two sockets, and the two that listen_and_hear() holds */
	tight.rlim_cur = limit_with_room_for(4);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	assert_int_equal(listen_and_hear(&l, 3, fds, line), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_string_equal(line, "cannot listen on 127.0.0.1:0: Too many open "
				  "files\n");
	assert_int_equal(count_fds(), before);
	assert_int_equal(l.addr.port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_time_wait),
		cmocka_unit_test(test_v6_only),
		cmocka_unit_test(test_transparent),
		cmocka_unit_test(test_without_capability),
		cmocka_unit_test(test_nothing_left),
	};

	return cmocka_run_group_tests(tests, setup_gateway, NULL);
}
