/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_firewall.c - which firewall blocks, and the line that it needs */
#include "probe_firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "nft.h"
#include "nft_link.h"
#include "probe_chains.h"

#define STRING_OF(x) #x
#define TEXT_OF(x)   STRING_OF(x)
#define MARK_TEXT    TEXT_OF(NFT_MARK)

/* What lets packets through: those that are marked come in, answers get out. */
#define NFT_IN    "meta mark and " MARK_TEXT " == " MARK_TEXT " accept"
#define NFT_OUT   "ct state established accept"
#define IPT_IN    "-m mark --mark " MARK_TEXT "/" MARK_TEXT " -j ACCEPT"
#define IPT_OUT   "-m conntrack --ctstate ESTABLISHED -j ACCEPT"

#define NAMES_MAX 4096 /* of /proc/net/ip_tables_names */

enum {
	V4,
	V6,
	FAMILIES
};

struct explaining {
	const struct probe_result *result;
	const struct probe_firewalls *firewalls;
	bool out; /* it is the answer that does not get through */
	void (*line)(void *arg, const char *text);
	void *arg;
};

static void say(const struct explaining *e, const char *fmt, ...)
	WS_PRINTF(2, 3);

static void say(const struct explaining *e, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	e->line(e->arg, text);
}

static const char *clause(const struct explaining *e)
{
	return e->out ? NFT_OUT : NFT_IN;
}

static void run_nft(const struct explaining *e, const struct probe_chain *at)
{
	say(e, PROBE_RUN "nft insert rule %s %s %s %s",
	    probe_chains_family(at->family), at->table, at->name, clause(e));
}

static void mend_nft(const struct explaining *e, const struct probe_chain *at)
{
	run_nft(e, at);
	say(e,
	    PROBE_KEEP "`%s` as the first rule of that chain in "
		       "/etc/nftables.conf, or wherever its rules are written",
	    clause(e));
}

static void mend_firewalld(const struct explaining *e,
			   const struct probe_chain *at)
{
	if (probe_chains_owned(e->firewalls->chains, at->family, at->table)) {
		say(e, "firewalld lets nobody else change its table: set "
		       "NftablesTableOwner=no in "
		       "/etc/firewalld/firewalld.conf, then");
		say(e, PROBE_RUN "systemctl restart firewalld");
	}
	run_nft(e, at);
	say(e, PROBE_KEEP
	    "firewalld has no word for marks, and forgets the "
	    "rule when it reloads: the same command as ExecStartPost= and "
	    "as a second ExecReload= (systemctl edit firewalld)");
}

static void mend_fw4(const struct explaining *e, const struct probe_chain *at)
{
	run_nft(e, at);
	say(e,
	    PROBE_KEEP
	    "a file "
	    "/usr/share/nftables.d/chain-pre/%s/wayside.nft with the line "
	    "`%s`",
	    at->name, clause(e));
}

static void run_iptables(const struct explaining *e, const char *command)
{
	say(e, PROBE_RUN "%s -I %s %s", command, e->out ? "OUTPUT" : "INPUT",
	    e->out ? IPT_OUT : IPT_IN);
}

static void keep_iptables(const struct explaining *e, int family, bool ufw)
{
	const char *six = family == V6 ? "6" : "";

	if (ufw)
		say(e,
		    PROBE_KEEP "`-A ufw%s-before-%s %s` before COMMIT in "
			       "/etc/ufw/before%s.rules",
		    six, e->out ? "output" : "input", e->out ? IPT_OUT : IPT_IN,
		    six);
	else
		say(e, PROBE_KEEP "netfilter-persistent save, or whatever "
				  "restores your iptables rules");
}

static void mend_iptables(const struct explaining *e,
			  const struct probe_chain *at)
{
	const int family = at->family == NFPROTO_IPV6 ? V6 : V4;

	run_iptables(e, family == V6 ? "ip6tables-nft" : "iptables-nft");
	keep_iptables(e, family,
		      probe_chains_have(e->firewalls->chains, at->family,
					at->table, "ufw"));
}

/* Firewalls that somebody else writes; family 0: IPv4's and IPv6's. The last
 * one is any. */
static const struct kind {
	const char *name;
	uint8_t family;
	const char *table, *chain; /* NULL: any */
	void (*mend)(const struct explaining *e, const struct probe_chain *at);
} kinds[] = {
	{ "firewalld", NFPROTO_INET, "firewalld", NULL, mend_firewalld },
	{ "OpenWrt's fw4", NFPROTO_INET, "fw4", NULL, mend_fw4 },
	{ "iptables", 0, "filter", "INPUT", mend_iptables },
	{ "iptables", 0, "filter", "OUTPUT", mend_iptables },
	{ "nft", NFPROTO_UNSPEC, NULL, NULL, mend_nft },
};

static bool is_kind(const struct kind *k, const struct probe_chain *at)
{
	if (!k->table)
		return true;
	return (k->family ? at->family == k->family
			  : at->family == NFPROTO_IPV4 ||
				    at->family == NFPROTO_IPV6) &&
	       !strcmp(at->table, k->table) &&
	       (!k->chain || !strcmp(at->name, k->chain));
}

