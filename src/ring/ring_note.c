/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_note.c - what a reader found out about a flow */
#include "ring_note.h"

#include <string.h>

/* Looks at a note that is being written, until it is taken for one that says
 * nothing. */
#define TRIES 8

static void read_words(const struct ring_note *n,
		       uint64_t words[static RING_NOTE_WORDS])
{
	for (int i = 0; i < RING_NOTE_WORDS; i++)
		words[i] = atomic_load_explicit(&n->words[i],
						memory_order_relaxed);
}

void ring_note_put(struct ring_note *n, uint32_t serial,
		   const struct ring_note_text *text)
{
	const uint32_t version =
		atomic_load_explicit(&n->version, memory_order_relaxed);
	uint64_t is[RING_NOTE_WORDS], want[RING_NOTE_WORDS];

	memcpy(want, text, sizeof(want));
	read_words(n, is);
	if (!(version & 1) && !memcmp(is, want, sizeof(is)) &&
	    atomic_load_explicit(&n->serial, memory_order_relaxed) == serial)
		return;
	atomic_store_explicit(&n->version, version | 1, memory_order_relaxed);
	/* Pairs with the acquire fence in ring_note_get(): who sees one of
	 * these words sees that it is being written. */
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&n->serial, serial, memory_order_relaxed);
	for (int i = 0; i < RING_NOTE_WORDS; i++)
		atomic_store_explicit(&n->words[i], want[i],
				      memory_order_relaxed);
	/* Pairs with the acquire in ring_note_get(). */
	atomic_store_explicit(&n->version, (version | 1) + 1,
			      memory_order_release);
}

bool ring_note_get(const struct ring_note *n, uint32_t serial,
		   struct ring_note_text *out)
{
	for (int i = 0; i < TRIES; i++) {
		const uint32_t version =
			atomic_load_explicit(&n->version, memory_order_acquire);
		uint64_t words[RING_NOTE_WORDS];
		uint32_t whose;

		whose = atomic_load_explicit(&n->serial, memory_order_relaxed);
		read_words(n, words);
		atomic_thread_fence(memory_order_acquire);
		if ((version & 1) ||
		    atomic_load_explicit(&n->version, memory_order_relaxed) !=
			    version)
			continue;
		if (whose != serial)
			return false;
		memcpy(out, words, sizeof(*out));
		out->protocol[sizeof(out->protocol) - 1] = '\0';
		out->device[sizeof(out->device) - 1] = '\0';
		return true;
	}
	return false;
}
