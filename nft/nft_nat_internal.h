/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat_internal.h - others' NAT rules in memory, and whom they apply to
 *
 * Only for nft_nat*.c. All of it is of one moment: read, asked, freed.
 */
#ifndef NFT_NAT_INTERNAL_H
#define NFT_NAT_INTERNAL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "conf_tables.h"

struct nft_link;
struct nlattr;
struct nlmsghdr;

#define NFT_NAT_VALUE 16 /* bytes of an IPv6 address, or of a name */

/* What a test looks at. */
enum nft_nat_field {
	NFT_NAT_FIELD_NETWORK, /* bytes of the network header */
	NFT_NAT_FIELD_FAMILY,  /* NFPROTO_* */
	NFT_NAT_FIELD_L4PROTO, /* IPPROTO_* */
	NFT_NAT_FIELD_IIF,     /* the index of an interface */
	NFT_NAT_FIELD_IIFNAME,
	NFT_NAT_FIELD_OIF,
	NFT_NAT_FIELD_OIFNAME,
	NFT_NAT_FIELD_MAX
};

/* Values from `first` to `last`, as bytes in the order of the wire. Of a test
 * of fewer bytes than the field has: filled up with 0x00, and with 0xff. */
struct nft_nat_range {
	uint8_t first[NFT_NAT_VALUE], last[NFT_NAT_VALUE];
};

struct nft_nat_set {
	struct nft_nat_set *next;
	uint8_t family;
	bool known; /* `v` is all that is in it, and will be */
	size_t len; /* bytes of a key */
	size_t n;
	struct nft_nat_range *v;
	char table[256], name[256]; /* NFT_NAME_MAXLEN */
};

/* One condition of a rule: `field` is in one of the ranges, or in none. */
struct nft_nat_test {
	enum nft_nat_field field;
	bool negated;
	uint8_t offset;           /* of a NETWORK field */
	uint8_t len;              /* bytes that are looked at */
	struct nft_nat_range one; /* without a set */
	struct nft_nat_set *set;  /* or NULL */
};

/* A rule that is source NAT or leads to another chain; others are not kept. */
struct nft_nat_rule {
	struct nft_nat_rule *next;
	const char *word; /* what it does to the source; NULL: it jumps */
	char *jump;       /* name of a chain; NULL without `word`: any */
	/* It has a condition that is none of `tests`, or asks for the interface
	 * that a packet came in by: of the connection that Wayside makes in a
	 * client's name it can say something else than of the client's own. */
	bool unsure;
	size_t n_tests;
	struct nft_nat_test tests[]; /* all of them must hold */
};

struct nft_nat_chain {
	struct nft_nat_chain *next;
	uint8_t family; /* NFPROTO_* */
	bool base;      /* at a hook: nothing jumps to it */
	bool source;    /* of type nat, at postrouting */
	/* of one walk: packets may get here; so under an unsure condition; its
	 * rules were asked */
	bool met, unsure, asked;
	struct nft_nat_rule *rules, **end;
	char table[256], name[256]; /* NFT_NAME_MAXLEN */
};

struct nft_nat_rules {
	struct nft_nat_chain *chains, *last; /* `last`: asked for last */
	struct nft_nat_set *sets;
};

/* The network of an address of this host. */
struct nft_nat_near {
	struct base_net net;
	char name[IF_NAMESIZE];
	bool guests; /* of a bridge that has virtual machines and containers */
};

/* An interface that a server can be routed to. */
struct nft_nat_way {
	uint16_t family; /* AF_* */
	unsigned index;  /* 0: any */
};

struct nft_nat_host {
	struct nft_nat_near *near;
	size_t n_near;
	struct nft_nat_way *ways;
	size_t n_ways;
};

/* Those of one rule of the configuration that have one family. */
struct nft_nat_clients {
	const struct conf_tables *conf; /* NULL: whatever is forwarded */
	const struct conf_rule *rule;   /* NULL with `conf` */
	const struct base_net *net;     /* NULL: any address */
	const struct nft_nat_host *host;
	uint8_t family; /* NFPROTO_IPV4 or NFPROTO_IPV6 */
};

/* nft_nat_read.c: what there is in the kernel. Return: 0 or -errno; on failure,
 * too, the caller frees *rules with nft_nat_rules_done(). */
WS_MUST_USE int nft_nat_rules_read(struct nft_link *link,
				   struct nft_nat_rules *rules);
void nft_nat_rules_done(struct nft_nat_rules *rules);

/* nft_nat_rule.c: a rule's message as nft_nat_rules has it.
 * Return: 0 and *rule, which is NULL when it is of no use here and else the
 * caller's to free(), with its `jump`; or -ENOMEM. */
WS_MUST_USE int nft_nat_rule_read(struct nft_nat_rules *rules,
				  const struct nlattr *expressions,
				  const struct nft_nat_chain *chain,
				  struct nft_nat_rule **rule);

/* nft_nat_host.c: this host's networks and, if `ways`, where `conf` has
 * servers. A way is one of any table: routing by source or mark is not
 * followed, so there may be more than one. The same Return as
 * nft_nat_rules_read(). */
WS_MUST_USE int nft_nat_host_read(const struct conf_tables *conf, bool ways,
				  struct nft_nat_host *host);
void nft_nat_host_done(struct nft_nat_host *host);

/* nft_nat_match.c: can the rule's conditions hold for a packet of one of these
 * clients to one of their servers? `unsure`: as a rule's, of the way to it. */
bool nft_nat_match(const struct nft_nat_rule *r,
		   const struct nft_nat_clients *c, bool unsure);

/* The attributes of one message or nest, by number; NULL where it has none. */
struct nft_nat_attrs {
	const struct nlattr *v[32];
};

void nft_nat_parse(const struct nlmsghdr *h, struct nft_nat_attrs *attrs);
struct nft_nat_attrs nft_nat_nested(const struct nlattr *a); /* or NULL */
const char *nft_nat_text(const struct nlattr *a);            /* or NULL: "" */
/* Of 4 bytes in the order of the wire; UINT32_MAX when it is none. */
uint32_t nft_nat_number(const struct nlattr *a);
/* NFTA_DATA_VALUE of a nest. Return: its bytes, 0 when there is none that fits.
 */
size_t nft_nat_value(const struct nlattr *a, uint8_t value[NFT_NAT_VALUE]);

#endif
