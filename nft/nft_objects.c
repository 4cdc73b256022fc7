/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_objects.c - the model as libnftnl objects */
#include "nft_objects.h"

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "nft_stmt.h"

/*
 * Numbers by which nft knows the type of a key when it lists a set (datatype.h
 * of nftables: kernel ABI by use); a concatenation has six bits a field.
 */
#define TYPE_IPV4      7U
#define TYPE_IPV6      8U
#define TYPE_PROTOCOL  12U
#define TYPE_PORT      13U
#define TYPE_USER      24U
#define TYPE_IFNAME    41U
#define TYPE_AND(a, b) ((a) << 6 | (b))
#define TYPE_BOTH(end) ((end) << 12 | (end))

#define PORT_LEN       2
#define PORT_KEY_LEN   4 /* fields are padded to 4 bytes */

struct key {
	uint32_t type;
	uint32_t len;       /* of the whole key */
	uint8_t fields[2];  /* lengths; [1] = 0: one, or no matter */
	uint32_t set_flags; /* NFT_SET_* */
};

static struct key key_of(const struct nft_set *s)
{
	const bool v4 = s->family == AF_INET;
	const uint8_t addr_len = v4 ? 4 : 16;
	const uint32_t addr = v4 ? TYPE_IPV4 : TYPE_IPV6;
	const uint32_t end = TYPE_AND(addr, TYPE_PORT);

	switch (s->kind) {
	case NFT_SET_TO:
		return (struct key){ end,
				     addr_len + PORT_KEY_LEN,
				     { addr_len, PORT_LEN },
				     NFT_SET_INTERVAL | NFT_SET_CONCAT };
	case NFT_SET_CLIENTS:
		return (struct key){
			addr, addr_len, { addr_len }, NFT_SET_INTERVAL
		};
	case NFT_SET_INTERFACES:
		return (struct key){ TYPE_IFNAME,
				     CONF_IFNAME_LEN,
				     { CONF_IFNAME_LEN },
				     NFT_SET_INTERVAL };
	case NFT_SET_USERS:
		return (struct key){ TYPE_USER, sizeof(uint32_t), { 4 }, 0 };
	case NFT_SET_HANDSHAKES:
		return (struct key){
			TYPE_BOTH(end),
			2 * (addr_len + PORT_KEY_LEN),
			{ 0 }, /* the kernel wants them of intervals only */
			NFT_SET_EVAL | NFT_SET_TIMEOUT
		};
	case NFT_SET_PROTOCOLS:
	case NFT_SET_KIND_MAX:
		break;
	}
	return (struct key){
		TYPE_PROTOCOL, 1, { 1 }, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT
	};
}

struct nftnl_table *nft_objects_table(enum nft_table table, uint32_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		return NULL;
	if (nftnl_table_set_str(t, NFTNL_TABLE_NAME, nft_table_names[table])) {
		nftnl_table_free(t);
		return NULL;
	}
	nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, flags);
	return t;
}

struct nftnl_chain *nft_objects_chain(enum nft_chain chain)
{
	const struct nft_hook *hook = &nft_hooks[chain];
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return NULL;
	if (nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE,
				nft_table_names[hook->table]) ||
	    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, hook->name) ||
	    (hook->type &&
	     nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, hook->type))) {
		nftnl_chain_free(c);
		return NULL;
	}
	nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	if (!hook->type)
		return c;
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook->hook);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, hook->priority);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	return c;
}

/* nft lists numbers in the order of their bytes, unless the set says that it is
 * the host's (enum byteorder of nftables). */
static bool set_byteorder(struct nftnl_set *out)
{
	const uint32_t host_endian = 1;
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	bool ok;

	if (!u)
		return false;
	ok = nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER,
				 host_endian) &&
	     !nftnl_set_set_data(out, NFTNL_SET_USERDATA,
				 nftnl_udata_buf_data(u),
				 nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
	return ok;
}

struct nftnl_set *nft_objects_set(const struct nft_set *s)
{
	const struct key k = key_of(s);
	const char *name = s->name[0] ? s->name : NFT_ANONYMOUS;
	struct nftnl_set *out = nftnl_set_alloc();

