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
#include "store.h"
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
/* A batch with rows for the store is committed at once when it is as large: so
 * many events, or bytes of rows or of a ring (or an eighth of it). */
#define RECORDER_STORE_EVENTS 1000
#define RECORDER_STORE_BYTES  (2U << 20)
/* One that the store does not take is given up when it is as large (or holds a
 * quarter of a ring), or as old: see recorder_store.c. */
#define RECORDER_KEPT_EVENTS 10000
#define RECORDER_KEPT_BYTES  (16U << 20)
#define RECORDER_KEPT_ENDS   10000
#define RECORDER_PATIENCE_MS 10000
#define RECORDER_HURRY_MS    1000 /* ... when somebody waits for the commit */
#define RECORDER_AGAIN_MS    100  /* between two attempts, at least */
/* While a store fails, for so many times as long as an attempt took there is
 * none: the rest of the recorder's work goes on. */
#define RECORDER_RESTS 4
/* A store that could not be opened is tried this often. */
#define RECORDER_OPEN_MS 1000
/* What may be deleted is looked at this often, this long after the last time
 * when the store grew, and when there was more to delete. */
#define RECORDER_LOOK_STORE_MS 60000
#define RECORDER_GROWN_MS      1000
#define RECORDER_MORE_MS       50
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
	uint64_t opened_ns;
	struct base_addr server;
	uint64_t next[BASE_DIRECTIONS]; /* stream offset expected next */
	bool captured, tracked;
	bool datagrams;      /* UDP: each DATA entry is one */
	bool refused;        /* not captured: its name is in use */
	bool ended, changed; /* since the last commit */
	bool due;            /* in the list of those due for expiry */
	/* Of the store: it has the flow, and events of it without a device; and
	 * whether the batch at hand is what brings, or mends, that. */
	bool stored, nameless, row_waits, name_waits;
	struct store_end end;     /* flow 0: it has not ended */
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

/* recorder_store.c */
struct recorder_store {
	struct store *store;            /* NULL: none, or it cannot be opened */
	char path[CONF_PATH_LEN];       /* ""; none */
	uint64_t id;                    /* of the file; 0 = not known */
	int64_t first;                  /* its first event */
	uint64_t unsure, unsure_events; /* recorder_globals */
	uint64_t wal_full;              /* counted already */
	struct store_end *ends; /* given up: RECORDER_KEPT_ENDS; or NULL */
	uint32_t n_ends;
	uint64_t oldest_ms; /* the batch's first row came; else no use */
	uint64_t failed_ms; /* the batch failed first; 0 = it has not */
	uint64_t again_ms;  /* it is not tried before */
	uint64_t rests_ms;  /* while failing, the next one is not */
	uint64_t opened_ms; /* opening was tried */
	uint64_t looked_ms; /* what may be deleted was looked at */
	uint64_t look_ms;   /* ... and will be */
	bool failing;       /* a batch was given up, none was stored since */
	bool hurried;       /* somebody waits for the commit */
	bool renewed;       /* the file is not what the last commit knew */
	uint64_t lost;      /* events, while failing */
	int err;            /* of the last attempt that failed */
	struct store_error why;
	/* When a kind of failure was last said; 0 = never. */
	uint64_t told, told_state, told_wal, told_retain, told_unsent;
	uint64_t told_memory;
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
	/* An entry that a commit has to come before: nothing is read until
	 * then. NULL: there is none. */
	struct recorder_ring *held;
	struct ring_entry held_entry;
	struct recorder_store store;
	bool stopping;
	struct loop loop;
	struct loop_watch channel;
	struct loop_timer tick;
};

/* The first recorder has the right to refuse; later ones go on without. */
static inline bool recorder_is_first(const struct recorder *r)
{
	return !atomic_load_explicit(&r->setup->commit->seq,
				     memory_order_relaxed);
}

/* recorder.c: what this worker says makes no sense. */
void recorder_nonsense(struct recorder_ring *ring);

