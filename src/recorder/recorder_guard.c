/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_guard.c - bytes that kill the decoder
 *
 * Theory of operation
 *
 * Decoders read what strangers send. When one crashes, the successor would read
 * the same bytes and crash again, for ever. So before each call of a decoder
 * the commit memory is told what is being decoded, and after it that nothing
 * is. A successor of a recorder that crashed finds the note and counts it as a
 * suspect. The first death may have another cause, so it is decoded once more;
 * after the second it never is: an entry is captured but not framed, what a
 * flow holds at a silence or at its end is dropped.
 *
 * What was passed over is committed at once, so a suspect is needed no longer
 * than until then, and many bad entries in a row cost two deaths each.
 */
#include "base_log.h"
#include "recorder_internal.h"

#define DEATHS_MAX 2

static struct recorder_suspect *find(struct recorder_commit *c,
				     const struct recorder_suspect *like)
{
	for (int i = 0; i < RECORDER_SUSPECTS; i++) {
		struct recorder_suspect *s = &c->suspects[i];

		if (s->what == like->what && s->ring == like->ring &&
		    s->slot == like->slot && s->serial == like->serial &&
		    s->at == like->at)
			return s;
	}
	return NULL;
}

void recorder_guard_recover(struct recorder *r)
{
	struct recorder_commit *c = r->setup->commit;

	if (c->at_work.what && r->setup->crashed) {
		struct recorder_suspect *s = find(c, &c->at_work);
		struct recorder_suspect *least = &c->suspects[0];

		for (int i = 1; !s && i < RECORDER_SUSPECTS; i++) {
			if (c->suspects[i].deaths < least->deaths)
				least = &c->suspects[i];
		}
		if (!s) {
			s = least;
			*s = c->at_work;
			s->deaths = 0;
		}
		s->deaths++;
	}
	c->at_work.what = RECORDER_DECODE_NOTHING;
}

static void tell(struct recorder *r, const struct recorder_flow *f)
{
	stat_add(&r->stat, STAT_DECODER_DEATHS, 1);
	if (recorder_may_tell(&r->told_decoder))
		base_err("what killed the decoder twice is not decoded again "
			 "flow=%016llx",
			 (unsigned long long)f->flow_id);
}

bool recorder_guard_enter(struct recorder *r, enum recorder_decode what,
			  const struct recorder_flow *f, uint64_t at)
{
	struct recorder_commit *c = r->setup->commit;
	const struct recorder_suspect now = { .what = what,
					      .ring = f->ring->index,
					      .slot = f->slot,
					      .serial = f->serial,
					      .at = at };
	struct recorder_suspect *s = find(c, &now);

	if (s && s->deaths >= DEATHS_MAX) {
		tell(r, f);
		r->dirty = r->commit_soon = true;
		return false;
	}
	c->at_work = now;
	/* a process that dies in the decoder has written all of it */
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

void recorder_guard_leave(struct recorder *r)
{
	atomic_signal_fence(memory_order_seq_cst);
	r->setup->commit->at_work.what = RECORDER_DECODE_NOTHING;
}
