/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_test.h - every event of a test program, checked against the schema
 *
 * event_test_note() keeps what a message becomes, as the daemon writes it and
 * as `wayside decode` does; event_test_run() runs the group, then has all of it
 * validated by contrib/schema/validate, and fails when one event is not valid,
 * or when there was none. It is no group teardown: cmocka does not count one
 * that fails.
 */
#ifndef EVENT_TEST_H
#define EVENT_TEST_H

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"
#include "event.h"

/* One a program; made when the first event comes. */
static inline FILE *event_test_file(void)
{
	static FILE *file;

	if (!file)
		file = tmpfile();
	assert_non_null(file);
	return file;
}

static inline void event_test_keep(char *json)
{
	assert_non_null(json);
	assert_true(fprintf(event_test_file(), "%s\n", json) > 0);
	free(json);
}

/* Of these lines those that are JSON. */
static inline void event_test_keep_lines(const char *lines)
{
	char *text = strdup(lines), *rest = text, *line;

	assert_non_null(text);
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '[' || *line == '{')
			event_test_keep(strdup(line));
	}
	free(text);
}

static inline void event_test_note(const struct track_message *m,
				   const struct track_record *r)
{
	struct event_origin origin = { .connection_id = "2025-11-03_142501-2" };
	struct event e = { .flow = 0xabc, .message = m, .record = r };

	assert_true(base_addr_parse(&origin.client, "[2001:db8::7]:40000"));
	assert_true(base_addr_parse(&origin.server, "47.88.85.196:7700"));
	event_test_keep(event_json(&e));
	e.origin = &origin;
	event_test_keep(event_json(&e));
}

/* Return: 0, they are valid. */
static inline int event_test_validate(void)
{
	char path[] = WAYSIDE_VALIDATE;
	char *argv[] = { path, NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t actions;
	FILE *file = event_test_file();
	int status;
	pid_t pid;

	assert_int_equal(fflush(file), 0);
	assert_true(lseek(fileno(file), 0, SEEK_SET) == 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(
				 &actions, fileno(file), STDIN_FILENO),
			 0);
	assert_int_equal(posix_spawn(&pid, path, &actions, NULL, argv, env), 0);
	assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)fclose(file); /* was written and read */
	return status != 0;
}

/* The exit status: how many tests failed, and the validation. */
#define event_test_run(tests) \
	(cmocka_run_group_tests((tests), NULL, NULL) + event_test_validate())

#endif
