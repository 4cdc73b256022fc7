/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_shared.h - connection numbers that are unique over all workers
 *
 * A connection id is the local second in which the connection came, as
 * tcpproxy wrote it; the second and later ones of a second carry a number. The
 * workers draw {second, number} from one word, so that the flow table, the
 * capture's name, the status and a restarted recorder all say the same.
 * The word never goes back, not even when the clock does: a clock set back
 * stays at the last second and counts on.
 */
#ifndef RING_SHARED_H
#define RING_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#include "base_attr.h"

/* second << 20 | number; number 0 is the first of its second. More than a
 * million in one second run over into the next. */
#define RING_CONNECTION_BITS 20

struct ring_shared {
	_Atomic uint64_t connection; /* the last one handed out */
};

/* A page shared with all children of the caller; NULL: no memory. The first id
 * is {second, number}, or a later one. */
struct ring_shared *ring_shared_new(uint64_t second, uint32_t number);
void ring_shared_free(struct ring_shared *s);

uint64_t ring_shared_connection(struct ring_shared *s, uint64_t wall_ns);

static inline uint64_t ring_connection_second(uint64_t connection)
{
	return connection >> RING_CONNECTION_BITS;
}

static inline uint32_t ring_connection_number(uint64_t connection)
{
	return (uint32_t)(connection & ((1U << RING_CONNECTION_BITS) - 1));
}

#endif
