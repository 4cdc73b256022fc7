/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_escape.h - bytes from outside as text that steers nothing
 *
 * Plain is 0x20-0x7e. Escaped, every other byte and the backslash are \xHH, so
 * what it was can be told again. Hexadecimal digits are in lower case.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base_rd.h"

#define BASE_ESCAPE_LEN 4 /* the most that a byte becomes */

/* Every byte is plain; true for none. */
bool base_escape_plain(struct base_span bytes);

/* out: room for BASE_ESCAPE_LEN times the bytes; no NUL is added. Return: the
 * length. */
size_t base_escape(char *out, struct base_span bytes);

/* out: room for two digits a byte; no NUL is added. */
void base_escape_hex(char *out, struct base_span bytes);

#endif
