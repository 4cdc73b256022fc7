/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_stmt.c - the statements of a rule, as text and as kernel expressions */
#include "nft_stmt.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>

#include "nft_expr.h"

/* The fields of a key lie one after another, each in whole registers of 4
 * bytes: NFT_REG_1 is the four from NFT_REG32_00, NFT_REG_2 the next. */
#define REG            NFT_EXPR_REG
#define REG_PORT(v4)   ((v4) ? NFT_REG32_01 : NFT_REG_2)
#define REG_ADDR_2(v4) ((v4) ? NFT_REG32_02 : NFT_REG32_05)
#define REG_PORT_2(v4) ((v4) ? NFT_REG32_03 : NFT_REG32_09)

#define SADDR_AT(v4)   ((v4) ? 12 : 8)
#define DADDR_AT(v4)   ((v4) ? 16 : 24)
#define ADDR_LEN(v4)   ((v4) ? 4 : 16)
#define SPORT_AT       0 /* of TCP and UDP */
#define DPORT_AT       2

static bool is_v4(const struct nft_rule *r)
{
	return r->family == AF_INET;
}

static bool is_tcp(const struct nft_rule *r)
{
	return r->transport == CONF_TRANSPORT_TCP;
}

static bool look_up_so(struct nftnl_rule *out, const struct nft_set *set,
		       uint32_t flags)
{
	const char *name = set->name[0] ? set->name : NFT_ANONYMOUS;
	struct nftnl_expr *e = nft_expr_add(out, "lookup");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, set->id);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, flags);
	return !nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, name);
}

static bool look_up(struct nftnl_rule *out, const struct nft_set *set)
{
	return look_up_so(out, set, 0);
}

/* The builders of the statements, all of one type for the table below; those
 * that are the same in every rule leave `r` alone. */

static bool build_protocols(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_L4PROTO) &&
	       look_up(out, r->protocols);
}

static bool build_transparent(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_socket_is(out, NFT_SOCKET_TRANSPARENT, 1);
}

static bool build_wildcard(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_socket_is(out, NFT_SOCKET_WILDCARD, 1);
}

static bool build_whole(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_socket_is(out, NFT_SOCKET_WILDCARD, 0);
}

static bool build_family(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_NFPROTO) &&
	       nft_expr_equals_u8(out, is_v4(r) ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static bool build_transport(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_L4PROTO) &&
	       nft_expr_equals_u8(out, is_tcp(r) ? IPPROTO_TCP : IPPROTO_UDP);
}

static bool build_icmp(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_L4PROTO) &&
	       nft_expr_equals_u8(out,
				  is_v4(r) ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static bool build_flags(const struct nft_rule *r, struct nftnl_rule *out,
			uint8_t mask, uint8_t flags)
{
	return build_transport(r, out) && nft_expr_tcp_flags(out, mask, flags);
}

static bool build_syn(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_flags(
		r, out, NFT_TCP_FIN | NFT_TCP_SYN | NFT_TCP_RST | NFT_TCP_ACK,
		NFT_TCP_SYN);
}

static bool build_syn_ack(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_flags(r, out, NFT_TCP_SYN | NFT_TCP_ACK,
			   NFT_TCP_SYN | NFT_TCP_ACK);
}

static bool build_ack(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_flags(r, out, NFT_TCP_SYN | NFT_TCP_ACK, NFT_TCP_ACK);
}

static bool build_ct_new(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_load_ct(out, NFT_CT_STATE) &&
	       nft_expr_bits_u32(out, NF_CT_STATE_BIT(IP_CT_NEW), 0) &&
	       nft_expr_compare_u32(out, NFT_CMP_NEQ, 0);
}

static bool build_ct_marked(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_ct(out, NFT_CT_MARK) &&
	       nft_expr_bits_u32(out, r->mark, 0) &&
	       nft_expr_compare_u32(out, NFT_CMP_EQ, r->mark);
}

static bool build_ct_original(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_load_ct(out, NFT_CT_DIRECTION) &&
	       nft_expr_equals_u8(out, IP_CT_DIR_ORIGINAL);
}

/* An address and the port that belongs to it, looked up together. */
static bool build_end(const struct nft_rule *r, struct nftnl_rule *out,
		      uint32_t addr_at, uint32_t port_at)
{
	const bool v4 = is_v4(r);

	return nft_expr_load_payload(out, NFT_PAYLOAD_NETWORK_HEADER, addr_at,
				     ADDR_LEN(v4), REG) &&
	       nft_expr_load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER, port_at,
				     2, REG_PORT(v4)) &&
	       look_up(out, r->to);
}

