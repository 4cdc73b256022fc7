/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_connect.h - the connection to the server. Process: worker. */
#ifndef INTAKE_CONNECT_H
#define INTAKE_CONNECT_H

#include "base_addr.h"
#include "base_attr.h"
#include "conf_tables.h"

/*
 * Begins to connect to `server`. With CONF_SOURCE_CLIENT the server sees the
 * client's address, with a port that the kernel chooses: that takes CAP_NET_RAW
 * and both addresses of one family. The socket is non-blocking, close-on-exec,
 * TCP_NODELAY and, other than the client's, SO_KEEPALIVE: its dead peer has to
 * be noticed here, as the client cannot see it.
 * Return: the descriptor, the caller's to close; the connection is there or on
 * its way, and EPOLLOUT, EPOLLERR or EPOLLHUP says that it is decided. -errno:
 * -EADDRNOTAVAIL all ports towards this server are taken, -EPERM the right is
 * missing, -EAFNOSUPPORT the families differ, -ENETUNREACH and others.
 */
WS_MUST_USE int intake_connect(enum conf_source source,
			       const struct base_addr *client,
			       const struct base_addr *server);

/* Asked once, when it is decided. Return: 0 connected, or why not: -errno. */
WS_MUST_USE int intake_connect_result(int fd);

/* Closes with RST instead of FIN: unsent bytes are thrown away and the peer
 * sees a broken connection, as it should. */
void intake_reset(int fd);

#endif
