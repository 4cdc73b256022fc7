/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_role.c - what roles say, and that they end */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "control.h"
#include "supervisor_internal.h"
#include "supervisor_notify.h"

unsigned supervisor_role_workers(const struct supervisor *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_workers; i++)
		n += s->workers[i].ready;
	return n;
}

/* Who needs help has changed. A worker whose channel is full still finds an
 * earlier word of it there, and looks then. */
static void lend(struct supervisor *s, const struct supervisor_child *about)
{
	atomic_fetch_add(&s->state->help, 1);
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (&s->workers[i] != about)
			supervisor_child_tell(&s->workers[i], ROLE_LEND);
	}
}

/* A worker may say it as often as it likes: the others look at the words again
 * once in a while, and after the last time. */
static void lend_asked(struct supervisor *s, const struct supervisor_child *by)
{
	s->lend_due = s->lend.armed;
	if (s->lend_due)
		return;
	lend(s, by);
	if (s->times->lend_ms)
		loop_timer_set(&s->loop, &s->lend,
			       loop_now_ms(&s->loop) + s->times->lend_ms);
}

void supervisor_role_lend(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, lend);

	(void)now_ms;
	if (s->lend_due)
		lend_asked(s, NULL);
}

void supervisor_role_absent(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, absent);
	const bool absent = !supervisor_role_workers(s);
	const bool lost = absent && !s->alone;

	s->alone = absent;
	if (supervisor_rules_set(s, supervisor_rules_wanted(s)))
		loop_timer_set(&s->loop, t, now_ms + s->times->absent_ms);
	/* when it is so */
	if (lost)
		base_err("no worker is there: connections are not taken until "
			 "one is back");
}

/* The rules follow, but not a worker that is back at once. */
static void workers_changed(struct supervisor *s)
{
	const unsigned n = supervisor_role_workers(s);

	if (s->phase != SUPERVISOR_RUNNING)
		return;
	supervisor_notify_status("%u of %u workers", n, s->n_workers);
	if (!s->nft)
		return;
	if (n && s->alone)
		supervisor_role_absent(&s->absent, loop_now_ms(&s->loop));
	else if (n && s->rules == supervisor_rules_wanted(s))
		loop_timer_clear(&s->loop, &s->absent);
	else if (!n && !s->alone && !s->absent.armed)
		loop_timer_set(&s->loop, &s->absent,
			       base_time_mono_ms() + s->times->absent_ms);
}

static bool all_ready(const struct supervisor *s)
{
	return s->recorder.ready && supervisor_role_workers(s) == s->n_workers;
}

static void run(struct supervisor *s)
{
	loop_timer_clear(&s->loop, &s->limit);
	if (supervisor_rules_set(s, supervisor_rules_wanted(s))) {
		supervisor_stop(s, 1);
		return;
	}
	base_die_at(BASE_DIE_SUPERVISOR_INSTALLED);
	supervisor_phase(s, SUPERVISOR_RUNNING);
	s->was_ready = true;
	base_notice("ready: %u workers, %s", s->n_workers,
		    s->nft ? "rules installed" : "fixed-remote mode");
	workers_changed(s);
	supervisor_notify_ready();
	supervisor_publish_begin(s);
}

static void ready(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;

	c->ready = true;
	if (!c->ending)
		loop_timer_clear(&s->loop, &c->limit);
	supervisor_state_ready(c);
	if (s->phase == SUPERVISOR_STARTING) { /* no publisher yet */
		if (all_ready(s))
			run(s);
		return;
	}
	if (c->kind == SUPERVISOR_WORKER) {
		ring_shared_set_dead(s->shared, c->index, false);
		lend(s, c);
	}
	if (c->restarts && (s->phase == SUPERVISOR_RUNNING ||
			    s->phase == SUPERVISOR_DRAINING)) {
		char name[SUPERVISOR_NAME_LEN];

		supervisor_child_name(c, name);
		base_notice("%s is back restarts=%u", name, c->restarts);
	}
	if (c->kind == SUPERVISOR_WORKER && s->phase == SUPERVISOR_DRAINING)
		supervisor_child_tell(c, ROLE_DRAIN);
	workers_changed(s);
}

