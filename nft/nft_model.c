/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_model.c - what the kernel's table holds, as data */
#include "nft_model.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_addr.h"

#define V4_FIRST 12 /* of the bytes of a v4-mapped address */

const char *const nft_table_names[NFT_TABLE_MAX] = {
	[NFT_TABLE_MAIN] = NFT_TABLE,
	[NFT_TABLE_LOCAL] = NFT_TABLE "_local",
};

#define ROW(t, n, type, hook, p, hook_text, p_text)                    \
	{                                                              \
		NFT_TABLE_##t, n, type, NF_INET_##hook, NF_IP_PRI_##p, \
			hook_text, p_text                              \
	}

const struct nft_hook nft_hooks[NFT_CHAIN_MAX] = {
	[NFT_CHAIN_ZONE_IN] = ROW(MAIN, "zone_in", "filter", PRE_ROUTING, RAW,
				  "prerouting", "raw"),
	[NFT_CHAIN_ZONE_OUT] = ROW(MAIN, "zone_out", "filter", LOCAL_OUT, RAW,
				   "output", "raw"),
	[NFT_CHAIN_TAKE] = ROW(MAIN, "prerouting", "filter", PRE_ROUTING,
			       MANGLE, "prerouting", "mangle"),
	[NFT_CHAIN_REDIRECT] = ROW(MAIN, "redirect", "nat", PRE_ROUTING,
				   NAT_DST, "prerouting", "dstnat"),
	[NFT_CHAIN_REFUSE] = ROW(MAIN, "output", "filter", LOCAL_OUT, FILTER,
				 "output", "filter"),
	[NFT_CHAIN_LOCAL_OUT] = ROW(LOCAL, "output", "route", LOCAL_OUT, MANGLE,
				    "output", "mangle"),
	[NFT_CHAIN_LOCAL_IN] = ROW(LOCAL, "prerouting", "filter", PRE_ROUTING,
				   MANGLE, "prerouting", "mangle"),
};

/*
 * The forms of a rule. The marks come after `tproxy` because what follows it
 * runs only when a listener took the packet: the ct mark means "was handed to
 * Wayside", never "was meant for it". Set before it, a connection that went
 * direct while nobody listened would be reset when a listener comes back.
 */

/* Answers to the sockets that borrow a client's address, and ICMP errors about
 * them: without ICMP a path MTU below the interface's stops the connection. */
static const enum nft_stmt return_stmts[] = {
	NFT_STMT_PROTOCOLS, NFT_STMT_TRANSPARENT, NFT_STMT_COUNTER,
	NFT_STMT_MARK,      NFT_STMT_ACCEPT,      NFT_STMT_END,
};

/* A new connection. The first counter says what was meant for Wayside, the
 * second what a listener took. */
static const enum nft_stmt take_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_SYN,     NFT_STMT_CT_NEW,
	NFT_STMT_TO,      NFT_STMT_CLIENTS, NFT_STMT_INTERFACES,
	NFT_STMT_UNICAST, NFT_STMT_COUNTER, NFT_STMT_TPROXY,
	NFT_STMT_COUNTER, NFT_STMT_CT_MARK, NFT_STMT_MARK,
	NFT_STMT_ACCEPT,  NFT_STMT_END,
};

/* `on_failure: closed`: the same connection, and no listener took it. A reset,
 * so that the tracker tries its next server at once. */
static const enum nft_stmt reject_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_SYN,     NFT_STMT_CT_NEW,
	NFT_STMT_TO,      NFT_STMT_CLIENTS, NFT_STMT_INTERFACES,
	NFT_STMT_UNICAST, NFT_STMT_COUNTER, NFT_STMT_REJECT,
	NFT_STMT_END,
};

/* Later packets of a connection that was handed over and has no socket yet:
 * the ACK that answers a SYN cookie. */
static const enum nft_stmt handed_stmts[] = {
	NFT_STMT_FAMILY, NFT_STMT_TCP,  NFT_STMT_CT_MARKED, NFT_STMT_COUNTER,
	NFT_STMT_TPROXY, NFT_STMT_MARK, NFT_STMT_ACCEPT,    NFT_STMT_END,
};

static const uint16_t families[] = { AF_INET, AF_INET6 };

static const char *family_name(uint16_t family)
{
	return family == AF_INET ? "v4" : "v6";
}

static bool item_is(const struct conf_tables *c, const struct nft_set *s,
		    uint32_t i)
{
	switch (s->kind) {
	case NFT_SET_TO:
		return c->dests[s->items.first + i].net.family == s->family;
	case NFT_SET_CLIENTS:
		return c->nets[s->items.first + i].family == s->family;
	case NFT_SET_INTERFACES:
	case NFT_SET_PROTOCOLS:
		return true;
	case NFT_SET_KIND_MAX:
		break;
	}
	return false;
}

