/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_ruleset.c - what others' nft rules do that touches us */
#include "doctor_ruleset.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/flowtable.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft.h"
#include "nft_link.h"

#define TRIES 5 /* of a dump that somebody's change interrupts */
#define ALL   UINT32_MAX

/* What a register of 4 bytes holds. */
enum content {
	UNKNOWN,
	VALUE, /* a number: xor */
	MARK,  /* the packet's or the connection's */
	CT_STATE,
};

struct reg {
	enum content what;
	uint32_t mask, xor; /* what was done to it: (it & mask) ^ xor */
};

#define REGISTERS 17 /* the last one: none of these */

struct reading {
	struct doctor_rule *rule;
	struct reg regs[REGISTERS];
};

/* NFT_REG_1 to NFT_REG_4 are four registers of 4 bytes each. */
static struct reg *reg_at(struct reading *r, const struct nftnl_expr *e,
			  uint16_t attr)
{
	const uint32_t number =
		nftnl_expr_is_set(e, attr) ? nftnl_expr_get_u32(e, attr) : 0;

	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return &r->regs[(size_t)(number - NFT_REG_1) * 4];
	if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		return &r->regs[number - NFT_REG32_00];
	return &r->regs[REGISTERS - 1];
}

/* The bytes of an attribute as a number of the host's; 0 when they are none. */
static uint32_t word_of(const struct nftnl_expr *e, uint16_t attr)
{
	uint32_t len = 0, word = 0;
	const void *bytes = nftnl_expr_is_set(e, attr)
				    ? nftnl_expr_get(e, attr, &len)
				    : NULL;

	if (bytes && len <= sizeof(word))
		memcpy(&word, bytes, len);
	return word;
}

static void load(struct reading *r, const struct nftnl_expr *e, uint16_t attr,
		 enum content what)
{
	*reg_at(r, e, attr) = (struct reg){ what, ALL, 0 };
}

/* A mark is written. A copy of the other mark brings a bit of ours only where
 * there was one. */
static void store(struct reading *r, const struct reg *from)
{
	switch (from->what) {
	case MARK:
		r->rule->sets |= ~from->mask | from->xor ;
		break;
	case VALUE:
		r->rule->whole = true;
		r->rule->sets |= from->xor ;
		break;
	case CT_STATE:
	case UNKNOWN:
		r->rule->whole = true;
		break;
	}
}

static void read_meta(struct reading *r, const struct nftnl_expr *e)
{
	const bool mark = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY) ==
			  NFT_META_MARK;

	if (nftnl_expr_is_set(e, NFTNL_EXPR_META_DREG))
		load(r, e, NFTNL_EXPR_META_DREG, mark ? MARK : UNKNOWN);
	else if (mark)
		store(r, reg_at(r, e, NFTNL_EXPR_META_SREG));
}

static void read_ct(struct reading *r, const struct nftnl_expr *e)
{
	const uint32_t key = nftnl_expr_get_u32(e, NFTNL_EXPR_CT_KEY);

	if (nftnl_expr_is_set(e, NFTNL_EXPR_CT_DREG))
		load(r, e, NFTNL_EXPR_CT_DREG,
		     key == NFT_CT_MARK    ? MARK
		     : key == NFT_CT_STATE ? CT_STATE
					   : UNKNOWN);
	else if (key == NFT_CT_MARK)
		store(r, reg_at(r, e, NFTNL_EXPR_CT_SREG));
}

static void read_bitwise(struct reading *r, const struct nftnl_expr *e)
{
	const struct reg from = *reg_at(r, e, NFTNL_EXPR_BITWISE_SREG);
	struct reg *to = reg_at(r, e, NFTNL_EXPR_BITWISE_DREG);

	*to = (struct reg){ .what = UNKNOWN };
	if (nftnl_expr_is_set(e, NFTNL_EXPR_BITWISE_OP) &&
	    nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL)
		return;
	*to = from;
	to->mask &= word_of(e, NFTNL_EXPR_BITWISE_MASK);
	to->xor = (to->xor &word_of(e, NFTNL_EXPR_BITWISE_MASK)) ^
		  word_of(e, NFTNL_EXPR_BITWISE_XOR);
}

/* Somebody decides by this register. */
static void look(struct reading *r, const struct reg *reg, uint32_t value)
{
	if (reg->what == CT_STATE && reg->mask & NF_CT_STATE_INVALID_BIT)
		r->rule->invalid = true;
	if (reg->what == MARK)
		r->rule->wants |= reg->mask == ALL ? value : reg->mask;
}

