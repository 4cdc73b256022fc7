/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_errors.h - all problems of a configuration, told at once */
#ifndef CONF_ERRORS_H
#define CONF_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"

/* A place in the file, counted from 1; line 0 is what is no file. */
struct conf_mark {
	uint32_t line;
	uint32_t column; /* in characters */
};

struct conf_error;

/* Start with all zero; conf_errors_done() frees what was collected. */
struct conf_errors {
	struct conf_error *list;
	size_t n; /* errors and warnings */
	size_t n_warnings;
	size_t size;
	bool lost;          /* there was no memory for one */
	const char *origin; /* what line 0 is; NULL: the command line */
};

/* `fmt` makes one line without its end; quote what comes from outside. */
void conf_errors_add(struct conf_errors *e, struct conf_mark at,
		     const char *fmt, ...) WS_PRINTF(3, 4);
/* The same for what is likely a slip, but can be done as it is written. */
void conf_errors_warn(struct conf_errors *e, struct conf_mark at,
		      const char *fmt, ...) WS_PRINTF(3, 4);

/* Is there an error? Warnings are none. */
bool conf_errors_any(const struct conf_errors *e);

/* "FILE:LINE:COLUMN: text" or "ORIGIN: text" a line, a warning's text
 * with "warning: " before it, sorted by place; problems of one place in the
 * order they were found. */
void conf_errors_print(struct conf_errors *e, const char *file, FILE *out);
void conf_errors_done(struct conf_errors *e);

#endif
