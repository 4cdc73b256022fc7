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
int intake_bind_options(int fd, enum conf_source source, uint16_t family)
{
	const int r = intake_transparent(fd, family);

	if (r)
		return r;
	return source == CONF_SOURCE_CLIENT_PORT
		       ? intake_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)
		       : intake_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
}

int intake_bind_client(int fd, enum conf_source source,
		       const struct base_addr *client)
{
	struct base_addr from = *client;
	struct sockaddr_storage ss;
	socklen_t len;

	if (source != CONF_SOURCE_CLIENT_PORT)
		from.port = 0;
	len = base_addr_to_sockaddr(&from, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len))
		return errno == EADDRINUSE ? -EADDRNOTAVAIL : -errno;
	return 0;
}

int intake_connect(enum conf_source source, uint32_t mark,
		   const struct base_addr *client,
		   const struct base_addr *server, enum base_call *call)
{
	const bool spoof = source != CONF_SOURCE_GATEWAY;
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(server, &ss);
	WS_CLEAN(base_fd_close) int fd = -1;
	int r;

	*call = BASE_CALL_BIND; /* which would say the same */
	if (spoof && client->family != server->family)
		return -EAFNOSUPPORT;
	*call = BASE_CALL_SOCKET;
	fd = socket(server->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	*call = BASE_CALL_SETSOCKOPT;
	r = intake_option(fd, SOL_TCP, TCP_NODELAY, 1);
	if (!r && mark)
		r = intake_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
	if (!r && spoof)
		r = intake_bind_options(fd, source, client->family);
	if (r)
		return r;
	*call = BASE_CALL_BIND;
	if (spoof)
		r = intake_bind_client(fd, source, client);
	if (r)
		return r;
	*call = BASE_CALL_CONNECT;
	if (connect(fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return -errno;
	return base_fd_take(&fd);
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
