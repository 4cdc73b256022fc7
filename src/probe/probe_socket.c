/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_socket.c - sockets of the probe */
#include "probe_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base_fd.h"

/* Return: as of socket(). */
static int open_socket(enum probe_family family)
{
	return socket(family == PROBE_V4 ? AF_INET : AF_INET6,
		      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

socklen_t probe_socket_address(struct sockaddr_storage *ss,
			       const struct probe_cable *c,
			       enum probe_family family, enum probe_end end,
			       uint16_t port)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = c->ip4[end] };
	const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					  .sin6_port = htons(port),
					  .sin6_addr = c->ip6[end] };

	memset(ss, 0, sizeof(*ss));
	if (family == PROBE_V4) {
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(ss, &in6, sizeof(in6));
	return sizeof(in6);
}

int probe_socket_call(const struct probe_cable *c, enum probe_family family,
		      enum probe_end end, uint16_t port)
{
	struct sockaddr_storage ss;
	const socklen_t len = probe_socket_address(&ss, c, family, end, port);
	WS_CLEAN(base_fd_close) int fd = open_socket(family);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno != EINPROGRESS)
		return -errno;
	return base_fd_take(&fd);
}

int probe_socket_serve(const struct probe_cable *c, enum probe_family family,
		       enum probe_end end, uint16_t port)
{
	struct sockaddr_storage ss;
	const socklen_t len = probe_socket_address(&ss, c, family, end, port);
	WS_CLEAN(base_fd_close) int fd = open_socket(family);

	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 1))
		return -errno;
	return base_fd_take(&fd);
}

int probe_socket_reset_at_end(int fd)
{
	static const struct linger reset = { .l_onoff = 1 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset))
		       ? -errno
		       : 0;
}

int probe_socket_transparent(int fd, enum probe_family family)
{
	const bool v4 = family == PROBE_V4;
	const int on = 1;

	return setsockopt(fd, v4 ? SOL_IP : SOL_IPV6,
			  v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on,
			  sizeof(on))
		       ? -errno
		       : 0;
}

int probe_socket_listen(enum probe_family family, uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const bool v4 = family == PROBE_V4;
	struct sockaddr *sa = v4 ? (struct sockaddr *)&in
				 : (struct sockaddr *)&in6;
	socklen_t len = v4 ? sizeof(in) : sizeof(in6);
	const int on = 1;
	WS_CLEAN(base_fd_close) int fd = open_socket(family);
	int r = fd < 0 ? -errno : probe_socket_transparent(fd, family);

	if (!r)
		r = probe_socket_reset_at_end(fd);
	if (r)
		return r;
	if ((!v4 && setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	    bind(fd, sa, len) || listen(fd, 1) || getsockname(fd, sa, &len))
		return -errno;
	*port = ntohs(v4 ? in.sin_port : in6.sin6_port);
	return base_fd_take(&fd);
}
