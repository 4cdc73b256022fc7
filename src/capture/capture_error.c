/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_error.c - errors.log in the log directory */
#include "capture_error.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base_fd.h"
#include "base_time.h"
#include "capture_write.h"

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

int capture_error_write(int dir, uint64_t wall_ns, const char *context,
			const char *message, int err)
{
	const char *text = err ? strerrordesc_np(err) : NULL;
	char stamp[BASE_TIME_STAMP_LEN], cause[96], line[640];
	struct base_span part = { (const uint8_t *)line, 0 };
	size_t written;
	int r;
	WS_CLEAN(base_fd_close) int fd = -1;

	if (err)
		(void)snprintf(cause, sizeof(cause), "errno=%d: %s", err,
			       text ? text : "unknown");
	else
		(void)snprintf(cause, sizeof(cause), "no errno");
	r = snprintf(line, sizeof(line), "%s\t%.255s\t%.255s (%s)\n",
		     base_time_stamp(wall_ns, stamp), context, message, cause);
	part.len = (size_t)r;
	fd = capture_write_open(dir, CAPTURE_ERROR_FILE, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	r = capture_write_all(fd, &part, 1, &written);
	if (r && written)
		(void)capture_write_cut(fd,
					written); /* the write's error counts */
	return r;
}