static bool build_to(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_end(r, out, DADDR_AT(is_v4(r)), DPORT_AT);
}

static bool build_from(const struct nft_rule *r, struct nftnl_rule *out)
{
	return build_end(r, out, SADDR_AT(is_v4(r)), SPORT_AT);
}

/* The client's end, then the server's; `answer`: of a packet of the latter. */
static bool load_ends(const struct nft_rule *r, struct nftnl_rule *out,
		      bool answer)
{
	const bool v4 = is_v4(r);
	const uint32_t src = SADDR_AT(v4), dst = DADDR_AT(v4);

	return nft_expr_load_payload(out, NFT_PAYLOAD_NETWORK_HEADER,
				     answer ? dst : src, ADDR_LEN(v4), REG) &&
	       nft_expr_load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER,
				     answer ? DPORT_AT : SPORT_AT, 2,
				     REG_PORT(v4)) &&
	       nft_expr_load_payload(out, NFT_PAYLOAD_NETWORK_HEADER,
				     answer ? src : dst, ADDR_LEN(v4),
				     REG_ADDR_2(v4)) &&
	       nft_expr_load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER,
				     answer ? SPORT_AT : DPORT_AT, 2,
				     REG_PORT_2(v4));
}

static bool change_handshakes(const struct nft_rule *r, struct nftnl_rule *out,
			      uint32_t op)
{
	struct nftnl_expr *e;

	if (!load_ends(r, out, false))
		return false;
	e = nft_expr_add(out, "dynset");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SET_ID, r->handshakes->id);
	return !nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME,
				   r->handshakes->name);
}

/* Goes no further when the set is full. */
static bool build_remember(const struct nft_rule *r, struct nftnl_rule *out)
{
	return change_handshakes(r, out, NFT_DYNSET_OP_UPDATE);
}

static bool build_remembered(const struct nft_rule *r, struct nftnl_rule *out)
{
	return load_ends(r, out, false) && look_up(out, r->handshakes);
}

static bool build_forgotten(const struct nft_rule *r, struct nftnl_rule *out)
{
	return load_ends(r, out, true) &&
	       look_up_so(out, r->handshakes, NFT_LOOKUP_F_INV);
}

static bool build_forget(const struct nft_rule *r, struct nftnl_rule *out)
{
	return change_handshakes(r, out, NFT_DYNSET_OP_DELETE);
}

static bool build_clients(const struct nft_rule *r, struct nftnl_rule *out)
{
	const bool v4 = is_v4(r);

	return nft_expr_load_payload(out, NFT_PAYLOAD_NETWORK_HEADER,
				     SADDR_AT(v4), ADDR_LEN(v4), REG) &&
	       look_up(out, r->clients);
}

static const char loopback[IFNAMSIZ] = "lo";

static bool build_interfaces(const struct nft_rule *r, struct nftnl_rule *out)
{
	if (!nft_expr_load_meta(out, NFT_META_IIFNAME))
		return false;
	if (r->interfaces)
		return look_up(out, r->interfaces);
	return nft_expr_compare(out, NFT_CMP_NEQ, loopback, sizeof(loopback));
}

static bool build_loopback(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_load_meta(out, NFT_META_IIFNAME) &&
	       nft_expr_compare(out, NFT_CMP_EQ, loopback, sizeof(loopback));
}

static bool build_outside(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_load_meta(out, NFT_META_OIFNAME) &&
	       nft_expr_compare(out, NFT_CMP_NEQ, loopback, sizeof(loopback));
}

