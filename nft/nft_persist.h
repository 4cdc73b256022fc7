/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_persist.h - the flags of tables that have an owner, or outlive it */
#ifndef NFT_PERSIST_H
#define NFT_PERSIST_H

#include <stdint.h>

/*
 * NFT_TABLE_F_PERSIST (Linux 6.9; the headers may be older): with
 * NFT_TABLE_F_OWNER, a table that becomes nobody's when its owner's socket
 * closes. NFT_TABLE_F_OWNER itself is of Linux 5.12.
 *
 * A file of its own, so that a test program can be linked with one where
 * WAYSIDE_PRETEND_NO_PERSIST or WAYSIDE_PRETEND_NO_OWNER put a flag in their
 * place that every kernel refuses: it then goes the way of an older kernel.
 */
extern const uint32_t nft_owner;
extern const uint32_t nft_persist;

#endif
