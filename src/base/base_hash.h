/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_hash.h - where something stands in a table, and whether it is the same
 *
 * FNV-1a of 64 bits (RFC 9923). Whoever chooses the bytes can choose the hash,
 * too: where that would cost others anything, the hash needs a key
 * (ring_shared.c).
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of nothing: where a hash begins. */
#define BASE_HASH_NONE 14695981039346656037ULL

/* Goes on from `hash` with these bytes. */
static inline uint64_t base_hash(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 1099511628211ULL;
	return hash;
}

#endif
