/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stat.h - counters: what happened, counted exactly
 *
 * A block of counters lies in shared memory and has one writer: a worker's in
 * its control page, a reader's in its cursor page. Anybody who maps the page
 * may read it at any time.
 */
#ifndef STAT_H
#define STAT_H

#include <stdatomic.h>
#include <stdint.h>

enum stat_id {
	/* worker */
	STAT_FLOWS_OPENED,
	STAT_FLOWS_CLOSED,
	STAT_CLIENT_BYTES,
	STAT_SERVER_BYTES,
	STAT_UNOBSERVED_BYTES,
	STAT_CONNECT_FAILED,
	STAT_CONNECT_TIMEOUT,
	STAT_RESETS,
	STAT_REFUSED_SELF,
	STAT_REFUSED_NO_RULE,
	STAT_ACCEPT_ERRORS,
	STAT_ACCEPT_PAUSES,
	STAT_RING_WAITS,
	STAT_RING_DETACHED,
	STAT_HINTS_LOST,
	STAT_POOL_WAITS,
	STAT_FLOWS_DIED,
	STAT_FLOWS_OPERATOR,
	STAT_LIMIT_WAITS,
	STAT_LIMIT_CLIENT,
	STAT_LIMIT_RATE,
	STAT_LIMIT_PORTS,
	STAT_LIMIT_REFUSED,
	STAT_LENT,
	STAT_FLOWS_IDLE,
	STAT_FLOWS_SUPERSEDED,
	STAT_UDP_FLOWS,
	STAT_UDP_DROPPED,
	STAT_UDP_LIMIT,
	STAT_UDP_ERRORS,
	/* recorder */
	STAT_EVENTS,
	STAT_POSITIONS,
	STAT_UNKNOWN_MESSAGES,
	STAT_LENGTH_WRONG,
	STAT_CHECKSUM_WRONG,
	STAT_RAW,
	STAT_SKIPPED_BYTES,
	STAT_GAP_BYTES,
	STAT_CAPTURE_BYTES,
	STAT_CAPTURE_LOST_BYTES,
	STAT_EVENTS_LOST,
	STAT_UNKNOWN_FLOWS,
	STAT_NONSENSE,
	STAT_NO_MEMORY,
	STAT_DECODER_DEATHS,
	STAT_STORED,
	STAT_STORE_LOST,
	STAT_STORE_RETRIES,
	STAT_STORE_EXPIRED,
	STAT_STORE_UNSENT,
	STAT_STORE_WAL_FULL,
	STAT_MAX
};

/* Room for counters to come: the page layout does not change with them. */
#define STAT_ROOM 64

struct stat_block {
	_Atomic uint64_t v[STAT_ROOM];
};

struct stat_desc {
	const char *name; /* as in the status and in metrics */
	const char *help;
};

extern const struct stat_desc stat_table[STAT_MAX];

/* One writer: a load and a store are enough, and cheaper than a locked add. */
static inline void stat_add(struct stat_block *b, enum stat_id id, uint64_t n)
{
	const uint64_t old =
		atomic_load_explicit(&b->v[id], memory_order_relaxed);

	atomic_store_explicit(&b->v[id], old + n, memory_order_relaxed);
}

static inline uint64_t stat_get(const struct stat_block *b, enum stat_id id)
{
	return atomic_load_explicit(&b->v[id], memory_order_relaxed);
}

#endif
