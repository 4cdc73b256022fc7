/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_check.c - the kernel's tables compared with the model
 *
 * Theory of operation. The pictures of both (nft_picture.h) are compared line
 * by line: once sorted, to find what is only in one of them, and the rules once
 * more in order.
 */
#include "nft_check.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_link.h"
#include "nft_model.h"
#include "nft_picture.h"

#define LINE_LEN 1024

void nft_report_add(struct nft_report *report, const char *fmt, ...)
{
	char text[LINE_LEN];
	const int len = snprintf(text, sizeof(text), "%s", report->where);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
	va_end(args);
	report->line(report->arg, text);
	report->n++;
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
	if (ok)
		return MNL_CB_OK;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

int nft_check_table(struct nft_link *l, enum nft_table table,
		    struct nft_check_table *t)
{
	struct nlmsghdr *h =
		nft_link_question(l, NFT_MSG_GETTABLE, NFPROTO_INET, NLM_F_ACK);
	int r;

	*t = (struct nft_check_table){ .there = false };
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, nft_table_names[table]);
	r = nft_link_ask(l, h, take_table, t);
	return r == -ENOENT ? 0 : r;
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

static void sort(struct nft_lines *l)
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
static void compare(struct nft_lines *want, struct nft_lines *have,
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

static bool same_order(const struct nft_lines *a, const struct nft_lines *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && !strcmp(a->v[i], b->v[i]))
		i++;
	return i == a->n && i == b->n;
}

int nft_check_content(struct nft_link *l, const struct nft_model *m,
		      enum nft_table table, struct nft_report *report)
{
	struct nft_picture want = { .m = m, .table = table };
	struct nft_picture have = { .m = m, .table = table };
	const int n = report->n;
	int r = nft_picture_model(&want);

	if (!r)
		r = nft_picture_kernel(&have, l);
	if (!r) {
		const bool ordered = same_order(&want.rules, &have.rules);

		compare(&want.objects, &have.objects, report);
		compare(&want.elems, &have.elems, report);
		compare(&want.rules, &have.rules, report);
		if (report->n == n && !ordered)
			nft_report_add(report, "rules are in another order");
	}
	nft_picture_clear(&want);
	nft_picture_clear(&have);
	return r;
}
