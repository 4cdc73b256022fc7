/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_commit.h - what a recorder has done for good
 *
 * Theory of operation
 *
 * The recorder may die between any two instructions. Ring and files cannot be
 * changed in one step, so what counts is written down in memory that outlives
 * it, and one word, `seq`, says what of it is in force. A batch is
 *
 *   read      ring entries are copied, framed, decoded; nothing is written
 *   write     captures, event files, errors.log grow
 *   put       what the batch changed is written down for seq + 1
 *   prepare   ... and the globals; then `trying` says seq + 1
 *   store     its rows go into the store, and with them the mark {writer,
 *             seq + 1}: this is the commit
 *   force     seq becomes seq + 1
 *   publish   the counters go to the cursor page
 *   release   the ring's bytes go back to the worker
 *
 * A batch without rows has no step `store`, and `force` is its commit.
 *
 * A recorder that dies before the commit has done nothing: its successor finds
 * the positions and lengths of the last one, cuts the files back to them and
 * does the batch again. One that dies behind it has done all: positions are
 * taken from here, the cursor page merely follows. So each entry counts once.
 * Where it died, between prepare and force, the mark tells: if the store has
 * seq + 1 of this writer, the successor forces what was prepared. Only if it
 * died there and the store cannot be opened any more, nobody can tell. Then it
 * is forced, too: rather lost than twice. The globals remember it, and when the
 * store can be opened again, its mark says whether these events were stored, or
 * are to be counted as lost.
 *
 * A transaction that fails leaves all as it was before `put`: what was put is
 * taken back, as marks may be committed before the next attempt.
 *
 * Everything is kept twice. The globals for seq lie in copy seq % 2. A record
 * (one a slot) carries the seq of each of its two versions: in force is the
 * one with the largest that is not beyond the word. put() only ever overwrites
 * the other version, so a batch costs what it changed and not what there is.
 * Before it does anything, a successor removes what its predecessor had put
 * and not forced: it would come into force with its own first commit.
 *
 * Marks. A file is committed as {device, inode, length}. To cut a file back is
 * right only if its mark was in force before the first byte behind that length
 * was written. So whoever is about to write looks at the file first, and when
 * it is not what its mark says (new, moved away, cut short by others, grown by
 * others) the marks are committed by themselves, in a commit that changes
 * nothing else.
 *
 * Messages that are still incomplete are not stored at all: the record says at
 * which stream offset they begin, the ring cursor is held back to the entry
 * with that byte, and the successor frames those entries again (recorder.h).
 *
 * One process writes at a time: the recorder. The supervisor makes the memory
 * and never looks into it. Not for a power cut: then the files are what the
 * file system kept.
 */
#ifndef RECORDER_COMMIT_H
#define RECORDER_COMMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_direction.h"
#include "capture_write.h"
#include "conf_tables.h"
#include "stat.h"
#include "track.h"

/* Event files in the order of the configuration, then errors.log. */
#define RECORDER_FILES_MAX (CONF_EVENTS_MAX + 1)
#define RECORDER_SUSPECTS  4

enum recorder_record_flag {
	RECORDER_RECORD_ENDED = 1, /* nothing of this flow comes any more */
	RECORDER_RECORD_RAW_CLIENT = 2, /* track_flow.raw, a bit a direction */
	RECORDER_RECORD_RAW_SERVER = 4,
	RECORDER_RECORD_REFUSED = 8,   /* another flow has its capture's name */
	RECORDER_RECORD_BEGUN = 16,    /* how its capture begins is committed */
	RECORDER_RECORD_STORED = 32,   /* the store has the flow */
	RECORDER_RECORD_NAMELESS = 64, /* ... and events without a device */
};

