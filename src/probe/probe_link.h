/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe_link.h - the cable to a namespace, and its addresses (rtnetlink)
 *
 * Neighbours are entered by hand: whether ARP and ICMPv6 get through is not
 * what is asked.
 */
#ifndef PROBE_LINK_H
#define PROBE_LINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct nft_link;

enum probe_family {
	PROBE_V4,
	PROBE_V6,
	PROBE_FAMILIES
};

enum probe_end {
	PROBE_HERE,  /* in the namespace of who runs the probe */
	PROBE_THERE, /* in the throw-away one */
	PROBE_ENDS
};

#define PROBE_THERE_NAME "eth0"

/* A veth pair with one network of each family. No pointers: it is a word. */
struct probe_cable {
	char name[IFNAMSIZ]; /* of the end here: "wsp" and a random number */
	uint8_t mac[PROBE_ENDS][6];
	struct in_addr ip4[PROBE_ENDS];
	struct in6_addr ip6[PROBE_ENDS];
	bool has_ipv6; /* both ends took their address */
};

/* Draws a name and addresses that no route here leads to, but a default one.
 * `l` is a NETLINK_ROUTE link. Return: 0, -EBUSY: all drawn ones are routed, or
 * -errno. */
WS_MUST_USE int probe_link_plan(struct nft_link *l, struct probe_cable *c);

/* Makes the pair, the other end in the namespace of that process. */
WS_MUST_USE int probe_link_make(struct nft_link *l, const struct probe_cable *c,
				pid_t there);

/* Gives this end its addresses and takes it up; c->has_ipv6 becomes false
 * where there is no IPv6. Return: 0 or -errno. */
WS_MUST_USE int probe_link_address(struct nft_link *l, struct probe_cable *c,
				   enum probe_end end);

/* Waits until this end can send: a cable of which both ends are up still takes
 * a moment. Return: 0, -ETIMEDOUT or -errno. */
WS_MUST_USE int probe_link_await(struct nft_link *l,
				 const struct probe_cable *c,
				 enum probe_end end);

/* All of it for the end there, in its namespace; everything else lies beyond
 * the end here. Return: 0 or -errno. */
WS_MUST_USE int probe_link_live(const struct probe_cable *cable);

/* Removes the pair; it goes with the other end's namespace anyway, only later.
 */
void probe_link_remove(struct nft_link *l, const struct probe_cable *c);

#endif
