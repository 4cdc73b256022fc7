/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_stmt.c - the statements of a rule, as text and as kernel expressions */
#include "nft_stmt.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define STRING_OF(x) #x
#define TEXT_OF(x)   STRING_OF(x)
#define MARK_TEXT    TEXT_OF(NFT_MARK)

/* A key's second field lies right after its first, 4 or 16 bytes on: NFT_REG_1
 * is the four registers of 4 bytes from NFT_REG32_00, NFT_REG_2 the next. */
#define REG          NFT_REG_1
#define REG_PORT(v4) ((v4) ? NFT_REG32_01 : NFT_REG_2)

#define TCP_DPORT_AT 2
#define TCP_FLAGS_AT 13
#define TCP_FIN      0x01
#define TCP_SYN      0x02
#define TCP_RST      0x04
#define TCP_ACK      0x10

static bool is_v4(const struct nft_rule *r)
{
	return r->family == AF_INET;
}

/* A new expression, the last of the rule so far; NULL = no memory. */
static struct nftnl_expr *add(struct nftnl_rule *out, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(out, e);
	return e;
}

static bool load_meta(struct nftnl_rule *out, uint32_t key)
{
	struct nftnl_expr *e = add(out, "meta");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, REG);
	return true;
}

static bool load_ct(struct nftnl_rule *out, uint32_t key)
{
	struct nftnl_expr *e = add(out, "ct");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, REG);
	return true;
}

static bool load_payload(struct nftnl_rule *out, uint32_t base, uint32_t offset,
			 uint32_t len, uint32_t reg)
{
	struct nftnl_expr *e = add(out, "payload");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	return true;
}

static bool compare(struct nftnl_rule *out, uint32_t op, const void *value,
		    uint32_t len)
{
	struct nftnl_expr *e = add(out, "cmp");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, REG);
	return !nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static bool equals_u8(struct nftnl_rule *out, uint8_t value)
{
	return compare(out, NFT_CMP_EQ, &value, sizeof(value));
}

static bool equals_u32(struct nftnl_rule *out, uint32_t value)
{
	return compare(out, NFT_CMP_EQ, &value, sizeof(value));
}

/* register = (register & mask) ^ xor; host order */
static bool change_bits(struct nftnl_rule *out, uint32_t mask, uint32_t xor,
			uint32_t len)
{
	struct nftnl_expr *e = add(out, "bitwise");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	return !nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, len) &&
	       !nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &xor, len);
}

static bool look_up(struct nftnl_rule *out, const struct nft_set *set)
{
	const char *name = set->name[0] ? set->name : NFT_ANONYMOUS;
	struct nftnl_expr *e = add(out, "lookup");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, set->id);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, 0);
	return !nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, name);
}

static bool put_value(struct nftnl_rule *out, uint32_t reg, const void *value,
		      uint32_t len)
{
	struct nftnl_expr *e = add(out, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	return !nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, len);
}

/* The builders of the statements, all of one type for the table below; those
 * that are the same in every rule leave `r` alone. */

static bool build_protocols(const struct nft_rule *r, struct nftnl_rule *out)
{
	return load_meta(out, NFT_META_L4PROTO) && look_up(out, r->protocols);
}

static bool build_transparent(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e = add(out, "socket");

	(void)r;
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_DREG, REG);
	return equals_u8(out, 1);
}

static bool build_family(const struct nft_rule *r, struct nftnl_rule *out)
{
	return load_meta(out, NFT_META_NFPROTO) &&
	       equals_u8(out, is_v4(r) ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static bool build_tcp(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return load_meta(out, NFT_META_L4PROTO) && equals_u8(out, IPPROTO_TCP);
}

static bool build_syn(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_tcp(r, out) &&
	       load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, 1,
			    REG) &&
	       change_bits(out, TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK, 0, 1) &&
	       equals_u8(out, TCP_SYN);
}

static bool build_ct_new(const struct nft_rule *r, struct nftnl_rule *out)
{
	const uint32_t none = 0;

	(void)r;
	return load_ct(out, NFT_CT_STATE) &&
	       change_bits(out, NF_CT_STATE_BIT(IP_CT_NEW), 0, sizeof(none)) &&
	       compare(out, NFT_CMP_NEQ, &none, sizeof(none));
}

static bool build_ct_marked(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return load_ct(out, NFT_CT_MARK) &&
	       change_bits(out, NFT_MARK, 0, sizeof(uint32_t)) &&
	       equals_u32(out, NFT_MARK);
}

static bool build_to(const struct nft_rule *r, struct nftnl_rule *out)
{
	const bool v4 = is_v4(r);

	return load_payload(out, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24,
			    v4 ? 4 : 16, REG) &&
	       load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_DPORT_AT, 2,
			    REG_PORT(v4)) &&
	       look_up(out, r->to);
}

static bool build_clients(const struct nft_rule *r, struct nftnl_rule *out)
{
	const bool v4 = is_v4(r);

	return load_payload(out, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 12 : 8,
			    v4 ? 4 : 16, REG) &&
	       look_up(out, r->clients);
}

static bool build_interfaces(const struct nft_rule *r, struct nftnl_rule *out)
{
	static const char loopback[IFNAMSIZ] = "lo";

	if (!load_meta(out, NFT_META_IIFNAME))
		return false;
	if (r->interfaces)
		return look_up(out, r->interfaces);
	return compare(out, NFT_CMP_NEQ, loopback, sizeof(loopback));
}

/* An address of this host is of type local, so unicast leaves it out. */
static bool build_unicast(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e = add(out, "fib");

	(void)r;
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, REG);
	return equals_u32(out, RTN_UNICAST);
}

static bool build_counter(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return add(out, "counter") != NULL;
}

