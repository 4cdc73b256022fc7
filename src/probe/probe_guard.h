/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe_guard.h - our policy routing, for the time of a probe
 *
 * Routes and rules go with no process and no namespace. So a process of its own
 * puts them in, waits until who asked for them hangs up or is dead, and takes
 * them out. It does not listen to a terminal's signals. Should it be killed
 * itself, probe_guard_end() takes them out.
 */
#ifndef PROBE_GUARD_H
#define PROBE_GUARD_H

#include <sys/types.h>

#include "base_attr.h"
#include "nft.h"

struct probe_guard {
	pid_t pid;   /* 0: there is none */
	int channel; /* its end is what the guardian waits for */
};

/* Return: 0: the routing is in; or -errno with *why, and it is not.
 * -EADDRINUSE: a daemon has the rules. */
WS_MUST_USE int probe_guard_start(struct probe_guard *g, struct nft_error *why);
/* Returns when the routing is out; twice is a no-op. */
void probe_guard_end(struct probe_guard *g);

#endif
