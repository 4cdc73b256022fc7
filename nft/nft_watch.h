/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_watch.h - descriptors that say when somebody changes rules or routing
 *
 * The kernel tells the multicast group NFNLGRP_NFTABLES of each change in the
 * network namespace, with the netlink port of who made it. Nothing is said when
 * an owned table goes with its owner's socket.
 *
 * Nobody can own routing rules: `ip rule flush` takes them, and
 * systemd-networkd does at its start (ManageForeignRoutingPolicyRules=). What
 * is marked is then forwarded instead of delivered, so every intercepted
 * tracker hangs.
 *
 * Process: supervisor. Non-blocking; needs no rights.
 */
#ifndef NFT_WATCH_H
#define NFT_WATCH_H

#include <stdbool.h>

#include "base_attr.h"
#include "nft.h"

struct nft_link;

/* Return: 0 and *fd, to be polled for reading and closed by the caller; or
 * -errno. CLOEXEC and non-blocking from birth. */
WS_MUST_USE int nft_watch_open(int *fd, struct nft_error *why);

/*
 * Reads what there is to read; call it when the descriptor is readable. A flood
 * is read in parts: the descriptor is then still readable.
 * Return: has anybody but `own` changed something? The tables of a self-test
 * (NFT_TABLE_PROBE) are nothing: there is one after each change. True also when
 * that is not known: messages were lost (ENOBUFS), or reading failed.
 */
bool nft_watch_drain(int fd, const struct nft_link *own);

/* The same two for the routing: has a routing rule been removed, or a route of
 * our protocol, or has the loopback got an IPv6 address? By whom is not said,
 * so our own changes count, too. */
WS_MUST_USE int nft_watch_routing_open(int *fd, struct nft_error *why);
bool nft_watch_routing_drain(int fd);

#endif
