/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_table.c - the probe's own nft table: it marks, counts and traces */
#include "probe_table.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "nft.h"
#include "nft_batch.h"
#include "nft_expr.h"
#include "nft_link.h"
#include "probe_link.h"

#define LAST  (INT_MAX - 1) /* conntrack's last step is behind it */
#define FIRST INT_MIN
/* As the real rules, but behind them: they may take any destination. */
#define MARKS  (NF_IP_PRI_MANGLE + 1)

#define MARK   "prerouting"
#define ARRIVE "input"
#define ANSWER "output"

/* What a rule of ours is for. */
struct rule {
	const char *chain;
	const struct probe_cable *cable;
	uint8_t family; /* NFPROTO_* */
	uint32_t name;  /* NFT_META_IIFNAME or NFT_META_OIFNAME */
	uint16_t port;  /* of the listener that gets it; 0: nobody does */
	bool trace;
	bool syn;         /* of those with SYN only */
	bool transparent; /* for such a socket of this host; then marked */
};

void probe_table_name(char buf[static PROBE_NAME_LEN],
		      const struct probe_cable *c)
{
	(void)snprintf(buf, PROBE_NAME_LEN, NFT_TABLE_PROBE "%s", c->name + 3);
}

static bool match(struct nftnl_rule *r, const struct rule *rule)
{
	return nft_expr_load_meta(r, rule->name) &&
	       nft_expr_compare(r, NFT_CMP_EQ, rule->cable->name, IFNAMSIZ) &&
	       nft_expr_load_meta(r, NFT_META_NFPROTO) &&
	       nft_expr_equals_u8(r, rule->family) &&
	       nft_expr_load_meta(r, NFT_META_L4PROTO) &&
	       nft_expr_equals_u8(r, IPPROTO_TCP) &&
	       /* the answer of a listener, and not the reset of a firewall */
	       (!rule->syn ||
		nft_expr_tcp_flags(r, NFT_TCP_SYN, NFT_TCP_SYN)) &&
	       (!rule->transparent ||
		nft_expr_socket_is(r, NFT_SOCKET_TRANSPARENT, 1));
}

static bool trace(struct nftnl_rule *r)
{
	const uint8_t on = 1;

	return nft_expr_put(r, NFT_EXPR_REG, &on, sizeof(on)) &&
	       nft_expr_set_meta(r, NFT_META_NFTRACE);
}

/* As in the real rules, what follows `tproxy` is for those alone that a
 * listener took. */
static bool build(struct nftnl_rule *r, const char *table,
		  const struct rule *rule)
{
	if (nftnl_rule_set_str(r, NFTNL_RULE_TABLE, table) ||
	    nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, rule->chain))
		return false;
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	return match(r, rule) && (!rule->trace || trace(r)) &&
	       (!rule->port || nft_expr_tproxy(r, rule->family, rule->port)) &&
	       (!(rule->port || rule->transparent) ||
		nft_expr_mark(r, NFT_MARK)) &&
	       nft_expr_add(r, "counter") != NULL;
}

static bool add_rule(struct nft_batch *b, const char *table,
		     const struct rule *rule)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWRULE,
					   NLM_F_CREATE | NLM_F_APPEND,
					   "rule of table %s", table);
	const bool ok = r && h && build(r, table, rule);

	if (ok)
		nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	return ok;
}

static bool add_chain(struct nft_batch *b, const char *table, const char *name,
		      uint32_t hook, int32_t priority)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWCHAIN,
					   NLM_F_CREATE | NLM_F_EXCL,
					   "chain %s of table %s", name, table);
	const bool ok = c && h &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table) &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name) &&
			!nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");

	if (ok) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(h, c);
	}
	nftnl_chain_free(c);
	return ok;
}

static bool change_table(struct nft_batch *b, uint16_t type, uint16_t flags,
			 const char *name)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = nft_batch_add(b, type, flags, "table %s", name);
	const bool ok = t && h &&
			!nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);

	if (ok) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
		if (type == NFT_MSG_NEWTABLE)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS,
					    NFT_TABLE_F_OWNER);
		nftnl_table_nlmsg_build_payload(h, t);
	}
	nftnl_table_free(t);
	return ok;
}

