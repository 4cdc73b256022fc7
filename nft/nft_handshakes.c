/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_handshakes.c - handshakes that the rules remember */
#include "nft_handshakes.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "nft_batch.h"
#include "nft_link.h"
#include "nft_objects.h"

#define PER_MESSAGE 64 /* about 5 KiB */

static const struct side {
	const char *name;
	uint16_t family;
	size_t len;
} sides[] = {
	{ NFT_HANDSHAKES "4", AF_INET, 16 },
	{ NFT_HANDSHAKES "6", AF_INET6, 40 },
};

struct reading {
	struct nft_handshakes *to;
	const struct side *side;
	uint32_t end; /* how many `to` may have after this side */
};

static int take_value(const struct nlattr *a, void *arg)
{
	struct reading *r = arg;
	struct nft_handshakes *to = r->to;

	if (mnl_attr_get_type(a) != NFTA_DATA_VALUE ||
	    mnl_attr_get_payload_len(a) != r->side->len || to->n >= r->end)
		return MNL_CB_OK;
	to->v[to->n].family = r->side->family;
	memcpy(to->v[to->n].key, mnl_attr_get_payload(a), r->side->len);
	to->n++;
	return MNL_CB_OK;
}

static int take_key(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == NFTA_SET_ELEM_KEY
		       ? mnl_attr_parse_nested(a, take_value, arg)
		       : MNL_CB_OK;
}

static int take_elem(const struct nlattr *a, void *arg)
{
	return mnl_attr_parse_nested(a, take_key, arg);
}

static int take_list(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS
		       ? mnl_attr_parse_nested(a, take_elem, arg)
		       : MNL_CB_OK;
}

static int take(const struct nlmsghdr *h, void *arg)
{
	return mnl_attr_parse(h, sizeof(struct nfgenmsg), take_list, arg);
}

int nft_handshakes_read(struct nft_link *l, struct nft_handshakes *h)
{
	int r = 0;

	h->n = 0;
	for (size_t i = 0; !r && i < WS_ARRAY_LEN(sides); i++) {
		struct reading reading = {
			.to = h,
			.side = &sides[i],
			.end = h->n + NFT_HANDSHAKES_KEPT,
		};
		struct nlmsghdr *q = nft_link_question(
			l, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP);

		mnl_attr_put_strz(q, NFTA_SET_ELEM_LIST_TABLE,
				  nft_table_names[NFT_TABLE_MAIN]);
		mnl_attr_put_strz(q, NFTA_SET_ELEM_LIST_SET, sides[i].name);
		r = nft_link_ask(l, q, take, &reading);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static bool add_key(struct nftnl_set *set, const void *key, size_t len)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		return false;
	if (nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, (uint32_t)len)) {
		nftnl_set_elem_free(e);
		return false;
	}
	nftnl_set_elem_add(set, e);
	return true;
}

/* One message with those from *at on; *at is behind them afterwards. */
static bool build_some(struct nft_batch *b, const struct nft_set *s,
		       const struct side *side, const struct nft_handshakes *h,
		       uint32_t *at)
{
	struct nftnl_set *set = nft_objects_set(s);
	struct nlmsghdr *m = NULL;
	bool ok = set;

	for (uint32_t n = 0; ok && *at < h->n && n < PER_MESSAGE; ++*at) {
		if (h->v[*at].family != s->family)
			continue;
		ok = add_key(set, h->v[*at].key, side->len);
		n++;
		if (ok && !m)
			m = nft_batch_add(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
					  "elements of set \"%s\"", s->name);
		ok = ok && m;
	}
	if (ok && m)
		nftnl_set_elems_nlmsg_build_payload(m, set);
	nftnl_set_free(set);
	return ok;
}

bool nft_handshakes_build(struct nft_batch *b, const struct nft_model *m,
			  const struct nft_handshakes *h)
{
	for (uint32_t i = 0; i < m->n_sets; i++) {
		const struct nft_set *s = &m->sets[i];
		uint32_t at = 0;

		if (s->kind != NFT_SET_HANDSHAKES)
			continue;
		while (at < h->n) {
			if (!build_some(b, s, &sides[s->family == AF_INET6], h,
					&at))
				return false;
		}
	}
	return true;
}
