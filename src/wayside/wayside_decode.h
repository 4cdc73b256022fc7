/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_decode.h - `wayside decode`: what recorded bytes say
 *
 *   input --> flows --> track --> events --> JSON, or lines for people
 *
 * The input is what it begins with: a pcap or pcapng file (TCP reassembled, one
 * flow a connection), a text capture (one flow), or the bytes of one client.
 * With --hex each line has the client's bytes of a flow of its own.
 */
#ifndef WAYSIDE_DECODE_H
#define WAYSIDE_DECODE_H

#include "track_flow.h"
#include "wayside_command.h"
#include "wayside_event.h"

/* Where events go, and what all flows of an input share. */
struct wayside_decoder {
	const struct track_protocol *protocol; /* NULL: the bytes decide */
	struct track_events events;
	struct track_counts counts;
	struct wayside_event_view view;
	bool json;                            /* else for people */
	const char *separator;                /* in front of a JSON event */
	const char *end;                      /* ... and behind it */
	uint64_t flows;                       /* so far */
	const struct wayside_decode_flow *at; /* whose bytes are being fed */
	bool no_memory;                       /* something is missing */
};

struct wayside_decode_flow {
	struct track_flow track;
	uint64_t number;
	bool has_origin; /* its addresses are known */
	struct event_origin origin;
};

/* origin: NULL where the addresses are not known. */
void wayside_decode_begin(struct wayside_decoder *d,
			  struct wayside_decode_flow *f,
			  const struct event_origin *origin);
void wayside_decode_feed(struct wayside_decoder *d,
			 struct wayside_decode_flow *f,
			 enum base_direction direction,
			 const struct track_chunk *chunk);
/* What was fed last was a datagram. */
void wayside_decode_cut(struct wayside_decoder *d,
			struct wayside_decode_flow *f,
			enum base_direction direction);
void wayside_decode_end(struct wayside_decoder *d,
			struct wayside_decode_flow *f);

/* wayside_decode_input.c: reads all of the input and closes it; `name` is what
 * messages call it. What is wrong with it is said. */
enum wayside_status wayside_decode_hex(struct wayside_decoder *d, FILE *in,
				       const char *name);
enum wayside_status wayside_decode_file(struct wayside_decoder *d, FILE *in,
					const char *name);

enum wayside_status wayside_decode_run(const struct wayside_options *o);

#endif
