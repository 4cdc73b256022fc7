/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_protocols_test.c - the manual's tables are those of the program
 *
 * wayside-events(7) has a row a keyword, KEYWORD@FROM@TYPE@WHAT, under a
 * heading that begins with the protocol's name, and a row an attribute,
 * NAME@WHAT.
 */
#include "wayside_protocols.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "base_test.h"
#include "track.h"

static int read_manual(void **state)
{
	char *text = NULL;
	size_t len;
	int fd = open(WAYSIDE_MANUAL, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, 1 << 20, &text, &len), 0);
	base_fd_close(&fd);
	/* in roff - is a hyphen, \- a minus; \e is a backslash */
	for (char *p = text; (p = strstr(p, "\\-"));)
		memmove(p, p + 1, strlen(p));
	*state = text;
	return 0;
}

static int forget_manual(void **state)
{
	free(*state);
	return 0;
}

/* The table behind this heading. Return: the line behind its format. */
static const char *table_behind(const char *manual, const char *heading)
{
	const char *p = strstr(manual, heading);

	assert_non_null(p);
	p = strstr(p, "\n.TS\n");
	assert_non_null(p);
	p = strstr(p, ".\n");
	assert_non_null(p);
	return p + 2;
}

/* Takes the row, or fails. */
static void row_is(const char **at, const char *want)
{
	const size_t len = strlen(want);

	if (strncmp(*at, want, len) != 0)
		fail_msg("the manual has\n%.*s\nnot\n%s",
			 (int)strcspn(*at, "\n"), *at, want);
	*at += len;
}

static const char *sender(unsigned from)
{
	if (from == TRACK_FROM_BOTH)
		return "both";
	return from == TRACK_FROM_CLIENT ? "client" : "server";
}

static void every_keyword_is_in_the_manual(void **state)
{
	char text[512];

	for (const struct track_protocol *const *p = track_protocols(); *p;
	     p++) {
		const char *at;

		(void)snprintf(text, sizeof(text), "\n.SS %s", (*p)->name);
		at = table_behind(*state, text);
		for (const struct track_keyword *k = (*p)->keywords; k->name;
		     k++) {
			(void)snprintf(text, sizeof(text), "%s@%s@%s@%s\n",
				       k->name, sender(k->from),
				       track_type_name(k->type), k->what);
			row_is(&at, text);
		}
		row_is(&at, ".TE\n");
	}
}

static void every_attribute_is_in_the_manual(void **state)
{
	const char *at = table_behind(*state, "\n.SH ATTRIBUTES");
	char text[256];

	for (int i = 0; i < TRACK_NAME_MAX; i++) {
		const struct track_name_row *row =
			track_name_row((enum track_name)i);

		(void)snprintf(text, sizeof(text), "%s@%s\n", row->name,
			       row->what);
		row_is(&at, text);
	}
	row_is(&at, ".TE\n");
}

static void every_alarm_is_in_the_manual(void **state)
{
	const char *at = strstr(*state, "\nThe values of\n");
	char word[64];

	for (int i = 0; i < TRACK_ALARM_MAX; i++) {
		assert_non_null(at);
		(void)snprintf(word, sizeof(word), "%s%c",
			       track_alarm_name((enum track_alarm)i),
			       i + 1 < TRACK_ALARM_MAX ? ',' : '.');
		at = strstr(at, word);
	}
	assert_non_null(at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_keyword_is_in_the_manual),
		cmocka_unit_test(every_attribute_is_in_the_manual),
		cmocka_unit_test(every_alarm_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, read_manual, forget_manual);
}
