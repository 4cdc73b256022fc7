/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat_rule.c - a rule of others: its conditions, and what it does
 *
 * Others' rules may hold expressions that libnftnl does not know, and then it
 * does not read the rule at all: so attributes are read here as they are. A
 * condition is two expressions or three: one loads a register, one may mask it,
 * one compares it. Only what was loaded last is known; whatever else happens to
 * registers ends that, and then a comparison is none that can be evaluated.
 */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_nat_internal.h"

#define TESTS_MAX 32 /* of a rule; what follows is not known */

/* A rule that is being read. */
struct reading {
	struct nft_nat_rules *rules;
	const struct nft_nat_chain *chain;
	int error;
	/* the register that was loaded last */
	bool loaded;
	uint32_t reg;
	enum nft_nat_field field;
	uint8_t offset, len, mask[NFT_NAT_VALUE];
	/* the rule */
	const char *word, *jump;
	bool jumps, unsure;
	size_t n_tests;
	struct nft_nat_test tests[TESTS_MAX];
};

static int take_attr(const struct nlattr *a, void *arg)
{
	struct nft_nat_attrs *attrs = arg;
	const uint16_t type = mnl_attr_get_type(a);

	if (type < WS_ARRAY_LEN(attrs->v))
		attrs->v[type] = a;
	return MNL_CB_OK;
}

void nft_nat_parse(const struct nlmsghdr *h, struct nft_nat_attrs *attrs)
{
	*attrs = (struct nft_nat_attrs){ { NULL } };
	(void)mnl_attr_parse(h, sizeof(struct nfgenmsg), take_attr, attrs);
}

struct nft_nat_attrs nft_nat_nested(const struct nlattr *a)
{
	struct nft_nat_attrs attrs = { { NULL } };

	if (a)
		(void)mnl_attr_parse_nested(a, take_attr, &attrs);
	return attrs;
}

const char *nft_nat_text(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0
		       ? mnl_attr_get_str(a)
		       : "";
}

uint32_t nft_nat_number(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U32) >= 0
		       ? ntohl(mnl_attr_get_u32(a))
		       : UINT32_MAX;
}

size_t nft_nat_value(const struct nlattr *a, uint8_t value[NFT_NAT_VALUE])
{
	const struct nft_nat_attrs d = nft_nat_nested(a);
	const struct nlattr *v = d.v[NFTA_DATA_VALUE];
	const size_t len = v ? mnl_attr_get_payload_len(v) : 0;

	if (len > NFT_NAT_VALUE)
		return 0;
	if (len)
		memcpy(value, mnl_attr_get_payload(v), len);
	return len;
}

/* --- what it does -------------------------------------------------------- */

/* What the expression does to the source, as a word; NULL = nothing. */
static const char *source_nat(const char *kind, const struct nft_nat_attrs *d)
{
	static const char *const targets[] = { "MASQUERADE", "SNAT", "NETMAP" };
	const char *target = nft_nat_text(d->v[NFTA_TARGET_NAME]);

	if (!strcmp(kind, "masq"))
		return "masquerade";
	if (!strcmp(kind, "nat") &&
	    nft_nat_number(d->v[NFTA_NAT_TYPE]) == NFT_NAT_SNAT)
		return "snat";
	if (strcmp(kind, "target") != 0)
		return NULL;
	for (size_t i = 0; i < WS_ARRAY_LEN(targets); i++) {
		if (!strcmp(target, targets[i]))
			return targets[i];
	}
	return NULL;
}

static void take_immediate(struct reading *r, const struct nft_nat_attrs *d)
{
	const struct nft_nat_attrs data =
		nft_nat_nested(d->v[NFTA_IMMEDIATE_DATA]);
	const struct nft_nat_attrs verdict =
		nft_nat_nested(data.v[NFTA_DATA_VERDICT]);
	const int32_t code =
		(int32_t)nft_nat_number(verdict.v[NFTA_VERDICT_CODE]);

	r->loaded = false;
	if (!data.v[NFTA_DATA_VERDICT] ||
	    (code != NFT_JUMP && code != NFT_GOTO))
		return;
	r->jumps = true;
	r->jump = nft_nat_text(verdict.v[NFTA_VERDICT_CHAIN]);
}

