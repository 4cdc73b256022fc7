/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_write.c - files that only grow, and how much of them counts */
#include "capture_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"

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

bool capture_write_is_at(int fd, int dir, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstatat(dir, path, &b, 0) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static struct capture_mark mark_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return (struct capture_mark){ .ino = 0 };
	return (struct capture_mark){ .dev = st->st_dev,
				      .ino = st->st_ino,
				      .len = (uint64_t)st->st_size };
}

static bool same_file(const struct capture_mark *a,
		      const struct capture_mark *b)
{
	return a->ino && a->dev == b->dev && a->ino == b->ino;
}

/* Return: 0 or -errno. */
static int cut(int fd, const struct capture_mark *mark)
{
	if (ftruncate(fd, (off_t)mark->len))
		return -errno;
	base_die_at(BASE_DIE_RECORDER_CUT);
	return 0;
}

/* If `name` in `dir` is the marked file, and longer than that: cuts it. */
static void cut_named(int dir, const char *name,
		      const struct capture_mark *mark)
{
	WS_CLEAN(base_fd_close)
	int fd = openat(dir, name,
			O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
				O_NONBLOCK | O_NOFOLLOW);
	struct capture_mark now;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return;
	now = mark_of(&st);
	if (same_file(mark, &now) && now.len > mark->len && cut(fd, mark))
		return; /* it keeps what is too much: nothing else is left */
}

/* The directory of `path`, which is relative to `dir`. */
static DIR *open_directory(int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t len = slash ? (size_t)(slash - path) : 0;
	char parent[PATH_MAX] = ".";
	DIR *d;
	int fd;

	if (len >= sizeof(parent))
		return NULL;
	if (slash) {
		memcpy(parent, path, len);
		memcpy(parent + len, "/", 2);
	}
	fd = openat(dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		base_fd_close(&fd);
	return d;
}

void capture_write_cut_moved(int dir, const char *path,
			     const struct capture_mark *mark)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const struct dirent *entry;
	DIR *d = open_directory(dir, path);

	if (!d)
		return;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(d))) {
		if (entry->d_ino == mark->ino &&
		    !strncmp(entry->d_name, name, strlen(name)))
			cut_named(dirfd(d), entry->d_name, mark);
	}
	(void)closedir(d); /* read only: nothing can be lost */
}

int capture_write_settle(int fd, int dir, const char *path,
			 struct capture_mark *mark, bool *unsure)
{
	struct capture_mark now;
	struct stat st;
	bool same;

	if (fstat(fd, &st))
		return -errno;
	now = mark_of(&st);
	same = same_file(mark, &now);
	if (*unsure && same && now.len > mark->len) {
		const int r = cut(fd, mark);

		if (r)
			return r;
		now.len = mark->len;
	}
	if (*unsure && !same && mark->ino)
		capture_write_cut_moved(dir, path, mark);
	*unsure = false;
	if (!memcmp(&now, mark, sizeof(now)))
		return 0;
	*mark = now;
	return 1;
}

struct iovec capture_write_part(struct base_span part)
{
	struct iovec iov = { .iov_len = part.len };

	memcpy(&iov.iov_base, &part.ptr, sizeof(iov.iov_base));
	return iov;
}

/* Takes the first n bytes off. */
static void advance(struct iovec **parts, int *n_parts, size_t n)
{
	while (*n_parts && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		(*parts)++;
		(*n_parts)--;
	}
	if (*n_parts) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

int capture_write_all(int fd, struct iovec *parts, int n_parts,
		      enum base_die_point half, size_t *written)
{
	*written = 0;
	if (base_die_due(half)) {
		const ssize_t n =
			write(fd, parts->iov_base, parts->iov_len / 2);

		base_die_now(half);
		if (n < 0)
			return -errno;
		*written += (size_t)n;
		advance(&parts, &n_parts, (size_t)n);
	}
	while (n_parts) {
		const ssize_t n = writev(fd, parts, n_parts);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*written += (size_t)n;
		advance(&parts, &n_parts, (size_t)n);
	}
	return 0;
}

int capture_write_undo(int fd, const struct capture_mark *mark)
{
	struct capture_mark now;
	struct stat st;

	if (!mark->ino)
		return -EINVAL;
	if (fstat(fd, &st))
		return -errno;
	now = mark_of(&st);
	/* shorter than that: somebody else has cut it */
	if (now.len > mark->len && ftruncate(fd, (off_t)mark->len))
		return -errno;
	return 0;
}
