/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft.c - rules and routes together: install, remove, check */
#include "nft.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <assert.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "conf_tables.h"
#include "nft_batch.h"
#include "nft_build.h"
#include "nft_check.h"
#include "nft_counts.h"
#include "nft_handshakes.h"
#include "nft_link.h"
#include "nft_model.h"
#include "nft_persist.h"
#include "nft_route.h"
#include "nft_sets.h"

#define LOCK_NAME "wayside-rules"

/* What a link has installed. Owned by the link; freed by plan_free(). */
struct nft_plan {
	struct conf_tables conf; /* the caller's may go */
	struct nft_model *model;
};

/* What is in the kernel of ours. */
struct present {
	struct nft_check_table tables[NFT_TABLE_MAX];
};

static void plan_free(struct nft_plan *p)
{
	if (!p)
		return;
	nft_model_free(p->model);
	free(p);
}

static struct nft_plan *plan_new(const struct conf_tables *conf,
				 enum nft_state state)
{
	struct nft_plan *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->conf = *conf;
	p->model = nft_model_new(&p->conf, state);
	if (p->model)
		return p;
	free(p);
	return NULL;
}

static void forget(struct nft_link *l)
{
	plan_free(l->installed);
	l->installed = NULL;
}

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
	(*link)->counts = calloc(1, sizeof(*(*link)->counts));
	if (!(*link)->counts) {
		nft_link_close(*link);
		return fail(why, "netlink socket for nft rules", -ENOMEM);
	}
	/* a kernel without these only explains less */
	(void)mnl_socket_setsockopt((*link)->socket, NETLINK_EXT_ACK, &on,
				    sizeof(on));
	(void)mnl_socket_setsockopt((*link)->socket, NETLINK_CAP_ACK, &on,
				    sizeof(on));
	return 0;
}

