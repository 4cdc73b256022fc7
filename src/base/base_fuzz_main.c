/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_fuzz_main.c - runs a fuzz target over the files of directories
 *
 * Stands in for libFuzzer, so that every test run replays the corpus with any
 * compiler. Directories below are left out. An empty directory is a failure:
 * nothing was tested.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base_fd.h"

#define INPUT_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool is_directory(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int run_file(int dir, const char *name)
{
	WS_CLEAN(base_fd_close)
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t len = 0;

	if (fd < 0 || base_fd_read_all(fd, INPUT_MAX, &text, &len)) {
		(void)fprintf(stderr, "%s: cannot be read\n", name);
		return -1;
	}
	(void)printf("%s: %zu bytes\n", name, len);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	free(text);
	return 0;
}

/* Return: the number of files run, or -1. */
static int run_directory(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int n = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while (n >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    is_directory(dirfd(dir), entry->d_name))
			continue;
		n = run_file(dirfd(dir), entry->d_name) ? -1 : n + 1;
	}
	(void)closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s DIRECTORY...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		const int n = run_directory(argv[i]);

		if (n <= 0) {
			(void)fprintf(stderr, "%s: nothing was tested\n",
				      argv[i]);
			return 1;
		}
	}
	return 0;
}
