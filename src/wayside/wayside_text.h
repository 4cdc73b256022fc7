/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_text.h - aligned columns, ages, and nothing that steers a terminal */
#ifndef WAYSIDE_TEXT_H
#define WAYSIDE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"

#define WAYSIDE_COLUMNS_MAX 16
#define WAYSIDE_CELL_LEN    96 /* with the final NUL */
#define WAYSIDE_LINE_LEN    80 /* of a terminal */

struct wayside_column {
	const char *title;
	bool right; /* numbers */
};

struct wayside_row {
	char cell[WAYSIDE_COLUMNS_MAX][WAYSIDE_CELL_LEN];
};

/* Measure every row first, then print the titles and each row again. */
struct wayside_table {
	const struct wayside_column *columns;
	size_t n_columns;
	size_t width[WAYSIDE_COLUMNS_MAX];
	/* the last column goes on below itself where a line would be longer
	 * than WAYSIDE_LINE_LEN */
	bool fold;
};

void wayside_table_init(struct wayside_table *t,
			const struct wayside_column *columns, size_t n_columns);
void wayside_table_measure(struct wayside_table *t,
			   const struct wayside_row *row);
void wayside_table_titles(const struct wayside_table *t, FILE *out);
void wayside_table_print(const struct wayside_table *t, FILE *out,
			 const struct wayside_row *row);

/* Copies what fits; bytes outside 0x20-0x7e become '?', so what came from
 * another process can neither steer a terminal nor spoil JSON. Return: out. */
const char *wayside_text_clean(char *out, size_t size, const char *text);

/* Lines for the user, cleaned, each after "wayside: " with `to` stderr. */
void wayside_text_lines(FILE *to, const char *text);

/* The text of an errno from another process. */
const char *wayside_text_error(int error);

#define WAYSIDE_AGE_LEN 40
/* "5 s", "12 min 5 s", "3 h 12 min", "2 d 3 h". Return: buf. */
const char *wayside_text_age(uint64_t seconds,
			     char buf[static WAYSIDE_AGE_LEN]);

#endif
