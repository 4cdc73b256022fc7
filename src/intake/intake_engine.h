/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_engine.h - how a listener learns whom the client wanted to reach
 *
 * One table of engines; a new one (redirect, tproxy-udp) is a row and its two
 * functions in intake_engine.c, nothing else.
 *	tproxy	the kernel hands over connections to foreign addresses
 *		(Documentation/networking/tproxy.rst); the listener and what it
 *		accepts are IP_TRANSPARENT, and the accepted socket's own
 *		address is the original destination
 *	fixed	an ordinary listener; all go to one configured server. A
 *listener on all addresses may be that server: who reached us at the very
 *		address that we would connect to is ourselves, or would be
 */
#ifndef INTAKE_ENGINE_H
#define INTAKE_ENGINE_H

#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"

struct intake_engine;

/* One listening address; plain values, no descriptor. */
struct intake_listener {
	const struct intake_engine *engine;
	struct base_addr addr;   /* where it listens */
	struct base_addr remote; /* engine fixed: the server */
};

struct intake_engine {
	const char *name;
	/* Options of the listening socket, before bind(); NULL = none.
	 * Return: 0 or -errno; -EPERM: the right named in `needs` is missing.
	 */
	int (*prepare)(int fd, uint16_t family);
	const char *needs; /* capabilities for prepare(), NULL = none */
	/*
	 * The original destination of the accepted socket `fd`.
	 * Return: 0 and *server; -ELOOP: going on would connect us to
	 * ourselves (tproxy: the client connected to the listener itself;
	 * fixed: it connected to the configured server); -errno.
	 */
	int (*lookup)(int fd, const struct intake_listener *l,
		      struct base_addr *server);
};

/* Return: the row, NULL when there is none of that name. */
const struct intake_engine *intake_engine_find(const char *name);

#endif
