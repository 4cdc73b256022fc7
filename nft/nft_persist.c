/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_persist.c - the flags of tables that have an owner, or outlive it */
#include "nft_persist.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/netfilter/nf_tables.h>

#ifdef WAYSIDE_PRETEND_NO_OWNER
const uint32_t nft_owner = 1U << 30;
#else
const uint32_t nft_owner = NFT_TABLE_F_OWNER;
#endif

#ifdef WAYSIDE_PRETEND_NO_PERSIST
const uint32_t nft_persist = 1U << 31;
#else
const uint32_t nft_persist = 1U << 2;
#endif