	if (!out)
		return NULL;
	if (nftnl_set_set_str(out, NFTNL_SET_TABLE,
			      nft_table_names[s->table]) ||
	    nftnl_set_set_str(out, NFTNL_SET_NAME, name) ||
	    (k.fields[1] && nftnl_set_set_data(out, NFTNL_SET_DESC_CONCAT,
					       k.fields, sizeof(k.fields))) ||
	    (s->kind == NFT_SET_USERS && !set_byteorder(out))) {
		nftnl_set_free(out);
		return NULL;
	}
	nftnl_set_set_u32(out, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(out, NFTNL_SET_ID, s->id);
	nftnl_set_set_u32(out, NFTNL_SET_KEY_TYPE, k.type);
	nftnl_set_set_u32(out, NFTNL_SET_KEY_LEN, k.len);
	nftnl_set_set_u32(out, NFTNL_SET_FLAGS, k.set_flags);
	if (s->kind == NFT_SET_HANDSHAKES) {
		nftnl_set_set_u32(out, NFTNL_SET_DESC_SIZE, NFT_HANDSHAKES_MAX);
		nftnl_set_set_u64(out, NFTNL_SET_TIMEOUT,
				  NFT_HANDSHAKE_S * 1000ULL);
	}
	return out;
}

/* The next key in the order of its bytes; false after the last one. */
static bool key_after(const uint8_t *key, uint32_t len, uint8_t *after)
{
	memcpy(after, key, len);
	for (uint32_t i = len; i-- > 0;) {
		if (++after[i])
			return true;
	}
	return false;
}

static struct nftnl_set_elem *add_elem(struct nftnl_set *out,
				       const uint8_t *key, uint32_t len)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		return NULL;
	if (nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, len)) {
		nftnl_set_elem_free(e);
		return NULL;
	}
	nftnl_set_elem_add(out, e);
	return e;
}

/*
 * A set with several fields keeps both ends of an interval in one element, one
 * with a single field as two: the first key, and the key after the last one,
 * which is flagged and left out where nothing comes after.
 */
bool nft_objects_elem(const struct nft_set *s, const struct nft_elem *e,
		      struct nftnl_set *out)
{
	const struct key k = key_of(s);
	struct nftnl_set_elem *elem = add_elem(out, e->first, k.len);
	uint8_t after[NFT_KEY_LEN];

	if (!elem)
		return false;
	if (k.fields[1])
		return !nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY_END,
					   e->last, k.len);
	if (!(k.set_flags & NFT_SET_INTERVAL) ||
	    !key_after(e->last, k.len, after))
		return true;
	elem = add_elem(out, after, k.len);
	if (!elem)
		return false;
	nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_FLAGS,
			       NFT_SET_ELEM_INTERVAL_END);
	return true;
}

static bool set_comment(struct nftnl_rule *out, const char *comment)
{
	struct nftnl_udata_buf *u =
		nftnl_udata_buf_alloc(NFTNL_UDATA_COMMENT_MAXLEN);
	bool ok;

	if (!u)
		return false;
	ok = nftnl_udata_put_strz(u, NFTNL_UDATA_RULE_COMMENT, comment) &&
	     !nftnl_rule_set_data(out, NFTNL_RULE_USERDATA,
				  nftnl_udata_buf_data(u),
				  nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
	return ok;
}

static int find_comment(const struct nftnl_udata *u, void *arg)
{
	const char **comment = arg;
	const uint8_t len = nftnl_udata_len(u);
	const char *text = nftnl_udata_get(u);

	if (nftnl_udata_type(u) == NFTNL_UDATA_RULE_COMMENT && len > 0 &&
	    text[len - 1] == '\0')
		*comment = text;
	return 0;
}

const char *nft_objects_comment(const struct nftnl_rule *r)
{
	const char *comment = "";
	uint32_t len;
	const void *user = nftnl_rule_get_data(r, NFTNL_RULE_USERDATA, &len);

	if (user)
		(void)nftnl_udata_parse(user, len, find_comment, &comment);
	return comment;
}

struct nftnl_rule *nft_objects_rule(const struct nft_rule *r)
{
	const struct nft_hook *hook = &nft_hooks[r->chain];
	struct nftnl_rule *out = nftnl_rule_alloc();

	if (!out)
		return NULL;
	if (nftnl_rule_set_str(out, NFTNL_RULE_TABLE,
			       nft_table_names[hook->table]) ||
	    nftnl_rule_set_str(out, NFTNL_RULE_CHAIN, hook->name) ||
	    !set_comment(out, r->comment))
		goto free_rule;
	nftnl_rule_set_u32(out, NFTNL_RULE_FAMILY, NFPROTO_INET);
	for (const enum nft_stmt *s = r->stmts; *s != NFT_STMT_END; s++) {
		if (nft_stmt_present(*s, r) && !nft_stmt_build(*s, r, out))
			goto free_rule;
	}
	return out;

free_rule:
	nftnl_rule_free(out);
	return NULL;
}