void nft_close(struct nft_link *link)
{
	if (!link)
		return;
	forget(link);
	free(link->counts);
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

/* The local one must go with the daemon, whatever the others do. */
static bool wanted(const struct nft_link *l, const struct nft_model *m,
		   enum nft_table t)
{
	return m->tables[t] && (l->hold || t != NFT_TABLE_LOCAL);
}

/* Whose it is and what becomes of it, see nft_open(): NFT_TABLE_F_*. */
static uint32_t wanted_flags(const struct nft_link *l,
			     const struct conf_tables *conf, enum nft_table t)
{
	if (!l->hold)
		return 0;
	if (t == NFT_TABLE_LOCAL || conf->on_failure == CONF_FAILURE_OPEN)
		return nft_owner;
	return l->plain ? 0 : nft_owner | nft_persist;
}

static int look(struct nft_link *l, struct present *p, struct nft_error *why)
{
	for (enum nft_table t = 0; t < NFT_TABLE_MAX; t++) {
		const int r = nft_check_table(l, t, &p->tables[t]);

		char what[64];

		if (!r)
			continue;
		(void)snprintf(what, sizeof(what), "reading table inet %s",
			       nft_table_names[t]);
		return fail(why, what, r);
	}
	return 0;
}

/* The same before a change: another socket's table is refused in words that
 * tell it from missing rights. */
static int look_for_change(struct nft_link *l, struct present *p,
			   struct nft_error *why)
{
	const uint32_t port = mnl_socket_get_portid(l->socket);
	const int r = look(l, p, why);

	if (r)
		return r;
	for (enum nft_table t = 0; t < NFT_TABLE_MAX; t++) {
		if (!p->tables[t].owner || p->tables[t].owner == port)
			continue;
		(void)snprintf(why->text, sizeof(why->text),
			       "table inet %s: %s: another process owns it",
			       nft_table_names[t], strerrordesc_np(EPERM));
		return -EPERM;
	}
	return 0;
}

/* The tables that are there go in the same batch. */
static bool build_all(struct nft_batch *b, struct nft_link *l,
		      const struct present *p, const struct nft_model *m)
{
	for (enum nft_table t = 0; t < NFT_TABLE_MAX; t++) {
		if (p->tables[t].there && !nft_build_remove(b, t))
			return false;
		if (wanted(l, m, t) &&
		    !nft_build_table(b, m, t, wanted_flags(l, m->conf, t)))
			return false;
	}
	return true;
}

/* What the rules remember is read as late as possible. */
static int send_all(struct nft_link *l, const struct present *p,
		    const struct nft_model *m, struct nft_error *why)
{
	struct nft_handshakes *h = malloc(sizeof(*h));
	struct nft_batch *b = nft_batch_new();
	int r = -ENOMEM;

	if (h && nft_handshakes_read(l, h) != 0)
		base_notice("nft rules: handshakes under way cannot be read");
	if (h && b && build_all(b, l, p, m) && nft_handshakes_build(b, m, h))
		r = nft_batch_send(b, l->socket, why);
	else
		fail(why, "nft rules", r);
	nft_batch_free(b);
	free(h);
	return r;
}

/* What kernels say of a flag that they do not know. */
static bool is_unknown(int r)
{
	return r == -EOPNOTSUPP || r == -EINVAL;
}

/* Says it of a table that cannot do without an owner. */
static void explain_owner(const struct nft_model *m, struct nft_error *why)
{
	static const char start[] = "table inet ";

	if (strncmp(why->text, start, strlen(start)) == 0)
		(void)snprintf(why->text, sizeof(why->text),
			       "%s needs nft tables with an owner (Linux 5.12)",
			       m->tables[NFT_TABLE_LOCAL] ? "local: yes"
							  : "on_failure: open");
}

/* A kernel that does not know a table's flag refuses it, and the link learns
 * it when the same goes through without. */
static int replace_tables(struct nft_link *l, const struct present *p,
			  const struct nft_model *m, struct nft_error *why)
{
	int r = send_all(l, p, m, why);

	if (is_unknown(r) &&
	    wanted_flags(l, m->conf, NFT_TABLE_MAIN) & nft_persist) {
		l->plain = true;
		r = send_all(l, p, m, why);
		l->plain = !r;
	}
	if (is_unknown(r))
		explain_owner(m, why);
	return r;
}

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* Is all that this link installed still there, as it was? */
static bool untouched(struct nft_link *l, const struct present *p)
{
	const struct nft_model *m = l->installed->model;
	struct nft_report report = { .line = ignore, .where = "" };

	for (enum nft_table t = 0; t < NFT_TABLE_MAX; t++) {
		const struct nft_check_table *have = &p->tables[t];

		if (have->there != wanted(l, m, t))
			return false;
		if (have->there &&
		    (have->flags != wanted_flags(l, m->conf, t) ||
		     nft_check_content(l, m, t, &report) != 0 || report.n))
			return false;
	}
	return true;
}

/* Return: true = the kernel holds what `m` asks for, and only elements of sets
 * had to be changed. */
static bool renew_sets(struct nft_link *l, const struct present *p,
		       const struct nft_model *m)
{
	const struct nft_plan *old = l->installed;
	struct nft_error why;
	struct nft_batch *b;
	bool ok;

	if (!old || old->model->state != m->state ||
	    old->conf.on_failure != m->conf->on_failure ||
	    !nft_sets_suffice(old->model, m) || !untouched(l, p))
		return false;
	b = nft_batch_new();
	ok = b && nft_sets_build(b, old->model, m) &&
	     nft_batch_send(b, l->socket, &why) == 0;
	nft_batch_free(b);
	return ok;
}

/* What they have counted is asked for as late as possible; without an answer
 * the last one counts. */
static int install_tables(struct nft_link *l, const struct present *p,
			  const struct nft_model *m, struct nft_error *why)
{
	int r;

	if (renew_sets(l, p, m))
		return 0;
	if (l->installed && nft_counts_look(l->counts, l) != 0) {
		/* as the comment says */
	}
	r = replace_tables(l, p, m, why);
	if (!r)
		nft_counts_replaced(l->counts, m->conf);
	return r;
}

/* What the tables that were refused would need goes, but for what those that
 * stay need; when another link made these, that is not known. */
static void restore_routing(const struct nft_link *l, const struct present *p,
			    enum nft_routing refused)
{
	const struct nft_plan *old = l->installed;
	enum nft_routing keep = refused;
	struct nft_error ignored;

	if (!p->tables[NFT_TABLE_MAIN].there)
		keep = NFT_ROUTING_NONE;
	else if (old)
		keep = nft_model_routing(&old->conf, old->model->state);
	if (nft_route_remove(keep, &ignored) != 0) {
		/* the first reason is told */
	}
}

int nft_install(struct nft_link *link, const struct conf_tables *conf,
		enum nft_state state, struct nft_error *why)
{
	const enum nft_routing routing = nft_model_routing(conf, state);
	struct present present;
	struct nft_plan *plan;
	int r;

	if (conf_tables_fixed(conf)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "fixed-remote mode has no kernel rules");
		return -EINVAL;
	}
	if (!nft_model_wanted(conf, state))
		return nft_remove(link, why);
	r = look_for_change(link, &present, why);
	if (r)
		return r;
	plan = plan_new(conf, state);
	if (!plan)
		return fail(why, "nft rules", -ENOMEM);
	/* A mark without a route would black-hole: first there, last gone. */
	r = nft_route_install(routing, why);
	base_die_at(BASE_DIE_NFT_ROUTED);
	if (!r)
		r = install_tables(link, &present, plan->model, why);
	if (r) {
		restore_routing(link, &present, routing);
		plan_free(plan);
		return r;
	}
	plan_free(link->installed);
	link->installed = plan;
	return nft_route_remove(routing, why);
}

