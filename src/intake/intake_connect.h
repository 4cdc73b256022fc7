/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_connect.h - the connection to the server. Process: worker. */
#ifndef INTAKE_CONNECT_H
#define INTAKE_CONNECT_H

#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_call.h"
#include "conf_tables.h"

/* Of our own connections to servers, in interception mode: the rules for local
 * applications leave them alone. The bit that the routing of intercepted
 * packets uses, which makes no difference to what this host sends. */
#define INTAKE_MARK 0x10000U

/*
 * Begins to connect to `server`. What the server sees: CONF_SOURCE_GATEWAY our
 * own address; CONF_SOURCE_CLIENT the client's address, with a port that the
 * kernel chooses; CONF_SOURCE_CLIENT_PORT its address and port. The latter two
 * take CAP_NET_RAW and both addresses of one family. `mark`: SO_MARK of the
 * socket, 0 for none; takes CAP_NET_RAW (since Linux 5.17) or CAP_NET_ADMIN.
 * The socket is non-blocking, close-on-exec and TCP_NODELAY.
 * Return: the descriptor, the caller's to close; the connection is there or on
 * its way, and EPOLLOUT, EPOLLERR or EPOLLHUP says that it is decided. -errno:
 * -EADDRNOTAVAIL all ports towards this server are taken, or the client's is:
 * a connection of the same four numbers is not over yet, TIME_WAIT without TCP
 * timestamps included, or a listener has it on all addresses; -EPERM the right
 * is missing, -EAFNOSUPPORT the families differ, -ENETUNREACH and others; *call
 * is the one that failed.
 */
WS_MUST_USE int intake_connect(enum conf_source source, uint32_t mark,
			       const struct base_addr *client,
			       const struct base_addr *server,
			       enum base_call *call);

/* Asked once, when it is decided. Return: 0 connected, or why not: -errno. */
WS_MUST_USE int intake_connect_result(int fd);

/* Closes with RST instead of FIN: unsent bytes are thrown away and the peer
 * sees a broken connection, as it should. */
void intake_reset(int fd);

#endif
