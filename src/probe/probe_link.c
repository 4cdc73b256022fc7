/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_link.c - the cable to a namespace, and its addresses (rtnetlink) */
#include "probe_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base_die.h"
#include "nft_link.h"

#define READY_MS 5000       /* some milliseconds on a quiet machine */
#define TRIES    16         /* of drawing addresses */
#define NET4     0xc6120000 /* 198.18.0.0/15, RFC 2544 */
#define NET4_N   0x8000     /* networks of BITS4 in it */
#define BITS4    30
#define NET6     0x20010002 /* 2001:2::/48, RFC 5180 */
#define BITS6    126

#define UNICAST                                                       \
	0x02 /* and locally administered: first byte of a MAC address \
	      */

static struct nlmsghdr *message(struct nft_link *l, uint16_t type,
				uint16_t flags)
{
	struct nlmsghdr *h = nft_link_message(l);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return h;
}

static int ask(struct nft_link *l, struct nlmsghdr *h)
{
	return nft_link_ask(l, h, NULL, NULL);
}

static int take_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	bool *specific = arg;

	*specific = rt->rtm_dst_len != 0;
	return MNL_CB_OK;
}

/* Does a route of its own lead to this address? */
static int is_routed(struct nft_link *l, uint8_t family, const void *ip,
		     bool *specific)
{
	const uint8_t len = family == AF_INET ? 4 : 16;
	struct nlmsghdr *h = message(l, RTM_GETROUTE, 0);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	int r;

	rt->rtm_family = family;
	rt->rtm_dst_len = (uint8_t)(len * 8);
	rt->rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH;
	mnl_attr_put(h, RTA_DST, len, ip);
	*specific = false;
	r = nft_link_ask(l, h, take_route, specific);
	switch (r) {
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EACCES: /* prohibited, and -EINVAL: black hole */
	case -EINVAL:
	case -EAFNOSUPPORT:
	case -EOPNOTSUPP:
		return 0;
	default:
		return r;
	}
}

static void draw(struct probe_cable *c, const uint32_t random[4])
{
	const uint32_t net4 = NET4 + random[0] % NET4_N * 4;
	uint32_t words[4] = { htonl(NET6), htonl(random[1] & 0xffff),
			      htonl(random[2]), 0 };

	(void)snprintf(c->name, sizeof(c->name), "wsp%08x", random[3]);
	for (uint32_t end = 0; end < PROBE_ENDS; end++) {
		const uint8_t mac[] = { UNICAST,
					(uint8_t)(random[0] >> 24),
					(uint8_t)(random[1] >> 16),
					(uint8_t)(random[1] >> 24),
					(uint8_t)(random[3] >> 8),
					(uint8_t)(end + 1) };

		memcpy(c->mac[end], mac, sizeof(mac));
		c->ip4[end].s_addr = htonl(net4 + 1 + end);
		words[3] = htonl(1 + end);
		memcpy(&c->ip6[end], words, sizeof(words));
	}
	c->has_ipv6 = true;
}

int probe_link_plan(struct nft_link *l, struct probe_cable *c)
{
	bool routed = true;

	for (int i = 0; routed && i < TRIES; i++) {
		bool routed4 = false, routed6 = false;
		uint32_t random[4];
		int r;

		if (getrandom(random, sizeof(random), 0) < 0)
			return -errno;
		draw(c, random);
		r = is_routed(l, AF_INET, &c->ip4[PROBE_HERE], &routed4);
		if (!r)
			r = is_routed(l, AF_INET6, &c->ip6[PROBE_HERE],
				      &routed6);
		if (r)
			return r;
		routed = routed4 || routed6;
	}
	return routed ? -EBUSY : 0;
}

static void put_end(struct nlmsghdr *h, const char *name, const uint8_t mac[6])
{
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
}

int probe_link_make(struct nft_link *l, const struct probe_cable *c,
		    pid_t there)
{
	struct nlmsghdr *h = message(l, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *of_veth, *peer;

	put_end(h, c->name, c->mac[PROBE_HERE]);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	of_veth = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	put_end(h, PROBE_THERE_NAME, c->mac[PROBE_THERE]);
	mnl_attr_put_u32(h, IFLA_NET_NS_PID, (uint32_t)there);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, of_veth);
	mnl_attr_nest_end(h, info);
	return ask(l, h);
}

static int add_address(struct nft_link *l, int index, uint8_t family,
		       const void *ip)
{
	const uint8_t len = family == AF_INET ? 4 : 16;
	struct nlmsghdr *h = message(l, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof(*a));

	a->ifa_family = family;
	a->ifa_prefixlen = family == AF_INET ? BITS4 : BITS6;
	a->ifa_flags = IFA_F_NODAD;
	a->ifa_index = (uint32_t)index;
	mnl_attr_put(h, IFA_LOCAL, len, ip);
	mnl_attr_put(h, IFA_ADDRESS, len, ip);
	return ask(l, h);
}

