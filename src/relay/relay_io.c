/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_io.c - the socket calls of the relay */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base_fd.h"
#include "relay.h"

static int shut_write(int fd)
{
	if (shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN)
		/* ENOTCONN: the peer has reset; its own event will say so */
		return 0;
	return -errno;
}

/* SO_SNDBUF counts twice the bytes (socket(7)); SIOCOUTQ the bytes that the
 * peer has not acknowledged (tcp(7)). */
static size_t send_room(int fd)
{
	int size = 0, queued = 0;
	socklen_t len = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) < 0 ||
	    ioctl(fd, SIOCOUTQ, &queued) < 0)
		return 0;
	size /= 2;
	return size > queued ? (size_t)(size - queued) : 0;
}

const struct relay_io relay_io_socket = {
	.recv = base_fd_recv,
	.sendv = base_fd_sendv,
	.shutdown = shut_write,
	.room = send_room,
};
