/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_engine.c - how a listener learns whom the client wanted to reach */
#include "intake_engine.h"

#include <errno.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <string.h>

#include "intake_internal.h"

static int tproxy_prepare(int fd, uint16_t family)
{
	return intake_transparent(fd, family);
}

bool intake_is_at(const struct base_addr *a, const struct base_addr *at)
{
	static const struct base_addr any4 = {
		.ip = { [10] = 0xff, [11] = 0xff },
	}, any6 = { .port = 0 };

	return a->family == at->family && a->port == at->port &&
	       (!memcmp(at->ip, a->ip, sizeof(a->ip)) ||
		!memcmp(at->ip, any4.ip, sizeof(any4.ip)) ||
		!memcmp(at->ip, any6.ip, sizeof(any6.ip)));
}

static int own_address(int fd, struct base_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return base_addr_from_sockaddr(a, (struct sockaddr *)&ss)
		       ? 0
		       : -EAFNOSUPPORT;
}

/*
 * getsockname() and nothing else. getsockopt(IP_ORIGDSTADDR) of a TCP socket
 * gives a flag, whether the control message is wanted (do_ip_getsockopt() in
 * net/ipv4/ip_sockglue.c). SO_ORIGINAL_DST asks conntrack, which knows nothing
 * of TPROXY: it says ENOENT without a conntrack hook, and the client's address
 * when a late retransmission recreated the entry the other way round (HAProxy
 * issue 3192; its sock_inet_get_dst() no longer asks it either).
 */
static int tproxy_lookup(int fd, const struct intake_listener *l,
			 struct base_addr *server)
{
	struct base_addr a = { .family = 0 };
	const int r = own_address(fd, &a);

	if (r)
		return r;
	if (intake_is_at(&a, &l->addr))
		return -ELOOP;
	*server = a;
	return 0;
}

_Static_assert(SO_ORIGINAL_DST == IP6T_SO_ORIGINAL_DST, "one number");

/* nf_conntrack's answer (getorigdst() in nf_conntrack_proto.c): ENOENT when it
 * does not know the connection, the listener's own address when nothing was
 * rewritten. */
static int redirect_lookup(int fd, const struct intake_listener *l,
			   struct base_addr *server)
{
	const bool v4 = l->addr.family == AF_INET;
	struct base_addr own = { .family = 0 }, a = { .family = 0 };
	struct sockaddr_storage ss;
	socklen_t len = v4 ? sizeof(struct sockaddr_in)
			   : sizeof(struct sockaddr_in6);
	const int r = own_address(fd, &own);

	if (r)
		return r;
	if (getsockopt(fd, v4 ? SOL_IP : SOL_IPV6, SO_ORIGINAL_DST, &ss, &len))
		return -errno;
	if (!base_addr_from_sockaddr(&a, (struct sockaddr *)&ss))
		return -EAFNOSUPPORT;
	if (base_addr_equal(&a, &own))
		return -ELOOP;
	*server = a;
	return 0;
}

static int fixed_lookup(int fd, const struct intake_listener *l,
			struct base_addr *server)
{
	struct base_addr a = { .family = 0 };
	const int r = own_address(fd, &a);

	if (r)
		return r;
	if (intake_is_at(&a, &l->remote))
		return -ELOOP;
	*server = l->remote;
	return 0;
}

static const struct intake_engine engines[] = {
	{ .name = "tproxy-tcp",
	  .transparent = true,
	  .prepare = tproxy_prepare,
	  .needs = "CAP_NET_ADMIN or CAP_NET_RAW",
	  .lookup = tproxy_lookup },
	{ .name = "tproxy-udp",
	  .transparent = true,
	  .transport = CONF_TRANSPORT_UDP,
	  .prepare = intake_udp_prepare,
	  .needs = "CAP_NET_ADMIN or CAP_NET_RAW",
	  .datagram = intake_udp_datagram },
	{ .name = "redirect", .lookup = redirect_lookup },
	{ .name = "fixed", .lookup = fixed_lookup },
};

const struct intake_engine *intake_engine_find(const char *name)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(engines); i++) {
		if (!strcmp(engines[i].name, name))
			return &engines[i];
	}
	return NULL;
}

int intake_engine_fits(const struct intake_engine *e, int fd, uint16_t family)
{
	const bool v4 = family == AF_INET;
	socklen_t len = sizeof(int);
	int on;

	if (getsockopt(fd, v4 ? SOL_IP : SOL_IPV6,
		       v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on, &len))
		return -errno;
	return e->transparent == (on != 0) ? 0 : -EPROTOTYPE;
}
