/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_persist.h - the flag of a table that outlives its owner */
#ifndef NFT_PERSIST_H
#define NFT_PERSIST_H

#include <stdint.h>

/*
 * NFT_TABLE_F_PERSIST (Linux 6.9; the headers may be older): with
 * NFT_TABLE_F_OWNER, a table that becomes nobody's when its owner's socket
 * closes. A file of its own, so that a test program can be linked with one
 * where WAYSIDE_PRETEND_NO_PERSIST puts a flag in its place that every kernel
 * refuses: the tests then take the way of an older kernel.
 */
extern const uint32_t nft_persist;

#endif
