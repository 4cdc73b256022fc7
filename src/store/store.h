/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - events, flows, positions and devices in one SQLite file: writing
 *
 * Theory of operation
 *
 * One process writes: the recorder. What it adds gathers in memory, in one
 * block; store_commit() brings all of it into the file in one short
 * transaction, or nothing. So a transaction that fails can be tried again, and
 * the write lock is held only while rows go in.
 *
 * With the rows goes a mark {writer, seq}: which commit of which memory this
 * was. The recorder prepares its own commit first, then commits here, then
 * brings its own into force (recorder_commit.h). A successor that finds the
 * mark of the prepared one goes forward, else back: the transaction decides,
 * for the ring's cursor and what is held of partial messages as well. So
 * events are in the store exactly once, without a unique index.
 *
 *	batch in memory --BEGIN, rows, mark, COMMIT--> WAL --checkpoint--> file
 *
 * Events are numbered by the store, from 1 and without a hole: what a reader
 * finds missing in front was deleted by store_retain(). The number, not a time,
 * is what a sink's cursor counts in (store_cursor.h).
 *
 * Readers are others: publishers and the operator's tool (store_read.h), and
 * whoever opens the file with sqlite3(1). They never block the writer, but one
 * that stays in a transaction keeps the WAL from being emptied. At
 * STORE_WAL_MAX it is tried by force; while that fails, nothing is committed
 * (-ENOSPC), which the owner of the batch counts as he counts a full disk.
 *
 * A file that is no database, or a broken one, is set aside as
 * FILE.corrupt-YYYYMMDDTHHMMSSZ (with its WAL) and a new one begun, at any
 * time; also when the path names another file or none. A new file has another
 * identity, so no cursor is mistaken for one of its own.
 *
 * Files are made with mode 0640; -wal and -shm stay when the writer closes
 * (SQLITE_FCNTL_PERSIST_WAL), so that others can read while it is down.
 *
 * A name that comes late is given to the newest 10,000 nameless events of its
 * flow, so that no message costs more than that. The first commit of another
 * writer ends the flows that are still open: their daemon is gone (`lost`).
 *
 * A second writer cannot open it (a lock on -shm): it would take the mark away
 * from the first, and end its flows.
 *
 * A process under a filter needs, besides memory: openat close read lseek
 * pread64 pwrite64 fcntl flock fstat newfstatat lstat stat access getpid
 * geteuid clock_gettime; with what is new or ends also ftruncate fdatasync
 * fsync unlink fchmod fchown readlink rename; and to wait clock_nanosleep
 * nanosleep.
 *
 * Schema: store_schema.c and wayside-store(7). Source of what is not obvious:
 * sqlite.org/wal.html, /pragma.html, /c3ref/.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "track_record.h"

#define STORE_WAL_MAX (64ULL << 20)

struct store;

/* A line for people, without LF. */
struct store_error {
	char text[256];
};

struct store_options {
	const char *path; /* absolute; outlives the store */
	bool durable;     /* each commit survives a power cut (fsync) */
	bool flash;       /* few, large writes */
	uint64_t wal_max; /* bytes; 0: STORE_WAL_MAX */
};

/* A flow that begins. Once a flow; a second time changes nothing. */
struct store_flow {
	uint64_t flow;
	uint64_t opened_ns; /* wall clock */
	struct base_addr client, server;
	const char *connection_id;
};

/* ... and ends. */
struct store_end {
	uint64_t flow;
	uint64_t closed_ns;
	const char *reason; /* a word, as in the status */
	uint64_t bytes[BASE_DIRECTIONS];
};

/* Borrowed until store_add_event() returns. */
struct store_event {
	uint64_t flow;
	uint64_t opened_ns; /* of its flow: the newest of a device is live */
	uint64_t wall_ns;
	enum base_direction direction;
	const char *protocol, *type;
	struct base_span device; /* len 0: not known yet */
	struct base_span json;   /* of event.schema.json, without LF */
	const struct track_position *positions;
	uint32_t n_positions;
};

