/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_edit.c - one item of one rule more, or less
 *
 * Theory of operation: the items of all rules' lists of one kind lie in one
 * array, in the order of the rules. So the place of a list is the sum of those
 * before it, an item comes in or goes out by moving the rest of the array, and
 * all first indices are reckoned anew. Then the edited rule is checked as if it
 * had been read.
 */
#include "conf_edit.h"

#include <stdlib.h>
#include <string.h>

#include "conf_load.h"
#include "conf_parse.h"
#include "conf_scalar.h"
#include "conf_text.h"

/* One edit under way. */
struct job {
	const struct conf_edit *e;
	const struct conf_key *k;
	const struct conf_array *a;
	struct conf_draft *d;
	uint32_t rule;
	uint32_t *n;            /* items of all rules */
	char *items;            /* the array */
	struct conf_list *list; /* the rule's */
};

static const struct conf_mark nowhere = { 0 };

static struct base_span span_of(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

const char *conf_edit_name(const struct conf_edit *e,
			   char buf[static CONF_EDIT_LEN])
{
	char quoted[CONF_QUOTE_LEN];

	(void)snprintf(
		buf, CONF_EDIT_LEN, "rule %s",
		conf_text_quote(span_of(e->rule), quoted, sizeof(quoted)));
	return buf;
}

static struct conf_list *list_of(const struct job *j, uint32_t rule)
{
	return (void *)((char *)&j->d->t->rules[rule] + j->k->offset);
}

/* Return: n_rules when there is none of that name. */
static uint32_t find_rule(const struct conf_tables *t, const char *name)
{
	uint32_t i = 0;

	while (i < t->n_rules && strcmp(t->rules[i].name, name) != 0)
		i++;
	return i;
}

/* Where the rule's list is, or would be. */
static uint32_t place_of(const struct job *j)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->rule; i++)
		n += list_of(j, i)->n;
	return n;
}

static void place_all(const struct job *j)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->d->t->n_rules; i++) {
		struct conf_list *l = list_of(j, i);

		l->first = l->n ? n : 0;
		n += l->n;
	}
}

static char *item_at(const struct job *j, uint32_t i)
{
	return j->items + i * j->a->item_size;
}

/* The text is no item, or not one that this edit can have. */
static void refuse(const struct job *j, const char *why)
{
	char quoted[CONF_QUOTE_LEN];

	conf_errors_add(
		j->d->errors, nowhere, "%s: %s %s", j->k->name,
		conf_text_quote(span_of(j->e->item), quoted, sizeof(quoted)),
		why);
}

static void add(const struct job *j, const void *item)
{
	const uint32_t at = place_of(j) + j->list->n;

	/* `to` is never empty */
	if (!j->list->n) {
		refuse(j, "is taken already: the rule has no such list, which "
			  "means any");
		return;
	}
	if (*j->n == j->a->max) {
		conf_errors_add(j->d->errors, nowhere,
				"%s: more than %u %s in all", j->k->name,
				j->a->max, j->a->what);
		return;
	}
	memmove(item_at(j, at + 1), item_at(j, at),
		(*j->n - at) * j->a->item_size);
	memcpy(item_at(j, at), item, j->a->item_size);
	++*j->n;
	j->list->n++;
}

/* Two ways to write one item are one item. */
static bool same(const struct job *j, const void *a, const void *b)
{
	char text_a[CONF_PRINTED_LEN], text_b[CONF_PRINTED_LEN];

	conf_scalar_format(j->k, a, text_a);
	conf_scalar_format(j->k, b, text_b);
	return !strcmp(text_a, text_b);
}

static void del(const struct job *j, const void *item)
{
	const uint32_t first = place_of(j), end = first + j->list->n;
	uint32_t at = first;

	while (at < end && !same(j, item_at(j, at), item))
		at++;
	if (at == end) {
		refuse(j, j->list->n ? "is not in the rule's list"
				     : "cannot be taken out: the rule has no "
				       "such list, which means any");
		return;
	}
	if (j->list->n == 1) {
		refuse(j, j->k->required
				  ? "is the last one, and without any the rule "
				    "takes nothing: take the rule out of the "
				    "file"
				  : "is the last one, and without any the rule "
				    "takes all: take the list out of the file");
		return;
	}
	--*j->n;
	memmove(item_at(j, at), item_at(j, at + 1),
		(*j->n - at) * j->a->item_size);
	memset(item_at(j, *j->n), 0, j->a->item_size);
	j->list->n--;
}

/* The largest of the items is a destination. */
union item {
	struct conf_dest dest;
	struct base_net net;
	char iface[CONF_IFNAME_LEN];
};

static void change(struct conf_draft *d, const struct conf_edit *e)
{
	const struct conf_key *k = &conf_keys[e->key];
	const struct conf_array *a = conf_array_of(k->type);
	struct job j = { .e = e,
			 .k = k,
			 .a = a,
			 .d = d,
			 .rule = find_rule(d->t, e->rule),
			 .n = (void *)((char *)d->t + a->count),
			 .items = (char *)d->t + a->items };
	char why[CONF_WHY_LEN];
	union item item;

	memset(&item, 0, sizeof(item));
	if (conf_tables_fixed(d->t) || j.rule == d->t->n_rules) {
		conf_errors_add(d->errors, nowhere,
				"there is none of this name");
		return;
	}
	j.list = list_of(&j, j.rule);
	if (!conf_scalar_parse(k, d->env, span_of(e->item), &item, why)) {
		refuse(&j, why);
		return;
	}
	if (e->add)
		add(&j, &item);
	else
		del(&j, &item);
	place_all(&j);
	if (!conf_errors_any(d->errors))
		conf_check_rule(d, j.rule);
}

bool conf_edit(const struct conf_env *env, const struct conf_edit *e,
	       struct conf_tables *t, struct conf_errors *errors)
{
	struct conf_draft *d = calloc(1, sizeof(*d));

	if (!d) {
		errors->lost = true;
		return false;
	}
	memcpy(t, e->base, sizeof(*t));
	t->number = env->in->number ? env->in->number : 1;
	d->env = env;
	d->t = t;
	d->errors = errors;
	change(d, e);
	free(d);
	return !conf_errors_any(errors);
}
