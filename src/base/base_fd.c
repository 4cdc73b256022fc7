/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_fd.c - descriptors: closing, handing over, non-blocking steps */
#include "base_fd.h"

#include <errno.h>
#include <fcntl.h>
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

bool base_fd_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		const int mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* all below are open: it gets this number */
		if (open("/dev/null", mode | O_CLOEXEC) != fd)
			return false;
	}
	return true;
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

/* Twice as much, but no more than one byte above max. */
static int grow(char **buf, size_t *size, size_t max)
{
	const size_t next = *size ? 2 * *size : 4096;
	const size_t want = next < max + 1 ? next : max + 1;
	char *more = realloc(*buf, want);

	if (!more)
		return -ENOMEM;
	*buf = more;
	*size = want;
	return 0;
}

int base_fd_read_all(int fd, size_t max, char **text, size_t *len)
{
	char *buf = NULL;
	size_t size = 0, got = 0;
	ssize_t n = 1;
	int r = 0;

	while (!r && n) {
		if (got == size)
			r = grow(&buf, &size, max);
		if (r)
			break;
		n = read(fd, buf + got, size - got);
		if (n > 0)
			got += (size_t)n;
		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (got > max)
			r = -EFBIG;
	}
	if (r) {
		free(buf);
		return r;
	}
	buf[got] = '\0'; /* the end of file was read into free room */
	*text = buf;
	*len = got;
	return 0;
}
