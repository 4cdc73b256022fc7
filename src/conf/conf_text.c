/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_text.c - UTF-8 as the configuration takes it, and quoting */
#include "conf_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int32_t conf_text_next(struct base_rd *r)
{
	static const struct {
		uint8_t mask, lead; /* of the first byte */
		uint8_t more;       /* bytes that follow */
		int32_t min;        /* shorter forms are overlong */
	} forms[] = { { 0xe0, 0xc0, 1, 0x80 },
		      { 0xf0, 0xe0, 2, 0x800 },
		      { 0xf8, 0xf0, 3, 0x10000 } };
	const uint8_t lead = base_rd_u8(r);

	if (lead < 0x80)
		return lead;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		int32_t c = lead & (uint8_t)~forms[i].mask;

		if ((lead & forms[i].mask) != forms[i].lead)
			continue;
		for (unsigned n = 0; n < forms[i].more; n++) {
			const int next = base_rd_peek(r);

			if (next < 0 || (next & 0xc0) != 0x80)
				return -1;
			c = c << 6 | (base_rd_u8(r) & 0x3f);
		}
		if (c < forms[i].min || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return -1;
		return c;
	}
	return -1;
}

bool conf_text_printable(int32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0x2028 &&
	       c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

bool conf_text_all_printable(struct base_span text)
{
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	while (base_rd_left(&r) > 0) {
		if (!conf_text_printable(conf_text_next(&r)))
			return false;
	}
	return true;
}

/* One character as it stands between the quotes. Return: its length. */
static size_t escape(struct base_rd *r, char out[static 20])
{
	const uint8_t *from = r->pos;
	const int32_t c = conf_text_next(r);
	const size_t len = (size_t)(r->pos - from);
	size_t n = 0;

	if (c == '"' || c == '\\')
		out[n++] = '\\';
	if (conf_text_printable(c)) {
		memcpy(out + n, from, len);
		return n + len;
	}
	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(out + n, 5, "\\x%02x", (unsigned)from[i]);
	return n;
}

/* SCHEME://USER:PASSWORD@HOST, where a password may have been written as it
 * should not be: it goes as far as the last @. Empty: there is none. */
static struct base_span password_in(struct base_span text)
{
	const struct base_span none = { text.ptr + text.len, 0 };
	const uint8_t *start, *end;

	if (!text.len)
		return none;
	start = memmem(text.ptr, text.len, "://", 3);
	end = memrchr(text.ptr, '@', text.len);
	if (!start || !end || end < start + 3)
		return none;
	start += 3;
	start = memchr(start, ':', (size_t)(end - start));
	return start ? (struct base_span){ start + 1,
					   (size_t)(end - start) - 1 }
		     : none;
}

const char *conf_text_quote(struct base_span text, char *buf, size_t size)
{
	static const char cut[] = "...\"", hidden[] = "***";
	const struct base_span password = password_in(text);
	char piece[20];
	struct base_rd r;
	size_t n = 0, keep; /* so much stays when it must be cut */

	assert(size > sizeof(cut));
	base_rd_init(&r, text.ptr, text.len);
	buf[n++] = '"';
	keep = n;
	while (base_rd_left(&r) > 0) {
		const bool hide = password.len && r.pos == password.ptr;
		size_t len = sizeof(hidden) - 1;

		if (hide) {
			(void)base_rd_take(&r, password.len);
			memcpy(piece, hidden, len);
		} else {
			len = escape(&r, piece);
		}
		if (n + len + sizeof("\"") > size) {
			memcpy(buf + keep, cut, sizeof(cut));
			return buf;
		}
		memcpy(buf + n, piece, len);
		n += len;
		if (n + sizeof(cut) <= size)
			keep = n;
	}
	memcpy(buf + n, "\"", sizeof("\""));
	return buf;
}
