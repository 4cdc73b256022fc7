/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_child.c - starting roles */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_load.h"
#include "keeper.h"
#include "publisher.h"
#include "recorder.h"
#include "role_channel.h"
#include "supervisor_internal.h"
#include "worker.h"

/* Descriptors that a child keeps. */
struct keep {
	int fds[8 + CONF_WORKERS_MAX * (SUPERVISOR_LISTENERS_MAX + 3 +
					2 * RING_READER_ROOM)];
	size_t n;
};

void supervisor_child_name(const struct supervisor_child *c,
			   char buf[static SUPERVISOR_NAME_LEN])
{
	switch (c->kind) {
	case SUPERVISOR_RECORDER:
		(void)snprintf(buf, SUPERVISOR_NAME_LEN, "recorder");
		return;
	case SUPERVISOR_WORKER:
		(void)snprintf(buf, SUPERVISOR_NAME_LEN, "worker/%u", c->index);
		return;
	case SUPERVISOR_PUBLISHER:
		(void)snprintf(buf, SUPERVISOR_NAME_LEN, "publisher/%s",
			       c->supervisor->publishers[c->index].name);
		return;
	}
}

void supervisor_child_init(struct supervisor *s, struct supervisor_child *c,
			   enum supervisor_kind kind, unsigned index)
{
	memset(c, 0, sizeof(*c));
	c->supervisor = s;
	c->kind = kind;
	c->index = index;
	c->delay_ms = s->times->delay_min_ms;
	c->channel.fd = -1;
	c->channel.ready = supervisor_role_spoke;
	c->restart.fire = supervisor_role_restart;
	c->limit.fire = supervisor_role_overdue;
}

static void keep(struct keep *k, int fd)
{
	k->fds[k->n++] = fd;
}

static int by_number(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes everything that is not on the list: the netlink socket above all (it
 * would keep an OWNER table alive), but also whatever comes later. */
static void close_others(struct keep *k)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(k->fds, k->n, sizeof(k->fds[0]), by_number);
	for (size_t i = 0; i < k->n; i++) {
		const unsigned fd = (unsigned)k->fds[i];

		if (fd > from)
			(void)close_range(from, fd - 1, 0);
		if (fd >= from)
			from = fd + 1;
	}
	(void)close_range(from, ~0U, 0); /* fails only for a bad range */
}

/* What the keeper hands on to the worker. */
struct worker_call {
	int (*main)(const struct worker_setup *setup, pid_t parent);
	struct worker_setup setup;
};

static int call_worker(const void *argument, pid_t parent)
{
	const struct worker_call *call = argument;

	return call->main(&call->setup, parent);
}

/* All listeners: each worker accepts from its own, and from those of a worker
 * that cannot. Return: how many. */
static unsigned choose_sockets(const struct supervisor *s,
			       struct worker_socket *sockets, struct keep *k)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_listeners; i++) {
		const struct supervisor_listener *l = &s->listeners[i];

		for (unsigned j = 0; j < s->n_workers; j++) {
			sockets[n++] = (struct worker_socket){
				.listener = l->listener,
				.worker = j,
				.fd = l->fds[j],
			};
			keep(k, l->fds[j]);
		}
	}
	return n;
}

/* In the keeper-to-be. Return: exit status. */
static int be_worker(struct supervisor *s, unsigned index, int channel,
		     pid_t parent)
{
	/* the process's to keep */
	struct worker_socket *sockets =
		calloc((size_t)SUPERVISOR_LISTENERS_MAX * CONF_WORKERS_MAX,
		       sizeof(*sockets));
	struct keep k = { .n = 0 };
	const unsigned n_sockets = sockets ? choose_sockets(s, sockets, &k) : 0;
	const struct worker_call worker = {
		.main = s->roles->worker,
		.setup = {
			.index = index,
			.conf = s->conf,
			.map = &s->maps[index],
			.shared = s->shared,
			.sockets = sockets,
			.n_sockets = n_sockets,
			.channel = channel,
		},
	};
	const struct keeper_setup keeper = {
		.index = index,
		.map = &s->maps[index],
		.worker = call_worker,
		.argument = &worker,
	};

	if (!sockets) {
		base_err("out of memory");
		return 1;
	}
	keep(&k, channel);
	for (uint32_t i = 0; i < s->maps[index].n_readers; i++)
		keep(&k, s->maps[index].kick_fd[i]);
	recorder_commit_free(s->commit);
	supervisor_state_close(s);
	close_others(&k);
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (i != index)
			ring_map_forget(&s->maps[i]);
	}
	return keeper_main(&keeper, parent);
}

/* A crash is worth more care than an end that somebody wanted. */
static bool crashed(const struct supervisor_child *c)
{
	const int status = c->last_end;

	return WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL &&
	       WTERMSIG(status) != SIGTERM;
}

