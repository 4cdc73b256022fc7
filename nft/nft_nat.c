/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat.c - does this gateway change the source of what it forwards?
 *
 * Theory of operation. nft_nat_read.c brings all rules that could be source
 * NAT, or lead to one, into memory, with their conditions (nft_nat_rule.c), and
 * nft_nat_host.c what this host knows of networks and routes. Here packets of
 * each client network of each rule of the configuration walk from the chains at
 * postrouting wherever they may go; nft_nat_match.c says which conditions they
 * can meet. The first rule that changes a source on their way ends it.
 */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "nft_link.h"
#include "nft_nat_internal.h"

#define TRIES     5 /* of a dump that somebody's change interrupts */
#define NAMES_MAX 4096

struct search {
	const struct conf_tables *conf; /* NULL: whatever is forwarded */
	struct nft_nat_rules rules;
	struct nft_nat_host host;
	struct nft_nat found; /* ->source: it has ended */
};

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4   ? "ip"
	       : family == NFPROTO_IPV6 ? "ip6"
					: "inet";
}

/* --- rules of nftables --------------------------------------------------- */

/* Packets may jump to a chain, or to any of the table. */
static void meet(struct search *s, const struct nft_nat_chain *from,
		 const struct nft_nat_rule *by)
{
	const bool unsure = from->unsure || by->unsure;

	for (struct nft_nat_chain *c = s->rules.chains; c; c = c->next) {
		if (c->family != from->family || c->base ||
		    strcmp(c->table, from->table) != 0 ||
		    (by->jump && strcmp(c->name, by->jump) != 0))
			continue;
		if (!c->met || (unsure && !c->unsure))
			c->asked = false;
		c->met = true;
		c->unsure |= unsure;
	}
}

/* The first rule of the chain that changes their source, or NULL. */
static const struct nft_nat_rule *ask(struct search *s, struct nft_nat_chain *c,
				      const struct nft_nat_clients *clients)
{
	c->asked = true;
	for (const struct nft_nat_rule *r = c->rules; r; r = r->next) {
		if (!nft_nat_match(r, clients, c->unsure))
			continue;
		if (r->word)
			return r;
		meet(s, c, r);
	}
	return NULL;
}

static void start(struct search *s, uint8_t family)
{
	for (struct nft_nat_chain *c = s->rules.chains; c; c = c->next) {
		c->asked = c->unsure = false;
		c->met = c->source &&
			 (c->family == family || c->family == NFPROTO_INET);
	}
}

static void decide(struct search *s, const struct nft_nat_clients *clients)
{
	struct nft_nat_chain *c;

	start(s, clients->family);
	do {
		const struct nft_nat_rule *r;

		c = s->rules.chains;
		while (c && (!c->met || c->asked))
			c = c->next;
		r = c ? ask(s, c, clients) : NULL;
		if (!r)
			continue;
		s->found.source = true;
		(void)snprintf(s->found.why, sizeof(s->found.why),
			       "%s in %s %.32s %.32s", r->word,
			       family_name(c->family), c->table, c->name);
	} while (c && !s->found.source);
}

/* --- rules of iptables-legacy -------------------------------------------- */

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

/* --- whom it is asked for ------------------------------------------------ */

/* Clients of one family of one rule, or with NULL all of that family. */
static void decide_rule(struct search *s, const struct conf_rule *rule,
			uint16_t family)
{
	struct nft_nat_clients clients = {
		.conf = s->conf,
		.rule = rule,
		.host = &s->host,
		.family = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6,
	};
	const struct conf_list none = { .n = 0 };
	const struct conf_list *nets = rule ? &rule->clients : &none;

	if (nets->n == 0)
		decide(s, &clients);
	for (uint32_t i = 0; i < nets->n && !s->found.source; i++) {
		clients.net = &s->conf->nets[nets->first + i];
		if (clients.net->family == family)
			decide(s, &clients);
	}
}

static bool is_asked(const struct conf_tables *conf,
		     const struct conf_rule *rule, uint16_t family)
{
	uint32_t i = 0;

	while (i < rule->to.n &&
	       conf->dests[rule->to.first + i].net.family != family)
		i++;
	return i < rule->to.n && rule->source == CONF_SOURCE_AUTO;
}

static void decide_family(struct search *s, uint16_t family)
{
	const uint32_t n = s->conf ? s->conf->n_rules : 0;
	bool asked = !s->conf;

	if (asked)
		decide_rule(s, NULL, family);
	for (uint32_t i = 0; i < n && !s->found.source; i++) {
		const struct conf_rule *rule = &s->conf->rules[i];

		if (!is_asked(s->conf, rule, family))
			continue;
		asked = true;
		decide_rule(s, rule, family);
	}
	if (!asked || s->found.source)
		return;
	if (family == AF_INET)
		s->found.source = nft_nat_legacy("/proc/net/ip_tables_names",
						 "IPv4", &s->found);
	else
		s->found.source = nft_nat_legacy("/proc/net/ip6_tables_names",
						 "IPv6", &s->found);
}

static bool asks_for_ways(const struct nft_nat_rules *rules)
{
	for (const struct nft_nat_chain *c = rules->chains; c; c = c->next) {
		for (const struct nft_nat_rule *r = c->rules; r; r = r->next) {
			for (size_t i = 0; i < r->n_tests; i++) {
				if (r->tests[i].field == NFT_NAT_FIELD_OIF ||
				    r->tests[i].field == NFT_NAT_FIELD_OIFNAME)
					return true;
			}
		}
	}
	return false;
}

static void clear(struct search *s)
{
	nft_nat_rules_done(&s->rules);
	nft_nat_host_done(&s->host);
}

static int read_all(struct nft_link *link, struct search *s)
{
	int r = nft_nat_rules_read(link, &s->rules);

	if (!r && s->conf)
		r = nft_nat_host_read(s->conf, asks_for_ways(&s->rules),
				      &s->host);
	return r;
}

int nft_nat_source(struct nft_link *link, const struct conf_tables *conf,
		   struct nft_nat *out, struct nft_error *why)
{
	struct search s = { .conf = conf,
			    .found.why = "no source NAT for these clients" };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		clear(&s);
		r = read_all(link, &s);
	}
	if (r) {
		(void)snprintf(why->text, sizeof(why->text),
			       "looking for source NAT: %s",
			       strerrordesc_np(-r));
	} else {
		decide_family(&s, AF_INET);
		if (!s.found.source)
			decide_family(&s, AF_INET6);
		*out = s.found;
	}
	clear(&s);
	return r;
}
