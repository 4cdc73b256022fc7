/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_link.c - the netlink socket, and questions asked through it */
#include "nft_link.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base_fd.h"

#define ROOM 65536 /* a dump's datagram has up to 32 KiB */

int nft_link_open(struct nft_link **link, int bus)
{
	struct nft_link *l = malloc(sizeof(*l) + ROOM);
	int r;

	if (!l)
		return -ENOMEM;
	*l = (struct nft_link){ .lock = -1, .room = ROOM };
	l->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!l->socket) {
		r = -errno;
		goto free_link;
	}
	if (mnl_socket_bind(l->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		goto close_socket;
	}
	*link = l;
	return 0;

close_socket:
	mnl_socket_close(l->socket);
free_link:
	free(l);
	return r;
}

void nft_link_close(struct nft_link *l)
{
	if (!l)
		return;
	base_fd_close(&l->lock);
	mnl_socket_close(l->socket);
	free(l);
}

struct nlmsghdr *nft_link_message(struct nft_link *l)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(l->buf);

	h->nlmsg_seq = ++l->seq;
	return h;
}

struct nlmsghdr *nft_link_question(struct nft_link *l, uint16_t type,
				   uint8_t family, uint16_t flags)
{
	struct nlmsghdr *h = nft_link_message(l);

	return nftnl_nlmsg_build_hdr((char *)h, type, family, flags,
				     h->nlmsg_seq);
}

/* Answers of a question that ended early must not answer the next one. */
static void drain(struct nft_link *l)
{
	const int fd = mnl_socket_get_fd(l->socket);
	char ignored;
	ssize_t len;

	do {
		len = recv(fd, &ignored, sizeof(ignored),
			   MSG_DONTWAIT | MSG_TRUNC);
	} while (len >= 0 || errno == EINTR || errno == ENOBUFS);
}

int nft_link_ask(struct nft_link *l, struct nlmsghdr *h, mnl_cb_t take,
		 void *arg)
{
	const uint32_t seq = h->nlmsg_seq;
	const unsigned port = mnl_socket_get_portid(l->socket);
	int r;

	drain(l);
	if (mnl_socket_sendto(l->socket, h, h->nlmsg_len) < 0)
		return -errno;
	do {
		const ssize_t len =
			mnl_socket_recvfrom(l->socket, l->buf, l->room);

		if (len < 0)
			return -errno;
		r = mnl_cb_run(l->buf, (size_t)len, seq, port, take, arg);
	} while (r > MNL_CB_STOP);
	return r == MNL_CB_ERROR ? -errno : 0;
}
