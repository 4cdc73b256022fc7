/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft.c - rules and routes together: install, remove, check */
#include "nft.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <assert.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base_fd.h"
#include "conf_tables.h"
#include "nft_batch.h"
#include "nft_check.h"
#include "nft_link.h"
#include "nft_model.h"
#include "nft_objects.h"
#include "nft_persist.h"
#include "nft_route.h"

#define LOCK_NAME         "wayside-rules"
#define TABLE             "table inet " NFT_TABLE

#define ITEMS_PER_MESSAGE 64 /* twice as many elements, about 5 KiB */

static int fail(struct nft_error *why, const char *what, int error)
{
	(void)snprintf(why->text, sizeof(why->text), "%s: %s%s", what,
		       strerrordesc_np(-error),
		       error == -EPERM ? ": CAP_NET_ADMIN is needed" : "");
	return error;
}

int nft_open(struct nft_link **link, bool hold, struct nft_error *why)
{
	const int r = nft_link_open(link, NETLINK_NETFILTER);
	int on = 1;

	if (r)
		return fail(why, "netlink socket for nft rules", r);
	(*link)->hold = hold;
	/* a kernel without these only explains less */
	(void)mnl_socket_setsockopt((*link)->socket, NETLINK_EXT_ACK, &on,
				    sizeof(on));
	(void)mnl_socket_setsockopt((*link)->socket, NETLINK_CAP_ACK, &on,
				    sizeof(on));
	return 0;
}

void nft_close(struct nft_link *link)
{
	nft_link_close(link);
}

int nft_lock(struct nft_link *link, struct nft_error *why)
{
	/* abstract: the first byte is 0, and the length ends the name */
	static const struct sockaddr_un name = {
		.sun_family = AF_UNIX,
		.sun_path = "\0" LOCK_NAME,
	};
	const socklen_t len =
		offsetof(struct sockaddr_un, sun_path) + sizeof(LOCK_NAME);
	/* a stream that does not listen takes nothing from anybody */
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(link->lock < 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, len) == 0) {
		link->lock = base_fd_take(&fd);
		return 0;
	}
	if (errno != EADDRINUSE)
		return fail(why, "lock of the nft rules", -errno);
	(void)snprintf(why->text, sizeof(why->text),
		       "another Wayside owns the rules of this network "
		       "namespace");
	return -EADDRINUSE;
}

static bool add_table(struct nft_batch *b, uint16_t type, uint16_t flags,
		      enum nft_table table, uint32_t table_flags)
{
	struct nftnl_table *t = nft_objects_table(table, table_flags);
	struct nlmsghdr *h = nft_batch_add(b, type, flags, "table inet %s",
					   nft_table_names[table]);

	if (t && h)
		nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	return t && h;
}

static bool add_chain(struct nft_batch *b, enum nft_chain chain)
{
	struct nftnl_chain *c = nft_objects_chain(chain);
	struct nlmsghdr *h =
		nft_batch_add(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL,
			      "chain \"%s\"", nft_hooks[chain].name);

	if (c && h)
		nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	return c && h;
}

/* One message for the elements from *i on; none when there are no more: the
 * kernel refuses an empty list. Return: false = no memory. */
static bool add_some_elems(struct nft_batch *b, const struct nft_model *m,
			   const struct nft_set *s, uint32_t *i)
{
	struct nft_elem e;
	struct nftnl_set *set;
	struct nlmsghdr *h;
	uint32_t next = *i;
	bool ok;

	if (!nft_model_elem(m, s, &next, &e)) {
		*i = next;
		return true;
	}
	set = nft_objects_set(s);
	h = nft_batch_add(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL,
			  "elements of set \"%s\"", s->name);
	ok = set && h && nft_objects_elems(m, s, i, ITEMS_PER_MESSAGE, set);
	if (ok)
		nftnl_set_elems_nlmsg_build_payload(h, set);
	nftnl_set_free(set);
	return ok;
}

