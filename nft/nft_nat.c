/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat.c - does this gateway change the source of what it forwards?
 *
 * Others' rules may hold expressions that libnftnl does not know, and then it
 * does not read the rule at all: so attributes are read here as they are.
 */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "nft_link.h"

#define TRIES     5 /* of a dump that somebody's change interrupts */
#define NAMES_MAX 4096

/* A base chain; names are the kernel's, which bounds them. */
struct chain {
	struct chain *next;
	uint8_t family; /* NFPROTO_* */
	bool source;    /* of type nat, at postrouting */
	char table[NFT_NAME_MAXLEN];
	char name[NFT_NAME_MAXLEN];
};

struct search {
	struct chain *chains;
	struct nft_nat *found; /* ->source: it has ended */
};

/* The attributes of one message or nest, by number; NULL where it has none. */
struct attrs {
	const struct nlattr *v[NFTA_CHAIN_MAX + NFTA_RULE_MAX];
};

static int take_attr(const struct nlattr *a, void *arg)
{
	struct attrs *attrs = arg;
	const uint16_t type = mnl_attr_get_type(a);

	if (type < WS_ARRAY_LEN(attrs->v))
		attrs->v[type] = a;
	return MNL_CB_OK;
}

static struct attrs nested(const struct nlattr *a)
{
	struct attrs attrs = { { NULL } };

	if (a)
		(void)mnl_attr_parse_nested(a, take_attr, &attrs);
	return attrs;
}

static const char *text_of(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0
		       ? mnl_attr_get_str(a)
		       : "";
}

static uint32_t number_of(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U32) >= 0
		       ? ntohl(mnl_attr_get_u32(a))
		       : UINT32_MAX;
}

static uint8_t family_of(const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

	return g->nfgen_family;
}

static int take_chain(const struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct attrs a = { { NULL } }, hook;
	struct chain *c;

	(void)mnl_attr_parse(h, sizeof(struct nfgenmsg), take_attr, &a);
	if (!a.v[NFTA_CHAIN_HOOK])
		return MNL_CB_OK;
	hook = nested(a.v[NFTA_CHAIN_HOOK]);
	c = calloc(1, sizeof(*c));
	if (!c) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	c->family = family_of(h);
	c->source = number_of(hook.v[NFTA_HOOK_HOOKNUM]) ==
			    NF_INET_POST_ROUTING &&
		    !strcmp(text_of(a.v[NFTA_CHAIN_TYPE]), "nat");
	(void)snprintf(c->table, sizeof(c->table), "%s",
		       text_of(a.v[NFTA_CHAIN_TABLE]));
	(void)snprintf(c->name, sizeof(c->name), "%s",
		       text_of(a.v[NFTA_CHAIN_NAME]));
	c->next = s->chains;
	s->chains = c;
	return MNL_CB_OK;
}

/* Can a packet that leaves get to this chain? */
static bool may_leave_by(const struct search *s, uint8_t family,
			 const char *table, const char *chain)
{
	bool source = false;

	for (const struct chain *c = s->chains; c; c = c->next) {
		if (c->family != family || strcmp(c->table, table) != 0)
			continue;
		if (!strcmp(c->name, chain))
			return c->source;
		source |= c->source;
	}
	return source;
}

/* What the expression does to the source, as a word; NULL = nothing. */
static const char *source_nat(const struct nlattr *expr)
{
	static const char *const targets[] = { "MASQUERADE", "SNAT", "NETMAP" };
	const struct attrs e = nested(expr);
	const char *kind = text_of(e.v[NFTA_EXPR_NAME]);
	const struct attrs d = nested(e.v[NFTA_EXPR_DATA]);

	if (!strcmp(kind, "masq"))
		return "masquerade";
	if (!strcmp(kind, "nat"))
		return number_of(d.v[NFTA_NAT_TYPE]) == NFT_NAT_SNAT ? "snat"
								     : NULL;
	if (strcmp(kind, "target") != 0)
		return NULL;
	for (size_t i = 0; i < WS_ARRAY_LEN(targets); i++) {
		if (!strcmp(text_of(d.v[NFTA_TARGET_NAME]), targets[i]))
			return targets[i];
	}
	return NULL;
}

