/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_accept.c - taking connections, and leaving them at a limit */
#include <errno.h>
#include <string.h>

#include "base_log.h"
#include "intake_connect.h"
#include "worker_internal.h"

static void set_listeners(struct worker *w, uint32_t events)
{
	for (unsigned i = 0; i < w->n_listeners; i++) {
		const int r = loop_watch_set(&w->loop, &w->listeners[i].watch,
					     events);

		if (r)
			base_err("cannot watch a listener: %s",
				 strerrordesc_np(-r));
	}
}

/* At a limit: the others wait in the backlog until a flow ends. */
static void pause_accepting(struct worker *w, const char *why)
{
	const uint64_t now = loop_now_ms(&w->loop);

	w->paused = true;
	set_listeners(w, 0);
	stat_add(&w->control->stat, STAT_ACCEPT_PAUSES, 1);
	if (w->told_ms && now - w->told_ms < WORKER_TELL_MS)
		return;
	w->told_ms = now;
	base_warn("%s: connections wait until a flow ends flows=%u", why,
		  w->n_flows);
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
	(void)now_ms;
	worker_accept_resume(WS_CONTAINER(t, struct worker, resume_timer));
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
		/* not only our own flows hold what is missing */
		loop_timer_set(&w->loop, &w->resume_timer,
			       loop_now_ms(&w->loop) + WORKER_RESUME_MS);
		return false;
	}
	return false;
}

/* The rule of a connection; in fixed-remote mode there is just one. */
static uint16_t find_rule(const struct worker *w, const struct intake_conn *c)
{
	if (conf_tables_fixed(w->conf))
		return 0;
	return conf_tables_match(w->conf, &c->client, &c->server, c->ifname);
}

static void take(struct worker *w, const struct intake_conn *c)
{
	const uint16_t rule = find_rule(w, c);
	uint32_t slot;

	if (rule == CONF_RULE_NONE) {
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
	worker_flow_begin(w, slot, c, rule);
}

static void listener_ready(struct loop_watch *watch, uint32_t events)
{
	struct worker_listener *l =
		WS_CONTAINER(watch, struct worker_listener, watch);
	struct worker *w = l->worker;

	(void)events;
	worker_clock(w);
	for (int i = 0; i < WORKER_ACCEPT_BATCH && !w->paused; i++) {
		struct intake_conn conn;
		int r;

		if (w->n_flows == w->n_slots) {
			pause_accepting(w, "all flow slots are in use");
			return;
		}
		r = intake_accept(watch->fd, l->listener, &conn);
		if (r == 0)
			return;
		if (r > 0)
			take(w, &conn);
		else if (!refused(w, r))
			return;
	}
}

int worker_accept_start(struct worker *w)
{
	for (unsigned i = 0; i < w->setup->n_sockets; i++) {
		const struct worker_socket *s = &w->setup->sockets[i];
		struct worker_listener *l = &w->listeners[w->n_listeners];
		int r;

		if (s->worker != w->setup->index)
			continue;
		l->worker = w;
		l->listener = &s->listener;
		l->watch.fd = s->fd;
		l->watch.ready = listener_ready;
		r = loop_watch_add(&w->loop, &l->watch, EPOLLIN);
		if (r)
			return r;
		w->n_listeners++;
	}
	return 0;
}

void worker_accept_stop(struct worker *w)
{
	for (unsigned i = 0; i < w->n_listeners; i++)
		loop_watch_remove(&w->loop, &w->listeners[i].watch);
	w->n_listeners = 0;
}
