/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_model.h - what the kernel's table holds, as data
 *
 * The one description of the ruleset. nft_text.c and nft_objects.c only render
 * it, so text and kernel objects cannot disagree about what there is; that the
 * two renderings of one statement agree is what netns-tests/t_rules_golden.sh
 * shows. golden/ has the ruleset as text, written by hand.
 */
#ifndef NFT_MODEL_H
#define NFT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_tables.h"
#include "nft.h"

/* ".NAME_interfaces" */
#define NFT_SET_NAME_LEN (CONF_NAME_LEN + 12)
#define NFT_COMMENT_LEN  (CONF_NAME_LEN + 16) /* "NAME v4 closed" */
#define NFT_KEY_LEN      20                   /* IPv6 address and port */
#define NFT_ELEM_TEXTLEN 80
#define NFT_STMTS_MAX    20
#define NFT_USERS        "local_except"
#define NFT_HANDSHAKES   "handshakes" /* and 4 or 6 */
#define NFT_ANONYMOUS    "__set%d"    /* the kernel gives the name */
#define NFT_PROTOCOLS    4            /* elements of NFT_SET_PROTOCOLS */
#define NFT_ZONE         7700         /* of conntrack, see NFT_CHAIN_ZONE_IN */

/* Handshakes with listeners that are remembered, in each family. What comes on
 * top of them is not, see nft_model.c. */
#define NFT_HANDSHAKES_MAX 65535
#define NFT_HANDSHAKE_S    60

enum nft_table {
	NFT_TABLE_MAIN,
	NFT_TABLE_LOCAL, /* hands over connections of this host's programs;
			  * without a listener they would be lost, so it must
			  * go with the daemon */
	NFT_TABLE_MAX
};

/* nft_model.c has what each is there for. */
enum nft_chain {
	NFT_CHAIN_ZONE_KNOWN,  /* no hook: "known" of ZONE_IN leads there */
	NFT_CHAIN_ZONE_ERRORS, /* no hook: "errors" of ZONE_IN does */
	NFT_CHAIN_ZONE_IN,     /* the client's legs in a zone of conntrack */
	NFT_CHAIN_ZONE_OUT,
	NFT_CHAIN_OURS,     /* no hook: "return" leads there */
	NFT_CHAIN_TAKE,     /* what comes in from others */
	NFT_CHAIN_REDIRECT, /* the same without tproxy */
	NFT_CHAIN_REFUSE,   /* `closed` for programs of this host */
	NFT_CHAIN_LOCAL_OUT,
	NFT_CHAIN_LOCAL_IN,
	NFT_CHAIN_MAX
};

/* What has to be routed here, each with what is before it (nft_route.h). */
enum nft_routing {
	NFT_ROUTING_NONE,
	NFT_ROUTING_TAKEN, /* packets with NFT_MARK */
	NFT_ROUTING_LOCAL, /* and with NFT_MARK_LOCAL */
	NFT_ROUTING_MAX
};

/* What a chain is in nft and in the kernel. A chain, and a table, is there when
 * nft_model says so, not when it has a rule. */
struct nft_hook {
	enum nft_table table;
	const char *name, *type; /* type NULL: has no hook */
	uint32_t hook;           /* NF_INET_* */
	int32_t priority;        /* NF_IP_PRI_* */
	const char *hook_text, *priority_text;
};

extern const char *const nft_table_names[NFT_TABLE_MAX];
extern const struct nft_hook nft_hooks[NFT_CHAIN_MAX];

enum nft_set_kind {
	NFT_SET_TO,         /* address . port */
	NFT_SET_CLIENTS,    /* address */
	NFT_SET_INTERFACES, /* name */
	NFT_SET_USERS,      /* number; of local_except */
	NFT_SET_PROTOCOLS,  /* of rule "return"; has no name */
	NFT_SET_HANDSHAKES, /* both ends of a connection; the rules fill it */
	NFT_SET_KIND_MAX
};

struct nft_set {
	enum nft_table table;
	char name[NFT_SET_NAME_LEN];
	uint32_t id; /* within the batch, both tables; from 1 */
	enum nft_set_kind kind;
	uint16_t family;        /* AF_INET or AF_INET6; AF_UNSPEC: neither */
	struct conf_list items; /* in dests, nets, ifaces or users; those of
				   another family are skipped */
};

/* The keys `first` to `last` inclusive, in every field of the key. */
struct nft_elem {
	uint8_t first[NFT_KEY_LEN]; /* network order, users in that of the host;
				       names padded with 0 */
	uint8_t last[NFT_KEY_LEN];
	char text[NFT_ELEM_TEXTLEN];
};

