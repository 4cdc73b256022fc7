/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_rules.c - checks: what others' rules and tables do */
#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "doctor_internal.h"
#include "nft_model.h"

/* "rule 7 of chain ip mangle PREROUTING"; for printf. */
#define PLACE "rule %llu of chain %s %s %s"
#define PLACE_OF(r)                                                           \
	(unsigned long long)(r)->handle, probe_chains_family((r)->at.family), \
		(r)->at.table, (r)->at.chain

/* What takes such a rule away; `instead`: what is better. */
static void mend_rule(struct doctor *d, const struct doctor_rule *r,
		      const char *instead)
{
	if (probe_chains_owned(&d->f->chains, r->at.family, r->at.table))
		doctor_say(d, DOCTOR_NOTE,
			   "nobody but the owner of that table can change it");
	else if (probe_chains_plain(r->at.table) &&
		 probe_chains_plain(r->at.chain))
		doctor_say(d, DOCTOR_MEND,
			   "nft delete rule %s %s %s handle %llu",
			   probe_chains_family(r->at.family), r->at.table,
			   r->at.chain, (unsigned long long)r->handle);
	doctor_say(d, DOCTOR_NOTE, "or, where it is made: %s", instead);
}

void doctor_check_invalid(struct doctor *d)
{
	const struct doctor_ruleset *rs = &d->f->rules;

	if (!doctor_known(d, d->f->no_ruleset))
		return;
	for (uint32_t i = 0; i < rs->n; i++) {
		if (rs->v[i].invalid && rs->v[i].drops)
			doctor_find(d, DOCTOR_NOTICE,
				    PLACE " drops packets that are invalid to "
					  "conntrack, or may",
				    PLACE_OF(&rs->v[i]));
	}
}

void doctor_check_nat(struct doctor *d)
{
	if (!doctor_known(d, d->f->no_nat))
		return;
	if (d->f->nat.source)
		doctor_find(d, DOCTOR_NOTICE, "%s", d->f->nat.why);
}

static const struct doctor_rule *find_tproxy(const struct doctor_ruleset *rs,
					     uint32_t from)
{
	for (uint32_t i = from; i < rs->n; i++) {
		if (rs->v[i].tproxy)
			return &rs->v[i];
	}
	return NULL;
}

static bool is_ours(const struct probe_chain *c)
{
	for (size_t i = 0; i < NFT_CHAIN_MAX; i++) {
		const struct nft_hook *h = &nft_hooks[i];

		if (h->table == NFT_TABLE_MAIN && !strcmp(c->name, h->name) &&
		    c->base == (h->type != NULL) &&
		    (!c->base ||
		     (c->hook == h->hook && c->priority == h->priority)))
			return true;
	}
	return false;
}

static bool has_our_name(const struct probe_chain *c)
{
	return c->family == NFPROTO_INET && !strcmp(c->table, NFT_TABLE);
}

void doctor_check_tables(struct doctor *d)
{
	const struct doctor_ruleset *rs = &d->f->rules;
	const struct doctor_rule *r = NULL;

	if (!doctor_known(d, d->f->no_ruleset))
		return;
	for (uint32_t i = 0; (r = find_tproxy(rs, i));
	     i = (uint32_t)(r - rs->v) + 1) {
		doctor_find(d, DOCTOR_DEGRADED,
			    PLACE " hands packets to another program (tproxy)",
			    PLACE_OF(r));
		mend_rule(d, r,
			  "let it leave out the destinations of Wayside's "
			  "rules");
	}
	for (uint32_t i = 0; i < d->f->chains.n; i++) {
		const struct probe_chain *c = &d->f->chains.v[i];

		if (!has_our_name(c) || is_ours(c))
			continue;
		doctor_find(d, DOCTOR_DEGRADED,
			    "table inet " NFT_TABLE
			    " has a chain that is not Wayside's: %s",
			    c->name);
		doctor_say(d, DOCTOR_MEND, "nft delete table inet " NFT_TABLE);
		doctor_say(d, DOCTOR_NOTE,
			   "rename that table where it is made");
		return;
	}
}

void doctor_check_flowtables(struct doctor *d)
{
	const struct doctor_ruleset *rs = &d->f->rules;

	if (!doctor_known(d, d->f->no_ruleset))
		return;
	if (rs->n_flowtables)
		doctor_find(d, DOCTOR_NOTICE, "flowtable %s of table %s %s",
			    rs->flowtable.chain,
			    probe_chains_family(rs->flowtable.family),
			    rs->flowtable.table);
}