static void read_lookup(struct reading *r, const struct nftnl_expr *e)
{
	look(r, reg_at(r, e, NFTNL_EXPR_LOOKUP_SREG), 0);
	/* what a map of verdicts does is not read: the worst */
	if (r->rule->invalid && nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG))
		r->rule->drops = true;
	if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG))
		load(r, e, NFTNL_EXPR_LOOKUP_DREG, UNKNOWN);
}

static void read_immediate(struct reading *r, const struct nftnl_expr *e)
{
	if (nftnl_expr_is_set(e, NFTNL_EXPR_IMM_VERDICT)) {
		const int verdict =
			(int)nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT);

		r->rule->accepts |= verdict == NF_ACCEPT;
		r->rule->drops |= verdict == NF_DROP;
		return;
	}
	*reg_at(r, e, NFTNL_EXPR_IMM_DREG) =
		(struct reg){ VALUE, 0, word_of(e, NFTNL_EXPR_IMM_DATA) };
}

/* Matches and targets of iptables: the name, and the bytes that its extension
 * wrote. Return: they are there. */
static bool xt_info(const struct nftnl_expr *e, uint16_t attr, void *info,
		    size_t len)
{
	uint32_t have = 0;
	const void *bytes = nftnl_expr_is_set(e, attr)
				    ? nftnl_expr_get(e, attr, &have)
				    : NULL;

	if (!bytes || have < len)
		return false;
	memcpy(info, bytes, len);
	return true;
}

static void read_target(struct reading *r, const struct nftnl_expr *e)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_TG_NAME);
	struct xt_mark_tginfo2 mark;
	struct xt_connmark_tginfo1 ct;

	if (!name)
		return;
	if (!strcmp(name, "TPROXY"))
		r->rule->tproxy = true;
	else if (!strcmp(name, "REJECT"))
		r->rule->drops = true;
	else if (!strcmp(name, "MARK") &&
		 xt_info(e, NFTNL_EXPR_TG_INFO, &mark, sizeof(mark)))
		store(r, &(struct reg){ mark.mask == ALL ? VALUE : MARK,
					~mark.mask, mark.mark });
	else if (!strcmp(name, "CONNMARK") &&
		 xt_info(e, NFTNL_EXPR_TG_INFO, &ct, sizeof(ct)) &&
		 /* its revisions have the numbers in common, not the mode */
		 ct.ctmark)
		store(r, &(struct reg){ ct.ctmask == ALL ? VALUE : MARK,
					~ct.ctmask, ct.ctmark });
}

static void read_match(struct reading *r, const struct nftnl_expr *e)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_MT_NAME);
	struct xt_mark_mtinfo1 mark; /* that of connmark looks the same */
	struct xt_conntrack_mtinfo3 ct;

	if (!name)
		return;
	if ((!strcmp(name, "mark") || !strcmp(name, "connmark")) &&
	    xt_info(e, NFTNL_EXPR_MT_INFO, &mark, sizeof(mark)))
		look(r, &(struct reg){ MARK, mark.mask, 0 }, mark.mark);
	if (!strcmp(name, "conntrack") &&
	    xt_info(e, NFTNL_EXPR_MT_INFO, &ct, sizeof(ct)) &&
	    ct.match_flags & XT_CONNTRACK_STATE &&
	    ct.state_mask & XT_CONNTRACK_STATE_INVALID)
		r->rule->invalid = true;
}

static int read_expr(struct nftnl_expr *e, void *arg)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct reading *r = arg;

	if (!strcmp(name, "meta"))
		read_meta(r, e);
	else if (!strcmp(name, "ct"))
		read_ct(r, e);
	else if (!strcmp(name, "bitwise"))
		read_bitwise(r, e);
	else if (!strcmp(name, "cmp"))
		look(r, reg_at(r, e, NFTNL_EXPR_CMP_SREG),
		     word_of(e, NFTNL_EXPR_CMP_DATA));
	else if (!strcmp(name, "lookup"))
		read_lookup(r, e);
	else if (!strcmp(name, "immediate"))
		read_immediate(r, e);
	else if (!strcmp(name, "target"))
		read_target(r, e);
	else if (!strcmp(name, "match"))
		read_match(r, e);
	else if (!strcmp(name, "reject"))
		r->rule->drops = true;
	else if (!strcmp(name, "tproxy"))
		r->rule->tproxy = true;
	else if (!strcmp(name, "flow_offload"))
		r->rule->offload = true;
	return 0;
}

