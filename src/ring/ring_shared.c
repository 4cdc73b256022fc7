/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_shared.c - connection numbers that are unique over all workers */
#include "ring_shared.h"

#include <stddef.h>
#include <sys/mman.h>

#include "base_time.h"

struct ring_shared *ring_shared_new(uint64_t second, uint32_t number)
{
	struct ring_shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	/* one below the first: that is what comes next */
	atomic_init(&s->connection,
		    (second << RING_CONNECTION_BITS) + number - 1);
	return s;
}

void ring_shared_free(struct ring_shared *s)
{
	if (s)
		(void)munmap(s, sizeof(*s));
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
