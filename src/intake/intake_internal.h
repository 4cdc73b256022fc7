/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_internal.h - socket options, for the files of intake only */
#ifndef INTAKE_INTERNAL_H
#define INTAKE_INTERNAL_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "intake_engine.h"

/* Return: 0 or -errno. */
static inline int intake_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* Lets the socket have foreign addresses of its own. It takes CAP_NET_ADMIN or
 * CAP_NET_RAW, now and not later: -EPERM without (ip(7)). */
static inline int intake_transparent(int fd, uint16_t family)
{
	return family == AF_INET
		       ? intake_option(fd, SOL_IP, IP_TRANSPARENT, 1)
		       : intake_option(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
}

/* intake_engine.c: is `a`, whom a client wanted to reach, what one reaches at
 * `at`? All addresses (0.0.0.0, ::) stand for every local one with their port.
 */
bool intake_is_at(const struct base_addr *a, const struct base_addr *at);

/* intake_connect.c: what the server is to see, for a socket that is not bound
 * yet; not for CONF_SOURCE_GATEWAY. First what it takes, then bind() alone.
 * Return: 0 or -errno. */
int intake_bind_options(int fd, enum conf_source source, uint16_t family);
int intake_bind_client(int fd, enum conf_source source,
		       const struct base_addr *client);

/* intake_accept.c: the name of interface `index`, IF_NAMESIZE bytes; `fd` is
 * any socket. Return: 0 or -errno. */
int intake_interface(int fd, int index, char *name);

/* intake_udp.c: the functions of the engine tproxy-udp */
int intake_udp_prepare(int fd, uint16_t family);
int intake_udp_datagram(struct msghdr *msg, const struct intake_listener *l,
			struct base_addr *server);

#endif
