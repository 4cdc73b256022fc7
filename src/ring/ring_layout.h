/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_layout.h - the memory that outlives a process
 *
 * Theory of operation
 *
 * Each worker has three memfds that it alone writes, and one for each reader:
 *
 *   table   control page | slot 0 | slot 1 | ...        read by everybody
 *   data    the tap ring, a power of two, mapped twice back to back
 *   pool    scratch | next[] | 4 KiB blocks             bytes not yet sent
 *   cursor  one page a reader, written by that reader   read by the worker
 *           | note 0 | note 1 | ...                     read by the tool
 *
 * The supervisor makes them and maps table, data and pool for writing, then
 * seals them (F_SEAL_FUTURE_WRITE): a worker inherits the mapping by fork,
 * and nobody can make another that is writable, not even through /proc. So
 * nothing but the worker can change a byte that the worker sends.
 *
 * The flow table is the truth about flows: status, late readers and recovery
 * read it. The ring is the stream of what happened: OPEN, DATA, CLOSE. OPEN and
 * CLOSE are hints, and carry a copy of the slot: a reader that missed one finds
 * the flow in the table. A gap in observation is a jump in stream offset
 * between two DATA entries of a direction: exact, and it needs no record.
 *
 * Positions in the ring (head, cursors) are bytes since its creation, so they
 * only grow; position modulo size is the place. The mapping is double, so an
 * entry never has to be split.
 *
 * A quiet ring stays in its first pages: when all attached readers have given
 * everything back, the writer goes on at the ring's beginning. The head jumps
 * there, and `rewind_from`, `rewind_to` say so: a reader at rewind_from stands
 * at rewind_to. No entry says it, since one that a stopped reader has not yet
 * passed would take the room behind it. One pair is enough: between an attached
 * reader's cursor and the head there is never more than one such jump, and that
 * right at the cursor.
 *
 * No pointers, no implicit padding: these structs are an interface between
 * processes that may come from different builds.
 */
#ifndef RING_LAYOUT_H
#define RING_LAYOUT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_call.h"
#include "stat.h"

#define RING_MAGIC           0x57524e47U /* "WRNG" */
#define RING_LAYOUT_VERSION  5
#define RING_PAGE            4096
#define RING_ALIGN           64 /* entries begin at multiples of it */
#define RING_SIZE_MIN        (1U << 20)
#define RING_CHUNK_SHIFT_MIN 12 /* first read of a direction: 4 KiB */
#define RING_CHUNK_SHIFT_MAX 18 /* doubled on full reads up to 256 KiB */
#define RING_CHUNK_MAX       (1U << RING_CHUNK_SHIFT_MAX)
#define RING_BLOCK           4096 /* of the pending pool */
#define RING_BLOCK_NONE      UINT32_MAX
#define RING_SERIAL_MAX      0x7fffffffU /* 31 bits: fits epoll's data */

/* The readers of this daemon; how many a ring has is said when it is made. */
enum ring_reader_id {
	RING_READER_RECORDER,
	RING_READER_MAX
};
/* Room for the readers to come (mirror, bridge, plugin host). */
#define RING_READER_ROOM 8

/* Side i sends direction i: side 0 is the client, direction 0 its bytes. */
enum ring_side {
	RING_CLIENT,
	RING_SERVER,
	RING_SIDES
};

enum ring_view {
	RING_VIEW_WIRE,
	RING_VIEW_MAX
};

enum ring_state {
	RING_STATE_FREE,
	RING_STATE_CONNECTING, /* the server has not answered yet */
	RING_STATE_OPEN,
	RING_STATE_CLOSING, /* unhooked, freed when the batch ends */
	RING_STATE_HELD,    /* accepted; a limit keeps it from connecting */
	RING_STATE_MAX
};

/* UDP: a DATA entry is one datagram, which was sent on whole or, counted, not
 * at all; an empty one has no entry. Stream offsets go on from one to the next.
 * Nothing is pending, and there is no intent. */
enum ring_transport {
	RING_TRANSPORT_TCP,
	RING_TRANSPORT_UDP,
};

/* The ring is full: what becomes of a flow's next bytes (config: when_full). */
enum ring_when_full {
	RING_WHEN_FULL_BRIEF,
	RING_WHEN_FULL_DROP,
	RING_WHEN_FULL_WAIT,
};

enum ring_slot_flag {
	RING_SLOT_OBSERVED = 1, /* bytes go through the ring */
	RING_SLOT_COUNTED = 2,  /* in its client network's count */
};

enum ring_dir_flag {
	RING_DIR_EOF_SEEN = 1,   /* the sender said FIN */
	RING_DIR_SHUT_SENT = 2,  /* ... and the receiver was told */
	RING_DIR_BLOCKED = 4,    /* was blocked at least once: read no more
				    than the receiver's buffer takes */
	RING_DIR_RING_WAIT = 8,  /* not read: no room in the ring */
	RING_DIR_POOL_WAIT = 16, /* not read: pending pool empty */
};

