/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_route.h - the policy routing that delivers marked packets here
 *
 * For each family:
 *   7700: iif lo, fwmark NFT_MARK -> goto 7703     packets that we send
 *   7701: fwmark NFT_MARK         -> table 7700    packets that came in
 *   7702: fwmark NFT_MARK_LOCAL   -> table 7700    packets of local programs
 *   7703: fwmark NFT_MARK         -> nothing       goes on behind ours
 *   table 7700: local default dev lo
 * all with protocol NFT_PROTOCOL, which is how they are found again. The first
 * rule is there for src_valid_mark=1 (wg-quick sets it): the reverse-path check
 * then looks up the sender with the packet's mark, with lo as the interface,
 * and must not find table 7700.
 *
 * IPv6 is left out where nothing can be bound to ::1 (no IPv6 in the kernel, or
 * switched off on lo): no listener can be there either.
 */
#ifndef NFT_ROUTE_H
#define NFT_ROUTE_H

#include "base_attr.h"
#include "nft.h"
#include "nft_model.h"

struct nft_report;

/* Puts in what is missing; what is wrong or double is replaced, what is more
 * than that stays. Return: 0 or -errno with *why. */
WS_MUST_USE int nft_route_install(enum nft_routing routing,
				  struct nft_error *why);

/* Removes what is ours and not of `keep`, and nothing else; 0 when nothing was
 * there. */
WS_MUST_USE int nft_route_remove(enum nft_routing keep, struct nft_error *why);

/* Reports each difference. Return: 0 or -errno with *why. */
WS_MUST_USE int nft_route_check(enum nft_routing routing,
				struct nft_report *report,
				struct nft_error *why);

#endif
