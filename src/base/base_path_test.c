/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_path_test.c - one directory is made, and no more */
#include "base_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_test.h"

static void one_directory_is_made(void **state)
{
	char dir[] = "/tmp/base_path_test.XXXXXX", path[64], made[64];
	const mode_t mask = umask(0077);
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(made, sizeof(made), "%s/run", dir);
	(void)snprintf(path, sizeof(path), "%s/run/pid", dir);
	assert_int_equal(base_path_make_directory(path), 0);
	assert_int_equal(stat(made, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(base_path_make_directory(path), -EEXIST);
	/* not two */
	(void)snprintf(path, sizeof(path), "%s/a/b/pid", dir);
	assert_int_equal(base_path_make_directory(path), -ENOENT);
	/* neither too little nor, for the next one, too much */
	assert_int_equal(umask(mask), 0077);
	assert_int_equal(rmdir(made), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void nothing_to_make(void **state)
{
	char path[8192];

	(void)state;
	assert_int_equal(base_path_make_directory("pid"), -ENOENT);
	assert_int_equal(base_path_make_directory(""), -ENOENT);
	assert_int_equal(base_path_make_directory("/pid"), -ENOENT);
	/* longer than any path: PATH_MAX is 4096 */
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 3] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(base_path_make_directory(path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_directory_is_made),
		cmocka_unit_test(nothing_to_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
