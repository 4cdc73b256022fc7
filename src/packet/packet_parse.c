/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_parse.c - from a captured frame to a segment or a datagram */
#include "packet_parse.h"

#include <netinet/in.h>
#include <string.h>

/* Types of Ethernet frames. */
#define ETHER_IPV4  0x0800
#define ETHER_IPV6  0x86dd
#define ETHER_VLAN  0x8100
#define ETHER_QINQ  0x88a8
#define ETHER_QINQ2 0x9100 /* before there was a standard */
#define ETHER_PPPOE 0x8864

/* PPP's, in a PPPoE session (RFC 2516). */
#define PPP_IPV4    0x0021
#define PPP_IPV6    0x0057

#define IPV4_MORE   0x2000 /* more fragments */
#define IPV4_OFFSET 0x1fff
#define IPV6_MORE   0x0001
#define IPV6_OFFSET 0xfff8

bool packet_link_known(int link)
{
	switch (link) {
	case PACKET_LINK_NULL:
	case PACKET_LINK_ETHERNET:
	case PACKET_LINK_RAW:
	case PACKET_LINK_RAW_BSD:
	case PACKET_LINK_RAW_FILE:
	case PACKET_LINK_LOOP:
	case PACKET_LINK_COOKED:
	case PACKET_LINK_IPV4:
	case PACKET_LINK_IPV6:
	case PACKET_LINK_COOKED2:
		return true;
	default:
		return false;
	}
}

/* Behind the type: tags, until something else comes. Return: 4, 6 or 0. */
static int ip_of_ether(struct base_rd *r, uint16_t type)
{
	while (type == ETHER_VLAN || type == ETHER_QINQ ||
	       type == ETHER_QINQ2) {
		(void)base_rd_take(r, 2);
		type = base_rd_be16(r);
	}
	if (type == ETHER_PPPOE) {
		(void)base_rd_take(r, 6);
		type = base_rd_be16(r);
		return type == PPP_IPV4 ? 4 : type == PPP_IPV6 ? 6 : 0;
	}
	return type == ETHER_IPV4 ? 4 : type == ETHER_IPV6 ? 6 : 0;
}

/* The same behind a family of BSD's loopback; each system has a number of its
 * own for IPv6: BSD 24, FreeBSD 28, macOS 30, Linux 10. */
static int ip_of_family(uint32_t family)
{
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return 4;
	case 10:
	case 24:
	case 28:
	case 30:
		return 6;
	default:
		return 0;
	}
}

static int ip_of_raw(const struct base_rd *r)
{
	const int first = base_rd_peek(r);

	return first >> 4 == 4 ? 4 : first >> 4 == 6 ? 6 : 0;
}

/* Takes the link layer's header. Return: 4, 6 or 0. */
static int ip_of_link(int link, struct base_rd *r)
{
	uint16_t type;

	switch (link) {
	case PACKET_LINK_ETHERNET:
		(void)base_rd_take(r, 12);
		type = base_rd_be16(r);
		return ip_of_ether(r, type);
	case PACKET_LINK_COOKED:
		(void)base_rd_take(r, 14);
		type = base_rd_be16(r);
		return ip_of_ether(r, type);
	case PACKET_LINK_COOKED2:
		type = base_rd_be16(r);
		(void)base_rd_take(r, 18);
		return ip_of_ether(r, type);
	case PACKET_LINK_NULL:
	case PACKET_LINK_LOOP:
		return ip_of_family(base_rd_be32(r));
	case PACKET_LINK_RAW:
	case PACKET_LINK_RAW_BSD:
	case PACKET_LINK_RAW_FILE:
	case PACKET_LINK_IPV4:
	case PACKET_LINK_IPV6:
		return ip_of_raw(r);
	default:
		return 0;
	}
}

static void take_ipv4(struct base_rd *r, struct base_addr *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	const struct base_span ip = base_rd_take(r, 4);

	*a = (struct base_addr){ .family = AF_INET };
	memcpy(a->ip, prefix, sizeof(prefix));
	if (ip.len)
		memcpy(a->ip + sizeof(prefix), ip.ptr, ip.len);
}

static void take_ipv6(struct base_rd *r, struct base_addr *a)
{
	const struct base_span ip = base_rd_take(r, 16);

	*a = (struct base_addr){ .family = AF_INET6 };
	if (ip.len)
		memcpy(a->ip, ip.ptr, ip.len);
}

/* Of `said` bytes the frame has those that were captured. *cut: it has not all.
 * 0 is what a sender writes that leaves it to its network card to cut a large
 * packet to pieces: all that is there. */
static struct base_rd limit(struct base_rd *r, size_t said, bool *cut)
{
	const size_t left = base_rd_left(r);
	struct base_span all;
	struct base_rd in;

	*cut = said > left;
	all = base_rd_take(r, said && said < left ? said : left);
	base_rd_init(&in, all.ptr, all.len);
	return in;
}

/* What the headers of IP say of the rest. */
struct rest {
	struct base_rd rd; /* transport header and payload */
	uint8_t proto;
	bool fragment;
};

static enum packet_verdict parse_ipv4(struct base_rd *r, struct packet *out,
				      struct rest *rest)
{
	const uint8_t version = base_rd_u8(r);
	const size_t head = (version & 0xfU) * (size_t)4;
	uint16_t total, piece;

