/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_watch.c - a descriptor that says when somebody changes nftables */
#include "nft_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base_fd.h"
#include "nft_link.h"

#define DATAGRAMS_MAX 256 /* of one call */

int nft_watch_open(int *fd, struct nft_error *why)
{
	static const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int group = NFNLGRP_NFTABLES;
	WS_CLEAN(base_fd_close)
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_NETFILTER);

	if (s < 0 || bind(s, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0) {
		const int error = errno;

		(void)snprintf(why->text, sizeof(why->text),
			       "watching nftables: %s", strerrordesc_np(error));
		return -error;
	}
	*fd = base_fd_take(&s);
	return 0;
}

/* A datagram has the messages of one change, and so of one port: the first
 * header says it. */
bool nft_watch_drain(int fd, const struct nft_link *own)
{
	const uint32_t port = mnl_socket_get_portid(own->socket);
	bool foreign = false;

	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		struct nlmsghdr h = { .nlmsg_len = 0 };
		const ssize_t len = base_fd_recv(fd, &h, sizeof(h));

		if (len == 0)
			break;
		foreign |= len < (ssize_t)sizeof(h) || h.nlmsg_pid != port;
		if (len < 0 && len != -ENOBUFS)
			break;
	}
	return foreign;
}
