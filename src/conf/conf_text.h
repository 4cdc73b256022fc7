/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_text.h - UTF-8 as the configuration takes it, and quoting */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_rd.h"

/* Room for a quoted value in a message, with the final NUL. */
#define CONF_QUOTE_LEN 80

/* Takes one character (RFC 3629). Return: its code point; -1 when the bytes
 * are none: then at least one byte was taken. */
int32_t conf_text_next(struct base_rd *r);

/* May stand in a value: no control character, line separator or byte order
 * mark, so that a value is one line and YAML can carry it (YAML 1.1 5.1). */
bool conf_text_printable(int32_t c);
bool conf_text_all_printable(struct base_span text);

/*
 * "text" with quotes; `"` and `\` get a backslash, bytes of what is not
 * printable are written \xHH, so a hostile value cannot forge a second line.
 * What does not fit is cut and ends in `..."`. In what looks like a URI, ***
 * stands for the password, wherever it may end. Return: buf.
 */
const char *conf_text_quote(struct base_span text, char *buf, size_t size);

#endif
