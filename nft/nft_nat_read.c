/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_nat_read.c - chains, rules and sets of others, as the kernel has them */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_link.h"
#include "nft_nat_internal.h"

#define KEYS_MAX 65536 /* of a set; what is in a larger one is not known */

static uint8_t family_of(const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

	return g->nfgen_family;
}

static int no_memory(void)
{
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

/* --- chains and rules ---------------------------------------------------- */

static int take_chain(const struct nlmsghdr *h, void *arg)
{
	struct nft_nat_rules *rules = arg;
	struct nft_nat_attrs a, hook;
	struct nft_nat_chain *c = calloc(1, sizeof(*c));

	if (!c)
		return no_memory();
	nft_nat_parse(h, &a);
	hook = nft_nat_nested(a.v[NFTA_CHAIN_HOOK]);
	c->family = family_of(h);
	c->base = a.v[NFTA_CHAIN_HOOK];
	c->source = c->base &&
		    nft_nat_number(hook.v[NFTA_HOOK_HOOKNUM]) ==
			    NF_INET_POST_ROUTING &&
		    !strcmp(nft_nat_text(a.v[NFTA_CHAIN_TYPE]), "nat");
	(void)snprintf(c->table, sizeof(c->table), "%s",
		       nft_nat_text(a.v[NFTA_CHAIN_TABLE]));
	(void)snprintf(c->name, sizeof(c->name), "%s",
		       nft_nat_text(a.v[NFTA_CHAIN_NAME]));
	c->end = &c->rules;
	c->next = rules->chains;
	rules->chains = c;
	return MNL_CB_OK;
}

/* The kernel tells the rules of one chain after the other. */
static struct nft_nat_chain *find_chain(struct nft_nat_rules *rules,
					uint8_t family, const char *table,
					const char *name)
{
	struct nft_nat_chain *c = rules->last;

	if (c && c->family == family && !strcmp(c->table, table) &&
	    !strcmp(c->name, name))
		return c;
	c = rules->chains;
	while (c && (c->family != family || strcmp(c->table, table) != 0 ||
		     strcmp(c->name, name) != 0))
		c = c->next;
	rules->last = c;
	return c;
}

static bool has_source(const struct nft_nat_rules *rules,
		       const struct nft_nat_chain *like)
{
	const struct nft_nat_chain *c = rules->chains;

	while (c && (!c->source || c->family != like->family ||
		     strcmp(c->table, like->table) != 0))
		c = c->next;
	return c;
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	struct nft_nat_rules *rules = arg;
	struct nft_nat_attrs a;
	struct nft_nat_chain *c;
	struct nft_nat_rule *rule;

	nft_nat_parse(h, &a);
	c = find_chain(rules, family_of(h), nft_nat_text(a.v[NFTA_RULE_TABLE]),
		       nft_nat_text(a.v[NFTA_RULE_CHAIN]));
	/* a chain that came meanwhile is news, and will be asked for again */
	if (!c || !a.v[NFTA_RULE_EXPRESSIONS] ||
	    !(c->base ? c->source : has_source(rules, c)))
		return MNL_CB_OK;
	if (nft_nat_rule_read(rules, a.v[NFTA_RULE_EXPRESSIONS], c, &rule))
		return no_memory();
	if (rule) {
		*c->end = rule;
		c->end = &rule->next;
	}
	return MNL_CB_OK;
}

/* --- sets ---------------------------------------------------------------- */

/* The elements of a set, as they come: those of one with intervals are bounds,
 * of which every second one, as a rule, is the first value behind. */
struct key {
	struct nft_nat_range v; /* .last: where the kernel says it */
	bool ends, is_range;
};

struct keys {
	struct key *v;
	size_t n, room, len; /* `len`: of a key */
	bool strange;        /* some are not known */
};

struct description {
	uint32_t flags, len;
};

static int take_set(const struct nlmsghdr *h, void *arg)
{
	struct description *d = arg;
	struct nft_nat_attrs a;

	nft_nat_parse(h, &a);
	d->flags = a.v[NFTA_SET_FLAGS] ? nft_nat_number(a.v[NFTA_SET_FLAGS])
				       : 0;
	d->len = nft_nat_number(a.v[NFTA_SET_KEY_LEN]);
	return MNL_CB_OK;
}

static int take_key(const struct nlattr *attr, void *arg)
{
	struct keys *keys = arg;
	const struct nft_nat_attrs a = nft_nat_nested(attr);
	struct key k = { .ends = a.v[NFTA_SET_ELEM_FLAGS] &&
				 (nft_nat_number(a.v[NFTA_SET_ELEM_FLAGS]) &
				  NFT_SET_ELEM_INTERVAL_END),
			 .is_range = a.v[NFTA_SET_ELEM_KEY_END] };

	if (keys->n == KEYS_MAX ||
	    nft_nat_value(a.v[NFTA_SET_ELEM_KEY], k.v.first) != keys->len ||
	    (k.is_range && nft_nat_value(a.v[NFTA_SET_ELEM_KEY_END],
					 k.v.last) != keys->len)) {
		keys->strange = true;
		return MNL_CB_OK;
	}
	if (keys->n == keys->room) {
		const size_t room = keys->room ? 2 * keys->room : 64;
		struct key *v = realloc(keys->v, room * sizeof(*v));

		if (!v)
			return no_memory();
		keys->v = v;
		keys->room = room;
	}
	keys->v[keys->n++] = k;
	return MNL_CB_OK;
}

static int take_keys(const struct nlmsghdr *h, void *arg)
{
	struct nft_nat_attrs a;

	nft_nat_parse(h, &a);
	if (!a.v[NFTA_SET_ELEM_LIST_ELEMENTS])
		return MNL_CB_OK;
	return mnl_attr_parse_nested(a.v[NFTA_SET_ELEM_LIST_ELEMENTS], take_key,
				     arg);
}

/* Where one interval ends and the next begins, the end comes first. */
static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	const int d = memcmp(x->v.first, y->v.first, sizeof(x->v.first));

	return d ? d : (int)y->ends - (int)x->ends;
}

