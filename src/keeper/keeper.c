/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper.c - the tiny parent of a worker */
#include "keeper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_log.h"
#include "role.h"

static const char *const syscalls[] = { "wait4", NULL };

/* fork() that shares the descriptor table: the C library has no such call. */
static pid_t fork_sharing_files(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL,
			      NULL, NULL);
}

static int wait_for(pid_t worker, unsigned index)
{
	int status;

	while (waitpid(worker, &status, 0) < 0) {
		if (errno != EINTR) {
			base_err("waitpid: %s", strerrordesc_np(errno));
			return 1;
		}
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	base_err("worker/%u died of signal %d", index, WTERMSIG(status));
	return 1;
}

int keeper_main(const struct keeper_setup *setup, pid_t parent)
{
	char name[32];
	const struct role role = { .name = name, .syscalls = syscalls };
	const pid_t self = getpid();
	pid_t worker;

	(void)snprintf(name, sizeof(name), "keeper/%u", setup->index);
	/* The worker first: a seccomp filter is inherited, and the keeper's is
	 * narrower than the worker's. */
	worker = fork_sharing_files();
	if (worker < 0) {
		base_err("cannot start worker/%u: %s", setup->index,
			 strerrordesc_np(errno));
		return 1;
	}
	if (worker == 0)
		_exit(setup->worker(setup->argument, self));
	if (role_enter(&role, parent)) {
		(void)kill(worker, SIGKILL); /* a child of ours: it is there */
		return 1;
	}
	return wait_for(worker, setup->index);
}
