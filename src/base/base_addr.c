/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_addr.c - addresses of IPv4 and IPv6 endpoints and networks */
#include "base_addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void set_v4(uint8_t ip[16], const void *four)
{
	memcpy(ip, v4_prefix, sizeof(v4_prefix));
	memcpy(ip + 12, four, 4);
}

bool base_addr_from_sockaddr(struct base_addr *a, const struct sockaddr *sa)
{
	struct base_addr out = { .scope = 0 };

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		set_v4(out.ip, &in.sin_addr);
		out.port = ntohs(in.sin_port);
		out.family = AF_INET;
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(out.ip, &in6.sin6_addr, 16);
		out.port = ntohs(in6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
			out.family = AF_INET;
		} else {
			out.family = AF_INET6;
			out.scope = in6.sin6_scope_id;
		}
	} else {
		return false;
	}
	*a = out;
	return true;
}

socklen_t base_addr_to_sockaddr(const struct base_addr *a,
				struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET,
					  .sin_port = htons(a->port) };

		memcpy(&in.sin_addr, a->ip + 12, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(a->port),
				    .sin6_scope_id = a->scope };

	assert(a->family == AF_INET6);
	memcpy(&in6.sin6_addr, a->ip, 16);
	memcpy(ss, &in6, sizeof(in6));
	return sizeof(in6);
}

bool base_addr_equal(const struct base_addr *a, const struct base_addr *b)
{
	return a->family == b->family && a->port == b->port &&
	       a->scope == b->scope && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static const char *format_ip(const uint8_t ip[16], uint16_t family,
			     char buf[static BASE_ADDR_STRLEN])
{
	const void *src = family == AF_INET ? ip + 12 : ip;

	if (!family || !inet_ntop(family, src, buf, BASE_ADDR_STRLEN))
		(void)snprintf(buf, BASE_ADDR_STRLEN, "-");
	return buf;
}

const char *base_addr_format_ip(const struct base_addr *a,
				char buf[static BASE_ADDR_STRLEN])
{
	return format_ip(a->ip, a->family, buf);
}

const char *base_addr_format(const struct base_addr *a,
			     char buf[static BASE_ADDR_STRLEN])
{
	char ip[BASE_ADDR_STRLEN];

	format_ip(a->ip, a->family, ip);
	if (!a->family)
		(void)snprintf(buf, BASE_ADDR_STRLEN, "-");
	else
		(void)snprintf(buf, BASE_ADDR_STRLEN,
			       a->family == AF_INET6 ? "[%.46s]:%u"
						     : "%.46s:%u",
			       ip, (unsigned)a->port);
	return buf;
}

/* A decimal number of up to five digits, nothing before or after it. */
static bool parse_number(const char *text, unsigned max, unsigned *out)
{
	size_t len = strlen(text);
	unsigned v = 0;

	if (!len || len > 5 || strspn(text, "0123456789") != len)
		return false;
	for (size_t i = 0; i < len; i++)
		v = v * 10 + (unsigned)(text[i] - '0');
	if (v > max)
		return false;
	*out = v;
	return true;
}

static bool parse_ip(const char *text, uint8_t ip[16], uint16_t *family)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, text, raw) == 1) {
		set_v4(ip, raw);
		*family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, raw) == 1) {
		memcpy(ip, raw, 16);
		*family = memcmp(raw, v4_prefix, 12) ? AF_INET6 : AF_INET;
		return true;
	}
	return false;
}

bool base_addr_parse(struct base_addr *a, const char *text)
{
	struct base_addr out = { .scope = 0 };
	char host[BASE_ADDR_STRLEN];
	const char *colon = strrchr(text, ':');
	const bool bracketed = text[0] == '[';
	unsigned port;
	size_t len;

	if (!colon || !parse_number(colon + 1, 65535, &port) || !port)
		return false;
	len = (size_t)(colon - text);
	if (bracketed) {
		if (len < 2 || text[len - 1] != ']')
			return false;
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!parse_ip(host, out.ip, &out.family) ||
	    bracketed != !!strchr(host, ':'))
		return false;
	out.port = (uint16_t)port;
	*a = out;
	return true;
}

/* The first bit of the network part: IPv4 lies in the last 32 bits. */
static unsigned bits_of(const struct base_net *n)
{
	return n->family == AF_INET ? n->bits + 96U : n->bits;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;
	const uint8_t mask = (uint8_t)(0xff00U >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return !rest || !((a[whole] ^ b[whole]) & mask);
}

bool base_net_parse(struct base_net *n, const char *text)
{
	struct base_net out = { .bits = 0 };
	char host[BASE_ADDR_STRLEN];
	const char *slash = strchr(text, '/');
	const size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned max, bits;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!parse_ip(host, out.ip, &out.family))
		return false;
	/* in ::ffff:a.b.c.d/N, N would count in the wrong family */
	if (out.family == AF_INET && strchr(host, ':'))
		return false;
	max = out.family == AF_INET ? 32 : 128;
	bits = max;
	if (slash && !parse_number(slash + 1, max, &bits))
		return false;
	out.bits = (uint16_t)bits;
	/* host bits must be zero: compare the address with its network part */
	for (unsigned i = bits_of(&out); i < 128; i++) {
		if (out.ip[i / 8] & (0x80U >> i % 8))
			return false;
	}
	*n = out;
	return true;
}

bool base_net_contains(const struct base_net *n, const struct base_addr *a)
{
	return n->family == a->family && same_prefix(n->ip, a->ip, bits_of(n));
}

bool base_net_overlap(const struct base_net *a, const struct base_net *b)
{
	const unsigned bits_a = bits_of(a), bits_b = bits_of(b);

	return a->family == b->family &&
	       same_prefix(a->ip, b->ip, bits_a < bits_b ? bits_a : bits_b);
}

const char *base_net_format(const struct base_net *n,
			    char buf[static BASE_ADDR_STRLEN])
{
	char ip[BASE_ADDR_STRLEN];

	format_ip(n->ip, n->family, ip);
	(void)snprintf(buf, BASE_ADDR_STRLEN, "%.46s/%u", ip,
		       (unsigned)n->bits);
	return buf;
}