static int be_recorder(struct supervisor *s, int channel, pid_t parent)
{
	int kicks[WS_ARRAY_LEN(s->publishers)];
	const struct recorder_setup setup = {
		.conf = s->conf,
		.maps = s->maps,
		.n_workers = s->n_workers,
		.commit = s->commit,
		.crashed = crashed(&s->recorder),
		.kicks = kicks,
		.n_kicks = WS_ARRAY_LEN(kicks),
		.channel = channel,
	};
	struct keep k = { .n = 0 };

	keep(&k, channel);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct ring_map *m = &s->maps[i];

		ring_map_forget(m); /* it reads, through a mapping of its own */
		keep(&k, m->table_fd);
		keep(&k, m->data_fd);
		keep(&k, m->cursor_fd[RING_READER_RECORDER]);
		keep(&k, m->kick_fd[RING_READER_RECORDER]);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(kicks); i++) {
		kicks[i] = s->publishers[i].kick;
		keep(&k, kicks[i]);
	}
	ring_shared_free(s->shared);
	supervisor_state_close(s);
	close_others(&k);
	return s->roles->recorder(&setup, parent);
}

/* It gets its own secret and no other sink's. */
static int be_publisher(struct supervisor *s, unsigned index, int channel,
			pid_t parent)
{
	const struct supervisor_publisher *p = &s->publishers[index];
	const struct conf_secret none = { .n_args = 0 };
	const struct conf_secret secret =
		s->secrets ? s->secrets->sinks[p->sink] : none;
	const struct publisher_setup setup = {
		.sink = &s->conf->sinks[p->sink],
		.secret = &secret,
		.store = s->conf->store,
		.flash = s->conf->store_flash == CONF_YES,
		.kick = p->kick,
		.channel = channel,
	};
	struct keep k = { .n = 0 };

	conf_load_forget(s->secrets);
	keep(&k, channel);
	keep(&k, p->kick);
	supervisor_memory_free(s);
	supervisor_state_close(s);
	close_others(&k);
	return s->roles->publisher(&setup, parent);
}

/* In the child. Return: exit status. */
static int be(const struct supervisor_child *c, int channel, pid_t parent)
{
	struct supervisor *s = c->supervisor;

	switch (c->kind) {
	case SUPERVISOR_RECORDER:
		return be_recorder(s, channel, parent);
	case SUPERVISOR_WORKER:
		return be_worker(s, c->index, channel, parent);
	case SUPERVISOR_PUBLISHER:
		return be_publisher(s, c->index, channel, parent);
	}
	return 1;
}

/* fork(); the secrets are a publisher's to have, and nobody else's. Return: as
 * fork(), or -errno. */
static pid_t fork_child(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;
	const struct conf_secrets *lent =
		c->kind == SUPERVISOR_PUBLISHER ? s->secrets : NULL;
	const int r = conf_load_lend(lent, true);
	pid_t pid;

	if (r)
		return r;
	pid = fork();
	if (pid < 0)
		pid = -errno;
	if (pid && conf_load_lend(lent, false)) {
		/* better none at all than in every child to come */
		base_err("the sinks' secrets cannot be kept from others");
		conf_load_forget(s->secrets);
		s->secrets = NULL;
	}
	return pid;
}

int supervisor_child_start(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;
	const pid_t self = getpid();
	int ends[2], r;
	char name[SUPERVISOR_NAME_LEN];
	pid_t pid;

	supervisor_child_name(c, name);
	r = role_channel_open(ends);
	if (r)
		goto log;
	pid = fork_child(c);
	if (pid < 0) {
		r = pid;
		goto close_ends;
	}
	if (pid == 0)
		_exit(be(c, ends[1], self));
	base_fd_close(&ends[1]);
	c->pid = pid;
	c->started_ms = base_time_mono_ms();
	supervisor_state_started(c);
	c->channel.fd = ends[0];
	r = loop_watch_add(&s->loop, &c->channel, EPOLLIN);
	if (!r)
		return 0;
	(void)kill(pid, SIGKILL); /* our child: it is there */

close_ends:
	base_fd_close(&ends[0]);
	base_fd_close(&ends[1]);
	c->channel.fd = -1;
log:
	base_err("cannot start %s: %s", name, strerrordesc_np(-r));
	return r;
}

void supervisor_child_gone(struct supervisor_child *c, int status)
{
	if (c->channel.fd >= 0) {
		loop_watch_remove(&c->supervisor->loop, &c->channel);
		base_fd_close(&c->channel.fd);
	}
	loop_timer_clear(&c->supervisor->loop, &c->limit);
	c->pid = 0;
	c->ready = false;
	c->drained = false;
	c->ending = false;
	c->last_end = status;
	supervisor_state_ended(c, status);
}

void supervisor_child_tell(const struct supervisor_child *c,
			   enum role_message_type type)
{
	if (c->pid && role_channel_say(c->channel.fd, type)) {
		/* full, or ending: see the header */
	}
}

void supervisor_child_stop(struct supervisor_child *c)
{
	loop_timer_clear(&c->supervisor->loop, &c->restart);
	if (!c->pid || role_channel_say(c->channel.fd, ROLE_STOP) == 0)
		return;
	if (!c->ending) /* it does not listen */
		supervisor_child_end(c);
}

void supervisor_child_end(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;
	const bool gently = c->kind == SUPERVISOR_WORKER && !c->ending;

	c->ending = true;
	(void)kill(c->pid, gently ? SIGTERM : SIGKILL); /* it is our child */
	if (gently)
		loop_timer_set(&s->loop, &c->limit,
			       loop_now_ms(&s->loop) + s->times->stop_ms);
}