/* The recorder cannot make sense of what a worker has written: whatever else
 * it writes, to a tracker for instance, may be as wrong. But the recorder's
 * word alone must not end flows all the time. */
static void nonsense(struct supervisor *s, uint32_t worker)
{
	const uint64_t now = loop_now_ms(&s->loop);
	struct supervisor_child *c;

	if (worker >= s->n_workers ||
	    (s->phase != SUPERVISOR_RUNNING && s->phase != SUPERVISOR_DRAINING))
		return;
	c = &s->workers[worker];
	if (!c->pid || c->ending)
		return;
	atomic_fetch_add(&s->state->nonsense, 1);
	if (now < c->nonsense_ms) {
		if (!c->nonsense_told)
			base_err(
				"worker/%u writes nonsense again: it was "
				"replaced for that a short time ago, and stays",
				(unsigned)worker);
		c->nonsense_told = true;
		return;
	}
	base_err("worker/%u writes nonsense into its ring: it is replaced",
		 (unsigned)worker);
	c->nonsense_ms = now + s->times->nonsense_ms;
	c->nonsense_told = false;
	supervisor_child_end(c);
}

void supervisor_role_overdue(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor_child *c =
		WS_CONTAINER(t, struct supervisor_child, limit);
	const struct supervisor_times *times = c->supervisor->times;
	char name[SUPERVISOR_NAME_LEN];

	(void)now_ms;
	if (supervisor_publish_overdue(c))
		return;
	supervisor_child_name(c, name);
	if (c->ending)
		base_err("%s did not end in %u ms: it is killed", name,
			 (unsigned)times->stop_ms);
	else if (c->channel.fd < 0)
		base_err("%s has closed its channel: it is replaced", name);
	else
		base_err("%s was not ready in %u ms: it is replaced", name,
			 (unsigned)times->start_ms);
	supervisor_child_end(c);
}

static void said(struct supervisor_child *c, const struct role_message *m)
{
	struct supervisor *s = c->supervisor;
	const bool worker = c->kind == SUPERVISOR_WORKER;
	const bool recorder = c->kind == SUPERVISOR_RECORDER;

	switch ((enum role_message_type)m->type) {
	case ROLE_READY:
		if (!c->ready)
			ready(c);
		break;
	case ROLE_LEND:
		if (worker)
			lend_asked(s, c);
		break;
	case ROLE_DRAINED:
		c->drained = worker;
		supervisor_stop_drained(s);
		break;
	case ROLE_NONSENSE:
		if (recorder)
			nonsense(s, m->worker);
		break;
	case ROLE_STORE:
		if (recorder)
			supervisor_state_store(s, m->error);
		break;
	case ROLE_PREPARED:
		if (worker || recorder)
			supervisor_reload_prepared(c, m);
		break;
	/* these are the supervisor's own words */
	case ROLE_STOP:
	case ROLE_DRAIN:
	case ROLE_PREPARE:
	case ROLE_ACTIVATE:
	case ROLE_DISCARD:
	case ROLE_CLOSE:
	case ROLE_MESSAGE_MAX:
		break;
	}
}

/* Nothing can be said to it any more, nor heard. Most often it is ending, and
 * SIGCHLD says how; else it has as long as for a stop. */
static void unheard(struct supervisor_child *c, int error)
{
	struct supervisor *s = c->supervisor;
	char name[SUPERVISOR_NAME_LEN];

	loop_watch_remove(&s->loop, &c->channel);
	base_fd_close(&c->channel.fd);
	if (c->ending)
		return;
	if (error != -EBADMSG) {
		loop_timer_set(&s->loop, &c->limit,
			       loop_now_ms(&s->loop) + s->times->stop_ms);
		return;
	}
	supervisor_child_name(c, name);
	base_err("%s says what is no word: it is ended", name);
	supervisor_child_end(c);
}

