/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_flow.h - both directions of a flow: protocol, session, events
 *
 * Theory of operation
 *
 * `observe: NAME` fixes the protocol. With `observe: auto` the first bytes of
 * each direction are shown to the protocols, those first that name the server's
 * port; the first that accepts the bytes of either direction is the protocol of
 * both, for good. Where none can accept them from a byte on, the next byte is
 * where a message could begin, so what a recorder that came late sees of a
 * message does no harm.
 *
 *   undecided   at most TRACK_PROBE_MAX bytes a direction are held
 *   raw         a direction that gave no answer by then: nothing is held or
 *               probed any more, its bytes are skipped until the other
 *               direction decides
 *   framed      the streams frame, and each message is decoded
 *
 * The choice is a function of the bytes, however they were cut into chunks: a
 * protocol that still might accept them holds up those behind it.
 *
 * Each message becomes an event: the message and its record. A device id that
 * a message named is that of the flow's later ones that name none.
 */
#ifndef TRACK_FLOW_H
#define TRACK_FLOW_H

#include "base_direction.h"
#include "track_stream.h"

/* A few times the longest header of any protocol. */
#define TRACK_PROBE_MAX 256

/* Owned by the flow's entry in the recorder; ended by track_flow_end(). */
struct track_flow {
	const struct track_protocol *protocol; /* NULL = undecided */
	uint16_t port;                         /* the server's */
	uint16_t probed[BASE_DIRECTIONS]; /* held bytes that begin nothing */
	uint16_t passed[BASE_DIRECTIONS]; /* in datagrams that were nothing */
	bool raw[BASE_DIRECTIONS];
	struct track_session session;
	struct track_stream streams[BASE_DIRECTIONS];
};

/* What comes out, and what it takes: one for all flows of a process. */
struct track_events {
	/* Must not feed the flow that calls it. */
	void (*event)(void *arg, const struct track_message *m,
		      const struct track_record *r);
	void *arg;
	struct track_counts *counts;
	struct track_record *record; /* used for one after the other */
	/* By place in track_protocols(); NULL: what is usual. */
	const struct track_habits *habits;
};

/* protocol: NULL = choose. */
void track_flow_init(struct track_flow *f,
		     const struct track_protocol *protocol, uint16_t port);

/* "watch" ..., "raw", or NULL: undecided. */
const char *track_flow_protocol(const struct track_flow *f);

/* Return: 0 or -ENOMEM as track_stream_feed(). */
WS_MUST_USE int track_flow_feed(struct track_flow *f, enum base_direction d,
				const struct track_chunk *chunk,
				const struct track_events *events);

/*
 * The bytes fed last end a datagram, which is a message's end, too: what is
 * held of this direction is judged as at the end of a flow. Where the protocol
 * is still to be chosen, the direction's next datagram is shown anew, until
 * TRACK_PROBE_MAX bytes gave no answer.
 */
void track_flow_cut(struct track_flow *f, enum base_direction d,
		    const struct track_events *events);

/* The time at which track_flow_expire() is worth a call; 0 = it is not. */
uint64_t track_flow_due(const struct track_flow *f);

/* All chunks of the flow that were received before now_ns have been fed.
 * Messages of the client's direction come first. */
void track_flow_expire(struct track_flow *f, uint64_t now_ns,
		       const struct track_events *events);

/* The flow has ended. Nothing is held afterwards. */
void track_flow_end(struct track_flow *f, const struct track_events *events);

/* What is held is no message. */
void track_flow_drop(struct track_flow *f, struct track_counts *counts);

#endif
