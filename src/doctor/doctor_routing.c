/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_routing.c - others' routing rules and routes that touch us */
#include "doctor_routing.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "doctor_ruleset.h"
#include "nft.h"
#include "nft_link.h"

#define TRIES 5 /* of a dump that somebody's change interrupts */

static int take_rule_attr(const struct nlattr *a, void *arg)
{
	struct doctor_route_rule *rule = arg;

	if (mnl_attr_get_type(a) == FRA_PROTOCOL) {
		if (mnl_attr_validate(a, MNL_TYPE_U8) < 0)
			return MNL_CB_ERROR;
		rule->protocol = mnl_attr_get_u8(a);
		return MNL_CB_OK;
	}
	if (mnl_attr_get_payload_len(a) != sizeof(uint32_t))
		return MNL_CB_OK;
	switch (mnl_attr_get_type(a)) {
	case FRA_PRIORITY:
		rule->priority = mnl_attr_get_u32(a);
		break;
	case FRA_TABLE:
		rule->table = mnl_attr_get_u32(a);
		break;
	case FRA_FWMARK:
		rule->mark = mnl_attr_get_u32(a);
		break;
	case FRA_FWMASK:
		rule->mask = mnl_attr_get_u32(a);
		break;
	default: /* of the kernel's list, not of ours */
		break;
	}
	return MNL_CB_OK;
}

/* One that looks at all bits is about ours when it wants one of them. */
static bool wants_ours(const struct doctor_route_rule *r)
{
	return (r->mask == UINT32_MAX ? r->mark : r->mask) & DOCTOR_BITS;
}

static bool take_rule(struct doctor_routing *r, const struct nlmsghdr *h)
{
	struct doctor_route_rule rule = { .family = 0 };
	const struct fib_rule_hdr *f = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*f) ||
	    mnl_attr_parse(h, sizeof(*f), take_rule_attr, &rule) < 0)
		return false;
	rule.family = f->family;
	rule.action = f->action;
	if (rule.protocol == NFT_PROTOCOL ||
	    (!wants_ours(&rule) && rule.table != DOCTOR_TABLE &&
	     (rule.priority < DOCTOR_PRIORITY_FIRST ||
	      rule.priority > DOCTOR_PRIORITY_LAST)))
		return true;
	if (r->n < DOCTOR_ROUTES_MAX)
		r->v[r->n++] = rule;
	else
		r->n_more++;
	return true;
}

static int take_table(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == RTA_TABLE &&
	    mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		*(uint32_t *)arg = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static void count_route(struct doctor_routing *r, const struct rtmsg *rt)
{
	uint32_t i = 0;

	while (i < r->n_routes && (r->routes[i].family != rt->rtm_family ||
				   r->routes[i].protocol != rt->rtm_protocol))
		i++;
	if (i == DOCTOR_ROUTES_MAX)
		return; /* so many that the others say enough */
	if (i == r->n_routes)
		r->routes[r->n_routes++] =
			(struct doctor_routes){ .family = rt->rtm_family,
						.protocol = rt->rtm_protocol };
	r->routes[i].n++;
}

static bool take_route(struct doctor_routing *r, const struct nlmsghdr *h)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	uint32_t table;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*rt))
		return false;
	table = rt->rtm_table;
	if (mnl_attr_parse(h, sizeof(*rt), take_table, &table) < 0)
		return false;
	if (table == DOCTOR_TABLE && rt->rtm_protocol != NFT_PROTOCOL)
		count_route(r, rt);
	return true;
}

bool doctor_routing_take(struct doctor_routing *r, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWRULE:
		return take_rule(r, h);
	case RTM_NEWROUTE:
		return take_route(r, h);
	default: /* of the kernel's list, not of ours */
		return true;
	}
}

static int take(const struct nlmsghdr *h, void *arg)
{
	if (doctor_routing_take(arg, h))
		return MNL_CB_OK;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

static int dump_rules(struct nft_link *l, uint8_t family,
		      struct doctor_routing *r)
{
	struct nlmsghdr *h = nft_link_message(l);
	struct fib_rule_hdr *f;

	h->nlmsg_type = RTM_GETRULE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	f = mnl_nlmsg_put_extra_header(h, sizeof(*f));
	f->family = family;
	return nft_link_ask(l, h, take, r);
}

static int dump_routes(struct nft_link *l, uint8_t family,
		       struct doctor_routing *r)
{
	struct nlmsghdr *h = nft_link_message(l);
	struct rtmsg *rt;
	int error;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	rt->rtm_family = family;
	mnl_attr_put_u32(h, RTA_TABLE, DOCTOR_TABLE);
	error = nft_link_ask(l, h, take, r);
	/* a table that never had a route is not there */
	return error == -ENOENT ? 0 : error;
}

int doctor_routing_read(struct doctor_routing *r)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct nft_link *l;
	int error = nft_link_open(&l, NETLINK_ROUTE), on = 1;

	if (error)
		return error;
	/* so that a dump of our table does not walk all of a router's */
	(void)mnl_socket_setsockopt(l->socket, NETLINK_GET_STRICT_CHK, &on,
				    sizeof(on));
	error = -EINTR;
	for (int i = 0; error == -EINTR && i < TRIES; i++) {
		memset(r, 0, sizeof(*r));
		error = 0;
		for (size_t f = 0; !error && f < WS_ARRAY_LEN(families); f++) {
			error = dump_rules(l, families[f], r);
			if (!error)
				error = dump_routes(l, families[f], r);
			if (error == -EAFNOSUPPORT || error == -EOPNOTSUPP)
				error = 0;
		}
	}
	nft_link_close(l);
	return error;
}