/* An address of this host is of type local, so unicast leaves it out. */
static bool build_unicast(const struct nft_rule *r, struct nftnl_rule *out)
{
	struct nftnl_expr *e = nft_expr_add(out, "fib");

	(void)r;
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, REG);
	return nft_expr_compare_u32(out, NFT_CMP_EQ, RTN_UNICAST);
}

static bool build_counter(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_add(out, "counter") != NULL;
}

static bool build_tproxy(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_tproxy(out, is_v4(r) ? NFPROTO_IPV4 : NFPROTO_IPV6,
			       r->port);
}

static bool build_users(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_SKUID) &&
	       look_up(out, r->users);
}

static bool build_marked(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_meta(out, NFT_META_MARK) &&
	       nft_expr_bits_u32(out, r->mark, 0) &&
	       nft_expr_compare_u32(out, NFT_CMP_EQ, r->mark);
}

static bool build_marked_any(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_load_meta(out, NFT_META_MARK) &&
	       nft_expr_bits_u32(out, NFT_MARK | NFT_MARK_LOCAL, 0) &&
	       nft_expr_compare_u32(out, NFT_CMP_NEQ, 0);
}

static bool build_ct_mark(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_load_ct(out, NFT_CT_MARK) &&
	       nft_expr_bits_u32(out, ~r->mark, r->mark) &&
	       nft_expr_set_ct(out, NFT_CT_MARK);
}

static bool build_mark(const struct nft_rule *r, struct nftnl_rule *out)
{
	return nft_expr_mark(out, r->mark);
}

static bool build_zone(const struct nft_rule *r, struct nftnl_rule *out)
{
	const uint16_t zone = NFT_ZONE; /* host order */

	(void)r;
	return nft_expr_put(out, REG, &zone, sizeof(zone)) &&
	       nft_expr_set_ct(out, NFT_CT_ZONE);
}

static bool build_notrack(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return nft_expr_add(out, "notrack") != NULL;
}

static bool build_redirect(const struct nft_rule *r, struct nftnl_rule *out)
{
	const uint16_t port = htons(r->port);
	struct nftnl_expr *e;

	if (!nft_expr_put(out, REG, &port, sizeof(port)))
		return false;
	e = nft_expr_add(out, "redir");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_REG_PROTO_MIN, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_REG_PROTO_MAX, REG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_FLAGS,
			   NF_NAT_RANGE_PROTO_SPECIFIED);
	return true;
}

static bool build_reject(const struct nft_rule *r, struct nftnl_rule *out)
{
	const uint8_t unreachable = is_v4(r) ? ICMP_PORT_UNREACH
					     : ICMP6_DST_UNREACH_NOPORT;
	struct nftnl_expr *e = nft_expr_add(out, "reject");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE,
			   is_tcp(r) ? NFT_REJECT_TCP_RST
				     : NFT_REJECT_ICMP_UNREACH);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE,
			  is_tcp(r) ? 0 : unreachable);
	return true;
}

