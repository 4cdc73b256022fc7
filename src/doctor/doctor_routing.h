/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_routing.h - others' routing rules and routes that touch us */
#ifndef DOCTOR_ROUTING_H
#define DOCTOR_ROUTING_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

struct nft_link;
struct nlmsghdr;

#define DOCTOR_ROUTES_MAX 32

/* What is ours (nft_route.h). */
#define DOCTOR_PRIORITY_FIRST 7700U
#define DOCTOR_PRIORITY_LAST  7703U
#define DOCTOR_TABLE          7700U

struct doctor_route_rule {
	uint16_t family; /* AF_INET, AF_INET6 */
	uint32_t priority, table;
	uint32_t mark, mask; /* mask 0: it does not look at the mark */
	uint8_t protocol;    /* who made it: RTPROT_* */
	uint8_t action;      /* FR_ACT_* */
};

/* Routes of one maker. */
struct doctor_routes {
	uint16_t family;
	uint8_t protocol;
	uint32_t n;
};

struct doctor_routing {
	uint32_t n; /* rules that are not ours and touch us */
	struct doctor_route_rule v[DOCTOR_ROUTES_MAX];
	uint32_t n_more;   /* that have no place there */
	uint32_t n_routes; /* makers of routes in our table, but us */
	struct doctor_routes routes[DOCTOR_ROUTES_MAX];
};

/* One message of a dump of rules or routes; pure. False: it makes no sense. */
WS_MUST_USE bool doctor_routing_take(struct doctor_routing *r,
				     const struct nlmsghdr *h);

/* Reads them from the kernel. Return: 0 or -errno. */
WS_MUST_USE int doctor_routing_read(struct doctor_routing *r);

#endif