/* What is committed of the flow in a slot. Two cache lines. */
struct recorder_record {
	uint64_t seq;     /* 0 = this version was never put */
	uint32_t serial;  /* the flow's; 0 = none */
	uint8_t protocol; /* index in track_protocols() + 1; 0 = undecided */
	uint8_t flags;    /* enum recorder_record_flag */
	uint16_t reserved;
	struct capture_mark capture;
	uint64_t next[BASE_DIRECTIONS]; /* stream offset after what was seen */
	/* bytes before it that belong to a message which is not complete */
	uint32_t held[BASE_DIRECTIONS];
	/* what the flow's messages had said by then */
	struct track_session session;
	uint64_t part_began_ns; /* capture_file.began_ns */
	uint32_t part;          /* capture_file.part; 0 = no capture yet */
	uint8_t reserved2[20];
};
_Static_assert(sizeof(struct recorder_record) == 128, "two cache lines");

struct recorder_globals {
	uint64_t pos[CONF_WORKERS_MAX]; /* read up to, a ring */
	uint64_t stat[STAT_ROOM];
	struct capture_mark files[RECORDER_FILES_MAX];
	uint64_t batch; /* events that came with this commit's transaction */
	/* The commit of which nobody could tell whether the store has it, and
	 * its events; 0 = none. */
	uint64_t unsure, unsure_events;
	/* The store, and its first event, when they were last looked at. */
	uint64_t store;
	int64_t first;
};

/* What the decoder is given; see recorder_guard.c. */
enum recorder_decode {
	RECORDER_DECODE_NOTHING,
	RECORDER_DECODE_ENTRY,   /* at: position in the ring */
	RECORDER_DECODE_SILENCE, /* at: stream offsets, added up */
	RECORDER_DECODE_END,     /* the same */
};

struct recorder_suspect {
	uint32_t what; /* enum recorder_decode */
	uint32_t ring, slot, serial;
	uint64_t at;
	uint64_t deaths;
};

struct recorder_commit {
	_Atomic uint64_t seq; /* in force */
	uint32_t n_rings, n_slots;
	uint64_t writer; /* random: whose marks in the store are of this memory
			  */
	struct recorder_globals globals[2];
	/* Not part of a commit: these say what it was doing when it died. */
	uint64_t trying;   /* the store is given this commit; 0 = none */
	int64_t confirmed; /* what it last deleted up to, as not unsent */
	struct recorder_suspect at_work;
	struct recorder_suspect suspects[RECORDER_SUSPECTS];
	/* records from here on were never put, a ring */
	uint32_t n_used[CONF_WORKERS_MAX];
	/* n_slots a ring, two versions each */
	_Alignas(64) struct recorder_record records[][2];
};

/* recorder_commit_new() and _free() are in recorder.h: the supervisor's. */

/* The commit that is prepared, or would be. */
uint64_t recorder_commit_next(const struct recorder_commit *c);

/* First of all in a recorder, if the store has the commit that its predecessor
 * was trying (recorder_commit.trying): it comes into force. unsure: nobody
 * knows, and that is remembered. */
void recorder_commit_forward(struct recorder_commit *c, bool unsure);
/* Then: what its predecessor put and did not force goes. */
void recorder_commit_recover(struct recorder_commit *c);

/* In force. */
const struct recorder_globals *
recorder_commit_globals(const struct recorder_commit *c);
/* False: there is none. */
WS_MUST_USE bool recorder_commit_get(const struct recorder_commit *c,
				     unsigned ring, uint32_t slot,
				     struct recorder_record *out);

/* For the next commit; rec->seq is set here. */
void recorder_commit_put(struct recorder_commit *c, unsigned ring,
			 uint32_t slot, const struct recorder_record *rec);
/* What was put of this slot is not for the next commit. */
void recorder_commit_take_back(struct recorder_commit *c, unsigned ring,
			       uint32_t slot);

/* Puts the globals. store: rows come with it, and the store decides. */
void recorder_commit_prepare(struct recorder_commit *c,
			     const struct recorder_globals *g, bool store);
/* The store has not taken them: the next commit is not prepared any more. */
void recorder_commit_failed(struct recorder_commit *c);
/* Brings all that was put into force. */
void recorder_commit_force(struct recorder_commit *c);

#endif
