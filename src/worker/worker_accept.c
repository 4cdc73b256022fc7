/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_accept.c - taking connections, and leaving them at a limit
 *
 * Theory of operation
 *
 * A worker holds the listeners of all. Its own are always in the loop, another
 * worker's while the shared page says that that one wants help: it is dead, or
 * full. At a limit of our own all of them leave epoll, so the connections wait
 * in their backlogs and no CPU is burnt, and we ask for help ourselves:
 *
 *   serving --limit--> paused, full --a flow ended, or the limit is gone-->
 *   serving, full --no limit met for WORKER_FULL_MS--> serving
 *
 * A drain ends all of it: what the backlogs hold is taken, and this worker's
 * copies of the listeners are closed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base_die.h"
#include "base_log.h"
#include "intake_connect.h"
#include "role_channel.h"
#include "worker_internal.h"

static void complain(int r)
{
	if (r)
		base_err("cannot watch a listener: %s", strerrordesc_np(-r));
}

static bool is_udp(const struct worker_listener *l)
{
	return l->socket->listener.engine->transport == CONF_TRANSPORT_UDP;
}

static void set_listeners(struct worker *w, uint32_t events)
{
	for (unsigned i = 0; i < w->n_listeners; i++) {
		if (w->listeners[i].watched && !is_udp(&w->listeners[i]))
			complain(loop_watch_set(
				&w->loop, &w->listeners[i].watch, events));
	}
}

/* Says to the others whether they are to take from our listeners. When the
 * supervisor is too slow to hear it, the timer says it again. */
static void set_full(struct worker *w, bool full)
{
	if (ring_shared_set_full(w->setup->shared, w->setup->index, full))
		w->lend_unsaid = true;
	if (w->lend_unsaid)
		w->lend_unsaid =
			role_channel_say(w->setup->channel, ROLE_LEND) != 0;
}

void worker_accept_full(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, full_timer);

	set_full(w, w->paused);
	if (w->paused || w->lend_unsaid)
		loop_timer_set(&w->loop, t, now_ms + WORKER_FULL_MS);
}

/* At a limit: the others wait in the backlog until a flow ends. */
static void pause_accepting(struct worker *w, const char *why)
{
	const uint64_t now = loop_now_ms(&w->loop);

	w->paused = true;
	set_listeners(w, 0);
	stat_add(&w->control->stat, STAT_ACCEPT_PAUSES, 1);
	set_full(w, true);
	loop_timer_set(&w->loop, &w->full_timer, now + WORKER_FULL_MS);
	if (w->told_ms && now - w->told_ms < WORKER_TELL_MS)
		return;
	w->told_ms = now;
	base_warn("%s: connections wait until a flow ends flows=%u", why,
		  w->n_flows);
}

/* Not only our own flows hold what is missing: look again soon. */
static void retry_soon(struct worker *w)
{
	loop_timer_set(&w->loop, &w->resume_timer,
		       loop_now_ms(&w->loop) + WORKER_RESUME_MS);
}

void worker_accept_resume(struct worker *w)
{
	if (!w->paused)
		return;
	w->paused = false;
	loop_timer_clear(&w->loop, &w->resume_timer);
	set_listeners(w, EPOLLIN);
}

void worker_accept_retry(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, resume_timer);

	(void)now_ms;
	if (ring_shared_flows(w->setup->shared) >= w->conf->max_flows)
		retry_soon(w);
	else
		worker_accept_resume(w);
}

/* Return: false = no more for now. */
static bool refused(struct worker *w, int error)
{
	switch (intake_accept_failure(error)) {
	case INTAKE_FAILURE_CONNECTION:
		stat_add(&w->control->stat,
			 error == -ELOOP ? STAT_REFUSED_SELF
					 : STAT_ACCEPT_ERRORS,
			 1);
		return true;
	case INTAKE_FAILURE_EXHAUSTED:
	case INTAKE_FAILURE_LISTENER:
		pause_accepting(w, strerrordesc_np(-error));
		retry_soon(w);
		return false;
	}
	return false;
}

static void take(struct worker *w, const struct intake_conn *c)
{
	uint16_t rule;
	const struct conf_tables *conf = worker_conf_match(w, c, &rule);
	uint32_t slot;

	base_die_at(BASE_DIE_WORKER_ACCEPTED);
	if (!conf) {
		intake_reset(c->fd);
		stat_add(&w->control->stat, STAT_REFUSED_NO_RULE, 1);
		return;
	}
	slot = worker_slot_take(w);
	if (slot == WORKER_NONE) {
		/* not reached: the listener is paused before the last slot
		 * goes; but a connection is never left hanging */
		intake_reset(c->fd);
		stat_add(&w->control->stat, STAT_ACCEPT_ERRORS, 1);
		return;
	}
	worker_flow_begin(w, slot, c, conf, rule);
}

