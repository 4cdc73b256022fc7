/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_path.c - places of files */
#include "base_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int base_path_make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t len = slash ? (size_t)(slash - path) : 0;
	char dir[PATH_MAX];
	mode_t mask;
	int r;

	if (!len || len >= sizeof(dir))
		return -ENOENT;
	memcpy(dir, path, len);
	dir[len] = '\0';
	mask = umask(0); /* a chmod() later could meet another's directory */
	r = mkdir(dir, 0755) < 0 ? -errno : 0;
	(void)umask(mask);
	return r;
}
