/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_file.h - one capture for each connection
 *
 * Theory of operation
 *
 * A text capture has tcpproxy's format, byte for byte: a record is a chunk,
 *   YYYY-MM-DD HH:MM:SS TAB client|server TAB bytes LF
 * in local time, the bytes as they were. A pcap capture has packets
 * (capture_pcap.h); whatever is written to an empty one is preceded by the
 * header of the file. Files only ever grow.
 *
 * A capture may have parts, each a file of its own that begins with a whole
 * record: the owner asks capture_file_is_full() before each record, and begins
 * the next part by capture_file_next_part(). Between the two it keeps for good
 * what was recorded until then: with the mark of another file kept, nothing
 * would say any more how much of the last part counts. Whoever continues a
 * flow decides the same for the same records, as a part's number, its length
 * and the time of its first bytes are kept.
 *
 * Records are gathered in one arena for all files, each file's in a chain, in
 * whatever order the flows come; capture_files_flush() writes each file's at
 * once. The owner calls it before it lets go of the bytes (moves its cursor),
 * and a full arena calls it by itself.
 *
 * Connections are many and mostly idle, descriptors few: a set keeps at most
 * max_open files open and closes the one that was used least recently. A file
 * that was closed is opened by its name in the log directory when it is needed
 * again, following no link. One that was deleted is made again, so that a log
 * directory that vanishes is noticed at the next record.
 *
 * A flush goes in groups of at most max_open files: settle all, let the owner
 * keep the marks that are new, then write (see capture_write.h).
 *
 * What fails (no space, read-only, directory gone) is told through lost(), with
 * the exact number of payload bytes that are not in the file. A file never ends
 * in half a record: what was written of the failed records is cut off before
 * anything else is appended. The next record tries anew, so recording comes
 * back by itself.
 */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "capture_id.h"
#include "capture_pcap.h"
#include "capture_write.h"

/* A file's state beside the set; owned by the flow's entry in the recorder, in
 * use from capture_file_begin() to capture_file_close(). Must not move. */
struct capture_file {
	/* What it is of: the owner's, and all that begin() looks at. */
	struct capture_id id;
	struct base_addr client, server;
	uint64_t began_ns; /* of its first bytes; 0 = not known */
	enum capture_format format;
	uint32_t part; /* 1 = the first; 0 becomes that */
	bool datagrams;

	bool unsure;   /* more than the mark says may be there */
	bool gathered; /* on the list of those to be written */
	bool settled;  /* in this flush */
	uint32_t slot; /* of its descriptor; CAPTURE_SLOT_NONE = closed */
	struct capture_mark mark; /* as far as whole records are written */
	uint64_t pending;         /* bytes gathered and not written */
	uint32_t first, last;     /* its chain in the arena */
	struct capture_file *next;
	struct capture_file *next_name; /* in the bucket of its name */
};

#define CAPTURE_SLOT_NONE UINT32_MAX

struct capture_slot {
	struct capture_file *file; /* whose descriptor; NULL = free */
	int fd;                    /* -1 = free */
	uint32_t older, newer;     /* neighbours in the order of use */
};

/* A record in the arena, with its head and its LF. */
struct capture_chunk {
	uint32_t at, len;
	uint32_t payload; /* bytes of the connection in it */
	uint32_t next;    /* of the same file; CAPTURE_SLOT_NONE = the last */
	enum base_direction direction;
};

struct capture_files_ops {
	/* Records of `file` were not written: bytes[direction] of payload. */
	void (*lost)(void *arg, struct capture_file *file, int err,
		     const uint64_t bytes[BASE_DIRECTIONS]);
	/* file->mark has changed, and is to be kept with the next keep(). */
	void (*moved)(void *arg, struct capture_file *file);
	/* After some moved(): then their files are written to. */
	void (*keep)(void *arg);
};

/* When a part is full; 0 = never. */
struct capture_limits {
	uint64_t size;    /* it has no more bytes, but for a single record */
	uint64_t time_ns; /* nothing is so much later than its first bytes */
};

/* Owned by the recorder. */
struct capture_files {
	int dir; /* of the log directory; borrowed */
	/* A ring in the order of use: slots[max_open] stands between the newest
	 * and the oldest; free slots are the oldest. */
	struct capture_slot *slots;
	uint32_t max_open;
	const struct capture_files_ops *ops;
	void *arg;

	struct capture_pcap *pcap; /* NULL: not built */
	char *arena;
	uint32_t used; /* bytes of it */
	struct capture_chunk *chunks;
	uint32_t n_chunks;
	struct capture_file *first, **end; /* those to be written */
	struct capture_file **names;       /* in use, by hash */
	unsigned searches; /* that capture_file_check() may still make */
};

/* max_open >= 1. `dir` stays open for the life of the set.
 * Return: 0 or -ENOMEM. */
WS_MUST_USE int capture_files_init(struct capture_files *s, int dir,
				   uint32_t max_open,
				   const struct capture_files_ops *ops,
				   void *arg);

/* Writes what is gathered and closes all descriptors. */
void capture_files_done(struct capture_files *s);

/* Another log directory: all files are opened there from now on. */
void capture_files_set_dir(struct capture_files *s, int dir);

/* The file of a connection. mark: what a predecessor left of it; NULL: it is
 * new, and the next flush creates it. One that exists is continued, but not one
 * that is in use: with two marks of one file a successor would cut off with the
 * one what counts by the other. Two live connections of a client have one name
 * when the hour between them was repeated, or if a worker lies. Return: false,
 * its name is in use. */
WS_MUST_USE bool capture_file_begin(struct capture_files *s,
				    struct capture_file *f,
				    const struct capture_mark *mark);

/* Copies the bytes, at most CAPTURE_RECORD_MAX. */
#define CAPTURE_RECORD_MAX (256U << 10)
void capture_file_record(struct capture_files *s, struct capture_file *f,
			 const struct capture_piece *piece);

/* The connection was accepted, or is over. A text capture says neither. */
void capture_file_opened(struct capture_files *s, struct capture_file *f,
			 uint64_t wall_ns);
void capture_file_ended(struct capture_files *s, struct capture_file *f,
			const struct capture_end *end);

/* Is this piece one for the next part? */
WS_MUST_USE bool capture_file_is_full(const struct capture_file *f,
				      const struct capture_piece *piece,
				      const struct capture_limits *limits);
/* See above; nothing of it is gathered. */
void capture_file_next_part(struct capture_files *s, struct capture_file *f);

/* Writes what is gathered. */
void capture_files_flush(struct capture_files *s);

/* What a predecessor left in it and did not count is cut off. Asked at once
 * and not with the next record, which may come in hours: what becomes of the
 * file from now on concerns nobody. One that is not there is searched for (see
 * capture_write_cut_moved()), but only the first CAPTURE_SEARCHES of a set; the
 * others are with their next record. */
#define CAPTURE_SEARCHES 64
void capture_file_check(struct capture_files *s, struct capture_file *f);

/* Ends its use, after a flush. */
void capture_file_close(struct capture_files *s, struct capture_file *f);

#endif
