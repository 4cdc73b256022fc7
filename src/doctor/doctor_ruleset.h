/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor_ruleset.h - what others' nft rules do that touches us
 *
 * A rule is read as far as our bits, invalid packets, tproxy and offloading are
 * concerned: a register is followed from the mark that was loaded into it to
 * what is done with it. Rules of iptables-nft are read, too, where their
 * extensions are the ones below.
 */
#ifndef DOCTOR_RULESET_H
#define DOCTOR_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft.h"
#include "probe.h"

struct nft_link;
struct nlmsghdr;

/* Our bits: of what comes in, and of local programs. */
#define DOCTOR_MARK       ((uint32_t)NFT_MARK)
#define DOCTOR_MARK_LOCAL ((uint32_t)NFT_MARK_LOCAL)
#define DOCTOR_BITS       (DOCTOR_MARK | DOCTOR_MARK_LOCAL)

/* Bits are those of the packet's mark and of the connection's. */
struct doctor_rule {
	struct probe_place at;
	uint64_t handle;
	uint32_t sets;  /* bits that it sets, or changes one by one */
	uint32_t wants; /* bits that it looks at one by one */
	bool whole;     /* it writes all of a mark, whatever was there */
	bool accepts, drops;
	bool tproxy;
	bool invalid; /* it looks for packets of no known connection */
	bool offload;
};

/* Begins with zeros; ends with doctor_ruleset_clear(). */
struct doctor_ruleset {
	uint32_t n, room; /* those that touch us: */
	struct doctor_rule *v;
	uint32_t n_flowtables;
	struct probe_place flowtable; /* the first one; chain: its name */
};

void doctor_ruleset_clear(struct doctor_ruleset *r);

/* One message of a dump of rules or flowtables. False: it makes no sense, or
 * there is no memory. */
WS_MUST_USE bool doctor_ruleset_take(struct doctor_ruleset *r,
				     const struct nlmsghdr *h);

/* Reads them from the kernel. Return: 0 or -errno. */
WS_MUST_USE int doctor_ruleset_read(struct nft_link *l,
				    struct doctor_ruleset *r);

#endif
