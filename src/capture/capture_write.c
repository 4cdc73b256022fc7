/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_write.c - whole records or none, at the end of a file */
#include "capture_write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int capture_write_open(int dir, const char *path, int more)
{
	int fd;

	/* O_NONBLOCK: a FIFO of that name must not stop its writer */
	do {
		fd = openat(dir, path,
			    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
				    O_NOCTTY | O_NONBLOCK | more,
			    0640);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

bool capture_write_has_name(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_nlink > 0;
}

bool capture_write_is_at(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* writev() reads only, but its interface cannot say so. */
static struct iovec to_iovec(struct base_span part)
{
	struct iovec iov = { .iov_len = part.len };

	memcpy(&iov.iov_base, &part.ptr, sizeof(iov.iov_base));
	return iov;
}

int capture_write_all(int fd, const struct base_span *parts, int n_parts,
		      size_t *written)
{
	struct iovec iov[CAPTURE_WRITE_PARTS_MAX];
	int first = 0;

	assert(n_parts > 0 && n_parts <= CAPTURE_WRITE_PARTS_MAX);
	for (int i = 0; i < n_parts; i++)
		iov[i] = to_iovec(parts[i]);
	*written = 0;
	for (;;) {
		ssize_t n = writev(fd, iov + first, n_parts - first);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*written += (size_t)n;
		while (first < n_parts && (size_t)n >= iov[first].iov_len)
			n -= (ssize_t)iov[first++].iov_len;
		if (first == n_parts)
			return 0;
		iov[first].iov_base = (char *)iov[first].iov_base + n;
		iov[first].iov_len -= (size_t)n;
	}
}

int capture_write_cut(int fd, size_t len)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	/* Shorter than that: somebody else has cut or replaced it. */
	if ((uint64_t)st.st_size >= len &&
	    ftruncate(fd, st.st_size - (off_t)len))
		return -errno;
	return 0;
}
