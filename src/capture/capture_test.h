/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_test.h - a directory of its own for each test, and what is in it */
#ifndef CAPTURE_TEST_H
#define CAPTURE_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_fd.h"
#include "base_test.h"
#include "base_test_dir.h"
#include "base_time.h"
#include "capture_id.h"

/*
 * 2025-11-03 14:25:01 UTC: 1735689600 is the first second of 2025; 304 days are
 * January to October, 2 the first days of November: 306 * 86400; 14 * 3600 +
 * 25 * 60 + 1. The tests run five and a half hours east of it.
 */
#define SECOND    (1735689600ULL + 306ULL * 86400 + 51901)
#define WALL_NS   (SECOND * BASE_TIME_NS_PER_S + 999999999)
#define TEST_ZONE "TST-5:30"
#define STAMP     "2025-11-03 19:55:01"
#define ID        "2025-11-03_195501"

struct scratch {
	char path[64];
	int dir;
};

static inline void scratch_init(struct scratch *s)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", TEST_ZONE, 1), 0);
	/* NOLINTEND(concurrency-mt-unsafe) */
	tzset();
	(void)umask(0);
	(void)snprintf(s->path, sizeof(s->path), "/tmp/capture_test.XXXXXX");
	assert_non_null(mkdtemp(s->path));
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->dir >= 0);
}

static inline void scratch_done(struct scratch *s)
{
	base_fd_close(&s->dir);
	base_test_remove(s->path);
}

static inline struct base_addr addr(const char *text)
{
	struct base_addr a;

	assert_true(base_addr_parse(&a, text));
	return a;
}

/* The file holds just these bytes. */
static inline void file_is(int dir, const char *name, const void *want,
			   size_t len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *text;
	size_t got;

	if (fd < 0)
		fail_msg("%s is not there", name);
	assert_int_equal(base_fd_read_all(fd, 1 << 22, &text, &got), 0);
	if (got != len || memcmp(text, want, len) != 0)
		fail_msg("%s: %zu bytes, not these %zu: %.200s", name, got, len,
			 text);
	free(text);
	base_fd_close(&fd);
}

static inline void file_is_text(int dir, const char *name, const char *want)
{
	file_is(dir, name, want, strlen(want));
}

/* No file can grow beyond `len` bytes: a full disk. RLIM_INFINITY = no limit.
 */
static inline void limit_file_size(rlim_t len)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit limit;

	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = len < limit.rlim_max ? len : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
