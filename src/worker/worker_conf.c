/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_conf.c - the tables in force, and those beside them during a reload
 *
 * Theory of operation
 *
 *   PREPARE n     other = n, what was there before is unmapped
 *   ACTIVATE n    conf <-> other: the replaced tables stay beside
 *   DISCARD n     other = none
 *
 * The rules of the kernel change between PREPARE and ACTIVATE, and a connection
 * may lie in the backlog for a while. So it is matched against the tables in
 * force and then against the other ones: whatever the kernel handed over under
 * either finds its rule, and its flow keeps the number of the tables that took
 * it.
 */
#include <errno.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "conf_load.h"
#include "worker_internal.h"

/* The first tables are the supervisor's mapping, which we inherited. */
static void unmap(const struct worker *w, const struct conf_tables *t)
{
	if (t && t != w->setup->conf)
		conf_load_unmap(t);
}

int worker_conf_prepare(struct worker *w, uint32_t number, int fd)
{
	WS_CLEAN(base_fd_close) int memfd = fd;
	const struct conf_tables *t = NULL;
	const int r = conf_load_map(memfd, &t);

	if (r)
		return r;
	if (t->number != number) {
		conf_load_unmap(t);
		return -EBADMSG;
	}
	unmap(w, w->other);
	w->other = t;
	base_die_at(BASE_DIE_RELOAD_PREPARED);
	return 0;
}

void worker_conf_activate(struct worker *w, uint32_t number)
{
	const struct conf_tables *t = w->other;

	if (!t || t->number != number) {
		base_warn("there is no configuration %u to activate",
			  (unsigned)number);
		return;
	}
	w->other = w->conf;
	w->conf = t;
	base_die_at(BASE_DIE_RELOAD_ACTIVE);
}

void worker_conf_discard(struct worker *w, uint32_t number)
{
	if (!w->other || w->other->number != number)
		return;
	unmap(w, w->other);
	w->other = NULL;
}

const struct conf_tables *worker_conf_match(const struct worker *w,
					    const struct intake_conn *c,
					    uint16_t *rule)
{
	const struct conf_tables *const tables[] = { w->conf, w->other };

	for (size_t i = 0; i < WS_ARRAY_LEN(tables) && tables[i]; i++) {
		*rule = conf_tables_match(tables[i], c->transport, &c->client,
					  &c->server, c->ifname);
		if (*rule != CONF_RULE_NONE)
			return tables[i];
	}
	return NULL;
}

void worker_conf_done(struct worker *w)
{
	unmap(w, w->conf);
	unmap(w, w->other);
}