void supervisor_role_spoke(struct loop_watch *watch, uint32_t events)
{
	struct supervisor_child *c =
		WS_CONTAINER(watch, struct supervisor_child, channel);
	struct role_message message;
	const int r = role_channel_receive(watch->fd, &message, NULL);

	(void)events;
	if (r > 0)
		said(c, &message);
	else if (r < 0)
		unheard(c, r);
}

void supervisor_role_restart(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor_child *c =
		WS_CONTAINER(t, struct supervisor_child, restart);

	const struct supervisor_times *times = c->supervisor->times;
	struct loop *loop = &c->supervisor->loop;

	if (base_die_restart_held()) {
		loop_timer_set(loop, t, now_ms + times->delay_min_ms);
		return;
	}
	c->restarts++;
	if (supervisor_child_start(c))
		loop_timer_set(loop, t, now_ms + times->delay_max_ms);
	else if (c->kind != SUPERVISOR_PUBLISHER) /* nobody waits for those */
		loop_timer_set(loop, &c->limit, now_ms + times->start_ms);
}

void supervisor_role_back_off(struct supervisor_child *c)
{
	const struct supervisor_times *times = c->supervisor->times;
	const uint32_t most = c->kind == SUPERVISOR_PUBLISHER
				      ? times->delay_publisher_ms
				      : times->delay_max_ms;
	const uint64_t now = base_time_mono_ms();
	uint32_t delay = 0;

	if (now - c->started_ms >= times->lived_ms) {
		c->delay_ms = times->delay_min_ms;
	} else {
		delay = c->delay_ms;
		c->delay_ms = delay < most / 2 ? 2 * delay : most;
	}
	loop_timer_set(&c->supervisor->loop, &c->restart,
		       now + base_die_restart_ms(delay));
}

void supervisor_role_describe(int status, char buf[static SUPERVISOR_HOW_LEN])
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, SUPERVISOR_HOW_LEN, "died of signal %d",
			       WTERMSIG(status));
	else
		(void)snprintf(buf, SUPERVISOR_HOW_LEN, "ended with status %d",
			       WEXITSTATUS(status));
}

static void ended(struct supervisor_child *c, int status)
{
	struct supervisor *s = c->supervisor;
	const bool worker = c->kind == SUPERVISOR_WORKER;
	char name[SUPERVISOR_NAME_LEN], how[SUPERVISOR_HOW_LEN];

	supervisor_child_name(c, name);
	supervisor_role_describe(status, how);
	supervisor_child_gone(c, status);
	supervisor_reload_gone(c);
	switch (s->phase) {
	case SUPERVISOR_STARTING:
		/* one that ended by itself has said why */
		if (!WIFEXITED(status))
			base_err("%s %s: cannot start", name, how);
		supervisor_stop(s, 1);
		return;
	case SUPERVISOR_RUNNING:
	case SUPERVISOR_DRAINING:
		if (worker) {
			ring_shared_set_dead(s->shared, c->index, true);
			lend(s, c);
		}
		base_err("%s %s: restarting", name, how);
		supervisor_role_back_off(c);
		workers_changed(s);
		return;
	case SUPERVISOR_STOPPING_WORKERS:
	case SUPERVISOR_STOPPING_RECORDER:
		if (status)
			base_err("%s %s while stopping", name, how);
		supervisor_stop_ended(s, c, status);
		return;
	case SUPERVISOR_STOPPING_PUBLISHERS:
	case SUPERVISOR_SETTLING:
	case SUPERVISOR_STOPPED:
		return;
	}
}

static struct supervisor_child *child_of(struct supervisor *s, pid_t pid)
{
	if (s->recorder.pid == pid)
		return &s->recorder;
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].pid == pid)
			return &s->workers[i];
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(s->publishers); i++) {
		if (s->publishers[i].child.pid == pid)
			return &s->publishers[i].child;
	}
	return NULL;
}

void supervisor_role_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct supervisor_child *c;

		if (supervisor_reload_reaped(s, pid, status) ||
		    supervisor_firewall_reaped(s, pid, status))
			continue;
		c = child_of(s, pid);
		if (c && c->kind == SUPERVISOR_PUBLISHER)
			supervisor_publish_ended(c, status);
		else if (c)
			ended(c, status);
	}
}