static void name_place(struct probe_place *at, uint32_t family,
		       const char *table, const char *chain)
{
	at->family = (uint8_t)family;
	(void)snprintf(at->table, sizeof(at->table), "%s", table ? table : "");
	(void)snprintf(at->chain, sizeof(at->chain), "%s", chain ? chain : "");
}

static bool is_ours(const struct probe_place *at)
{
	return at->family == NFPROTO_INET &&
	       !strncmp(at->table, NFT_TABLE, strlen(NFT_TABLE)) &&
	       (!at->table[strlen(NFT_TABLE)] ||
		at->table[strlen(NFT_TABLE)] == '_');
}

static bool touches_us(const struct doctor_rule *r)
{
	return (r->sets & DOCTOR_BITS) || (r->wants & DOCTOR_BITS) ||
	       r->whole || r->tproxy || r->offload || (r->invalid && r->drops);
}

void doctor_ruleset_clear(struct doctor_ruleset *r)
{
	free(r->v);
	memset(r, 0, sizeof(*r));
}

static bool keep(struct doctor_ruleset *rs, const struct doctor_rule *rule)
{
	if (rs->n == rs->room) {
		const uint32_t room = rs->room ? rs->room * 2 : 64;
		struct doctor_rule *v = realloc(rs->v, room * sizeof(*v));

		if (!v)
			return false;
		rs->v = v;
		rs->room = room;
	}
	rs->v[rs->n++] = *rule;
	return true;
}

static bool take_rule(struct doctor_ruleset *rs, const struct nlmsghdr *h)
{
	struct nftnl_rule *n = nftnl_rule_alloc();
	struct doctor_rule rule = { .handle = 0 };
	struct reading reading = { .rule = &rule };
	bool ok = n && nftnl_rule_nlmsg_parse(h, n) == 0;

	if (ok) {
		name_place(&rule.at, nftnl_rule_get_u32(n, NFTNL_RULE_FAMILY),
			   nftnl_rule_get_str(n, NFTNL_RULE_TABLE),
			   nftnl_rule_get_str(n, NFTNL_RULE_CHAIN));
		rule.handle = nftnl_rule_get_u64(n, NFTNL_RULE_HANDLE);
		(void)nftnl_expr_foreach(n, read_expr, &reading);
		if (!is_ours(&rule.at) && touches_us(&rule))
			ok = keep(rs, &rule);
	}
	nftnl_rule_free(n);
	return ok;
}

static bool take_flowtable(struct doctor_ruleset *rs, const struct nlmsghdr *h)
{
	struct nftnl_flowtable *n = nftnl_flowtable_alloc();
	const bool ok = n && nftnl_flowtable_nlmsg_parse(h, n) == 0;

	if (ok && rs->n_flowtables++ == 0)
		name_place(&rs->flowtable,
			   nftnl_flowtable_get_u32(n, NFTNL_FLOWTABLE_FAMILY),
			   nftnl_flowtable_get_str(n, NFTNL_FLOWTABLE_TABLE),
			   nftnl_flowtable_get_str(n, NFTNL_FLOWTABLE_NAME));
	if (n)
		nftnl_flowtable_free(n);
	return ok;
}

bool doctor_ruleset_take(struct doctor_ruleset *r, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type & 0xff) {
	case NFT_MSG_NEWRULE:
		return take_rule(r, h);
	case NFT_MSG_NEWFLOWTABLE:
		return take_flowtable(r, h);
	default: /* of the kernel's list, not of ours */
		return true;
	}
}

static int take(const struct nlmsghdr *h, void *arg)
{
	if (doctor_ruleset_take(arg, h))
		return MNL_CB_OK;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

static int dump(struct nft_link *l, uint16_t type, struct doctor_ruleset *r)
{
	struct nlmsghdr *h = nft_link_message(l);

	h = nftnl_nlmsg_build_hdr((char *)h, type, NFPROTO_UNSPEC, NLM_F_DUMP,
				  h->nlmsg_seq);
	return nft_link_ask(l, h, take, r);
}

int doctor_ruleset_read(struct nft_link *l, struct doctor_ruleset *rs)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		doctor_ruleset_clear(rs);
		r = dump(l, NFT_MSG_GETRULE, rs);
		if (r)
			continue;
		r = dump(l, NFT_MSG_GETFLOWTABLE, rs);
		/* a kernel without flowtables has none */
		if (r == -EOPNOTSUPP || r == -EINVAL || r == -ENOENT)
			r = 0;
	}
	return r;
}
