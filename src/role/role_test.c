/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_test.c - each check in a child of its own, as a role is for good */
#include "role.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#ifdef WAYSIDE_SANITIZED
#	include <sanitizer/common_interface_defs.h>
#endif
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_log.h"
#include "base_test.h"
#include "base_time.h"

#define PATIENCE_MS (BASE_TEST_LIMIT_S * 1000)

static const char *const no_more[] = { NULL };
/* What the children below use to look at themselves. */
static const char *const looking[] = { "capget", "prctl", "getrlimit",
				       "prlimit64", NULL };

struct caps {
	uint64_t permitted, effective, inheritable;
};

static bool read_caps(struct caps *c)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &header, d))
		return false;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return true;
}

static bool drop_all_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	const struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	return !syscall(SYS_capset, &header, none);
}

/* fork() would give a child under the thread sanitizer a second thread, and
 * only a process of one may make a user namespace: unshare(2). */
static pid_t fork_alone(void)
{
	return _Fork();
}

/* Runs `child` in a child process with the test's pid, and gives the status of
 * waitpid(). Its standard error goes to `said`, when that is not NULL. */
static int in_child(int (*child)(pid_t parent), char *said, size_t size)
{
	const int heard = memfd_create("stderr", MFD_CLOEXEC);
	const pid_t parent = getpid();
	ssize_t n;
	int status;
	pid_t pid;

	assert_true(heard >= 0);
	pid = fork_alone();
	assert_true(pid >= 0);
	if (!pid) {
		if (said && dup2(heard, STDERR_FILENO) < 0)
			_exit(99);
		_exit(child(parent));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (said) {
		n = pread(heard, said, size - 1, 0);
		assert_true(n >= 0);
		said[n] = '\0';
	}
	close(heard);
	return status;
}

static void assert_exit_0(int status)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* All rights of a user namespace of one's own, where that is possible; root of
 * the system has them anyway. */
static bool have_rights(void)
{
	struct caps c;

	if (read_caps(&c) && c.effective & ROLE_CAP(CAP_NET_RAW) &&
	    c.effective & ROLE_CAP(CAP_SETPCAP))
		return true;
	return unshare(CLONE_NEWUSER) == 0;
}

static void need_rights(void)
{
	/* in a child, to stay where we are */
	const pid_t pid = fork_alone();
	int status;

	if (!pid)
		_exit(have_rights() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!status)
		return;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_null(getenv("WAYSIDE_NETNS_REQUIRED"));
	skip();
}

/* Checks everything but the system calls; which capabilities stay is `kept`.
 * Return: 0, or the number of the check that failed: the exit status. */
static int check_self(uint64_t kept)
{
	struct rlimit core;
	struct caps c;
	int sig;

	if (!read_caps(&c) || c.permitted != kept || c.effective != kept ||
	    c.inheritable)
		return 1;
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0)
			return 2;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			return 3;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	if (prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) || sig != SIGKILL)
		return 5;
	if (getrlimit(RLIMIT_CORE, &core) || core.rlim_cur || core.rlim_max)
		return 6;
#ifndef WAYSIDE_SANITIZED
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 7;
#endif
	return 0;
}

static int enter_keeping(uint64_t kept, pid_t parent)
{
	const struct role role = { "test/0", kept, looking };

	if (!have_rights())
		return 10;
	/* something to empty: an inheritable and an ambient capability */
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &header, d))
		return 11;
	d[0].inheritable |= 1U << CAP_NET_RAW;
	if (syscall(SYS_capset, &header, d) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
		return 12;
	if (role_enter(&role, parent))
		return 13;
	return check_self(kept);
}

static int keep_none(pid_t parent)
{
	return enter_keeping(0, parent);
}

static int keep_one(pid_t parent)
{
	return enter_keeping(ROLE_CAP(CAP_NET_RAW), parent);
}

static int keep_two(pid_t parent)
{
	return enter_keeping(ROLE_CAP(CAP_NET_RAW) |
				     ROLE_CAP(CAP_CHECKPOINT_RESTORE),
			     parent);
}

