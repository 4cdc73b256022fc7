/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_pidfile.c - a pid file that lives as long as the daemon */
#include "supervisor_pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_path.h"

/* Still the file that this path names? (A predecessor may have removed it
 * between our open and our lock.) */
static bool same_file(const char *path, int fd)
{
	struct stat there, here;

	return stat(path, &there) == 0 && fstat(fd, &here) == 0 &&
	       there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

static int lock(int fd)
{
	const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &whole) < 0 ? -errno : 0;
}

static int write_pid(int fd)
{
	char text[32];
	const int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0)
		return -errno;
	return base_fd_write_all(fd, text, (size_t)len, NULL);
}

static int open_file(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
}

int supervisor_pidfile_open(const char *path)
{
	WS_CLEAN(base_fd_close) int fd = -1;
	int r;

	do {
		base_fd_close(&fd);
		fd = open_file(path);
		if (fd < 0 && errno == ENOENT &&
		    base_path_make_directory(path) == 0)
			fd = open_file(path);
		if (fd < 0) {
			r = -errno;
			base_err("pid file %s: %s", path, strerrordesc_np(-r));
			return r;
		}
		r = lock(fd);
		if (r == -EAGAIN || r == -EACCES) {
			base_err("pid file %s: another daemon holds it", path);
			return -EEXIST;
		}
	} while (!r && !same_file(path, fd));
	if (!r)
		r = write_pid(fd);
	if (r) {
		base_err("pid file %s: %s", path, strerrordesc_np(-r));
		return r;
	}
	return base_fd_take(&fd);
}

void supervisor_pidfile_close(const char *path, int *fd)
{
	if (*fd >= 0 && same_file(path, *fd) && unlink(path) < 0) {
		base_warn("pid file %s is emptied, not removed: %s", path,
			  strerrordesc_np(errno));
		/* so that it names nobody; the next daemon takes it over */
		if (ftruncate(*fd, 0) < 0)
			base_warn("pid file %s: %s", path,
				  strerrordesc_np(errno));
	}
	base_fd_close(fd);
}
