/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_parse.h - from a captured frame to a TCP segment or a UDP datagram
 *
 * Link layers: Ethernet (also with VLAN tags and PPPoE), raw IP, BSD loopback,
 * Linux cooked v1 and v2 (www.tcpdump.org/linktypes.html). IPv4 with options
 * (RFC 791), IPv6 with extension headers (RFC 8200), TCP (RFC 9293), UDP
 * (RFC 768). Checksums are not asked: a capture on the sending host has those
 * that its network card was yet to compute. Pure functions for hostile bytes.
 */
#ifndef PACKET_PARSE_H
#define PACKET_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_rd.h"

/* Link types as pcap_datalink() gives them; others are not read. */
enum packet_link {
	PACKET_LINK_NULL = 0,       /* family in the byte order of the writer */
	PACKET_LINK_ETHERNET = 1,   /* DLT_EN10MB */
	PACKET_LINK_RAW = 12,       /* DLT_RAW of Linux */
	PACKET_LINK_RAW_BSD = 14,   /* ... of OpenBSD */
	PACKET_LINK_RAW_FILE = 101, /* LINKTYPE_RAW */
	PACKET_LINK_LOOP = 108,     /* family in network order */
	PACKET_LINK_COOKED = 113,   /* LINUX_SLL */
	PACKET_LINK_IPV4 = 228,
	PACKET_LINK_IPV6 = 229,
	PACKET_LINK_COOKED2 = 276, /* LINUX_SLL2 */
};

enum packet_transport {
	PACKET_TCP,
	PACKET_UDP,
};

/* TCP's flags, as on the wire. */
enum packet_flag {
	PACKET_FIN = 1,
	PACKET_SYN = 2,
	PACKET_RST = 4,
	PACKET_PSH = 8,
	PACKET_ACK = 16,
};

struct packet {
	struct base_addr from, to;
	enum packet_transport transport;
	uint32_t seq, ack; /* TCP */
	uint8_t flags;     /* TCP: enum packet_flag */
	bool cut;          /* the capture does not have all of the payload */
	struct base_span payload; /* in the frame */
};

enum packet_verdict {
	PACKET_OK,
	PACKET_OTHER,     /* neither TCP nor UDP over IP */
	PACKET_FRAGMENT,  /* a piece of a packet: not put together here */
	PACKET_MALFORMED, /* what its headers say cannot be */
	PACKET_VERDICT_MAX
};

/* Is it one of enum packet_link? */
bool packet_link_known(int link);

/* *out is complete only with PACKET_OK, and borrows the frame's bytes. */
enum packet_verdict packet_parse(int link, struct base_span frame,
				 struct packet *out);

#endif
