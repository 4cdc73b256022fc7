/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_picture.c - a table as lines of text, from the model or from the kernel
 *
 * Theory of operation. What the kernel dumps and what nft_objects.c makes of
 * the model are both libnftnl objects. Each becomes a line of text by the same
 * function, so that two pictures can be compared.
 */
#include "nft_picture.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_addr.h"
#include "nft_link.h"
#include "nft_model.h"
#include "nft_objects.h"

#define TRIES 5 /* of a dump that somebody's change interrupts */

/* Takes the line, which may be NULL: no memory. */
static bool lines_take(struct nft_lines *l, char *line)
{
	if (line && l->n == l->room) {
		const size_t room = l->room ? l->room * 2 : 64;
		char **v = realloc(l->v, room * sizeof(*v));

		if (!v) {
			free(line);
			return false;
		}
		l->v = v;
		l->room = room;
	}
	if (line)
		l->v[l->n++] = line;
	return line;
}

WS_PRINTF(2, 3)
static bool lines_add(struct nft_lines *l, const char *fmt, ...)
{
	char *line = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	return lines_take(l, n < 0 ? NULL : line);
}

static void lines_clear(struct nft_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct nft_lines){ .n = 0 };
}

void nft_picture_clear(struct nft_picture *p)
{
	lines_clear(&p->objects);
	lines_clear(&p->elems);
	lines_clear(&p->rules);
}

static bool draw_chain(struct nft_picture *p, const struct nftnl_chain *c)
{
	const char *name = nftnl_chain_get_str(c, NFTNL_CHAIN_NAME);

	if (!nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
		return lines_add(&p->objects, "chain \"%s\" without a hook",
				 name);
	return lines_add(&p->objects,
			 "chain \"%s\": type %s hook %u priority %d policy %u",
			 name, nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE),
			 nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM),
			 nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO),
			 nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY));
}

/* The kernel gives a set without a name one of its own: "__set0". */
static const char *plain_name(const char *name)
{
	const size_t prefix = strlen("__set");

	if (strncmp(name, "__set", prefix) != 0 ||
	    name[prefix + strspn(name + prefix, "0123456789")])
		return name;
	return NFT_ANONYMOUS;
}

static bool draw_set(struct nft_picture *p, const struct nftnl_set *s)
{
	return lines_add(&p->objects, "set \"%s\": type %u, %u bytes, flags %u",
			 plain_name(nftnl_set_get_str(s, NFTNL_SET_NAME)),
			 nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
			 nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
			 nftnl_set_get_u32(s, NFTNL_SET_FLAGS));
}

static const struct nft_set *find_set(const struct nft_picture *p,
				      const char *name)
{
	for (uint32_t i = 0; i < p->m->n_sets; i++) {
		const struct nft_set *s = &p->m->sets[i];

		if (s->table == p->table &&
		    !strcmp(s->name[0] ? s->name : NFT_ANONYMOUS,
			    plain_name(name)))
			return s;
	}
	return NULL;
}

struct key_text {
	char v[BASE_ADDR_STRLEN];
};

/* A key for people; the bytes come from the kernel and are `len` long. */
static struct key_text key_text(const struct nft_set *s, const uint8_t *key,
				uint32_t len)
{
	const uint32_t addr_len = s->family == AF_INET ? 4 : 16;
	char addr[INET6_ADDRSTRLEN];
	struct key_text t = { "?" };
	uint32_t user;

	switch (s->kind) {
	case NFT_SET_TO:
		if (len == addr_len + 4 &&
		    inet_ntop(s->family, key, addr, sizeof(addr)))
			(void)snprintf(t.v, sizeof(t.v), "%s . %u", addr,
				       (unsigned)key[addr_len] << 8 |
					       key[addr_len + 1]);
		break;
	case NFT_SET_CLIENTS:
		if (len == addr_len)
			(void)inet_ntop(s->family, key, t.v, sizeof(t.v));
		break;
	case NFT_SET_INTERFACES:
		/* The key after a name ends in a byte 1, see nft_objects.c. */
		if (len == CONF_IFNAME_LEN)
			(void)snprintf(t.v, sizeof(t.v), "%.15s%s",
				       (const char *)key,
				       key[CONF_IFNAME_LEN - 1] ? "+" : "");
		break;
	case NFT_SET_USERS:
		if (len == sizeof(user)) {
			memcpy(&user, key, sizeof(user));
			(void)snprintf(t.v, sizeof(t.v), "%u", user);
		}
		break;
	case NFT_SET_PROTOCOLS:
		if (len == 1)
			(void)snprintf(t.v, sizeof(t.v), "%u", key[0]);
		break;
	case NFT_SET_HANDSHAKES: /* its elements are not compared */
	case NFT_SET_KIND_MAX:
		break;
	}
	return t;
}

