/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_text.c - aligned columns, ages, and nothing that steers a terminal */
#include "wayside_text.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base_time.h"
#include "wayside_command.h"

#define GAP 2 /* between columns */

void wayside_table_init(struct wayside_table *t,
			const struct wayside_column *columns, size_t n_columns)
{
	assert(n_columns <= WAYSIDE_COLUMNS_MAX);
	t->columns = columns;
	t->n_columns = n_columns;
	t->fold = false;
	for (size_t i = 0; i < n_columns; i++)
		t->width[i] = strlen(columns[i].title);
}

void wayside_table_measure(struct wayside_table *t,
			   const struct wayside_row *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		const size_t len = strnlen(row->cell[i], WAYSIDE_CELL_LEN - 1);

		if (len > t->width[i])
			t->width[i] = len;
	}
}

/* Between words, where there are any; `at` = the column that it begins in. */
static void print_folded(FILE *out, const char *text, size_t at)
{
	const size_t room = at < WAYSIDE_LINE_LEN ? WAYSIDE_LINE_LEN - at : 0;

	while (strlen(text) > room) {
		const char *blank = memrchr(text, ' ', room + 1);

		if (!blank)
			break;
		(void)fprintf(out, "%.*s\n%*s", (int)(blank - text), text,
			      (int)at, "");
		text = blank + 1;
	}
	(void)fputs(text, out);
}

void wayside_table_print(const struct wayside_table *t, FILE *out,
			 const struct wayside_row *row)
{
	size_t at = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		const bool last = i + 1 == t->n_columns;
		const int width = (int)t->width[i];
		char text[WAYSIDE_CELL_LEN];

		(void)wayside_text_clean(text, sizeof(text), row->cell[i]);
		if (t->columns[i].right)
			(void)fprintf(out, "%*s", width, text);
		else if (last && t->fold)
			print_folded(out, text, at);
		else /* nothing to align after the last one */
			(void)fprintf(out, "%-*s", last ? 0 : width, text);
		(void)fprintf(out, "%*s", last ? 0 : GAP, "");
		at += t->width[i] + GAP;
	}
	(void)fputc('\n', out);
}

void wayside_table_titles(const struct wayside_table *t, FILE *out)
{
	struct wayside_row row;

	for (size_t i = 0; i < t->n_columns; i++)
		(void)snprintf(row.cell[i], WAYSIDE_CELL_LEN, "%s",
			       t->columns[i].title);
	wayside_table_print(t, out, &row);
}

static bool printable(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

const char *wayside_text_clean(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; n + 1 < size && text[n]; n++) {
		out[n] = '?';
		if (printable(text[n]))
			out[n] = text[n];
	}
	out[n] = '\0';
	return out;
}

void wayside_text_lines(FILE *to, const char *text)
{
	while (*text) {
		(void)fputs(to == stderr ? "wayside: " : "", to);
		for (; *text && *text != '\n'; text++)
			(void)fputc(printable(*text) ? *text : '?', to);
		(void)fputc('\n', to);
		text += *text == '\n';
	}
}

const char *wayside_text_error(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "unknown error";
}

enum wayside_status wayside_complain(const char *text)
{
	wayside_text_lines(stderr, text);
	return WAYSIDE_FAILED;
}

const char *wayside_text_age(uint64_t seconds, char buf[static WAYSIDE_AGE_LEN])
{
	static const struct {
		uint64_t unit, part;
		const char *name, *part_name;
	} rows[] = {
		{ 86400, 3600, "d", "h" },
		{ 3600, 60, "h", "min" },
		{ 60, 1, "min", "s" },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		if (seconds < rows[i].unit)
			continue;
		(void)snprintf(
			buf, WAYSIDE_AGE_LEN, "%llu %s %u %s",
			(unsigned long long)(seconds / rows[i].unit),
			rows[i].name,
			(unsigned)(seconds % rows[i].unit / rows[i].part),
			rows[i].part_name);
		return buf;
	}
	(void)snprintf(buf, WAYSIDE_AGE_LEN, "%u s", (unsigned)seconds);
	return buf;
}
