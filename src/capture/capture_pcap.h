/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_pcap.h - bytes of a flow as packets of a pcap file
 *
 * Theory of operation
 *
 * What is recorded of a flow are bytes with stream offsets, no packets. A pcap
 * capture has packets made for them: raw IP, the addresses of the client and of
 * the server that it asked for, time stamps in nanoseconds. Nothing is kept
 * from one packet to the next, so a recorder can go on where another one died:
 *
 *   sequence number   1 + stream offset, modulo 2^32; a SYN has 0
 *   acknowledgement   1 + what was seen of the other side by then
 *
 * A gap in the stream is a gap in the sequence numbers. A piece is cut to
 * segments as large as IPv4 can have them. A connection begins with its
 * handshake and ends as it ended: with FIN where a side said so, else with RST
 * of the client or, whoever else had ended it, of the server. Between the two
 * there are no packets without bytes. Of UDP each datagram is one; there is
 * nothing at its beginning or end.
 *
 * The file format is libpcap's, and it writes it, into the caller's memory. A
 * build without libpcap has none of this: capture_pcap_built().
 */
#ifndef CAPTURE_PCAP_H
#define CAPTURE_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"

struct capture_file;

/* Some bytes of a flow. */
struct capture_piece {
	enum base_direction direction;
	uint64_t wall_ns;
	uint64_t offset; /* of the first byte in its direction's stream */
	uint64_t acked; /* stream offset that the other direction has reached */
	struct base_span bytes;
};

/* How a connection ended. */
struct capture_end {
	uint64_t wall_ns;
	uint64_t length[BASE_DIRECTIONS]; /* of the streams, seen or not */
	bool fin[BASE_DIRECTIONS];
	bool reset;
	enum base_direction reset_by;
};

/* libpcap's writer; owned by the set of files. */
struct capture_pcap;

bool capture_pcap_built(void);
/* NULL: no memory, or not built. */
struct capture_pcap *capture_pcap_new(void);
void capture_pcap_free(struct capture_pcap *p);

/* What a file begins with; as long as `p`. */
struct base_span capture_pcap_header(const struct capture_pcap *p);

/* Room for the packets of a piece with so many bytes; for opened and ended,
 * that of a piece without any. */
size_t capture_pcap_room(size_t len);

/* The packets for `to`, which has that room. `f` says of which flow they are;
 * its addresses are of one family. Return: their length. */
size_t capture_pcap_piece(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_piece *piece, char *to);
size_t capture_pcap_opened(struct capture_pcap *p, const struct capture_file *f,
			   uint64_t wall_ns, char *to);
size_t capture_pcap_ended(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_end *end, char *to);

#endif