/*
 * Opens, or makes, the database, and brings its schema up to date. Return: 0
 * and *out; -EINVAL: made by a newer Wayside or another application, or no
 * regular file, and not touched; another -errno (-ENOENT, -EROFS, -EACCES,
 * -ENOSPC, -EBUSY, -EIO, -ENOMEM; -ENOTSUP: the file system has no shared
 * memory). *why always says what was found, also a database that was set aside
 * ("" = nothing to say). Not before a fork(): SQLite's locks do not survive it.
 */
WS_MUST_USE int store_open(const struct store_options *o, struct store **out,
			   struct store_error *why);
/* What was not committed is gone; NULL is fine. */
void store_close(struct store *s);

/* For a reload: from the next commit on. */
void store_set(struct store *s, const struct store_options *o);

/* The file's identity: what store_cursor.store and store_extent.store say. */
uint64_t store_id(const struct store *s);
/* The number of its oldest event; where there is none, of the next one. 0: it
 * cannot be read. */
int64_t store_first(struct store *s);
/* Numbers up to `number`, if it makes sense, are not given any more. A power
 * cut may take the last commits, and a cursor that is beyond them would take
 * the next events for those that it had; who restores a copy of the file, the
 * same. Return: 0, or -errno with *why, and then it is so for what this process
 * commits. */
WS_MUST_USE int store_skip(struct store *s, int64_t number,
			   struct store_error *why);

/* The commit that the file has of this writer; 0 = none. */
uint64_t store_committed(const struct store *s, uint64_t writer);

/* Into the batch. Return: 0 or -ENOMEM, and nothing was added. */
WS_MUST_USE int store_add_flow(struct store *s, const struct store_flow *f);
WS_MUST_USE int store_add_event(struct store *s, const struct store_event *e);
WS_MUST_USE int store_add_end(struct store *s, const struct store_end *e);
/* The flow's device is known only now: its events that have none, earlier
 * batches' too, get it, in column and JSON. */
WS_MUST_USE int store_add_name(struct store *s, uint64_t flow,
			       struct base_span device);

/* What waits in the batch. */
struct store_waiting {
	uint32_t rows;   /* of all kinds */
	uint32_t events; /* of them */
	size_t bytes;
};
struct store_waiting store_waiting(const struct store *s);

/*
 * The batch and the mark, or nothing. Return: 0, the batch is empty; else
 * -errno, the batch is still there, and *why says it: -ENOSPC disk or WAL full,
 * -EROFS, -EACCES, -EBUSY somebody else writes (100 ms were waited), -EIO.
 * After -EUCLEAN there is another file, as the old one was broken and set
 * aside, or removed, or replaced: store_id() and store_committed() are of the
 * new one, nothing that was stored of a flow is in it. Call again. After other
 * errors the file may be closed; the next call opens it.
 */
WS_MUST_USE int store_commit(struct store *s, uint64_t writer, uint64_t seq,
			     struct store_error *why);

/* The batch is given up. Return: the events in it. */
uint32_t store_give_up(struct store *s);

/* What may go. 0 = no such limit. */
struct store_limits {
	uint64_t older_than_ns; /* wall clock: events before it */
	uint64_t size;          /* bytes in use, of pages that hold something */
	uint64_t size_hard;     /* the same, for what is not confirmed, too */
	/* the last event that all sinks have confirmed; INT64_MAX: no sink */
	int64_t confirmed;
};

struct store_retained {
	uint32_t expired; /* events deleted */
	uint32_t unsent;  /* of them, not confirmed by each sink */
	bool more;        /* there is more to delete: call again soon */
};

/*
 * Deletes the oldest beyond the limits, with positions and ended flows that
 * belong to them; a bounded number, in one transaction. Not between
 * store_add_*() and store_commit(). Return: 0 or -errno as store_commit().
 */
WS_MUST_USE int store_retain(struct store *s, const struct store_limits *l,
			     struct store_retained *out,
			     struct store_error *why);

/* Times that the WAL was at its limit, since open. */
uint64_t store_wal_full(const struct store *s);

#endif
