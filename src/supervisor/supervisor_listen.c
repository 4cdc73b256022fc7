/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_listen.c - the listeners that the configuration asks for */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base_fd.h"
#include "base_log.h"
#include "intake_connect.h"
#include "intake_listen.h"
#include "nft.h"
#include "supervisor_held.h"
#include "supervisor_internal.h"

/* Where the kernel hands over to: tproxy to the loopback only, see
 * architecture.md; a redirect goes to the address of the interface. */
static const struct place {
	const char *engine, *v4, *v6;
} tproxy_tcp = { "tproxy-tcp", "127.0.0.1", "::1" },
  tproxy_udp = { "tproxy-udp", "127.0.0.1", "::1" },
  redirect = { "redirect", "0.0.0.0", "::" };

/* Two modules that do not know each other. */
_Static_assert(INTAKE_MARK == NFT_MARK, "one mark");

/* A reload never brings the first rule of a transport: conf_change.h. */
static bool has_rule(const struct conf_tables *c, enum conf_transport transport)
{
	for (uint32_t i = 0; i < c->n_rules; i++) {
		if (c->rules[i].transport == transport)
			return true;
	}
	return false;
}

/* Both families of one place. Return: how many were added. */
static unsigned plan_place(const struct conf_tables *c, const struct place *p,
			   struct intake_listener *plan)
{
	char text[BASE_ADDR_STRLEN];

	plan[0] = plan[1] = (struct intake_listener){
		.engine = intake_engine_find(p->engine)
	};
	(void)snprintf(text, sizeof(text), "%s:%u", p->v4,
		       (unsigned)c->listen_port);
	if (!plan[0].engine || !base_addr_parse(&plan[0].addr, text))
		return 0;
	(void)snprintf(text, sizeof(text), "[%s]:%u", p->v6,
		       (unsigned)c->listen_port);
	return base_addr_parse(&plan[1].addr, text) ? 2 : 1;
}

unsigned supervisor_listen_plan(
	const struct conf_tables *c,
	struct intake_listener plan[static SUPERVISOR_LISTENERS_MAX])
{
	unsigned n = 0;

	if (conf_tables_fixed(c)) {
		plan[0] = (struct intake_listener){
			.engine = intake_engine_find("fixed"),
			.addr = c->listen,
			.remote = c->remote,
		};
		return 1;
	}
	if (has_rule(c, CONF_TRANSPORT_TCP))
		n += plan_place(c,
				c->intercept == CONF_INTERCEPT_REDIRECT
					? &redirect
					: &tproxy_tcp,
				plan);
	if (has_rule(c, CONF_TRANSPORT_UDP))
		n += plan_place(c, &tproxy_udp, plan + n);
	return n;
}

/* Number i of the plan. Return: 0; -EAFNOSUPPORT: not here; -errno, logged. */
static int open_one(struct supervisor *s, unsigned i,
		    const struct intake_listener *wanted)
{
	struct supervisor_listener *l = &s->listeners[s->n_listeners];
	int r = supervisor_held_dup(s, i, l->fds);

	l->listener = *wanted;
	if (r == -ENOENT && s->held[0] >= 0 && i == 1)
		return -EAFNOSUPPORT; /* only IPv4 was passed */
	if (r == -ENOENT)
		r = intake_listen(&l->listener, s->n_workers, l->fds);
	if (!r)
		s->n_listeners++;
	/* a kernel without IPv6 has nothing to intercept there */
	return r == -EADDRNOTAVAIL && wanted->addr.family == AF_INET6 &&
			       !conf_tables_fixed(s->conf)
		       ? -EAFNOSUPPORT
		       : r;
}

int supervisor_listen(struct supervisor *s)
{
	struct intake_listener plan[SUPERVISOR_LISTENERS_MAX];
	const unsigned n = supervisor_listen_plan(s->conf, plan);
	int r = 0;

	for (unsigned i = 0; i < n && !r; i++) {
		r = open_one(s, i, &plan[i]);
		if (r == -EAFNOSUPPORT && !conf_tables_fixed(s->conf)) {
			base_notice("no IPv6 here: only IPv4 is intercepted");
			r = 0;
		}
	}
	supervisor_state_listeners(s);
	return r;
}

void supervisor_listen_close(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_listeners; i++) {
		for (unsigned j = 0; j < s->n_workers; j++)
			base_fd_close(&s->listeners[i].fds[j]);
	}
	s->n_listeners = 0;
	supervisor_state_listeners(s);
}
