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
	[NFT_CHAIN_ZONE_KNOWN] = { .table = NFT_TABLE_MAIN,
				   .name = "zone_known" },
	[NFT_CHAIN_ZONE_ERRORS] = { .table = NFT_TABLE_MAIN,
				    .name = "zone_errors" },
	[NFT_CHAIN_ZONE_IN] = ROW(MAIN, "zone_in", "filter", PRE_ROUTING, RAW,
				  "prerouting", "raw"),
	[NFT_CHAIN_ZONE_OUT] = ROW(MAIN, "zone_out", "filter", LOCAL_OUT, RAW,
				   "output", "raw"),
	[NFT_CHAIN_OURS] = { .table = NFT_TABLE_MAIN, .name = "ours" },
	[NFT_CHAIN_TAKE] = ROW(MAIN, "prerouting", "filter", PRE_ROUTING,
			       MANGLE, "prerouting", "mangle"),
	[NFT_CHAIN_REDIRECT] = ROW(MAIN, "nat_prerouting", "nat", PRE_ROUTING,
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

/* A new connection, or any datagram: those have no beginning, and a tracker
 * that never pauses would be direct for ever. The first counter says what was
 * meant for Wayside, the second what a listener took. This comes before
 * "return": a client that comes back from the port of a connection that ended
 * with us (TIME_WAIT) is answered with a SYN-ACK by the listener; the old
 * socket would answer with an ACK. */
static const enum nft_stmt take_stmts[] = {
	NFT_STMT_FAMILY,     NFT_STMT_SYN,     NFT_STMT_DATAGRAM,
	NFT_STMT_CT_NEW,     NFT_STMT_TO,      NFT_STMT_CLIENTS,
	NFT_STMT_INTERFACES, NFT_STMT_UNICAST, NFT_STMT_COUNTER,
	NFT_STMT_TPROXY,     NFT_STMT_COUNTER, NFT_STMT_CT_MARK,
	NFT_STMT_MARK,       NFT_STMT_ACCEPT,  NFT_STMT_END,
};

/* What comes from others for our sockets with addresses of others: clients',
 * servers'. ICMP, too: without it a path MTU below the interface's stops the
 * connection. What comes from the loopback is routed already.
 * Without a connection the kernel finds a listener, and one without an address,
 * another program's, has its port at every server of the world. The chain is
 * for what follows: to ask for it in "return" itself would leave out sockets
 * that are not whole (a handshake, TIME_WAIT), which do not say. */
static const enum nft_stmt return_stmts[] = {
	NFT_STMT_PROTOCOLS, NFT_STMT_INTERFACES, NFT_STMT_TRANSPARENT,
	NFT_STMT_OURS,      NFT_STMT_END,
};

static const enum nft_stmt not_ours_stmts[] = {
	NFT_STMT_WILDCARD,
	NFT_STMT_RETURN,
	NFT_STMT_END,
};

static const enum nft_stmt ours_stmts[] = {
	NFT_STMT_COUNTER,
	NFT_STMT_MARK,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

/* `on_failure: closed`: what no listener took. A reset, or an ICMP error, so
 * that the tracker tries its next server at once. */
static const enum nft_stmt reject_stmts[] = {
	NFT_STMT_FAMILY,     NFT_STMT_SYN,     NFT_STMT_DATAGRAM,
	NFT_STMT_CT_NEW,     NFT_STMT_TO,      NFT_STMT_CLIENTS,
	NFT_STMT_INTERFACES, NFT_STMT_UNICAST, NFT_STMT_COUNTER,
	NFT_STMT_REJECT,     NFT_STMT_END,
};

/* Later packets of a connection that was handed over and has no socket: the ACK
 * that answers a SYN cookie. */
static const enum nft_stmt handed_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_TRANSPORT, NFT_STMT_CT_MARKED,
	NFT_STMT_COUNTER, NFT_STMT_TPROXY,    NFT_STMT_MARK,
	NFT_STMT_ACCEPT,  NFT_STMT_END,
};

/* Only the first packet of a connection comes through a nat chain. */
static const enum nft_stmt redirect_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_TRANSPORT,  NFT_STMT_TO,
	NFT_STMT_CLIENTS, NFT_STMT_INTERFACES, NFT_STMT_UNICAST,
	NFT_STMT_COUNTER, NFT_STMT_REDIRECT,   NFT_STMT_END,
};