void doctor_check_marks(struct doctor *d)
{
	const struct doctor_ruleset *rs = &d->f->rules;

	if (!doctor_known(d, d->f->no_ruleset))
		return;
	for (uint32_t i = 0; i < rs->n; i++) {
		const struct doctor_rule *r = &rs->v[i];

		if (r->sets & DOCTOR_BITS) {
			doctor_find(d, DOCTOR_DEGRADED,
				    PLACE " writes bits 0x%x of a mark",
				    PLACE_OF(r), r->sets & DOCTOR_BITS);
			mend_rule(d, r,
				  "give it bits other than 0x10000 and "
				  "0x20000");
		} else if (r->whole) {
			doctor_find(d, DOCTOR_NOTICE,
				    PLACE " writes a whole mark, and with it "
					  "clears Wayside's bits",
				    PLACE_OF(r));
			doctor_say(d, DOCTOR_NOTE,
				   "let it write its own bits alone (nft: "
				   "meta mark set meta mark and 0x... or "
				   "0x...; iptables: --set-xmark VALUE/MASK)");
		} else if ((r->wants & DOCTOR_BITS) && !r->accepts) {
			doctor_find(d, DOCTOR_NOTICE,
				    PLACE " looks at bits 0x%x of a mark",
				    PLACE_OF(r), r->wants & DOCTOR_BITS);
		}
	}
}

/* In the words of ip-rule(8); "" is what a table says already. */
static const char *action_word(uint8_t action)
{
	switch (action) {
	case FR_ACT_BLACKHOLE:
		return " blackhole";
	case FR_ACT_UNREACHABLE:
		return " unreachable";
	case FR_ACT_PROHIBIT:
		return " prohibit";
	default: /* of the kernel's list, not of ours */
		return "";
	}
}

/* The kernel deletes the first rule that has all that a command names, and who
 * made it is no part of that where nobody said so. */
static bool could_be_ours(const struct doctor_route_rule *r)
{
	return !r->protocol && r->priority >= DOCTOR_PRIORITY_FIRST &&
	       r->priority <= DOCTOR_PRIORITY_LAST &&
	       (r->table == DOCTOR_TABLE || r->action == FR_ACT_GOTO ||
		r->action == FR_ACT_NOP);
}

/* What is 0 is no part of the command. */
static void mend_routing_rule(struct doctor *d,
			      const struct doctor_route_rule *r, const char *ip)
{
	char mark[40] = "", table[24] = "", protocol[16] = "";

	if (r->mask)
		(void)snprintf(mark, sizeof(mark), " fwmark 0x%x/0x%x", r->mark,
			       r->mask);
	if (r->table)
		(void)snprintf(table, sizeof(table), " table %u", r->table);
	if (r->protocol)
		(void)snprintf(protocol, sizeof(protocol), " protocol %u",
			       r->protocol);
	if (could_be_ours(r))
		doctor_say(d, DOCTOR_NOTE,
			   "delete it with all that %s rule shows of it: by "
			   "less the kernel may find Wayside's instead",
			   ip);
	else
		doctor_say(d, DOCTOR_MEND, "%s rule del priority %u%s%s%s%s",
			   ip, r->priority, mark, table, action_word(r->action),
			   protocol);
	doctor_say(d, DOCTOR_NOTE,
		   "or, where it is made: a priority other than %u to %u, a "
		   "table other than %u and bits other than 0x%x and 0x%x",
		   DOCTOR_PRIORITY_FIRST, DOCTOR_PRIORITY_LAST, DOCTOR_TABLE,
		   DOCTOR_MARK, DOCTOR_MARK_LOCAL);
}

static const char *ip_of(uint16_t family)
{
	return family == AF_INET6 ? "ip -6" : "ip";
}

void doctor_check_routing(struct doctor *d)
{
	const struct doctor_routing *rt = &d->f->routing;

	if (!doctor_known(d, d->f->no_routing))
		return;
	for (uint32_t i = 0; i < rt->n; i++) {
		const struct doctor_route_rule *r = &rt->v[i];
		const char *ip = ip_of(r->family);

		doctor_find(d, DOCTOR_DEGRADED,
			    "a routing rule of somebody else: priority %u, "
			    "fwmark 0x%x/0x%x, table %u (%s rule)",
			    r->priority, r->mark, r->mask, r->table, ip);
		mend_routing_rule(d, r, ip);
	}
	doctor_more(d, DOCTOR_DEGRADED, rt->n_more);
	for (uint32_t i = 0; i < rt->n_routes; i++) {
		const struct doctor_routes *r = &rt->routes[i];
		const char *ip = ip_of(r->family);

		doctor_find(d, DOCTOR_DEGRADED,
			    "routes of somebody else in table %u: %u (%s route "
			    "show table %u)",
			    DOCTOR_TABLE, r->n, ip, DOCTOR_TABLE);
		doctor_say(d, DOCTOR_MEND,
			   "%s route flush table %u protocol %u", ip,
			   DOCTOR_TABLE, r->protocol);
		doctor_say(d, DOCTOR_NOTE, "put them into another table");
	}
}
