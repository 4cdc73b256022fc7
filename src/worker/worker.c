/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c - the process that holds the flows */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "base_die.h"
#include "base_log.h"
#include "base_time.h"
#include "role.h"
#include "role_channel.h"
#include "worker_internal.h"

static const char *const syscalls[] = {
	"accept4",     "bind",        "connect",    "epoll_create1",
	"epoll_ctl",   "epoll_pwait", "epoll_wait", "getpeername",
	"getsockname", "getsockopt",  "ioctl",      "recvfrom",
	"recvmsg",     "sendmsg",     "sendto",     "setsockopt",
	"shutdown",    "socket",      NULL,
};

void worker_clock(struct worker *w)
{
	w->env.now_ms = loop_now_ms(&w->loop);
	w->env.wall_ns = base_time_wall_ns();
}

static void flow_ready(void *owner, uint64_t token, uint32_t events)
{
	worker_clock(owner);
	worker_flow_ready(owner, token, events);
}

/* For a test: what a worker that has lost its way might write. */
static void put_garbage(struct worker *w)
{
	const struct ring_entry e = { .type = RING_ENTRY_MAX };

	(void)ring_tap_put(&w->tap, &e, "", w->env.now_ms);
}

static void batch_done(void *owner)
{
	struct worker *w = owner;
	const bool freed = w->reap.first != WORKER_NONE;

	worker_flow_reap(w);
	if (freed)
		worker_accept_resume(w);
	if (base_die_due(BASE_DIE_GARBAGE))
		put_garbage(w);
	ring_tap_kick(&w->tap);
}

static const struct loop_ops ops = {
	.flow_ready = flow_ready,
	.batch_done = batch_done,
};

static void supervisor_spoke(struct loop_watch *watch, uint32_t events)
{
	struct worker *w = WS_CONTAINER(watch, struct worker, channel);
	struct role_message m;
	const int n = role_channel_receive(watch->fd, &m, NULL);

	(void)events;
	if (n < 0 || (n == 1 && m.type == ROLE_STOP))
		loop_stop(&w->loop);
}

static int prepare(struct worker *w, const struct worker_setup *setup)
{
	const struct ring_map *m = setup->map;
	int r;

	w->setup = setup;
	w->conf = setup->conf;
	w->control = m->control;
	w->slots = m->slots;
	w->n_slots = m->n_slots;
	w->links = calloc(w->n_slots, sizeof(*w->links));
	w->waiting = calloc(w->n_slots, sizeof(*w->waiting));
	if (!w->links || !w->waiting)
		return -ENOMEM;
	ring_tap_init(&w->tap, m);
	ring_pool_init(&w->pool, m);
	w->env = (struct relay_env){
		.io = &relay_io_socket,
		.control = w->control,
		.slots = w->slots,
		.tap = &w->tap,
		.pool = &w->pool,
		.now_ms = base_time_mono_ms(),
		.wall_ns = base_time_wall_ns(),
	};
	worker_slots_init(w);
	w->connect_timer.fire = worker_flow_expire;
	w->wait_timer.fire = worker_flow_retry;
	w->resume_timer.fire = worker_accept_retry;
	r = loop_init(&w->loop, &ops, w);
	if (r)
		return r;
	w->channel.fd = setup->channel;
	w->channel.ready = supervisor_spoke;
	r = loop_watch_add(&w->loop, &w->channel, EPOLLIN);
	if (r)
		return r;
	return worker_accept_start(w);
}

/* What is left is closed, with FIN where all bytes were passed on; the recorder
 * hears of every end. */
static void stop(struct worker *w)
{
	worker_clock(w);
	worker_accept_stop(w);
	for (uint32_t slot = 0; slot < w->control->n_used; slot++)
		worker_flow_stop(w, slot);
	worker_flow_reap(w);
	ring_tap_kick(&w->tap);
}

static int serve(struct worker *w)
{
	const int r = role_channel_say(w->setup->channel, ROLE_READY);

	return r ? r : loop_run(&w->loop);
}

static void finish(struct worker *w)
{
	loop_done(&w->loop);
	free(w->links);
	free(w->waiting);
	free(w);
}

int worker_main(const struct worker_setup *setup, pid_t parent)
{
	struct worker *w = calloc(1, sizeof(*w));
	const bool transparent = !conf_tables_fixed(setup->conf);
	char name[32];
	const struct role role = {
		.name = name,
		.caps = transparent ? ROLE_CAP(CAP_NET_RAW) : 0,
		.syscalls = syscalls,
	};
	int r;

	(void)snprintf(name, sizeof(name), "worker/%u", setup->index);
	if (!w || role_enter(&role, parent)) {
		free(w);
		return 1;
	}
	w->loop.epoll_fd = -1;
	r = prepare(w, setup);
	if (!r) {
		r = serve(w);
		stop(w);
	}
	if (r)
		base_err("cannot go on: %s", strerrordesc_np(-r));
	finish(w);
	return r ? 1 : 0;
}
