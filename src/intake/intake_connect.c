/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_connect.c - the connection to the server */
#include "intake_connect.h"

#include <netinet/tcp.h>
#include <stdbool.h>
#include <unistd.h>

#include "base_fd.h"
#include "intake_internal.h"

/*
 * The client's address as ours. Bound without a port: IP_BIND_ADDRESS_NO_PORT
 * leaves the choice to connect(), which needs a port that is free towards this
 * server only; bind() would take one from a pool for all servers (ip(7)). The
 * client's own port makes both legs one conntrack entry, but for the zone that
 * our rules put the upstream leg in; connections of that port to several
 * servers share it by SO_REUSEADDR.
 */
int intake_bind_client(int fd, enum conf_source source,
		       const struct base_addr *client)
{
	const bool same_port = source == CONF_SOURCE_CLIENT_PORT;
	struct base_addr from = *client;
	struct sockaddr_storage ss;
	socklen_t len;
	int r = intake_transparent(fd, client->family);

	if (!r && same_port)
		r = intake_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else if (!r)
		r = intake_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (r)
		return r;
	if (!same_port)
		from.port = 0;
	len = base_addr_to_sockaddr(&from, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len))
		return errno == EADDRINUSE ? -EADDRNOTAVAIL : -errno;
	return 0;
}

int intake_connect(enum conf_source source, uint32_t mark,
		   const struct base_addr *client,
		   const struct base_addr *server)
{
	const bool spoof = source != CONF_SOURCE_GATEWAY;
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(server, &ss);
	WS_CLEAN(base_fd_close) int fd = -1;
	int r;

	if (spoof && client->family != server->family)
		return -EAFNOSUPPORT;
	fd = socket(server->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	r = intake_option(fd, SOL_TCP, TCP_NODELAY, 1);
	if (!r && mark)
		r = intake_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
	if (!r && spoof)
		r = intake_bind_client(fd, source, client);
	if (!r && connect(fd, (struct sockaddr *)&ss, len) &&
	    errno != EINPROGRESS)
		r = -errno;
	return r ? r : base_fd_take(&fd);
}

int intake_connect_result(int fd)
{
	socklen_t len = sizeof(int);
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return -err;
}

void intake_reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	/* fails for what is no socket: then there is nobody to tell */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd);
}
