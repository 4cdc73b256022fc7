/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_route.c - the policy routing that delivers marked packets here */
#include "nft_route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base_fd.h"
#include "base_log.h"
#include "nft_check.h"
#include "nft_link.h"

#define TABLE     7700
#define FIRST     7700 /* of our priorities */
#define BEHIND    7703 /* the last one */
#define LOOPBACK  "lo"
#define TRIES     5 /* of a dump that somebody's change interrupts */

#define RULES_MAX 16 /* wrong ones that are removed in one go */
#define RULE_LEN  512

/* The routing rules, in the order in which they come. What this host sends
 * itself jumps over ours, and is routed as it would be without the mark: by
 * whatever rules a VPN or a second uplink brought, not by table main only. */
static const struct row {
	uint32_t priority;
	uint32_t action; /* FR_ACT_* */
	uint32_t table;  /* FR_ACT_TO_TBL */
	uint32_t target; /* FR_ACT_GOTO */
	uint32_t mark;
	enum nft_routing routing; /* that needs it first */
	const char *iif;          /* "" = any */
} rows[] = {
	{ BEHIND, FR_ACT_NOP, 0, 0, NFT_MARK, NFT_ROUTING_TAKEN, "" },
	{ 7700, FR_ACT_GOTO, 0, BEHIND, NFT_MARK, NFT_ROUTING_TAKEN, LOOPBACK },
	{ 7701, FR_ACT_TO_TBL, TABLE, 0, NFT_MARK, NFT_ROUTING_TAKEN, "" },
	{ 7702, FR_ACT_TO_TBL, TABLE, 0, NFT_MARK_LOCAL, NFT_ROUTING_LOCAL,
	  "" },
};

static const uint8_t families[] = { AF_INET, AF_INET6 };

/* Our routing rules of one family, as a dump gives them. */
struct found {
	enum nft_routing routing;       /* one of each row of it is right */
	unsigned n[WS_ARRAY_LEN(rows)]; /* how often each row is there */
	unsigned n_strange;             /* like none of the rows */
	unsigned n_wrong;               /* strange, double or not wanted */
	unsigned n_kept;
	char wrong[RULES_MAX][RULE_LEN]; /* the first messages, as dumped */
};

