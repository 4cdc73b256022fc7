/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_handshakes.h - handshakes that the rules remember, across a replacement
 *
 * They stand in sets that go with their table, and the ACK that answers a SYN
 * cookie is known by nothing else: forgotten, a client that is about to connect
 * would be cut off. So the new table gets them, for NFT_HANDSHAKE_S anew. One
 * that begins between the look and the replacement is lost to it.
 */
#ifndef NFT_HANDSHAKES_H
#define NFT_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft_model.h"

/* Of each family; more than that are a flood, and not taken over. */
#define NFT_HANDSHAKES_KEPT 2048

struct nft_batch;
struct nft_link;

struct nft_handshakes {
	uint32_t n;
	struct nft_handshake {
		uint16_t family; /* AF_* */
		uint8_t key[40]; /* both ends; of IPv4 the first 16 */
	} v[2 * NFT_HANDSHAKES_KEPT];
};

/* What the kernel's table has; none where it has no such set. Return: 0 or
 * -errno, with those that were read until then. */
WS_MUST_USE int nft_handshakes_read(struct nft_link *l,
				    struct nft_handshakes *h);

/* Elements for the sets of the model, which are in the batch already. Return:
 * false = no memory. */
WS_MUST_USE bool nft_handshakes_build(struct nft_batch *b,
				      const struct nft_model *m,
				      const struct nft_handshakes *h);

#endif
