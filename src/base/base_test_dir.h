/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_test_dir.h - a test's own directory, looked through and removed */
#ifndef BASE_TEST_DIR_H
#define BASE_TEST_DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base_test.h"

/* For each name in it, without . and .. */
static inline void base_test_each(const char *path,
				  void (*fn)(int dir, const char *name))
{
	const struct dirent *entry;
	DIR *d = opendir(path);

	assert_non_null(d);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			fn(dirfd(d), entry->d_name);
	}
	(void)closedir(d);
}

static inline void base_test_unlink(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) < 0)
		(void)unlinkat(dir, name, AT_REMOVEDIR);
}

/* Its files, and the directories in it that are empty. */
static inline void base_test_empty(const char *path)
{
	base_test_each(path, base_test_unlink);
}

/* With what base_test_empty() removes; the test fails if there is more. */
static inline void base_test_remove(const char *path)
{
	base_test_empty(path);
	assert_int_equal(rmdir(path), 0);
}

#endif
