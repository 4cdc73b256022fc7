/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat_match.c - can a rule of others apply to these clients?
 *
 * Each condition is asked alone whether any client, or any server, can make it
 * hold. So the answer "no" is certain and "yes" means "not known to be no".
 */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/netfilter.h>
#include <stddef.h>
#include <string.h>

#include "nft_nat_internal.h"

#define LOOPBACK "lo"

/* Where the addresses lie: in the header, and in `struct base_net`. */
static const struct place {
	uint8_t source, destination; /* offsets in the header */
	size_t len, skip;
	uint16_t family;
} places[] = {
	{ 12, 16, 4, 12, AF_INET },
	{ 8, 24, 16, 0, AF_INET6 },
};

static const struct place *place_of(const struct nft_nat_clients *c)
{
	return &places[c->family == NFPROTO_IPV6];
}

/* First and last address of a network, as the header has them. */
static struct nft_nat_range range_of(const struct base_net *n,
				     const struct place *p)
{
	struct nft_nat_range r = { .first = { 0 } };

	memcpy(r.first, n->ip + p->skip, p->len);
	memcpy(r.last, r.first, p->len);
	for (size_t bit = n->bits; bit < p->len * 8; bit++)
		r.last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return r;
}

static bool overlap(const struct nft_nat_range *a,
		    const struct nft_nat_range *b, size_t len)
{
	return memcmp(a->first, b->last, len) <= 0 &&
	       memcmp(b->first, a->last, len) <= 0;
}

static bool within(const struct nft_nat_range *a, const struct nft_nat_range *b,
		   size_t len)
{
	return memcmp(b->first, a->first, len) <= 0 &&
	       memcmp(a->last, b->last, len) <= 0;
}

/* Of the values that a test asks for the i-th; NULL behind the last. */
static const struct nft_nat_range *value_at(const struct nft_nat_test *t,
					    size_t i)
{
	if (t->set)
		return i < t->set->n ? &t->set->v[i] : NULL;
	return i == 0 ? &t->one : NULL;
}

/* Can one of my values hold the condition? */
static bool range_may(const struct nft_nat_test *t,
		      const struct nft_nat_range *mine, size_t len)
{
	const struct nft_nat_range *v;

	for (size_t i = 0; (v = value_at(t, i)); i++) {
		if (!t->negated && overlap(v, mine, len))
			return true;
		if (t->negated && within(mine, v, len))
			return false;
	}
	return t->negated;
}

/* --- addresses ----------------------------------------------------------- */

static bool net_may(const struct nft_nat_test *t, const struct base_net *net,
		    const struct place *p)
{
	const struct nft_nat_range mine = range_of(net, p);

	return range_may(t, &mine, p->len);
}

static bool is_open(const char *pattern)
{
	const size_t len = strlen(pattern);

	return len && pattern[len - 1] == '*';
}

static bool name_fits(const char *pattern, const char *name)
{
	if (is_open(pattern))
		return !strncmp(pattern, name, strlen(pattern) - 1);
	return !strcmp(pattern, name);
}

/* Do this rule's clients come in by that interface? Without a list they come by
 * any, only that nobody has trackers among his own guests. */
static bool is_theirs(const struct nft_nat_clients *c,
		      const struct nft_nat_near *near)
{
	const struct conf_list *l = &c->rule->interfaces;

	for (uint32_t i = 0; i < l->n; i++) {
		if (name_fits(c->conf->ifaces[l->first + i], near->name))
			return true;
	}
	return l->n == 0 && !near->guests && strcmp(near->name, LOOPBACK) != 0;
}

/* Is it known where these addresses are, and that no client is there? The
 * longest prefix says it, as in routing. */
static bool is_elsewhere(const struct nft_nat_clients *c,
			 const struct nft_nat_range *v)
{
	const struct place *p = place_of(c);
	int here = -1, elsewhere = -1;

	for (size_t i = 0; c->conf && i < c->host->n_near; i++) {
		const struct nft_nat_near *near = &c->host->near[i];
		const struct nft_nat_range r = range_of(&near->net, p);
		const int bits = near->net.bits;

		if (near->net.family != p->family || !overlap(v, &r, p->len))
			continue;
		if (is_theirs(c, near))
			here = bits > here ? bits : here;
		else if (within(v, &r, p->len))
			elsewhere = bits > elsewhere ? bits : elsewhere;
	}
	return elsewhere > here;
}

/* Clients of whom nothing is said. */
static bool any_may(const struct nft_nat_test *t,
		    const struct nft_nat_clients *c, bool unsure)
{
	static const struct base_net nets[] = { { .family = AF_INET },
						{ .family = AF_INET6 } };
	const struct nft_nat_range *v;

	if (t->negated || unsure)
		return net_may(t, &nets[c->family == NFPROTO_IPV6],
			       place_of(c));
	for (size_t i = 0; (v = value_at(t, i)); i++) {
		if (!is_elsewhere(c, v))
			return true;
	}
	return false;
}

