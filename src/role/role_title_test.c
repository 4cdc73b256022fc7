/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_title_test.c - a child with known arguments tries titles of all lengths
 * and reads them back from /proc, as ps does */
#include "role_title.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"

/* argv below is "role" "child" "-o" "dir" with their NULs ... */
#define ARGS_LEN 18
/* ... and the environment "A=1" "LAST=value" */
#define AREA_LEN (ARGS_LEN + 15)

static size_t read_proc(const char *path, char *buf, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	(void)close(fd);
	return n < 0 ? 0 : (size_t)n;
}

/* Return: 0, or the number of the check that failed: the exit status. */
static int child(int argc, char **argv)
{
	char title[AREA_LEN + 32], got[512], comm[16];

	if (role_title_init(argc, argv))
		return 1;
	for (size_t len = 1; len < sizeof(title); len++) {
		/* cut where the environment ends */
		const size_t want = len < AREA_LEN ? len : AREA_LEN - 1;
		const size_t want_comm = len < 15 ? len : 15;

		memset(title, 'a' + (int)(len % 26), len);
		title[len] = '\0';
		role_title(title);
		if (read_proc("/proc/self/cmdline", got, sizeof(got)) !=
		    want + 1)
			return 2;
		if (got[want] != '\0' || memcmp(got, title, want) != 0)
			return 3;
		if (read_proc("/proc/self/comm", comm, sizeof(comm)) !=
			    want_comm + 1 ||
		    memcmp(comm, title, want_comm) != 0)
			return 4;
	}
	/* what main() took from them is untouched */
	if (strcmp(argv[0], "role") != 0 || strcmp(argv[3], "dir") != 0 ||
	    strcmp(program_invocation_short_name, "role") != 0)
		return 5;
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	if (strcmp(getenv("A"), "1") != 0 ||
	    strcmp(getenv("LAST"), "value") != 0)
		return 6;
	/* NOLINTEND(concurrency-mt-unsafe) */
	return 0;
}

static void test_titles(void **state)
{
	char *argv[] = { (char[]){ "role" }, (char[]){ "child" },
			 (char[]){ "-o" }, (char[]){ "dir" }, NULL };
	char *env[] = { (char[]){ "A=1" }, (char[]){ "LAST=value" }, NULL };
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(
		posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_titles) };

	if (argc > 1 && !strcmp(argv[1], "child"))
		return child(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
