/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper.c - the tiny parent of a worker */
#include "keeper.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_log.h"
#include "ring_map.h"
#include "role.h"

/* Unread bytes of one socket are thrown away in that many calls at most: a peer
 * that never stops sending gets its reset. */
#define DISCARDS_MAX 16

static const char *const syscalls[] = {
	"getsockopt", "kill",  "recvfrom", "rt_sigtimedwait",
	"shutdown",   "wait4", NULL,
};

/* fork() that shares the descriptor table: the C library has no such call. */
static pid_t fork_sharing_files(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL,
			      NULL, NULL);
}

/* Not what the supervisor gave us: stderr may be a stream socket too. */
static bool is_tcp(int fd)
{
	int protocol;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == IPPROTO_TCP;
}

/* tcp(7): MSG_TRUNC throws the bytes away without copying them. The system call
 * itself, since the C library's wrapper wants a buffer. */
static void discard_unread(int fd)
{
	for (int i = 0; i < DISCARDS_MAX; i++) {
		if (syscall(SYS_recvfrom, fd, NULL, (size_t)INT_MAX,
			    MSG_TRUNC | MSG_DONTWAIT, NULL, NULL) <= 0)
			return;
	}
}

/* Where shutdown() fails the connection is gone, or it was none: a listener,
 * which the end of this process closes. */
static void end_side(int fd)
{
	if (fd < 0 || !is_tcp(fd) || shutdown(fd, SHUT_WR) < 0)
		return;
	discard_unread(fd);
	(void)close(fd);
}

/* The flows of a worker that is dead: nobody else writes the table now. */
static void end_flows(const struct ring_map *map)
{
	const uint32_t used = atomic_load(&map->control->n_used);

	for (uint32_t i = 0; i < used && i < map->n_slots; i++) {
		const struct ring_slot *s = &map->slots[i];

		if (s->state == RING_STATE_FREE)
			continue;
		for (int side = 0; side < RING_SIDES; side++)
			end_side(s->fd[side]);
	}
}

/* Return: false = it still runs. */
static bool has_ended(pid_t worker, unsigned index, int *result)
{
	int status;
	const pid_t pid = waitpid(worker, &status, WNOHANG);

	if (pid == 0)
		return false;
	*result = 1;
	if (pid < 0)
		base_err("waitpid: %s", strerrordesc_np(errno));
	else if (WIFEXITED(status))
		*result = WEXITSTATUS(status);
	else
		base_err("worker/%u died of signal %d", index,
			 WTERMSIG(status));
	return true;
}

/* Until the worker has ended. Return: its status. */
static int keep(pid_t worker, unsigned index, pid_t supervisor,
		const sigset_t *signals)
{
	int result;

	while (!has_ended(worker, index, &result)) {
		siginfo_t info;
		const int sig = sigwaitinfo(signals, &info);

		/* a service manager may tell everybody to end: the order of a
		 * stop is the supervisor's alone */
		if (sig == SIGTERM && info.si_pid == supervisor)
			(void)kill(worker, SIGKILL); /* ours: it is there */
	}
	return result;
}

int keeper_main(const struct keeper_setup *setup, pid_t parent)
{
	char name[32];
	const struct role role = { .name = name, .syscalls = syscalls };
	const pid_t self = getpid();
	sigset_t signals;
	pid_t worker;
	int result;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGTERM);
	/* before there is a worker that could die; fails for a bad set only */
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
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
	result = keep(worker, setup->index, parent, &signals);
	if (setup->map)
		end_flows(setup->map);
	return result;
}
