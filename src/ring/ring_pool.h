/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_pool.h - bytes that were received and could not be sent yet
 *
 * A bounded pool of 4 KiB blocks in shared memory, chained per direction
 * (struct ring_dir: pend_*). Worker only. Before a recv() the worker makes sure
 * that the pool could take all of it, so append cannot fail.
 */
#ifndef RING_POOL_H
#define RING_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "ring_map.h"

struct ring_pool {
	uint8_t *scratch; /* RING_CHUNK_MAX bytes: where unobserved bytes go */
	uint32_t *next;
	uint8_t *blocks;
	uint32_t n_blocks;
	uint32_t n_free;
	uint32_t first_free;
};

/* Bytes of the pool's memfd for that many bytes of blocks. */
size_t ring_pool_bytes(size_t block_bytes);

/* All blocks free: for a worker that begins without flows. */
void ring_pool_init(struct ring_pool *p, const struct ring_map *m);

/* Bytes of all its blocks. */
size_t ring_pool_size(const struct ring_pool *p);

/* Bytes that any one direction can append for sure. */
size_t ring_pool_room(const struct ring_pool *p);

/* Appends len <= ring_pool_room() bytes. */
void ring_pool_append(struct ring_pool *p, struct ring_dir *d,
		      const uint8_t *bytes, size_t len);

/* Up to max pieces from the front. Return: how many. */
int ring_pool_peek(const struct ring_pool *p, const struct ring_dir *d,
		   struct iovec *iov, int max);

/* Takes len <= pend_len bytes from the front and frees their blocks. */
void ring_pool_consume(struct ring_pool *p, struct ring_dir *d, size_t len);

#endif
