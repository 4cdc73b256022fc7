/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_shared.c - what all workers of a daemon share */
#include "ring_shared.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base_time.h"

#define PLACES_MIN 64U

static size_t bytes_for(uint32_t n_places)
{
	return sizeof(struct ring_shared) + n_places * sizeof(uint64_t);
}

struct ring_shared *ring_shared_new(uint64_t second, uint32_t number,
				    uint32_t max_flows)
{
	uint32_t n = PLACES_MIN;
	struct ring_shared *s;

	/* half of the places stay empty: few are looked at in vain */
	while (n / 2 < max_flows)
		n *= 2;
	s = mmap(NULL, bytes_for(n), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	s->n_places = n;
	if (getrandom(&s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key)) {
		ring_shared_free(s);
		return NULL;
	}
	/* one below the first: that is what comes next */
	atomic_init(&s->connection,
		    (second << RING_CONNECTION_BITS) + number - 1);
	return s;
}

void ring_shared_free(struct ring_shared *s)
{
	if (s)
		(void)munmap(s, bytes_for(s->n_places));
}

uint64_t ring_shared_help(struct ring_shared *s)
{
	return atomic_load(&s->dead) | atomic_load(&s->full);
}

static bool set_bit(_Atomic uint64_t *word, unsigned bit, bool on)
{
	const uint64_t mask = 1ULL << bit;
	const uint64_t old = on ? atomic_fetch_or(word, mask)
				: atomic_fetch_and(word, ~mask);

	return !(old & mask) == on;
}

void ring_shared_set_dead(struct ring_shared *s, unsigned worker, bool dead)
{
	(void)set_bit(&s->dead, worker, dead);
}

bool ring_shared_set_full(struct ring_shared *s, unsigned worker, bool full)
{
	return set_bit(&s->full, worker, full);
}

uint32_t ring_shared_flows(const struct ring_shared *s)
{
	uint32_t n = 0;

	for (int i = 0; i < RING_WORKERS_MAX; i++)
		n += atomic_load_explicit(&s->flows[i], memory_order_relaxed);
	return n;
}

void ring_shared_set_flows(struct ring_shared *s, unsigned worker, uint32_t n)
{
	atomic_store_explicit(&s->flows[worker], n, memory_order_relaxed);
}

uint64_t ring_shared_connection(struct ring_shared *s, uint64_t wall_ns)
{
	const uint64_t first = wall_ns / BASE_TIME_NS_PER_S
			       << RING_CONNECTION_BITS;
	uint64_t last = atomic_load(&s->connection);
	uint64_t mine;

	do {
		mine = last + 1 > first ? last + 1 : first;
	} while (!atomic_compare_exchange_weak(&s->connection, &last, mine));
	return mine;
}