static bool add_rules(struct nft_batch *b, const char *table,
		      const struct probe_table *t, uint8_t family)
{
	const struct rule rules[] = {
		{ .chain = MARK,
		  .cable = t->cable,
		  .name = NFT_META_IIFNAME,
		  .port = family == NFPROTO_IPV4 ? t->port4 : t->port6,
		  .trace = true },
		{ .chain = ARRIVE,
		  .cable = t->cable,
		  .name = NFT_META_IIFNAME },
		{ .chain = ANSWER,
		  .cable = t->cable,
		  .name = NFT_META_OIFNAME,
		  .trace = true,
		  .syn = true },
		{ .chain = MARK,
		  .cable = t->server,
		  .name = NFT_META_IIFNAME,
		  .trace = true,
		  .transparent = true },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rules); i++) {
		struct rule r = rules[i];

		r.family = family;
		if (r.cable && !add_rule(b, table, &r))
			return false;
	}
	return true;
}

static bool fill(struct nft_batch *b, const char *table,
		 const struct probe_table *t)
{
	return change_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL,
			    table) &&
	       add_chain(b, table, MARK, NF_INET_PRE_ROUTING, MARKS) &&
	       add_chain(b, table, ARRIVE, NF_INET_LOCAL_IN, LAST) &&
	       add_chain(b, table, ANSWER, NF_INET_LOCAL_OUT, FIRST) &&
	       (!t->port4 || add_rules(b, table, t, NFPROTO_IPV4)) &&
	       (!t->port6 || add_rules(b, table, t, NFPROTO_IPV6));
}

int probe_table_add(struct nft_link *l, const struct probe_table *t,
		    struct nft_error *why)
{
	struct nft_batch *b = nft_batch_new();
	char table[PROBE_NAME_LEN];
	int r = -ENOMEM;

	probe_table_name(table, t->cable);
	if (b && fill(b, table, t))
		r = nft_batch_send(b, l->socket, why);
	else
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
	nft_batch_free(b);
	return r;
}

void probe_table_remove(struct nft_link *l, const struct probe_table *t)
{
	struct nft_batch *b = nft_batch_new();
	char table[PROBE_NAME_LEN];
	struct nft_error ignored;

	probe_table_name(table, t->cable);
	if (b && change_table(b, NFT_MSG_DELTABLE, 0, table) &&
	    nft_batch_send(b, l->socket, &ignored)) {
		/* it goes with the link */
	}
	nft_batch_free(b);
}

/* The rules come in the order in which they were added. */
struct counting {
	struct probe_counts *counts;
	const struct probe_table *table;
};

static int take_counter(struct nftnl_expr *e, void *arg)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	if (!strcmp(name, "counter"))
		*(uint64_t *)arg =
			nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
	return 0;
}

static int take_family(struct nftnl_expr *e, void *arg)
{
	uint8_t *family = arg;
	uint32_t len = 0;
	const uint8_t *value;

	if (strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "cmp") != 0)
		return 0;
	value = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);
	/* the first of one byte is that of nfproto */
	if (len == 1 && !*family)
		*family = *value;
	return 0;
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	struct counting *c = arg;
	struct nftnl_rule *r = nftnl_rule_alloc();
	char table[PROBE_NAME_LEN];
	uint64_t packets = 0;
	uint8_t family = 0;

	probe_table_name(table, c->table->cable);
	if (!r || nftnl_rule_nlmsg_parse(h, r) != 0) {
		nftnl_rule_free(r);
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	/* an old kernel gives the rules of all tables */
	if (!strcmp(nftnl_rule_get_str(r, NFTNL_RULE_TABLE), table)) {
		const char *chain = nftnl_rule_get_str(r, NFTNL_RULE_CHAIN);
		size_t i;

		(void)nftnl_expr_foreach(r, take_counter, &packets);
		(void)nftnl_expr_foreach(r, take_family, &family);
		i = family != NFPROTO_IPV4;
		if (!strcmp(chain, MARK))
			c->counts->marked[i] = packets;
		else if (!strcmp(chain, ARRIVE))
			c->counts->arrived[i] = packets;
	}
	nftnl_rule_free(r);
	return MNL_CB_OK;
}

int probe_table_count(struct nft_link *l, const struct probe_table *t,
		      struct probe_counts *counts)
{
	struct counting c = { .counts = counts, .table = t };
	char table[PROBE_NAME_LEN];
	int r = -EINTR;

	probe_table_name(table, t->cable);
	for (int i = 0; r == -EINTR && i < 5; i++) {
		struct nlmsghdr *h = nft_link_message(l);

		*counts = (struct probe_counts){ .marked = { 0 } };
		h = nftnl_nlmsg_build_hdr((char *)h, NFT_MSG_GETRULE,
					  NFPROTO_INET, NLM_F_DUMP,
					  h->nlmsg_seq);
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
		r = nft_link_ask(l, h, take_rule, &c);
	}
	return r;
}
