/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_engine.c - how a listener learns whom the client wanted to reach */
#include "intake_engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "intake_internal.h"

static int tproxy_prepare(int fd, uint16_t family)
{
	return intake_transparent(fd, family);
}

/* A client that reached the listener under the listener's own address. One on
 * all addresses has every local one with its port. */
static bool is_listener(const struct base_addr *a, const struct base_addr *own)
{
	static const struct base_addr any4 = {
		.ip = { [10] = 0xff, [11] = 0xff },
	}, any6 = { .port = 0 };

	return a->family == own->family && a->port == own->port &&
	       (!memcmp(own->ip, a->ip, sizeof(a->ip)) ||
		!memcmp(own->ip, any4.ip, sizeof(any4.ip)) ||
		!memcmp(own->ip, any6.ip, sizeof(any6.ip)));
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
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct base_addr a;

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	if (!base_addr_from_sockaddr(&a, (struct sockaddr *)&ss))
		return -EAFNOSUPPORT;
	if (is_listener(&a, &l->addr))
		return -ELOOP;
	*server = a;
	return 0;
}

static int fixed_lookup(int fd, const struct intake_listener *l,
			struct base_addr *server)
{
	(void)fd;
	*server = l->remote;
	return 0;
}

static const struct intake_engine engines[] = {
	{ .name = "tproxy",
	  .prepare = tproxy_prepare,
	  .needs = "CAP_NET_ADMIN or CAP_NET_RAW",
	  .lookup = tproxy_lookup },
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
