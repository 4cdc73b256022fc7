/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_build.h - headers for bytes that were seen without any
 *
 * IPv4 (RFC 791) or IPv6 (RFC 8200), and TCP (RFC 9293) or UDP (RFC 768), with
 * lengths and checksums as they have to be. A SYN carries a maximum segment
 * size and a window scale (RFC 7323), so that no reader takes the window, which
 * is as large as can be, for full.
 */
#ifndef PACKET_BUILD_H
#define PACKET_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_rd.h"
#include "packet_parse.h"

/* IPv6, TCP, and the options of a SYN. */
#define PACKET_HEAD_MAX (40 + 20 + 8)
/* An IPv4 packet has at most 65,535 bytes with its headers. */
#define PACKET_TCP_MAX 65495U
#define PACKET_UDP_MAX 65507U
/* Of IPv6 the length does not count the IP header. */
#define PACKET_UDP6_MAX 65527U

/* What the payload of such a packet may have. */
static inline size_t packet_build_max(const struct packet *p)
{
	if (p->transport == PACKET_TCP)
		return PACKET_TCP_MAX;
	return p->from.family == AF_INET6 ? PACKET_UDP6_MAX : PACKET_UDP_MAX;
}

/*
 * p->payload: at most packet_build_max() bytes. The addresses are of one
 * family. Return: the length of the headers; the payload follows them.
 */
size_t packet_build(const struct packet *p,
		    uint8_t head[static PACKET_HEAD_MAX]);

#endif
