/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_build.c - the model as messages of a batch */
#include "nft_build.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdlib.h>

#include "nft_batch.h"
#include "nft_objects.h"

#define ITEMS_PER_MESSAGE 64 /* twice as many elements, about 5 KiB */

static bool add_table(struct nft_batch *b, uint16_t type, uint16_t flags,
		      enum nft_table table, uint32_t table_flags)
{
	struct nftnl_table *t = nft_objects_table(table, table_flags);
	struct nlmsghdr *h = nft_batch_add(b, type, flags, "table inet %s",
					   nft_table_names[table]);

	if (t && h)
		nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	return t && h;
}

static bool add_chain(struct nft_batch *b, enum nft_chain chain)
{
	struct nftnl_chain *c = nft_objects_chain(chain);
	struct nlmsghdr *h =
		nft_batch_add(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL,
			      "chain \"%s\"", nft_hooks[chain].name);

	if (c && h)
		nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	return c && h;
}

struct nft_elem *nft_build_collect(const struct nft_model *m,
				   const struct nft_set *s, size_t *n)
{
	struct nft_elem *v = calloc(s->items.n + 1, sizeof(*v));
	uint32_t i = 0;

	*n = 0;
	while (v && nft_model_elem(m, s, &i, &v[*n]))
		++*n;
	return v;
}

static bool some_elems(struct nft_batch *b, uint16_t type,
		       const struct nft_set *s, const struct nft_elem *e,
		       size_t n)
{
	const bool add = type == NFT_MSG_NEWSETELEM;
	struct nftnl_set *set = nft_objects_set(s);
	struct nlmsghdr *h = nft_batch_add(b, type,
					   add ? NLM_F_CREATE | NLM_F_EXCL : 0,
					   "elements of set \"%s\"", s->name);
	bool ok = set && h;

	for (size_t i = 0; ok && i < n; i++)
		ok = nft_objects_elem(s, &e[i], set);
	if (ok)
		nftnl_set_elems_nlmsg_build_payload(h, set);
	nftnl_set_free(set);
	return ok;
}

bool nft_build_elems(struct nft_batch *b, uint16_t type,
		     const struct nft_set *s, const struct nft_elem *e,
		     size_t n)
{
	for (size_t at = 0; at < n; at += ITEMS_PER_MESSAGE) {
		const size_t left = n - at;

		if (!some_elems(b, type, s, e + at,
				left < ITEMS_PER_MESSAGE ? left
							 : ITEMS_PER_MESSAGE))
			return false;
	}
	return true;
}

static bool add_set(struct nft_batch *b, const struct nft_model *m,
		    const struct nft_set *s)
{
	struct nftnl_set *set = nft_objects_set(s);
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWSET,
					   NLM_F_CREATE | NLM_F_EXCL,
					   "set \"%s\"", s->name);
	size_t n;
	struct nft_elem *elems = nft_build_collect(m, s, &n);
	bool ok = set && h && elems;

	if (ok) {
		nftnl_set_nlmsg_build_payload(h, set);
		ok = nft_build_elems(b, NFT_MSG_NEWSETELEM, s, elems, n);
	}
	free(elems);
	nftnl_set_free(set);
	return ok;
}

static bool add_rule(struct nft_batch *b, const struct nft_rule *r)
{
	struct nftnl_rule *rule = nft_objects_rule(r);
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWRULE,
					   NLM_F_CREATE | NLM_F_APPEND,
					   "rule \"%s\"", r->comment);

	if (rule && h)
		nftnl_rule_nlmsg_build_payload(h, rule);
	nftnl_rule_free(rule);
	return rule && h;
}

/* The chains first, then the sets and at last the rules, which ask for both. */
static bool add_content(struct nft_batch *b, const struct nft_model *m,
			enum nft_table t)
{
	for (enum nft_chain c = 0; c < NFT_CHAIN_MAX; c++) {
		if (m->chains[c] && nft_hooks[c].table == t && !add_chain(b, c))
			return false;
	}
	for (uint32_t i = 0; i < m->n_sets; i++) {
		if (m->sets[i].table == t && !add_set(b, m, &m->sets[i]))
			return false;
	}
	for (uint32_t i = 0; i < m->n_rules; i++) {
		if (nft_hooks[m->rules[i].chain].table == t &&
		    !add_rule(b, &m->rules[i]))
			return false;
	}
	return true;
}

bool nft_build_remove(struct nft_batch *b, enum nft_table t)
{
	return add_table(b, NFT_MSG_DELTABLE, 0, t, 0);
}

bool nft_build_table(struct nft_batch *b, const struct nft_model *m,
		     enum nft_table t, uint32_t flags)
{
	return add_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, t,
			 flags) &&
	       add_content(b, m, t);
}
