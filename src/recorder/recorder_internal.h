/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_internal.h - what the files of the recorder share */
#ifndef RECORDER_INTERNAL_H
#define RECORDER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_event.h"
#include "capture_file.h"
#include "capture_lines.h"
#include "conf_tables.h"
#include "loop.h"
#include "recorder.h"
#include "recorder_commit.h"
#include "ring_reader.h"
#include "track_flow.h"

/* Of one ring before the next one's turn, and before its bytes are given back:
 * a worker takes a reader that gives nothing back for one that stands still. */
#define RECORDER_BATCH       256 /* entries */
#define RECORDER_BATCH_BYTES (512U << 10)
#define RECORDER_TICK_MS     20 /* while something comes */
/* A kind of failure is said this often at most. */
#define RECORDER_TELL_MS 60000
/* Is the log directory still what its path names? */
#define RECORDER_LOOK_MS 1000
/* Has a flow ended that the worker could not say of? Asked this often when
 * nothing calls for it. */
#define RECORDER_SWEEP_MS 60000
/* Capture files open at once. With 64 workers (one descriptor each) and twice
 * 8 event files the recorder stays below 300 descriptors. */
#define RECORDER_OPEN_MAX 192
/* So much of a ring is held back for messages that are not complete. */
#define RECORDER_HOLD(ring_size) ((ring_size) / 4)

struct recorder;

/* A direction whose message is not complete yet, in its ring's list. */
struct recorder_partial {
	struct recorder_partial *older, *newer;
	uint64_t at; /* the entry with its first byte */
	bool listed;
};

/* What the recorder knows of a flow. Heap; in its ring's table until the flow
 * has ended and that is committed. Must not move: it is in lists. */
struct recorder_flow {
	struct recorder_ring *ring;
	uint32_t slot, serial;
	uint64_t flow_id;
	struct base_addr server;
	uint64_t next[BASE_DIRECTIONS]; /* stream offset expected next */
	bool captured, tracked;
	bool datagrams;           /* UDP: each DATA entry is one */
	bool refused;             /* not captured: its name is in use */
	bool ended, changed;      /* since the last commit */
	bool due;                 /* in the list of those due for expiry */
	struct capture_file file; /* id and client, even without a capture */
	struct track_flow track;
	struct recorder_partial partial[BASE_DIRECTIONS];
	struct recorder_flow *older, *newer; /* of those due */
	struct recorder_flow *next_changed;
};

/* One worker's ring. */
struct recorder_ring {
	struct recorder *recorder;
	unsigned index;
	struct ring_reader reader;
	struct loop_watch kick;
	struct recorder_flow **flows; /* by slot; NULL = none */
	uint32_t *lost; /* by slot: the serial last looked for in vain */
	struct ring_closes closes;
	uint32_t n_slots;
	bool nonsense;       /* said; no entry of a known flow since */
	bool sweep;          /* there may be flows whose CLOSE will not come */
	uint64_t swept_ms;   /* when they were looked for */
	uint64_t hints_lost; /* the worker's count then */
	uint64_t done;       /* entries before it are handled */
	uint64_t replay_to;  /* entries before it a predecessor committed */
	struct recorder_partial *oldest, *newest;
};

struct recorder {
	const struct recorder_setup *setup;
	const struct conf_tables *conf;      /* in force */
	const struct conf_tables *own_conf;  /* the same; NULL: setup's */
	const struct conf_tables *next_conf; /* prepared; our mapping */
	int log_dir, log_dir_err;            /* -1 and why */
	uint64_t looked_ms;                  /* at the log directory */
	uint8_t *payload; /* of the entry at hand: RING_CHUNK_MAX bytes */
	struct recorder_ring *rings; /* setup->n_workers */
	struct capture_files captures;
	struct capture_lines events, errors;
	struct capture_lines next_events; /* files of next_conf */
	struct track_habits habits[TRACK_PROTOCOLS_MAX]; /* of conf */
	struct track_record *record;         /* of the message at hand */
	struct track_counts counts, counted; /* seen; already in `stat` */
	struct stat_block stat;              /* published by commits */
	struct recorder_flow *current;       /* whose bytes are being fed */
	struct recorder_flow *due_first, *due_last;
	struct recorder_flow *changed; /* since the last commit */
	bool dirty;                    /* there is something to commit */
	bool commit_soon;              /* before anything else is decoded */
	/* When a kind of failure was last said; 0 = never. */
	uint64_t told_capture, told_event, told_error, told_memory;
	uint64_t told_decoder, told_nonsense, told_name;
	bool stopping;
	struct loop loop;
	struct loop_watch channel;
	struct loop_timer tick;
};

