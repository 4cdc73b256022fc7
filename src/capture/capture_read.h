/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_read.h - text captures, read back
 *
 * Theory of operation
 *
 * A record is `YYYY-MM-DD HH:MM:SS TAB client|server TAB bytes LF`, and the
 * bytes may be any, also a LF and what looks like a head. So a text capture
 * cannot be taken apart with certainty. The rule here:
 *
 *   a record begins at the start of the file, and behind a LF, wherever a whole
 *   head stands: a date and a time that exist, one of the two words, the TABs;
 *   all up to the LF before the next head, or up to the LF at the end of the
 *   file, is its bytes.
 *
 * It fails for payload that holds a LF and a head, and for nothing else: the
 * bytes of such a record come as two, without the head in between. A file whose
 * last byte is no LF ends in half a record: what is there counts.
 *
 * Offsets are counted from the start of what was fed, for each direction. Bytes
 * that were never recorded leave no trace in a text capture: there are no gaps.
 * Times have a second, in the local zone; in an hour that comes twice, either
 * may be meant.
 *
 * Bytes come in any chunks. A record of up to CAPTURE_RECORD_MAX bytes is given
 * out as one; of a longer one, which is several that the rule took for one,
 * pieces of that size. One without bytes is not given out.
 */
#ifndef CAPTURE_READ_H
#define CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"

struct capture_read_chunk {
	enum base_direction direction;
	uint64_t offset;        /* in its direction's stream */
	uint64_t wall_ns;       /* of its record: whole seconds */
	struct base_span bytes; /* until the callback returns */
};

typedef void capture_read_fn(void *arg, const struct capture_read_chunk *c);

struct capture_read;

/* NULL: no memory. */
struct capture_read *capture_read_new(capture_read_fn *chunk, void *arg);
void capture_read_free(struct capture_read *r);

/* Do these first bytes begin a text capture? CAPTURE_READ_HEAD of them decide;
 * an empty file is one, too. */
#define CAPTURE_READ_HEAD 27
bool capture_read_is(struct base_span start);

/* Return: false, for good: it does not begin with a head, so it is none. */
WS_MUST_USE bool capture_read_feed(struct capture_read *r,
				   struct base_span bytes);
/* The file has ended: gives out the last record. The next part of the same
 * connection may be fed then; offsets go on. Return: as before. */
WS_MUST_USE bool capture_read_end(struct capture_read *r);

#endif