/* recorder_event.c */
/* For struct track_events; arg: the recorder. */
void recorder_event(void *arg, const struct track_message *m,
		    const struct track_record *record);
/* Those of the configuration in force. */
void recorder_event_habits(struct recorder *r);

/* recorder_flow.c */
/* Return: false, there has to be a commit first, then the same call again. */
WS_MUST_USE bool recorder_flow_entry(struct recorder_ring *ring,
				     const struct ring_entry *e,
				     const uint8_t *payload);
/* Its record is part of the next commit. */
void recorder_flow_touch(struct recorder_flow *f);
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
/* A DATA entry of a captured flow. Return: as recorder_flow_entry(). */
WS_MUST_USE bool recorder_capture_data(struct recorder_flow *f,
				       const struct ring_entry *e,
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
/* The end of a batch: writes, commits, publishes, releases. Return: false, the
 * store does not take it now: it is kept, and nothing but the files' contents
 * has changed. Not when the store is hurried: then it waits for up to
 * RECORDER_HURRY_MS. */
bool recorder_files_commit(struct recorder *r);
/* The same, unless its rows may still wait for others. */
void recorder_files_commit_due(struct recorder *r);
/* The counters, as they were last committed, to the page that others read. */
void recorder_files_publish(const struct recorder *r);
/* One of them, as it is. */
void recorder_files_show(const struct recorder *r, enum stat_id id);
extern const struct capture_lines_ops recorder_files_event_ops;

/* recorder_store.c: see there. Nothing of it does anything without a store. */
/* Before anything else: decides whether the predecessor's last commit is one.
 * Return: 0, or -errno: the first recorder does not start without its store. */
WS_MUST_USE int recorder_store_open(struct recorder *r);
/* When the commit memory is read. */
void recorder_store_begin(struct recorder *r);
void recorder_store_close(struct recorder *r);
/* The configuration has changed. */
void recorder_store_set(struct recorder *r);

/* The flow's row, unless the store has it. */
void recorder_store_flow(struct recorder_flow *f);
/* Are events stored? */
WS_MUST_USE bool recorder_store_wants(const struct recorder *r);
/* Of r->current; json without LF; empty: no memory, it is lost. */
void recorder_store_event(struct recorder *r, const struct track_message *m,
			  const struct track_record *record,
			  struct base_span json);
/* NULL: its CLOSE was lost; nothing is known of the slot. */
void recorder_store_end(struct recorder_flow *f, const struct ring_entry *close,
			const struct ring_slot *s);

/* When what waits has to be committed (monotonic); UINT64_MAX: nothing waits.
 */
WS_MUST_USE uint64_t recorder_store_due(const struct recorder *r);
/* There are rows for a transaction: more of them would make it a large one. */
WS_MUST_USE bool recorder_store_full(const struct recorder *r);
/* False: what failed is not tried again yet. */
WS_MUST_USE bool recorder_store_may_try(const struct recorder *r);
WS_MUST_USE struct store_waiting
recorder_store_waiting(const struct recorder *r);
/* Into the globals of the commit with what waits. */
void recorder_store_put(const struct recorder *r, struct recorder_globals *g);
/* The commit point of a batch with rows, after recorder_commit_prepare().
 * Return: false, it has failed. */
WS_MUST_USE bool recorder_store_commit(struct recorder *r);
/* After that. Return: true, nothing waits any more; false: it is kept. */
WS_MUST_USE bool recorder_store_give_up(struct recorder *r);
/* The commit is in force. */
void recorder_store_committed(struct recorder *r);
/* Opens what could not be opened, deletes what may go: when it is time to. May
 * leave something to commit. Return: when to call again (monotonic). */
WS_MUST_USE uint64_t recorder_store_look(struct recorder *r);

/* recorder_reload.c: each takes `fd` and answers on the channel where an
 * answer is due */
void recorder_reload_prepare(struct recorder *r, uint32_t number, int fd);
void recorder_reload_activate(struct recorder *r, uint32_t number);
void recorder_reload_discard(struct recorder *r);

#endif
