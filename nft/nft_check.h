/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_check.h - the kernel's tables compared with the model */
#ifndef NFT_CHECK_H
#define NFT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "nft.h"
#include "nft_model.h"

struct nft_link;

/* Where differences go, one line each. */
struct nft_report {
	void (*line)(void *arg, const char *text);
	void *arg;
	const char *where; /* what each line begins with */
	int n;             /* lines so far */
};

void nft_report_add(struct nft_report *report, const char *fmt, ...)
	WS_PRINTF(2, 3);

/* One of our tables, as it is in the kernel. */
struct nft_check_table {
	bool there;
	uint32_t flags; /* NFT_TABLE_F_* */
	uint32_t owner; /* netlink port of the owner, 0 = none */
};

WS_MUST_USE int nft_check_table(struct nft_link *l, enum nft_table table,
				struct nft_check_table *t);

/* Compares what is in the table: chains, sets with their elements, and rules
 * with everything but their counts. Return: 0 or -errno. */
WS_MUST_USE int nft_check_content(struct nft_link *l, const struct nft_model *m,
				  enum nft_table table,
				  struct nft_report *report);

#endif
