/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c - the process that holds the flows */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "role.h"
#include "role_channel.h"
#include "worker_internal.h"

static const char *const syscalls[] = {
	"accept4",     "bind",       "connect",  "epoll_create1", "epoll_ctl",
	"epoll_pwait", "epoll_wait", "fcntl",    "getpeername",   "getsockname",
	"getsockopt",  "ioctl",      "recvfrom", "recvmsg",       "sendmsg",
	"sendto",      "setsockopt", "shutdown", "socket",        NULL,
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

/* As long as it is not said: a supervisor that stands still hears it later. */
static void tell_drained(struct worker *w)
{
	if (w->draining && !w->drained && !w->n_flows)
		w->drained =
			role_channel_say(w->setup->channel, ROLE_DRAINED) == 0;
}

static void batch_done(void *owner)
{
	struct worker *w = owner;
	bool freed = worker_flow_reap(w);

	if (freed)
		w->hold_look_ms = 0;
	if (w->n_held && (freed || w->hold_due)) {
		worker_clock(w);
		worker_hold_look(w);
		freed |= worker_flow_reap(w);
	}
	if (freed)
		worker_accept_resume(w);
	tell_drained(w);
	if (base_die_due(BASE_DIE_GARBAGE))
		put_garbage(w);
	ring_tap_kick(&w->tap);
}

static const struct loop_ops ops = {
	.flow_ready = flow_ready,
	.batch_done = batch_done,
};

/* The slot may have another life by now, or be none at all. */
static void close_flow(struct worker *w, const struct role_message *m)
{
	if (m->slot < w->n_slots && w->slots[m->slot].serial == m->serial)
		worker_flow_stop(w, m->slot, RING_CLOSE_OPERATOR);
}

static void take_in(struct worker *w, uint32_t number, int fd)
{
	const struct role_message answer = {
		.type = ROLE_PREPARED,
		.number = number,
		.worker = w->setup->index,
		.error = worker_conf_prepare(w, number, fd),
	};

	/* who does not hear it refuses the reload */
	if (role_channel_send(w->setup->channel, &answer, -1))
		base_warn("the supervisor does not listen");
}

static void obey(struct worker *w, const struct role_message *m, int *with)
{
	switch ((enum role_message_type)m->type) {
	case ROLE_STOP:
		loop_stop(&w->loop);
		return;
	case ROLE_DRAIN:
		worker_accept_drain(w);
		return;
	case ROLE_LEND:
		worker_accept_lend(w);
		return;
	case ROLE_PREPARE:
		take_in(w, m->number, base_fd_take(with));
		return;
	case ROLE_ACTIVATE:
		worker_conf_activate(w, m->number);
		return;
	case ROLE_DISCARD:
		worker_conf_discard(w, m->number);
		return;
	case ROLE_CLOSE:
		close_flow(w, m);
		return;
	case ROLE_READY:
	case ROLE_DRAINED:
	case ROLE_PREPARED:
	case ROLE_NONSENSE:
	case ROLE_STORE:
	case ROLE_MESSAGE_MAX:
		return; /* a worker is not told such */
	}
}

static void supervisor_spoke(struct loop_watch *watch, uint32_t events)
{
	struct worker *w = WS_CONTAINER(watch, struct worker, channel);
	WS_CLEAN(base_fd_close) int with = -1;
	struct role_message m;
	const int n = role_channel_receive(watch->fd, &m, &with);

	(void)events;
	worker_clock(w);
	if (n < 0)
		loop_stop(&w->loop);
	else if (n == 1)
		obey(w, &m, &with);
}

int worker_init(struct worker *w, const struct worker_setup *setup)
{
	const struct ring_map *m = setup->map;
	int r;

	w->loop.epoll_fd = -1;
	w->setup = setup;
	w->conf = setup->conf;
	w->control = m->control;
	w->slots = m->slots;
	w->n_slots = m->n_slots;
	w->links = calloc(w->n_slots, sizeof(*w->links));
	w->waiting = calloc(w->n_slots, sizeof(*w->waiting));
	if (!w->links || !w->waiting || worker_udp_init(w))
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
	w->full_timer.fire = worker_accept_full;
	w->hold_timer.fire = worker_hold_retry;
	w->sweep_timer.fire = worker_sweep_fire;
	w->half_open_ms = base_die_half_open_ms(WORKER_HALF_OPEN_MS);
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
		worker_flow_stop(w, slot, RING_CLOSE_STOPPED);
	(void)worker_flow_reap(w);
	ring_tap_kick(&w->tap);
}

static int serve(struct worker *w)
{
	const int r = role_channel_say(w->setup->channel, ROLE_READY);

	return r ? r : loop_run(&w->loop);
}

void worker_done(struct worker *w)
{
	worker_conf_done(w);
	loop_done(&w->loop);
	free(w->links);
	free(w->waiting);
	worker_udp_done(w);
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
	r = worker_init(w, setup);
	if (!r) {
		r = serve(w);
		stop(w);
	}
	if (r)
		base_err("cannot go on: %s", strerrordesc_np(-r));
	worker_done(w);
	free(w);
	return r ? 1 : 0;
}
