/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keeper_test.c - a keeper with a worker of the test's making
 *
 * The test is the supervisor. The worker tells its pid over a socket pair; the
 * test waits for ends of processes and of that stream only. A time limit ends a
 * broken run.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "ring_map.h"
#include "ring_pool.h"

#define LIMIT_S BASE_TEST_LIMIT_S
#define MANY    10000

enum order {
	ORDER_EXIT_7,
	ORDER_KILL_YOURSELF,
	ORDER_CLOSE_AND_STAY,
	ORDER_STAY,
	ORDER_ECHO,
	ORDER_ONE_FLOW,
	ORDER_MANY_FLOWS,
	ORDER_LIES,
};

struct lab {
	enum order order;
	int test, worker; /* the ends of the socket pair */
	pid_t keeper;
	struct ring_map map;
	struct sockaddr_in there; /* where `listener` listens */
	int listener;
	uint32_t n_flows; /* that the worker makes */
};

static int connect_there(const struct lab *lab)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&lab->there,
			      sizeof(lab->there)) < 0)
		_exit(98);
	return fd;
}

/* A slot as a worker leaves it. */
static void fill_slot(const struct lab *lab, uint32_t slot, int client,
		      int server)
{
	struct ring_slot *s = &lab->map.slots[slot];

	s->fd[RING_CLIENT] = client;
	s->fd[RING_SERVER] = server;
	s->state = RING_STATE_OPEN;
	atomic_store(&lab->map.control->n_used, slot + 1);
}

/* Both legs go to the test. The client's is sent as much as the kernel takes:
 * more than its peer's buffer holds. */
