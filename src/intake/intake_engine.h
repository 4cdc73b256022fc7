/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_engine.h - how a listener learns whom the client wanted to reach
 *
 * One table of engines; a new one is a row and its functions in
 * intake_engine.c, nothing else.
 *	tproxy-tcp  the kernel hands over connections to foreign addresses
 *		(Documentation/networking/tproxy.rst); the listener and what it
 *		accepts are IP_TRANSPARENT, and the accepted socket's own
 *		address is the original destination
 *	tproxy-udp  the same for datagrams: the kernel tells the original
 *		destination of each one in a control message (intake_udp.h)
 *	redirect  nat has rewritten the destination to the listener's address;
 *		conntrack remembers the original one. Nothing is transparent
 *	fixed	an ordinary listener; all go to one configured server. A
 *		listener on all addresses may be that server: who reached us at
 *		the very address that we would connect to is ourselves, or would
 *		be
 *
 * What each says of a connection that came in another way:
 *
 *	            TPROXYed          redirected         connected to it
 *	tproxy-tcp  the server        -ELOOP             -ELOOP
 *	redirect    -EPROTOTYPE       the server         -ELOOP; -ENOENT without
 *	                                                 conntrack
 *	fixed       -EPROTOTYPE       the remote         the remote
 *
 * A transparent engine on a listener that is not, or the other way round, is
 * the wrong engine: refused when the listener is opened or taken over
 * (intake_listen.h), and for each connection that such a listener would accept.
 */
#ifndef INTAKE_ENGINE_H
#define INTAKE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "conf_tables.h"

struct intake_engine;
struct msghdr;

/* One listening address; plain values, no descriptor. */
struct intake_listener {
	const struct intake_engine *engine;
	struct base_addr addr;   /* where it listens */
	struct base_addr remote; /* engine fixed: the server */
};

struct intake_engine {
	const char *name;
	enum conf_transport transport;
	bool transparent; /* the listener is, and so is what it accepts */
	/* Options of the listening socket, before bind(); NULL = none.
	 * Return: 0 or -errno; -EPERM: the right named in `needs` is missing.
	 */
	int (*prepare)(int fd, uint16_t family);
	const char *needs; /* capabilities for prepare(), NULL = none */
	/*
	 * The original destination of the accepted socket `fd`.
	 * Return: 0 and *server; -ELOOP: going on would connect us to
	 * ourselves (tproxy, redirect: the client connected to the listener
	 * itself; fixed: it connected to the configured server); -errno.
	 */
	int (*lookup)(int fd, const struct intake_listener *l,
		      struct base_addr *server);
	/* UDP, instead of lookup(): that of the datagram that came with these
	 * control messages. Return: the same; -ENOMSG: they do not say it. */
	int (*datagram)(struct msghdr *msg, const struct intake_listener *l,
			struct base_addr *server);
};

/* Return: the row, NULL when there is none of that name. */
const struct intake_engine *intake_engine_find(const char *name);

/* Is a listener, or what it accepted, as the engine needs it? Return: 0,
 * -EPROTOTYPE no, -errno. */
WS_MUST_USE int intake_engine_fits(const struct intake_engine *e, int fd,
				   uint16_t family);

#endif
