/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_addr.h - addresses of IPv4 and IPv6 endpoints and networks
 *
 * One fixed layout of 24 bytes without pointers, because addresses live in
 * shared memory (the flow table) and in the sealed configuration. IPv4 is kept
 * as the IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so one
 * comparison serves both; `family` says which it was.
 * Text forms: ADDR:PORT and [ADDR]:PORT.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base_attr.h"

struct base_addr {
	uint8_t ip[16];  /* network order; IPv4 as ::ffff:a.b.c.d */
	uint16_t port;   /* host order */
	uint16_t family; /* AF_INET, AF_INET6; 0 = no address */
	uint32_t scope;  /* IPv6 scope id, else 0 */
};
_Static_assert(sizeof(struct base_addr) == 24, "lies in shared memory");

/* A network: all addresses that share the first `bits` bits of `ip`. */
struct base_net {
	uint8_t ip[16];  /* host bits are zero */
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t bits;   /* 0-32 or 0-128, counted in its own family */
};
_Static_assert(sizeof(struct base_net) == 20, "lies in sealed memory");

/* Room for the longest text form with its final NUL. */
#define BASE_ADDR_STRLEN 64

/* Copies; false when the family is neither IPv4 nor IPv6. A v4-mapped
 * AF_INET6 address becomes AF_INET. */
bool base_addr_from_sockaddr(struct base_addr *a, const struct sockaddr *sa);

/* Return: the length to pass to bind() or connect(). */
socklen_t base_addr_to_sockaddr(const struct base_addr *a,
				struct sockaddr_storage *ss);

bool base_addr_equal(const struct base_addr *a, const struct base_addr *b);

/* "192.0.2.1:7700", "[2001:db8::1]:7700"; "-" when there is no address.
 * Return: buf. */
const char *base_addr_format(const struct base_addr *a,
			     char buf[static BASE_ADDR_STRLEN]);

/* The same without port and brackets. */
const char *base_addr_format_ip(const struct base_addr *a,
				char buf[static BASE_ADDR_STRLEN]);

/* Literals only, no names: "ADDR:PORT" or "[ADDR]:PORT", port 1-65535.
 * Nothing is changed on failure. */
WS_MUST_USE bool base_addr_parse(struct base_addr *a, const char *text);

/* "ADDR" or "ADDR/BITS"; a set host bit is refused, and so is IPv4 in its
 * IPv4-mapped form. Nothing is changed on failure. */
WS_MUST_USE bool base_net_parse(struct base_net *n, const char *text);
bool base_net_contains(const struct base_net *n, const struct base_addr *a);
bool base_net_overlap(const struct base_net *a, const struct base_net *b);
/* "192.0.2.0/24". Return: buf. */
const char *base_net_format(const struct base_net *n,
			    char buf[static BASE_ADDR_STRLEN]);

#endif
