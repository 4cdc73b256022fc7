/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_listen.c - the listeners that the configuration asks for */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base_fd.h"
#include "base_log.h"
#include "intake_listen.h"
#include "supervisor_internal.h"

static int open_one(struct supervisor *s, const char *engine,
		    const struct base_addr *addr,
		    const struct base_addr *remote)
{
	struct supervisor_listener *l = &s->listeners[s->n_listeners];
	int r;

	l->listener = (struct intake_listener){
		.engine = intake_engine_find(engine),
		.addr = *addr,
		.remote = *remote,
	};
	r = intake_listen(&l->listener, s->n_workers, l->fds);
	if (!r)
		s->n_listeners++;
	return r;
}

/* Listeners on loopback only: tproxy.md of the facts, and architecture.md. */
static int open_transparent(struct supervisor *s)
{
	static const char *const loopbacks[] = { "127.0.0.1", "[::1]" };
	const struct base_addr none = { .family = 0 };

	for (size_t i = 0; i < WS_ARRAY_LEN(loopbacks); i++) {
		struct base_addr addr;
		char text[32];
		int r;

		(void)snprintf(text, sizeof(text), "%s:%u", loopbacks[i],
			       (unsigned)s->conf->listen_port);
		if (!base_addr_parse(&addr, text))
			return -EINVAL;
		r = open_one(s, "tproxy", &addr, &none);
		/* a kernel without IPv6 has nothing to intercept there */
		if (r == -EAFNOSUPPORT || (i == 1 && r == -EADDRNOTAVAIL)) {
			base_notice("no IPv6 here: only IPv4 is intercepted");
			continue;
		}
		if (r)
			return r;
	}
	return 0;
}

int supervisor_listen(struct supervisor *s)
{
	const int r = conf_tables_fixed(s->conf)
			      ? open_one(s, "fixed", &s->conf->listen,
					 &s->conf->remote)
			      : open_transparent(s);

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
