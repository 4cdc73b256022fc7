/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_channel.c - the supervisor and a role talk */
#include "role_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base_log.h"

int role_channel_open(int fds[2])
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

int role_channel_send(int fd, enum role_message message)
{
	const uint32_t word = message;
	ssize_t n;

	do {
		n = send(fd, &word, sizeof(word), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int role_channel_receive(int fd, enum role_message *message)
{
	uint32_t word = 0;
	ssize_t n;

	do {
		/* MSG_TRUNC: the real length, also of what is too long */
		n = recv(fd, &word, sizeof(word), MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	if (n != (ssize_t)sizeof(word) || word == 0 || word >= ROLE_MESSAGE_MAX)
		return -EBADMSG;
	*message = (enum role_message)word;
	return 1;
}

bool role_channel_says_stop(int fd)
{
	enum role_message message = ROLE_READY;
	const int r = role_channel_receive(fd, &message);

	if (r >= 0)
		return r && message == ROLE_STOP;
	if (r != -EPIPE)
		base_err("supervisor: %s", strerrordesc_np(-r));
	return true;
}
