/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_print.c - the effective configuration as a file */
#include "conf_print.h"

#include "conf_scalar.h"
#include "conf_schema.h"
#include "conf_tables.h"

static void print_list(FILE *out, const struct conf_key *k,
		       const struct conf_tables *t, const struct conf_list *l)
{
	const struct conf_array *a = conf_array_of(k->type);
	const char *items = (const char *)t + a->items;
	char text[CONF_PRINTED_LEN];

	(void)fputc('[', out);
	for (uint32_t i = 0; i < l->n; i++) {
		conf_scalar_format(k, items + (l->first + i) * a->item_size,
				   text);
		(void)fprintf(out, "%s%s", i ? ", " : "", text);
	}
	(void)fputs("]\n", out);
}

static void print_key(FILE *out, const struct conf_key *k,
		      const struct conf_tables *t, const void *base)
{
	const void *value = (const char *)base + k->offset;
	const struct conf_list files = { 0, t->n_events };
	char text[CONF_PRINTED_LEN];

	(void)fprintf(out, "%s: ", k->name);
	if (k->type == CONF_TYPE_FILES) {
		print_list(out, k, t, &files);
	} else if (conf_array_of(k->type)) {
		print_list(out, k, t, value);
	} else {
		conf_scalar_format(k, value, text);
		(void)fprintf(out, "%s\n", text);
	}
}

static void print_rules(FILE *out, const struct conf_tables *t)
{
	(void)fputs("rules:\n", out);
	for (uint32_t i = 0; i < t->n_rules; i++) {
		const char *indent = "  - ";

		for (size_t k = 0; k < CONF_KEY_MAX; k++) {
			if (conf_keys[k].scope != CONF_SCOPE_RULE)
				continue;
			(void)fputs(indent, out);
			print_key(out, &conf_keys[k], t, &t->rules[i]);
			indent = "    ";
		}
	}
}

void conf_print(FILE *out, const struct conf_tables *t)
{
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->scope != CONF_SCOPE_TOP)
			continue;
		if (k->type == CONF_TYPE_RULES) {
			if (!conf_tables_fixed(t))
				print_rules(out, t);
		} else if (k->type == CONF_TYPE_EVENTS) {
			(void)fputs("events:\n  ", out);
			print_key(out, &conf_keys[CONF_KEY_EVENTS_FILE], t, t);
		} else if (k->type != CONF_TYPE_SERVICE ||
			   conf_tables_fixed(t)) {
			print_key(out, k, t, t);
		}
	}
}
