/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_file.h - one text capture for each connection
 *
 * Theory of operation
 *
 * A capture has tcpproxy's format, byte for byte: a record is a chunk,
 *   YYYY-MM-DD HH:MM:SS TAB client|server TAB bytes LF
 * in local time, the bytes as they were. Files only ever grow.
 *
 * Connections are many and mostly idle, descriptors few: a set keeps at most
 * max_open files open and closes the one that was used least recently. A file
 * that was closed is opened by its name in the log directory when it is needed
 * again, following no link. One that was deleted is made again, so that a log
 * directory that vanishes is noticed at the next record.
 *
 * Records that follow each other in one file are gathered and written at once,
 * at the latest by capture_files_flush(), which the owner calls before it lets
 * go of the bytes (moves its cursor). A large chunk is written straight from
 * where it lies.
 *
 * What fails (no space, read-only, directory gone) is told through lost(), with
 * the exact number of payload bytes that are not in the file. A file never ends
 * in half a record: what was written of the failed records is cut off before
 * anything else is appended. The next record tries anew, so recording comes
 * back by itself.
 */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "capture_id.h"

/* A file's state beside the set; owned by the flow's entry in the recorder, in
 * use from capture_file_open() to capture_file_close(). Must not move. */
struct capture_file {
	struct capture_id id;
	struct base_addr client;
	uint32_t slot; /* of its descriptor; CAPTURE_SLOT_NONE = closed */
	uint32_t torn; /* bytes of a failed record still to be cut off */
};

#define CAPTURE_SLOT_NONE UINT32_MAX

struct capture_slot {
	struct capture_file *file; /* whose descriptor; NULL = free */
	int fd;                    /* -1 = free */
	uint32_t older, newer;     /* neighbours in the order of use */
};

/* Records of `file` were not written: bytes[direction] of payload. */
typedef void capture_lost_fn(void *arg, struct capture_file *file, int err,
			     const uint64_t bytes[BASE_DIRECTIONS]);

/* Owned by the recorder. */
struct capture_files {
	int dir; /* of the log directory; borrowed */
	/* A ring in the order of use: slots[max_open] stands between the newest
	 * and the oldest; free slots are the oldest. */
	struct capture_slot *slots;
	uint32_t max_open;
	capture_lost_fn *lost;
	void *arg;

	/* Records not yet written: all of one file. */
	struct capture_file *file; /* NULL = none */
	char *gathered;
	size_t len;
	uint64_t payload[BASE_DIRECTIONS]; /* bytes in `gathered` */
};

/* max_open >= 1. `dir` stays open for the life of the set.
 * Return: 0 or -ENOMEM. */
WS_MUST_USE int capture_files_init(struct capture_files *s, int dir,
				   uint32_t max_open, capture_lost_fn *lost,
				   void *arg);

/* Writes what is gathered and closes all descriptors. */
void capture_files_done(struct capture_files *s);

/* Creates the file at once; one that exists is continued. Return: 0 or -errno;
 * the file is in use either way, and each record tries again. */
WS_MUST_USE int capture_file_open(struct capture_files *s,
				  struct capture_file *f,
				  const struct capture_id *id,
				  const struct base_addr *client);

/* The bytes must stay until the call returns, no longer. */
void capture_file_record(struct capture_files *s, struct capture_file *f,
			 uint64_t wall_ns, enum base_direction d,
			 struct base_span bytes);

/* Writes what is gathered. */
void capture_files_flush(struct capture_files *s);

/* Writes what is gathered of it and ends its use. */
void capture_file_close(struct capture_files *s, struct capture_file *f);

#endif
