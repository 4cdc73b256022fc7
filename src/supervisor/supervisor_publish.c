/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_publish.c - the sinks' publishers
 *
 * Theory of operation
 *
 * A sink has a place while it is configured, and keeps it across reloads that
 * change nothing of it: then its publisher goes on, with the tables it began
 * with. So a place's number is not the sink's in the tables.
 *
 *   free --begin()--> runs --ends by itself--> waits (back-off) --> runs
 *                      |  ^                      |
 *      changed or gone |  +--- it has ended -----+- changed: at once
 *                      v  |
 *                    leaving --- it has ended, and no sink is here --> free
 *
 * Two processes for one sink would take its cursor away from each other: one
 * begins only when no process with its name is left in any place.
 *
 * Publishers are not waited for, but at the end of a stop, and how they end is
 * nobody's failure: what they have not put stays in the store. So they begin
 * when all else runs, a reload only tells them, and their deaths touch neither
 * rules nor exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "base_fd.h"
#include "base_log.h"
#include "conf_load.h"
#include "supervisor_internal.h"

#define PUBLISHERS WS_ARRAY_LEN(((struct supervisor *)0)->publishers)

static struct supervisor_publisher *publisher_of(struct supervisor_child *c)
{
	return &c->supervisor->publishers[c->index];
}

void supervisor_publish_init(struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		struct supervisor_publisher *p = &s->publishers[i];

		supervisor_child_init(s, &p->child, SUPERVISOR_PUBLISHER, i);
		p->sink = p->kick = -1;
	}
}

int supervisor_publish_open(struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		if (fd < 0)
			return -errno;
		s->publishers[i].kick = fd;
	}
	return 0;
}

void supervisor_publish_close(struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++)
		base_fd_close(&s->publishers[i].kick);
}

/* Is a process there that may write this sink's cursor? */
static bool any_process(const struct supervisor *s, const char *name)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		const struct supervisor_publisher *p = &s->publishers[i];

		if (p->child.pid && !strcmp(p->name, name))
			return true;
	}
	return false;
}

static void begin(struct supervisor_publisher *p, const char *name)
{
	struct supervisor *s = p->child.supervisor;

	supervisor_child_init(s, &p->child, SUPERVISOR_PUBLISHER,
			      p->child.index);
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	if (supervisor_child_start(&p->child))
		loop_timer_set(&s->loop, &p->child.restart,
			       loop_now_ms(&s->loop) +
				       s->times->delay_publisher_ms);
}

/* A sink that is in no place yet gets one, where no process is if there is
 * such a one: there are as many as there can be sinks. */
static void place(struct supervisor *s, int sink)
{
	struct supervisor_publisher *found = NULL;

	for (unsigned i = 0; i < PUBLISHERS; i++) {
		struct supervisor_publisher *p = &s->publishers[i];

		if (p->sink == sink)
			return;
		if (p->sink < 0 &&
		    (!found || (found->child.pid && !p->child.pid)))
			found = p;
	}
	if (found)
		found->sink = sink;
}

void supervisor_publish_begin(struct supervisor *s)
{
	for (uint32_t i = 0; i < s->conf->n_sinks; i++)
		place(s, (int)i);
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		struct supervisor_publisher *p = &s->publishers[i];
		const char *name;

		if (p->sink < 0 || p->child.pid || p->child.restart.armed)
			continue;
		name = s->conf->sinks[p->sink].name;
		if (!any_process(s, name))
			begin(p, name);
	}
}

/* With ROLE_STOP comes SIGTERM: publisher.h says why. */
static void ask_to_end(struct supervisor_publisher *p)
{
	struct supervisor_child *c = &p->child;
	struct supervisor *s = c->supervisor;

	supervisor_child_stop(c);
	if (!c->pid)
		return;
	(void)kill(c->pid, SIGTERM); /* our child: it is there */
	p->leaving = true;
	loop_timer_set(&s->loop, &c->limit,
		       loop_now_ms(&s->loop) + s->times->publish_ms);
}

/* What a sink's publisher has of the tables and of the secrets. */
static bool same(const struct supervisor *s, uint32_t i,
		 const struct conf_tables *conf, uint32_t j,
		 const struct conf_secrets *secrets)
{
	const struct conf_tables *old = s->conf;

	if (memcmp(&old->sinks[i], &conf->sinks[j], sizeof(old->sinks[i])) !=
		    0 ||
	    strcmp(old->store, conf->store) != 0 ||
	    old->store_flash != conf->store_flash || !s->secrets != !secrets)
		return false;
	return !secrets || !memcmp(&s->secrets->sinks[i], &secrets->sinks[j],
				   sizeof(secrets->sinks[j]));
}

static int find_sink(const struct conf_tables *conf, const char *name)
{
	for (uint32_t i = 0; i < conf->n_sinks; i++) {
		if (!strcmp(conf->sinks[i].name, name))
			return (int)i;
	}
	return -1;
}

void supervisor_publish_change(struct supervisor *s,
			       const struct conf_tables *conf,
			       const struct conf_secrets *secrets)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		struct supervisor_publisher *p = &s->publishers[i];
		const int old = p->sink;

		if (old < 0)
			continue;
		p->sink = find_sink(conf, s->conf->sinks[old].name);
		if (p->sink >= 0 &&
		    same(s, (uint32_t)old, conf, (uint32_t)p->sink, secrets))
			continue;
		/* the process may be another sink's, which has left */
		if (!p->leaving)
			ask_to_end(p);
		if (p->sink < 0 && !p->child.pid)
			supervisor_state_unused(&p->child);
	}
}

/* One that was told to end may have been waiting for its peer. */
static bool ended_well(int status)
{
	return status == 0 ||
	       (WIFSIGNALED(status) &&
		(WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGKILL));
}

void supervisor_publish_ended(struct supervisor_child *c, int status)
{
	struct supervisor *s = c->supervisor;
	struct supervisor_publisher *p = publisher_of(c);
	const bool told = p->leaving;
	char name[SUPERVISOR_NAME_LEN], how[SUPERVISOR_HOW_LEN];

	supervisor_child_name(c, name);
	supervisor_role_describe(status, how);
	supervisor_child_gone(c, status);
	p->leaving = false;
	if (told && !ended_well(status))
		base_warn("%s %s while stopping", name, how);
	if (s->phase >= SUPERVISOR_STOPPING_PUBLISHERS) {
		supervisor_stop_published(s);
		return;
	}
	if (!told) {
		base_err("%s %s: restarting", name, how);
		supervisor_role_back_off(c);
		return;
	}
	if (p->sink < 0)
		supervisor_state_unused(c);
	/* what is configured by now, here or where it waits for this end */
	supervisor_publish_begin(s);
}

bool supervisor_publish_overdue(struct supervisor_child *c)
{
	char name[SUPERVISOR_NAME_LEN];

	if (c->kind != SUPERVISOR_PUBLISHER || !publisher_of(c)->leaving)
		return false;
	supervisor_child_name(c, name);
	base_warn("%s did not end in %u ms: it is killed", name,
		  (unsigned)c->supervisor->times->publish_ms);
	supervisor_child_end(c);
	return true;
}

bool supervisor_publish_any(const struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		if (s->publishers[i].child.pid)
			return true;
	}
	return false;
}

void supervisor_publish_stop(struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		if (!s->publishers[i].leaving)
			ask_to_end(&s->publishers[i]);
	}
}

void supervisor_publish_kill(struct supervisor *s)
{
	for (unsigned i = 0; i < PUBLISHERS; i++) {
		if (s->publishers[i].child.pid)
			supervisor_child_end(&s->publishers[i].child);
	}
}