/* As root, and again in a user namespace with no uid mapped at all. */
static int keep_one_in_namespace(pid_t parent)
{
	if (unshare(CLONE_NEWUSER))
		return 20;
	return keep_one(parent);
}

static void test_rights(void **state)
{
	(void)state;
	need_rights();
	assert_exit_0(in_child(keep_none, NULL, 0));
	assert_exit_0(in_child(keep_one, NULL, 0));
	assert_exit_0(in_child(keep_two, NULL, 0));
	assert_exit_0(in_child(keep_one_in_namespace, NULL, 0));
}

/* A plain user has nothing to drop, nor the right to empty the bounding set. */
static int plain_user(pid_t parent)
{
	const struct role role = { "test/0", 0, looking };
	struct caps c;

	if (!drop_all_caps())
		return 10;
	if (role_enter(&role, parent))
		return 11;
	if (!read_caps(&c) || c.permitted || c.effective || c.inheritable)
		return 12;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 13;
}

static void test_plain_user(void **state)
{
	(void)state;
	assert_exit_0(in_child(plain_user, NULL, 0));
}

static int missing_cap(pid_t parent)
{
	const struct role role = { "test/0", ROLE_CAP(CAP_NET_RAW), no_more };

	if (!drop_all_caps())
		return 10;
	return role_enter(&role, parent) == -EPERM ? 0 : 11;
}

static void test_missing_cap(void **state)
{
	char said[512];

	(void)state;
	assert_exit_0(in_child(missing_cap, said, sizeof(said)));
	assert_non_null(strstr(said, " test/0: the capability cap_net_raw is "
				     "missing\n"));
}

static int call_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
}

static int socket_outside(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };

	return role_enter(&role, parent) ? 10 : call_socket();
}

static int socket_inside(pid_t parent)
{
	static const char *const calls[] = { "socket", NULL };
	const struct role role = { "test/0", 0, calls };

	return role_enter(&role, parent) ? 10 : call_socket();
}

static void test_syscalls(void **state)
{
	int status = in_child(socket_outside, NULL, 0);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	assert_exit_0(in_child(socket_inside, NULL, 0));
}

/* A role without a list calls what it likes, and so do its programs; but what
 * it has given up comes back with none of them. */
static int without_list(pid_t parent)
{
	const struct role role = { "test/0", 0, NULL };
	char *const argv[] = { (char[]){ "role_test" }, (char[]){ "program" },
			       NULL };
	char *const none[] = { NULL };
	int r;

	if (!have_rights())
		return 10;
	if (role_enter(&role, parent))
		return 11;
	r = check_self(0);
	if (r || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0 || call_socket())
		return r ? r : 12;
	(void)execve("/proc/self/exe", argv, none);
	return 14;
}

/* What the program is left with. Return: exit status. */
static int be_program(void)
{
	struct rlimit core;
	struct caps c;

	if (!read_caps(&c) || c.permitted || c.effective || c.inheritable)
		return 20;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
		return 21;
	if (getrlimit(RLIMIT_CORE, &core) || core.rlim_max)
		return 22;
	return call_socket() ? 23 : 0;
}

static void test_without_list(void **state)
{
	(void)state;
	need_rights();
	assert_exit_0(in_child(without_list, NULL, 0));
}

/* The common list carries what the C library and base do in every role: memory,
 * clocks, local time (the zone file was read before), log lines. */
static int common_work(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };
	char stamp[BASE_TIME_STAMP_LEN];
	void *block;

	if (role_enter(&role, parent))
		return 10;
	block = malloc(8 << 20); /* by mmap() */
	if (!block)
		return 11;
	free(block);
	if (!base_time_mono_ms())
		return 12;
	/* 2001-09-09, in whatever zone */
	base_time_stamp(1000000000 * BASE_TIME_NS_PER_S, stamp);
	if (strncmp(stamp, "2001-09-0", 9) != 0)
		return 13;
	base_err("still here");
	return 0;
}

/* assert() and the stack protector must end as they say, not as SIGSYS. */
static int common_abort(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };

	if (role_enter(&role, parent))
		return 10;
	abort();
}

