/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat.h - does this gateway change the source of what it forwards?
 *
 * For `source: auto`: behind masquerading a server never sees a client's
 * address, so there is no use in borrowing it.
 *
 * There is source NAT when a chain of type nat stands at the hook postrouting
 * and any rule of its table, but those of base chains at other hooks, has
 * `masquerade` or `snat`, or the target of iptables-nft that does the same.
 * Whether a packet gets there is not asked: a rule of a chain that nothing
 * jumps to counts, too. The rules of iptables-legacy cannot be read this way:
 * where its table "nat" exists there is source NAT until shown otherwise, and
 * so it is where the list of its tables cannot be read.
 *
 * Process: supervisor, doctor. Blocking, in practice a few milliseconds.
 */
#ifndef NFT_NAT_H
#define NFT_NAT_H

#include <stdbool.h>

#include "base_attr.h"
#include "nft.h"

struct nft_link;

struct nft_nat {
	bool source;   /* source NAT, or not known to be none */
	char why[120]; /* one line for people; ends with NUL */
};

/* Return: 0 or -errno; *out is untouched on failure. */
WS_MUST_USE int nft_nat_source(struct nft_link *link, struct nft_nat *out,
			       struct nft_error *why);

/* For nft_nat_source() and its test: the list of tables of iptables-legacy of
 * one family at `path`. Return: true when it says or hides that there is a
 * table "nat", and out->why says which; a missing file is an empty list. */
bool nft_nat_legacy(const char *path, const char *family, struct nft_nat *out);

#endif