int nft_remove(struct nft_link *link, struct nft_error *why)
{
	struct present p;
	int r = look_for_change(link, &p, why);
	struct nft_batch *b;

	if (r)
		return r;
	b = nft_batch_new();
	for (enum nft_table t = 0; b && !r && t < NFT_TABLE_MAX; t++) {
		if (p.tables[t].there && !nft_build_remove(b, t))
			r = -ENOMEM;
	}
	if (b && !r)
		r = nft_batch_send(b, link->socket, why);
	else
		r = fail(why, "nft rules", -ENOMEM);
	nft_batch_free(b);
	if (r)
		return r;
	forget(link);
	return nft_route_remove(NFT_ROUTING_NONE, why);
}

/* Return: 0 or -errno. A table of `local` is not missed where no daemon can
 * hold it. */
static int check_table(struct nft_link *l, const struct nft_model *m,
		       enum nft_table t, const struct nft_check_table *have,
		       struct nft_report *report)
{
	const char *name = nft_table_names[t];

	report->where = "";
	if (!have->there && wanted(l, m, t))
		nft_report_add(report, "missing: table inet %s", name);
	if (!have->there)
		return 0;
	if (!m->tables[t])
		nft_report_add(report, "unexpected: table inet %s", name);
	if (have->flags & NFT_TABLE_F_DORMANT)
		nft_report_add(report, "table inet %s is dormant", name);
	if (t == NFT_TABLE_MAIN && have->owner &&
	    !(have->flags & nft_persist) &&
	    m->conf->on_failure != CONF_FAILURE_OPEN)
		nft_report_add(report,
			       "table inet %s would vanish with its owner",
			       name);
	if (!m->tables[t])
		return 0;
	report->where = t == NFT_TABLE_MAIN ? "" : "local applications: ";
	return nft_check_content(l, m, t, report);
}

int nft_check(struct nft_link *link, const struct conf_tables *conf,
	      enum nft_state state, void (*line)(void *arg, const char *text),
	      void *arg, struct nft_error *why)
{
	struct nft_report report = { .line = line, .arg = arg, .where = "" };
	struct nft_model *m = nft_model_new(conf, state);
	struct present present;
	int r;

	if (!m)
		return fail(why, "nft rules", -ENOMEM);
	r = look(link, &present, why);
	for (enum nft_table t = 0; !r && t < NFT_TABLE_MAX; t++) {
		r = check_table(link, m, t, &present.tables[t], &report);
		if (r)
			fail(why, "reading the nft rules", r);
	}
	report.where = "";
	if (!r)
		r = nft_route_check(nft_model_routing(conf, state), &report,
				    why);
	nft_model_free(m);
	return r ? r : report.n;
}

int nft_keeping(struct nft_link *link, enum nft_keep *keep,
		struct nft_error *why)
{
	struct present p;
	const int r = look(link, &p, why);
	const struct nft_check_table *t = &p.tables[NFT_TABLE_MAIN];

	if (r)
		return r;
	if (!t->there)
		*keep = NFT_KEEP_NOTHING;
	else if (!t->owner)
		*keep = NFT_KEEP_PLAIN;
	else
		*keep = (t->flags & nft_persist) ? NFT_KEEP_PERSISTS
						 : NFT_KEEP_OWNED;
	return 0;
}

int nft_counts(struct nft_link *link, const struct conf_tables *conf,
	       struct nft_count *counts, struct nft_error *why)
{
	int r;

	if (!link->counts->n)
		nft_counts_replaced(link->counts, conf);
	r = nft_counts_look(link->counts, link);
	if (r)
		return fail(why, "counters of the nft rules", r);
	for (uint32_t i = 0; i < conf->n_rules; i++)
		counts[i] = nft_counts_of(link->counts, conf->rules[i].name);
	return 0;
}
