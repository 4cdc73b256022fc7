/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_internal.h - the writer's parts
 *
 *	store.c         opens, closes; what is asked of a store
 *	store_batch.c   rows wait in memory
 *	store_file.c    the file: made, looked at, migrated, set aside
 *	store_commit.c  one transaction
 *	store_wal.c     the log: emptied, and its limit
 *	store_retain.c  what is old goes
 *	store_error.c   SQLite's results as errno, and in words
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sqlite3.h>

#include "base_attr.h"
#include "store.h"

/* --- the batch --- */

enum store_row_kind {
	STORE_ROW_FLOW,
	STORE_ROW_EVENT,
	STORE_ROW_END,
	STORE_ROW_NAME,
};

/* Head of each row in the block; 8-aligned, as its whole size is. */
struct store_row {
	uint32_t kind; /* enum store_row_kind */
	uint32_t size;
	uint64_t flow;
};

/* Texts stand behind the struct in the order of their lengths, without NUL. */
struct store_row_flow {
	struct store_row row;
	int64_t opened_ms;
	uint32_t client_len, server_len, id_len;
};

struct store_row_position {
	int64_t time_ms;
	double lat, lon, altitude, speed, course;
	bool valid;
};

struct store_row_event {
	struct store_row row;
	int64_t opened_ms, time_ms;
	uint32_t direction, n_positions;
	uint32_t protocol_len, type_len, device_len, json_len;
	struct store_row_position positions[]; /* then the texts */
};

struct store_row_end {
	struct store_row row;
	int64_t closed_ms;
	uint64_t bytes[BASE_DIRECTIONS];
	uint32_t reason_len;
};

struct store_row_name {
	struct store_row row;
	uint32_t device_len;
};

/* A device of the batch: what its client's events say together. Texts are
 * offsets into the block, which moves when it grows. */
struct store_seen {
	uint64_t flow;
	int64_t opened_ms; /* of that flow, its newest */
	int64_t first_ms, last_ms;
	uint64_t device, protocol;
	uint32_t device_len, protocol_len;
	uint32_t hash;
	uint32_t events;
	uint32_t last; /* of the batch's events, from 0 */
};

/*
 * One block of memory, which keeps its size from one batch to the next unless
 * one was unusually large. Owned by the store.
 */
struct store_batch {
	uint8_t *rows;
	size_t len, size;
	uint32_t n_rows, n_events, n_positions;
	struct store_seen *seen;
	uint32_t n_seen, seen_size;
	uint32_t *index; /* of seen by hash, + 1; 0 = free; 2 * seen_size */
};

/* All of it; beyond that, nothing is added (-ENOMEM). */
#define STORE_BATCH_MAX (64ULL << 20)

void store_batch_clear(struct store_batch *b);
void store_batch_free(struct store_batch *b);

/* --- the store --- */

enum store_statement {
	STORE_SQL_BEGIN,
	STORE_SQL_COMMIT,
	STORE_SQL_ROLLBACK,
	STORE_SQL_MARK,
	STORE_SQL_SET_MARK,
	STORE_SQL_SKIP,
	STORE_SQL_LOST_FLOWS,
	STORE_SQL_FLOW,
	STORE_SQL_FLOW_SAYS,
	STORE_SQL_END,
	STORE_SQL_EVENT,
	STORE_SQL_POSITION,
	STORE_SQL_DEVICE,
	STORE_SQL_NAME_DEVICE,
	STORE_SQL_NAME_POSITIONS,
	STORE_SQL_NAME_EVENTS,
	STORE_SQL_NAME_FLOW,
	STORE_SQL_USED,
	STORE_SQL_FIRST,
	STORE_SQL_YOUNG,
	STORE_SQL_EXPIRE_DEVICES,
	STORE_SQL_EXPIRE_POSITIONS,
	STORE_SQL_EXPIRE_EVENTS,
	STORE_SQL_EXPIRE_FLOWS,
	STORE_SQL_MAX
};

/* What the recorder waits for others at most; beyond, it tries again later. */
#define STORE_BUSY_MS 100

/* The row `store`. */
struct store_mark {
	uint64_t id, writer, seq;
	int64_t last_event;
};

/* Flows whose row says the protocol and the device already. */
#define STORE_TOLD_SLOTS 8192
struct store_told {
	uint64_t flow;
	uint64_t hash; /* of both; 0 = nothing is known */
};

struct store {
	struct store_options options;
	struct store_batch batch;
	sqlite3 *db; /* NULL: could not be opened again */
	sqlite3_stmt *sql[STORE_SQL_MAX];
	dev_t dev; /* of the file */
	ino_t ino;
	int shm; /* for asking who holds the log; -1 */
	struct store_mark mark;
	int64_t skip; /* no number up to it is given */
	uint64_t id;  /* of the file that was open last */
	uint64_t page_size;
	uint64_t wal_pages, wal_next; /* in the log; when to empty it */
	uint64_t wal_full;
	bool wal_stuck;
	int error; /* errno of the first statement that failed in this call */
	struct store_told told[STORE_TOLD_SLOTS];
};

/* 0 while the path names the file that it named, else -EUCLEAN with a line when
 * there is another one now, or -errno. Opens one where none is. */
WS_MUST_USE int store_file_check(struct store *s, struct store_error *why);
/* Opens or makes it, sets a broken one aside. */
WS_MUST_USE int store_file_open(struct store *s, struct store_error *why);
/* After a transaction with that result: a line, and a broken file is set aside
 * and a new one begun. Return: -errno; -EUCLEAN: there is a new one. */
WS_MUST_USE int store_file_failed(struct store *s, int result, const char *what,
				  struct store_error *why);
void store_file_close(struct store *s);
/* synchronous and the like, from the options. */
WS_MUST_USE int store_file_tune(struct store *s);

/* Runs a statement that gives no row. Return: SQLite's result. */
int store_run(struct store *s, enum store_statement which);
/* One that gives a row: SQLITE_ROW, and store_done() when it was read. */
WS_MUST_USE int store_step(struct store *s, enum store_statement which);
void store_done(struct store *s, enum store_statement which);
/* Nothing when there is no transaction. */
void store_rollback(struct store *s);
/* Return: SQLite's result. */
WS_MUST_USE int store_read_mark(struct store *s, struct store_mark *out);

/* SQLite's result as -errno, and a line "PATH: what: why" in *why. -EUCLEAN:
 * the file is broken. */
WS_MUST_USE int store_fail(struct store *s, int result, const char *what,
			   struct store_error *why);
WS_PRINTF(2, 3)
void store_say(struct store_error *why, const char *fmt, ...);

/* Before a transaction of that many bytes. Return: 0, -ENOSPC: somebody reads;
 * another -errno. */
WS_MUST_USE int store_wal_room(struct store *s, uint64_t bytes,
			       struct store_error *why);
/* Behind one: empties the log when it is time to. */
void store_wal_after(struct store *s);
/* Into the file with all of it, if nobody reads it. Return: SQLite's result. */
int store_wal_empty(struct store *s);
/* Counts its pages from now on. */
void store_wal_watch(struct store *s);

#endif
