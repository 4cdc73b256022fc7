/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_channel.c - the supervisor and a role talk */
#include "role_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base_fd.h"

/* cmsg(3): aligned as its header wants it. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

/* Room for one descriptor. With CMSG_SPACE, which is aligned, two would fit;
 * what does not fit the kernel drops. */
#define ONE_DESCRIPTOR CMSG_LEN(sizeof(int))

int role_channel_open(int fds[2])
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

int role_channel_send(int fd, const struct role_message *m, int with)
{
	struct role_message out = *m;
	struct iovec iov = { .iov_base = &out, .iov_len = sizeof(out) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control = { .room = { 0 } };
	ssize_t n;

	if (with >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(with));
		memcpy(CMSG_DATA(c), &with, sizeof(with));
	}
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int role_channel_say(int fd, enum role_message_type type)
{
	const struct role_message m = { .type = type };

	return role_channel_send(fd, &m, -1);
}

static int take_descriptor(struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int role_channel_receive(int fd, struct role_message *m, int *with)
{
	struct role_message in = { .type = 0 };
	struct iovec iov = { .iov_base = &in, .iov_len = sizeof(in) };
	union control control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = with ? control.room : NULL,
			      .msg_controllen = with ? ONE_DESCRIPTOR : 0 };
	WS_CLEAN(base_fd_close) int came = -1;
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	came = take_descriptor(&msg);
	if (n == 0)
		return -EPIPE;
	if (n != (ssize_t)sizeof(in) || (msg.msg_flags & MSG_TRUNC) ||
	    in.type == 0 || in.type >= ROLE_MESSAGE_MAX)
		return -EBADMSG;
	*m = in;
	if (with)
		*with = base_fd_take(&came);
	return 1;
}
