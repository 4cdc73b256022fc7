/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat.h - does this gateway change the source of what it forwards?
 *
 * For `source: auto`: behind masquerading a server never sees a client's
 * address, so there is no use in borrowing it.
 *
 * A rule counts when it has `masquerade` or `snat`, or the target of
 * iptables-nft that does the same, stands in a chain of type nat at postrouting
 * or in one that such a chain may jump to, and packets of our clients to our
 * servers can meet its conditions and those of the jumps. These conditions are
 * looked at: family, `meta l4proto`, addresses of both ends, the interfaces
 * they come in and leave by; as single values, with a mask, as ranges and in
 * sets. Whatever else a rule asks for, it counts as if that were met; rules
 * before it that let packets pass are not looked at.
 *
 *   clients  with `clients` these networks. Without, any address but those of
 *            this host's own networks behind other interfaces than the rule's;
 *            without `interfaces`, too, any address but those of bridges that
 *            have nothing at their ports but containers and virtual machines
 *   way in   the rule's `interfaces`, else any
 *   way out  where a route to a server leads, in any table; without one, any
 *
 * What is known only by "without `clients`" or "way out" can become wrong
 * without news of nftables. It decides only when no condition of the rule could
 * tell the connection that Wayside makes in a client's name from the client's
 * own: then the kernel changes its source just so, and no client's address
 * leaves the gateway.
 *
 * The rules of iptables-legacy cannot be read this way: where its table "nat"
 * exists there is source NAT until shown otherwise, and so it is where the list
 * of its tables cannot be read.
 *
 * Process: supervisor, doctor. Blocking, in practice a few milliseconds.
 */
#ifndef NFT_NAT_H
#define NFT_NAT_H

#include <stdbool.h>

#include "base_attr.h"
#include "nft.h"

struct conf_tables;
struct nft_link;

struct nft_nat {
	bool source;   /* source NAT, or not known to be none */
	char why[120]; /* one line for people; ends with NUL */
};

/* Is there source NAT for a client of the rules with `source: auto`? `conf`
 * NULL: for whatever is forwarded. Return: 0 or -errno; *out is untouched on
 * failure. */
WS_MUST_USE int nft_nat_source(struct nft_link *link,
			       const struct conf_tables *conf,
			       struct nft_nat *out, struct nft_error *why);

/* For nft_nat_source() and its test: the list of tables of iptables-legacy of
 * one family at `path`. Return: true when it says or hides that there is a
 * table "nat", and out->why says which; a missing file is an empty list. */
bool nft_nat_legacy(const char *path, const char *family, struct nft_nat *out);

#endif
