/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_chains.h - which chains there are, of whatever table */
#ifndef PROBE_CHAINS_H
#define PROBE_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "probe.h"

struct nft_link;
struct nlmsghdr;

#define PROBE_CHAINS_MAX 1024 /* of them all; more are not looked at */
#define PROBE_TABLES_MAX 64

struct probe_chain {
	uint8_t family; /* NFPROTO_* */
	bool base;      /* the next three are of one at a hook */
	bool drops;     /* its policy */
	uint32_t hook;  /* NF_INET_* */
	int32_t priority;
	char type[16];
	char table[PROBE_NAME_LEN];
	char name[PROBE_NAME_LEN];
};

struct probe_chains {
	uint32_t n, n_tables;
	struct probe_chain v[PROBE_CHAINS_MAX];
	struct {
		uint8_t family;
		uint32_t flags; /* NFT_TABLE_F_* */
		char name[PROBE_NAME_LEN];
	} tables[PROBE_TABLES_MAX];
};

/* Reads them from the kernel. Return: 0 or -errno. */
WS_MUST_USE int probe_chains_read(struct nft_link *l, struct probe_chains *c);

/* One message of a dump of chains or tables; pure. False: it makes no sense. */
WS_MUST_USE bool probe_chains_take(struct probe_chains *c,
				   const struct nlmsghdr *h);

/* Is there a chain of this table whose name begins so? */
bool probe_chains_have(const struct probe_chains *c, uint8_t family,
		       const char *table, const char *prefix);

/* Has that table an owner, who alone may change it? */
bool probe_chains_owned(const struct probe_chains *c, uint8_t family,
			const char *table);

/* Is this a name that can stand in a command as it is? Pure. */
bool probe_chains_plain(const char *name);

/* "ip", "ip6", "inet" ... as nft writes it; "?" for one that it has no word
 * for.
 */
const char *probe_chains_family(uint8_t family);

#endif
