/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_tap.h - the writer's end of the tap ring (worker only)
 *
 * Bytes are received straight into the ring: reserve room, recv() into it,
 * commit what came. Unread bytes are never overwritten, so a reader that stops
 * fills the ring, and what does not fit is the caller's to count. Only for the
 * sake of another reader it is detached: when it stood still for RING_DETACH_MS
 * while the ring was full, and that other one is further on. A lone reader, or
 * readers that all stand at one place, go on where they stood, however long it
 * took. What a detached reader misses is counted (reader_missed).
 *
 * The first reservation of a batch goes back to the ring's beginning when all
 * that the readers had is given back: then a quiet ring uses its first pages
 * only. It costs no room and wakes nobody. It does not come to it while a
 * reader holds something back.
 */
#ifndef RING_TAP_H
#define RING_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "ring_map.h"

#define RING_DETACH_MS  1000
#define RING_REWIND_MIN ((size_t)64 * 1024) /* not before that place */

struct ring_tap {
	struct ring_control *control;
	uint8_t *data;
	uint64_t size;
	uint64_t head;
	uint64_t floor;   /* smallest cursor of the attached readers */
	uint64_t full_ms; /* full, and the floor stands, since then; or 0 */
	uint32_t n_readers;
	bool may_rewind; /* not yet looked in this batch */
	struct {
		const struct ring_cursor *cursor;
		int kick_fd;
		uint64_t pos;    /* last believed */
		uint64_t kicked; /* head at the last kick for fullness */
	} readers[RING_READER_ROOM];
};

/* Goes on where a predecessor ended. If the words that it left cannot be true,
 * all readers are left behind, and let in again where the entries to come
 * begin. */
void ring_tap_init(struct ring_tap *t, const struct ring_map *m);

/*
 * Room for one entry with up to *len payload bytes; *len is cut to what there
 * is. NULL when there is not even room for `min`. The pointer is valid until
 * the next call.
 */
uint8_t *ring_tap_reserve(struct ring_tap *t, size_t min, size_t *len,
			  uint64_t now_ms);

/* Publishes one entry with the e->len bytes at the reserved place; type, flow
 * and time are set by the caller, span here. */
void ring_tap_commit(struct ring_tap *t, const struct ring_entry *e);

/* Reserve, copy and commit; false when there is no room. */
bool ring_tap_put(struct ring_tap *t, const struct ring_entry *e,
		  const void *payload, uint64_t now_ms);

/* How long has the ring been full without a byte given back? 0: it is not. At
 * RING_DETACH_MS and more, nobody can be detached to make room. */
uint64_t ring_tap_still_ms(const struct ring_tap *t, uint64_t now_ms);

/* When a batch is done: wakes readers that declared themselves idle, and those
 * that leave an eighth of the ring unread. What they have read and not given
 * back counts as read. */
void ring_tap_kick(struct ring_tap *t);

#endif
