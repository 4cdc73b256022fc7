/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_error.c - the lines of errors.log in the log directory */
#include "capture_error.h"

#include <stdio.h>
#include <string.h>

#include "base_time.h"
#include "capture_lines.h"

/* Stamp, context, message, cause, and what stands between. */
#define LINE_MAX_LEN 640
/* Its set has but one. */
#define FORM 0

const char *capture_error_connection(const struct capture_id *id,
				     const struct base_addr *client,
				     const struct base_addr *remote,
				     char buf[static CAPTURE_CONTEXT_LEN])
{
	char i[CAPTURE_ID_LEN], c[BASE_ADDR_STRLEN], r[BASE_ADDR_STRLEN];

	(void)snprintf(buf, CAPTURE_CONTEXT_LEN, "conn=%s client=%s remote=%s",
		       capture_id_format(id, i), base_addr_format(client, c),
		       base_addr_format(remote, r));
	return buf;
}

void capture_error_add(struct capture_lines *l, uint64_t wall_ns,
		       const char *context, const char *message, int err)
{
	const char *text = err ? strerrordesc_np(err) : NULL;
	char stamp[BASE_TIME_STAMP_LEN], cause[96];
	char *line = capture_lines_reserve(l, FORM, LINE_MAX_LEN);

	if (!line)
		return;
	if (err)
		(void)snprintf(cause, sizeof(cause), "errno=%d: %s", err,
			       text ? text : "unknown");
	else
		(void)snprintf(cause, sizeof(cause), "no errno");
	capture_lines_commit(l, FORM,
			     (size_t)snprintf(line, LINE_MAX_LEN,
					      "%s\t%.255s\t%.255s (%s)\n",
					      base_time_stamp(wall_ns, stamp),
					      context, message, cause));
}
