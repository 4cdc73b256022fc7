/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_stmt.h - the statements of a rule, as text and as kernel expressions */
#ifndef NFT_STMT_H
#define NFT_STMT_H

#include <stdbool.h>

#include "base_attr.h"
#include "nft_model.h"

#define NFT_STMT_TEXTLEN 80

struct nftnl_rule;

/* False when the rule has nothing to say there (no clients: any client). */
bool nft_stmt_present(enum nft_stmt s, const struct nft_rule *rule);

/* The statement in the language of nft. Return: buf. */
const char *nft_stmt_text(enum nft_stmt s, const struct nft_rule *rule,
			  char buf[static NFT_STMT_TEXTLEN]);

/* Adds its expressions to `out`. Return: false = no memory. */
WS_MUST_USE bool nft_stmt_build(enum nft_stmt s, const struct nft_rule *rule,
				struct nftnl_rule *out);

#endif
