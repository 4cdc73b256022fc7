/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_json.h - values for --json, and printing it */
#ifndef WAYSIDE_JSON_H
#define WAYSIDE_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "wayside_command.h"

/* JSON's integers end at 2^63 - 1 here; no honest counter gets there. */
static inline json_int_t wayside_json_number(uint64_t n)
{
	return n < INT64_MAX ? (json_int_t)n : INT64_MAX;
}

/* RFC 3339; null for 0. NULL: no memory. */
json_t *wayside_json_time(uint64_t wall_ns);
/* Cleaned; at most 127 bytes. NULL: no memory. */
json_t *wayside_json_text(const char *text);

/* What is not finite is left out. Return: 0, or -1: no memory. */
int wayside_json_set_real(json_t *object, const char *name, double v);

/* As in an event: a centimetre on the Earth, and no digits that nobody sent. */
#define WAYSIDE_JSON_REALS JSON_REAL_PRECISION(10)

/* Prints the document and frees it; NULL, which building it gives when memory
 * ends, is told. */
enum wayside_status wayside_json_print(FILE *out, json_t *document);

#endif
