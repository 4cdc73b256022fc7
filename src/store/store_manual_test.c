/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_manual_test.c - the manual's tables are those of the program
 *
 * wayside-store(7) has a heading a table, and below it a row a column,
 * NAME@TYPE@WHAT, in their order; indexes are NAME@COLUMNS.
 */
#include "store_test.h"

#include "base_fd.h"
#include "store_schema.h"

static char *manual;

static int read_manual(void **state)
{
	size_t len;
	int fd = open(WAYSIDE_MANUAL, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, 1 << 20, &manual, &len), 0);
	base_fd_close(&fd);
	return 0;
}

static int forget_manual(void **state)
{
	(void)state;
	free(manual);
	return 0;
}

/* The rows below the heading, each up to its `fields`-th @, as ask() gives
 * rows. */
static const char *rows_below(const char *heading, int fields)
{
	static char text[4096];
	char want[64];
	const char *p;
	size_t len = 0;

	(void)snprintf(want, sizeof(want), "\n.SS %s\n", heading);
	p = strstr(manual, want);
	assert_non_null(p);
	p = strstr(p, "\n.TS\n");
	assert_non_null(p);
	p = strstr(p, "l.\n");
	assert_non_null(p);
	for (p += 3; strncmp(p, ".TE\n", 4) != 0; p = strchr(p, '\n') + 1) {
		if (len)
			text[len++] = ';';
		for (int left = fields; *p != '\n'; p++) {
			if (*p == '@' && !--left)
				break;
			assert_true(len + 2 < sizeof(text));
			text[len++] = (char)(*p == '@' ? '|' : *p);
		}
	}
	text[len] = '\0';
	return text;
}

static void tables_are_those_of_the_manual(void **state)
{
	struct place *p = *state;
	char tables[256], sql[128], *rest = tables, *table;

	opened(p);
	(void)snprintf(tables, sizeof(tables), "%s",
		       ask(p->path, "SELECT name FROM sqlite_master"
				    " WHERE type = 'table'"));
	while ((table = strsep(&rest, ";"))) {
		(void)snprintf(sql, sizeof(sql),
			       "SELECT name, type FROM pragma_table_info('%s')",
			       table);
		is(p, sql, rows_below(table, 2));
	}
}

static void indexes_are_those_of_the_manual(void **state)
{
	struct place *p = *state;

	opened(p);
	is(p,
	   "SELECT name, substr(sql, instr(sql, ' ON ') + 4)"
	   " FROM sqlite_master WHERE type = 'index' AND sql NOT NULL",
	   rows_below("Indexes", 2));
}

static void versions_are_those_of_the_manual(void **state)
{
	char want[128];

	(void)state;
	(void)snprintf(want, sizeof(want), "\nis %d (0x%x),\n",
		       STORE_APPLICATION_ID, (unsigned)STORE_APPLICATION_ID);
	assert_non_null(strstr(manual, want));
	(void)snprintf(want, sizeof(want), "\nthe number of the schema: %d.\n",
		       STORE_SCHEMA_VERSION);
	assert_non_null(strstr(manual, want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(tables_are_those_of_the_manual),
		PLACE_TEST(indexes_are_those_of_the_manual),
		cmocka_unit_test(versions_are_those_of_the_manual),
	};

	return cmocka_run_group_tests(tests, read_manual, forget_manual);
}
