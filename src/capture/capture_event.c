/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_event.c - the classic event line: one a message */
#include "capture_event.h"

#include <stdio.h>

#include "base_escape.h"
#include "base_time.h"
#include "capture_lines.h"

#define HEAD_MAX (BASE_TIME_STAMP_LEN + BASE_ADDR_STRLEN + CAPTURE_ID_LEN + 16)

void capture_event_add(struct capture_lines *l, unsigned form,
		       const struct capture_event *v)
{
	char stamp[BASE_TIME_STAMP_LEN], ip[BASE_ADDR_STRLEN];
	char id[CAPTURE_ID_LEN];
	char *line = capture_lines_reserve(
		l, form, HEAD_MAX + v->message.len * BASE_ESCAPE_LEN + 1);
	size_t len;

	if (!line)
		return;
	len = (size_t)snprintf(line, HEAD_MAX, "%s\t%s\t%s\t%s\t",
			       base_time_stamp(v->wall_ns, stamp),
			       base_direction_name(v->direction),
			       base_addr_format_ip(&v->client, ip),
			       capture_id_format(&v->id, id));
	len += base_escape(line + len, v->message);
	line[len++] = '\n';
	capture_lines_commit(l, form, len);
}
