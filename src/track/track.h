/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track.h - tracker protocols: one row each
 *
 * Everything here is a pure function of the bytes given; no row keeps state of
 * its own. Used by the recorder, which reads a copy of the traffic.
 */
#ifndef TRACK_H
#define TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_rd.h"

/* What is known about the bytes behind those that frame() gets. */
enum track_after {
	TRACK_AFTER_MORE,    /* more may come at any time */
	TRACK_AFTER_SILENCE, /* none came for TRACK_SILENCE_NS */
	TRACK_AFTER_NOTHING, /* none will: end of flow, gap, or max_frame */
};

enum track_step {
	TRACK_STEP_MORE,    /* undecided: the same bytes again, and more */
	TRACK_STEP_SKIP,    /* the first `len` bytes are no message */
	TRACK_STEP_MESSAGE, /* the first `len` bytes are a message */
};

/*
 * What a framer remembers about the partial message at the front of a stream,
 * so that nothing is scanned twice. All zero at the start; belongs to the
 * stream, written by frame() alone.
 */
struct track_scan {
	uint32_t at;    /* bytes scanned so far */
	uint32_t end;   /* the message may end before this byte; 0 = nowhere */
	uint32_t depth; /* open brackets */
	bool quiet;     /* it does end at `end` if silence follows */
};

/* A step's result: spans point into the bytes that frame() got. */
struct track_frame {
	size_t len;               /* > 0 for SKIP and MESSAGE */
	bool length_ok;           /* the length that the message declares */
	struct base_span device;  /* its device id, empty if it names none */
	struct base_span keyword; /* its type, empty if it has none */
};

struct track_protocol {
	const char *name;
	const uint16_t *ports; /* the vendors' default ports; ends with 0 */
	size_t max_frame;      /* bytes; longer than any real message */

	/* Do these first bytes of one direction belong to this protocol? */
	bool (*probe)(struct base_span bytes);

	/*
	 * Looks at the front of a stream: bytes.len is 1 to max_frame. The
	 * decision is a function of the bytes from the front on: how they were
	 * cut into chunks changes nothing. Never MORE after NOTHING.
	 */
	enum track_step (*frame)(struct base_span bytes, enum track_after after,
				 struct track_scan *scan,
				 struct track_frame *frame);
};

/* All protocols, in the order in which they are probed; ends with NULL. */
const struct track_protocol *const *track_protocols(void);

/* Their names, NULL-terminated: the values of `observe` beside auto, none. */
const char *const *track_protocol_names(void);

/* NULL: no protocol of that name. */
const struct track_protocol *track_protocol_find(const char *name);

/* The first row of `table` that accepts the bytes; rows that name `port` are
 * asked before the others. NULL: none does. */
const struct track_protocol *
track_protocol_choose(const struct track_protocol *const *table, uint16_t port,
		      struct base_span bytes);

#endif
