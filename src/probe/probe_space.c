/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_space.c - a child in a network namespace of its own */
#include "probe_space.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"

#define PATIENCE_MS 10000 /* with what takes some on a quiet machine */

/* Return: bytes of the word, 0 when none came in time, or -errno; the other
 * side's end is -ESHUTDOWN. */
static ssize_t hear(int channel, void *word, size_t len, int limit_ms)
{
	struct pollfd p = { .fd = channel, .events = POLLIN };
	int r;

	do {
		r = poll(&p, 1, limit_ms);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r ? -errno : 0;
	return base_fd_recv(channel, word, len);
}

static int say(int channel, const void *word, size_t len)
{
	return send(channel, word, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* With CAP_SYS_ADMIN it takes one namespace, without it a user namespace first,
 * in which no user needs to be mapped: what counts there are capabilities. */
static int enter(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return errno == EPERM ? 0 : -errno;
	return -errno;
}

void probe_space_alone(int fd)
{
	if (fd > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, UINT_MAX, 0);
}

static void live(int channel, pid_t parent,
		 int (*job)(const void *order, int *held))
{
	int held[PROBE_HELD_MAX] = { -1, -1, -1, -1 };
	_Alignas(max_align_t) char order[PROBE_ORDER_MAX];
	int r;

	probe_space_alone(channel);
	r = enter();
	/* entering changes credentials, which clears it; getppid() after it
	 * tells of a parent that died before */
	if (!r && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = -errno;
	if (getppid() != parent)
		return;
	base_die_at(BASE_DIE_PROBE_SPACE);
	if (say(channel, &r, sizeof(r)) || r)
		return;
	/* until the parent ends us, or hangs up */
	while (hear(channel, order, sizeof(order), -1) > 0) {
		r = job(order, held);
		if (say(channel, &r, sizeof(r)))
			return;
	}
}

/* Return: what the child says, 0 or -errno; or why it says nothing. */
static int outcome(const struct probe_space *s)
{
	int r = -EBADMSG;
	const ssize_t n = hear(s->channel, &r, sizeof(r),
			       (int)base_die_limit_ms(PATIENCE_MS));

	if (n == sizeof(r))
		return r;
	return n < 0 ? (int)n : -ETIMEDOUT;
}

int probe_space_start(struct probe_space *s,
		      int (*job)(const void *order, int *held))
{
	const pid_t parent = getpid();
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s->pid = fork();
	r = -errno;
	if (s->pid == 0) {
		live(pair[1], parent, job);
		_exit(0);
	}
	s->channel = pair[0];
	(void)close(pair[1]);
	if (s->pid > 0)
		r = outcome(s);
	if (r)
		probe_space_end(s);
	return r;
}

int probe_space_order(struct probe_space *s, const void *order, size_t len)
{
	const int r = say(s->channel, order, len);

	return r ? r : outcome(s);
}

void probe_space_end(struct probe_space *s)
{
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
	base_fd_close(&s->channel);
}
