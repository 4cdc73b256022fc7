/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_client.c - the tool's end of the control socket */
#include "control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base_fd.h"

#define PACKET_MAX (sizeof(struct control_reply) + CONTROL_TEXT_MAX)

static int explain(struct control_result *result, const char *path, int error,
		   const char *text)
{
	(void)snprintf(result->why, sizeof(result->why), "%s: %s", path, text);
	return error;
}

/* unix(7): both limits hold for connect(), too, when the backlog is full. */
static int set_limits(int fd, unsigned limit_ms)
{
	const struct timeval t = { .tv_sec = limit_ms / 1000,
				   .tv_usec = limit_ms % 1000 * 1000L };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) < 0)
		return -errno;
	return 0;
}

static int open_connection(const char *path, unsigned limit_ms,
			   struct control_result *result)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : set_limits(fd, limit_ms);

	if (r)
		return explain(result, path, r, strerrordesc_np(-r));
	if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
			     path) >= sizeof(addr.sun_path))
		return explain(result, path, -ENAMETOOLONG,
			       "too long for a socket");
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return base_fd_take(&fd);
	r = -errno;
	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
		return explain(result, path, r, "no waysided runs here");
	case -EACCES:
		return explain(result, path, r,
			       "only root, the user of waysided and members "
			       "of group " CONTROL_GROUP " may ask");
	case -EAGAIN:
		return explain(result, path, r, "waysided does not answer");
	default:
		return explain(result, path, r, strerrordesc_np(-r));
	}
}

static void take_descriptors(struct msghdr *msg, struct control_result *result)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		/* one such message: the room has space for no more */
		result->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(result->fds, CMSG_DATA(c), result->n_fds * sizeof(int));
	}
}

/* Who is refused before the request was read sees a reset, once, and the reply
 * behind it (unix_release_sock() in net/unix/af_unix.c). Return: as a step of
 * base_fd.h, but 0 is the end. */
static ssize_t receive_packet(int fd, struct msghdr *msg)
{
	bool reset = false;

	for (;;) {
		const ssize_t n = recvmsg(fd, msg, MSG_CMSG_CLOEXEC);

		if (n >= 0)
			return n;
		if (errno == ECONNRESET && !reset)
			reset = true;
		else if (errno != EINTR)
			return -errno;
	}
}

static int receive(int fd, enum control_type type,
		   struct control_result *result)
{
	/* a byte more than is right, so that too much is seen */
	uint8_t *bytes = malloc(PACKET_MAX + 1);
	struct iovec iov = { .iov_base = bytes, .iov_len = PACKET_MAX + 1 };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
	} control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	n = receive_packet(fd, &msg);
	if (n < 0) {
		r = (int)n;
	} else if (n == 0) {
		r = -ESHUTDOWN;
	} else {
		take_descriptors(&msg, result);
		if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
		    !control_reply_valid(bytes, (size_t)n, type, result->n_fds,
					 &result->reply))
			r = -EBADMSG;
		else
			memcpy(result->text, bytes + sizeof(result->reply),
			       result->reply.text_len);
	}
	free(bytes);
	return r;
}

static int ask(const char *path, const struct control_request *request,
	       unsigned limit_ms, struct control_result *result)
{
	WS_CLEAN(base_fd_close)
	int fd = open_connection(path, limit_ms, result);
	int r;

	if (fd < 0)
		return fd;
	/* one that refuses us may have closed already: its reply is there */
	if (send(fd, request, sizeof(*request), MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE)
		return explain(result, path, -errno, strerrordesc_np(errno));
	r = receive(fd, (enum control_type)request->type, result);
	switch (r) {
	case 0:
		return 0;
	case -EAGAIN:
		return explain(result, path, r, "waysided does not answer");
	case -ESHUTDOWN:
	case -ECONNRESET:
		return explain(result, path, r,
			       "waysided closed the connection without an "
			       "answer");
	case -EBADMSG:
		return explain(result, path, r,
			       "what answers there is no waysided of this "
			       "version");
	default:
		return explain(result, path, r, strerrordesc_np(-r));
	}
}

struct control_result *control_client_ask(const char *path,
					  const struct control_request *request,
					  unsigned limit_ms, int *error)
{
	struct control_result *result = calloc(1, sizeof(*result));

	if (result)
		*error = ask(path, request, limit_ms, result);
	return result;
}

void control_client_free(struct control_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n_fds; i++)
		base_fd_close(&result->fds[i]);
	free(result);
}