/*
 * A zone of connection tracking for clients' connections, where the same
 * addresses and ports would be another one's in the common zone, too.
 *
 * source: client-port, and client: our connection to the server has the
 * client's address and a port that is the client's own, or one that another
 * connection of the same client may have: 300 connections of one address are
 * enough for such a pair to be likely. Two connections with one entry are not
 * new, not valid, and lose their source NAT. (auto may be client at any time.)
 * What comes from the client is known by the listener that takes its SYN and by
 * the socket afterwards, what we answer by its sender, which is the server's
 * address although it leaves from here. The listener is asked first: a client
 * that comes back finds the socket of its old connection (TIME_WAIT), and with
 * the handshake not remembered the SYN-ACK would leave without its SYN's zone.
 * A listener without an address is another program's, see "return". Our
 * connection to the server stays in the common zone, where source NAT finds its
 * answers: they come to the gateway's own address, and nothing but that zone's
 * entry says whose they are.
 *
 * The ACK that ends a handshake with a SYN cookie has no socket, so handshakes
 * are remembered until there is one ("done"). When there are too many at once,
 * a flood, the SYN goes on as if there was no zone, and the SYN-ACK with it:
 * with a port of our own the connection needs none. (`tproxy` has given it the
 * listener's socket by then, so "full" keeps it from "known".) A SYN that goes
 * past the listener is forgotten: it begins a connection of the common zone.
 *
 * ICMP errors about such connections have no entry of the common zone, or a
 * wrong one: they find the socket without.
 *
 * Datagrams. An entry of the common zone that ended here was made without
 * source NAT, and a tracker that goes on sending would keep it alive: when
 * nobody takes its datagrams any more, they would leave with its private
 * address.
 */
static const enum nft_stmt zone_icmp_stmts[] = {
	NFT_STMT_FAMILY,      NFT_STMT_ICMP,        NFT_STMT_INTERFACES,
	NFT_STMT_TRANSPARENT, NFT_STMT_ZONE_ERRORS, NFT_STMT_END,
};

static const enum nft_stmt zone_errors_stmts[] = {
	NFT_STMT_COUNTER,
	NFT_STMT_NOTRACK,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt zone_known_stmts[] = {
	NFT_STMT_FAMILY,      NFT_STMT_TRANSPORT,  NFT_STMT_TO,
	NFT_STMT_TRANSPARENT, NFT_STMT_ZONE_KNOWN, NFT_STMT_END,
};

static const enum nft_stmt zone_done_stmts[] = {
	NFT_STMT_FAMILY, NFT_STMT_TRANSPORT, NFT_STMT_WHOLE,
	NFT_STMT_FORGET, NFT_STMT_END,
};

static const enum nft_stmt zone_ours_stmts[] = {
	NFT_STMT_COUNTER,
	NFT_STMT_ZONE,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt zone_remembered_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_ACK,  NFT_STMT_TO,     NFT_STMT_REMEMBERED,
	NFT_STMT_COUNTER, NFT_STMT_ZONE, NFT_STMT_ACCEPT, NFT_STMT_END,
};

static const enum nft_stmt zone_forget_stmts[] = {
	NFT_STMT_FAMILY, NFT_STMT_SYN, NFT_STMT_TO,
	NFT_STMT_FORGET, NFT_STMT_END,
};

static const enum nft_stmt zone_take_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_SYN,     NFT_STMT_DATAGRAM,
	NFT_STMT_TO,      NFT_STMT_CLIENTS, NFT_STMT_INTERFACES,
	NFT_STMT_UNICAST, NFT_STMT_TPROXY,  NFT_STMT_REMEMBER,
	NFT_STMT_COUNTER, NFT_STMT_ZONE,    NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt zone_full_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_SYN,        NFT_STMT_TO,
	NFT_STMT_CLIENTS, NFT_STMT_INTERFACES, NFT_STMT_UNICAST,
	NFT_STMT_TPROXY,  NFT_STMT_COUNTER,    NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt zone_forgotten_stmts[] = {
	NFT_STMT_FAMILY, NFT_STMT_SYN_ACK, NFT_STMT_FORGOTTEN,
	NFT_STMT_ACCEPT, NFT_STMT_END,
};

/* Not to a program of this host: its packets were tracked when it sent them. */
static const enum nft_stmt zone_answer_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_TRANSPORT, NFT_STMT_FROM, NFT_STMT_OUTSIDE,
	NFT_STMT_COUNTER, NFT_STMT_ZONE,      NFT_STMT_END,
};