static void mend(const struct explaining *e, const struct probe_chain *at)
{
	const struct kind *k = kinds;

	while (!is_kind(k, at))
		k++;
	say(e, "%s: chain %s of table %s %s drops %s%s", k->name, at->name,
	    probe_chains_family(at->family), at->table,
	    e->out ? "the answers" : "what Wayside has marked",
	    at->drops ? " (policy drop)" : "");
	if (probe_chains_plain(at->table) && probe_chains_plain(at->name))
		k->mend(e, at);
	else
		say(e, "add this as its first rule: %s", clause(e));
}

/* The chain at the hook through which a packet came to this place; the place
 * itself where it is one. NULL: it has gone meanwhile. */
static const struct probe_chain *find_base(const struct explaining *e,
					   const struct probe_place *place)
{
	const struct probe_chains *c = e->firewalls->chains;
	const uint32_t hook = e->out ? NF_INET_LOCAL_OUT : NF_INET_LOCAL_IN;
	const struct probe_chain *found = NULL;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct probe_chain *v = &c->v[i];

		if (!v->base || v->family != place->family ||
		    strcmp(v->table, place->table) != 0)
			continue;
		if (!strcmp(v->name, place->chain))
			return v;
		if (v->hook == hook)
			found = v;
	}
	return found;
}

static bool is_of_family(const struct probe_chain *c, int family)
{
	return c->family == NFPROTO_INET ||
	       c->family == (family == V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

/* The kernel did not say who it was: all that may be meant. Return: how many.
 */
static unsigned mend_suspects(const struct explaining *e, int family)
{
	const struct probe_chains *c = e->firewalls->chains;
	const uint32_t hook = e->out ? NF_INET_LOCAL_OUT : NF_INET_LOCAL_IN;
	unsigned n = 0;

	for (uint32_t i = 0; !e->result->traced && i < c->n; i++) {
		const struct probe_chain *v = &c->v[i];

		if (v->base && v->drops && v->hook == hook &&
		    is_of_family(v, family)) {
			mend(e, v);
			n++;
		}
	}
	if (e->firewalls->legacy[family]) {
		const bool six = family == V6;

		say(e, "iptables (legacy): chain %s of table filter%s",
		    e->out ? "OUTPUT" : "INPUT", six ? " for IPv6" : "");
		run_iptables(e, six ? "ip6tables-legacy" : "iptables-legacy");
		keep_iptables(e, family, false);
		n++;
	}
	return n;
}

static void explain_family(const struct explaining *e, int family)
{
	const struct probe_place *place = &e->result->place[family];
	const struct probe_chain *base = *place->table ? find_base(e, place)
						       : NULL;

	say(e, "%s: %s", family == V4 ? "IPv4" : "IPv6",
	    e->out ? "the answer to an intercepted connection does not get out"
		   : "a firewall of this host drops what is intercepted");
	if (base)
		mend(e, base);
	else if (mend_suspects(e, family) == 0)
		say(e, "no chain was found that may do it");
}

static bool is_blocked(enum probe_verdict v)
{
	return v == PROBE_BLOCKED_IN || v == PROBE_BLOCKED_OUT;
}

static bool same_place(const struct probe_place *a, const struct probe_place *b)
{
	return *a->table && a->family == b->family &&
	       !strcmp(a->table, b->table) && !strcmp(a->chain, b->chain);
}

void probe_firewall_explain(const struct probe_result *result,
			    const struct probe_firewalls *f,
			    void (*line)(void *arg, const char *text),
			    void *arg)
{
	struct explaining e = {
		.result = result, .firewalls = f, .line = line, .arg = arg
	};

	for (int family = V4; family < FAMILIES; family++) {
		/* one line of an inet table mends both */
		if (!is_blocked(result->of[family]) ||
		    (family == V6 && is_blocked(result->of[V4]) &&
		     same_place(&result->place[V4], &result->place[V6])))
			continue;
		e.out = result->of[family] == PROBE_BLOCKED_OUT;
		explain_family(&e, family);
	}
}

bool probe_firewall_legacy(const char *names)
{
	while (*names) {
		const size_t len = strcspn(names, "\n");

		if (len == strlen("filter") && !strncmp(names, "filter", len))
			return true;
		names += len + (names[len] != 0);
	}
	return false;
}

/* Without legacy iptables in the kernel there is no such file. */
static bool look_for_legacy(const char *path)
{
	WS_CLEAN(base_fd_close)
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *names;
	size_t len;
	bool found;

	if (fd < 0 || base_fd_read_all(fd, NAMES_MAX, &names, &len))
		return false;
	found = probe_firewall_legacy(names);
	free(names);
	return found;
}

void probe_explain(const struct probe_result *result,
		   void (*line)(void *arg, const char *text), void *arg)
{
	struct probe_chains *chains = calloc(1, sizeof(*chains));
	struct probe_firewalls f = {
		.chains = chains,
		.legacy = { look_for_legacy("/proc/net/ip_tables_names"),
			    look_for_legacy("/proc/net/ip6_tables_names") },
	};
	struct nft_error why;
	struct nft_link *l;

	if (!chains || nft_open(&l, false, &why)) {
		line(arg, "a firewall of this host drops what is intercepted; "
			  "which one cannot be asked now");
		free(chains);
		return;
	}
	if (probe_chains_read(l, chains))
		line(arg, "not all nft chains could be read");
	probe_firewall_explain(result, &f, line, arg);
	nft_close(l);
	free(chains);
}
