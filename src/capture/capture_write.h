/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_write.h - files that only grow, and how much of them counts
 *
 * Theory of operation
 *
 * A mark says of a file {device, inode, length}: what lies behind that length
 * does not count. Whoever appends settles first:
 *
 *   as the mark says      go on
 *   longer, and unsure    what is too much was written by ourselves and not
 *                         finished, or by a predecessor that died: cut off
 *   anything else         new, moved away and made anew, cut short or grown by
 *                         others: the mark becomes what the file is, and has to
 *                         be kept by the owner before the first byte is written
 *
 * So at any time the kept mark is a length that the file had when nothing of
 * the unfinished was in it, and a successor that is unsure cuts back just that.
 */
#ifndef CAPTURE_WRITE_H
#define CAPTURE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_rd.h"

/* A regular file, and how much of it counts. */
struct capture_mark {
	uint64_t dev, ino; /* ino 0 = no file, or one that cannot be cut */
	uint64_t len;
};

/* Opens for appending; made with mode 0640 if it is not there. `more`: further
 * open() flags. Return: the descriptor or -errno. */
WS_MUST_USE int capture_write_open(int dir, const char *path, int more);

/* Does the file still have a name? Bytes written to one that has not are lost
 * without an error. */
WS_MUST_USE bool capture_write_has_name(int fd);

/* Is this still what `path` names in `dir`? */
WS_MUST_USE bool capture_write_is_at(int fd, int dir, const char *path);

/* A marked file that was moved away while nobody watched: what is too much in
 * it is cut off where it lies now. Whoever rotates a log renames it in its
 * directory, and to a name that begins with the old one (logrotate's do, but
 * for its option `extension`); under any other name it is taken for another
 * file, which got the number of one that was deleted. Linear in the directory.
 */
void capture_write_cut_moved(int dir, const char *path,
			     const struct capture_mark *mark);

/*
 * See above. One that is not what an unsure mark says may have been moved away:
 * see capture_write_cut_moved().
 * Return: 0; 1 when the mark has changed; -errno.
 */
WS_MUST_USE int capture_write_settle(int fd, int dir, const char *path,
				     struct capture_mark *mark, bool *unsure);

/* A part for writev(), which reads only but has no interface that says so. */
struct iovec capture_write_part(struct base_span part);

/* Appends all parts, which it uses up. `half` is where a test lets it die in
 * between. Return: 0 or -errno; *written holds the number of bytes that got
 * there either way. */
WS_MUST_USE int capture_write_all(int fd, struct iovec *parts, int n_parts,
				  enum base_die_point half, size_t *written);

/* After a write that failed: back to the mark. Return: 0 or -errno, -EINVAL for
 * a file that cannot be cut. */
WS_MUST_USE int capture_write_undo(int fd, const struct capture_mark *mark);

#endif
