/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_stop.c - ways to the end: draining, stopping */
#include <signal.h>

#include "base_die.h"
#include "base_log.h"
#include "supervisor_internal.h"
#include "supervisor_notify.h"
#include "supervisor_timewait.h"

#define MS_PER_S       1000.0
#define SETTLE_LOOK_MS 20

static void set_limit(struct supervisor *s, uint32_t ms)
{
	loop_timer_set(&s->loop, &s->limit, loop_now_ms(&s->loop) + ms);
}

static bool workers_gone(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].pid)
			return false;
	}
	return true;
}

static bool workers_drained(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct supervisor_child *c = &s->workers[i];

		/* one that is to come closes books first */
		if (c->pid ? !c->drained : c->restart.armed)
			return false;
	}
	return true;
}

/*
 * The rules still deliver what comes for closed connections. Without them it
 * would be lost, or go to the server, who knows nothing of it: so they stay
 * until all have come to their end, for a short time at most. With `hold` they
 * stay anyway.
 */
static void settle(struct supervisor *s)
{
	const uint64_t now = loop_now_ms(&s->loop);

	if (s->rules != NFT_STATE_STOPPED && now < s->settled_ms &&
	    s->conf->on_failure != CONF_FAILURE_HOLD &&
	    supervisor_timewait_ending(s->conf) > 0) {
		loop_timer_set(&s->loop, &s->limit, now + SETTLE_LOOK_MS);
		return;
	}
	supervisor_phase(s, SUPERVISOR_STOPPED);
	loop_stop(&s->loop);
}

static void finished(struct supervisor *s)
{
	base_die_at(BASE_DIE_SUPERVISOR_PUBLISHERS);
	supervisor_phase(s, SUPERVISOR_SETTLING);
	s->settled_ms = loop_now_ms(&s->loop) + s->times->settle_ms;
	settle(s);
}

/* They put what the store has by now, each in its own time; the limit here is
 * for one that does not even die. */
static void stop_publishers(struct supervisor *s)
{
	base_die_at(BASE_DIE_SUPERVISOR_RECORDER);
	supervisor_phase(s, SUPERVISOR_STOPPING_PUBLISHERS);
	set_limit(s, s->times->publish_ms + s->times->stop_ms);
	supervisor_publish_stop(s);
	supervisor_stop_published(s);
}

void supervisor_stop_published(struct supervisor *s)
{
	if (s->phase == SUPERVISOR_STOPPING_PUBLISHERS &&
	    !supervisor_publish_any(s))
		finished(s);
}

/* One that has just died is started once more: the rings are still full. */
static void stop_recorder(struct supervisor *s)
{
	base_die_at(BASE_DIE_SUPERVISOR_WORKERS);
	supervisor_phase(s, SUPERVISOR_STOPPING_RECORDER);
	set_limit(s, s->times->stop_ms);
	if (!s->recorder.pid &&
	    (!s->was_ready || supervisor_child_start(&s->recorder)))
		stop_publishers(s);
	else
		supervisor_child_stop(&s->recorder);
}

/* A worker that did not end by its own will has left flows in its table. One
 * more, without listeners, closes the books on them and ends: what was opened
 * is closed then, and the recorder has heard of it. Once: one that dies of that
 * too gets no other. */
static void close_books(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;

	if (!s->was_ready || c->last)
		return;
	c->last = true;
	c->restarts++;
	if (supervisor_child_start(c))
		s->status = 1;
	supervisor_child_stop(c);
}

void supervisor_stop(struct supervisor *s, int status)
{
	if (s->phase >= SUPERVISOR_STOPPING_WORKERS)
		return;
	supervisor_reload_stop(s);
	if (s->was_ready)
		base_notice("stopping");
	if (s->phase != SUPERVISOR_DRAINING)
		supervisor_notify_stopping();
	supervisor_notify_status("stopping");
	supervisor_phase(s, SUPERVISOR_STOPPING_WORKERS);
	s->status = status;
	/* new connections go direct from here on: nobody listens any more */
	supervisor_listen_close(s);
	base_die_at(BASE_DIE_SUPERVISOR_CLOSED);
	loop_timer_clear(&s->loop, &s->absent);
	loop_timer_clear(&s->loop, &s->recorder.restart);
	for (unsigned i = 0; i < s->n_workers; i++) {
		supervisor_child_stop(&s->workers[i]);
		if (!s->workers[i].pid)
			close_books(&s->workers[i]);
	}
	set_limit(s, s->times->stop_ms);
	if (workers_gone(s))
		stop_recorder(s);
}

