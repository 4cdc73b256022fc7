/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_reader.h - a reader's end of the tap ring
 *
 * Distrusts the writer: the head is read once a round, each header is copied
 * before it is checked, and payload bytes must be copied by the caller before
 * they are parsed (the writer could still change them).
 */
#ifndef RING_READER_H
#define RING_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "ring_map.h"

struct ring_reader {
	struct ring_view_map map;
	unsigned id;
	uint64_t pos;   /* of the next entry */
	uint64_t at;    /* of the one that next() returned last */
	uint64_t given; /* all below is given back */
	uint64_t head;
};

/* Goes on where the cursor page says: at the ring's beginning the first time.
 * A reader that was detached begins at the head. */
void ring_reader_init(struct ring_reader *r, const struct ring_view_map *map,
		      unsigned id);

/*
 * The next entry: copied into *e, its payload at *payload until the next
 * release. Return: 1; 0 when there is none; -EBADMSG on nonsense: the reader is
 * then at the head and what was unread is lost; -EOVERFLOW when the writer had
 * detached this reader: the same. Then it reads nothing until the writer has
 * let it in again, with its next entry.
 */
WS_MUST_USE int ring_reader_next(struct ring_reader *r, struct ring_entry *e,
				 const uint8_t **payload);

/* Is the payload that was just copied what the writer wrote? False: the writer
 * has detached this reader and may have overwritten it while it was copied. */
WS_MUST_USE bool ring_reader_intact(const struct ring_reader *r);

/* Gives everything that next() returned back to the writer. */
void ring_reader_release(struct ring_reader *r);

/* Gives back what lies before `pos`, the ring_reader_at() of some entry: the
 * first that a successor of this process has to read again. Never more than
 * next() has returned, and never back: any other place changes nothing. What is
 * kept counts as unread: it fills the ring, and who keeps it while the ring is
 * full may be detached like one who does not read. */
void ring_reader_release_to(struct ring_reader *r, uint64_t pos);

/* So many bytes release_to(pos) would give back, and so many are not read yet.
 * Whatever, where the writer lies. */
WS_MUST_USE uint64_t ring_reader_kept(const struct ring_reader *r,
				      uint64_t pos);
WS_MUST_USE uint64_t ring_reader_unread(const struct ring_reader *r);

/* Where the entry that next() returned last begins. */
static inline uint64_t ring_reader_at(const struct ring_reader *r)
{
	return r->at;
}

/* Is there something unread that ends at `pos`? Measured from where the next
 * entry begins: that may be behind a jump. */
WS_MUST_USE bool ring_reader_leads_to(const struct ring_reader *r,
				      uint64_t pos);

/* Declares the reader idle, so that the writer kicks it. False when there is
 * something to read after all (it is then not idle). A detached reader may
 * sleep: it is kicked when it is let in. */
WS_MUST_USE bool ring_reader_sleep(struct ring_reader *r);
void ring_reader_awake(struct ring_reader *r);

/* Nothing is unread. Asked after a slot was found to be over, it says that no
 * entry of that flow is still to come. */
WS_MUST_USE bool ring_reader_caught_up(const struct ring_reader *r);

/* The state of that flow; RING_STATE_FREE: it is over. */
WS_MUST_USE uint32_t ring_reader_state(const struct ring_reader *r,
				       uint32_t slot, uint32_t serial);

/* A copy of the slot, and whether it is still in use by that flow. */
WS_MUST_USE bool ring_reader_slot(const struct ring_reader *r, uint32_t slot,
				  uint32_t serial, struct ring_slot *out);

/*
 * Where the CLOSE entries among the unread ones are. One pass over these serves
 * all searches: whoever writes entries of flows that never were costs no more
 * than who writes others. Heap; owned by who searches.
 */
struct ring_closes {
	struct ring_close_at *at; /* by number, modulo n_at; they ascend */
	uint64_t n_at;            /* more than the ring can hold */
	struct ring_close_of *of; /* by slot */
	uint64_t first, next;     /* numbers; from 1 on */
	uint64_t to;              /* entries before it are known */
	uint64_t looked_at;       /* entries, ever */
};

/* Return: 0 or -ENOMEM; then, too, it may be given to done(). */
WS_MUST_USE int ring_closes_init(struct ring_closes *c,
				 const struct ring_view_map *map);
void ring_closes_done(struct ring_closes *c);

/* What a flow with unread entries is, whose OPEN this reader has not seen: from
 * its slot, or from its CLOSE, if that is unread. */
WS_MUST_USE bool ring_reader_find(const struct ring_reader *r,
				  struct ring_closes *c, uint32_t slot,
				  uint32_t serial, struct ring_slot *out);

#endif
