/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_listen.h - listening sockets, one a worker. Process: supervisor. */
#ifndef INTAKE_LISTEN_H
#define INTAKE_LISTEN_H

#include "base_attr.h"
#include "intake_engine.h"

/*
 * Opens n (at least 1) listening sockets on l->addr that share its port
 * (SO_REUSEPORT: the kernel spreads connections over them). The sockets are
 * non-blocking and close-on-exec, and the caller's to close. A port of 0 is
 * replaced in l->addr by the one that the kernel chose.
 * Return: 0; -errno after one logged line, with no socket left open and l as
 * it was. -EADDRINUSE also when another process of this user
 * listens there with SO_REUSEPORT, which the kernel would let us join.
 */
WS_MUST_USE int intake_listen(struct intake_listener *l, unsigned n, int *fds);

/*
 * Is `fd`, which somebody else opened, a listener for l?
 * Return: 0; -EINVAL it does not listen, or not for the transport of l's
 * engine; -EADDRNOTAVAIL it does so elsewhere; -EPROTOTYPE it is transparent
 * and the engine needs one that is not, or the other way round; -errno.
 */
WS_MUST_USE int intake_listen_check(const struct intake_listener *l, int fd);

#endif