/* An identifier of nft begins with a letter, '_' or '.'; a rule's name may
 * begin with a digit and never has a dot, so ".7" clashes with nothing. */
static void name_set(struct nft_set *s, const struct conf_rule *r)
{
	static const char *const kinds[NFT_SET_KIND_MAX] = {
		[NFT_SET_TO] = "to",
		[NFT_SET_CLIENTS] = "clients",
		[NFT_SET_INTERFACES] = "interfaces",
		[NFT_SET_PROTOCOLS] = "", /* is never named */
	};
	const bool plain = (r->name[0] >= 'a' && r->name[0] <= 'z') ||
			   (r->name[0] >= 'A' && r->name[0] <= 'Z') ||
			   r->name[0] == '_';

	(void)snprintf(s->name, sizeof(s->name), "%s%.31s_%s%s",
		       plain ? "" : ".", r->name, kinds[s->kind],
		       s->family == AF_INET    ? "4"
		       : s->family == AF_INET6 ? "6"
					       : "");
}

/* Return: the new set, or NULL when none of the items is of its family. */
static const struct nft_set *add_set(struct nft_model *m,
				     const struct conf_rule *r,
				     const struct nft_set *wanted)
{
	struct nft_set *s = &m->sets[m->n_sets];
	uint32_t i = 0;

	while (i < wanted->items.n && !item_is(m->conf, wanted, i))
		i++;
	if (i == wanted->items.n)
		return NULL;
	assert(m->n_sets < WS_ARRAY_LEN(m->sets));
	*s = *wanted;
	s->id = ++m->n_sets;
	if (r)
		name_set(s, r);
	return s;
}

static struct nft_rule *add_rule(struct nft_model *m,
				 const struct nft_rule *like,
				 const enum nft_stmt *stmts)
{
	struct nft_rule *rule = &m->rules[m->n_rules++];
	size_t n = 0;

	assert(m->n_rules <= WS_ARRAY_LEN(m->rules));
	m->chains[like->chain] = true;
	m->tables[nft_hooks[like->chain].table] = true;
	*rule = *like;
	rule->port = m->conf->listen_port;
	for (; stmts[n] != NFT_STMT_END; n++)
		rule->stmts[n] = stmts[n];
	rule->stmts[n] = NFT_STMT_END;
	return rule;
}

static void add_return(struct nft_model *m)
{
	const struct nft_set set = { .kind = NFT_SET_PROTOCOLS, .items.n = 3 };
	const struct nft_rule rule = {
		.chain = NFT_CHAIN_TAKE,
		.comment = "return",
		.protocols = add_set(m, NULL, &set),
	};

	add_rule(m, &rule, return_stmts);
}

/* Or does no rule of this state ask for addresses and interfaces? */
static bool sets_are_used(const struct nft_model *m)
{
	return m->state == NFT_STATE_RUNNING ||
	       m->conf->on_failure == CONF_FAILURE_CLOSED;
}

/* Rule `r` in one family. Return: false when it takes nothing there. */
static bool add_taking(struct nft_model *m, const struct conf_rule *r,
		       uint16_t family, const struct nft_set *interfaces)
{
	const bool closed = m->conf->on_failure == CONF_FAILURE_CLOSED;
	const struct nft_set to = { .kind = NFT_SET_TO,
				    .family = family,
				    .items = r->to };
	const struct nft_set clients = { .kind = NFT_SET_CLIENTS,
					 .family = family,
					 .items = r->clients };
	struct nft_rule rule = { .chain = NFT_CHAIN_TAKE,
				 .family = family,
				 .interfaces = interfaces };
	const uint32_t n_sets = m->n_sets;

	rule.to = add_set(m, r, &to);
	if (!rule.to)
		return false;
	rule.clients = add_set(m, r, &clients);
	if (r->clients.n && !rule.clients) {
		m->n_sets = n_sets; /* only clients of the other family */
		return false;
	}
	if (m->state == NFT_STATE_RUNNING) {
		(void)snprintf(rule.comment, sizeof(rule.comment), "%.31s %s",
			       r->name, family_name(family));
		add_rule(m, &rule, take_stmts);
	}
	if (closed) {
		(void)snprintf(rule.comment, sizeof(rule.comment),
			       "%.31s %s closed", r->name, family_name(family));
		add_rule(m, &rule, reject_stmts);
	}
	return true;
}