/* recorder.c: what this worker says makes no sense. */
void recorder_nonsense(struct recorder_ring *ring);

/* recorder_event.c */
/* For struct track_events; arg: the recorder. */
void recorder_event(void *arg, const struct track_message *m,
		    const struct track_record *record);
/* Those of the configuration in force. */
void recorder_event_habits(struct recorder *r);

/* recorder_flow.c */
void recorder_flow_entry(struct recorder_ring *ring, const struct ring_entry *e,
			 const uint8_t *payload);
/* The flows that a predecessor was recording. */
void recorder_flow_take_over(struct recorder_ring *ring);
/* Ends flows whose slot has moved on, after a ring was read to its head. Linear
 * in the slots, so only when there may be such. */
void recorder_flow_sweep(struct recorder_ring *ring, uint64_t now_ms);
/* Messages that silence completes; now_ns: all rings are read up to then. */
void recorder_flow_expire(struct recorder *r, uint64_t now_ns);
/* Nothing will come any more: what is held of each flow is judged now. */
void recorder_flow_judge_all(struct recorder *r);
/* Its state, for a commit. */
void recorder_flow_record(const struct recorder_flow *f,
			  struct recorder_record *rec);
/* The commit is done: forgets what has ended. */
void recorder_flow_committed(struct recorder *r);
void recorder_flow_free_all(struct recorder_ring *ring);

/* recorder_capture.c */
/* False: no worker that knows what it does writes such a slot. */
WS_MUST_USE bool recorder_capture_possible(const struct ring_slot *s);
/* As the slot says; f->file has its id and client. rec: what is committed of
 * the flow, or NULL. */
void recorder_capture_begin(struct recorder_flow *f, const struct ring_slot *s,
			    const struct recorder_record *rec);
/* A DATA entry of a captured flow. May commit what came before it. */
void recorder_capture_data(struct recorder_flow *f, const struct ring_entry *e,
			   const uint8_t *payload);
/* Its CLOSE entry. */
void recorder_capture_ended(struct recorder_flow *f, const struct ring_entry *e,
			    const struct ring_slot *s);

/* recorder_partial.c: how far a ring can be given back */
/* The stream's state after the entry at ring->done, whose bytes began at
 * `offset`. */
void recorder_partial_note(struct recorder_flow *f, enum base_direction d,
			   uint64_t offset);
/* The same, when no entry was fed. */
void recorder_partial_check(struct recorder_flow *f);
void recorder_partial_remove(struct recorder_flow *f);
void recorder_partial_remove_all(struct recorder_ring *ring);
/* Everything before it may be overwritten. */
WS_MUST_USE uint64_t recorder_partial_floor(struct recorder_ring *ring);

/* recorder_guard.c: see there */
void recorder_guard_recover(struct recorder *r);
/* False: decoding this has killed two recorders, so do not. */
WS_MUST_USE bool recorder_guard_enter(struct recorder *r,
				      enum recorder_decode what,
				      const struct recorder_flow *f,
				      uint64_t at);
void recorder_guard_leave(struct recorder *r);

/* recorder_files.c */
/* Is it time to say so again? */
WS_MUST_USE bool recorder_may_tell(uint64_t *told_ms);
WS_MUST_USE int recorder_files_open(struct recorder *r);
void recorder_files_close(struct recorder *r);
void recorder_files_error(struct recorder *r, const struct recorder_flow *f,
			  const struct ring_entry *close);
/* The end of a batch: writes, commits, publishes, releases. */
void recorder_files_commit(struct recorder *r);
/* The counters, as they were last committed, to the page that others read. */
void recorder_files_publish(const struct recorder *r);
extern const struct capture_lines_ops recorder_files_event_ops;

/* recorder_reload.c: each takes `fd` and answers on the channel where an
 * answer is due */
void recorder_reload_prepare(struct recorder *r, uint32_t number, int fd);
void recorder_reload_activate(struct recorder *r, uint32_t number);
void recorder_reload_discard(struct recorder *r);

#endif