/* Why a flow ended. */
enum ring_close {
	RING_CLOSE_NORMAL,          /* FIN both ways */
	RING_CLOSE_CLIENT_RESET,    /* the client's side broke */
	RING_CLOSE_SERVER_RESET,    /* the server's side broke */
	RING_CLOSE_CONNECT_FAILED,  /* the server refused, no route, or a
				       call that it takes failed */
	RING_CLOSE_CONNECT_TIMEOUT, /* no answer in connect_timeout */
	RING_CLOSE_STOPPED,         /* the daemon stopped */
	RING_CLOSE_WORKER_DIED,     /* found by the worker's successor */
	RING_CLOSE_OPERATOR,        /* `wayside close` */
	RING_CLOSE_LIMIT,           /* held by a limit for connect_timeout */
	RING_CLOSE_IDLE,            /* idle_timeout, udp_timeout; no answer */
	RING_CLOSE_SUPERSEDED,      /* half-open, and the client came anew */
	RING_CLOSE_MAX
};

/* One direction of a flow: what was received, sent, and lies between. */
struct ring_dir {
	uint64_t bytes_in;   /* received: the stream offset of the next byte */
	uint64_t bytes_out;  /* sent on; in - out = pending */
	uint64_t unobserved; /* of bytes_in, not put into the ring */
	uint64_t acked_base; /* receiver's bytes_acked at the flow's start */
	uint64_t last_ns;    /* wall clock of the last byte */
	uint32_t pend_first; /* blocks in the pool, a chain */
	uint32_t pend_last;
	uint32_t pend_off;      /* first unsent byte in the first block */
	uint32_t pend_len;      /* bytes; > 0 = the receiver is blocked */
	uint32_t wait_since_ms; /* monotonic, of RING_WAIT; 0 = none */
	uint16_t flags;         /* enum ring_dir_flag */
	uint8_t chunk_shift;    /* of the next read */
	uint8_t reserved;
};
_Static_assert(sizeof(struct ring_dir) == 64, "shared layout");

struct ring_slot {
	uint64_t flow_id;        /* ring id + n: unique for ever */
	uint32_t serial;         /* grows at each reuse; 1 to RING_SERIAL_MAX */
	uint32_t state;          /* enum ring_state */
	uint32_t config_number;  /* the flow began with it and keeps it */
	uint16_t rule;           /* index in that configuration */
	uint16_t flags;          /* enum ring_slot_flag */
	int32_t fd[RING_SIDES];  /* in the worker's table; -1 = closed */
	struct base_addr client; /* the tracker, as the gateway sees it */
	struct base_addr server; /* what the tracker asked for */
	struct base_addr upstream;    /* our address towards the server */
	uint64_t opened_ns;           /* wall clock */
	uint64_t connection;          /* see ring_shared.h: second and number */
	uint8_t interest[RING_SIDES]; /* what epoll was told: see relay.h */
	uint8_t when_full;            /* enum ring_when_full */
	uint8_t worker;
	uint8_t capture;     /* enum conf_capture of its rule */
	uint8_t observe;     /* enum conf_observe of its rule, or a protocol */
	uint8_t client_bits; /* RING_SLOT_COUNTED: of its network */
	uint8_t transport;   /* enum ring_transport */
	struct ring_dir dir[RING_SIDES];
};
_Static_assert(sizeof(struct ring_slot) == 256, "shared layout");

/* Last of all: who sees the slot free also sees its CLOSE below the head. */
static inline void ring_slot_free(struct ring_slot *s)
{
	atomic_thread_fence(memory_order_release);
	s->state = RING_STATE_FREE;
}

/* Bytes on their way between two books, and where they lie meanwhile. */
enum ring_moving {
	RING_MOVING_NOTHING,
	RING_MOVING_RING,    /* received into the payload of an entry */
	RING_MOVING_SCRATCH, /* received into the scratch area */
	RING_MOVING_POOL,    /* sent from the pool */
};

/*
 * A worker may die between a system call and its book-keeping: the intent tells
 * its successor where to look. In all other directions, and in all of them
 * while nothing moves, bytes_in = bytes_out + pend_len.
 *
 * How many bytes were received and sent says the kernel. Of this direction
 * those from `offset` on lie in the payload of the entry at `head`, whether
 * that is below the ring's head by now or not, or in the scratch area. What the
 * pool has begins at bytes_in - pend_len; some of it may be sent and not yet
 * booked.
 */
struct ring_intent {
	uint32_t slot;
	uint16_t direction;
	uint16_t moving; /* enum ring_moving, stored last */
	uint64_t offset; /* bytes_in before it began */
	uint64_t head;   /* of the ring */
};

struct ring_control {
	uint32_t magic;
	uint32_t version;
	uint64_t ring_id; /* random */
	uint64_t ring_size;
	uint64_t pool_size;
	uint32_t n_slots;
	uint32_t worker;
	uint8_t reserved0[24];