/* Those that wait for their restart only have books to close now. */
static void hurry_restarts(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].restart.armed)
			loop_timer_set(&s->loop, &s->workers[i].restart, 0);
	}
}

/*
 * The order matters: when the rules are out nothing new is handed over, so a
 * backlog that was emptied stays empty, and no listener is closed over a
 * connection that waits in it. The workers' copies are the last ones. It is the
 * same without any time for draining: the backlog is still emptied.
 */
static void drain(struct supervisor *s)
{
	const uint32_t limit = s->conf->drain_ms;
	const uint32_t flows = ring_shared_flows(s->shared);

	supervisor_reload_stop(s);
	supervisor_phase(s, SUPERVISOR_DRAINING);
	if (limit)
		base_notice("draining: running flows may end within %.1f s, a "
			    "second signal ends them flows=%u",
			    limit / MS_PER_S, (unsigned)flows);
	supervisor_notify_stopping();
	supervisor_notify_status("draining, %u flows at its begin",
				 (unsigned)flows);
	loop_timer_clear(&s->loop, &s->absent);
	if (supervisor_rules_set(s, NFT_STATE_DRAINING))
		base_warn("connections that come now may be lost");
	base_die_at(BASE_DIE_SUPERVISOR_DRAINING);
	for (unsigned i = 0; i < s->n_workers; i++)
		supervisor_child_tell(&s->workers[i], ROLE_DRAIN);
	supervisor_listen_close(s);
	if (!limit) {
		supervisor_stop(s, 0);
		return;
	}
	hurry_restarts(s);
	set_limit(s, limit);
	supervisor_stop_drained(s);
}

void supervisor_stop_asked(struct supervisor *s)
{
	if (s->phase == SUPERVISOR_RUNNING)
		drain(s);
	else if (s->phase == SUPERVISOR_SETTLING)
		s->settled_ms = 0; /* seen at the next look */
	else if (s->phase == SUPERVISOR_STOPPING_PUBLISHERS)
		supervisor_publish_kill(s);
	else
		supervisor_stop(s, 0);
}

void supervisor_stop_drained(struct supervisor *s)
{
	if (s->phase == SUPERVISOR_DRAINING && workers_drained(s))
		supervisor_stop(s, 0);
}

void supervisor_stop_ended(struct supervisor *s, struct supervisor_child *c,
			   int status)
{
	if (status) {
		s->status = 1;
		if (c->kind == SUPERVISOR_WORKER)
			close_books(c);
	}
	if (c == &s->recorder && s->phase == SUPERVISOR_STOPPING_RECORDER)
		stop_publishers(s);
	else if (s->phase == SUPERVISOR_STOPPING_WORKERS && workers_gone(s))
		stop_recorder(s);
}

static void end_workers(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].pid)
			supervisor_child_end(&s->workers[i]);
	}
}

void supervisor_stop_kill(struct supervisor *s)
{
	end_workers(s);
	if (s->recorder.pid)
		supervisor_child_end(&s->recorder);
	supervisor_publish_kill(s);
}

void supervisor_stop_limit(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, limit);

	if (s->phase == SUPERVISOR_STARTING) {
		base_err("not all processes were ready after %u ms",
			 (unsigned)s->times->start_ms);
		supervisor_stop(s, 1);
		return;
	}
	if (s->phase == SUPERVISOR_DRAINING) {
		base_notice("draining took too long: the rest is ended "
			    "flows=%u",
			    (unsigned)ring_shared_flows(s->shared));
		supervisor_stop(s, 0);
		return;
	}
	if (s->phase == SUPERVISOR_SETTLING) {
		settle(s);
		return;
	}
	if (s->phase == SUPERVISOR_STOPPING_PUBLISHERS) {
		base_warn("publishers that cannot be killed are left behind");
		finished(s);
		return;
	}
	base_err("processes that did not stop in %u ms are killed",
		 (unsigned)s->times->stop_ms);
	s->status = 1;
	/* the recorder still has to empty the rings of the workers */
	if (s->phase == SUPERVISOR_STOPPING_WORKERS)
		end_workers(s);
	else if (s->recorder.pid)
		supervisor_child_end(&s->recorder);
	loop_timer_set(&s->loop, t, now_ms + s->times->stop_ms);
}
