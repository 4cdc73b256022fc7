/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_memory.c - the memory of the workers, for the daemon's life */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base_log.h"
#include "base_time.h"
#include "conf_budget.h"
#include "recorder.h"
#include "ring_pool.h"
#include "stat.h"
#include "supervisor_internal.h"

/* Pending bytes of one worker at most: design, flow table. */
#define POOL_BLOCKS (64U << 20)

_Static_assert(CONF_FDS_SUPERVISOR_WORKER == 3 + 2 * RING_READER_MAX +
						     SUPERVISOR_LISTENERS_MAX +
						     1 + RING_READER_MAX,
	       "memory, listeners, channel, and pages of a status");
_Static_assert(CONF_FDS_SUPERVISOR >=
		       15 + 2 * CONF_SINKS_MAX + CONTROL_CONNECTIONS_MAX + 8,
	       "its own, publishers', who asks, and a reload");

/* Slots of each worker: any one may hold all of max_flows, as far as its
 * descriptors go; 0: there are too few for a single flow. */
static uint32_t slots_per_worker(const struct supervisor *s)
{
	struct rlimit limit;
	const uint64_t all = s->conf->max_flows;
	uint64_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	most = conf_budget_flows(limit.rlim_cur);
	if (most * s->n_workers >= all || !most)
		return (uint32_t)(all < most ? all : most);
	base_warn("%u flows of max_flows are possible: %u workers of %llu "
		  "descriptors each",
		  (unsigned)(most * s->n_workers), s->n_workers,
		  (unsigned long long)limit.rlim_cur);
	return (uint32_t)most;
}

/*
 * Connection ids name capture files. When a file was made in the log directory
 * in this very second, a predecessor may have used ids of it: we then count
 * from the microsecond, beyond whatever it can have counted to.
 */
static struct ring_shared *new_shared(const struct supervisor *s)
{
	const uint64_t now = base_time_wall_ns();
	const uint64_t second = now / BASE_TIME_NS_PER_S;
	struct stat st;

	if (stat(s->conf->log_dir, &st) == 0 &&
	    (uint64_t)st.st_mtim.tv_sec < second)
		return ring_shared_new(second, 0, s->conf->max_flows);
	return ring_shared_new(second,
			       (uint32_t)(now % BASE_TIME_NS_PER_S / 1000),
			       s->conf->max_flows);
}

int supervisor_memory_make(struct supervisor *s)
{
	const uint32_t n_slots = slots_per_worker(s);

	if (!n_slots)
		return -EMFILE;
	s->shared = new_shared(s);
	s->commit = recorder_commit_new(s->n_workers, n_slots);
	if (!s->shared || !s->commit)
		return -ENOMEM;
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct ring_map_size size = {
			.worker = i,
			.n_slots = n_slots,
			.n_readers = RING_READER_MAX,
			.ring_size = s->conf->ring_size,
			.pool_size = ring_pool_bytes(POOL_BLOCKS),
		};
		const int r = ring_map_create(&s->maps[i], &size);

		if (r)
			return r;
	}
	return 0;
}

void supervisor_memory_free(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++)
		ring_map_destroy(&s->maps[i]);
	ring_shared_free(s->shared);
	recorder_commit_free(s->commit);
}

/* What happened in all, from the shared pages: zeros are left out. */
void supervisor_memory_totals(const struct supervisor *s)
{
	char line[1000] = ""; /* base_log cuts at 1024 */
	size_t len = 0;

	for (int id = 0; id < STAT_MAX; id++) {
		uint64_t n = 0;

		for (unsigned i = 0; i < s->n_workers; i++) {
			const struct ring_map *m = &s->maps[i];

			n += stat_get(&m->control->stat, id);
			for (uint32_t j = 0; j < m->n_readers; j++)
				n += stat_get(&m->cursors[j]->stat, id);
		}
		if (n && len < sizeof(line))
			len += (size_t)snprintf(line + len, sizeof(line) - len,
						" %s=%llu", stat_table[id].name,
						(unsigned long long)n);
	}
	base_notice("stopped%s", line);
}
