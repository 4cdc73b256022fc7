/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_commit.c - what a recorder has done for good */
#include "recorder_commit.h"

#include <sys/mman.h>
#include <sys/random.h>

#include "base_die.h"
#include "recorder.h"

static size_t bytes_for(unsigned n_workers, uint32_t n_slots)
{
	return sizeof(struct recorder_commit) +
	       (size_t)n_workers * n_slots * 2 * sizeof(struct recorder_record);
}

struct recorder_commit *recorder_commit_new(unsigned n_workers,
					    uint32_t n_slots)
{
	struct recorder_commit *c = mmap(
		NULL, bytes_for(n_workers, n_slots), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	/* as many bytes come at once, and 0 is nobody's */
	while (!c->writer) {
		if (getrandom(&c->writer, sizeof(c->writer), 0) < 0) {
			(void)munmap(c, bytes_for(n_workers, n_slots));
			return NULL;
		}
	}
	c->n_rings = n_workers;
	c->n_slots = n_slots;
	return c;
}

void recorder_commit_free(struct recorder_commit *c)
{
	if (c) /* fails only for what was never mapped */
		(void)munmap(c, bytes_for(c->n_rings, c->n_slots));
}

static uint64_t in_force(const struct recorder_commit *c)
{
	/* Pairs with the release in force(), of a process that is gone. */
	return atomic_load_explicit(&c->seq, memory_order_acquire);
}

static size_t index_of(const struct recorder_commit *c, unsigned ring,
		       uint32_t slot)
{
	return (size_t)ring * c->n_slots + slot;
}

uint64_t recorder_commit_next(const struct recorder_commit *c)
{
	return in_force(c) + 1;
}

void recorder_commit_forward(struct recorder_commit *c, bool unsure)
{
	struct recorder_globals *g = &c->globals[recorder_commit_next(c) % 2];

	if (unsure) {
		g->unsure = recorder_commit_next(c);
		g->unsure_events = g->batch;
	}
	recorder_commit_force(c);
}

void recorder_commit_recover(struct recorder_commit *c)
{
	const uint64_t seq = in_force(c);

	c->trying = 0;
	for (unsigned ring = 0; ring < c->n_rings; ring++) {
		for (uint32_t slot = 0; slot < c->n_used[ring]; slot++) {
			struct recorder_record *v =
				c->records[index_of(c, ring, slot)];

			for (int i = 0; i < 2; i++) {
				if (v[i].seq > seq)
					v[i].seq = 0;
			}
		}
	}
}

const struct recorder_globals *
recorder_commit_globals(const struct recorder_commit *c)
{
	return &c->globals[in_force(c) % 2];
}

/* The version that is not in force: a waiting one, else the older one. */
static int version_to_put(const struct recorder_record v[2], uint64_t seq)
{
	if (v[0].seq > seq || v[1].seq > seq)
		return v[1].seq > seq;
	return v[1].seq < v[0].seq;
}

bool recorder_commit_get(const struct recorder_commit *c, unsigned ring,
			 uint32_t slot, struct recorder_record *out)
{
	const struct recorder_record *v;

	if (slot >= c->n_used[ring])
		return false;
	v = c->records[index_of(c, ring, slot)];
	*out = v[!version_to_put(v, in_force(c))];
	return out->seq != 0;
}

void recorder_commit_put(struct recorder_commit *c, unsigned ring,
			 uint32_t slot, const struct recorder_record *rec)
{
	const uint64_t seq = in_force(c);
	struct recorder_record *v = c->records[index_of(c, ring, slot)];
	const int i = version_to_put(v, seq);
	struct recorder_record mine = *rec;

	/* before the record: what recover() has to look at only grows */
	if (slot >= c->n_used[ring])
		c->n_used[ring] = slot + 1;
	/* a copy of half of it must not carry a number that is in force */
	mine.seq = 0;
	v[i].seq = 0;
	atomic_signal_fence(memory_order_seq_cst);
	v[i] = mine;
	atomic_signal_fence(memory_order_seq_cst);
	v[i].seq = seq + 1;
}

void recorder_commit_take_back(struct recorder_commit *c, unsigned ring,
			       uint32_t slot)
{
	struct recorder_record *v = c->records[index_of(c, ring, slot)];

	for (int i = 0; i < 2; i++) {
		if (v[i].seq > in_force(c))
			v[i].seq = 0;
	}
}

void recorder_commit_prepare(struct recorder_commit *c,
			     const struct recorder_globals *g, bool store)
{
	const uint64_t seq = recorder_commit_next(c);

	c->globals[seq % 2] = *g;
	if (store) {
		/* what it is to bring into force is all there by then */
		atomic_signal_fence(memory_order_seq_cst);
		c->trying = seq;
	}
	base_die_at(BASE_DIE_RECORDER_NOTED);
}

void recorder_commit_failed(struct recorder_commit *c)
{
	c->trying = 0;
}

void recorder_commit_force(struct recorder_commit *c)
{
	/* Pairs with the acquire in in_force(). */
	atomic_store_explicit(&c->seq, recorder_commit_next(c),
			      memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
	c->trying = 0;
	base_die_at(BASE_DIE_RECORDER_COMMITTED);
}