static void make_one_flow(const struct lab *lab)
{
	const int client = connect_there(lab), server = connect_there(lab);
	static const char bytes[65536];
	ssize_t n;

	while ((n = send(client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		lab->map.slots[0].dir[RING_SERVER].bytes_out += (uint64_t)n;
	if (send(server, "bye", 3, 0) != 3)
		_exit(97);
	fill_slot(lab, 0, client, server);
}

/* Both legs are the two ends of one connection; those of the last slot go to
 * the test. */
static void make_many_flows(const struct lab *lab)
{
	const uint32_t last = lab->n_flows - 1;

	for (uint32_t i = 0; i < last; i++) {
		const int client = connect_there(lab);
		const int server =
			accept4(lab->listener, NULL, NULL, SOCK_CLOEXEC);

		if (server < 0)
			_exit(96);
		fill_slot(lab, i, client, server);
	}
	fill_slot(lab, last, connect_there(lab), connect_there(lab));
}

/* A table that somebody else has written: descriptors that are none, are not
 * connected, or are no flow's; and more slots than there are. */
static void make_lies(const struct lab *lab)
{
	fill_slot(lab, 0, -1, -2);
	fill_slot(lab, 1, 1 << 20, INT32_MAX);
	fill_slot(lab, 2, lab->listener, lab->worker);
	fill_slot(lab, 3, 0, STDERR_FILENO);
	lab->map.slots[3].state = UINT32_MAX;
	atomic_store(&lab->map.control->n_used, UINT32_MAX);
}

static int be_worker(const void *argument, pid_t parent)
{
	const struct lab *lab = argument;
	const pid_t self = getpid();

	(void)alarm(2 * LIMIT_S); /* nothing of a broken run lives on */
	if (lab->order == ORDER_ONE_FLOW)
		make_one_flow(lab);
	else if (lab->order == ORDER_MANY_FLOWS)
		make_many_flows(lab);
	else if (lab->order == ORDER_LIES)
		make_lies(lab);
	if (getppid() != parent ||
	    send(lab->worker, &self, sizeof(self), 0) != (ssize_t)sizeof(self))
		return 99;
	switch (lab->order) {
	case ORDER_EXIT_7:
		return 7;
	case ORDER_KILL_YOURSELF:
		(void)raise(SIGKILL);
		return 99;
	case ORDER_CLOSE_AND_STAY:
		(void)close(lab->worker);
		break;
	case ORDER_ECHO:
		for (char c; recv(lab->worker, &c, 1, 0) == 1;)
			(void)!write(lab->worker, &c, 1);
		break;
	case ORDER_STAY:
	case ORDER_ONE_FLOW:
	case ORDER_MANY_FLOWS:
	case ORDER_LIES:
		break;
	}
	for (;;)
		(void)pause(); /* returns after a handler only */
}

/* `parent`: what the keeper is told to be its parent. */
static void start(struct lab *lab, enum order order, pid_t parent)
{
	const struct sigaction deadly = { .sa_handler = SIG_DFL };
	const struct keeper_setup keeper = { .index = 5,
					     .map = lab->map.control ? &lab->map
								     : NULL,
					     .worker = be_worker,
					     .argument = lab };
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	lab->order = order;
	lab->test = ends[0];
	lab->worker = ends[1];
	lab->keeper = fork();
	assert_true(lab->keeper >= 0);
	if (lab->keeper == 0) {
		(void)close(lab->test);
		/* cmocka would take a crash here for one of the test */
		if (sigaction(SIGSEGV, &deadly, NULL) ||
		    sigaction(SIGBUS, &deadly, NULL))
			_exit(99);
		_exit(keeper_main(&keeper, parent));
	}
	if (order != ORDER_LIES) /* where we look what was done to it */
		base_fd_close(&lab->worker);
	assert_int_equal(setsockopt(lab->test, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)),
			 0);
}

static pid_t pid_of_worker(const struct lab *lab)
{
	pid_t pid;

	assert_int_equal(recv(lab->test, &pid, sizeof(pid), MSG_WAITALL),
			 sizeof(pid));
	return pid;
}

static int end_of_keeper(struct lab *lab)
{
	int status;

	assert_int_equal(waitpid(lab->keeper, &status, 0), lab->keeper);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void its_status_is_the_workers(void **state)
{
	struct lab lab = { .keeper = 0 };

	(void)state;
	start(&lab, ORDER_EXIT_7, getpid());
	assert_int_equal(end_of_keeper(&lab), 7);
	base_fd_close(&lab.test);
}

static void a_killed_worker_is_a_failure(void **state)
{
	struct lab lab = { .keeper = 0 };

	(void)state;
	start(&lab, ORDER_KILL_YOURSELF, getpid());
	assert_int_equal(end_of_keeper(&lab), 1);
	base_fd_close(&lab.test);
}

/* One table for both: the worker has closed its end, and so the keeper has. */
static void descriptors_are_shared(void **state)
{
	struct lab lab = { .keeper = 0 };
	pid_t worker;
	char byte;

	(void)state;
	start(&lab, ORDER_CLOSE_AND_STAY, getpid());
	worker = pid_of_worker(&lab);
	assert_int_equal(recv(lab.test, &byte, 1, 0), 0);
	assert_int_equal(waitpid(lab.keeper, NULL, WNOHANG), 0);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(end_of_keeper(&lab), 1);
	base_fd_close(&lab.test);
}

/* A keeper whose supervisor is gone does not begin, nor does its worker stay:
 * the stream ends when both have ended. */
static void without_a_parent_there_is_no_worker(void **state)
{
	struct lab lab = { .keeper = 0 };
	char bytes[sizeof(pid_t)];
	ssize_t n;

	(void)state;
	start(&lab, ORDER_STAY, getppid());
	assert_int_equal(end_of_keeper(&lab), 1);
	do { /* its pid, if it came that far */
		n = recv(lab.test, bytes, sizeof(bytes), 0);
	} while (n > 0);
	assert_int_equal(n, 0);
	base_fd_close(&lab.test);
}

/* With a flow table and a listener for its flows. */
static void prepare(struct lab *lab, uint32_t n_flows)
{
	const struct ring_map_size size = {
		.n_slots = n_flows,
		.n_readers = 1,
		.ring_size = RING_SIZE_MIN,
		.pool_size = ring_pool_bytes(RING_BLOCK),
	};
	socklen_t len = sizeof(lab->there);

	*lab = (struct lab){ .n_flows = n_flows };
	assert_int_equal(ring_map_create(&lab->map, &size), 0);
	lab->there =
		(struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr = { htonl(INADDR_LOOPBACK) } };
	lab->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(lab->listener >= 0);
	assert_int_equal(
		bind(lab->listener, (struct sockaddr *)&lab->there, len), 0);
	assert_int_equal(listen(lab->listener, 16), 0);
	assert_int_equal(getsockname(lab->listener,
				     (struct sockaddr *)&lab->there, &len),
			 0);
}

static void clean_up(struct lab *lab)
{
	ring_map_destroy(&lab->map);
	base_fd_close(&lab->test);
	base_fd_close(&lab->listener);
}

static int accept_peer(const struct lab *lab)
{
	const int fd = accept4(lab->listener, NULL, NULL, SOCK_CLOEXEC);
	const struct timeval limit = { .tv_sec = LIMIT_S };

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	return fd;
}

/* Reads to the end, which is a FIN. Return: how many bytes came. */
static uint64_t read_all(int fd)
{
	static char buf[65536];
	uint64_t all = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		all += (uint64_t)n;
	assert_int_equal(n < 0 ? errno : 0, 0); /* ECONNRESET: a reset */
	assert_int_equal(close(fd), 0);
	return all;
}

/* Both peers have sent what the worker never read, and read what it had sent
 * only when it is gone. `end`: how the worker goes. */
static void check_ends(void (*end)(const struct lab *, pid_t))
{
	struct lab lab;
	int client, server;
	pid_t worker;

	prepare(&lab, 4);
	start(&lab, ORDER_ONE_FLOW, getpid());
	client = accept_peer(&lab);
	server = accept_peer(&lab);
	worker = pid_of_worker(&lab);
	assert_int_equal(send(client, "unread", 6, MSG_NOSIGNAL), 6);
	assert_int_equal(send(server, "unread", 6, MSG_NOSIGNAL), 6);
	end(&lab, worker);
	assert_int_equal(end_of_keeper(&lab), 1);
	assert_true(lab.map.slots[0].dir[RING_SERVER].bytes_out > 0);
	assert_int_equal(read_all(client),
			 lab.map.slots[0].dir[RING_SERVER].bytes_out);
	assert_int_equal(read_all(server), 3);
	clean_up(&lab);
}

static void kill_worker(const struct lab *lab, pid_t worker)
{
	(void)lab;
	assert_int_equal(kill(worker, SIGKILL), 0);
}

static void flows_of_a_dead_worker_end_after_their_bytes(void **state)
{
	(void)state;
	check_ends(kill_worker);
}

static void order_to_replace(const struct lab *lab, pid_t worker)
{
	(void)worker;
	assert_int_equal(kill(lab->keeper, SIGTERM), 0);
}

static void the_supervisor_can_have_a_worker_replaced(void **state)
{
	(void)state;
	check_ends(order_to_replace);
}

/* A stopped worker does not keep its keeper from that. */
static void stop_and_order(const struct lab *lab, pid_t worker)
{
	assert_int_equal(kill(worker, SIGSTOP), 0);
	order_to_replace(lab, worker);
}

static void a_stopped_worker_can_be_replaced(void **state)
{
	(void)state;
	check_ends(stop_and_order);
}

/* Its number `field` in /proc/PID/status, hexadecimal, or the letter of its
 * state (proc(5)). */
static uint64_t status_of(pid_t pid, const char *field)
{
	char path[64], line[256];
	uint64_t value = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const size_t len = strlen(field);

		if (strncmp(line, field, len) != 0)
			continue;
		value = line[len + 1] == '0'
				? strtoull(line + len + 1, NULL, 16)
				: (unsigned char)line[len + 1];
	}
	assert_int_equal(fclose(f), 0);
	return value;
}

/* The service manager, say, that ends all processes of a service at once. */
static void nobody_else_gives_that_order(void **state)
{
	struct lab lab = { .keeper = 0 };
	const uint64_t limit = base_time_mono_ms() + LIMIT_S * 1000ULL;
	pid_t stranger, worker;
	char c = 'x';
	int status;

	(void)state;
	start(&lab, ORDER_ECHO, getpid());
	worker = pid_of_worker(&lab);
	stranger = fork();
	assert_true(stranger >= 0);
	if (stranger == 0)
		_exit(kill(lab.keeper, SIGTERM) ? 1 : 0);
	assert_int_equal(waitpid(stranger, &status, 0), stranger);
	assert_int_equal(status, 0);
	/* taken, and the keeper waits again */
	while (status_of(lab.keeper, "ShdPnd:") ||
	       status_of(lab.keeper, "State:") != 'S') {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
	assert_int_equal(send(lab.test, &c, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(lab.test, &c, 1, 0), 1);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(end_of_keeper(&lab), 1);
	base_fd_close(&lab.test);
}

static void a_long_list_of_flows_is_ended(void **state)
{
	struct rlimit limit;
	int peers[RING_SIDES];
	uint32_t n = MANY;
	struct lab lab;
	pid_t worker;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (n > (limit.rlim_cur - 100) / 2)
		n = (uint32_t)(limit.rlim_cur - 100) / 2;
	prepare(&lab, n);
	start(&lab, ORDER_MANY_FLOWS, getpid());
	worker = pid_of_worker(&lab);
	for (int i = 0; i < RING_SIDES; i++) {
		peers[i] = accept_peer(&lab);
		assert_int_equal(send(peers[i], "unread", 6, MSG_NOSIGNAL), 6);
	}
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(end_of_keeper(&lab), 1);
	for (int i = 0; i < RING_SIDES; i++)
		assert_int_equal(read_all(peers[i]), 0);
	clean_up(&lab);
}

static void what_the_table_says_is_not_trusted(void **state)
{
	struct lab lab;
	pid_t worker;
	char c = 'x';
	int peer;

	(void)state;
	prepare(&lab, 4);
	start(&lab, ORDER_LIES, getpid());
	worker = pid_of_worker(&lab);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(end_of_keeper(&lab), 1);
	/* the stream socket that is no flow was not shut down */
	assert_int_equal(send(lab.worker, &c, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(lab.test, &c, 1, 0), 1);
	/* and the listener still listens */
	peer = connect_there(&lab);
	assert_int_equal(close(accept_peer(&lab)), 0);
	assert_int_equal(close(peer), 0);
	base_fd_close(&lab.worker);
	clean_up(&lab);
}

/* A network of our own, where the system lets us: many connections leave nobody
 * else without ports. */
static int enter_network(void **state)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	assert_int_equal(close(fd), 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_status_is_the_workers),
		cmocka_unit_test(a_killed_worker_is_a_failure),
		cmocka_unit_test(descriptors_are_shared),
		cmocka_unit_test(without_a_parent_there_is_no_worker),
		cmocka_unit_test(flows_of_a_dead_worker_end_after_their_bytes),
		cmocka_unit_test(the_supervisor_can_have_a_worker_replaced),
		cmocka_unit_test(a_stopped_worker_can_be_replaced),
		cmocka_unit_test(nobody_else_gives_that_order),
		cmocka_unit_test(a_long_list_of_flows_is_ended),
		cmocka_unit_test(what_the_table_says_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, enter_network, NULL);
}