static bool add_elems(struct nft_batch *b, const struct nft_model *m,
		      const struct nft_set *s)
{
	uint32_t i = 0;

	while (i < s->items.n) {
		if (!add_some_elems(b, m, s, &i))
			return false;
	}
	return true;
}

static bool add_set(struct nft_batch *b, const struct nft_model *m,
		    const struct nft_set *s)
{
	struct nftnl_set *set = nft_objects_set(s);
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWSET,
					   NLM_F_CREATE | NLM_F_EXCL,
					   "set \"%s\"", s->name);

	if (set && h)
		nftnl_set_nlmsg_build_payload(h, set);
	nftnl_set_free(set);
	return set && h && add_elems(b, m, s);
}

static bool add_rule(struct nft_batch *b, const struct nft_rule *r)
{
	struct nftnl_rule *rule = nft_objects_rule(r);
	struct nlmsghdr *h = nft_batch_add(b, NFT_MSG_NEWRULE,
					   NLM_F_CREATE | NLM_F_APPEND,
					   "rule \"%s\"", r->comment);

	if (rule && h)
		nftnl_rule_nlmsg_build_payload(h, rule);
	nftnl_rule_free(rule);
	return rule && h;
}

/* All of the model; the table that is there goes in the same batch. */
static bool add_all(struct nft_batch *b, const struct nft_model *m,
		    bool replace, uint32_t table_flags)
{
	if (replace && !add_table(b, NFT_MSG_DELTABLE, 0, NFT_TABLE_MAIN, 0))
		return false;
	if (!add_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL,
		       NFT_TABLE_MAIN, table_flags))
		return false;
	for (enum nft_chain c = 0; c < NFT_CHAIN_MAX; c++) {
		if (m->chains[c] && !add_chain(b, c))
			return false;
	}
	for (uint32_t i = 0; i < m->n_sets; i++) {
		if (!add_set(b, m, &m->sets[i]))
			return false;
	}
	for (uint32_t i = 0; i < m->n_rules; i++) {
		if (!add_rule(b, &m->rules[i]))
			return false;
	}
	return true;
}

static int look_for_table(struct nft_link *l, struct nft_check_table *t,
			  struct nft_error *why)
{
	const int r = nft_check_table(l, t);

	return r ? fail(why, TABLE, r) : 0;
}

/* The same before a change: another socket's table is refused in words that
 * tell it from missing rights. */
static int look_for_change(struct nft_link *l, struct nft_check_table *t,
			   struct nft_error *why)
{
	const int r = look_for_table(l, t, why);

	if (r || !t->owner || t->owner == mnl_socket_get_portid(l->socket))
		return r;
	(void)snprintf(why->text, sizeof(why->text),
		       TABLE ": %s: another process owns it",
		       strerrordesc_np(EPERM));
	return -EPERM;
}

/* What the table's owner and end are to be, see nft_open(). */
static uint32_t wanted_flags(const struct nft_link *l,
			     const struct conf_tables *conf)
{
	if (!l->hold)
		return 0;
	if (conf->on_failure == CONF_FAILURE_OPEN)
		return NFT_TABLE_F_OWNER;
	return l->plain ? 0 : NFT_TABLE_F_OWNER | nft_persist;
}

static int send_all(struct nft_link *l, const struct nft_model *m, bool replace,
		    struct nft_error *why)
{
	struct nft_batch *b = nft_batch_new();
	int r = -ENOMEM;

	if (b && add_all(b, m, replace, wanted_flags(l, m->conf)))
		r = nft_batch_send(b, l->socket, why);
	else
		fail(why, "nft rules", r);
	nft_batch_free(b);
	return r;
}

/* A kernel that does not know a table's flag refuses it, and the link learns
 * it when the same goes through without. */
static int replace_table(struct nft_link *l, const struct nft_model *m,
			 bool replace, struct nft_error *why)
{
	int r = send_all(l, m, replace, why);

	if ((r == -EOPNOTSUPP || r == -EINVAL) &&
	    wanted_flags(l, m->conf) & nft_persist) {
		l->plain = true;
		r = send_all(l, m, replace, why);
		l->plain = !r;
	}
	return r;
}