static void step_back(uint8_t *v, size_t len)
{
	while (len > 0 && v[--len]-- == 0)
		;
}

/* Bounds in order become ranges; the last one may have no end. */
static void make_ranges(const struct keys *keys, bool intervals,
			struct nft_nat_set *s)
{
	for (size_t i = 0; i < keys->n; i++) {
		struct nft_nat_range *r = &s->v[s->n];

		if (keys->v[i].ends)
			continue;
		*r = keys->v[i].v;
		s->n++;
		if (keys->v[i].is_range)
			continue;
		if (!intervals) {
			memcpy(r->last, r->first, sizeof(r->last));
		} else if (i + 1 == keys->n) {
			memset(r->last, 0xff, sizeof(r->last));
		} else {
			memcpy(r->last, keys->v[i + 1].v.first,
			       sizeof(r->last));
			step_back(r->last, keys->len);
		}
	}
}

static int ask_set(struct nft_link *link, uint16_t type, uint16_t flags,
		   const struct nft_nat_set *s, mnl_cb_t take, void *arg)
{
	struct nlmsghdr *h = nft_link_question(link, type, s->family, flags);

	mnl_attr_put_strz(h, NFTA_SET_TABLE, s->table);
	mnl_attr_put_strz(h, NFTA_SET_NAME, s->name);
	return nft_link_ask(link, h, take, arg);
}

/* A set that packets change, or time does, is not known: nobody would tell. */
static int read_set(struct nft_link *link, struct nft_nat_set *s)
{
	struct description d = { .flags = 0 };
	struct keys keys = { .v = NULL };
	int r = ask_set(link, NFT_MSG_GETSET, NLM_F_ACK, s, take_set, &d);

	s->len = keys.len = d.len;
	if (r || d.len > NFT_NAT_VALUE ||
	    (d.flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL)))
		return r;
	r = ask_set(link, NFT_MSG_GETSETELEM, NLM_F_DUMP, s, take_keys, &keys);
	if (!r && !keys.strange && keys.n) {
		s->v = calloc(keys.n, sizeof(*s->v));
		r = s->v ? 0 : -ENOMEM;
	}
	if (!r && !keys.strange) {
		if (keys.n)
			qsort(keys.v, keys.n, sizeof(*keys.v), by_key);
		make_ranges(&keys, d.flags & NFT_SET_INTERVAL, s);
		s->known = true;
	}
	free(keys.v);
	return r;
}

/* --- all ----------------------------------------------------------------- */

int nft_nat_rules_read(struct nft_link *link, struct nft_nat_rules *rules)
{
	struct nlmsghdr *h = nft_link_question(link, NFT_MSG_GETCHAIN,
					       NFPROTO_UNSPEC, NLM_F_DUMP);
	int r = nft_link_ask(link, h, take_chain, rules);

	if (r)
		return r;
	h = nft_link_question(link, NFT_MSG_GETRULE, NFPROTO_UNSPEC,
			      NLM_F_DUMP);
	r = nft_link_ask(link, h, take_rule, rules);
	for (struct nft_nat_set *s = rules->sets; !r && s; s = s->next) {
		r = read_set(link, s);
		if (r == -ENOENT) /* it went meanwhile: news, again */
			r = 0;
	}
	return r;
}

static void free_rules(struct nft_nat_rule *rule)
{
	while (rule) {
		struct nft_nat_rule *next = rule->next;

		free(rule->jump);
		free(rule);
		rule = next;
	}
}

void nft_nat_rules_done(struct nft_nat_rules *rules)
{
	while (rules->chains) {
		struct nft_nat_chain *c = rules->chains;

		rules->chains = c->next;
		free_rules(c->rules);
		free(c);
	}
	while (rules->sets) {
		struct nft_nat_set *s = rules->sets;

		rules->sets = s->next;
		free(s->v);
		free(s);
	}
	rules->last = NULL;
}