/* --- its conditions ------------------------------------------------------ */

static void load(struct reading *r, const struct nlattr *reg,
		 enum nft_nat_field field, uint32_t len)
{
	r->loaded = reg && len > 0 && len <= NFT_NAT_VALUE;
	r->reg = nft_nat_number(reg);
	r->field = field;
	r->offset = 0;
	r->len = (uint8_t)len;
	memset(r->mask, 0xff, sizeof(r->mask));
}

static void take_payload(struct reading *r, const struct nft_nat_attrs *d)
{
	const uint32_t offset = nft_nat_number(d->v[NFTA_PAYLOAD_OFFSET]);

	load(r, d->v[NFTA_PAYLOAD_DREG], NFT_NAT_FIELD_NETWORK,
	     nft_nat_number(d->v[NFTA_PAYLOAD_LEN]));
	r->loaded = r->loaded && offset <= UINT8_MAX &&
		    nft_nat_number(d->v[NFTA_PAYLOAD_BASE]) ==
			    NFT_PAYLOAD_NETWORK_HEADER;
	r->offset = (uint8_t)offset;
}

static void take_meta(struct reading *r, const struct nft_nat_attrs *d)
{
	static const struct {
		enum nft_meta_keys key;
		uint32_t len;
		enum nft_nat_field field;
	} keys[] = {
		{ NFT_META_NFPROTO, 1, NFT_NAT_FIELD_FAMILY },
		{ NFT_META_L4PROTO, 1, NFT_NAT_FIELD_L4PROTO },
		{ NFT_META_IIF, 4, NFT_NAT_FIELD_IIF },
		{ NFT_META_IIFNAME, IF_NAMESIZE, NFT_NAT_FIELD_IIFNAME },
		{ NFT_META_OIF, 4, NFT_NAT_FIELD_OIF },
		{ NFT_META_OIFNAME, IF_NAMESIZE, NFT_NAT_FIELD_OIFNAME },
	};
	const uint32_t key = nft_nat_number(d->v[NFTA_META_KEY]);

	r->loaded = false;
	for (size_t i = 0; i < WS_ARRAY_LEN(keys); i++) {
		if (keys[i].key == key)
			load(r, d->v[NFTA_META_DREG], keys[i].field,
			     keys[i].len);
	}
}

static bool is_loaded(const struct reading *r, const struct nlattr *reg)
{
	return r->loaded && r->reg == nft_nat_number(reg);
}

/* Is every byte this one? */
static bool all_are(uint8_t byte, const uint8_t *v, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (v[i] != byte)
			return false;
	}
	return true;
}

static void take_mask(struct reading *r, const struct nft_nat_attrs *d)
{
	const struct nlattr *op = d->v[NFTA_BITWISE_OP];
	uint8_t flip[NFT_NAT_VALUE];

	r->loaded = is_loaded(r, d->v[NFTA_BITWISE_SREG]) &&
		    (!op || nft_nat_number(op) == NFT_BITWISE_BOOL) &&
		    nft_nat_value(d->v[NFTA_BITWISE_MASK], r->mask) == r->len &&
		    nft_nat_value(d->v[NFTA_BITWISE_XOR], flip) == r->len &&
		    all_are(0, flip, r->len);
	r->reg = nft_nat_number(d->v[NFTA_BITWISE_DREG]);
}

/* The mask of a prefix, or none: what it leaves is a range. */
static bool is_prefix(const struct reading *r)
{
	bool ended = false;

	for (size_t bit = 0; bit < (size_t)r->len * 8; bit++) {
		const bool one = r->mask[bit / 8] & (0x80 >> bit % 8);

		if (one && ended)
			return false;
		ended |= !one;
	}
	return true;
}

