/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_build.c - headers for bytes that were seen without any */
#include "packet_build.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#define IPV4_LEN 20U
#define IPV6_LEN 40U
#define TCP_LEN  20U
#define SYN_LEN  8U /* options of a SYN */
#define UDP_LEN  8U
#define HOPS     64

/* Sums of 16-bit words in network order (RFC 1071). */
struct sum {
	uint64_t total;
	bool odd; /* the next byte is the low one of its word */
};

static void sum_add(struct sum *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		s->total += s->odd ? p[i] : (uint64_t)p[i] << 8;
		s->odd = !s->odd;
	}
}

static uint16_t sum_done(const struct sum *s)
{
	uint64_t t = s->total;

	while (t >> 16)
		t = (t & 0xffff) + (t >> 16);
	return (uint16_t)~t;
}

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

/* len: of transport header and payload. Return: the header's length. */
static size_t build_ip(const struct packet *p, size_t len, uint8_t proto,
		       uint8_t *at)
{
	struct sum s = { .total = 0 };

	if (p->from.family == AF_INET6) {
		memset(at, 0, 8);
		at[0] = 6 << 4;
		put16(at + 4, (uint32_t)len);
		at[6] = proto;
		at[7] = HOPS;
		memcpy(at + 8, p->from.ip, 16);
		memcpy(at + 24, p->to.ip, 16);
		return IPV6_LEN;
	}
	memset(at, 0, IPV4_LEN);
	at[0] = 4 << 4 | IPV4_LEN / 4;
	put16(at + 2, (uint32_t)(IPV4_LEN + len));
	/* don't fragment: so the identification may be 0 (RFC 6864) */
	at[6] = 0x40;
	at[8] = HOPS;
	at[9] = proto;
	memcpy(at + 12, p->from.ip + 12, 4);
	memcpy(at + 16, p->to.ip + 12, 4);
	sum_add(&s, at, IPV4_LEN);
	put16(at + 10, sum_done(&s));
	return IPV4_LEN;
}

/* Of the pseudo header, the transport header at `at` and the payload. The
 * pseudo headers of both families add up to the same words. */
static uint16_t sum_of(const struct packet *p, uint8_t proto, const uint8_t *at,
		       size_t head)
{
	const size_t skip = p->from.family == AF_INET6 ? 0 : 12;
	struct sum s = { .total = (uint64_t)proto + head + p->payload.len };

	sum_add(&s, p->from.ip + skip, 16 - skip);
	sum_add(&s, p->to.ip + skip, 16 - skip);
	sum_add(&s, at, head);
	sum_add(&s, p->payload.ptr, p->payload.len);
	return sum_done(&s);
}

static void build_tcp(const struct packet *p, uint8_t *at, size_t head)
{
	static const uint8_t options[SYN_LEN] = {
		2,
		4,
		PACKET_TCP_MAX >> 8,
		PACKET_TCP_MAX & 0xff, /* MSS */
		1,
		3,
		3,
		14, /* no operation; window scale: the largest */
	};

	memset(at, 0, TCP_LEN);
	put16(at, p->from.port);
	put16(at + 2, p->to.port);
	put32(at + 4, p->seq);
	put32(at + 8, p->ack);
	at[12] = (uint8_t)(head / 4 << 4);
	at[13] = p->flags;
	put16(at + 14, 0xffff);
	if (p->flags & PACKET_SYN)
		memcpy(at + TCP_LEN, options, SYN_LEN);
	put16(at + 16, sum_of(p, IPPROTO_TCP, at, head));
}

static void build_udp(const struct packet *p, uint8_t *at)
{
	uint16_t sum;

	put16(at, p->from.port);
	put16(at + 2, p->to.port);
	put16(at + 4, (uint32_t)(UDP_LEN + p->payload.len));
	put16(at + 6, 0);
	sum = sum_of(p, IPPROTO_UDP, at, UDP_LEN);
	put16(at + 6, sum ? sum : 0xffff); /* 0 would say: none */
}

size_t packet_build(const struct packet *p,
		    uint8_t head[static PACKET_HEAD_MAX])
{
	const bool udp = p->transport == PACKET_UDP;
	size_t len = udp ? UDP_LEN : TCP_LEN;
	size_t ip;

	assert(p->from.family == p->to.family);
	assert(p->payload.len <= packet_build_max(p));
	if (!udp && p->flags & PACKET_SYN)
		len += SYN_LEN;
	ip = build_ip(p, len + p->payload.len, udp ? IPPROTO_UDP : IPPROTO_TCP,
		      head);
	if (udp)
		build_udp(p, head + ip);
	else
		build_tcp(p, head + ip, len);
	return ip + len;
}
