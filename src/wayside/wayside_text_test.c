/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_text_test.c - columns, ages, times, and bytes that are not text */
#include "wayside_text.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"

static void columns_line_up(void **state)
{
	static const struct wayside_column columns[] = {
		{ "NAME", false },
		{ "N", true },
		{ "LAST", false },
	};
	const struct wayside_row rows[] = {
		{ { "a", "1", "x" } },
		{ { "abcdef", "12345", "\x1b[31m\xff" } },
	};
	struct wayside_table t;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		wayside_table_measure(&t, &rows[i]);
	wayside_table_titles(&t, out);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		wayside_table_print(&t, out, &rows[i]);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "NAME        N  LAST\n"
				  "a           1  x\n"
				  "abcdef  12345  ?[31m?\n");
	free(text);
}

/* 20 + 2 columns come before the last, which leaves 58. */
static void last_column_folds(void **state)
{
	static const struct wayside_column columns[] = {
		{ "ABCDEFGHIJKLMNOPQRST", false },
		{ "LAST", false },
	};
#define W28   "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GAP22 "                      "
	static const struct {
		const char *last, *printed;
	} rows[] = {
		/* 28 + 1 + 29 = 58: it just fits */
		{ W28 " b" W28, W28 " b" W28 },
		{ W28 " bb" W28, W28 "\n" GAP22 "bb" W28 },
		{ W28 " " W28 " c d", W28 " " W28 "\n" GAP22 "c d" },
		/* no place for a fold */
		{ W28 W28 "bbb c", W28 W28 "bbb c" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct wayside_table t;
		struct wayside_row row = { { "x" } };
		char *text = NULL, want[256];
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
		t.fold = true;
		(void)snprintf(row.cell[1], WAYSIDE_CELL_LEN, "%s",
			       rows[i].last);
		wayside_table_print(&t, out, &row);
		assert_int_equal(fclose(out), 0);
		(void)snprintf(want, sizeof(want), "x%19s  %s\n", "",
			       rows[i].printed);
		assert_string_equal(text, want);
		free(text);
	}
}

static void ages(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0 s" },
		{ 59, "59 s" },
		{ 60, "1 min 0 s" },
		{ 3599, "59 min 59 s" },
		{ 3600, "1 h 0 min" },
		{ 86399, "23 h 59 min" },
		{ 86400, "1 d 0 h" },
		/* 213503982334601 x 86400 = 18446744073709526400; the rest is
		 * 25215 s */
		{ UINT64_MAX, "213503982334601 d 7 h" },
	};
	char buf[WAYSIDE_AGE_LEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		assert_string_equal(wayside_text_age(rows[i].seconds, buf),
				    rows[i].text);
}

static void lines(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	wayside_text_lines(out, "one\n\ntwo\r\x1b]0;x\a\n\xc3\xa4");
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "one\n\ntwo??]0;x?\n??\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(last_column_folds),
		cmocka_unit_test(ages),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
