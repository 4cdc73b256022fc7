/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_pool.c - bytes that were received and could not be sent yet */
#include "ring_pool.h"

#include <assert.h>
#include <string.h>

/* scratch, then one next[] word a block rounded to whole blocks, then them */
static size_t next_bytes(size_t n_blocks)
{
	return (n_blocks * sizeof(uint32_t) + RING_BLOCK - 1) / RING_BLOCK *
	       RING_BLOCK;
}

size_t ring_pool_bytes(size_t block_bytes)
{
	return RING_CHUNK_MAX + next_bytes(block_bytes / RING_BLOCK) +
	       block_bytes / RING_BLOCK * RING_BLOCK;
}

void ring_pool_init(struct ring_pool *p, const struct ring_map *m)
{
	/* the largest count whose words and blocks fit together */
	size_t n = (m->pool_size - RING_CHUNK_MAX) / RING_BLOCK;

	while (n && ring_pool_bytes(n * RING_BLOCK) > m->pool_size)
		n--;
	p->scratch = m->pool;
	p->next = (uint32_t *)(void *)(m->pool + RING_CHUNK_MAX);
	p->blocks = m->pool + RING_CHUNK_MAX + next_bytes(n);
	p->n_blocks = p->n_free = (uint32_t)n;
	p->first_free = n ? 0 : RING_BLOCK_NONE;
	for (uint32_t i = 0; i < n; i++)
		p->next[i] = i + 1 < n ? i + 1 : RING_BLOCK_NONE;
}

size_t ring_pool_size(const struct ring_pool *p)
{
	return (size_t)p->n_blocks * RING_BLOCK;
}

size_t ring_pool_room(const struct ring_pool *p)
{
	return (size_t)p->n_free * RING_BLOCK;
}

static void add_block(struct ring_pool *p, struct ring_dir *d)
{
	const uint32_t b = p->first_free;

	assert(b != RING_BLOCK_NONE);
	p->first_free = p->next[b];
	p->n_free--;
	p->next[b] = RING_BLOCK_NONE;
	if (d->pend_len == 0) {
		d->pend_first = b;
		d->pend_off = 0;
	} else {
		p->next[d->pend_last] = b;
	}
	d->pend_last = b;
}

void ring_pool_append(struct ring_pool *p, struct ring_dir *d,
		      const uint8_t *bytes, size_t len)
{
	while (len) {
		/* the byte after the last one; 0: the last block is full */
		const uint32_t at = (d->pend_off + d->pend_len) % RING_BLOCK;
		size_t n;

		if (!d->pend_len || !at)
			add_block(p, d);
		n = RING_BLOCK - (d->pend_len ? at : 0);
		if (n > len)
			n = len;
		memcpy(p->blocks + (size_t)d->pend_last * RING_BLOCK +
			       (d->pend_len ? at : 0),
		       bytes, n);
		d->pend_len += (uint32_t)n;
		bytes += n;
		len -= n;
	}
}

int ring_pool_peek(const struct ring_pool *p, const struct ring_dir *d,
		   struct iovec *iov, int max)
{
	uint32_t block = d->pend_first, off = d->pend_off, left = d->pend_len;
	int n = 0;

	while (left && n < max) {
		const uint32_t here =
			left < RING_BLOCK - off ? left : RING_BLOCK - off;

		iov[n].iov_base = p->blocks + (size_t)block * RING_BLOCK + off;
		iov[n].iov_len = here;
		n++;
		left -= here;
		off = 0;
		block = p->next[block];
	}
	return n;
}

void ring_pool_consume(struct ring_pool *p, struct ring_dir *d, size_t len)
{
	assert(len <= d->pend_len);
	while (len) {
		const uint32_t block = d->pend_first;
		size_t here = RING_BLOCK - d->pend_off;

		if (here > d->pend_len)
			here = d->pend_len;
		if (len < here) {
			d->pend_off += (uint32_t)len;
			d->pend_len -= (uint32_t)len;
			return;
		}
		d->pend_len -= (uint32_t)here;
		len -= here;
		d->pend_off = 0;
		d->pend_first = p->next[block];
		p->next[block] = p->first_free;
		p->first_free = block;
		p->n_free++;
	}
}