static bool server_may(const struct nft_nat_test *t,
		       const struct nft_nat_clients *c)
{
	const struct place *p = place_of(c);

	for (uint32_t i = 0; c->conf && i < c->rule->to.n; i++) {
		const struct base_net *net =
			&c->conf->dests[c->rule->to.first + i].net;

		if (net->family == p->family && net_may(t, net, p))
			return true;
	}
	return !c->conf;
}

static bool header_may(const struct nft_nat_test *t,
		       const struct nft_nat_clients *c, bool unsure)
{
	const struct place *p = place_of(c);

	if (t->len > p->len || (t->set && t->len != p->len))
		return true;
	if (t->offset == p->source)
		return c->net ? net_may(t, c->net, p) : any_may(t, c, unsure);
	return t->offset != p->destination || server_may(t, c);
}

/* --- interfaces ---------------------------------------------------------- */

/* A name, or as in the configuration "wg*": every name that begins so. */
static struct nft_nat_range names_of(const char *pattern)
{
	const bool open = is_open(pattern);
	const size_t len = strlen(pattern) - open;
	struct nft_nat_range r = { .first = { 0 } };

	memset(r.last, open ? 0xff : 0, sizeof(r.last));
	memcpy(r.first, pattern, len);
	memcpy(r.last, pattern, len);
	return r;
}

/* The same condition on a name; false when an interface is not there. */
static bool name_test(struct nft_nat_test *t, const struct nft_nat_range *index)
{
	char name[IF_NAMESIZE];
	unsigned n;

	memcpy(&n, index->first, sizeof(n));
	if (!if_indextoname(n, name))
		return false;
	t->one = names_of(name);
	t->set = NULL;
	return true;
}

/* Can an interface of such a name hold the condition? */
static bool name_may(const struct nft_nat_test *t, const char *pattern)
{
	const struct nft_nat_range mine = names_of(pattern), *v;

	if (t->field == NFT_NAT_FIELD_IIFNAME ||
	    t->field == NFT_NAT_FIELD_OIFNAME)
		return range_may(t, &mine, sizeof(mine.first));
	for (size_t i = 0; (v = value_at(t, i)); i++) {
		struct nft_nat_test named = *t;

		if (t->len != sizeof(unsigned) || !name_test(&named, v))
			return true;
		if (range_may(&named, &mine, sizeof(mine.first)) != t->negated)
			return !t->negated;
	}
	return t->negated;
}

static bool came_by(const struct nft_nat_test *t,
		    const struct nft_nat_clients *c)
{
	const struct conf_list *l = c->conf ? &c->rule->interfaces : NULL;

	for (uint32_t i = 0; l && i < l->n; i++) {
		if (name_may(t, c->conf->ifaces[l->first + i]))
			return true;
	}
	return !l || l->n == 0;
}

/* Without any route it counts: there will be one. */
static bool leaves_by(const struct nft_nat_test *t,
		      const struct nft_nat_clients *c)
{
	bool may = true;

	for (size_t i = 0; c->conf && i < c->host->n_ways; i++) {
		const struct nft_nat_way *w = &c->host->ways[i];
		char name[IF_NAMESIZE];

		if (w->family != place_of(c)->family)
			continue;
		may = !w->index || !if_indextoname(w->index, name) ||
		      name_may(t, name);
		if (may)
			break;
	}
	return may;
}

/* --- all ----------------------------------------------------------------- */

static bool byte_may(const struct nft_nat_test *t, uint8_t byte)
{
	const struct nft_nat_range mine = { .first = { byte },
					    .last = { byte } };

	return range_may(t, &mine, sizeof(byte));
}

static bool test_may(const struct nft_nat_test *t,
		     const struct nft_nat_clients *c, bool unsure)
{
	if (t->set && (!t->set->known || t->set->len != t->len))
		return true;
	switch (t->field) {
	case NFT_NAT_FIELD_NETWORK:
		return header_may(t, c, unsure);
	case NFT_NAT_FIELD_FAMILY:
		return byte_may(t, c->family);
	case NFT_NAT_FIELD_L4PROTO:
		return !c->conf ||
		       byte_may(t, c->rule->transport == CONF_TRANSPORT_UDP
					   ? IPPROTO_UDP
					   : IPPROTO_TCP);
	case NFT_NAT_FIELD_IIF:
	case NFT_NAT_FIELD_IIFNAME:
		return came_by(t, c);
	case NFT_NAT_FIELD_OIF:
	case NFT_NAT_FIELD_OIFNAME:
		return unsure || leaves_by(t, c);
	case NFT_NAT_FIELD_MAX:
		break;
	}
	return true;
}

bool nft_nat_match(const struct nft_nat_rule *r,
		   const struct nft_nat_clients *c, bool unsure)
{
	for (size_t i = 0; i < r->n_tests; i++) {
		if (!test_may(&r->tests[i], c, unsure || r->unsure))
			return false;
	}
	return true;
}