/* The address is given because without one the kernel looks for a listener on
 * the address of the interface that the packet came in on. */
static bool build_tproxy(const struct nft_rule *r, struct nftnl_rule *out)
{
	const bool v4 = is_v4(r);
	const uint32_t localhost4 = htonl(INADDR_LOOPBACK);
	const uint16_t port = htons(r->port);
	struct nftnl_expr *e;

	if (!put_value(out, NFT_REG_1,
		       v4 ? (const void *)&localhost4 : &in6addr_loopback,
		       v4 ? 4 : 16) ||
	    !put_value(out, NFT_REG_2, &port, sizeof(port)))
		return false;
	e = add(out, "tproxy");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_FAMILY,
			   v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_REG_ADDR, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_2);
	return true;
}

static bool build_ct_mark(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e;

	(void)r;
	if (!load_ct(out, NFT_CT_MARK) ||
	    !change_bits(out, ~(uint32_t)NFT_MARK, NFT_MARK, sizeof(uint32_t)))
		return false;
	e = add(out, "ct");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_SREG, REG);
	return true;
}

static bool build_mark(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e;

	(void)r;
	if (!load_meta(out, NFT_META_MARK) ||
	    !change_bits(out, ~(uint32_t)NFT_MARK, NFT_MARK, sizeof(uint32_t)))
		return false;
	e = add(out, "meta");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, REG);
	return true;
}

static bool build_reject(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e = add(out, "reject");

	(void)r;
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, 0);
	return true;
}

static bool build_accept(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e = add(out, "immediate");

	(void)r;
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
	return true;
}

enum arg {
	ARG_NONE,
	ARG_TO,
	ARG_CLIENTS,
	ARG_INTERFACES,
	ARG_PORT,
};

/* `v6` is NULL where the text is the same for both; the argument, a set's name
 * or the port, stands at its end. */
static const struct row {
	const char *v4, *v6;
	enum arg arg;
	bool (*build)(const struct nft_rule *r, struct nftnl_rule *out);
} rows[NFT_STMT_MAX] = {
	[NFT_STMT_PROTOCOLS] = { "meta l4proto { tcp, icmp, icmpv6 }", NULL,
				 ARG_NONE, build_protocols },
	[NFT_STMT_TRANSPARENT] = { "socket transparent 1", NULL, ARG_NONE,
				   build_transparent },
	[NFT_STMT_FAMILY] = { "meta nfproto ipv4", "meta nfproto ipv6",
			      ARG_NONE, build_family },
	[NFT_STMT_TCP] = { "meta l4proto tcp", NULL, ARG_NONE, build_tcp },
	[NFT_STMT_SYN] = { "tcp flags & (fin | syn | rst | ack) == syn", NULL,
			   ARG_NONE, build_syn },
	[NFT_STMT_CT_NEW] = { "ct state new", NULL, ARG_NONE, build_ct_new },
	[NFT_STMT_CT_MARKED] = { "ct mark & " MARK_TEXT " == " MARK_TEXT, NULL,
				 ARG_NONE, build_ct_marked },
	[NFT_STMT_TO] = { "ip daddr . tcp dport @", "ip6 daddr . tcp dport @",
			  ARG_TO, build_to },
	[NFT_STMT_CLIENTS] = { "ip saddr @", "ip6 saddr @", ARG_CLIENTS,
			       build_clients },
	[NFT_STMT_INTERFACES] = { "iifname ", NULL, ARG_INTERFACES,
				  build_interfaces },
	[NFT_STMT_UNICAST] = { "fib daddr type unicast", NULL, ARG_NONE,
			       build_unicast },
	[NFT_STMT_COUNTER] = { "counter", NULL, ARG_NONE, build_counter },
	[NFT_STMT_TPROXY] = { "tproxy ip to 127.0.0.1:", "tproxy ip6 to [::1]:",
			      ARG_PORT, build_tproxy },
	[NFT_STMT_CT_MARK] = { "ct mark set ct mark | " MARK_TEXT, NULL,
			       ARG_NONE, build_ct_mark },
	[NFT_STMT_MARK] = { "meta mark set meta mark | " MARK_TEXT, NULL,
			    ARG_NONE, build_mark },
	[NFT_STMT_REJECT] = { "reject with tcp reset", NULL, ARG_NONE,
			      build_reject },
	[NFT_STMT_ACCEPT] = { "accept", NULL, ARG_NONE, build_accept },
};

bool nft_stmt_present(enum nft_stmt s, const struct nft_rule *rule)
{
	return s != NFT_STMT_CLIENTS || rule->clients;
}

static const char *arg_text(enum arg a, const struct nft_rule *r,
			    char buf[static NFT_STMT_TEXTLEN])
{
	switch (a) {
	case ARG_NONE:
		return "";
	case ARG_TO:
		return r->to->name;
	case ARG_CLIENTS:
		return r->clients->name;
	case ARG_INTERFACES:
		if (!r->interfaces)
			return "!= \"lo\"";
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "@%s",
			       r->interfaces->name);
		return buf;
	case ARG_PORT:
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%u", (unsigned)r->port);
		return buf;
	}
	return "";
}

const char *nft_stmt_text(enum nft_stmt s, const struct nft_rule *rule,
			  char buf[static NFT_STMT_TEXTLEN])
{
	const struct row *row = &rows[s];
	char arg[NFT_STMT_TEXTLEN];

	(void)snprintf(buf, NFT_STMT_TEXTLEN, "%s%s",
		       row->v6 && !is_v4(rule) ? row->v6 : row->v4,
		       arg_text(row->arg, rule, arg));
	return buf;
}

bool nft_stmt_build(enum nft_stmt s, const struct nft_rule *rule,
		    struct nftnl_rule *out)
{
	return rows[s].build(rule, out);
}
