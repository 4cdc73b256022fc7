/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_captures.h - `wayside captures`: what lies in the log directory
 *
 * Asks nobody: names and sizes say it all, so it works while the daemon is down
 * and for whoever may list the directory. A capture's first time is that of its
 * connection id, its last that of the last write.
 */
#ifndef WAYSIDE_CAPTURES_H
#define WAYSIDE_CAPTURES_H

#include <dirent.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"
#include "capture_id.h"
#include "wayside_command.h"

/* One file. */
struct wayside_capture_part {
	struct capture_name name;
	uint64_t bytes;
	uint64_t last_ns;
};

struct wayside_captures {
	/* by connection, client and format, its parts behind one another */
	struct wayside_capture_part *parts; /* heap */
	size_t n;
};

/* Reads the directory to its end. Only regular files whose name is a capture's.
 * Return: 0 or -errno, and then there is nothing to free. */
WS_MUST_USE int wayside_captures_read(DIR *dir, struct wayside_captures *out);
void wayside_captures_free(struct wayside_captures *c);

void wayside_captures_print(FILE *out, const struct wayside_captures *c);
/* NULL: no memory. */
json_t *wayside_captures_json(const struct wayside_captures *c);

#endif