	(void)base_rd_u8(r);
	total = base_rd_be16(r);
	(void)base_rd_be16(r);
	piece = base_rd_be16(r);
	(void)base_rd_u8(r);
	rest->proto = base_rd_u8(r);
	(void)base_rd_be16(r);
	take_ipv4(r, &out->from);
	take_ipv4(r, &out->to);
	if (version >> 4 != 4 || head < 20 || (total && total < head))
		return PACKET_MALFORMED;
	(void)base_rd_take(r, head - 20);
	if (!base_rd_ok(r))
		return PACKET_MALFORMED;
	rest->fragment = piece & (IPV4_MORE | IPV4_OFFSET);
	rest->rd = limit(r, total ? total - head : 0, &out->cut);
	if (total == head)
		base_rd_init(&rest->rd, NULL, 0);
	return PACKET_OK;
}

/* The length of the extension header that `r` stands behind two bytes of. */
static size_t extension_rest(uint8_t type, uint8_t len)
{
	if (type == IPPROTO_AH)
		return len * 4U + 6; /* RFC 4302: in 4 bytes, minus 2 */
	return len * 8U + 6;
}

static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING ||
	       type == IPPROTO_FRAGMENT || type == IPPROTO_DSTOPTS ||
	       type == IPPROTO_AH || type == IPPROTO_MH ||
	       type == 139 /* HIP, RFC 7401 */ ||
	       type == 140 /* Shim6, RFC 5533 */;
}

static enum packet_verdict parse_ipv6(struct base_rd *r, struct packet *out,
				      struct rest *rest)
{
	const uint32_t first = base_rd_be32(r);
	const uint16_t len = base_rd_be16(r);
	uint8_t type = base_rd_u8(r);

	(void)base_rd_u8(r);
	take_ipv6(r, &out->from);
	take_ipv6(r, &out->to);
	if (first >> 28 != 6 || !base_rd_ok(r))
		return PACKET_MALFORMED;
	rest->rd = limit(r, len, &out->cut);
	r = &rest->rd;
	while (!rest->fragment && is_extension(type) && base_rd_ok(r)) {
		const uint8_t next = base_rd_u8(r);
		const uint8_t size = base_rd_u8(r);

		if (type == IPPROTO_FRAGMENT) {
			const uint16_t piece = base_rd_be16(r);

			(void)base_rd_be32(r);
			/* a whole packet may have this header, too: RFC 6946 */
			rest->fragment = piece & (IPV6_MORE | IPV6_OFFSET);
		} else {
			(void)base_rd_take(r, extension_rest(type, size));
		}
		type = next;
	}
	rest->proto = type;
	return base_rd_ok(r) ? PACKET_OK : PACKET_MALFORMED;
}

static void take_ports(struct base_rd *r, enum packet_transport transport,
		       struct packet *out)
{
	out->transport = transport;
	out->from.port = base_rd_be16(r);
	out->to.port = base_rd_be16(r);
}

static enum packet_verdict parse_tcp(struct base_rd *r, struct packet *out)
{
	size_t head;

	take_ports(r, PACKET_TCP, out);
	out->seq = base_rd_be32(r);
	out->ack = base_rd_be32(r);
	head = (base_rd_u8(r) >> 4) * (size_t)4;
	out->flags = base_rd_u8(r);
	(void)base_rd_take(r, 6);
	if (head < 20)
		return PACKET_MALFORMED;
	(void)base_rd_take(r, head - 20);
	out->payload = base_rd_take(r, base_rd_left(r));
	return base_rd_ok(r) ? PACKET_OK : PACKET_MALFORMED;
}

static enum packet_verdict parse_udp(struct base_rd *r, struct packet *out)
{
	size_t len;

	take_ports(r, PACKET_UDP, out);
	len = base_rd_be16(r);
	(void)base_rd_be16(r);
	/* 0: a jumbogram (RFC 2675), or one to be cut by the network card */
	if (!base_rd_ok(r) || (len && len < 8))
		return PACKET_MALFORMED;
	len = len ? len - 8 : base_rd_left(r);
	if (len > base_rd_left(r)) {
		if (!out->cut)
			return PACKET_MALFORMED;
		len = base_rd_left(r);
	} else {
		out->cut = false;
	}
	out->payload = base_rd_take(r, len);
	return PACKET_OK;
}

enum packet_verdict packet_parse(int link, struct base_span frame,
				 struct packet *out)
{
	struct rest rest = { .fragment = false };
	enum packet_verdict v;
	struct base_rd r;
	int ip;

	*out = (struct packet){ .seq = 0 };
	base_rd_init(&r, frame.ptr, frame.len);
	ip = ip_of_link(link, &r);
	if (!base_rd_ok(&r))
		return PACKET_MALFORMED;
	if (!ip)
		return PACKET_OTHER;
	v = ip == 4 ? parse_ipv4(&r, out, &rest) : parse_ipv6(&r, out, &rest);
	if (v != PACKET_OK)
		return v;
	if (rest.fragment)
		return PACKET_FRAGMENT;
	if (rest.proto == IPPROTO_TCP)
		return parse_tcp(&rest.rd, out);
	if (rest.proto == IPPROTO_UDP)
		return parse_udp(&rest.rd, out);
	return PACKET_OTHER;
}
