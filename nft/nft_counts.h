/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_counts.h - what the rules of the kernel counted, across their replacement
 *
 * Counters go with their table. What they had counted is kept here by the name
 * of the rule of the configuration, and added to what those of the next table
 * count. Packets between the last look and the replacement are lost to it.
 */
#ifndef NFT_COUNTS_H
#define NFT_COUNTS_H

#include <stdint.h>

#include "base_attr.h"
#include "conf_tables.h"
#include "nft.h"

struct nft_link;

struct nft_counts {
	uint32_t n;
	struct nft_counts_rule {
		char name[CONF_NAME_LEN];
		struct nft_count before; /* by tables that were replaced */
		struct nft_count seen;   /* by those that are there */
	} rules[CONF_RULES_MAX];
};

/* Tables made from `conf` have replaced those before: rules that have the same
 * name go on, others begin at 0. */
void nft_counts_replaced(struct nft_counts *c, const struct conf_tables *conf);

/* Reads the kernel's counters. Tables that vanished have counted what was seen
 * last. Return: 0 or -errno. */
WS_MUST_USE int nft_counts_look(struct nft_counts *c, struct nft_link *l);

/* Of the rule of this name; 0 when there is none. */
struct nft_count nft_counts_of(const struct nft_counts *c, const char *name);

#endif
