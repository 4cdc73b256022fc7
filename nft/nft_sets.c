/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_sets.c - changes that only concern the elements of sets */
#include "nft_sets.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "nft_batch.h"
#include "nft_build.h"
#include "nft_picture.h"

/* One set of both models. */
struct change {
	struct nft_elem *from, *to; /* sorted */
	size_t n_from, n_to;
	struct nft_elem *gone, *added;
	size_t n_gone, n_added;
};

static bool same_lines(const struct nft_lines *a, const struct nft_lines *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && !strcmp(a->v[i], b->v[i]))
		i++;
	return i == a->n && i == b->n;
}

bool nft_sets_suffice(const struct nft_model *from, const struct nft_model *to)
{
	bool same = true;

	for (enum nft_table t = 0; same && t < NFT_TABLE_MAX; t++) {
		struct nft_picture a = { .m = from, .table = t };
		struct nft_picture b = { .m = to, .table = t };

		same = from->tables[t] == to->tables[t] &&
		       nft_picture_model(&a) == 0 &&
		       nft_picture_model(&b) == 0 &&
		       same_lines(&a.objects, &b.objects) &&
		       same_lines(&a.rules, &b.rules);
		nft_picture_clear(&a);
		nft_picture_clear(&b);
	}
	return same;
}

static int by_keys(const void *a, const void *b)
{
	const struct nft_elem *x = a, *y = b;
	const int d = memcmp(x->first, y->first, sizeof(x->first));

	return d ? d : memcmp(x->last, y->last, sizeof(x->last));
}

static void sort(struct nft_elem *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), by_keys);
}

/* What is only in one of two sorted lists. */
static void part(struct change *c)
{
	size_t i = 0, j = 0;

	while (i < c->n_from || j < c->n_to) {
		const int d = i == c->n_from ? 1
			      : j == c->n_to ? -1
					     : by_keys(&c->from[i], &c->to[j]);

		if (d < 0)
			c->gone[c->n_gone++] = c->from[i];
		else if (d > 0)
			c->added[c->n_added++] = c->to[j];
		i += d <= 0;
		j += d >= 0;
	}
}

static bool change_open(struct change *c, const struct nft_model *from,
			const struct nft_set *old, const struct nft_model *to,
			const struct nft_set *s)
{
	*c = (struct change){ .n_from = 0 };
	c->from = nft_build_collect(from, old, &c->n_from);
	c->to = nft_build_collect(to, s, &c->n_to);
	if (!c->from || !c->to)
		return false;
	c->gone = calloc(c->n_from + 1, sizeof(*c->gone));
	c->added = calloc(c->n_to + 1, sizeof(*c->added));
	if (!c->gone || !c->added)
		return false;
	sort(c->from, c->n_from);
	sort(c->to, c->n_to);
	part(c);
	return true;
}

static void change_close(struct change *c)
{
	free(c->from);
	free(c->to);
	free(c->gone);
	free(c->added);
}

/* The set of the same name, which is there: see nft_sets_suffice(). */
static const struct nft_set *counterpart(const struct nft_model *m,
					 const struct nft_set *s)
{
	const struct nft_set *found = m->sets;

	while (found->table != s->table || strcmp(found->name, s->name) != 0)
		found++;
	return found;
}

bool nft_sets_build(struct nft_batch *b, const struct nft_model *from,
		    const struct nft_model *to)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < to->n_sets; i++) {
		const struct nft_set *s = &to->sets[i];
		struct change c;

		if (!s->name[0])
			continue; /* part of its rule */
		ok = change_open(&c, from, counterpart(from, s), to, s) &&
		     nft_build_elems(b, NFT_MSG_DELSETELEM, s, c.gone,
				     c.n_gone) &&
		     nft_build_elems(b, NFT_MSG_NEWSETELEM, s, c.added,
				     c.n_added);
		change_close(&c);
	}
	return ok;
}
