/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_event.c - the classic event line: one a message */
#include "capture_event.h"

#include <stdio.h>

#include "base_time.h"
#include "capture_lines.h"

#define HEAD_MAX   (BASE_TIME_STAMP_LEN + BASE_ADDR_STRLEN + CAPTURE_ID_LEN + 16)
#define ESCAPE_LEN 4 /* \xHH */

/* Return: bytes written to out. */
static size_t escape(char *out, struct base_span text)
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (c >= 0x20 && c <= 0x7e && c != '\\') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = hex[c >> 4];
		*p++ = hex[c & 15];
	}
	return (size_t)(p - out);
}

void capture_event_add(struct capture_lines *l, unsigned form,
		       const struct capture_event *v)
{
	char stamp[BASE_TIME_STAMP_LEN], ip[BASE_ADDR_STRLEN];
	char id[CAPTURE_ID_LEN];
	char *line = capture_lines_reserve(
		l, form, HEAD_MAX + v->message.len * ESCAPE_LEN + 1);
	size_t len;

	if (!line)
		return;
	len = (size_t)snprintf(line, HEAD_MAX, "%s\t%s\t%s\t%s\t",
			       base_time_stamp(v->wall_ns, stamp),
			       base_direction_name(v->direction),
			       base_addr_format_ip(&v->client, ip),
			       capture_id_format(&v->id, id));
	len += escape(line + len, v->message);
	line[len++] = '\n';
	capture_lines_commit(l, form, len);
}
