/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_persist.c - the flag of a table that outlives its owner */
#include "nft_persist.h"

#ifdef WAYSIDE_PRETEND_NO_PERSIST
const uint32_t nft_persist = 1U << 31;
#else
const uint32_t nft_persist = 1U << 2;
#endif
