/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_try.c - does the kernel take a statement? */
#include "doctor_try.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base_die.h"
#include "nft.h"
#include "nft_batch.h"
#include "nft_link.h"

#define CHAIN "prerouting"

static bool add_table(struct nft_batch *b, uint16_t type, uint16_t flags,
		      const char *name)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = nft_batch_add(b, type, flags, "table");
	const bool ok = t && h &&
			!nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);

	if (ok) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
		nftnl_table_nlmsg_build_payload(h, t);
	}
	nftnl_table_free(t);
	return ok;
}

/* At the hook that the statement is for: a chain elsewhere would be refused.
 */
static bool add_chain(struct nft_batch *b, const char *table)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWCHAIN,
					   NLM_F_CREATE | NLM_F_EXCL, "chain");
	const bool ok = c && h &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table) &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, CHAIN) &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");

	if (ok) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM,
				    NF_INET_PRE_ROUTING);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, NF_IP_PRI_MANGLE);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(h, c);
	}
	nftnl_chain_free(c);
	return ok;
}

static struct nftnl_expr *statement(enum doctor_try what)
{
	struct nftnl_expr *e = NULL;

	switch (what) {
	case DOCTOR_TRY_TPROXY:
		e = nftnl_expr_alloc("tproxy");
		if (!e)
			break;
		nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_FAMILY, NFPROTO_IPV4);
		nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_1);
		break;
	case DOCTOR_TRY_SOCKET:
		e = nftnl_expr_alloc("socket");
		if (!e)
			break;
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_KEY,
				   NFT_SOCKET_TRANSPARENT);
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_DREG, NFT_REG_1);
		break;
	case DOCTOR_TRY_MAX:
		break;
	}
	return e;
}

/* The port of a tproxy stands in a register, which must have been filled. */
static bool fill_register(struct nftnl_rule *r)
{
	const uint16_t port = htons(1);
	struct nftnl_expr *e = nftnl_expr_alloc("immediate");

	if (!e)
		return false;
	nftnl_rule_add_expr(r, e);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	return !nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &port, sizeof(port));
}

static bool add_rule(struct nft_batch *b, const char *table,
		     enum doctor_try what)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nftnl_expr *e = statement(what);
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWRULE,
					   NLM_F_CREATE | NLM_F_APPEND, "rule");
	bool ok = r && e && h &&
		  !nftnl_rule_set_str(r, NFTNL_RULE_TABLE, table) &&
		  !nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, CHAIN) &&
		  fill_register(r);

	if (ok) {
		nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
		nftnl_rule_add_expr(r, e);
		nftnl_rule_nlmsg_build_payload(h, r);
	} else if (e) {
		nftnl_expr_free(e);
	}
	nftnl_rule_free(r);
	return ok;
}

int doctor_try(enum doctor_try what)
{
	struct nft_batch *b = nft_batch_new();
	struct nft_link *l;
	struct nft_error why;
	char table[32];
	int r = nft_open(&l, false, &why);

	if (r)
		goto free_batch;
	(void)snprintf(table, sizeof(table), "wayside_try_%d", (int)getpid());
	r = -ENOMEM;
	if (b &&
	    add_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, table) &&
	    add_chain(b, table) && add_rule(b, table, what) &&
	    add_table(b, NFT_MSG_DELTABLE, 0, table))
		r = nft_batch_send(b, l->socket, &why);
	base_die_at(BASE_DIE_DOCTOR_TRIED);
	nft_close(l);
free_batch:
	nft_batch_free(b);
	return r;
}
