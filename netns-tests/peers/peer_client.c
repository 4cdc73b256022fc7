/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer_client.c - connects, follows a script, reports */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

static int open_socket(const struct peer_options *o)
{
	struct sockaddr_storage ss;
	const int size = (int)o->rcvbuf;
	const int fd = socket(o->addr.family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len;
	int r;

	if (fd < 0)
		return -errno;
	if (size && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		goto close_fd;
	if (o->bind.family) {
		len = base_addr_to_sockaddr(&o->bind, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len))
			goto close_fd;
	}
	return fd;

close_fd:
	r = -errno;
	(void)close(fd); /* nothing was written to it */
	return r;
}

/* Return: 0 or -errno. A reset that came right after the handshake is an end
 * that a step may expect, not a connection that failed. */
static int connect_peer(struct peer *p, const struct peer_options *o)
{
	struct sockaddr_storage ss;
	socklen_t len = base_addr_to_sockaddr(&o->addr, &ss);
	int error = 0, r;

	p->peer = o->addr;
	if (connect(p->fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return -errno;
	r = peer_wait(p, POLLOUT);
	if (r < 0)
		return r;
	len = sizeof(error);
	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -errno;
	if (error == ECONNRESET)
		peer_saw_reset(p);
	else if (error)
		return -error;
	peer_addresses(p);
	return 0;
}

int main(int argc, char **argv)
{
	struct peer_options o;
	struct peer p;
	bool ok = false;
	int fd, r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	fd = open_socket(&o);
	if (fd < 0) {
		(void)fprintf(stderr, "socket: %s\n", strerrordesc_np(-fd));
		return 1;
	}
	r = peer_init(&p, fd, o.seconds);
	if (!r)
		r = connect_peer(&p, &o);
	if (r)
		(void)fprintf(stderr, "connect: %s\n", strerrordesc_np(-r));
	else
		ok = peer_run(&p, o.steps);
	peer_report(&p, ok);
	peer_done(&p);
	return ok ? 0 : 1;
}