/*
 * Programs of this host. Their packets have left when `tproxy` could see them,
 * so the chain "output" of type route marks them, which leads them to lo, where
 * they come in again and are handed over. The mark comes before anybody was
 * asked for a listener: these rules must not outlive the daemon.
 * Our own connections to the servers have NFT_MARK, so there is no loop.
 */
static const enum nft_stmt own_stmts[] = {
	NFT_STMT_MARKED,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt local_handed_stmts[] = {
	NFT_STMT_CT_ORIGINAL, NFT_STMT_CT_MARKED, NFT_STMT_COUNTER,
	NFT_STMT_MARK,        NFT_STMT_ACCEPT,    NFT_STMT_END,
};

static const enum nft_stmt users_stmts[] = {
	NFT_STMT_USERS,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt local_take_stmts[] = {
	NFT_STMT_FAMILY,  NFT_STMT_SYN,     NFT_STMT_DATAGRAM, NFT_STMT_CT_NEW,
	NFT_STMT_TO,      NFT_STMT_CLIENTS, NFT_STMT_UNICAST,  NFT_STMT_COUNTER,
	NFT_STMT_CT_MARK, NFT_STMT_MARK,    NFT_STMT_ACCEPT,   NFT_STMT_END,
};

static const enum nft_stmt local_in_stmts[] = {
	NFT_STMT_LOOPBACK, NFT_STMT_FAMILY, NFT_STMT_TRANSPORT,
	NFT_STMT_MARKED,   NFT_STMT_TPROXY, NFT_STMT_COUNTER,
	NFT_STMT_ACCEPT,   NFT_STMT_END,
};

/* `closed` for them, in the table that stays: what is not marked by now has
 * not been taken. */
static const enum nft_stmt refuse_own_stmts[] = {
	NFT_STMT_MARKED_ANY,
	NFT_STMT_ACCEPT,
	NFT_STMT_END,
};

static const enum nft_stmt refuse_stmts[] = {
	NFT_STMT_FAMILY, NFT_STMT_SYN,     NFT_STMT_DATAGRAM, NFT_STMT_CT_NEW,
	NFT_STMT_TO,     NFT_STMT_CLIENTS, NFT_STMT_UNICAST,  NFT_STMT_COUNTER,
	NFT_STMT_REJECT, NFT_STMT_END,
};

static const uint16_t families[] = { AF_INET, AF_INET6 };
#define N_FAMILIES WS_ARRAY_LEN(families)

/* The sets of one rule of the configuration in one family and table. */
struct part {
	const struct nft_set *to, *clients, *interfaces;
};

struct build {
	struct nft_model *m;
	const struct conf_tables *conf;
	enum nft_state content; /* the state whose rules are wanted */
	bool redirect, closed;
	enum nft_table table; /* that is being filled */
	struct part parts[CONF_RULES_MAX][N_FAMILIES];
	const struct nft_set *handshakes[N_FAMILIES];
};

static const char *family_name(uint16_t family)
{
	return family == AF_INET ? "v4" : "v6";
}

static bool is_any(const struct conf_rule *r)
{
	return r != NULL;
}

static bool is_none(const struct conf_rule *r)
{
	return r == NULL;
}

static bool is_tcp(const struct conf_rule *r)
{
	return r->transport == CONF_TRANSPORT_TCP;
}

static bool is_local(const struct conf_rule *r)
{
	return r->local == CONF_YES;
}

static bool is_zoned(const struct conf_rule *r)
{
	return r->source != CONF_SOURCE_GATEWAY || !is_tcp(r);
}

static bool is_zoned_tcp(const struct conf_rule *r)
{
	return is_zoned(r) && is_tcp(r);
}

static bool is_zoned_udp(const struct conf_rule *r)
{
	return is_zoned(r) && !is_tcp(r);
}

static bool any_rule(const struct conf_tables *conf,
		     bool (*test)(const struct conf_rule *r))
{
	for (uint32_t i = 0; i < conf->n_rules; i++) {
		if (test(&conf->rules[i]))
			return true;
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
		[NFT_SET_USERS] = "", /* these are not a rule's */
		[NFT_SET_PROTOCOLS] = "",
		[NFT_SET_HANDSHAKES] = "",
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

/* Return: the new set, or NULL when it would have no element. */
static const struct nft_set *add_set(struct build *b, const struct conf_rule *r,
				     const struct nft_set *wanted)
{
	struct nft_set *s = &b->m->sets[b->m->n_sets];

	if (wanted->kind != NFT_SET_HANDSHAKES &&
	    !nft_model_has_elem(b->conf, wanted))
		return NULL;
	assert(b->m->n_sets < WS_ARRAY_LEN(b->m->sets));
	*s = *wanted;
	s->table = b->table;
	s->id = ++b->m->n_sets;
	if (r)
		name_set(s, r);
	return s;
}

/* Does this rule take anything in this family? Not without a server, and not
 * when all clients are of the other one. */
static bool takes(const struct conf_tables *conf, const struct conf_rule *r,
		  uint16_t family)
{
	const struct nft_set to = { .kind = NFT_SET_TO,
				    .family = family,
				    .items = r->to };
	const struct nft_set clients = { .kind = NFT_SET_CLIENTS,
					 .family = family,
					 .items = r->clients };

	return nft_model_has_elem(conf, &to) &&
	       (!r->clients.n || nft_model_has_elem(conf, &clients));
}

/* In one family; `interfaces` is added with the first. */
static void add_family_sets(struct build *b, uint32_t rule, size_t f,
			    const struct nft_set **interfaces)
{
	const struct conf_rule *r = &b->conf->rules[rule];
	struct part *p = &b->parts[rule][f];
	struct nft_set s = { .kind = NFT_SET_INTERFACES,
			     .items = r->interfaces };

	if (b->table == NFT_TABLE_MAIN && !*interfaces)
		*interfaces = add_set(b, r, &s);
	p->interfaces = *interfaces;
	s.family = families[f];
	s.kind = NFT_SET_TO;
	s.items = r->to;
	p->to = add_set(b, r, &s);
	s.kind = NFT_SET_CLIENTS;
	s.items = r->clients;
	p->clients = add_set(b, r, &s);
}

/* The sets of the rules of the configuration that `which` names, in the table
 * that is being filled. */
static void add_sets(struct build *b, bool (*which)(const struct conf_rule *r))
{
	memset(b->parts, 0, sizeof(b->parts));
	for (uint32_t i = 0; i < b->conf->n_rules; i++) {
		const struct nft_set *interfaces = NULL;

		for (size_t f = 0; f < N_FAMILIES; f++) {
			if (which(&b->conf->rules[i]) &&
			    takes(b->conf, &b->conf->rules[i], families[f]))
				add_family_sets(b, i, f, &interfaces);
		}
	}
}

static struct nft_rule *add_rule(struct build *b, enum nft_chain chain,
				 const enum nft_stmt *stmts)
{
	struct nft_model *m = b->m;
	struct nft_rule *rule = &m->rules[m->n_rules++];
	size_t n = 0;

	assert(m->n_rules <= WS_ARRAY_LEN(m->rules));
	m->chains[chain] = true;
	m->tables[b->table] = true;
	rule->chain = chain;
	rule->mark = b->table == NFT_TABLE_LOCAL ? NFT_MARK_LOCAL : NFT_MARK;
	rule->port = b->conf->listen_port;
	for (; stmts[n] != NFT_STMT_END; n++)
		rule->stmts[n] = stmts[n];
	rule->stmts[n] = NFT_STMT_END;
	return rule;
}

static struct nft_rule *add_plain(struct build *b, enum nft_chain chain,
				  const enum nft_stmt *stmts,
				  const char *comment)
{
	struct nft_rule *rule = add_rule(b, chain, stmts);

	(void)snprintf(rule->comment, sizeof(rule->comment), "%s", comment);
	return rule;
}

static bool is_zone(enum nft_chain chain)
{
	return chain == NFT_CHAIN_ZONE_IN || chain == NFT_CHAIN_ZONE_OUT;
}

/* One for each of the rules that `which` names and each family. */
static void add_each(struct build *b, enum nft_chain chain,
		     const enum nft_stmt *stmts, const char *what,
		     bool (*which)(const struct conf_rule *r))
{
	for (uint32_t i = 0; i < b->conf->n_rules; i++) {
		const struct conf_rule *r = &b->conf->rules[i];

		for (size_t f = 0; f < N_FAMILIES; f++) {
			const struct part *p = &b->parts[i][f];
			struct nft_rule *rule;

			if (!which(r) || !p->to)
				continue;
			rule = add_rule(b, chain, stmts);
			rule->family = families[f];
			rule->transport = (enum conf_transport)r->transport;
			rule->to = p->to;
			rule->clients = p->clients;
			rule->interfaces = p->interfaces;
			rule->handshakes = b->handshakes[f];
			(void)snprintf(rule->comment, sizeof(rule->comment),
				       "%.31s%s %s%s", r->name,
				       is_zone(chain) ? " zone" : "",
				       family_name(families[f]), what);
		}
	}
}

/* One for each family and transport in which such a rule takes anything. */
static void add_both(struct build *b, enum nft_chain chain,
		     const enum nft_stmt *stmts, const char *comment,
		     bool (*which)(const struct conf_rule *r))
{
	bool wanted[N_FAMILIES][CONF_TRANSPORT_MAX] = { { false } };

	for (uint32_t i = 0; i < b->conf->n_rules; i++) {
		const struct conf_rule *r = &b->conf->rules[i];

		for (size_t f = 0; f < N_FAMILIES; f++)
			wanted[f][r->transport] |=
				which(r) && takes(b->conf, r, families[f]);
	}
	for (size_t f = 0; f < N_FAMILIES; f++) {
		for (enum conf_transport t = 0; t < CONF_TRANSPORT_MAX; t++) {
			struct nft_rule *rule;

			if (!wanted[f][t])
				continue;
			rule = add_rule(b, chain, stmts);
			rule->family = families[f];
			rule->transport = t;
			(void)snprintf(rule->comment, sizeof(rule->comment),
				       "%s %s%s", comment,
				       family_name(families[f]),
				       t == CONF_TRANSPORT_UDP ? " udp" : "");
		}
	}
}

/* Of these three conditions nothing is left after a stop. */
static bool is_running(const struct build *b)
{
	return b->content == NFT_STATE_RUNNING;
}

static bool is_up(const struct build *b)
{
	return b->content != NFT_STATE_STOPPED;
}

/* Is there anybody to take packets of connections that were handed over? */
static bool is_served(const struct build *b)
{
	return is_up(b) && b->content != NFT_STATE_ABSENT;
}

static bool rejects(const struct build *b)
{
	return b->closed && b->content != NFT_STATE_BYPASS;
}

/* Does such a rule take anything in this family? */
static bool any_takes(const struct build *b, size_t f,
		      bool (*which)(const struct conf_rule *r))
{
	for (uint32_t i = 0; i < b->conf->n_rules; i++) {
		if (which(&b->conf->rules[i]) && b->parts[i][f].to)
			return true;
	}
	return false;
}

static void add_handshakes(struct build *b)
{
	for (size_t f = 0; f < N_FAMILIES; f++) {
		struct nft_set s = { .name = NFT_HANDSHAKES "4",
				     .kind = NFT_SET_HANDSHAKES,
				     .family = families[f] };

		if (s.family == AF_INET6)
			s.name[strlen(NFT_HANDSHAKES)] = '6';
		b->handshakes[f] = any_takes(b, f, is_zoned_tcp)
					   ? add_set(b, NULL, &s)
					   : NULL;
	}
}

/* One for each family in which such a rule takes anything. */
static void add_zone(struct build *b, enum nft_chain chain,
		     const enum nft_stmt *stmts, const char *what,
		     bool (*which)(const struct conf_rule *r))
{
	for (size_t f = 0; f < N_FAMILIES; f++) {
		struct nft_rule *rule;

		if (!any_takes(b, f, which))
			continue;
		rule = add_rule(b, chain, stmts);
		rule->family = families[f];
		rule->handshakes = b->handshakes[f];
		(void)snprintf(rule->comment, sizeof(rule->comment),
			       "zone %s %s", family_name(families[f]), what);
	}
}

/* Where "errors" and "known" lead. */
static void add_zone_ours(struct build *b)
{
	if (!any_takes(b, 0, is_zoned) && !any_takes(b, 1, is_zoned))
		return;
	add_plain(b, NFT_CHAIN_ZONE_ERRORS, not_ours_stmts, "not ours");
	add_plain(b, NFT_CHAIN_ZONE_ERRORS, zone_errors_stmts, "ours");
	add_plain(b, NFT_CHAIN_ZONE_KNOWN, not_ours_stmts, "not ours");
	add_zone(b, NFT_CHAIN_ZONE_KNOWN, zone_done_stmts, "done",
		 is_zoned_tcp);
	add_plain(b, NFT_CHAIN_ZONE_KNOWN, zone_ours_stmts, "ours");
}

static void add_zones(struct build *b)
{
	if (!is_up(b))
		return;
	add_handshakes(b);
	add_zone_ours(b);
	add_zone(b, NFT_CHAIN_ZONE_IN, zone_icmp_stmts, "errors", is_zoned);
	if (is_running(b)) {
		add_each(b, NFT_CHAIN_ZONE_IN, zone_take_stmts, "",
			 is_zoned_tcp);
		add_each(b, NFT_CHAIN_ZONE_IN, zone_full_stmts, " full",
			 is_zoned_tcp);
	}
	add_each(b, NFT_CHAIN_ZONE_IN, zone_known_stmts, " known", is_zoned);
	if (is_served(b))
		add_each(b, NFT_CHAIN_ZONE_IN, zone_remembered_stmts,
			 " handshake", is_zoned_tcp);
	if (is_running(b))
		add_each(b, NFT_CHAIN_ZONE_IN, zone_take_stmts, "",
			 is_zoned_udp);
	add_each(b, NFT_CHAIN_ZONE_IN, zone_forget_stmts, " passed",
		 is_zoned_tcp);
	add_zone(b, NFT_CHAIN_ZONE_OUT, zone_forgotten_stmts, "forgotten",
		 is_zoned_tcp);
	add_each(b, NFT_CHAIN_ZONE_OUT, zone_answer_stmts, " answers",
		 is_zoned);
}

static void add_return(struct build *b)
{
	const struct nft_set set = { .kind = NFT_SET_PROTOCOLS,
				     .items.n = NFT_PROTOCOLS };
	const struct nft_set *added = add_set(b, NULL, &set);

	add_plain(b, NFT_CHAIN_OURS, not_ours_stmts, "not ours");
	add_plain(b, NFT_CHAIN_OURS, ours_stmts, "ours");
	add_plain(b, NFT_CHAIN_TAKE, return_stmts, "return")->protocols = added;
}

static void add_main(struct build *b)
{
	const bool ends = is_running(b) || rejects(b);

	b->table = NFT_TABLE_MAIN;
	add_sets(b, ends ? is_any : is_up(b) ? is_zoned : is_none);
	add_zones(b);
	if (is_running(b) && !b->redirect)
		add_each(b, NFT_CHAIN_TAKE, take_stmts, "", is_any);
	if (is_up(b) && !b->redirect)
		add_return(b);
	if (rejects(b) && !(is_running(b) && b->redirect))
		add_each(b, NFT_CHAIN_TAKE, reject_stmts, " closed", is_any);
	if (is_served(b) && !b->redirect)
		add_both(b, NFT_CHAIN_TAKE, handed_stmts, "handed over",
			 is_tcp);
	if (is_running(b) && b->redirect)
		add_each(b, NFT_CHAIN_REDIRECT, redirect_stmts, "", is_any);
	/* Without any nat chain the kernel forgets the addresses of running
	 * connections. */
	if (is_up(b) && b->redirect) {
		b->m->tables[NFT_TABLE_MAIN] = true;
		b->m->chains[NFT_CHAIN_REDIRECT] = true;
	}
}

static void add_users(struct build *b, enum nft_chain chain)
{
	const struct nft_set set = { .kind = NFT_SET_USERS,
				     .name = NFT_USERS,
				     .items.n = b->conf->n_users };
	const struct nft_set *users = add_set(b, NULL, &set);

	if (users)
		add_plain(b, chain, users_stmts, "excepted")->users = users;
}

/* What `closed` has for programs of this host, in the table that stays. */
static void add_refuse(struct build *b)
{
	if (!rejects(b) || !any_rule(b->conf, is_local))
		return;
	add_plain(b, NFT_CHAIN_REFUSE, refuse_own_stmts, "taken");
	add_users(b, NFT_CHAIN_REFUSE);
	add_each(b, NFT_CHAIN_REFUSE, refuse_stmts, " local closed", is_local);
}

/* The mark leads to lo, where the sockets are, also when nobody listens. */
static void add_local(struct build *b)
{
	b->table = NFT_TABLE_LOCAL;
	add_sets(b, is_running(b) ? is_local : is_none);
	add_plain(b, NFT_CHAIN_LOCAL_OUT, own_stmts, "own")->mark = NFT_MARK;
	add_plain(b, NFT_CHAIN_LOCAL_OUT, local_handed_stmts, "handed over");
	if (is_running(b)) {
		add_users(b, NFT_CHAIN_LOCAL_OUT);
		add_each(b, NFT_CHAIN_LOCAL_OUT, local_take_stmts, " local",
			 is_local);
	}
	if (is_served(b))
		add_both(b, NFT_CHAIN_LOCAL_IN, local_in_stmts, "take",
			 is_local);
}

/* With `hold` somebody keeps the listeners whatever becomes of us, so all that
 * hands over stays. */
static enum nft_state content_of(const struct conf_tables *conf,
				 enum nft_state state)
{
	return conf->on_failure == CONF_FAILURE_HOLD &&
			       state != NFT_STATE_BYPASS
		       ? NFT_STATE_RUNNING
		       : state;
}

static bool wants_local(const struct conf_tables *conf, enum nft_state state)
{
	return state != NFT_STATE_STOPPED && any_rule(conf, is_local);
}

bool nft_model_wanted(const struct conf_tables *conf, enum nft_state state)
{
	return !conf_tables_fixed(conf) &&
	       (content_of(conf, state) != NFT_STATE_STOPPED ||
		conf->on_failure == CONF_FAILURE_CLOSED);
}

enum nft_routing nft_model_routing(const struct conf_tables *conf,
				   enum nft_state state)
{
	if (conf_tables_fixed(conf) ||
	    conf->intercept == CONF_INTERCEPT_REDIRECT ||
	    content_of(conf, state) == NFT_STATE_STOPPED)
		return NFT_ROUTING_NONE;
	return wants_local(conf, state) ? NFT_ROUTING_LOCAL : NFT_ROUTING_TAKEN;
}

struct nft_model *nft_model_new(const struct conf_tables *conf,
				enum nft_state state)
{
	struct build b = {
		.m = calloc(1, sizeof(*b.m)),
		.conf = conf,
		.content = content_of(conf, state),
		.redirect = conf->intercept == CONF_INTERCEPT_REDIRECT,
		.closed = conf->on_failure == CONF_FAILURE_CLOSED,
	};

	if (!b.m)
		return NULL;
	b.m->conf = conf;
	b.m->state = state;
	if (!nft_model_wanted(conf, state))
		return b.m;
	add_main(&b);
	add_refuse(&b);
	if (wants_local(conf, state))
		add_local(&b);
	return b.m;
}

void nft_model_free(struct nft_model *m)
{
	free(m);
}