/* One more condition, with every value until the caller says which; NULL when
 * there is no room. */
static struct nft_nat_test *add_test(struct reading *r, bool negated)
{
	struct nft_nat_test *t = &r->tests[r->n_tests];

	if (r->n_tests == TESTS_MAX)
		return NULL;
	*t = (struct nft_nat_test){
		.field = r->field,
		.negated = negated,
		.offset = r->offset,
		.len = r->len,
	};
	memset(t->one.last, 0xff, sizeof(t->one.last));
	if (r->field == NFT_NAT_FIELD_IIF || r->field == NFT_NAT_FIELD_IIFNAME)
		r->unsure = true;
	r->n_tests++;
	return t;
}

/* `field >= a` and then `field <= b` are one range: so nft writes it. */
static struct nft_nat_test *add_bound(struct reading *r)
{
	struct nft_nat_test *t = r->n_tests ? &r->tests[r->n_tests - 1] : NULL;

	if (t && t->field == r->field && t->offset == r->offset &&
	    t->len == r->len && !t->negated && !t->set)
		return t;
	return add_test(r, false);
}

/* "Greater" is taken for "greater or equal": rather one value too many. */
static bool take_bound(struct reading *r, uint32_t op,
		       const uint8_t v[NFT_NAT_VALUE], size_t len)
{
	const bool lowest = op == NFT_CMP_GT || op == NFT_CMP_GTE;
	struct nft_nat_test *t;

	if (len != r->len || !all_are(0xff, r->mask, len))
		return false;
	t = add_bound(r);
	if (t && lowest && memcmp(v, t->one.first, len) > 0)
		memcpy(t->one.first, v, len);
	if (t && !lowest && memcmp(v, t->one.last, len) < 0)
		memcpy(t->one.last, v, len);
	return t;
}

static bool take_cmp(struct reading *r, const struct nft_nat_attrs *d)
{
	const uint32_t op = nft_nat_number(d->v[NFTA_CMP_OP]);
	uint8_t v[NFT_NAT_VALUE];
	const size_t len = nft_nat_value(d->v[NFTA_CMP_DATA], v);
	struct nft_nat_test *t;

	if (!is_loaded(r, d->v[NFTA_CMP_SREG]) || !len || len > r->len)
		return false;
	if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)
		return take_bound(r, op, v, len);
	for (size_t i = 0; i < len; i++) {
		if (v[i] & ~r->mask[i])
			return false;
	}
	t = is_prefix(r) ? add_test(r, op == NFT_CMP_NEQ) : NULL;
	if (!t)
		return false;
	/* of a name that ends in "*" only the beginning is compared */
	t->len = (uint8_t)len;
	for (size_t i = 0; i < len; i++) {
		t->one.first[i] = v[i];
		t->one.last[i] = v[i] | (uint8_t)~r->mask[i];
	}
	return true;
}

static bool take_range(struct reading *r, const struct nft_nat_attrs *d)
{
	struct nft_nat_range v = { .first = { 0 } };
	struct nft_nat_test *t;

	memset(v.last, 0xff, sizeof(v.last));
	if (!is_loaded(r, d->v[NFTA_RANGE_SREG]) ||
	    !all_are(0xff, r->mask, r->len) ||
	    nft_nat_value(d->v[NFTA_RANGE_FROM_DATA], v.first) != r->len ||
	    nft_nat_value(d->v[NFTA_RANGE_TO_DATA], v.last) != r->len)
		return false;
	t = add_test(r, nft_nat_number(d->v[NFTA_RANGE_OP]) == NFT_RANGE_NEQ);
	if (t)
		t->one = v;
	return t;
}

/* The set of that name in the chain's table; new ones are read later. */
static struct nft_nat_set *find_set(struct reading *r, const char *name)
{
	const struct nft_nat_chain *c = r->chain;
	struct nft_nat_set *s = r->rules->sets;

