/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_check.c - the kernel's table compared with the model
 *
 * Theory of operation. What the kernel dumps and what nft_objects.c makes of
 * the model are both libnftnl objects. Each becomes a line of text by the same
 * function, and the two lists are compared: once sorted, to find what is only
 * in one of them, and the rules once more in order. A rule's line goes on,
 * after its name, with one line an expression.
 */
#include "nft_check.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
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

#define LINE_LEN 1024
#define TRIES    5 /* of a dump that somebody's change interrupts */

struct lines {
	char **v;
	size_t n, room;
};

struct picture {
	const struct nft_model *m; /* its sets' names give keys a meaning */
	struct lines objects;      /* chains, sets, elements */
	struct lines rules;        /* in order */
};

void nft_report_add(struct nft_report *report, const char *fmt, ...)
{
	char text[LINE_LEN];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	report->line(report->arg, text);
	report->n++;
}

/* Takes the line, which may be NULL: no memory. */
static bool lines_take(struct lines *l, char *line)
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
static bool lines_add(struct lines *l, const char *fmt, ...)
{
	char *line = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	return lines_take(l, n < 0 ? NULL : line);
}

static void lines_clear(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct lines){ .n = 0 };
}

static void picture_clear(struct picture *p)
{
	lines_clear(&p->objects);
	lines_clear(&p->rules);
}

static bool draw_chain(struct picture *p, const struct nftnl_chain *c)
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

static bool draw_set(struct picture *p, const struct nftnl_set *s)
{
	return lines_add(&p->objects, "set \"%s\": type %u, %u bytes, flags %u",
			 plain_name(nftnl_set_get_str(s, NFTNL_SET_NAME)),
			 nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
			 nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
			 nftnl_set_get_u32(s, NFTNL_SET_FLAGS));
}

