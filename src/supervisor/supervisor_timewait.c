/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_timewait.c - what ended connections leave behind in the kernel
 *
 * Theory of operation. After the end of a connection the kernel keeps its
 * addresses for a minute (TIME_WAIT). As long as rule "return" is there, a
 * client that comes again from the same port is answered by that remainder,
 * which then goes, and the client's second SYN is a new connection. Without the
 * rule it is a black hole: early demux gives the packet that remainder, and
 * ip_forward() drops what has a socket (measured: no answer until the minute is
 * over). So before the rule goes, those remainders are destroyed, which
 * sock_diag(7) does for who has CAP_NET_ADMIN (SOCK_DESTROY; the kernel needs
 * CONFIG_INET_DIAG_DESTROY).
 *
 * Ours are those with a foreign address on our side, and a destination of a
 * rule on either: a service of the gateway itself has an address of its own.
 */
#include "supervisor_timewait.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base_addr.h"
#include "conf_tables.h"
#include "nft_link.h"

#define STATE(s) (1U << (s))
#define ENDING                                                              \
	(STATE(TCP_FIN_WAIT1) | STATE(TCP_FIN_WAIT2) | STATE(TCP_CLOSING) | \
	 STATE(TCP_LAST_ACK))
/* A client that has got our FIN and does not end by itself is told by the
 * server, who knows nothing of its connection. */
#define ENDED (STATE(TCP_TIME_WAIT) | STATE(TCP_FIN_WAIT2))

struct found {
	const struct conf_tables *conf;
	struct nft_link *routes;
	/* the last address that was asked about */
	struct base_addr asked;
	bool is_local;
	uint32_t wanted; /* states that are kept */
	struct inet_diag_msg *sockets;
	size_t n, room;
};

/* net_addr: as in struct inet_diag_sockid */
static struct base_addr address(uint8_t family, const uint32_t *ip,
				uint16_t port)
{
	struct sockaddr_storage ss = { .ss_family = family };
	struct base_addr a = { .family = 0 };

	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&ss;

		in->sin_port = port;
		memcpy(&in->sin_addr, ip, sizeof(in->sin_addr));
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

		in6->sin6_port = port;
		memcpy(&in6->sin6_addr, ip, sizeof(in6->sin6_addr));
	}
	(void)base_addr_from_sockaddr(&a, (struct sockaddr *)&ss);
	return a;
}

static bool is_destination(const struct conf_tables *c,
			   const struct base_addr *a)
{
	for (uint32_t i = 0; i < c->n_rules; i++) {
		const struct conf_list *to = &c->rules[i].to;

		if (c->rules[i].transport != CONF_TRANSPORT_TCP)
			continue;
		for (uint32_t j = 0; j < to->n; j++) {
			const struct conf_dest *d = &c->dests[to->first + j];

			if (a->port >= d->port_first &&
			    a->port <= d->port_last &&
			    base_net_contains(&d->net, a))
				return true;
		}
	}
	return false;
}

static int take_type(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	bool *local = arg;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*r))
		*local = r->rtm_type == RTN_LOCAL;
	return MNL_CB_OK;
}

/* Is it an address of this host? The same question as the rules' `fib`. */
static bool is_local(struct found *f, const struct base_addr *a)
{
	const bool v4 = a->family == AF_INET;
	struct nlmsghdr *h;
	struct rtmsg *r;

	if (f->asked.family == a->family &&
	    !memcmp(f->asked.ip, a->ip, sizeof(a->ip)))
		return f->is_local;
	h = nft_link_message(f->routes);
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	r->rtm_family = (unsigned char)a->family;
	r->rtm_dst_len = v4 ? 32 : 128;
	mnl_attr_put(h, RTA_DST, v4 ? 4 : 16, v4 ? a->ip + 12 : a->ip);
	f->asked = *a;
	f->is_local = false;
	/* no route at all is an answer, too */
	if (nft_link_ask(f->routes, h, take_type, &f->is_local))
		f->is_local = false;
	return f->is_local;
}

static bool is_ours(struct found *f, const struct inet_diag_msg *m)
{
	const struct inet_diag_sockid *id = &m->id;
	const struct base_addr own =
		address(m->idiag_family, id->idiag_src, id->idiag_sport);
	const struct base_addr other =
		address(m->idiag_family, id->idiag_dst, id->idiag_dport);

	return (is_destination(f->conf, &own) ||
		is_destination(f->conf, &other)) &&
	       !is_local(f, &own);
}

static bool add(struct found *f, const struct inet_diag_msg *m)
{
	if (f->n == f->room) {
		const size_t room = f->room ? 2 * f->room : 64;
		struct inet_diag_msg *more =
			reallocarray(f->sockets, room, sizeof(*more));

		if (!more)
			return false;
		f->sockets = more;
		f->room = room;
	}
	f->sockets[f->n++] = *m;
	return true;
}

static int take_socket(const struct nlmsghdr *h, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct found *f = arg;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    !(STATE(m->idiag_state) & f->wanted) || !is_ours(f, m) || add(f, m))
		return MNL_CB_OK;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

static struct nlmsghdr *question(struct nft_link *l, uint16_t type,
				 uint8_t family, uint16_t flags)
{
	struct nlmsghdr *h = nft_link_message(l);
	struct inet_diag_req_v2 *q;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	q = mnl_nlmsg_put_extra_header(h, sizeof(*q));
	q->sdiag_family = family;
	q->sdiag_protocol = IPPROTO_TCP;
	q->idiag_states = ENDING | STATE(TCP_TIME_WAIT);
	return h;
}

static int find(struct nft_link *l, struct found *f)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = nft_link_open(&f->routes, NETLINK_ROUTE);

	if (r)
		return r;
	for (size_t i = 0; i < WS_ARRAY_LEN(families) && !r; i++)
		r = nft_link_ask(l,
				 question(l, SOCK_DIAG_BY_FAMILY, families[i],
					  NLM_F_DUMP),
				 take_socket, f);
	nft_link_close(f->routes);
	return r;
}

static int destroy(struct nft_link *l, const struct inet_diag_msg *m)
{
	struct nlmsghdr *h =
		question(l, SOCK_DESTROY, m->idiag_family, NLM_F_ACK);
	struct inet_diag_req_v2 *q = mnl_nlmsg_get_payload(h);
	int r;

	q->id = m->id;
	r = nft_link_ask(l, h, NULL, NULL);
	return r == -ENOENT ? 0 : r; /* it has gone by itself */
}

int supervisor_timewait_ending(const struct conf_tables *conf)
{
	struct found f = { .conf = conf, .wanted = ENDING };
	struct nft_link *l;
	int r = nft_link_open(&l, NETLINK_SOCK_DIAG);

	if (r)
		return r;
	r = find(l, &f);
	nft_link_close(l);
	free(f.sockets);
	return r ? r : (int)f.n;
}

int supervisor_timewait_forget(const struct conf_tables *conf)
{
	struct found f = { .conf = conf, .wanted = ENDED };
	struct nft_link *l;
	int r = nft_link_open(&l, NETLINK_SOCK_DIAG);

	if (r)
		return r;
	r = find(l, &f);
	for (size_t i = 0; i < f.n && !r; i++)
		r = destroy(l, &f.sockets[i]);
	nft_link_close(l);
	free(f.sockets);
	return r ? r : (int)f.n;
}