/* `chain`: where to go on, or NULL. */
static bool decide(struct nftnl_rule *out, int verdict, const char *chain)
{
	struct nftnl_expr *e = nft_expr_add(out, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	return !chain || !nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

static bool build_accept(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return decide(out, NF_ACCEPT, NULL);
}

static bool build_return(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return decide(out, NFT_RETURN, NULL);
}

static bool build_ours(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return decide(out, NFT_JUMP, nft_hooks[NFT_CHAIN_OURS].name);
}

static bool build_zone_known(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return decide(out, NFT_JUMP, nft_hooks[NFT_CHAIN_ZONE_KNOWN].name);
}

static bool build_zone_errors(const struct nft_rule *r, struct nftnl_rule *out)
{
	(void)r;
	return decide(out, NFT_JUMP, nft_hooks[NFT_CHAIN_ZONE_ERRORS].name);
}

enum when {
	WHEN_ALWAYS,
	WHEN_TCP,
	WHEN_UDP,
	WHEN_CLIENTS, /* without them: any client */
};

/* A '$' and a letter stand for what word_text() says of the rule. */
static const struct row {
	const char *text;
	enum when when;
	bool (*build)(const struct nft_rule *r, struct nftnl_rule *out);
} rows[NFT_STMT_MAX] = {
	[NFT_STMT_PROTOCOLS] = { "meta l4proto { tcp, udp, icmp, icmpv6 }",
				 WHEN_ALWAYS, build_protocols },
	[NFT_STMT_TRANSPARENT] = { "socket transparent 1", WHEN_ALWAYS,
				   build_transparent },
	[NFT_STMT_FAMILY] = { "meta nfproto $n", WHEN_ALWAYS, build_family },
	[NFT_STMT_TRANSPORT] = { "meta l4proto $p", WHEN_ALWAYS,
				 build_transport },
	[NFT_STMT_ICMP] = { "meta l4proto $e", WHEN_ALWAYS, build_icmp },
	[NFT_STMT_ACK] = { "tcp flags & (syn | ack) == ack", WHEN_TCP,
			   build_ack },
	[NFT_STMT_SYN_ACK] = { "tcp flags & (syn | ack) == syn | ack", WHEN_TCP,
			       build_syn_ack },
	[NFT_STMT_FORGOTTEN] = { "$w != @$h", WHEN_TCP, build_forgotten },
	[NFT_STMT_REMEMBER] = { "update @$h { $b }", WHEN_TCP, build_remember },
	[NFT_STMT_REMEMBERED] = { "$b @$h", WHEN_TCP, build_remembered },
	[NFT_STMT_FORGET] = { "delete @$h { $b }", WHEN_TCP, build_forget },
	[NFT_STMT_SYN] = { "tcp flags & (fin | syn | rst | ack) == syn",
			   WHEN_TCP, build_syn },
	[NFT_STMT_DATAGRAM] = { "meta l4proto $p", WHEN_UDP, build_transport },
	[NFT_STMT_CT_NEW] = { "ct state new", WHEN_TCP, build_ct_new },
	[NFT_STMT_CT_MARKED] = { "ct mark & $m == $m", WHEN_ALWAYS,
				 build_ct_marked },
	[NFT_STMT_CT_ORIGINAL] = { "ct direction original", WHEN_ALWAYS,
				   build_ct_original },
	[NFT_STMT_TO] = { "$f daddr . $p dport @$t", WHEN_ALWAYS, build_to },
	[NFT_STMT_FROM] = { "$f saddr . $p sport @$t", WHEN_ALWAYS,
			    build_from },
	[NFT_STMT_CLIENTS] = { "$f saddr @$c", WHEN_CLIENTS, build_clients },
	[NFT_STMT_INTERFACES] = { "iifname $i", WHEN_ALWAYS, build_interfaces },
	[NFT_STMT_LOOPBACK] = { "iifname \"lo\"", WHEN_ALWAYS, build_loopback },
	[NFT_STMT_OUTSIDE] = { "oifname != \"lo\"", WHEN_ALWAYS,
			       build_outside },
	[NFT_STMT_UNICAST] = { "fib daddr type unicast", WHEN_ALWAYS,
			       build_unicast },
	[NFT_STMT_USERS] = { "meta skuid @$u", WHEN_ALWAYS, build_users },
	[NFT_STMT_MARKED] = { "meta mark & $m == $m", WHEN_ALWAYS,
			      build_marked },
	[NFT_STMT_MARKED_ANY] = { "meta mark & $a != 0", WHEN_ALWAYS,
				  build_marked_any },
	[NFT_STMT_COUNTER] = { "counter", WHEN_ALWAYS, build_counter },
	[NFT_STMT_TPROXY] = { "tproxy $f to $l", WHEN_ALWAYS, build_tproxy },
	[NFT_STMT_REDIRECT] = { "redirect to :$o", WHEN_ALWAYS,
				build_redirect },
	[NFT_STMT_CT_MARK] = { "ct mark set ct mark | $m", WHEN_ALWAYS,
			       build_ct_mark },
	[NFT_STMT_MARK] = { "meta mark set meta mark | $m", WHEN_ALWAYS,
			    build_mark },
	[NFT_STMT_ZONE] = { "ct zone set $z", WHEN_ALWAYS, build_zone },
	[NFT_STMT_NOTRACK] = { "notrack", WHEN_ALWAYS, build_notrack },
	[NFT_STMT_REJECT] = { "reject with $r", WHEN_ALWAYS, build_reject },
	[NFT_STMT_ACCEPT] = { "accept", WHEN_ALWAYS, build_accept },
	[NFT_STMT_RETURN] = { "return", WHEN_ALWAYS, build_return },
	[NFT_STMT_OURS] = { "jump ours", WHEN_ALWAYS, build_ours },
	[NFT_STMT_ZONE_KNOWN] = { "jump zone_known", WHEN_ALWAYS,
				  build_zone_known },
	[NFT_STMT_ZONE_ERRORS] = { "jump zone_errors", WHEN_ALWAYS,
				   build_zone_errors },
	[NFT_STMT_WILDCARD] = { "socket wildcard 1", WHEN_ALWAYS,
				build_wildcard },
	[NFT_STMT_WHOLE] = { "socket wildcard 0", WHEN_ALWAYS, build_whole },
};

bool nft_stmt_present(enum nft_stmt s, const struct nft_rule *rule)
{
	switch (rows[s].when) {
	case WHEN_ALWAYS:
		return true;
	case WHEN_TCP:
		return is_tcp(rule);
	case WHEN_UDP:
		return !is_tcp(rule);
	case WHEN_CLIENTS:
		return rule->clients;
	}
	return true;
}

static const char *reject_text(const struct nft_rule *r)
{
	if (is_tcp(r))
		return "tcp reset";
	return is_v4(r) ? "icmp port-unreachable" : "icmpv6 port-unreachable";
}

static const char *word_text(char letter, const struct nft_rule *r,
			     char buf[static NFT_STMT_TEXTLEN])
{
	switch (letter) {
	case 'a':
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%#x",
			       (unsigned)(NFT_MARK | NFT_MARK_LOCAL));
		return buf;
	case 'w':
		return is_v4(r) ? "ip daddr . tcp dport . ip saddr . tcp sport"
				: "ip6 daddr . tcp dport . "
				  "ip6 saddr . tcp sport";
	case 'b':
		return is_v4(r) ? "ip saddr . tcp sport . ip daddr . tcp dport"
				: "ip6 saddr . tcp sport . "
				  "ip6 daddr . tcp dport";
	case 'c':
		return r->clients->name;
	case 'e':
		return is_v4(r) ? "icmp" : "icmpv6";
	case 'f':
		return is_v4(r) ? "ip" : "ip6";
	case 'h':
		return r->handshakes->name;
	case 'i':
		if (!r->interfaces)
			return "!= \"lo\"";
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "@%s",
			       r->interfaces->name);
		return buf;
	case 'l':
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%s:%u",
			       is_v4(r) ? "127.0.0.1" : "[::1]",
			       (unsigned)r->port);
		return buf;
	case 'm':
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%#x", (unsigned)r->mark);
		return buf;
	case 'n':
		return is_v4(r) ? "ipv4" : "ipv6";
	case 'o':
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%u", (unsigned)r->port);
		return buf;
	case 'p':
		return is_tcp(r) ? "tcp" : "udp";
	case 'r':
		return reject_text(r);
	case 't':
		return r->to->name;
	case 'u':
		return r->users->name;
	case 'z':
		(void)snprintf(buf, NFT_STMT_TEXTLEN, "%u", (unsigned)NFT_ZONE);
		return buf;
	default: /* of the letters, all that `rows` has are above */
		return "";
	}
}

const char *nft_stmt_text(enum nft_stmt s, const struct nft_rule *rule,
			  char buf[static NFT_STMT_TEXTLEN])
{
	char word[NFT_STMT_TEXTLEN];
	size_t n = 0;

	for (const char *p = rows[s].text; *p; p++) {
		const char *text = *p == '$' ? word_text(*++p, rule, word)
					     : NULL;
		const size_t len = text ? strlen(text) : 1;

		assert(n + len < NFT_STMT_TEXTLEN);
		memcpy(buf + n, text ? text : p, len);
		n += len;
	}
	buf[n] = '\0';
	return buf;
}

bool nft_stmt_build(enum nft_stmt s, const struct nft_rule *rule,
		    struct nftnl_rule *out)
{
	return rows[s].build(rule, out);
}
