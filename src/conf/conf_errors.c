/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_errors.c - all problems of a configuration, told at once */
#include "conf_errors.h"

#include <stdarg.h>
#include <stdlib.h>

struct conf_error {
	struct conf_mark at;
	bool warning;
	size_t number; /* order of finding: qsort() is not stable */
	char *text;
};

WS_PRINTF(4, 0)
static void add(struct conf_errors *e, struct conf_mark at, bool warning,
		const char *fmt, va_list args)
{
	struct conf_error *slot;

	if (e->n == e->size) {
		const size_t size = e->size ? e->size * 2 : 16;
		struct conf_error *list =
			reallocarray(e->list, size, sizeof(*list));

		if (!list) {
			e->lost = true;
			return;
		}
		e->list = list;
		e->size = size;
	}
	slot = &e->list[e->n];
	slot->at = at;
	slot->warning = warning;
	slot->number = e->n;
	if (vasprintf(&slot->text, fmt, args) < 0) {
		e->lost = true;
		return;
	}
	e->n++;
	e->n_warnings += warning;
}

void conf_errors_add(struct conf_errors *e, struct conf_mark at,
		     const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(e, at, false, fmt, args);
	va_end(args);
}

void conf_errors_warn(struct conf_errors *e, struct conf_mark at,
		      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(e, at, true, fmt, args);
	va_end(args);
}

bool conf_errors_any(const struct conf_errors *e)
{
	return e->n > e->n_warnings || e->lost;
}

static int by_place(const void *va, const void *vb)
{
	const struct conf_error *a = va, *b = vb;

	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

void conf_errors_print(struct conf_errors *e, const char *file, FILE *out)
{
	if (e->n > 0)
		qsort(e->list, e->n, sizeof(*e->list), by_place);
	for (size_t i = 0; i < e->n; i++) {
		const struct conf_error *x = &e->list[i];

		if (x->at.line == 0)
			(void)fprintf(out, "%s: ",
				      e->origin ? e->origin : "command line");
		else
			(void)fprintf(out, "%s:%u:%u: ", file, x->at.line,
				      x->at.column);
		(void)fprintf(out, "%s%s\n", x->warning ? "warning: " : "",
			      x->text);
	}
	if (e->lost)
		(void)fprintf(out, "out of memory: not all problems shown\n");
}

void conf_errors_done(struct conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i].text);
	free(e->list);
	*e = (struct conf_errors){ .n = 0 };
}
