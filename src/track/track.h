/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track.h - tracker protocols: one row each
 *
 * Bytes become messages (frame), a message becomes a record (decode). All of it
 * is a pure function of the bytes given and of the session that the caller
 * keeps for the flow; no row keeps state of its own. Used by the recorder,
 * which reads a copy of the traffic, and by `wayside decode`.
 */
#ifndef TRACK_H
#define TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_direction.h"
#include "base_rd.h"
#include "track_record.h"

/* Do bytes belong to a protocol, or begin with a header of it? YES and NO stay
 * when more bytes follow. */
enum track_probe {
	TRACK_PROBE_NO,
	TRACK_PROBE_MAYBE, /* as far as they go */
	TRACK_PROBE_YES,
};

/* What is known about the bytes behind those that frame() gets. */
enum track_after {
	TRACK_AFTER_MORE,    /* more may come at any time */
	TRACK_AFTER_SILENCE, /* none came for TRACK_SILENCE_NS */
	TRACK_AFTER_NOTHING, /* none will: end of flow, gap, or max_frame */
};

/* The front of a stream: 1 to max_frame bytes of one direction. */
struct track_front {
	struct base_span bytes;
	enum base_direction direction;
	enum track_after after;
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
	uint32_t depth; /* open brackets, or whatever the framer counts */
	bool quiet;     /* it does end at `end` if silence follows */
};

/* A step's result. */
struct track_frame {
	size_t len;                /* > 0 for SKIP and MESSAGE */
	enum track_check length;   /* the length that the message declares */
	enum track_check checksum; /* ... and its checksum */
};

/* Borrowed for the time of a call. */
struct track_message {
	const struct track_protocol *protocol;
	enum base_direction direction;
	struct base_span bytes; /* the whole message as it was on the wire */
	uint64_t offset;        /* stream offset of its first byte */
	uint64_t wall_ns;       /* of the chunk with its last byte */
	enum track_check length, checksum;
};

#define TRACK_DEVICE_LEN 24 /* with the final NUL */

/*
 * What the messages of a flow have said so far, for its later ones. All zero at
 * the start. Plain bytes: a recorder hands it to its successor.
 */
struct track_session {
	char device[TRACK_DEVICE_LEN]; /* text; "" = not said yet */
	uint8_t own[8];                /* the protocol's decode() alone */
};
_Static_assert(sizeof(struct track_session) == 32, "handed over");

/* How the owner's trackers use a protocol; from the configuration. */
struct track_habits {
	int16_t zone_min; /* times without a zone: minutes east of UTC */
};

/* What a keyword means. The first row that fits counts. */
struct track_keyword {
	const char *name; /* a final * stands for any ending, also none */
	unsigned from;    /* TRACK_FROM_ bits: who sends it */
	enum track_type type;
	const char *what; /* for the manual */
};

#define TRACK_FROM_CLIENT (1U << BASE_CLIENT)
#define TRACK_FROM_SERVER (1U << BASE_SERVER)
#define TRACK_FROM_BOTH   (TRACK_FROM_CLIENT | TRACK_FROM_SERVER)

struct track_protocol {
	const char *name;
	const uint16_t *ports; /* the vendors' default ports; ends with 0 */
	size_t max_frame;      /* bytes; longer than any real message */
	struct track_habits habits;           /* what is usual */
	const struct track_keyword *keywords; /* ends with a NULL name */

	/*
	 * Does a message of this protocol begin with the first of these bytes
	 * (at most TRACK_PROBE_MAX)? Strict: bytes that follow garbage are
	 * shown, too, and other protocols come after this one. A message that
	 * says too little to be known by (a server's "ON") is NO.
	 */
	enum track_probe (*probe)(struct base_span bytes,
				  enum base_direction direction);

	/*
	 * Looks at the front of a stream. The decision is a function of the
	 * bytes from the front on: how they were cut into chunks changes
	 * nothing. Never MORE after NOTHING. Linear in the bytes over all
	 * calls, with the help of `scan`.
	 */
	enum track_step (*frame)(const struct track_front *front,
				 struct track_scan *scan,
				 struct track_frame *frame);

	/*
	 * A message that frame() gave becomes a record, which is empty before.
	 * Sets at least the keyword; type as track_keyword_type() says unless
	 * it knows better. What cannot be read is left out. The device id, if
	 * the message has it, goes into the record; the caller keeps it in the
	 * session and gives it to records without one.
	 */
	void (*decode)(const struct track_message *m,
		       const struct track_habits *habits,
		       struct track_session *session,
		       struct track_record *record);
};

/* All protocols, in the order in which they are probed; ends with NULL. */
const struct track_protocol *const *track_protocols(void);
#define TRACK_PROTOCOLS_MAX 16

/* Their names, NULL-terminated: the values of `observe` beside auto, none. */
const char *const *track_protocol_names(void);

/* Of the protocol of that name, where the configuration says nothing: minutes
 * east of UTC. */
int track_protocol_zone(const char *name);

/* NULL: no protocol of that name. */
const struct track_protocol *track_protocol_find(const char *name);

/*
 * Shows the bytes to the rows of `table`, those first that name `port`. The
 * first that does not say NO decides: with YES it is chosen, with MAYBE more
 * bytes are needed (*maybe is set), unless `last`: then it counts as NO.
 * Return: the row; NULL: none yet, or none.
 */
const struct track_protocol *
track_protocol_choose(const struct track_protocol *const *table, uint16_t port,
		      const struct track_front *front, bool *maybe);

/* TRACK_TYPE_UNKNOWN: no row fits. */
enum track_type track_keyword_type(const struct track_protocol *p,
				   enum base_direction direction,
				   struct base_span keyword);

#endif
