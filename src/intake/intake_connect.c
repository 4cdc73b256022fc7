/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_connect.c - the connection to the server */
#include "intake_connect.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include "base_fd.h"
#include "intake_internal.h"

/*
 * The client's address as ours. Bound without a port: IP_BIND_ADDRESS_NO_PORT
 * leaves the choice to connect(), which needs a port that is free towards this
 * server only; bind() would take one from a pool for all servers (ip(7)). The
 * client's own port would make both legs one conntrack entry.
 */
static int bind_client(int fd, const struct base_addr *client)
{
	struct base_addr from = *client;
	struct sockaddr_storage ss;
	socklen_t len;
	int r = intake_transparent(fd, client->family);

	if (!r)
		r = intake_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (r)
		return r;
	from.port = 0;
	len = base_addr_to_sockaddr(&from, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

int intake_connect(enum conf_source source, const struct base_addr *client,
		   const struct base_addr *server)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(server, &ss);
	WS_CLEAN(base_fd_close) int fd = -1;
	int r;

	if (source == CONF_SOURCE_CLIENT && client->family != server->family)
		return -EAFNOSUPPORT;
	fd = socket(server->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	r = intake_option(fd, SOL_TCP, TCP_NODELAY, 1);
	if (!r)
		r = intake_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (!r && source == CONF_SOURCE_CLIENT)
		r = bind_client(fd, client);
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