static const char *family_name(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static int fail(struct nft_error *why, uint8_t family, const char *what,
		int error)
{
	(void)snprintf(why->text, sizeof(why->text), "%s %s: %s%s",
		       family_name(family), what, strerrordesc_np(-error),
		       error == -EPERM ? ": CAP_NET_ADMIN is needed" : "");
	return error;
}

/* Can a listener stand on ::1? */
static bool has_ipv6(void)
{
	const struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 &&
	       bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0;
}

static int open_link(struct nft_link **l, struct nft_error *why)
{
	int on = 1;
	const int r = nft_link_open(l, NETLINK_ROUTE);

	if (r)
		return fail(why, AF_INET, "routing socket", r);
	/* so that a dump of table 7700 does not walk all tables of a router */
	(void)mnl_socket_setsockopt((*l)->socket, NETLINK_GET_STRICT_CHK, &on,
				    sizeof(on));
	return 0;
}

static struct fib_rule_hdr *rule_message(struct nft_link *l, uint8_t family,
					 uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = nft_link_message(l);
	struct fib_rule_hdr *f;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	f = mnl_nlmsg_put_extra_header(h, sizeof(*f));
	f->family = family;
	return f;
}

static struct nlmsghdr *header_of(struct nft_link *l)
{
	return (struct nlmsghdr *)(void *)l->buf;
}

static int add_rule(struct nft_link *l, uint8_t family, const struct row *row)
{
	struct fib_rule_hdr *f =
		rule_message(l, family, RTM_NEWRULE, NLM_F_CREATE | NLM_F_ACK);
	struct nlmsghdr *h = header_of(l);

	f->action = (uint8_t)row->action;
	if (row->table)
		mnl_attr_put_u32(h, FRA_TABLE, row->table);
	if (row->target)
		mnl_attr_put_u32(h, FRA_GOTO, row->target);
	mnl_attr_put_u32(h, FRA_PRIORITY, row->priority);
	mnl_attr_put_u32(h, FRA_FWMARK, row->mark);
	mnl_attr_put_u32(h, FRA_FWMASK, row->mark);
	mnl_attr_put_u8(h, FRA_PROTOCOL, NFT_PROTOCOL);
	if (row->iif[0])
		mnl_attr_put_strz(h, FRA_IIFNAME, row->iif);
	return nft_link_ask(l, h, NULL, NULL);
}

/* What a rule's attributes say; those that are not there are 0 or "". */
struct rule {
	uint32_t priority, table, target, mark, mask;
	uint8_t protocol;
	bool narrow; /* it has a condition that no row has */
	const char *iif, *oif;
};

static int take_attr(const struct nlattr *a, void *arg)
{
	struct rule *r = arg;

	switch (mnl_attr_get_type(a)) {
	case FRA_PRIORITY:
		r->priority = mnl_attr_get_u32(a);
		break;
	case FRA_TABLE:
		r->table = mnl_attr_get_u32(a);
		break;
	case FRA_GOTO:
		r->target = mnl_attr_get_u32(a);
		break;
	case FRA_FWMARK:
		r->mark = mnl_attr_get_u32(a);
		break;
	case FRA_FWMASK:
		r->mask = mnl_attr_get_u32(a);
		break;
	case FRA_PROTOCOL:
		r->protocol = mnl_attr_get_u8(a);
		break;
	case FRA_IIFNAME:
		r->iif = mnl_attr_get_str(a);
		break;
	case FRA_OIFNAME:
		r->oif = mnl_attr_get_str(a);
		break;
	case FRA_UID_RANGE:
	case FRA_IP_PROTO:
	case FRA_SPORT_RANGE:
	case FRA_DPORT_RANGE:
		r->narrow = true;
		break;
	default: /* of the kernel's list, not of ours */
		break;
	}
	return MNL_CB_OK;
}

static bool is_row(const struct fib_rule_hdr *f, const struct rule *r,
		   const struct row *row)
{
	return f->action == row->action && !f->src_len && !f->dst_len &&
	       !f->tos && !(f->flags & FIB_RULE_INVERT) && !r->narrow &&
	       r->priority == row->priority && r->table == row->table &&
	       r->target == row->target && r->mark == row->mark &&
	       r->mask == row->mark && !strcmp(r->iif, row->iif) && !r->oif[0];
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	const struct fib_rule_hdr *f = mnl_nlmsg_get_payload(h);
	struct rule r = { .iif = "", .oif = "" };
	struct found *found = arg;
	size_t i = 0;

	if (mnl_attr_parse(h, sizeof(*f), take_attr, &r) < 0)
		return MNL_CB_ERROR;
	if (r.protocol != NFT_PROTOCOL || r.priority < FIRST ||
	    r.priority > BEHIND ||
	    (r.mark != NFT_MARK && r.mark != NFT_MARK_LOCAL))
		return MNL_CB_OK;
	while (i < WS_ARRAY_LEN(rows) && !is_row(f, &r, &rows[i]))
		i++;
	if (i == WS_ARRAY_LEN(rows))
		found->n_strange++;
	else if (found->n[i]++ == 0 && found->routing >= rows[i].routing)
		return MNL_CB_OK;
	found->n_wrong++;
	if (found->n_kept < RULES_MAX && h->nlmsg_len <= RULE_LEN)
		memcpy(found->wrong[found->n_kept++], h, h->nlmsg_len);
	return MNL_CB_OK;
}

/* Return: 0 or -errno; a family that the kernel does not have has no rules. */
static int find_rules(struct nft_link *l, uint8_t family,
		      enum nft_routing routing, struct found *found)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		memset(found, 0, sizeof(*found));
		found->routing = routing;
		(void)rule_message(l, family, RTM_GETRULE, NLM_F_DUMP);
		r = nft_link_ask(l, header_of(l), take_rule, found);
	}
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

/* Removes the rule of a dumped message: all of its attributes must match. */
static int remove_dumped(struct nft_link *l, const char *dumped)
{
	struct nlmsghdr *h = nft_link_message(l);
	const uint32_t seq = h->nlmsg_seq;

	memcpy(h, dumped, RULE_LEN);
	h->nlmsg_type = RTM_DELRULE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = seq;
	h->nlmsg_pid = 0;
	return nft_link_ask(l, h, NULL, NULL);
}

static int remove_wrong(struct nft_link *l, uint8_t family,
			enum nft_routing routing, struct found *found)
{
	int r = find_rules(l, family, routing, found);

	while (!r && found->n_wrong) {
		const unsigned before = found->n_wrong;

		for (unsigned i = 0; !r && i < found->n_kept; i++)
			r = remove_dumped(l, found->wrong[i]);
		if (!r)
			r = find_rules(l, family, routing, found);
		if (!r && found->n_wrong >= before)
			r = -EBUSY; /* somebody adds them as fast */
	}
	return r;
}

static int change_route(struct nft_link *l, uint8_t family, uint16_t type,
			uint16_t flags)
{
	struct nlmsghdr *h = nft_link_message(l);
	struct rtmsg *rt;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	rt->rtm_family = family;
	rt->rtm_table = RT_TABLE_UNSPEC; /* RTA_TABLE has it */
	rt->rtm_protocol = NFT_PROTOCOL;
	rt->rtm_scope = RT_SCOPE_HOST;
	rt->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(h, RTA_TABLE, TABLE);
	mnl_attr_put_u32(h, RTA_OIF, if_nametoindex(LOOPBACK));
	return nft_link_ask(l, h, NULL, NULL);
}

static int install_family(struct nft_link *l, uint8_t family,
			  enum nft_routing routing, struct nft_error *why)
{
	struct found found;
	int r = remove_wrong(l, family, NFT_ROUTING_LOCAL, &found);

