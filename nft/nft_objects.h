/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_objects.h - the model as libnftnl objects
 *
 * Each function gives a fresh object that the caller frees with libnftnl's
 * nftnl_*_free(); NULL = no memory.
 */
#ifndef NFT_OBJECTS_H
#define NFT_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft_model.h"

struct nftnl_chain;
struct nftnl_rule;
struct nftnl_set;
struct nftnl_table;

struct nftnl_table *nft_objects_table(enum nft_table table, uint32_t flags);
struct nftnl_chain *nft_objects_chain(enum nft_chain chain);
struct nftnl_set *nft_objects_set(const struct nft_set *s); /* no elements */
struct nftnl_rule *nft_objects_rule(const struct nft_rule *r);

/* The comment of a rule, ours or another; "" when it has none. */
const char *nft_objects_comment(const struct nftnl_rule *r);

/* Adds one element of `s`. Return: false = no memory. */
WS_MUST_USE bool nft_objects_elem(const struct nft_set *s,
				  const struct nft_elem *e,
				  struct nftnl_set *out);

#endif
