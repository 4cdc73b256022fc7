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
 *   store     seq becomes seq + 1: this is the commit
 *   publish   the counters go to the cursor page
 *   release   the ring's bytes go back to the worker
 *
 * A recorder that dies before the store has done nothing: its successor finds
 * the positions and lengths of the last commit, cuts the files back to them and
 * does the batch again. One that dies behind it has done all: positions are
 * taken from here, the cursor page merely follows. So each entry counts once.
 *
 * Everything is kept twice. The globals for seq lie in copy seq % 2. A record
 * (one a slot) carries the seq of each of its two versions: in force is the
 * one with the largest that is not beyond the word. put() only ever overwrites
 * the other version, so a batch costs what it changed and not what there is.
 * Before it does anything, a successor removes what its predecessor had put
 * and not stored: it would come into force with its own first commit.
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
	RECORDER_RECORD_REFUSED = 8, /* another flow has its capture's name */
	RECORDER_RECORD_BEGUN = 16,  /* how its capture begins is committed */
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
	struct recorder_globals globals[2];
	/* Not part of a commit: these say what it was doing when it died. */
	struct recorder_suspect at_work;
	struct recorder_suspect suspects[RECORDER_SUSPECTS];
	/* records from here on were never put, a ring */
	uint32_t n_used[CONF_WORKERS_MAX];
	/* n_slots a ring, two versions each */
	_Alignas(64) struct recorder_record records[][2];
};

/* recorder_commit_new() and _free() are in recorder.h: the supervisor's. */

/* First of all in a recorder: what its predecessor put and did not store goes.
 */
void recorder_commit_recover(struct recorder_commit *c);

/* In force. */
const struct recorder_globals *
recorder_commit_globals(const struct recorder_commit *c);
/* False: there is none. */
WS_MUST_USE bool recorder_commit_get(const struct recorder_commit *c,
				     unsigned ring, uint32_t slot,
				     struct recorder_record *out);

/* For the next store; rec->seq is set here. */
void recorder_commit_put(struct recorder_commit *c, unsigned ring,
			 uint32_t slot, const struct recorder_record *rec);

/* Puts the globals, and brings all that was put into force. */
void recorder_commit_store(struct recorder_commit *c,
			   const struct recorder_globals *g);

#endif