	while (s &&
	       (s->family != c->family || strcmp(s->table, c->table) != 0 ||
		strcmp(s->name, name) != 0))
		s = s->next;
	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s) {
		r->error = -ENOMEM;
		return NULL;
	}
	s->family = c->family;
	(void)snprintf(s->table, sizeof(s->table), "%s", c->table);
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	s->next = r->rules->sets;
	r->rules->sets = s;
	return s;
}

/* A map is a condition, too: its keys are. */
static bool take_lookup(struct reading *r, const struct nft_nat_attrs *d)
{
	const struct nlattr *flags = d->v[NFTA_LOOKUP_FLAGS];
	const struct nlattr *to = d->v[NFTA_LOOKUP_DREG];
	const bool known = is_loaded(r, d->v[NFTA_LOOKUP_SREG]) &&
			   all_are(0xff, r->mask, r->len);
	struct nft_nat_test *t =
		known ? add_test(r, flags && (nft_nat_number(flags) &
					      NFT_LOOKUP_F_INV))
		      : NULL;

	if (t)
		t->set = find_set(r, nft_nat_text(d->v[NFTA_LOOKUP_SET]));
	if (to)
		r->loaded = false;
	if (to && nft_nat_number(to) == NFT_REG_VERDICT) {
		r->jumps = true; /* to where its elements say */
		r->jump = NULL;
	}
	return t;
}

/* What is no condition, and leaves registers alone. */
static bool is_harmless(const char *kind, const struct nft_nat_attrs *d)
{
	return !strcmp(kind, "counter") || !strcmp(kind, "log") ||
	       (!strcmp(kind, "match") &&
		!strcmp(nft_nat_text(d->v[NFTA_MATCH_NAME]), "comment"));
}

static int take_expr(const struct nlattr *a, void *arg)
{
	struct reading *r = arg;
	const struct nft_nat_attrs e = nft_nat_nested(a);
	const struct nft_nat_attrs d = nft_nat_nested(e.v[NFTA_EXPR_DATA]);
	const char *kind = nft_nat_text(e.v[NFTA_EXPR_NAME]);
	bool known = true;

	r->word = source_nat(kind, &d);
	if (r->word)
		return MNL_CB_STOP;
	if (!strcmp(kind, "immediate")) {
		take_immediate(r, &d);
	} else if (!strcmp(kind, "payload")) {
		take_payload(r, &d);
	} else if (!strcmp(kind, "meta")) {
		take_meta(r, &d);
	} else if (!strcmp(kind, "bitwise")) {
		take_mask(r, &d);
	} else if (!strcmp(kind, "cmp")) {
		known = take_cmp(r, &d);
	} else if (!strcmp(kind, "range")) {
		known = take_range(r, &d);
	} else if (!strcmp(kind, "lookup")) {
		known = take_lookup(r, &d);
	} else if (!is_harmless(kind, &d)) {
		known = false;
		r->loaded = false;
	}
	r->unsure |= !known;
	return r->error ? MNL_CB_STOP : MNL_CB_OK;
}

int nft_nat_rule_read(struct nft_nat_rules *rules,
		      const struct nlattr *expressions,
		      const struct nft_nat_chain *chain,
		      struct nft_nat_rule **rule)
{
	struct reading r = { .rules = rules, .chain = chain };
	struct nft_nat_rule *made;

	*rule = NULL;
	(void)mnl_attr_parse_nested(expressions, take_expr, &r);
	if (r.error || (!r.word && !r.jumps))
		return r.error;
	made = calloc(1, sizeof(*made) + r.n_tests * sizeof(r.tests[0]));
	if (!made)
		return -ENOMEM;
	made->word = r.word;
	made->jump = r.jump ? strdup(r.jump) : NULL;
	made->unsure = r.unsure;
	made->n_tests = r.n_tests;
	memcpy(made->tests, r.tests, r.n_tests * sizeof(r.tests[0]));
	if (r.jump && !made->jump) {
		free(made);
		return -ENOMEM;
	}
	*rule = made;
	return 0;
}
