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
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"

#define LIMIT_S 10

enum order {
	ORDER_EXIT_7,
	ORDER_KILL_YOURSELF,
	ORDER_CLOSE_AND_STAY,
	ORDER_STAY,
};

struct lab {
	enum order order;
	int test, worker; /* the ends of the socket pair */
	pid_t keeper;
};

static int be_worker(const void *argument, pid_t parent)
{
	const struct lab *lab = argument;
	const pid_t self = getpid();

	(void)alarm(2 * LIMIT_S); /* nothing of a broken run lives on */
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
	case ORDER_STAY:
		break;
	}
	for (;;)
		(void)pause(); /* returns after a handler only */
}

/* `parent`: what the keeper is told to be its parent. */
static void start(struct lab *lab, enum order order, pid_t parent)
{
	const struct keeper_setup keeper = { .index = 5,
					     .worker = be_worker,
					     .argument = lab };
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*lab = (struct lab){ .order = order,
			     .test = ends[0],
			     .worker = ends[1] };
	lab->keeper = fork();
	assert_true(lab->keeper >= 0);
	if (lab->keeper == 0) {
		(void)close(lab->test);
		_exit(keeper_main(&keeper, parent));
	}
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
	struct lab lab;

	(void)state;
	start(&lab, ORDER_EXIT_7, getpid());
	assert_int_equal(end_of_keeper(&lab), 7);
	base_fd_close(&lab.test);
}

static void a_killed_worker_is_a_failure(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab, ORDER_KILL_YOURSELF, getpid());
	assert_int_equal(end_of_keeper(&lab), 1);
	base_fd_close(&lab.test);
}

/* One table for both: the worker has closed its end, and so the keeper has. */
static void descriptors_are_shared(void **state)
{
	struct lab lab;
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
	struct lab lab;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_status_is_the_workers),
		cmocka_unit_test(a_killed_worker_is_a_failure),
		cmocka_unit_test(descriptors_are_shared),
		cmocka_unit_test(without_a_parent_there_is_no_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
