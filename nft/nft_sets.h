/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_sets.h - changes that only concern the elements of sets
 *
 * A destination, a client network or an interface more or less changes neither
 * a chain nor a rule: then just those elements are taken out and put in, in one
 * batch, and rules keep their handles and counts. An interval that stays is not
 * touched: kernels have refused a batch that removes an element of a set with
 * several fields and adds it again (selftests of netfilter,
 * nft_concat_range.sh: flush and reload). A batch that is refused costs nothing
 * but the next way, the replacement of the table.
 */
#ifndef NFT_SETS_H
#define NFT_SETS_H

#include <stdbool.h>

#include "base_attr.h"
#include "nft_model.h"

struct nft_batch;

/* Is all but the elements of sets the same, in all tables? False also when
 * there is no memory to say. */
bool nft_sets_suffice(const struct nft_model *from, const struct nft_model *to);

/* The messages that make one of the other, none when they are the same.
 * Return: false = no memory. */
WS_MUST_USE bool nft_sets_build(struct nft_batch *b,
				const struct nft_model *from,
				const struct nft_model *to);

#endif
