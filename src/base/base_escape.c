/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_escape.c - bytes from outside as text that steers nothing */
#include "base_escape.h"

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static char *put_hex(char *out, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";

	*out++ = hex[c >> 4];
	*out++ = hex[c & 15];
	return out;
}

bool base_escape_plain(struct base_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (!is_plain(bytes.ptr[i]))
			return false;
	}
	return true;
}

size_t base_escape(char *out, struct base_span bytes)
{
	char *p = out;

	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t c = bytes.ptr[i];

		if (is_plain(c) && c != '\\') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		p = put_hex(p, c);
	}
	return (size_t)(p - out);
}

void base_escape_hex(char *out, struct base_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		out = put_hex(out, bytes.ptr[i]);
}