	/* Written by the worker. Pairs with the readers' acquire in
	 * ring_reader_next(): what lies below head is complete. */
	_Atomic uint64_t head;
	_Atomic uint64_t next_flow; /* flow ids handed out: flow_id - ring_id */
	_Atomic uint32_t n_used;    /* slots from here on were never used */
	uint32_t reserved1;
	/* Valid while rewind_from < rewind_to <= head. */
	_Atomic uint64_t rewind_from;
	_Atomic uint64_t rewind_to;
	uint8_t reserved2[24];

	struct ring_intent intent;
	uint8_t reserved3[40];

	/* Odd = detached, or not there at all: that reader's cursor does not
	 * hold the ring back. */
	_Atomic uint32_t reader_epoch[RING_READER_ROOM];
	uint8_t reserved4[32];

	struct stat_block stat;

	/* Payload bytes of DATA entries that each reader was not given, because
	 * it was left behind: what lay between its cursor and the head then,
	 * and what was committed until it was let in again. So for each reader
	 *
	 *   given back + unread + missed = committed
	 *
	 * and with the unobserved bytes all that was received of observed
	 * flows, whatever became of them. Written before what it speaks of
	 * comes into force: a worker that dies between the two has counted too
	 * much (at most what was unread, or one entry), never too little. Too
	 * much it is also for what a reader had read and not given back. */
	_Atomic uint64_t reader_missed[RING_READER_ROOM];
	uint8_t reserved5[RING_PAGE - 5 * 64 - sizeof(struct stat_block)];
};
_Static_assert(sizeof(struct ring_control) == RING_PAGE, "shared layout");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");

/* Where who stands at `pos` goes on, below that head: over there, if the writer
 * has gone back to the beginning from here. */
static inline uint64_t ring_rewound(const struct ring_control *c, uint64_t pos,
				    uint64_t head)
{
	const uint64_t from =
		atomic_load_explicit(&c->rewind_from, memory_order_relaxed);
	const uint64_t to =
		atomic_load_explicit(&c->rewind_to, memory_order_relaxed);

	return pos == from && from < to && to <= head ? to : pos;
}

/* A reader's page. The worker reads the first line, nobody else writes. */
struct ring_cursor {
	/* Pairs with the worker's acquire in ring_tap: bytes below are free. */
	_Atomic uint64_t pos;
	_Atomic uint32_t idle;  /* 1: kick my eventfd when there is something */
	_Atomic uint32_t epoch; /* the reader_epoch that this cursor answers */
	/* Up to here it has read; >= pos, as it may have to read some of it
	 * again. Decides on kicks only. */
	_Atomic uint64_t read;
	uint8_t reserved0[40];
	struct stat_block stat;
	uint8_t reserved1[RING_PAGE - 64 - sizeof(struct stat_block)];
};
_Static_assert(sizeof(struct ring_cursor) == RING_PAGE, "shared layout");

/* What a reader found out about the flow in a slot; ring_note.h. */
#define RING_NOTE_WORDS 7
struct ring_note {
	_Atomic uint32_t version;                /* odd: it is being written */
	_Atomic uint32_t serial;                 /* the flow's; 0 = none yet */
	_Atomic uint64_t words[RING_NOTE_WORDS]; /* struct ring_note_text */
};
_Static_assert(sizeof(struct ring_note) == 64, "shared layout");

/* A reader's memfd: its page, and a note a slot. */
static inline size_t ring_cursor_size(uint32_t n_slots)
{
	return RING_PAGE + (size_t)n_slots * sizeof(struct ring_note);
}

enum ring_entry_type {
	RING_ENTRY_DATA = 1, /* bytes of one direction */
	RING_ENTRY_OPEN,     /* payload: struct ring_slot */
	RING_ENTRY_CLOSE,    /* payload: struct ring_slot at its end */
	RING_ENTRY_MAX
};

struct ring_entry {
	uint32_t type; /* enum ring_entry_type */
	uint32_t span; /* from this header to the next, a multiple of 64 */
	uint32_t len;  /* payload bytes that follow */
	uint32_t slot;
	uint32_t serial;
	uint8_t direction; /* DATA: enum ring_side of the sender */
	uint8_t view;      /* DATA: enum ring_view */
	uint8_t reason;    /* CLOSE: enum ring_close */
	uint8_t call;      /* CLOSE, CONNECT_FAILED: enum base_call */
	uint64_t flow_id;
	uint64_t offset;  /* DATA: stream offset of the first byte */
	uint64_t time_ns; /* wall clock, just before the bytes were read */
	uint32_t error;   /* CLOSE: errno, or 0 */
	uint32_t reserved1;
	uint64_t reserved2;
};
_Static_assert(sizeof(struct ring_entry) == RING_ALIGN, "shared layout");

#endif
