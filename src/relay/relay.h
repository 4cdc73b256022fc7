/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.h - moving the bytes of one flow
 *
 * Theory of operation
 *
 * A flow has two sides and two directions; direction i carries what side i
 * sends. Each direction is one struct ring_dir in the flow table, and both use
 * the same pump. A pump run is:
 *
 *   drain   what was kept in the pool (the receiver was blocked)
 *   fill    receive, straight into the tap ring when the flow is observed,
 *           else into the scratch area; send at once; keep the tail
 *   finish  pass the FIN on, but only when nothing is pending
 *
 * A run ends when the sender has no more, the receiver is blocked, or the
 * budget is spent, so that one loud flow does not hold the others up.
 *
 * What each side wants to be polled for is a pure function of the slot:
 *
 *   side i reads    unless EOF_SEEN, bytes pending in direction i, RING_WAIT,
 *                   POOL_WAIT
 *   side i writes   if bytes are pending in the other direction, or its
 *                   connect() is under way
 *   neither         RELAY_QUIET: only a broken connection wakes us, once
 *
 * The ring never waits for a send, and a direction that was ever blocked reads
 * no more than the receiver's socket buffer takes, so pending bytes stay few.
 * When half of the pool is gone, each direction reads a block at a time: as
 * many peers that do not read as the other half has blocks hold nobody else up.
 *
 * When the ring is full, the rule's when_full decides: `drop` relays the bytes
 * unobserved, `wait` leaves them with the kernel, `brief` (default) waits for
 * at most RELAY_BRIEF_MS and only while the reader makes progress. `wait` waits
 * for a reader that moves, too: once it stood still for RING_DETACH_MS, and is
 * not left behind for another's sake, bytes go by unobserved until it moves
 * again. The caller runs the pump again for directions in RING_WAIT or
 * POOL_WAIT.
 *
 * Pure but for the I/O table: no epoll, no clock, no allocation.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base_attr.h"
#include "ring_layout.h"
#include "ring_pool.h"
#include "ring_tap.h"

#define RELAY_BUDGET     ((size_t)512 * 1024) /* bytes a pump run */
#define RELAY_BRIEF_MS   100                  /* design: the stated bound */
#define RELAY_STALLED_MS 40 /* a reader sleeps for 20 ms at most */

/* Ring bytes that DATA leaves free for OPEN and CLOSE: 204 of them, so that a
 * full ring does not hide who came and went. */
#define RELAY_HINT_ROOM (64UL * 1024)

/* What a side may be polled for. */
enum relay_interest {
	RELAY_QUIET = 0,
	RELAY_READ = 1,
	RELAY_WRITE = 2,
};

/* The socket calls: >0 progress, 0 would block, <0 -errno; recv gives
 * -ESHUTDOWN at the end of the stream. */
struct relay_io {
	ssize_t (*recv)(int fd, void *buf, size_t len);
	ssize_t (*sendv)(int fd, struct iovec *iov, int n_iov);
	int (*shutdown)(int fd); /* FIN; 0 or -errno */
	/* Bytes that the send buffer still takes. */
	size_t (*room)(int fd);
};

/* The real ones. */
extern const struct relay_io relay_io_socket;

/* What a worker lends to every pump run; owned by the worker. */
struct relay_env {
	const struct relay_io *io;
	struct ring_control *control;
	struct ring_slot *slots;
	struct ring_tap *tap;
	struct ring_pool *pool;
	uint64_t now_ms;  /* monotonic, of this batch */
	uint64_t wall_ns; /* of this batch */
};

/* Clears both directions of a slot that begins. */
void relay_begin(struct ring_slot *s);

/* Books n bytes of direction d that came just now, behind those before them;
 * observed: they lie where the tap was asked for room, and are shown. */
void relay_book(struct relay_env *env, uint32_t slot, unsigned d, size_t n,
		bool observed);

/*
 * Runs direction d of the slot. Return: 0, or -errno of the side that broke,
 * *broken says which one (untouched on success).
 */
WS_MUST_USE int relay_pump(struct relay_env *env, uint32_t slot, unsigned d,
			   enum ring_side *broken);

/* Bits of enum relay_interest for one side. */
unsigned relay_interest(const struct ring_slot *s, enum ring_side side);

/* Both FINs are passed on: the flow is over. */
bool relay_finished(const struct ring_slot *s);

/* A direction waits for room, not for a socket: pump it again soon. */
bool relay_waits(const struct ring_slot *s);

#endif
