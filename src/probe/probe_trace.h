/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe_trace.h - who took a packet: the kernel's trace
 *
 * A packet with `meta nftrace` set tells of every rule and policy that decides
 * about it (NFNLGRP_NFTRACE), whichever table it is in; rules of legacy
 * iptables say nothing.
 */
#ifndef PROBE_TRACE_H
#define PROBE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "probe.h"

struct nft_link;

#define PROBE_TRACE_IDS 64

/* Packets of ours are those that a rule of our table traced; others' traces
 * come by the same way. */
struct probe_trace {
	char table[PROBE_NAME_LEN]; /* ours */
	uint32_t ids[PROBE_TRACE_IDS];
	unsigned n_ids;
	bool dropped[2];             /* IPv4, IPv6 */
	struct probe_place where[2]; /* ... the first time */
};

/* Return: 0 and a link that the trace comes to, or -errno. */
WS_MUST_USE int probe_trace_open(struct nft_link **l);

/* Takes in what has come, without waiting. */
void probe_trace_read(struct nft_link *l, struct probe_trace *t);

/* Takes in messages of the kernel. Pure. */
void probe_trace_take(struct probe_trace *t, const void *bytes, size_t len);

#endif