	/* The route first: a rule that leads nowhere lets packets pass on. */
	if (!r)
		r = change_route(l, family, RTM_NEWROUTE,
				 NLM_F_CREATE | NLM_F_REPLACE);
	if (r)
		return fail(why, family, "route of table 7700", r);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		if (found.n[i] || routing < rows[i].routing)
			continue;
		r = add_rule(l, family, &rows[i]);
		if (r)
			return fail(why, family, "routing rule", r);
	}
	return 0;
}

int nft_route_install(enum nft_routing routing, struct nft_error *why)
{
	struct nft_link *l;
	int r;

	if (routing == NFT_ROUTING_NONE)
		return 0;
	r = open_link(&l, why);
	if (r)
		return r;
	for (size_t i = 0; !r && i < WS_ARRAY_LEN(families); i++) {
		if (families[i] == AF_INET6 && !has_ipv6())
			base_notice("routing: no IPv6 on " LOOPBACK
				    ", IPv6 is not intercepted");
		else
			r = install_family(l, families[i], routing, why);
	}
	nft_link_close(l);
	return r;
}

int nft_route_remove(enum nft_routing keep, struct nft_error *why)
{
	struct found found;
	struct nft_link *l;
	int r = open_link(&l, why);

	if (r)
		return r;
	for (size_t i = 0; !r && i < WS_ARRAY_LEN(families); i++) {
		r = remove_wrong(l, families[i], keep, &found);
		if (!r && keep == NFT_ROUTING_NONE)
			r = change_route(l, families[i], RTM_DELROUTE, 0);
		/* not there, or a family that this kernel does not have */
		if (r == -ESRCH || r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
			r = 0;
		if (r)
			fail(why, families[i], "routing", r);
	}
	nft_link_close(l);
	return r;
}

/* The routes of table 7700 in one family. */
struct routes {
	unsigned n_ours, n_others;
};

struct route {
	uint32_t table, oif;
};

static int take_route_attr(const struct nlattr *a, void *arg)
{
	struct route *r = arg;

	if (mnl_attr_get_type(a) == RTA_TABLE)
		r->table = mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == RTA_OIF)
		r->oif = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	struct route r = { .table = rt->rtm_table };
	struct routes *routes = arg;

	if (mnl_attr_parse(h, sizeof(*rt), take_route_attr, &r) < 0)
		return MNL_CB_ERROR;
	if (r.table != TABLE)
		return MNL_CB_OK;
	if (rt->rtm_type == RTN_LOCAL && !rt->rtm_dst_len && !rt->rtm_tos &&
	    rt->rtm_protocol == NFT_PROTOCOL &&
	    r.oif == if_nametoindex(LOOPBACK))
		routes->n_ours++;
	else
		routes->n_others++;
	return MNL_CB_OK;
}

static int find_routes(struct nft_link *l, uint8_t family,
		       struct routes *routes)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		struct nlmsghdr *h = nft_link_message(l);
		struct rtmsg *rt;

		memset(routes, 0, sizeof(*routes));
		h->nlmsg_type = RTM_GETROUTE;
		h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
		rt->rtm_family = family;
		mnl_attr_put_u32(h, RTA_TABLE, TABLE);
		r = nft_link_ask(l, h, take_route, routes);
	}
	/* a table that never had a route is not there */
	return r == -ENOENT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static void compare(const char *what, unsigned want, unsigned have,
		    uint8_t family, struct nft_report *report)
{
	if (have != want)
		nft_report_add(report, "%s: %s %s (%u of %u)",
			       have < want ? "missing" : "unexpected",
			       family_name(family), what, have, want);
}

static int check_family(struct nft_link *l, uint8_t family,
			enum nft_routing routing, struct nft_report *report,
			struct nft_error *why)
{
	const bool wanted = routing != NFT_ROUTING_NONE;
	struct routes routes;
	struct found found;
	char what[64];
	int r = find_rules(l, family, routing, &found);

	if (!r)
		r = find_routes(l, family, &routes);
	if (r)
		return fail(why, family, "routing", r);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		(void)snprintf(what, sizeof(what), "routing rule %u",
			       rows[i].priority);
		compare(what, routing >= rows[i].routing, found.n[i], family,
			report);
	}
	compare("routing rules of ours", 0, found.n_strange, family, report);
	compare("route in table 7700", wanted, routes.n_ours, family, report);
	compare("routes of others in table 7700", 0, routes.n_others, family,
		report);
	return 0;
}

int nft_route_check(enum nft_routing routing, struct nft_report *report,
		    struct nft_error *why)
{
	struct nft_link *l;
	int r = open_link(&l, why);

	if (r)
		return r;
	for (size_t i = 0; !r && i < WS_ARRAY_LEN(families); i++) {
		if (families[i] == AF_INET || has_ipv6())
			r = check_family(l, families[i], routing, report, why);
	}
	nft_link_close(l);
	return r;
}