static int add_neighbour(struct nft_link *l, int index, uint8_t family,
			 const void *ip, const uint8_t mac[6])
{
	struct nlmsghdr *h =
		message(l, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *n = mnl_nlmsg_put_extra_header(h, sizeof(*n));

	n->ndm_family = family;
	n->ndm_ifindex = index;
	n->ndm_state = NUD_PERMANENT;
	mnl_attr_put(h, NDA_DST, family == AF_INET ? 4 : 16, ip);
	mnl_attr_put(h, NDA_LLADDR, 6, mac);
	return ask(l, h);
}

static int take_up(struct nft_link *l, int index)
{
	struct nlmsghdr *h = message(l, RTM_NEWLINK, 0);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = index;
	i->ifi_flags = IFF_UP;
	i->ifi_change = IFF_UP;
	return ask(l, h);
}

static int index_of(const struct probe_cable *c, enum probe_end end)
{
	return (int)if_nametoindex(end == PROBE_HERE ? c->name
						     : PROBE_THERE_NAME);
}

int probe_link_address(struct nft_link *l, struct probe_cable *c,
		       enum probe_end end)
{
	const enum probe_end other = end == PROBE_HERE ? PROBE_THERE
						       : PROBE_HERE;
	const int index = index_of(c, end);
	int r;

	if (!index)
		return -errno;
	r = add_address(l, index, AF_INET, &c->ip4[end]);
	if (!r)
		r = take_up(l, index);
	if (!r)
		r = add_neighbour(l, index, AF_INET, &c->ip4[other],
				  c->mac[other]);
	if (r || !c->has_ipv6)
		return r;
	/* refused where IPv6 is switched off or left out */
	if (add_address(l, index, AF_INET6, &c->ip6[end]) ||
	    add_neighbour(l, index, AF_INET6, &c->ip6[other], c->mac[other]))
		c->has_ipv6 = false;
	return 0;
}

static int add_default(struct nft_link *l, uint8_t family, const void *via)
{
	struct nlmsghdr *h =
		message(l, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));

	rt->rtm_family = family;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = RT_SCOPE_UNIVERSE;
	rt->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_GATEWAY, family == AF_INET ? 4 : 16, via);
	return ask(l, h);
}

static int take_state(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_OPERSTATE)
		*(uint8_t *)arg = mnl_attr_get_u8(a);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
	return mnl_attr_parse(h, sizeof(struct ifinfomsg), take_state, arg);
}

/* Return: 1 yes, 0 not yet, or -errno. */
static int can_send(struct nft_link *l, int index)
{
	struct nlmsghdr *h = message(l, RTM_GETLINK, 0);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));
	uint8_t state = 0;
	int r;

	i->ifi_index = index;
	r = nft_link_ask(l, h, take_link, &state);
	return r ? r : state == IF_OPER_UP;
}

static int take_type(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);

	*(uint8_t *)arg = rt->rtm_type;
	return MNL_CB_OK;
}

/* Even without duplicate address detection an IPv6 address is tentative until a
 * worker of the kernel has looked at it; the route to it is the last thing that
 * this one makes (addrconf_dad_completed()). */
static bool is_usable(struct nft_link *l, const struct in6_addr *ip)
{
	struct nlmsghdr *h = message(l, RTM_GETROUTE, 0);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	uint8_t type = RTN_UNSPEC;

	rt->rtm_family = AF_INET6;
	rt->rtm_dst_len = 128;
	mnl_attr_put(h, RTA_DST, sizeof(*ip), ip);
	return nft_link_ask(l, h, take_type, &type) == 0 && type == RTN_LOCAL;
}

int probe_link_await(struct nft_link *l, const struct probe_cable *c,
		     enum probe_end end)
{
	const uint32_t limit = base_die_limit_ms(READY_MS);
	const int index = index_of(c, end);

	for (uint32_t ms = 0; ms < limit; ms++) {
		const int r = can_send(l, index);

		if (r < 0)
			return r;
		if (r && (!c->has_ipv6 || is_usable(l, &c->ip6[end])))
			return 0;
		(void)poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

int probe_link_live(const struct probe_cable *cable)
{
	struct probe_cable c = *cable;
	struct nft_link *l;
	int r = nft_link_open(&l, NETLINK_ROUTE);

	if (r)
		return r;
	r = probe_link_address(l, &c, PROBE_THERE);
	if (!r && c.has_ipv6 != cable->has_ipv6)
		r = -EAFNOSUPPORT;
	if (!r)
		r = add_default(l, AF_INET, &c.ip4[PROBE_HERE]);
	if (!r && c.has_ipv6)
		r = add_default(l, AF_INET6, &c.ip6[PROBE_HERE]);
	if (!r)
		r = probe_link_await(l, &c, PROBE_THERE);
	nft_link_close(l);
	return r;
}

void probe_link_remove(struct nft_link *l, const struct probe_cable *c)
{
	struct nlmsghdr *h = message(l, RTM_DELLINK, 0);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = index_of(c, PROBE_HERE);
	if (i->ifi_index && ask(l, h)) {
		/* it goes with the namespace of its other end */
	}
}
