/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_build.h - the model as messages of a batch
 *
 * Each of these returns false when there is no memory.
 */
#ifndef NFT_BUILD_H
#define NFT_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft_model.h"

struct nft_batch;

/* The table with all that is in it; it must not be there, or go before in the
 * same batch. `flags`: NFT_TABLE_F_*. */
WS_MUST_USE bool nft_build_table(struct nft_batch *b, const struct nft_model *m,
				 enum nft_table t, uint32_t flags);

/* Takes it out, with all that is in it. */
WS_MUST_USE bool nft_build_remove(struct nft_batch *b, enum nft_table t);

/* `type`: NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM; no message when n is 0. */
WS_MUST_USE bool nft_build_elems(struct nft_batch *b, uint16_t type,
				 const struct nft_set *s,
				 const struct nft_elem *e, size_t n);

/* The elements of the set, *n of them; the caller frees them. Return: NULL = no
 * memory. */
WS_MUST_USE struct nft_elem *nft_build_collect(const struct nft_model *m,
					       const struct nft_set *s,
					       size_t *n);

#endif