static void add_handed(struct nft_model *m, uint16_t family)
{
	struct nft_rule rule = { .chain = NFT_CHAIN_TAKE, .family = family };

	(void)snprintf(rule.comment, sizeof(rule.comment), "handed over %s",
		       family_name(family));
	add_rule(m, &rule, handed_stmts);
}

bool nft_model_wanted(const struct conf_tables *conf, enum nft_state state)
{
	return !conf_tables_fixed(conf) &&
	       (state != NFT_STATE_STOPPED ||
		conf->on_failure == CONF_FAILURE_CLOSED);
}

struct nft_model *nft_model_new(const struct conf_tables *conf,
				enum nft_state state)
{
	struct nft_model *m = calloc(1, sizeof(*m));
	bool taken[WS_ARRAY_LEN(families)] = { false };

	if (!m)
		return NULL;
	m->conf = conf;
	m->state = state;
	if (!nft_model_wanted(conf, state))
		return m;
	if (state != NFT_STATE_STOPPED)
		add_return(m);
	for (uint32_t i = 0; i < conf->n_rules; i++) {
		const struct conf_rule *r = &conf->rules[i];
		const struct nft_set wanted = { .kind = NFT_SET_INTERFACES,
						.items = r->interfaces };
		const uint32_t n_sets = m->n_sets;
		const struct nft_set *interfaces = add_set(m, r, &wanted);
		bool any = false;

		for (size_t f = 0; f < WS_ARRAY_LEN(families); f++) {
			if (!add_taking(m, r, families[f], interfaces))
				continue;
			any = true;
			taken[f] = true;
		}
		if (!any || !sets_are_used(m))
			m->n_sets = n_sets;
	}
	for (size_t f = 0; f < WS_ARRAY_LEN(families); f++) {
		if (taken[f] &&
		    (state == NFT_STATE_RUNNING || state == NFT_STATE_DRAINING))
			add_handed(m, families[f]);
	}
	return m;
}

void nft_model_free(struct nft_model *m)
{
	free(m);
}

/* First and last address of a network. Return: their length. */
static size_t net_range(const struct base_net *n, struct nft_elem *e)
{
	const size_t skip = n->family == AF_INET ? V4_FIRST : 0;
	const size_t len = sizeof(n->ip) - skip;

	memcpy(e->first, n->ip + skip, len);
	memcpy(e->last, n->ip + skip, len);
	for (size_t bit = n->bits; bit < len * 8; bit++)
		e->last[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	return len;
}

static void put_port(uint8_t *at, uint16_t port)
{
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)(port & 0xff);
}

static void elem_dest(const struct conf_dest *d, struct nft_elem *e)
{
	const size_t len = net_range(&d->net, e);
	char net[BASE_ADDR_STRLEN];

	put_port(e->first + len, d->port_first);
	put_port(e->last + len, d->port_last);
	base_net_format(&d->net, net);
	if (d->port_first == d->port_last)
		(void)snprintf(e->text, sizeof(e->text), "%s . %u", net,
			       (unsigned)d->port_first);
	else
		(void)snprintf(e->text, sizeof(e->text), "%s . %u-%u", net,
			       (unsigned)d->port_first, (unsigned)d->port_last);
}

static void elem_client(const struct base_net *n, struct nft_elem *e)
{
	net_range(n, e);
	base_net_format(n, e->text);
}

/* "wg*" is every name from "wg" to "wg\xff\xff...". */
static void elem_interface(const char *name, struct nft_elem *e)
{
	const size_t len = strcspn(name, "*");

	memcpy(e->first, name, len);
	memcpy(e->last, name, len);
	if (name[len] == '*')
		memset(e->last + len, 0xff, CONF_IFNAME_LEN - len);
	(void)snprintf(e->text, sizeof(e->text), "\"%.15s\"", name);
}

bool nft_model_elem(const struct nft_model *m, const struct nft_set *s,
		    uint32_t *i, struct nft_elem *e)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_ICMP,
					     IPPROTO_ICMPV6 };
	const struct conf_tables *c = m->conf;
	uint32_t at;

	while (*i < s->items.n && !item_is(c, s, *i))
		++*i;
	if (*i == s->items.n)
		return false;
	at = s->items.first + (*i)++;
	memset(e, 0, sizeof(*e));
	switch (s->kind) {
	case NFT_SET_TO:
		elem_dest(&c->dests[at], e);
		break;
	case NFT_SET_CLIENTS:
		elem_client(&c->nets[at], e);
		break;
	case NFT_SET_INTERFACES:
		elem_interface(c->ifaces[at], e);
		break;
	case NFT_SET_PROTOCOLS:
		e->first[0] = protocols[at];
		e->last[0] = protocols[at];
		break;
	case NFT_SET_KIND_MAX:
		break;
	}
	return true;
}
