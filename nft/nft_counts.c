/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_counts.c - what the rules of the kernel counted, across their replacement
 *
 * Theory of operation. Whose a rule of the kernel is says its comment, "NAME
 * v4" or "NAME v6", perhaps with more words. What its counters mean say its
 * expressions: before `tproxy` or `redirect` stands what was met, after it what
 * was taken; a rule that only marks the connection (local applications) takes
 * all that it meets; the counter of a rule that rejects says how many.
 */
#include "nft_counts.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "nft_link.h"
#include "nft_model.h"
#include "nft_objects.h"

#define TRIES 5 /* of a dump that somebody's change interrupts */

/* One look: sums of all rules of the kernel. */
struct look {
	const struct nft_counts *c;
	enum nft_table table; /* being read */
	struct {
		struct nft_count sum;
		bool takes; /* has a rule that hands over */
	} rules[CONF_RULES_MAX];
};

/* One rule of the kernel. */
struct counters {
	uint64_t first, last;
	uint32_t n;
	bool takes, rejects;
};

static struct nft_count plus(const struct nft_count *a,
			     const struct nft_count *b)
{
	return (struct nft_count){ .met = a->met + b->met,
				   .taken = a->taken + b->taken,
				   .rejected = a->rejected + b->rejected };
}

static uint32_t find(const struct nft_counts *c, const char *name, size_t len)
{
	uint32_t i = 0;

	while (i < c->n && (strlen(c->rules[i].name) != len ||
			    strncmp(c->rules[i].name, name, len) != 0))
		i++;
	return i;
}

void nft_counts_replaced(struct nft_counts *c, const struct conf_tables *conf)
{
	const struct nft_counts old = *c;

	*c = (struct nft_counts){ .n = conf->n_rules };
	for (uint32_t i = 0; i < c->n; i++) {
		const char *name = conf->rules[i].name;
		const uint32_t was = find(&old, name, strlen(name));

		(void)snprintf(c->rules[i].name, sizeof(c->rules[i].name), "%s",
			       name);
		if (was < old.n)
			c->rules[i].before = plus(&old.rules[was].before,
						  &old.rules[was].seen);
	}
}

/* The rule of the configuration that a comment names; c->n: none. The other
 * rules of a table have comments of their own: "handed over v4", "take v4". */
static uint32_t named(const struct nft_counts *c, enum nft_table table,
		      const char *comment)
{
	static const struct {
		enum nft_table table;
		const char *words;
	} forms[] = {
		{ NFT_TABLE_MAIN, "" },
		{ NFT_TABLE_MAIN, " closed" },
		{ NFT_TABLE_MAIN, " local closed" },
		{ NFT_TABLE_LOCAL, " local" },
	};
	const size_t len = strcspn(comment, " ");
	const char *family = comment + len;

	if (strncmp(family, " v4", 3) != 0 && strncmp(family, " v6", 3) != 0)
		return c->n;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		if (forms[i].table == table &&
		    !strcmp(family + 3, forms[i].words))
			return find(c, comment, len);
	}
	return c->n;
}

static int take_expr(struct nftnl_expr *e, void *arg)
{
	const char *kind = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct counters *k = arg;

	if (!strcmp(kind, "counter")) {
		k->last = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
		if (!k->n++)
			k->first = k->last;
	} else if (!strcmp(kind, "tproxy") || !strcmp(kind, "redir") ||
		   (!strcmp(kind, "ct") &&
		    nftnl_expr_is_set(e, NFTNL_EXPR_CT_SREG))) {
		k->takes = true;
	} else if (!strcmp(kind, "reject")) {
		k->rejects = true;
	}
	return 0;
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct look *look = arg;
	struct counters k = { .n = 0 };
	uint32_t i;

	if (!r || nftnl_rule_nlmsg_parse(h, r) != 0) {
		nftnl_rule_free(r);
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	i = named(look->c, look->table, nft_objects_comment(r));
	if (i < look->c->n) {
		struct nft_count *sum = &look->rules[i].sum;

		(void)nftnl_expr_foreach(r, take_expr, &k);
		if (k.takes) {
			look->rules[i].takes = true;
			sum->met += k.first;
			sum->taken += k.last;
		} else if (k.rejects) {
			sum->rejected += k.first;
		}
	}
	nftnl_rule_free(r);
	return MNL_CB_OK;
}

static int ask(struct nft_link *l, struct look *look)
{
	int r = 0;

	for (enum nft_table t = 0; !r && t < NFT_TABLE_MAX; t++) {
		struct nlmsghdr *h = nft_link_question(
			l, NFT_MSG_GETRULE, NFPROTO_INET, NLM_F_DUMP);

		look->table = t;
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, nft_table_names[t]);
		r = nft_link_ask(l, h, take_rule, look);
	}
	return r;
}

static void raise(uint64_t *seen, uint64_t now)
{
	if (now > *seen)
		*seen = now;
}

int nft_counts_look(struct nft_counts *c, struct nft_link *l)
{
	struct look look = { .c = c };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		look = (struct look){ .c = c };
		r = ask(l, &look);
	}
	for (uint32_t i = 0; !r && i < c->n; i++) {
		struct nft_count *sum = &look.rules[i].sum;
		struct nft_count *seen = &c->rules[i].seen;

		/* where nothing is taken, what is rejected was met just there
		 */
		if (!look.rules[i].takes)
			sum->met = sum->rejected;
		raise(&seen->met, sum->met);
		raise(&seen->taken, sum->taken);
		raise(&seen->rejected, sum->rejected);
	}
	return r;
}

struct nft_count nft_counts_of(const struct nft_counts *c, const char *name)
{
	const uint32_t i = find(c, name, strlen(name));

	if (i == c->n)
		return (struct nft_count){ .met = 0 };
	return plus(&c->rules[i].before, &c->rules[i].seen);
}
