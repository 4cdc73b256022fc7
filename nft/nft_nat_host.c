/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_nat_host.c - this host's networks, and where it has servers */
#include "nft_nat.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft_link.h"
#include "nft_nat_internal.h"

/* An interface, and what its bridge has to be for guests. */
struct link_kind {
	unsigned index, bridge; /* the bridge that it is a port of, or 0 */
	bool is_bridge;
	bool is_guest; /* the end of what a container or a machine has */
};

struct links {
	struct link_kind *v;
	size_t n;
};

static int no_memory(void)
{
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

/* --- networks ------------------------------------------------------------ */

static int take_link_attr(const struct nlattr *a, void *arg)
{
	struct link_kind *l = arg;

	if (mnl_attr_get_type(a) == IFLA_MASTER &&
	    mnl_attr_validate(a, MNL_TYPE_U32) >= 0) {
		l->bridge = mnl_attr_get_u32(a);
	} else if (mnl_attr_get_type(a) == IFLA_LINKINFO) {
		const char *kind =
			nft_nat_text(nft_nat_nested(a).v[IFLA_INFO_KIND]);

		l->is_bridge = !strcmp(kind, "bridge");
		l->is_guest = !strcmp(kind, "veth") || !strcmp(kind, "tun");
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct links *links = arg;
	struct link_kind *v;

	v = realloc(links->v, (links->n + 1) * sizeof(*v));
	if (!v)
		return no_memory();
	links->v = v;
	v[links->n] = (struct link_kind){ .index = (unsigned)m->ifi_index };
	(void)mnl_attr_parse(h, sizeof(*m), take_link_attr, &v[links->n]);
	links->n++;
	return MNL_CB_OK;
}

/* A bridge is for guests when nothing else is at it: Docker's before its first
 * container, too. */
static bool has_guests(const struct links *links, unsigned index)
{
	bool guests = false;

	for (size_t i = 0; i < links->n; i++) {
		const struct link_kind *l = &links->v[i];

		if (l->bridge == index && !l->is_guest)
			return false;
		guests |= l->index == index && l->is_bridge;
	}
	return guests;
}

static struct base_net net_of(uint16_t family, const uint8_t *ip, unsigned bits)
{
	struct base_net n = { .family = family, .bits = (uint16_t)bits };
	uint8_t *to = family == AF_INET ? n.ip + 12 : n.ip;

	if (family == AF_INET)
		n.ip[10] = n.ip[11] = 0xff;
	for (unsigned bit = 0; bit < bits; bit++)
		to[bit / 8] |= ip[bit / 8] & (0x80 >> bit % 8);
	return n;
}

static unsigned count_bits(const uint8_t *mask, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(mask[i]);
	return n;
}

/* The network of one address. Return: false when it has none. */
static bool near_of(const struct ifaddrs *a, struct nft_nat_near *near)
{
	const uint16_t family = a->ifa_addr ? a->ifa_addr->sa_family : 0;
	const void *ip = a->ifa_addr, *mask = a->ifa_netmask;
	const char *name = a->ifa_name;

	if (!ip || !mask || (family != AF_INET && family != AF_INET6))
		return false;
	*near = (struct nft_nat_near){ .guests = false };
	if (family == AF_INET) {
		const struct sockaddr_in *i = ip, *m = mask;

		near->net = net_of(family, (const uint8_t *)&i->sin_addr,
				   count_bits((const uint8_t *)&m->sin_addr,
					      sizeof(m->sin_addr)));
	} else {
		const struct sockaddr_in6 *i = ip, *m = mask;

		near->net = net_of(
			family, i->sin6_addr.s6_addr,
			count_bits(m->sin6_addr.s6_addr, sizeof(m->sin6_addr)));
	}
	/* a label ("eth0:1") is no name of an interface */
	memcpy(near->name, name, strnlen(name, IF_NAMESIZE - 1));
	near->name[strcspn(near->name, ":")] = '\0';
	return true;
}

static int read_near(const struct links *links, struct nft_nat_host *host)
{
	struct ifaddrs *all;
	size_t n = 0;
	int r = 0;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		n++;
	host->near = calloc(n + 1, sizeof(*host->near));
	if (!host->near)
		r = -ENOMEM;
	for (const struct ifaddrs *a = all; !r && a; a = a->ifa_next) {
		struct nft_nat_near *near = &host->near[host->n_near];

		if (!near_of(a, near))
			continue;
		near->guests = has_guests(links, if_nametoindex(near->name));
		host->n_near++;
	}
	freeifaddrs(all);
	return r;
}

/* --- ways to the servers ------------------------------------------------- */

struct search {
	const struct conf_tables *conf;
	struct nft_nat_host *host;
};

struct route {
	const struct nlattr *to, *oif, *multipath;
};

static int take_route_attr(const struct nlattr *a, void *arg)
{
	struct route *r = arg;

	switch (mnl_attr_get_type(a)) {
	case RTA_DST:
		r->to = a;
		break;
	case RTA_OIF:
		r->oif = a;
		break;
	case RTA_MULTIPATH:
		r->multipath = a;
		break;
	default: /* of the kernel's list, not of ours */
		break;
	}
	return MNL_CB_OK;
}

static bool has_servers(const struct conf_tables *conf,
			const struct base_net *net)
{
	for (uint32_t i = 0; i < conf->n_dests; i++) {
		if (base_net_overlap(&conf->dests[i].net, net))
			return true;
	}
	return false;
}

/* Return: MNL_CB_*. */
static int add_way(struct nft_nat_host *host, uint16_t family, unsigned index)
{
	const struct nft_nat_way way = { .family = family, .index = index };
	struct nft_nat_way *v;

	for (size_t i = 0; i < host->n_ways; i++) {
		if (host->ways[i].family == family &&
		    host->ways[i].index == index)
			return MNL_CB_OK;
	}
	v = realloc(host->ways, (host->n_ways + 1) * sizeof(*v));
	if (!v)
		return no_memory();
	host->ways = v;
	v[host->n_ways++] = way;
	return MNL_CB_OK;
}

/* A route of more than one way. */
static int add_ways(struct nft_nat_host *host, uint16_t family,
		    const struct nlattr *multipath)
{
	const uint8_t *bytes = mnl_attr_get_payload(multipath);
	const size_t len = mnl_attr_get_payload_len(multipath);
	struct rtnexthop hop = { .rtnh_len = sizeof(hop) };
	int r = MNL_CB_OK;

	for (size_t at = 0; r == MNL_CB_OK && at + sizeof(hop) <= len &&
			    hop.rtnh_len >= sizeof(hop);
	     at += RTNH_ALIGN(hop.rtnh_len)) {
		memcpy(&hop, bytes + at, sizeof(hop));
		r = add_way(host, family, (unsigned)hop.rtnh_ifindex);
	}
	return r;
}

static int take_route(const struct nlmsghdr *h, void *arg)
{
	static const uint8_t zero[16] = { 0 };
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const size_t len = m->rtm_family == AF_INET ? 4 : 16;
	const struct search *s = arg;
	struct route r = { .to = NULL };
	struct base_net net;

	(void)mnl_attr_parse(h, sizeof(*m), take_route_attr, &r);
	if (m->rtm_type != RTN_UNICAST || m->rtm_flags & RTM_F_CLONED ||
	    (m->rtm_family != AF_INET && m->rtm_family != AF_INET6) ||
	    m->rtm_dst_len > len * 8 ||
	    (r.to && mnl_attr_get_payload_len(r.to) != len))
		return MNL_CB_OK;
	net = net_of(m->rtm_family, r.to ? mnl_attr_get_payload(r.to) : zero,
		     m->rtm_dst_len);
	if (!has_servers(s->conf, &net))
		return MNL_CB_OK;
	if (r.multipath)
		return add_ways(s->host, net.family, r.multipath);
	return add_way(s->host, net.family,
		       r.oif && mnl_attr_validate(r.oif, MNL_TYPE_U32) >= 0
			       ? mnl_attr_get_u32(r.oif)
			       : 0);
}

/* --- all ----------------------------------------------------------------- */

static int dump(struct nft_link *l, uint16_t type, mnl_cb_t take, void *arg)
{
	struct nlmsghdr *h = nft_link_message(l);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* the same zeros say "all" of links and of routes */
	memset(mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg)), 0,
	       sizeof(struct ifinfomsg));
	return nft_link_ask(l, h, take, arg);
}

int nft_nat_host_read(const struct conf_tables *conf, bool ways,
		      struct nft_nat_host *host)
{
	struct search s = { .conf = conf, .host = host };
	struct links links = { .v = NULL };
	struct nft_link *l;
	int r = nft_link_open(&l, NETLINK_ROUTE);

	if (r)
		return r;
	r = dump(l, RTM_GETLINK, take_link, &links);
	if (!r)
		r = read_near(&links, host);
	if (!r && ways)
		r = dump(l, RTM_GETROUTE, take_route, &s);
	free(links.v);
	nft_link_close(l);
	return r;
}

void nft_nat_host_done(struct nft_nat_host *host)
{
	free(host->near);
	free(host->ways);
	*host = (struct nft_nat_host){ .near = NULL };
}
