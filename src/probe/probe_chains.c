/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_chains.c - which chains there are, of whatever table */
#include "probe_chains.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "nft_link.h"

#define TRIES 5 /* of a dump that somebody's change interrupts */

static bool take_chain(struct probe_chains *c, const struct nlmsghdr *h)
{
	struct nftnl_chain *n = nftnl_chain_alloc();
	struct probe_chain *to = &c->v[c->n];
	const bool ok = n && nftnl_chain_nlmsg_parse(h, n) == 0;

	if (!ok || c->n == PROBE_CHAINS_MAX)
		goto free_chain;
	*to = (struct probe_chain){
		.family = (uint8_t)nftnl_chain_get_u32(n, NFTNL_CHAIN_FAMILY),
		.base = nftnl_chain_is_set(n, NFTNL_CHAIN_HOOKNUM),
	};
	if (to->base) {
		to->hook = nftnl_chain_get_u32(n, NFTNL_CHAIN_HOOKNUM);
		to->priority = nftnl_chain_get_s32(n, NFTNL_CHAIN_PRIO);
		to->drops = nftnl_chain_is_set(n, NFTNL_CHAIN_POLICY) &&
			    nftnl_chain_get_u32(n, NFTNL_CHAIN_POLICY) ==
				    NF_DROP;
	}
	if (nftnl_chain_is_set(n, NFTNL_CHAIN_TYPE))
		(void)snprintf(to->type, sizeof(to->type), "%s",
			       nftnl_chain_get_str(n, NFTNL_CHAIN_TYPE));
	(void)snprintf(to->table, sizeof(to->table), "%s",
		       nftnl_chain_get_str(n, NFTNL_CHAIN_TABLE));
	(void)snprintf(to->name, sizeof(to->name), "%s",
		       nftnl_chain_get_str(n, NFTNL_CHAIN_NAME));
	c->n++;
free_chain:
	nftnl_chain_free(n);
	return ok;
}

static bool take_table(struct probe_chains *c, const struct nlmsghdr *h)
{
	struct nftnl_table *n = nftnl_table_alloc();
	const bool ok = n && nftnl_table_nlmsg_parse(h, n) == 0;

	if (ok && c->n_tables < PROBE_TABLES_MAX) {
		const uint32_t i = c->n_tables++;

		c->tables[i].family =
			(uint8_t)nftnl_table_get_u32(n, NFTNL_TABLE_FAMILY);
		c->tables[i].flags = nftnl_table_get_u32(n, NFTNL_TABLE_FLAGS);
		(void)snprintf(c->tables[i].name, sizeof(c->tables[i].name),
			       "%s", nftnl_table_get_str(n, NFTNL_TABLE_NAME));
	}
	nftnl_table_free(n);
	return ok;
}

bool probe_chains_take(struct probe_chains *c, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type & 0xff) {
	case NFT_MSG_NEWCHAIN:
		return take_chain(c, h);
	case NFT_MSG_NEWTABLE:
		return take_table(c, h);
	default: /* of the kernel's list, not of ours */
		return true;
	}
}

static int take(const struct nlmsghdr *h, void *arg)
{
	if (probe_chains_take(arg, h))
		return MNL_CB_OK;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

static int dump(struct nft_link *l, uint16_t type, struct probe_chains *c)
{
	struct nlmsghdr *h = nft_link_message(l);

	h = nftnl_nlmsg_build_hdr((char *)h, type, NFPROTO_UNSPEC, NLM_F_DUMP,
				  h->nlmsg_seq);
	return nft_link_ask(l, h, take, c);
}

int probe_chains_read(struct nft_link *l, struct probe_chains *c)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		memset(c, 0, sizeof(*c));
		r = dump(l, NFT_MSG_GETTABLE, c);
		if (!r)
			r = dump(l, NFT_MSG_GETCHAIN, c);
	}
	return r;
}

bool probe_chains_have(const struct probe_chains *c, uint8_t family,
		       const char *table, const char *prefix)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct probe_chain *v = &c->v[i];

		if (v->family == family && !strcmp(v->table, table) &&
		    !strncmp(v->name, prefix, strlen(prefix)))
			return true;
	}
	return false;
}

bool probe_chains_owned(const struct probe_chains *c, uint8_t family,
			const char *table)
{
	for (uint32_t i = 0; i < c->n_tables; i++) {
		if (c->tables[i].family == family &&
		    !strcmp(c->tables[i].name, table))
			return c->tables[i].flags & NFT_TABLE_F_OWNER;
	}
	return false;
}

bool probe_chains_plain(const char *name)
{
	return *name && *name != '-' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] ==
		       0;
}

const char *probe_chains_family(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_ARP:
		return "arp";
	default: /* of the kernel's list, not of ours */
		return "?";
	}
}