/* nft puts an end before everything into each set of intervals: no key can be
 * below it, so it says nothing. */
static bool is_end_of_nothing(const uint8_t *key, uint32_t len, uint32_t flags)
{
	static const uint8_t zeros[NFT_KEY_LEN];

	return flags & NFT_SET_ELEM_INTERVAL_END && len <= sizeof(zeros) &&
	       !memcmp(key, zeros, len);
}

static bool draw_elem(struct nft_picture *p, const struct nft_set *s,
		      struct nftnl_set_elem *e)
{
	const uint32_t flags =
		nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_FLAGS)
			? nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_FLAGS)
			: 0;
	const char *name = s->name[0] ? s->name : NFT_ANONYMOUS;
	struct key_text first, last = { "" };
	uint32_t len;
	const void *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);

	if (is_end_of_nothing(key, len, flags))
		return true;
	first = key_text(s, key, len);
	if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_KEY_END)) {
		key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY_END, &len);
		last = key_text(s, key, len);
	}
	return lines_add(&p->elems, "set \"%s\": %s%s%s%s", name,
			 flags & NFT_SET_ELEM_INTERVAL_END ? "up to before "
			 : s->kind == NFT_SET_CLIENTS ||
					 s->kind == NFT_SET_INTERFACES
				 ? "from "
				 : "",
			 first.v, last.v[0] ? " to " : "", last.v);
}

/* The elements of `set`, which is the model's `s`. */
static bool draw_elems(struct nft_picture *p, const struct nft_set *s,
		       const struct nftnl_set *set)
{
	struct nftnl_set_elems_iter *i = nftnl_set_elems_iter_create(set);
	struct nftnl_set_elem *e;
	bool ok = i;

	while (ok && (e = nftnl_set_elems_iter_next(i)))
		ok = draw_elem(p, s, e);
	if (i)
		nftnl_set_elems_iter_destroy(i);
	return ok;
}

struct draw_exprs {
	FILE *out;
};

/* Counts are left out, and a name that the kernel chose is not compared. */
static int draw_expr(struct nftnl_expr *e, void *arg)
{
	const struct draw_exprs *d = arg;
	const char *kind = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	char text[512];

	if (!strcmp(kind, "counter")) {
		text[0] = '\0';
	} else if (!strcmp(kind, "lookup")) {
		const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);

		(void)snprintf(text, sizeof(text), "reg %u set %s flags %u",
			       nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG),
			       plain_name(set),
			       nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS));
	} else if (!strcmp(kind, "dynset")) {
		(void)snprintf(
			text, sizeof(text), "op %u reg %u set %s",
			nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_OP),
			nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY),
			nftnl_expr_get_str(e, NFTNL_EXPR_DYNSET_SET_NAME));
	} else {
		nftnl_expr_snprintf(text, sizeof(text), e, NFTNL_OUTPUT_DEFAULT,
				    0);
	}
	(void)fprintf(d->out, "\n%s %s", kind, text);
	return 0;
}

static bool draw_rule(struct nft_picture *p, struct nftnl_rule *r)
{
	struct draw_exprs d;
	char *line = NULL;
	size_t size;

	d.out = open_memstream(&line, &size);
	if (!d.out)
		return false;
	(void)fprintf(d.out, "rule \"%s\"\nchain %s", nft_objects_comment(r),
		      nftnl_rule_get_str(r, NFTNL_RULE_CHAIN));
	(void)nftnl_expr_foreach(r, draw_expr, &d);
	if (fclose(d.out) != 0) {
		free(line);
		return false;
	}
	return lines_take(&p->rules, line);
}

static bool draw_model_set(struct nft_picture *p, const struct nft_set *s)
{
	struct nftnl_set *set = nft_objects_set(s);
	struct nft_elem e;
	uint32_t i = 0;
	bool ok = set && draw_set(p, set);

	while (ok && nft_model_elem(p->m, s, &i, &e))
		ok = nft_objects_elem(s, &e, set);
	ok = ok && draw_elems(p, s, set);
	nftnl_set_free(set);
	return ok;
}

static bool draw_model_rule(struct nft_picture *p, const struct nft_rule *r)
{
	struct nftnl_rule *rule = nft_objects_rule(r);
	bool ok;

	if (!rule)
		return false;
	ok = draw_rule(p, rule);
	nftnl_rule_free(rule);
	return ok;
}