static int take_expr(const struct nlattr *a, void *arg)
{
	const char **word = arg;

	*word = source_nat(a);
	return *word ? MNL_CB_STOP : MNL_CB_OK;
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4   ? "ip"
	       : family == NFPROTO_IPV6 ? "ip6"
					: "inet";
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	const struct search *s = arg;
	struct attrs a = { { NULL } };
	const char *table, *chain, *word = NULL;

	(void)mnl_attr_parse(h, sizeof(struct nfgenmsg), take_attr, &a);
	table = text_of(a.v[NFTA_RULE_TABLE]);
	chain = text_of(a.v[NFTA_RULE_CHAIN]);
	if (s->found->source || !a.v[NFTA_RULE_EXPRESSIONS] ||
	    !may_leave_by(s, family_of(h), table, chain))
		return MNL_CB_OK;
	(void)mnl_attr_parse_nested(a.v[NFTA_RULE_EXPRESSIONS], take_expr,
				    &word);
	if (!word)
		return MNL_CB_OK;
	s->found->source = true;
	(void)snprintf(s->found->why, sizeof(s->found->why),
		       "%s in table %s %.32s, chain %.32s", word,
		       family_name(family_of(h)), table, chain);
	return MNL_CB_OK;
}

static void clear(struct search *s)
{
	while (s->chains) {
		struct chain *c = s->chains;

		s->chains = c->next;
		free(c);
	}
	s->found->source = false;
}

static int ask(struct nft_link *link, struct search *s)
{
	struct nlmsghdr *h = nft_link_question(link, NFT_MSG_GETCHAIN,
					       NFPROTO_UNSPEC, NLM_F_DUMP);
	int r = nft_link_ask(link, h, take_chain, s);

	if (r)
		return r;
	h = nft_link_question(link, NFT_MSG_GETRULE, NFPROTO_UNSPEC,
			      NLM_F_DUMP);
	return nft_link_ask(link, h, take_rule, s);
}

static bool has_line(const char *text, const char *line)
{
	const size_t len = strlen(line);

	while (*text) {
		const size_t n = strcspn(text, "\n");

		if (n == len && !strncmp(text, line, len))
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

bool nft_nat_legacy(const char *path, const char *family, struct nft_nat *out)
{
	WS_CLEAN(base_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *names = NULL;
	size_t len;
	bool has;
	int r;

	if (fd < 0 && errno == ENOENT)
		return false;
	r = fd < 0 ? -errno : base_fd_read_all(fd, NAMES_MAX, &names, &len);
	if (r) {
		(void)snprintf(out->why, sizeof(out->why),
			       "%.60s: %s: taken for source NAT", path,
			       strerrordesc_np(-r));
		return true;
	}
	has = names && has_line(names, "nat");
	free(names);
	if (has)
		(void)snprintf(out->why, sizeof(out->why),
			       "iptables-legacy has a table nat for %s, which "
			       "is taken for source NAT",
			       family);
	return has;
}

int nft_nat_source(struct nft_link *link, struct nft_nat *out,
		   struct nft_error *why)
{
	struct nft_nat found = { .why = "no source NAT in nftables or "
					"iptables" };
	struct search s = { .found = &found };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		clear(&s);
		r = ask(link, &s);
	}
	if (r) {
		(void)snprintf(why->text, sizeof(why->text),
			       "looking for source NAT: %s",
			       strerrordesc_np(-r));
	} else {
		found.source = found.source ||
			       nft_nat_legacy("/proc/net/ip_tables_names",
					      "IPv4", &found) ||
			       nft_nat_legacy("/proc/net/ip6_tables_names",
					      "IPv6", &found);
		*out = found;
	}
	clear(&s);
	return r;
}
