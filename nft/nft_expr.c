/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_expr.c - kernel expressions of a rule, one builder each */
#include "nft_expr.h"

#include <stdio.h> /* before libnftnl, which needs it */

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <netinet/in.h>

#define TCP_FLAGS_AT 13

struct nftnl_expr *nft_expr_add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(r, e);
	return e;
}

/* An expression whose two attributes are numbers. */
static bool add_pair(struct nftnl_rule *r, const char *name,
		     const uint16_t attr[static 2], uint32_t a, uint32_t b)
{
	struct nftnl_expr *e = nft_expr_add(r, name);

	if (!e)
		return false;
	nftnl_expr_set_u32(e, attr[0], a);
	nftnl_expr_set_u32(e, attr[1], b);
	return true;
}

bool nft_expr_load_meta(struct nftnl_rule *r, uint32_t key)
{
	static const uint16_t attr[] = { NFTNL_EXPR_META_KEY,
					 NFTNL_EXPR_META_DREG };

	return add_pair(r, "meta", attr, key, NFT_EXPR_REG);
}

bool nft_expr_set_meta(struct nftnl_rule *r, uint32_t key)
{
	static const uint16_t attr[] = { NFTNL_EXPR_META_KEY,
					 NFTNL_EXPR_META_SREG };

	return add_pair(r, "meta", attr, key, NFT_EXPR_REG);
}

bool nft_expr_load_ct(struct nftnl_rule *r, uint32_t key)
{
	static const uint16_t attr[] = { NFTNL_EXPR_CT_KEY,
					 NFTNL_EXPR_CT_DREG };

	return add_pair(r, "ct", attr, key, NFT_EXPR_REG);
}

bool nft_expr_set_ct(struct nftnl_rule *r, uint32_t key)
{
	static const uint16_t attr[] = { NFTNL_EXPR_CT_KEY,
					 NFTNL_EXPR_CT_SREG };

	return add_pair(r, "ct", attr, key, NFT_EXPR_REG);
}

bool nft_expr_load_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset,
			   uint32_t len, uint32_t reg)
{
	struct nftnl_expr *e = nft_expr_add(r, "payload");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	return true;
}

bool nft_expr_put(struct nftnl_rule *r, uint32_t reg, const void *value,
		  uint32_t len)
{
	struct nftnl_expr *e = nft_expr_add(r, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	return !nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, len);
}

bool nft_expr_compare(struct nftnl_rule *r, uint32_t op, const void *value,
		      uint32_t len)
{
	struct nftnl_expr *e = nft_expr_add(r, "cmp");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_EXPR_REG);
	return !nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

bool nft_expr_equals_u8(struct nftnl_rule *r, uint8_t value)
{
	return nft_expr_compare(r, NFT_CMP_EQ, &value, sizeof(value));
}

bool nft_expr_compare_u32(struct nftnl_rule *r, uint32_t op, uint32_t value)
{
	return nft_expr_compare(r, op, &value, sizeof(value));
}

/* What the kernel does is (register & mask) ^ xor. */
static bool change_bits(struct nftnl_rule *r, const void *mask,
			const void * xor, uint32_t len)
{
	struct nftnl_expr *e = nft_expr_add(r, "bitwise");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_EXPR_REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_EXPR_REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	return !nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len) &&
	       !nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, len);
}

bool nft_expr_bits_u8(struct nftnl_rule *r, uint8_t mask, uint8_t bits)
{
	return change_bits(r, &mask, &bits, sizeof(mask));
}

bool nft_expr_bits_u32(struct nftnl_rule *r, uint32_t mask, uint32_t bits)
{
	return change_bits(r, &mask, &bits, sizeof(mask));
}

bool nft_expr_tcp_flags(struct nftnl_rule *r, uint8_t mask, uint8_t flags)
{
	return nft_expr_load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER,
				     TCP_FLAGS_AT, 1, NFT_EXPR_REG) &&
	       nft_expr_bits_u8(r, mask, 0) && nft_expr_equals_u8(r, flags);
}

bool nft_expr_socket_is(struct nftnl_rule *r, uint32_t key, uint8_t value)
{
	static const uint16_t attr[] = { NFTNL_EXPR_SOCKET_KEY,
					 NFTNL_EXPR_SOCKET_DREG };

	return add_pair(r, "socket", attr, key, NFT_EXPR_REG) &&
	       nft_expr_equals_u8(r, value);
}

/* The address is given because without one the kernel looks for a listener on
 * the address of the interface that the packet came in on. */
bool nft_expr_tproxy(struct nftnl_rule *r, uint8_t family, uint16_t port)
{
	const bool v4 = family == NFPROTO_IPV4;
	const uint32_t localhost4 = htonl(INADDR_LOOPBACK);
	const uint16_t net_port = htons(port);
	struct nftnl_expr *e;

	if (!nft_expr_put(r, NFT_REG_1,
			  v4 ? (const void *)&localhost4 : &in6addr_loopback,
			  v4 ? 4 : 16) ||
	    !nft_expr_put(r, NFT_REG_2, &net_port, sizeof(net_port)))
		return false;
	e = nft_expr_add(r, "tproxy");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_FAMILY, family);
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_REG_ADDR, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_2);
	return true;
}

bool nft_expr_mark(struct nftnl_rule *r, uint32_t bits)
{
	return nft_expr_load_meta(r, NFT_META_MARK) &&
	       nft_expr_bits_u32(r, ~bits, bits) &&
	       nft_expr_set_meta(r, NFT_META_MARK);
}
