/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_batch.h - one atomic nftables transaction, and the kernel's answers
 *
 * The kernel takes all messages between begin and end or none of them. Each
 * message carries a label for people and asks for an acknowledgement; answers
 * are found again by their sequence number.
 */
#ifndef NFT_BATCH_H
#define NFT_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft.h"

#define NFT_LABEL_LEN 96

struct mnl_socket;
struct nft_batch;
struct nlmsghdr;

/* Return: NULL = no memory. */
struct nft_batch *nft_batch_new(void);
void nft_batch_free(struct nft_batch *b); /* NULL is a no-op */

/*
 * The next message: type NFT_MSG_*, flags beside NLM_F_REQUEST and NLM_F_ACK,
 * family inet. The caller adds at most NFT_MESSAGE_MAX bytes of attributes
 * before the next call. Return: NULL = no memory.
 */
#define NFT_MESSAGE_MAX 16384
struct nlmsghdr *nft_batch_add(struct nft_batch *b, uint16_t type,
			       uint16_t flags, const char *label, ...)
	WS_PRINTF(4, 5);

/*
 * Sends everything and reads the answer to every message.
 * Return: 0, or -errno and the first refused object with its reason in *why:
 *   rule "tkstar v4" (tproxy): No such file or directory: does this kernel
 *   have nft_tproxy?
 */
WS_MUST_USE int nft_batch_send(struct nft_batch *b, struct mnl_socket *s,
			       struct nft_error *why);

/* For nft_batch_send() and its test: reads one datagram of answers. *n_acks
 * grows by the messages that were taken. Return: 0 or what the kernel said. */
WS_MUST_USE int nft_batch_answers(const struct nft_batch *b, const void *bytes,
				  size_t len, uint32_t *n_acks,
				  struct nft_error *why);

#endif