/* Room for one flow more, here and in all? */
static bool has_room(struct worker *w)
{
	if (w->n_flows == w->n_slots) {
		pause_accepting(w, "all flow slots are in use");
		return false;
	}
	if (ring_shared_try_flows(w->setup->shared, w->setup->index,
				  w->n_flows + 1, w->conf->max_flows))
		return true;
	pause_accepting(w, "max_flows is reached");
	retry_soon(w);
	return false;
}

static void accept_some(struct worker_listener *l, int most)
{
	struct worker *w = l->worker;
	const bool lent = l->socket->worker != w->setup->index;
	int r = 1;

	while (r && most-- > 0 && has_room(w)) {
		struct intake_conn conn;

		r = intake_accept(l->watch.fd, &l->socket->listener, &conn);
		if (r > 0) {
			stat_add(&w->control->stat, STAT_LENT, lent);
			take(w, &conn);
		} else if (r < 0 && !refused(w, r)) {
			break;
		}
	}
	/* without the one that had room, but did not come */
	ring_shared_set_flows(w->setup->shared, w->setup->index, w->n_flows);
}

static void listener_ready(struct loop_watch *watch, uint32_t events)
{
	struct worker_listener *l =
		WS_CONTAINER(watch, struct worker_listener, watch);

	(void)events;
	worker_clock(l->worker);
	if (is_udp(l))
		worker_udp_listen(l, WORKER_UDP_BATCH);
	else if (!l->worker->paused) /* by an earlier event of this batch */
		accept_some(l, WORKER_ACCEPT_BATCH);
}

static int watch(struct worker_listener *l)
{
	const bool paused = l->worker->paused && !is_udp(l);
	const int r = loop_watch_add(&l->worker->loop, &l->watch,
				     paused ? 0 : EPOLLIN);

	l->watched = !r;
	return r;
}

static void unwatch(struct worker_listener *l)
{
	if (l->watched)
		loop_watch_remove(&l->worker->loop, &l->watch);
	l->watched = false;
}

/* Two that read from one UDP listener could both begin the flow: the next
 * living one behind the dead one has it. */
static bool is_heir(const struct worker *w, unsigned owner, uint64_t dead)
{
	const unsigned n = w->setup->conf->workers;
	unsigned heir = (owner + 1) % n;

	while (heir != w->setup->index && dead >> heir & 1)
		heir = (heir + 1) % n;
	return dead >> owner & 1 && heir == w->setup->index;
}

void worker_accept_lend(struct worker *w)
{
	const uint64_t help = ring_shared_help(w->setup->shared);
	const uint64_t dead = ring_shared_dead(w->setup->shared);

	for (unsigned i = 0; i < w->n_listeners; i++) {
		struct worker_listener *l = &w->listeners[i];
		const unsigned owner = l->socket->worker;
		const bool lent = is_udp(l) ? is_heir(w, owner, dead)
					    : help >> owner & 1;

		if (owner == w->setup->index || lent == l->watched)
			continue;
		if (lent)
			complain(watch(l));
		else
			unwatch(l);
	}
}

int worker_accept_start(struct worker *w)
{
	const struct worker_setup *setup = w->setup;

	if (setup->n_sockets > WORKER_SOCKETS_MAX)
		return -E2BIG;
	for (unsigned i = 0; i < setup->n_sockets; i++) {
		struct worker_listener *l = &w->listeners[i];
		int r = 0;

		*l = (struct worker_listener){
			.watch = { .fd = setup->sockets[i].fd,
				   .ready = listener_ready },
			.worker = w,
			.socket = &setup->sockets[i],
		};
		w->n_listeners++;
		if (l->socket->worker == setup->index)
			r = watch(l);
		if (r)
			return r;
	}
	/* a predecessor may have been full when it died */
	set_full(w, false);
	worker_accept_lend(w);
	return 0;
}

void worker_accept_stop(struct worker *w)
{
	for (unsigned i = 0; i < w->n_listeners; i++)
		unwatch(&w->listeners[i]);
	w->n_listeners = 0;
	loop_timer_clear(&w->loop, &w->resume_timer);
	loop_timer_clear(&w->loop, &w->full_timer);
}

/* At a limit what is left in a backlog is reset by the kernel, and its client
 * comes again where nobody intercepts it. */
void worker_accept_drain(struct worker *w)
{
	if (w->draining)
		return;
	w->draining = true;
	worker_clock(w);
	for (unsigned i = 0; i < w->n_listeners; i++) {
		if (!w->listeners[i].watched)
			continue;
		if (is_udp(&w->listeners[i]))
			worker_udp_listen(&w->listeners[i], WORKER_DRAIN_MAX);
		else
			accept_some(&w->listeners[i], WORKER_DRAIN_MAX);
	}
	for (unsigned i = 0; i < w->n_listeners; i++) {
		struct worker_listener *l = &w->listeners[i];

		unwatch(l);
		(void)close(l->watch.fd);
		l->watch.fd = -1;
	}
	worker_accept_stop(w);
}
