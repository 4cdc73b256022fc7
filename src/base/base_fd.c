/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_fd.c - descriptors: closing, handing over, non-blocking steps */
#include "base_fd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void base_fd_close(int *fd)
{
	const int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing can be mended after a close */
	*fd = -1;
	errno = saved;
}

int base_fd_take(int *fd)
{
	const int taken = *fd;

	*fd = -1;
	return taken;
}

ssize_t base_fd_recv(int fd, void *buf, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, buf, len, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n == 0)
		return -ESHUTDOWN;
	return errno == EAGAIN ? 0 : -errno;
}

ssize_t base_fd_sendv(int fd, struct iovec *iov, int n_iov)
{
	const struct msghdr msg = { .msg_iov = iov,
				    .msg_iovlen = (size_t)n_iov };
	ssize_t n;

	do {
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? 0 : -errno;
}

int base_fd_write_all(int fd, const void *buf, size_t len, size_t *written)
{
	const char *p = buf;
	size_t done = 0;
	int r = 0;

	while (done < len) {
		const ssize_t n = write(fd, p + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n ? -errno : -EIO;
			break;
		}
		done += (size_t)n;
	}
	if (written)
		*written = done;
	return r;
}

int base_fd_read_all(int fd, size_t max, char **text, size_t *len)
{
	char *buf = malloc(max + 1);
	size_t got = 0;
	int r;

	if (!buf)
		return -ENOMEM;
	while (got <= max) {
		const ssize_t n = read(fd, buf + got, max + 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			goto free_buf;
		}
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got > max) {
		r = -EFBIG;
		goto free_buf;
	}
	buf[got] = '\0';
	*text = buf;
	*len = got;
	return 0;

free_buf:
	free(buf);
	return r;
}
