/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_stream.h - one direction of a flow: chunks in, messages out
 *
 * Theory of operation
 *
 * In come chunks of observed bytes {stream offset, wall clock, bytes}, out go
 * messages, through a callback and in order. The same bytes give the same
 * messages, however they were cut into chunks. Bytes are copied before they are
 * looked at, so they may lie in memory that another process can write.
 *
 *   empty     nothing is held: no memory beyond the struct
 *   partial   the front of a message is held, at most max_frame bytes
 *   waiting   ... and it is a whole message if TRACK_SILENCE_NS of silence
 *             follows: see track_stream_due()
 *
 * A jump in stream offset is a gap: what was held ends there, and the framer
 * looks for the next message. A partial message longer than max_frame is given
 * up likewise. Every byte is part of a message or counted as skipped.
 *
 * When all streams together hold TRACK_MEMORY_MAX, the one that needs more
 * loses what it holds and the chunk at hand, as it does when memory runs out;
 * the others, and its own next chunks, go on.
 *
 * The clock is the chunks' own. Silence is judged by times passed in, never by
 * asking the system: a recorder that lags behind sees what it would have seen.
 */
#ifndef TRACK_STREAM_H
#define TRACK_STREAM_H

#include "base_attr.h"
#include "base_direction.h"
#include "track.h"

/* How long the network may hold back the rest of a message; only a message
 * whose length is wrong ever waits for it. */
#define TRACK_SILENCE_NS 1000000000ULL

/* What all streams with the same counts may hold together, in bytes: a thousand
 * of the longest messages at once, or the beginnings of 262,144 short ones, and
 * still little on a gateway of 512 MiB. */
#define TRACK_MEMORY_MAX (64ULL << 20)

struct track_chunk {
	uint64_t offset;  /* stream offset of the first byte */
	uint64_t wall_ns; /* when it was received */
	struct base_span bytes;
};

/* Totals, which only grow, and one gauge. All zero at the start. */
struct track_counts {
	uint64_t messages;
	uint64_t positions;     /* in them */
	uint64_t unknown;       /* messages of type unknown */
	uint64_t wrong_lengths; /* of these messages */
	uint64_t wrong_checksums;
	uint64_t skipped;   /* bytes that belong to no message */
	uint64_t gaps;      /* jumps in stream offset */
	uint64_t raw;       /* directions that no protocol accepted */
	uint64_t overflows; /* partial messages beyond max_frame */
	uint64_t no_memory; /* times that held bytes were lost for it */
	uint64_t memory;    /* bytes allocated for what is held now */
};

/* Where results go: one for all streams of a process, or one for each. The
 * counts of a stream that holds anything must stay the same. */
struct track_out {
	/* Must not feed the stream that calls it. */
	void (*message)(void *arg, const struct track_message *m);
	void *arg;
	struct track_counts *counts;
};

/* Zero-initialised = empty, at stream offset 0, of the client's direction. Owns
 * `held`; freed by track_stream_end(). */
struct track_stream {
	enum base_direction direction; /* for its messages */
	uint8_t *held;                 /* front of a message; NULL = nothing */
	uint64_t offset;    /* stream offset of held[0], or of the next byte */
	uint64_t end_ns;    /* wall clock of the chunk with byte scan.end - 1 */
	uint64_t newest_ns; /* ... with the newest byte held */
	uint32_t len;       /* bytes held */
	uint32_t room;      /* bytes allocated */
	struct track_scan scan;
};

/* Return: 0 or -ENOMEM: then what was held and the rest of the chunk are
 * skipped, and the stream goes on behind them. */
WS_MUST_USE int track_stream_feed(struct track_stream *s,
				  const struct track_protocol *p,
				  const struct track_chunk *chunk,
				  const struct track_out *out);

/* From this time on track_stream_expire() gives a message; 0 = it will not. */
uint64_t track_stream_due(const struct track_stream *s);

/* All chunks that were received before now_ns have been fed. */
void track_stream_expire(struct track_stream *s, const struct track_protocol *p,
			 uint64_t now_ns, const struct track_out *out);

/* No more bytes come. The stream is empty afterwards. */
void track_stream_end(struct track_stream *s, const struct track_protocol *p,
		      const struct track_out *out);

/*
 * For the choice of a protocol (track_flow): the next `len` bytes of the stream
 * are held without being framed, or skipped together with what is held.
 * Return of hold: 0 or -ENOMEM, and then nothing has changed.
 */
WS_MUST_USE int track_stream_hold(struct track_stream *s,
				  struct base_span bytes, uint64_t wall_ns,
				  const struct track_out *out);
void track_stream_skip(struct track_stream *s, size_t len,
		       const struct track_out *out);

/* Frames what hold() has kept, as if it had come at once. */
void track_stream_resume(struct track_stream *s, const struct track_protocol *p,
			 const struct track_out *out);

#endif