/* nft_stmt.c has what each is as text and in the kernel. */
enum nft_stmt {
	NFT_STMT_END,
	NFT_STMT_PROTOCOLS,   /* TCP, UDP, ICMP or ICMPv6 */
	NFT_STMT_TRANSPARENT, /* for a transparent socket of this host */
	NFT_STMT_WILDCARD,    /* for one that has no address */
	NFT_STMT_WHOLE,       /* for one that has, and no half connection */
	NFT_STMT_FAMILY,
	NFT_STMT_TRANSPORT,
	NFT_STMT_ICMP,     /* that of the family */
	NFT_STMT_SYN,      /* only of TCP */
	NFT_STMT_ACK,      /* only of TCP, and not a SYN */
	NFT_STMT_SYN_ACK,  /* only of TCP */
	NFT_STMT_DATAGRAM, /* only of UDP */
	NFT_STMT_CT_NEW,   /* only of TCP */
	NFT_STMT_CT_MARKED,
	NFT_STMT_CT_ORIGINAL, /* from the end that began it */
	NFT_STMT_REMEMBER,    /* its handshake; only of TCP, as are: */
	NFT_STMT_REMEMBERED,
	NFT_STMT_FORGET,
	NFT_STMT_FORGOTTEN, /* of the other end of what is remembered */
	NFT_STMT_TO,
	NFT_STMT_FROM, /* from where TO leads to */
	NFT_STMT_CLIENTS,
	NFT_STMT_INTERFACES, /* without a set: any but the loopback */
	NFT_STMT_LOOPBACK,   /* comes from it */
	NFT_STMT_OUTSIDE,    /* does not go to it */
	NFT_STMT_UNICAST,    /* and not an address of this host */
	NFT_STMT_USERS,
	NFT_STMT_MARKED,
	NFT_STMT_MARKED_ANY, /* with either mark of ours */
	NFT_STMT_COUNTER,
	NFT_STMT_TPROXY,
	NFT_STMT_REDIRECT,
	NFT_STMT_CT_MARK,
	NFT_STMT_MARK,
	NFT_STMT_ZONE,
	NFT_STMT_NOTRACK,
	NFT_STMT_REJECT,
	NFT_STMT_ACCEPT,
	NFT_STMT_RETURN, /* to where the chain was called */
	NFT_STMT_OURS,   /* goes on there */
	NFT_STMT_ZONE_KNOWN,
	NFT_STMT_ZONE_ERRORS,
	NFT_STMT_MAX
};

struct nft_rule {
	enum nft_chain chain;
	char comment[NFT_COMMENT_LEN];
	uint16_t family; /* AF_UNSPEC: both */
	enum conf_transport transport;
	uint32_t mark; /* NFT_MARK or NFT_MARK_LOCAL */
	uint16_t port; /* of the listeners, host order */
	/* NULL: has no such set */
	const struct nft_set *protocols, *to, *clients, *interfaces, *users,
		*handshakes;
	enum nft_stmt stmts[NFT_STMTS_MAX]; /* ends with NFT_STMT_END */
};

struct nft_model {
	const struct conf_tables *conf; /* outlives the model */
	enum nft_state state;
	bool tables[NFT_TABLE_MAX]; /* which of them are there */
	bool chains[NFT_CHAIN_MAX];
	uint32_t n_sets, n_rules;
	struct nft_set sets[CONF_RULES_MAX * 9 + 5];
	struct nft_rule
		rules[CONF_RULES_MAX * 20 + 24]; /* by chain, in order */
};

/* Return: NULL = no memory; the caller frees it with nft_model_free(). */
struct nft_model *nft_model_new(const struct conf_tables *conf,
				enum nft_state state);
void nft_model_free(struct nft_model *m); /* NULL is a no-op */

/* Does anything stand in the kernel in this state? */
bool nft_model_wanted(const struct conf_tables *conf, enum nft_state state);

/* What of the routing belongs to this state? */
enum nft_routing nft_model_routing(const struct conf_tables *conf,
				   enum nft_state state);

/* Has this set of the configuration any element? */
bool nft_model_has_elem(const struct conf_tables *conf,
			const struct nft_set *s);

/* The element at *i or after it; false at the end. Start with *i = 0. */
bool nft_model_elem(const struct nft_model *m, const struct nft_set *s,
		    uint32_t *i, struct nft_elem *e);

#endif
