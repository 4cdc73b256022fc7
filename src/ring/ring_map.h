/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_map.h - making, mapping and sealing one worker's memory
 *
 * The supervisor makes it; the worker uses the writer's mapping that it
 * inherits; readers map the descriptors read-only. See ring_layout.h.
 */
#ifndef RING_MAP_H
#define RING_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "ring_layout.h"

/* The writer's mapping, and the descriptors behind it. Owned by the supervisor,
 * for the life of the daemon. */
struct ring_map {
	struct ring_control *control;
	struct ring_slot *slots;
	uint8_t *data; /* 2 x ring_size of address space */
	uint8_t *pool;
	size_t table_size, ring_size, pool_size;
	uint32_t n_slots;
	uint32_t n_readers; /* of the arrays below, so many are there */
	const struct ring_cursor *cursors[RING_READER_ROOM];
	int table_fd, data_fd, pool_fd;
	int cursor_fd[RING_READER_ROOM];
	int kick_fd[RING_READER_ROOM]; /* eventfd: the worker wakes a reader */
};

struct ring_map_size {
	uint32_t worker;
	uint32_t n_slots;
	uint32_t n_readers; /* 1 to RING_READER_ROOM */
	size_t ring_size;   /* a power of two, >= RING_SIZE_MIN */
	size_t pool_size;   /* ring_pool_bytes() of the blocks */
};

/* Empty: what destroy() and forget() may be called on. */
void ring_map_init(struct ring_map *m);

/* Return: 0, -EINVAL for a number of readers that cannot be, or -errno; nothing
 * is left behind on failure. */
WS_MUST_USE int ring_map_create(struct ring_map *m,
				const struct ring_map_size *size);
void ring_map_destroy(struct ring_map *m);

/* In a child that is not the writer: gives back the writable mapping. */
void ring_map_forget(struct ring_map *m);

/* A descriptor of a reader's page for somebody who shall see its counters and
 * notes: the caller closes it. It cannot be opened for writing again by another
 * user, who the page's mode keeps out. Return: the descriptor or -errno. */
WS_MUST_USE int ring_map_cursor_readonly(const struct ring_map *m,
					 unsigned reader);

/* A reader's mapping of somebody's ring. */
struct ring_view_map {
	const struct ring_control *control;
	const struct ring_slot *slots;
	const uint8_t *data;
	struct ring_cursor *cursor;
	struct ring_note *notes; /* n_slots, behind the cursor */
	size_t table_size, ring_size;
	uint32_t n_slots;
};

/* Checks sizes against the descriptors: what the control page says is not
 * trusted. Return: 0, -EBADMSG or -errno. */
WS_MUST_USE int ring_map_view(struct ring_view_map *v, const struct ring_map *m,
			      unsigned reader);
void ring_map_unview(struct ring_view_map *v);

#endif
