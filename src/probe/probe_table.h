/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe_table.h - the probe's own nft table: it marks, counts and traces
 *
 *   table inet wayside_probe_XXXXXXXX (flags owner)
 *     prerouting, mangle + 1: from the cable, TCP: trace, tproxy, mark, count
 *     input, last:        from the cable, TCP: count
 *     output, first:      to the cable: trace
 *   and where there is a server's cable:
 *     prerouting, mangle + 1: from it, for a transparent socket: trace, mark
 */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "probe.h"

struct nft_error;
struct nft_link;
struct probe_cable;

/* The table's name. */
void probe_table_name(char buf[static PROBE_NAME_LEN],
		      const struct probe_cable *c);

/* Whose rules. */
struct probe_table {
	const struct probe_cable *cable;
	const struct probe_cable *server; /* NULL: there is none */
	uint16_t port4, port6; /* of the listeners; 0: there is none */
};

/* Index: 0 IPv4, 1 IPv6. */
struct probe_counts {
	uint64_t marked[2];  /* packets that a listener was found for */
	uint64_t arrived[2]; /* ... and that no firewall took */
};

/* All in one batch; it goes with `l`, a NETLINK_NETFILTER link, or with
 * probe_table_remove(). Return: 0 or -errno with *why. */
WS_MUST_USE int probe_table_add(struct nft_link *l, const struct probe_table *t,
				struct nft_error *why);
void probe_table_remove(struct nft_link *l, const struct probe_table *t);

/* Return: 0 or -errno. */
WS_MUST_USE int probe_table_count(struct nft_link *l,
				  const struct probe_table *t,
				  struct probe_counts *counts);

#endif
