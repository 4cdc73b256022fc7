/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft.h - the kernel's part of the interception: nft rules and policy routing
 *
 * Theory of operation. A SYN that a rule of the configuration takes is handed
 * by `tproxy` to the listener on 127.0.0.1:listen_port or [::1]:listen_port and
 * gets NFT_MARK; the mark makes the routing deliver it here although its
 * destination is elsewhere. All of ours in the kernel is: table `inet wayside`,
 * and for both families two routing rules and one route (nft_route.h), found
 * again by their numbers and NFT_PROTOCOL.
 *
 *   configuration --nft_model--> sets, rules made of statements
 *                                  |-- nft_text --> text for nft -f
 *                                  |-- nft_objects --> libnftnl objects
 *                                  |      |-- nft_batch --> kernel, atomic
 *                                  |      `-- nft_check <-- kernel, compared
 *   nft_stmt: the one table in which a statement's text and its kernel
 *   expressions stand side by side
 *
 * Process: supervisor and `wayside rules`. Needs CAP_NET_ADMIN in the network
 * namespace. Blocking, in practice a few milliseconds.
 */
#ifndef NFT_H
#define NFT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"

/* One bit each, always masked: the other bits are others'. The same number
 * serves as the packet's mark and as the connection's (ct) mark. */
#define NFT_MARK 0x10000
/* The same of a connection of this host's own programs, on its way to lo. */
#define NFT_MARK_LOCAL 0x20000
#define NFT_TABLE      "wayside"
/* What the names of the tables of a self-test begin with. */
#define NFT_TABLE_PROBE "wayside_probe_"
#define NFT_PROTOCOL    77 /* of our routing rules and routes */

struct conf_tables;
struct nft_link;

/* All but STOPPED have the routing and rule "return", so that connections which
 * Wayside holds live on; `on_failure: closed` has its reject rules in each. */
enum nft_state {
	NFT_STATE_RUNNING,  /* new connections are handed to Wayside */
	NFT_STATE_BYPASS,   /* only packets of those that were handed to it,
			     * and none is refused: the operator wants it */
	NFT_STATE_DRAINING, /* only packets of those that were handed to it */
	NFT_STATE_ABSENT,   /* not even these: nobody accepts them */
	NFT_STATE_STOPPED,  /* what stays after a clean stop */
	NFT_STATE_MAX
};

/* What becomes of the table without us. */
enum nft_keep {
	NFT_KEEP_NOTHING,  /* there is no table */
	NFT_KEEP_OWNED,    /* the link's; it goes with the link */
	NFT_KEEP_PERSISTS, /* the link's; it stays when the link goes */
	NFT_KEEP_PLAIN,    /* nobody's; it stays */
	NFT_KEEP_MAX
};

/* Packets counted at the rules of one rule of the configuration. */
struct nft_count {
	uint64_t met, taken, rejected; /* see struct control_count */
};

/* Why a call failed: one line without a final newline. */
struct nft_error {
	char text[256];
};

/*
 * Opens the link. With `hold` the table belongs to this link's socket: nobody
 * else can change it, and a foreign `nft flush ruleset` leaves it alone. With
 * `on_failure: open` it vanishes with the last descriptor of that socket
 * (NFT_TABLE_F_OWNER), with the others it stays and is then nobody's
 * (NFT_TABLE_F_PERSIST, Linux 6.9; an older kernel gets a table that is
 * nobody's from the beginning). So the supervisor keeps the link for its life
 * and no child may keep a copy. Without `hold` (the tool) a table is nobody's.
 * Return: 0 and *link, which the caller frees with nft_close(); or -errno.
 */
WS_MUST_USE int nft_open(struct nft_link **link, bool hold,
			 struct nft_error *why);
void nft_close(struct nft_link *link); /* NULL is a no-op */

/*
 * Makes this link the one owner of the rules in its network namespace, until
 * nft_close() or the process's end; once a link, before the first change. It
 * binds the abstract socket "wayside-rules": those names belong to the network
 * namespace and go with their last descriptor (unix(7), network_namespaces(7)),
 * so nothing is left behind, and no child may keep a copy. Any local user can
 * hold that name and keep Wayside from starting, as any can hold port 15001.
 * Return: 0, -EADDRINUSE when another owns the rules, or -errno.
 */
WS_MUST_USE int nft_lock(struct nft_link *link, struct nft_error *why);

/*
 * Makes the kernel hold what `state` asks for, whatever of ours was there
 * before: twice is the same as once. The table is replaced in one atomic batch.
 * When a table is refused, the one before stays; without one before, nothing
 * of ours stays. Not for fixed-remote mode (-EINVAL), which has no rules.
 * Return: 0 or -errno.
 */
WS_MUST_USE int nft_install(struct nft_link *link,
			    const struct conf_tables *conf,
			    enum nft_state state, struct nft_error *why);

/* Removes all of ours, and nothing else; 0 when nothing was there. */
WS_MUST_USE int nft_remove(struct nft_link *link, struct nft_error *why);

/*
 * Compares table and routing in the kernel with what nft_install() would make.
 * `line` (never NULL) is called once a difference.
 * Return: the number of differences or -errno.
 */
WS_MUST_USE int nft_check(struct nft_link *link, const struct conf_tables *conf,
			  enum nft_state state,
			  void (*line)(void *arg, const char *text), void *arg,
			  struct nft_error *why);

/* How the table in the kernel is kept. Return: 0 or -errno. */
WS_MUST_USE int nft_keeping(struct nft_link *link, enum nft_keep *keep,
			    struct nft_error *why);

/*
 * What the kernel counted, for each rule of `conf`, which is installed, both
 * families together; it grows also when tables are replaced in between.
 * Return: 0 or -errno.
 */
WS_MUST_USE int nft_counts(struct nft_link *link,
			   const struct conf_tables *conf,
			   struct nft_count *counts, struct nft_error *why);

/*
 * The same as text that `nft -f` takes; the routing stands in its first lines
 * as commands for ip. Needs no rights and no link.
 * Return: 0, -ENOMEM, or -EIO when `out` did not take it.
 */
WS_MUST_USE int nft_print(FILE *out, const struct conf_tables *conf,
			  enum nft_state state);

#endif
