/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_print.c - the effective configuration as a file */
#include "conf_print.h"

#include <string.h>

#include "conf_scalar.h"
#include "conf_schema.h"
#include "conf_sinks.h"
#include "conf_tables.h"
#include "conf_text.h"

#define SAMPLE_COLUMNS 80

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
	const struct conf_array *a = conf_array_of(k->type);
	char text[CONF_PRINTED_LEN];

	(void)fprintf(out, "%s: ", k->name);
	if (a && k->scope == CONF_SCOPE_RULE) {
		print_list(out, k, t, value);
	} else if (a) { /* all of it */
		const uint32_t *n = (const void *)((const char *)t + a->count);

		print_list(out, k, t, &(const struct conf_list){ 0, *n });
	} else {
		conf_scalar_format(k, value, text);
		(void)fprintf(out, "%s\n", text);
	}
}

static void print_events(FILE *out, const struct conf_tables *t)
{
	const struct conf_key *file = &conf_keys[CONF_KEY_EVENTS_FILE];
	const struct conf_key *format = &conf_keys[CONF_KEY_EVENTS_FORMAT];
	char text[CONF_PRINTED_LEN];

	(void)fputs(t->n_events ? "events:\n" : "events: []\n", out);
	for (uint32_t i = 0; i < t->n_events; i++) {
		conf_scalar_format(file, t->events[i], text);
		(void)fprintf(out, "  - %s: %s\n", file->name, text);
		conf_scalar_format(format, &t->events_format[i], text);
		(void)fprintf(out, "    %s: %s\n", format->name, text);
	}
}

static void print_protocols(FILE *out, const struct conf_tables *t)
{
	(void)fputs(t->n_protocols ? "protocols:\n" : "protocols: {}\n", out);
	for (uint32_t i = 0; i < t->n_protocols; i++) {
		(void)fprintf(out, "  %s:\n    ", t->protocols[i].name);
		print_key(out, &conf_keys[CONF_KEY_PROTOCOL_ZONE], t,
			  &t->protocols[i]);
	}
}

static void print_store(FILE *out, const struct conf_tables *t)
{
	(void)fputs("store:\n", out);
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		if (conf_keys[i].scope != CONF_SCOPE_STORE)
			continue;
		(void)fputs("  ", out);
		print_key(out, &conf_keys[i], t, t);
	}
}

/* The value of amqp, exec or redis. */
static void print_target(FILE *out, const struct conf_sink *sink,
			 const struct conf_secret *secret)
{
	const struct base_span target = { (const uint8_t *)sink->target,
					  strlen(sink->target) };
	const uint32_t words = secret ? secret->n_args : 0;
	char text[CONF_PRINTED_LEN];

	conf_text_quote(target, text, sizeof(text));
	(void)fprintf(out, words > 1 ? "[%s" : "%s", text);
	for (uint32_t i = 1; i < words; i++)
		(void)fputs(", \"" CONF_SINKS_HIDDEN "\"", out);
	(void)fputs(words > 1 ? "]\n" : "\n", out);
}

static void print_sinks(FILE *out, const struct conf_tables *t,
			const struct conf_secrets *secrets)
{
	(void)fputs(t->n_sinks ? "sinks: # " CONF_SINKS_HIDDEN
				 " stands for each password and argument\n"
			       : "sinks: []\n",
		    out);
	for (uint32_t i = 0; i < t->n_sinks; i++) {
		const struct conf_sink *s = &t->sinks[i];
		const enum conf_key_id kind =
			conf_sinks_key((enum conf_sink_kind)s->kind);

		(void)fputs("  - ", out);
		print_key(out, &conf_keys[CONF_KEY_SINK_NAME], t, s);
		(void)fprintf(out, "    %s: ", conf_keys[kind].name);
		print_target(out, s, secrets ? &secrets->sinks[i] : NULL);
		for (size_t k = CONF_KEY_SINK_FORMAT; k < CONF_KEY_MAX; k++) {
			if (conf_keys[k].scope != CONF_SCOPE_SINK)
				continue;
			(void)fputs("    ", out);
			print_key(out, &conf_keys[k], t, s);
		}
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

void conf_print(FILE *out, const struct conf_tables *t,
		const struct conf_secrets *secrets)
{
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->scope != CONF_SCOPE_TOP)
			continue;
		if (k->type == CONF_TYPE_RULES) {
			if (!conf_tables_fixed(t))
				print_rules(out, t);
		} else if (k->type == CONF_TYPE_EVENTS) {
			print_events(out, t);
		} else if (k->type == CONF_TYPE_PROTOCOLS) {
			print_protocols(out, t);
		} else if (k->type == CONF_TYPE_STORE) {
			print_store(out, t);
		} else if (k->type == CONF_TYPE_SINKS) {
			print_sinks(out, t, secrets);
		} else if (k->type != CONF_TYPE_SERVICE ||
			   conf_tables_fixed(t)) {
			print_key(out, k, t, t);
		}
	}
}