static const struct nft_set *find_set(const struct nft_model *m,
				      const char *name)
{
	for (uint32_t i = 0; i < m->n_sets; i++) {
		const struct nft_set *s = &m->sets[i];

		if (!strcmp(s->name[0] ? s->name : NFT_ANONYMOUS,
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
	case NFT_SET_PROTOCOLS:
		if (len == 1)
			(void)snprintf(t.v, sizeof(t.v), "%u", key[0]);
		break;
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

static bool draw_elem(struct picture *p, const struct nft_set *s,
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
	return lines_add(&p->objects, "set \"%s\": %s%s%s%s", name,
			 flags & NFT_SET_ELEM_INTERVAL_END ? "up to before "
			 : s->kind == NFT_SET_CLIENTS ||
					 s->kind == NFT_SET_INTERFACES
				 ? "from "
				 : "",
			 first.v, last.v[0] ? " to " : "", last.v);
}

/* The elements of `set`, which is the model's `s`. */
static bool draw_elems(struct picture *p, const struct nft_set *s,
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
	} else {
		nftnl_expr_snprintf(text, sizeof(text), e, NFTNL_OUTPUT_DEFAULT,
				    0);
	}
	(void)fprintf(d->out, "\n%s %s", kind, text);
	return 0;
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

static bool draw_rule(struct picture *p, struct nftnl_rule *r)
{
	const char *comment = "";
	struct draw_exprs d;
	char *line = NULL;
	size_t size;

	d.out = open_memstream(&line, &size);
	if (!d.out)
		return false;
	if (nftnl_rule_is_set(r, NFTNL_RULE_USERDATA)) {
		uint32_t len;
		const void *user =
			nftnl_rule_get_data(r, NFTNL_RULE_USERDATA, &len);

		(void)nftnl_udata_parse(user, len, find_comment, &comment);
	}
	(void)fprintf(d.out, "rule \"%s\"", comment);
	(void)nftnl_expr_foreach(r, draw_expr, &d);
	if (fclose(d.out) != 0) {
		free(line);
		return false;
	}
	return lines_take(&p->rules, line);
}

static bool draw_model_set(struct picture *p, const struct nft_set *s)
{
	struct nftnl_set *set = nft_objects_set(s);
	uint32_t i = 0;
	bool ok;

	if (!set)
		return false;
	ok = draw_set(p, set) &&
	     nft_objects_elems(p->m, s, &i, UINT32_MAX, set) &&
	     draw_elems(p, s, set);
	nftnl_set_free(set);
	return ok;
}

static bool draw_model_rule(struct picture *p, const struct nft_rule *r)
{
	struct nftnl_rule *rule = nft_objects_rule(r);
	bool ok;

	if (!rule)
		return false;
	ok = draw_rule(p, rule);
	nftnl_rule_free(rule);
	return ok;
}

static int draw_model(struct picture *p)
{
	bool ok = true;

	for (enum nft_chain i = 0; ok && i < NFT_CHAIN_MAX; i++) {
		struct nftnl_chain *c;

		if (!p->m->chains[i])
			continue;
		c = nft_objects_chain(i);
		ok = c && draw_chain(p, c);
		nftnl_chain_free(c);
	}
	for (uint32_t i = 0; ok && i < p->m->n_sets; i++)
		ok = draw_model_set(p, &p->m->sets[i]);
	for (uint32_t i = 0; ok && i < p->m->n_rules; i++)
		ok = draw_model_rule(p, &p->m->rules[i]);
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

static int take_table(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nft_check_table *found = arg;
	const bool ok = t && nftnl_table_nlmsg_parse(h, t) == 0;

	if (ok) {
		found->there = true;
		found->flags = nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS);
		if (nftnl_table_is_set(t, NFTNL_TABLE_OWNER))
			found->owner =
				nftnl_table_get_u32(t, NFTNL_TABLE_OWNER);
	}
	nftnl_table_free(t);
	return verdict(ok);
}

static int take_chain(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	bool ok = c && nftnl_chain_nlmsg_parse(h, c) == 0;

	/* the kernel has no filter by table here */
	if (ok && !strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), NFT_TABLE))
		ok = draw_chain(arg, c);
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

int nft_check_table(struct nft_link *l, struct nft_check_table *t)
{
	struct nlmsghdr *h =
		nft_link_question(l, NFT_MSG_GETTABLE, NFPROTO_INET, NLM_F_ACK);
	int r;

	*t = (struct nft_check_table){ .there = false };
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	r = nft_link_ask(l, h, take_table, t);
	return r == -ENOENT ? 0 : r;
}

static int read_set(struct nft_link *l, struct picture *p,
		    struct nftnl_set *set)
{
	const char *name = nftnl_set_get_str(set, NFTNL_SET_NAME);
	const struct nft_set *s = find_set(p->m, name);
	struct nlmsghdr *h;
	int r;

	if (!draw_set(p, set))
		return -ENOMEM;
	if (!s)
		return 0; /* its own line says enough */
	h = nft_link_question(l, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, name);
	r = nft_link_ask(l, h, take_elems, set);
	if (r)
		return r;
	return draw_elems(p, s, set) ? 0 : -ENOMEM;
}

static int read_sets(struct nft_link *l, struct picture *p,
		     struct nftnl_set_list *list)
{
	struct nlmsghdr *h =
		nft_link_question(l, NFT_MSG_GETSET, NFPROTO_INET, NLM_F_DUMP);
	struct nftnl_set_list_iter *i;
	struct nftnl_set *set;
	int r;

	mnl_attr_put_strz(h, NFTA_SET_TABLE, NFT_TABLE);
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

static int try_kernel(struct nft_link *l, struct picture *p)
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
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	return nft_link_ask(l, h, take_rule, p);
}

/* Again when somebody changed the kernel's tables in between. */
static int draw_kernel(struct nft_link *l, struct picture *p)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		picture_clear(p);
		r = try_kernel(l, p);
	}
	return r;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Length of the first line, which names the object. */
static int name_len(const char *text)
{
	return (int)strcspn(text, "\n");
}

static bool same_name(const char *a, const char *b)
{
	return name_len(a) == name_len(b) &&
	       !strncmp(a, b, (size_t)name_len(a));
}

/* One rule that is not the same: the first expressions that differ. */
static void report_change(const char *want, const char *have,
			  struct nft_report *report)
{
	const int name = name_len(want);
	size_t at = 0, line = 0;

	for (; want[at] && want[at] == have[at]; at++) {
		if (want[at] == '\n')
			line = at + 1;
	}
	nft_report_add(report,
		       "changed: %.*s: the kernel has \"%.*s\", the "
		       "configuration says \"%.*s\"",
		       name, want, name_len(have + line), have + line,
		       name_len(want + line), want + line);
}

static void sort(struct lines *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_text);
}

static void report_one(const char *what, const char *text,
		       struct nft_report *report)
{
	nft_report_add(report, "%s: %.*s", what, name_len(text), text);
}

/* Sorts both. */
static void compare(struct lines *want, struct lines *have,
		    struct nft_report *report)
{
	size_t i = 0, j = 0;

	sort(want);
	sort(have);
	while (i < want->n && j < have->n) {
		const char *w = want->v[i], *h = have->v[j];
		const int d = strcmp(w, h);

		if (d && same_name(w, h))
			report_change(w, h, report);
		else if (d < 0)
			report_one("missing", w, report);
		else if (d > 0)
			report_one("unexpected", h, report);
		i += d <= 0 || same_name(w, h);
		j += d >= 0 || same_name(w, h);
	}
	while (i < want->n)
		report_one("missing", want->v[i++], report);
	while (j < have->n)
		report_one("unexpected", have->v[j++], report);
}

static bool same_order(const struct lines *a, const struct lines *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && !strcmp(a->v[i], b->v[i]))
		i++;
	return i == a->n && i == b->n;
}

int nft_check_content(struct nft_link *l, const struct nft_model *m,
		      struct nft_report *report)
{
	struct picture want = { .m = m }, have = { .m = m };
	const int n = report->n;
	int r = draw_model(&want);

	if (!r)
		r = draw_kernel(l, &have);
	if (!r) {
		const bool ordered = same_order(&want.rules, &have.rules);

		compare(&want.objects, &have.objects, report);
		compare(&want.rules, &have.rules, report);
		if (report->n == n && !ordered)
			nft_report_add(report, "rules are in another order");
	}
	picture_clear(&want);
	picture_clear(&have);
	return r;
}
