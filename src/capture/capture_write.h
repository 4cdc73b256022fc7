/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_write.h - whole records or none, at the end of a file */
#ifndef CAPTURE_WRITE_H
#define CAPTURE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"

#define CAPTURE_WRITE_PARTS_MAX 3

/* A regular file, and how much of it counts. */
struct capture_mark {
	uint64_t dev, ino; /* ino 0 = no file, or none that can be cut */
	uint64_t len;
};

/* Opens for appending; made with mode 0640 if it is not there. `more`: further
 * open() flags. Return: the descriptor or -errno. */
WS_MUST_USE int capture_write_open(int dir, const char *path, int more);

/* Does the file still have a name? Bytes written to one that has not are lost
 * without an error. */
bool capture_write_has_name(int fd);

/* Is this still what `path` names? */
bool capture_write_is_at(int fd, const char *path);

/* Appends 1 to CAPTURE_WRITE_PARTS_MAX parts. Return: 0 or -errno; *written
 * holds the number of bytes that got there either way. */
WS_MUST_USE int capture_write_all(int fd, const struct base_span *parts,
				  int n_parts, size_t *written);

/* Takes the last len bytes of a regular file back. Return: 0 or -errno, -EINVAL
 * for a file that is not regular. */
int capture_write_cut(int fd, size_t len);

#endif
