/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_internal.h - what the files of the recorder share */
#ifndef RECORDER_INTERNAL_H
#define RECORDER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_event.h"
#include "capture_file.h"
#include "conf_tables.h"
#include "loop.h"
#include "recorder.h"
#include "ring_reader.h"
#include "track_flow.h"

/* Of one ring before the next one's turn, and before its bytes are given back:
 * a worker takes a reader that gives nothing back for one that stands still. */
#define RECORDER_BATCH       256 /* entries */
#define RECORDER_BATCH_BYTES (512U << 10)
#define RECORDER_TICK_MS     20 /* while something comes */
/* A kind of failure is said this often at most. */
#define RECORDER_TELL_MS 60000
/* Capture files open at once. */
#define RECORDER_OPEN_MAX 256

struct recorder;

/* What the recorder knows of a flow. Heap; in its ring's table until the flow
 * ends. Must not move: the capture file is in a list. */
struct recorder_flow {
	uint32_t slot, serial;
	uint64_t flow_id;
	struct capture_id id;
	struct base_addr client, server;
	uint64_t next[BASE_DIRECTIONS]; /* stream offset expected next */
	bool captured, tracked;
	struct capture_file file;
	struct track_flow track;
	struct recorder_flow *older, *newer; /* list of those due for expiry */
	bool due;
};

/* One worker's ring. */
struct recorder_ring {
	struct recorder *recorder;
	struct ring_reader reader;
	struct loop_watch kick;
	struct recorder_flow **flows; /* by slot; NULL = none */
	uint32_t *lost; /* by slot: the serial last looked for in vain */
	uint32_t n_slots;
};

struct recorder {
	const struct recorder_setup *setup;
	const struct conf_tables *conf;
	int log_dir;
	uint8_t *payload; /* of the entry at hand: RING_CHUNK_MAX bytes */
	struct recorder_ring *rings; /* setup->n_workers */
	struct capture_files captures;
	struct capture_events events;
	struct track_counts counts,
		counted;               /* seen; already in the stat page */
	struct recorder_flow *current; /* whose bytes are being fed */
	struct recorder_flow *due_first, *due_last;
	struct stat_block *stat; /* of ring 0's cursor page */
	uint64_t started_ns;     /* wall clock */
	/* When a kind of failure was last said; 0 = never. */
	uint64_t told_capture, told_event, told_error, told_memory;
	bool stopping;
	struct loop loop;
	struct loop_watch channel;
	struct loop_timer tick;
};

/* recorder_flow.c */
void recorder_flow_entry(struct recorder_ring *ring, const struct ring_entry *e,
			 const uint8_t *payload);
/* Flows whose slot has moved on, after a ring was read to its head. */
void recorder_flow_sweep(struct recorder_ring *ring);
/* Messages that silence completes; now_ns: all rings are read up to then. */
void recorder_flow_expire(struct recorder *r, uint64_t now_ns);
/* The recorder ends: what is held of each flow is judged now. */
void recorder_flow_end_all(struct recorder *r);

/* recorder_files.c */
/* Is it time to say so again? */
WS_MUST_USE bool recorder_may_tell(uint64_t *told_ms);
WS_MUST_USE int recorder_files_open(struct recorder *r);
void recorder_files_close(struct recorder *r);
/* Writes what gathered, and the counters. */
void recorder_files_flush(struct recorder *r);
void recorder_files_error(struct recorder *r, const struct recorder_flow *f,
			  const struct ring_entry *close);

#endif
