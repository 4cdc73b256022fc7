/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_link.h - the netlink socket, and questions asked through it */
#ifndef NFT_LINK_H
#define NFT_LINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"

struct nft_counts;
struct nft_plan;

/* Owned by the opener; freed by nft_link_close(). */
struct nft_link {
	struct mnl_socket *socket;
	bool hold;  /* tables are this socket's, see nft_open() */
	bool plain; /* this kernel has refused NFT_TABLE_F_PERSIST */
	int lock;   /* the socket of nft_lock(), or -1 */
	/* NULL but in a link of nft_open(), see nft.c */
	struct nft_counts *counts;
	struct nft_plan *installed; /* last; NULL: nothing */
	uint32_t seq;
	size_t room; /* bytes of buf */
	char buf[];  /* question, then answers */
};

/* A socket of netlink family `bus` (NETLINK_*), CLOEXEC. Return: 0 or -errno.
 */
WS_MUST_USE int nft_link_open(struct nft_link **link, int bus);
void nft_link_close(struct nft_link *l); /* NULL is a no-op */

/* A message to be asked with: the caller puts header and attributes into it. */
struct nlmsghdr *nft_link_message(struct nft_link *l);

/* The same for nf_tables: type NFT_MSG_*, family NFPROTO_*. */
struct nlmsghdr *nft_link_question(struct nft_link *l, uint16_t type,
				   uint8_t family, uint16_t flags);

/*
 * Sends it and gives each answer to `take` (libmnl's convention: MNL_CB_OK or
 * MNL_CB_ERROR with errno; NULL: answers do not matter). With NLM_F_DUMP the
 * answers may come from a kernel that changed meanwhile: -EINTR, ask again.
 * Return: 0 or -errno.
 */
WS_MUST_USE int nft_link_ask(struct nft_link *l, struct nlmsghdr *h,
			     mnl_cb_t take, void *arg);

#endif