/* With the leak check of a sanitized build. */
static int common_exit(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };

	if (role_enter(&role, parent))
		return 10;
	exit(0); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void test_common_syscalls(void **state)
{
	char said[512];
	int status;

	(void)state;
	assert_exit_0(in_child(common_work, said, sizeof(said)));
	assert_non_null(strstr(said, " test/0: still here\n"));
	assert_exit_0(in_child(common_exit, said, sizeof(said)));
	status = in_child(common_abort, said, sizeof(said));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

#ifdef WAYSIDE_SANITIZED
/* What a sanitizer finds in a role is told, with the name of the place: by a
 * program that inherits the filter. */
static int told(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };

	if (role_enter(&role, parent))
		return 10;
	__sanitizer_print_stack_trace();
	return 0;
}

static void test_sanitizer_report(void **state)
{
	char said[4096];

	(void)state;
	assert_exit_0(in_child(told, said, sizeof(said)));
	assert_non_null(strstr(said, " told /"));
}
#endif

static int unknown_syscall(pid_t parent)
{
	static const char *const calls[] = { "read", "sokcet", NULL };
	const struct role role = { "test/0", 0, calls };

	return role_enter(&role, parent) == -EINVAL ? 0 : 10;
}

static void test_unknown_syscall(void **state)
{
	char said[512];

	(void)state;
	assert_exit_0(in_child(unknown_syscall, said, sizeof(said)));
	assert_non_null(strstr(said, " there is no system call sokcet\n"));
}

static int titled(pid_t parent)
{
	static const char *const calls[] = { "prctl", NULL };
	const struct role role = { "test/0", 0, calls };
	char name[16];

	if (role_enter(&role, parent) || prctl(PR_GET_NAME, name, 0, 0, 0))
		return 10;
	return strcmp(name, "wayside-test/0") != 0;
}

static void test_title(void **state)
{
	(void)state;
	assert_exit_0(in_child(titled, NULL, 0));
}

static int wrong_parent(pid_t parent)
{
	const struct role role = { "test/0", 0, no_more };

	(void)parent;
	return role_enter(&role, getpid()) == -ESRCH ? 0 : 10;
}

static void test_parent_gone_before(void **state)
{
	char said[512];

	(void)state;
	assert_exit_0(in_child(wrong_parent, said, sizeof(said)));
	assert_non_null(strstr(said, " the parent process is gone\n"));
}

/* A parent that starts a role and dies once the role is ready. */
static void parent_with_child(int ready_wr, const int hold[2])
{
	const struct role role = { "test/0", 0, no_more };
	const pid_t parent = getpid();
	char byte = 'r';
	int pair[2];

	if (pipe2(pair, O_CLOEXEC))
		_exit(10);
	if (!fork()) {
		/* ends by itself only when the test lets go of hold[1] */
		close(hold[1]);
		if (role_enter(&role, parent) || write(pair[1], &byte, 1) != 1)
			_exit(11);
		if (read(hold[0], &byte, 1))
			_exit(12);
		_exit(13);
	}
	close(pair[1]);
	/* the end of the pair that only the role and the test hold */
	if (read(pair[0], &byte, 1) != 1)
		_exit(14);
	(void)!write(ready_wr, &byte, 1);
	_exit(0);
}

/*
 * The role's write end of `ready` closes when it dies, and it dies for no other
 * reason: what it waits for is held by the test.
 */
static void test_parent_dies(void **state)
{
	int ready[2], hold[2], status;
	struct pollfd p;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	pid = fork();
	if (!pid)
		parent_with_child(ready[1], hold);
	close(ready[1]);
	close(hold[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_exit_0(status);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	p = (struct pollfd){ .fd = ready[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	close(hold[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_plain_user),
		cmocka_unit_test(test_missing_cap),
		cmocka_unit_test(test_syscalls),
		cmocka_unit_test(test_without_list),
		cmocka_unit_test(test_common_syscalls),
#ifdef WAYSIDE_SANITIZED
		cmocka_unit_test(test_sanitizer_report),
#endif
		cmocka_unit_test(test_unknown_syscall),
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_parent_gone_before),
		cmocka_unit_test(test_parent_dies),
	};

	if (argc > 1 && !strcmp(argv[1], "program"))
		return be_program();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
