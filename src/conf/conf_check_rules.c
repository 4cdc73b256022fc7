/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_check_rules.c - no two rules may take one connection */
#include <stdio.h>
#include <string.h>

#include "conf_parse.h"
#include "conf_scalar.h"
#include "conf_value.h"

#define LINE_LEN 24

/* " on line 7"; the command line and an edit have none. */
static const char *on_line(struct conf_mark at, char buf[static LINE_LEN])
{
	*buf = '\0';
	if (at.line)
		(void)snprintf(buf, LINE_LEN, " on line %u", at.line);
	return buf;
}

/* Is there a name that both patterns match? */
static bool names_meet(const char *a, const char *b)
{
	const size_t len_a = strcspn(a, "*"), len_b = strcspn(b, "*");

	if (a[len_a] && b[len_b])
		return !strncmp(a, b, len_a < len_b ? len_a : len_b);
	if (a[len_a])
		return !strncmp(a, b, len_a);
	if (b[len_b])
		return !strncmp(a, b, len_b);
	return !strcmp(a, b);
}

/* Connections of the gateway's own programs come through the loopback, which no
 * list names. */
static bool interfaces_meet(const struct conf_tables *t,
			    const struct conf_rule *a,
			    const struct conf_rule *b)
{
	const struct conf_list *x = &a->interfaces, *y = &b->interfaces;

	if (!x->n || !y->n || (a->local && b->local))
		return true;
	for (uint32_t i = 0; i < x->n; i++) {
		for (uint32_t j = 0; j < y->n; j++) {
			if (names_meet(t->ifaces[x->first + i],
				       t->ifaces[y->first + j]))
				return true;
		}
	}
	return false;
}

static bool has_family(const struct conf_tables *t, const struct conf_list *l,
		       uint16_t family)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (t->nets[l->first + i].family == family)
			return true;
	}
	return l->n == 0;
}

/* Is there a client of this family that both lists take? */
static bool clients_meet(const struct conf_tables *t, const struct conf_list *a,
			 const struct conf_list *b, uint16_t family)
{
	if (!a->n || !b->n)
		return has_family(t, a->n ? a : b, family);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct base_net *x = &t->nets[a->first + i];

		for (uint32_t j = 0; x->family == family && j < b->n; j++) {
			if (base_net_overlap(x, &t->nets[b->first + j]))
				return true;
		}
	}
	return false;
}

static void check_names(struct conf_draft *d, uint32_t first, uint32_t second)
{
	const char *name = d->t->rules[second].name;

	if (*name && !strcmp(name, d->t->rules[first].name))
		conf_errors_add(d->errors, d->rule_at[second],
				"name: there is a rule \"%s\" on line %u "
				"already",
				name, d->rule_at[first].line);
}

/* Return: no connection is for both. */
static bool check_pair(struct conf_draft *d, uint32_t first, uint32_t second)
{
	const struct conf_tables *t = d->t;
	const struct conf_rule *a = &t->rules[first], *b = &t->rules[second];
	const struct conf_mark *at = d->item_at[CONF_TYPE_TO];
	char text_a[CONF_DEST_LEN], text_b[CONF_DEST_LEN];
	char line[LINE_LEN];

	if (a->transport != b->transport || !interfaces_meet(t, a, b))
		return true;
	for (uint32_t j = b->to.first; j < b->to.first + b->to.n; j++) {
		const uint16_t family = t->dests[j].net.family;

		for (uint32_t i = a->to.first; i < a->to.first + a->to.n; i++) {
			if (!conf_dest_overlap(&t->dests[i], &t->dests[j]) ||
			    !clients_meet(t, &a->clients, &b->clients, family))
				continue;
			conf_value_format_dest(&t->dests[i], text_a);
			conf_value_format_dest(&t->dests[j], text_b);
			conf_errors_add(d->errors, at[j],
					"to: %s in rule \"%s\" meets %s in "
					"rule \"%s\"%s: no two rules may take "
					"one connection",
					text_b, b->name, text_a, a->name,
					on_line(at[i], line));
			return false; /* one meeting a pair is enough */
		}
	}
	return true;
}

static void check_zones(struct conf_draft *d, uint32_t first, uint32_t second)
{
	const struct conf_tables *t = d->t;
	const struct conf_rule *a = &t->rules[first], *b = &t->rules[second];
	const struct conf_dest *dest = conf_tables_zone_conflict(t, a, t, b);
	char text[CONF_DEST_LEN], line[LINE_LEN];

	if (!dest)
		return;
	conf_value_format_dest(dest, text);
	conf_errors_add(d->errors, d->rule_key_at[second][CONF_KEY_RULE_SOURCE],
			"source: %s in rule \"%s\" and %s in rule \"%s\"%s, "
			"both for %s: say gateway in both or in neither, since "
			"conntrack keeps all connections to a server apart, or "
			"none",
			conf_source_name(b->source), b->name,
			conf_source_name(a->source), a->name,
			on_line(d->rule_at[first], line), text);
}