int nft_install(struct nft_link *link, const struct conf_tables *conf,
		enum nft_state state, struct nft_error *why)
{
	struct nft_error ignored;
	struct nft_model *m;
	struct nft_check_table t;
	int r;

	if (conf_tables_fixed(conf)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "fixed-remote mode has no kernel rules");
		return -EINVAL;
	}
	if (!nft_model_wanted(conf, state))
		return nft_remove(link, why);
	r = look_for_change(link, &t, why);
	if (r)
		return r;
	m = nft_model_new(conf, state);
	if (!m)
		return fail(why, "nft rules", -ENOMEM);
	/* A mark without a route would black-hole: first there, last gone. */
	if (state != NFT_STATE_STOPPED)
		r = nft_route_install(why);
	if (!r)
		r = replace_table(link, m, t.there, why);
	if (r && !t.there && nft_route_remove(&ignored) != 0) {
		/* *why keeps the first reason */
	}
	if (!r && state == NFT_STATE_STOPPED)
		r = nft_route_remove(why);
	nft_model_free(m);
	return r;
}

int nft_remove(struct nft_link *link, struct nft_error *why)
{
	struct nft_check_table t;
	int r = look_for_change(link, &t, why);

	if (r)
		return r;
	if (t.there) {
		struct nft_batch *b = nft_batch_new();

		if (b && add_table(b, NFT_MSG_DELTABLE, 0, NFT_TABLE_MAIN, 0))
			r = nft_batch_send(b, link->socket, why);
		else
			r = fail(why, "nft rules", -ENOMEM);
		nft_batch_free(b);
	}
	return r ? r : nft_route_remove(why);
}

/* Return: 0 or -errno; *compare: the table is there, as it should be. */
static int check_table(struct nft_link *l, const struct nft_model *m,
		       struct nft_report *report, bool *compare,
		       struct nft_error *why)
{
	const bool wanted = nft_model_wanted(m->conf, m->state);
	struct nft_check_table t;
	const int r = look_for_table(l, &t, why);

	if (r)
		return r;
	*compare = t.there && wanted;
	if (t.there != wanted)
		nft_report_add(report, "%s: " TABLE,
			       wanted ? "missing" : "unexpected");
	if (t.flags & NFT_TABLE_F_DORMANT)
		nft_report_add(report, TABLE " is dormant");
	if (t.owner && !(t.flags & nft_persist) &&
	    m->conf->on_failure != CONF_FAILURE_OPEN)
		nft_report_add(report, TABLE " would vanish with its owner");
	return 0;
}

int nft_check(struct nft_link *link, const struct conf_tables *conf,
	      enum nft_state state, void (*line)(void *arg, const char *text),
	      void *arg, struct nft_error *why)
{
	struct nft_report report = { .line = line, .arg = arg };
	struct nft_model *m = nft_model_new(conf, state);
	bool compare;
	int r;

	if (!m)
		return fail(why, "nft rules", -ENOMEM);
	r = check_table(link, m, &report, &compare, why);
	if (!r && compare) {
		r = nft_check_content(link, m, &report);
		if (r)
			fail(why, "reading " TABLE, r);
	}
	if (!r)
		r = nft_route_check(nft_model_wanted(conf, state) &&
					    state != NFT_STATE_STOPPED,
				    &report, why);
	nft_model_free(m);
	return r ? r : report.n;
}

int nft_keeping(struct nft_link *link, enum nft_keep *keep,
		struct nft_error *why)
{
	struct nft_check_table t;
	const int r = look_for_table(link, &t, why);

	if (r)
		return r;
	if (!t.there)
		*keep = NFT_KEEP_NOTHING;
	else if (!t.owner)
		*keep = NFT_KEEP_PLAIN;
	else
		*keep = t.flags & nft_persist ? NFT_KEEP_PERSISTS
					      : NFT_KEEP_OWNED;
	return 0;
}
