/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_internal.h - socket options, for the files of intake only */
#ifndef INTAKE_INTERNAL_H
#define INTAKE_INTERNAL_H

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

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

#endif
