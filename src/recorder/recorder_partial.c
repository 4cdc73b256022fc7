/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_partial.c - how far a ring can be given back */
#include "recorder_internal.h"

static void unlist(struct recorder_ring *ring, struct recorder_partial *p)
{
	if (!p->listed)
		return;
	*(p->older ? &p->older->newer : &ring->oldest) = p->newer;
	*(p->newer ? &p->newer->older : &ring->newest) = p->older;
	*p = (struct recorder_partial){ .listed = false };
}

/* The list is sorted by itself: `at` only grows. */
static void append(struct recorder_ring *ring, struct recorder_partial *p,
		   uint64_t at)
{
	*p = (struct recorder_partial){ .older = ring->newest,
					.at = at,
					.listed = true };
	*(ring->newest ? &ring->newest->newer : &ring->oldest) = p;
	ring->newest = p;
}

void recorder_partial_note(struct recorder_flow *f, enum base_direction d,
			   uint64_t offset)
{
	const struct track_stream *s = &f->track.streams[d];

	/* one that began earlier stays where it is in the list, or, if it lies
	 * too far back, out of it */
	if (s->len && s->offset >= offset) {
		unlist(f->ring, &f->partial[d]);
		append(f->ring, &f->partial[d], f->ring->done);
	}
	recorder_partial_check(f);
}

void recorder_partial_check(struct recorder_flow *f)
{
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		if (!f->track.streams[d].len)
			unlist(f->ring, &f->partial[d]);
	}
}

void recorder_partial_remove(struct recorder_flow *f)
{
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		unlist(f->ring, &f->partial[d]);
}

void recorder_partial_remove_all(struct recorder_ring *ring)
{
	while (ring->oldest)
		unlist(ring, ring->oldest);
}

uint64_t recorder_partial_floor(struct recorder_ring *ring)
{
	const uint64_t most = RECORDER_HOLD(ring->reader.map.ring_size);

	while (ring->oldest && ring->done - ring->oldest->at > most)
		unlist(ring, ring->oldest);
	return ring->oldest ? ring->oldest->at : ring->done;
}