/* Rules in the order in which the kernel lists them: chain by chain. */
static bool draw_model_chain(struct nft_picture *p, enum nft_chain chain)
{
	struct nftnl_chain *c = nft_objects_chain(chain);
	bool ok = c && draw_chain(p, c);

	nftnl_chain_free(c);
	for (uint32_t i = 0; ok && i < p->m->n_rules; i++) {
		const struct nft_rule *r = &p->m->rules[i];

		if (r->chain == chain)
			ok = draw_model_rule(p, r);
	}
	return ok;
}

int nft_picture_model(struct nft_picture *p)
{
	const struct nft_model *m = p->m;
	bool ok = true;

	for (enum nft_chain i = 0; ok && i < NFT_CHAIN_MAX; i++) {
		if (m->chains[i] && nft_hooks[i].table == p->table)
			ok = draw_model_chain(p, i);
	}
	for (uint32_t i = 0; ok && i < m->n_sets; i++) {
		if (m->sets[i].table == p->table)
			ok = draw_model_set(p, &m->sets[i]);
	}
	return ok ? 0 : -ENOMEM;
}

/* Callbacks of a dump: each message is one object. */

static int verdict(bool ok)
{
	if (ok)
		return MNL_CB_OK;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

static int take_chain(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nft_picture *p = arg;
	bool ok = c && nftnl_chain_nlmsg_parse(h, c) == 0;

	/* the kernel has no filter by table here */
	if (ok && !strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE),
			  nft_table_names[p->table]))
		ok = draw_chain(p, c);
	nftnl_chain_free(c);
	return verdict(ok);
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	const bool ok = r && nftnl_rule_nlmsg_parse(h, r) == 0 &&
			draw_rule(arg, r);

	nftnl_rule_free(r);
	return verdict(ok);
}

static int take_set(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_set_list *list = arg;
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s || nftnl_set_nlmsg_parse(h, s) != 0) {
		nftnl_set_free(s);
		return verdict(false);
	}
	nftnl_set_list_add_tail(s, list);
	return MNL_CB_OK;
}

static int take_elems(const struct nlmsghdr *h, void *arg)
{
	return verdict(nftnl_set_elems_nlmsg_parse(h, arg) == 0);
}

static int read_set(struct nft_link *l, struct nft_picture *p,
		    struct nftnl_set *set)
{
	const char *name = nftnl_set_get_str(set, NFTNL_SET_NAME);
	const struct nft_set *s = find_set(p, name);
	struct nlmsghdr *h;
	int r;

	if (!draw_set(p, set))
		return -ENOMEM;
	if (!s || s->kind == NFT_SET_HANDSHAKES)
		return 0; /* its own line says enough */
	h = nft_link_question(l, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE,
			  nft_table_names[p->table]);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, name);
	r = nft_link_ask(l, h, take_elems, set);
	if (r)
		return r;
	return draw_elems(p, s, set) ? 0 : -ENOMEM;
}

static int read_sets(struct nft_link *l, struct nft_picture *p,
		     struct nftnl_set_list *list)
{
	struct nlmsghdr *h =
		nft_link_question(l, NFT_MSG_GETSET, NFPROTO_INET, NLM_F_DUMP);
	struct nftnl_set_list_iter *i;
	struct nftnl_set *set;
	int r;

	mnl_attr_put_strz(h, NFTA_SET_TABLE, nft_table_names[p->table]);
	r = nft_link_ask(l, h, take_set, list);
	if (r)
		return r;
	i = nftnl_set_list_iter_create(list);
	if (!i)
		return -ENOMEM;
	while (!r && (set = nftnl_set_list_iter_next(i)))
		r = read_set(l, p, set);
	nftnl_set_list_iter_destroy(i);
	return r;
}

static int try_kernel(struct nft_link *l, struct nft_picture *p)
{
	struct nftnl_set_list *list;
	struct nlmsghdr *h;
	int r;

	h = nft_link_question(l, NFT_MSG_GETCHAIN, NFPROTO_INET, NLM_F_DUMP);
	r = nft_link_ask(l, h, take_chain, p);
	if (r)
		return r;
	list = nftnl_set_list_alloc();
	if (!list)
		return -ENOMEM;
	r = read_sets(l, p, list);
	nftnl_set_list_free(list);
	if (r)
		return r;
	h = nft_link_question(l, NFT_MSG_GETRULE, NFPROTO_INET, NLM_F_DUMP);
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, nft_table_names[p->table]);
	return nft_link_ask(l, h, take_rule, p);
}

int nft_picture_kernel(struct nft_picture *p, struct nft_link *l)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		nft_picture_clear(p);
		r = try_kernel(l, p);
	}
	return r;
}