/* One list key of a rule: its items, and how to compare two of them. */
struct item_row {
	enum conf_key_id id;
	bool (*meet)(const struct conf_tables *t, uint32_t i, uint32_t j);
};

static bool meet_interfaces(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return names_meet(t->ifaces[i], t->ifaces[j]);
}

static bool meet_clients(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return base_net_overlap(&t->nets[i], &t->nets[j]);
}

static bool meet_to(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return conf_dest_overlap(&t->dests[i], &t->dests[j]);
}

static bool meet_events(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return !strcmp(t->events[i], t->events[j]);
}

static bool meet_users(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return t->users[i] == t->users[j];
}

static void check_items(struct conf_draft *d, const struct item_row *row,
			const struct conf_list *l)
{
	const struct conf_key *k = &conf_keys[row->id];
	const struct conf_mark *at = d->item_at[k->type];
	const struct conf_array *a = conf_array_of(k->type);
	const char *items = (const char *)d->t + a->items;
	char text_i[CONF_PRINTED_LEN], text_j[CONF_PRINTED_LEN];
	char line[LINE_LEN];

	for (uint32_t j = l->first + 1; j < l->first + l->n; j++) {
		uint32_t i = l->first;

		while (i < j && !row->meet(d->t, i, j))
			i++;
		if (i == j)
			continue;
		conf_scalar_format(k, items + i * a->item_size, text_i);
		conf_scalar_format(k, items + j * a->item_size, text_j);
		conf_errors_add(d->errors, at[j], "%s: %s overlaps %s%s",
				k->name, text_j, text_i, on_line(at[i], line));
	}
}

/* The kernel's sets refuse intervals that overlap, and a name given twice is
 * a slip: both are found here, where there are lines to name. */
static void check_lists(struct conf_draft *d, const struct conf_rule *r)
{
	static const struct item_row interfaces = { CONF_KEY_RULE_INTERFACES,
						    meet_interfaces };
	static const struct item_row clients = { CONF_KEY_RULE_CLIENTS,
						 meet_clients };
	static const struct item_row to = { CONF_KEY_RULE_TO, meet_to };

	check_items(d, &interfaces, &r->interfaces);
	check_items(d, &clients, &r->clients);
	check_items(d, &to, &r->to);
}

/* What the kernel would never find is written, and likely not meant. */
static void check_reach(struct conf_draft *d, const struct conf_rule *r)
{
	const struct conf_mark *at = d->item_at[CONF_TYPE_TO];
	char text[CONF_DEST_LEN];

	for (uint32_t i = r->to.first; i < r->to.first + r->to.n; i++) {
		const struct conf_dest *dest = &d->t->dests[i];

		if (has_family(d->t, &r->clients, dest->net.family))
			continue;
		conf_value_format_dest(dest, text);
		conf_errors_warn(d->errors, at[i],
				 "to: %s in rule \"%s\" takes nothing: none of "
				 "its clients is an %s network",
				 text, r->name,
				 dest->net.family == AF_INET ? "IPv4" : "IPv6");
	}
}

/* Rule j by itself, and against those of the first n that are not it. */
static void check_one(struct conf_draft *d, uint32_t j, uint32_t n)
{
	const struct conf_rule *r = &d->t->rules[j];

	check_lists(d, r);
	if (!d->rule_bad[j])
		check_reach(d, r);
	for (uint32_t i = 0; i < n; i++) {
		if (i == j)
			continue;
		check_names(d, i, j);
		if (!d->rule_bad[i] && !d->rule_bad[j] && check_pair(d, i, j))
			check_zones(d, i, j);
	}
}

void conf_check_rule(struct conf_draft *d, uint32_t rule)
{
	check_one(d, rule, d->t->n_rules);
}

void conf_check_rules(struct conf_draft *d)
{
	static const struct item_row events = { CONF_KEY_EVENTS_FILE,
						meet_events };
	static const struct item_row users = { CONF_KEY_LOCAL_EXCEPT,
					       meet_users };

	check_items(d, &events, &(const struct conf_list){ 0, d->t->n_events });
	check_items(d, &users, &(const struct conf_list){ 0, d->t->n_users });
	for (uint32_t j = 0; j < d->t->n_rules; j++)
		check_one(d, j, j);
}
