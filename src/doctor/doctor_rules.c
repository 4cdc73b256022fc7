/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_rules.c - checks: what others' rules and tables do */
#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/netfilter.h>
#include <string.h>

#include "doctor_internal.h"
#include "nft_model.h"

/* "rule 7 of chain ip mangle PREROUTING"; for printf. */
#define PLACE "rule %llu of chain %s %s %s"
#define PLACE_OF(r)                                                           \
	(unsigned long long)(r)->handle, probe_chains_family((r)->at.family), \
		(r)->at.table, (r)->at.chain

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

		if (h->table == NFT_TABLE_MAIN && c->base &&
		    !strcmp(c->name, h->name) && c->hook == h->hook &&
		    c->priority == h->priority)
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
		doctor_mend(d, "let it leave out the destinations of Wayside's "
			       "rules, or stop that program");
	}
	for (uint32_t i = 0; i < d->f->chains.n; i++) {
		const struct probe_chain *c = &d->f->chains.v[i];

		if (!has_our_name(c) || is_ours(c))
			continue;
		doctor_find(d, DOCTOR_DEGRADED,
			    "table inet " NFT_TABLE
			    " has a chain that is not Wayside's: %s",
			    c->name);
		doctor_mend(d, "rename that table where it is made, then run: "
			       "nft delete table inet " NFT_TABLE);
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
			doctor_mend(d,
				    "give that rule other bits: 0x%x and "
				    "0x%x are Wayside's",
				    DOCTOR_MARK, DOCTOR_MARK_LOCAL);
		} else if (r->whole) {
			doctor_find(d, DOCTOR_NOTICE,
				    PLACE " writes a whole mark, and with it "
					  "clears Wayside's bits",
				    PLACE_OF(r));
			doctor_mend(d, "let it write its own bits alone (nft: "
				       "meta mark set meta mark and 0x... or "
				       "0x...; iptables: --set-xmark "
				       "VALUE/MASK)");
		} else if ((r->wants & DOCTOR_BITS) && !r->accepts) {
			doctor_find(d, DOCTOR_NOTICE,
				    PLACE " looks at bits 0x%x of a mark",
				    PLACE_OF(r), r->wants & DOCTOR_BITS);
		}
	}
}

void doctor_check_routing(struct doctor *d)
{
	const struct doctor_routing *rt = &d->f->routing;

	if (!doctor_known(d, d->f->no_routing))
		return;
	for (uint32_t i = 0; i < rt->n; i++) {
		const struct doctor_route_rule *r = &rt->v[i];
		const char *ip = r->family == AF_INET ? "ip" : "ip -6";

		doctor_find(d, DOCTOR_DEGRADED,
			    "a routing rule of somebody else: priority %u, "
			    "fwmark 0x%x/0x%x, table %u (%s rule)",
			    r->priority, r->mark, r->mask, r->table, ip);
		doctor_mend(d,
			    "give it another priority than %u to %u, another "
			    "table than %u and other bits than 0x%x and 0x%x",
			    DOCTOR_PRIORITY_FIRST, DOCTOR_PRIORITY_LAST,
			    DOCTOR_TABLE, DOCTOR_MARK, DOCTOR_MARK_LOCAL);
	}
	if (rt->n_routes) {
		doctor_find(d, DOCTOR_DEGRADED,
			    "routes of somebody else in table %u: %u",
			    DOCTOR_TABLE, rt->n_routes);
		doctor_mend(d,
			    "run: ip route show table %u; ip -6 route show "
			    "table %u; and put them into another one",
			    DOCTOR_TABLE, DOCTOR_TABLE);
	}
}
