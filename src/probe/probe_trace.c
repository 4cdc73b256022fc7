/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_trace.c - who took a packet: the kernel's trace */
#include "probe_trace.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/trace.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "nft_link.h"

int probe_trace_open(struct nft_link **l)
{
	int group = NFNLGRP_NFTRACE;
	const int r = nft_link_open(l, NETLINK_NETFILTER);

	if (r)
		return r;
	if (mnl_socket_setsockopt((*l)->socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0) {
		const int error = -errno;

		nft_link_close(*l);
		*l = NULL;
		return error;
	}
	return 0;
}

static const char *text_of(const struct nftnl_trace *n, uint16_t attr)
{
	const char *text = nftnl_trace_is_set(n, attr)
				   ? nftnl_trace_get_str(n, attr)
				   : NULL;

	return text ? text : "";
}

static uint32_t number_of(const struct nftnl_trace *n, uint16_t attr)
{
	return nftnl_trace_is_set(n, attr) ? nftnl_trace_get_u32(n, attr) : 0;
}

static bool is_ours(struct probe_trace *t, const struct nftnl_trace *n)
{
	const uint32_t id = number_of(n, NFTNL_TRACE_ID);

	for (unsigned i = 0; i < t->n_ids; i++) {
		if (t->ids[i] == id)
			return true;
	}
	if (strcmp(text_of(n, NFTNL_TRACE_TABLE), t->table) != 0)
		return false;
	if (t->n_ids < PROBE_TRACE_IDS)
		t->ids[t->n_ids++] = id;
	return true;
}

static bool is_drop(const struct nftnl_trace *n)
{
	switch (number_of(n, NFTNL_TRACE_TYPE)) {
	case NFT_TRACETYPE_RULE:
		return nftnl_trace_is_set(n, NFTNL_TRACE_VERDICT) &&
		       number_of(n, NFTNL_TRACE_VERDICT) == NF_DROP;
	case NFT_TRACETYPE_POLICY:
		return nftnl_trace_is_set(n, NFTNL_TRACE_POLICY) &&
		       number_of(n, NFTNL_TRACE_POLICY) == NF_DROP;
	default: /* of the kernel's list, not of ours */
		return false;
	}
}

static void note(struct probe_trace *t, const struct nftnl_trace *n)
{
	const size_t i = number_of(n, NFTNL_TRACE_NFPROTO) != NFPROTO_IPV4;
	struct probe_place *p = &t->where[i];

	if (t->dropped[i])
		return;
	t->dropped[i] = true;
	p->family = (uint8_t)number_of(n, NFTNL_TRACE_FAMILY);
	(void)snprintf(p->table, sizeof(p->table), "%s",
		       text_of(n, NFTNL_TRACE_TABLE));
	(void)snprintf(p->chain, sizeof(p->chain), "%s",
		       text_of(n, NFTNL_TRACE_CHAIN));
}

static int take(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_trace *n = nftnl_trace_alloc();
	struct probe_trace *t = arg;

	/* a batch's or a generation's message is none of ours */
	if (n && (h->nlmsg_type & 0xff) == NFT_MSG_TRACE &&
	    nftnl_trace_nlmsg_parse(h, n) == 0 && is_ours(t, n) && is_drop(n))
		note(t, n);
	if (n)
		nftnl_trace_free(n);
	return MNL_CB_OK;
}

void probe_trace_take(struct probe_trace *t, const void *bytes, size_t len)
{
	(void)mnl_cb_run(bytes, len, 0, 0, take, t);
}

void probe_trace_read(struct nft_link *l, struct probe_trace *t)
{
	const int fd = mnl_socket_get_fd(l->socket);
	ssize_t len;

	do {
		len = recv(fd, l->buf, l->room, MSG_DONTWAIT);
		if (len > 0)
			probe_trace_take(t, l->buf, (size_t)len);
	} while (len > 0 || (len < 0 && (errno == EINTR || errno == ENOBUFS)));
}