/* Text as comment lines of at most 80 columns. */
static void print_wrapped(FILE *out, const char *indent, const char *text)
{
	size_t column = 0;

	while (*text) {
		const size_t word = strcspn(text, " ");

		if (column && column + 1 + word > SAMPLE_COLUMNS) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (!column)
			column = (size_t)fprintf(out, "%s#", indent);
		column += (size_t)fprintf(out, " %.*s", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

/* How a key of the sample begins. What has to be said is active, the rest is
 * shown; of a sink's kinds the first is, since one is all that it may have. */
static const char *sample_mark(const struct conf_key *k)
{
	if (k == &conf_keys[CONF_KEY_RULE_NAME])
		return "- ";
	if (k == &conf_keys[CONF_KEY_SINK_NAME])
		return "#- ";
	if (k == &conf_keys[CONF_KEY_SINK_EXEC] ||
	    k == &conf_keys[CONF_KEY_SINK_REDIS])
		return "# ";
	return k->required || k == &conf_keys[CONF_KEY_STORE_FILE] ? "" : "#";
}

static void sample_key(FILE *out, const struct conf_key *k)
{
	static const char *const indents[CONF_SCOPE_MAX] = {
		[CONF_SCOPE_TOP] = "",      [CONF_SCOPE_RULE] = "    ",
		[CONF_SCOPE_EVENTS] = "  ", [CONF_SCOPE_PROTOCOL] = "    ",
		[CONF_SCOPE_STORE] = "  ",  [CONF_SCOPE_SINK] = "    ",
	};
	const char *indent = indents[k->scope];
	char text[768];

	(void)snprintf(text, sizeof(text), "%s%s", k->help,
		       k->restart ? " A change needs a restart." : "");
	print_wrapped(out, indent, text);
	if (k->type == CONF_TYPE_SERVICE) /* not beside rules: text */
		(void)fprintf(out, "#   %s: %s\n", k->name, k->example);
	else
		(void)fprintf(out, "%s%s%s: %s\n",
			      k->type == CONF_TYPE_NAME ? "  " : indent,
			      sample_mark(k), k->name,
			      k->initial ? k->initial : k->example);
}

/* A key that stands for a mapping, and the keys in that, a blank line between
 * two. */
static void sample_mapping(FILE *out, const struct conf_key *of,
			   enum conf_scope scope)
{
	const char *between = "";

	print_wrapped(out, "", of->help);
	(void)fprintf(out, "%s%s:\n",
		      of->example || of->type == CONF_TYPE_SINKS ? "#" : "",
		      of->name);
	if (of->example) /* the name of an inner one */
		(void)fprintf(out, "  #%s:\n", of->example);
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		if (conf_keys[i].scope != scope)
			continue;
		(void)fputs(between, out);
		sample_key(out, &conf_keys[i]);
		between = "\n";
	}
}

void conf_print_sample(FILE *out)
{
	(void)fputs("# SPDX-License-Identifier: GPL-3.0-or-later\n"
		    "# Configuration of waysided: /etc/wayside/wayside.yaml\n"
		    "#\n",
		    out);
	print_wrapped(out, "",
		      "Every key is shown: with a # before it where it may be "
		      "left out, and then with its default, or with an example "
		      "where there is none. A duration has a unit (500ms, 10s, "
		      "2m), a size may have one (64K, 16M). An unknown key is "
		      "an error. `waysided --check` checks the file, "
		      "`waysided --print-config` prints what is in force, "
		      "`waysided --print-sample` prints this.");
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->scope != CONF_SCOPE_TOP)
			continue;
		(void)fputc('\n', out);
		if (k->type == CONF_TYPE_RULES)
			sample_mapping(out, k, CONF_SCOPE_RULE);
		else if (k->type == CONF_TYPE_EVENTS)
			sample_mapping(out, k, CONF_SCOPE_EVENTS);
		else if (k->type == CONF_TYPE_PROTOCOLS)
			sample_mapping(out, k, CONF_SCOPE_PROTOCOL);
		else if (k->type == CONF_TYPE_STORE)
			sample_mapping(out, k, CONF_SCOPE_STORE);
		else if (k->type == CONF_TYPE_SINKS)
			sample_mapping(out, k, CONF_SCOPE_SINK);
		else
			sample_key(out, k);
	}
}
