/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_expr.h - kernel expressions of a rule, one builder each
 *
 * Each adds expressions behind those that the rule has. A value goes through
 * the register NFT_EXPR_REG. Return of all: false, or NULL = no memory.
 */
#ifndef NFT_EXPR_H
#define NFT_EXPR_H

#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

#define NFT_EXPR_REG NFT_REG_1

#define NFT_TCP_FIN  0x01
#define NFT_TCP_SYN  0x02
#define NFT_TCP_RST  0x04
#define NFT_TCP_ACK  0x10

struct nftnl_expr;
struct nftnl_rule;

/* One without attributes; the rule owns it. */
WS_MUST_USE struct nftnl_expr *nft_expr_add(struct nftnl_rule *r,
					    const char *name);

/* `key`: enum nft_meta_keys, enum nft_ct_keys. */
WS_MUST_USE bool nft_expr_load_meta(struct nftnl_rule *r, uint32_t key);
WS_MUST_USE bool nft_expr_set_meta(struct nftnl_rule *r, uint32_t key);
WS_MUST_USE bool nft_expr_load_ct(struct nftnl_rule *r, uint32_t key);
WS_MUST_USE bool nft_expr_set_ct(struct nftnl_rule *r, uint32_t key);

/* `base`: enum nft_payload_bases. To any register: the second field of a set's
 * key lies behind the first. */
WS_MUST_USE bool nft_expr_load_payload(struct nftnl_rule *r, uint32_t base,
				       uint32_t offset, uint32_t len,
				       uint32_t reg);
WS_MUST_USE bool nft_expr_put(struct nftnl_rule *r, uint32_t reg,
			      const void *value, uint32_t len);

/* `op`: enum nft_cmp_ops. */
WS_MUST_USE bool nft_expr_compare(struct nftnl_rule *r, uint32_t op,
				  const void *value, uint32_t len);
WS_MUST_USE bool nft_expr_equals_u8(struct nftnl_rule *r, uint8_t value);
WS_MUST_USE bool nft_expr_compare_u32(struct nftnl_rule *r, uint32_t op,
				      uint32_t value);

/* register = (register & mask) | bits, where bits are none of mask; the number
 * is the host's. */
WS_MUST_USE bool nft_expr_bits_u8(struct nftnl_rule *r, uint8_t mask,
				  uint8_t bits);
WS_MUST_USE bool nft_expr_bits_u32(struct nftnl_rule *r, uint32_t mask,
				   uint32_t bits);

/* The statements that more than one kind of rule has. */

/* Of those in `mask` a TCP header has just these flags; whether it is one, the
 * rule has asked before. */
WS_MUST_USE bool nft_expr_tcp_flags(struct nftnl_rule *r, uint8_t mask,
				    uint8_t flags);
/* The packet is for a socket of this host that is so (1) or not (0):
 * NFT_SOCKET_TRANSPARENT, NFT_SOCKET_WILDCARD. */
WS_MUST_USE bool nft_expr_socket_is(struct nftnl_rule *r, uint32_t key,
				    uint8_t value);
/* To the listener on this port of 127.0.0.1 or ::1; `family`: NFPROTO_*. What
 * follows is for packets that it took. */
WS_MUST_USE bool nft_expr_tproxy(struct nftnl_rule *r, uint8_t family,
				 uint16_t port);
/* Sets bits of the packet's mark; the others stay. */
WS_MUST_USE bool nft_expr_mark(struct nftnl_rule *r, uint32_t bits);

#endif
