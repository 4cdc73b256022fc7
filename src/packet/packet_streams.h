/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_streams.h - from packets to the bytes that each side sent
 *
 * Theory of operation
 *
 * In come packets in the order of the capture, out go through callbacks, for
 * each flow: open, chunks of both directions, close. A chunk has its offset in
 * its direction's stream; a jump in offset is a gap: bytes that the capture
 * does not have.
 *
 * TCP. Bytes are given out in the order of their sequence numbers, each once:
 * of a byte that came several times the first copy counts. What comes before
 * its turn is held until what is missing has come, too, or cannot come:
 *
 *   acknowledged  the receiver had the missing bytes, so they are not sent
 *                 again; PACKET_WAIT_NS later (a file may be out of order) they
 *                 are a gap
 *   too much      PACKET_HELD_BYTES or PACKET_HELD_SEGMENTS of a direction, or
 *                 PACKET_MEMORY_MAX of all are held
 *   the end       FIN or RST reached, the flow evicted, no more packets
 *
 * Offset 0 is the first byte behind the SYN. A flow whose beginning is not in
 * the capture has its lowest byte of the first PACKET_WAIT_NS there. A SYN with
 * another sequence number is another flow. A flow exists from its SYN or its
 * first payload on. A FIN ends a direction, two end the flow; a RST ends it
 * PACKET_WAIT_NS later. What comes for a flow that has ended is ignored.
 *
 * Who is the client? The address that setup.client names; else the sender of
 * the SYN, or the receiver of its answer; else, of TCP, the side with the
 * higher port, of UDP the one whose port alone is from 32768 on, where systems
 * take those of clients from; else who sent first.
 *
 * UDP. Each datagram is a chunk, at once; offsets go on from one to the next.
 * An empty one is none.
 *
 * Of more than max_flows, the one longest without a packet is closed. The clock
 * is that of the packets. One thread; callbacks must not call back.
 */
#ifndef PACKET_STREAMS_H
#define PACKET_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "packet_parse.h"

#define PACKET_WAIT_NS       1000000000ULL
#define PACKET_HELD_BYTES    (1U << 20)
#define PACKET_HELD_SEGMENTS 1024U
#define PACKET_MEMORY_MAX    (64ULL << 20)
#define PACKET_FLOWS_MAX     65536U

/* What callbacks see of a flow. */
struct packet_flow {
	uint64_t number; /* 1, 2 ... in the order of open() */
	struct base_addr client, server;
	enum packet_transport transport;
	void *user; /* the owner's; NULL at first */
};

struct packet_chunk {
	enum base_direction direction;
	uint64_t offset; /* in its direction's stream */
	uint64_t time_ns;
	struct base_span bytes; /* until the callback returns */
};

enum packet_end {
	PACKET_END_FIN, /* both sides were done */
	PACKET_END_RST,
	PACKET_END_CUT, /* no more is known: evicted, or the capture's end */
};

/* Any may be NULL. */
struct packet_streams_ops {
	void (*open)(void *arg, struct packet_flow *flow, uint64_t time_ns);
	void (*chunk)(void *arg, struct packet_flow *flow,
		      const struct packet_chunk *chunk);
	void (*close)(void *arg, struct packet_flow *flow, enum packet_end how,
		      uint64_t time_ns);
};

struct packet_streams_setup {
	const struct packet_streams_ops *ops;
	void *arg;
	/* This address (without its port) is a client's, as the name of a
	 * capture says; family 0 = not known. */
	struct base_addr client;
	uint32_t max_flows; /* at most 2^31; 0 = PACKET_FLOWS_MAX */
};

/* Totals. */
struct packet_counts {
	uint64_t flows;
	uint64_t gaps, gap_bytes;
	uint64_t repeated;  /* bytes that came again */
	uint64_t evicted;   /* flows */
	uint64_t no_memory; /* payload bytes lost for it */
};

struct packet_streams;

/* NULL: no memory. */
struct packet_streams *
packet_streams_new(const struct packet_streams_setup *setup);
void packet_streams_free(struct packet_streams *s);

/* A packet for which packet_parse() said PACKET_OK. */
void packet_streams_feed(struct packet_streams *s, const struct packet *p,
			 uint64_t time_ns);

/* No more packets: gives out what is held and closes all flows, in the order in
 * which they were last heard of. The streams can be used again. */
void packet_streams_end(struct packet_streams *s);

const struct packet_counts *
packet_streams_counts(const struct packet_streams *s);

#endif
