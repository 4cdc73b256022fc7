/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_socket.h - sockets of the probe */
#ifndef PROBE_SOCKET_H
#define PROBE_SOCKET_H

#include <stdint.h>
#include <sys/socket.h>

#include "base_attr.h"
#include "probe_link.h"

/* The address of one end of a cable. Return: its length. */
socklen_t probe_socket_address(struct sockaddr_storage *ss,
			       const struct probe_cable *c,
			       enum probe_family family, enum probe_end end,
			       uint16_t port);

/* Starts to connect from whatever address. Return: the socket or -errno. */
WS_MUST_USE int probe_socket_call(const struct probe_cable *c,
				  enum probe_family family, enum probe_end end,
				  uint16_t port);

/* An ordinary listener there. Return: the socket or -errno. */
WS_MUST_USE int probe_socket_serve(const struct probe_cable *c,
				   enum probe_family family, enum probe_end end,
				   uint16_t port);

/*
 * A transparent listener on loopback, as the daemon has one; connections that
 * it takes are reset at their end, so that none stays in TIME_WAIT. Return: the
 * socket and *port, or -errno.
 */
WS_MUST_USE int probe_socket_listen(enum probe_family family, uint16_t *port);

/* SO_LINGER, so that closing resets. Return: 0 or -errno. */
WS_MUST_USE int probe_socket_reset_at_end(int fd);

/* IP_TRANSPARENT of the family. Return: 0 or -errno. */
WS_MUST_USE int probe_socket_transparent(int fd, enum probe_family family);

#endif
