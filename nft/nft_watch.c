/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_watch.c - descriptors that say when somebody changes rules or routing */
#include "nft_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base_fd.h"
#include "nft_link.h"

#define DATAGRAMS_MAX 256 /* of one call */
#define LOOPBACK      1   /* index of lo, in every network namespace */

static int watch(int *fd, int bus, const int *groups, size_t n)
{
	static const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	WS_CLEAN(base_fd_close)
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       bus);

	if (s < 0 || bind(s, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		if (setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i], sizeof(groups[i])) < 0)
			return -errno;
	}
	*fd = base_fd_take(&s);
	return 0;
}

static int fail(struct nft_error *why, const char *what, int error)
{
	(void)snprintf(why->text, sizeof(why->text), "watching %s: %s", what,
		       strerrordesc_np(-error));
	return error;
}

int nft_watch_open(int *fd, struct nft_error *why)
{
	static const int groups[] = { NFNLGRP_NFTABLES };
	const int r =
		watch(fd, NETLINK_NETFILTER, groups, WS_ARRAY_LEN(groups));

	return r ? fail(why, "nftables", r) : 0;
}

int nft_watch_routing_open(int *fd, struct nft_error *why)
{
	static const int groups[] = { RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
				      RTNLGRP_IPV6_IFADDR };
	const int r = watch(fd, NETLINK_ROUTE, groups, WS_ARRAY_LEN(groups));

	return r ? fail(why, "the routing", r) : 0;
}

/* What every message of nftables begins with: its first attribute is the name
 * of the table, but in that of a new generation, which follows each change. */
struct change {
	struct nlmsghdr h;
	struct nfgenmsg nf;
	struct nlattr attr;
	char table[sizeof(NFT_TABLE_PROBE) - 1];
};

/* A datagram has the messages of one change, and so of one port: the first one
 * says it. */
static bool is_foreign(const struct change *c, ssize_t len, uint32_t own)
{
	if (len < (ssize_t)offsetof(struct change, table))
		return true;
	if (c->h.nlmsg_pid == own ||
	    NFNL_MSG_TYPE(c->h.nlmsg_type) == NFT_MSG_NEWGEN)
		return false;
	return len < (ssize_t)sizeof(*c) ||
	       memcmp(c->table, NFT_TABLE_PROBE, sizeof(c->table)) != 0;
}

bool nft_watch_drain(int fd, const struct nft_link *own)
{
	const uint32_t port = mnl_socket_get_portid(own->socket);
	bool foreign = false;

	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		struct change c = { .h = { .nlmsg_len = 0 } };
		const ssize_t len = base_fd_recv(fd, &c, sizeof(c));

		if (len == 0)
			break;
		foreign |= is_foreign(&c, len, port);
		if (len < 0 && len != -ENOBUFS)
			break;
	}
	return foreign;
}

/* What every message of a group begins with: a rule's header has the length of
 * a route's, and that of an address is shorter, but has attributes. */
struct head {
	struct nlmsghdr h;
	union {
		struct rtmsg route;
		struct ifaddrmsg address;
	};
};

/* When the loopback goes down, our route of IPv6 goes with it, and cannot be
 * put back before its address is there again. */
static bool matters(const struct head *m, ssize_t len)
{
	if (len < (ssize_t)sizeof(*m))
		return true;
	switch (m->h.nlmsg_type) {
	case RTM_DELRULE:
		return true;
	case RTM_DELROUTE:
		return m->route.rtm_protocol == NFT_PROTOCOL;
	case RTM_NEWADDR:
		return m->address.ifa_index == LOOPBACK;
	}
	return false;
}

bool nft_watch_routing_drain(int fd)
{
	bool look = false;

	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		struct head m = { .h = { .nlmsg_len = 0 } };
		const ssize_t len = base_fd_recv(fd, &m, sizeof(m));

		if (len == 0)
			break;
		look |= matters(&m, len);
		if (len < 0 && len != -ENOBUFS)
			break;
	}
	return look;
}
