/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_picture.h - a table as lines of text, from the model or from the kernel
 */
#ifndef NFT_PICTURE_H
#define NFT_PICTURE_H

#include <stddef.h>

#include "base_attr.h"
#include "nft_model.h"

struct nft_link;

struct nft_lines {
	char **v;
	size_t n, room;
};

/*
 * Begins with model and table, and no lines; ends with nft_picture_clear(). A
 * line begins with kind and name of the object; a rule's goes on with a line
 * for its chain and each expression, and leaves out what was counted.
 */
struct nft_picture {
	const struct nft_model *m; /* its sets' names give keys a meaning */
	enum nft_table table;
	struct nft_lines objects; /* chains and sets */
	struct nft_lines elems;   /* of all sets */
	struct nft_lines rules;   /* in order, chain by chain */
};

/* As it should be. Return: 0 or -ENOMEM. */
WS_MUST_USE int nft_picture_model(struct nft_picture *p);

/* As it is; empty when there is no such table. Looks again when somebody
 * changes the kernel's tables meanwhile. Return: 0 or -errno. */
WS_MUST_USE int nft_picture_kernel(struct nft_picture *p, struct nft_link *l);

void nft_picture_clear(struct nft_picture *p);

#endif
