/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_error.h - the lines of errors.log in the log directory
 *
 *   YYYY-MM-DD HH:MM:SS TAB context TAB message (errno=N: text) LF
 * or ` (no errno)`; local time. Contexts as tcpproxy wrote them: "main",
 * "proxy", and a connection's, which is made here. A connection's normal end is
 * no error.
 */
#ifndef CAPTURE_ERROR_H
#define CAPTURE_ERROR_H

#include <stdint.h>

#include "base_addr.h"
#include "capture_id.h"

struct capture_lines;

#define CAPTURE_ERROR_FILE "errors.log"
/* With the final NUL; the longest context is shorter. */
#define CAPTURE_CONTEXT_LEN 256

/* "conn=ID client=IP:PORT remote=IP:PORT". Return: buf. */
const char *capture_error_connection(const struct capture_id *id,
				     const struct base_addr *client,
				     const struct base_addr *remote,
				     char buf[static CAPTURE_CONTEXT_LEN]);

/* Gathers a line. err: an errno, 0 = none. context and message are ours, never
 * a peer's: nothing is escaped, what is beyond 255 bytes of each is cut. */
void capture_error_add(struct capture_lines *l, uint64_t wall_ns,
		       const char *context, const char *message, int err);

#endif
