/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_parse.c - bytes of a configuration to tables, without side effects */
#include "conf_parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf_load.h"
#include "conf_near.h"
#include "conf_scalar.h"
#include "conf_sinks.h"
#include "conf_text.h"
#include "conf_value.h"
#include "conf_yaml.h"

/* Room for `protocol "watch"`. */
#define WHERE_LEN (CONF_NAME_LEN + 16)

/* A mapping while it is read. */
struct place {
	enum conf_scope scope;
	void *base; /* its struct: conf_tables, conf_rule ... */
	char where[WHERE_LEN];
};

static struct base_span span_of(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

static struct base_span scalar_text(const yaml_node_t *node)
{
	return (struct base_span){ node->data.scalar.value,
				   node->data.scalar.length };
}

static struct conf_mark mark_of(const yaml_node_t *node)
{
	return conf_yaml_mark(&node->start_mark);
}

static bool is_scalar(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE;
}

static bool take_scalar(struct conf_draft *d, const struct conf_key *k,
			struct conf_mark at, struct base_span text, void *out)
{
	char why[CONF_WHY_LEN], quoted[CONF_QUOTE_LEN];

	if (conf_scalar_parse(k, d->env, text, out, why))
		return true;
	conf_errors_add(d->errors, at, "%s: %s %s", k->name,
			conf_text_quote(text, quoted, sizeof(quoted)), why);
	return false;
}

/* Return: false when the array is full. */
static bool take_item(struct conf_draft *d, const struct conf_key *k,
		      struct conf_mark at, struct base_span text)
{
	const struct conf_array *a = conf_array_of(k->type);
	uint32_t *n = (void *)((char *)d->t + a->count);

	if (*n == a->max) {
		conf_errors_add(d->errors, at, "%s: more than %u %s in all",
				k->name, a->max, a->what);
		return false;
	}
	if (take_scalar(d, k, at, text,
			(char *)d->t + a->items + *n * a->item_size)) {
		d->item_at[k->type][*n] = at;
		++*n;
	}
	return true;
}

static void take_list(struct conf_draft *d, const struct conf_key *k,
		      yaml_document_t *doc, const yaml_node_t *node)
{
	const struct conf_array *a = conf_array_of(k->type);

	if (node->type != YAML_SEQUENCE_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"%s: must be a list, such as [\"%s\"]", k->name,
				a->such);
		return;
	}
	/* no event file is a choice, a rule for nothing is a slip */
	if (k->required && k->scope == CONF_SCOPE_RULE &&
	    node->data.sequence.items.start == node->data.sequence.items.top)
		conf_errors_add(d->errors, mark_of(node),
				"%s: the list is empty", k->name);
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(doc, *i);

		if (!is_scalar(item))
			conf_errors_add(d->errors, mark_of(item),
					"%s: each item must be a single value",
					k->name);
		else if (!take_item(d, k, mark_of(item), scalar_text(item)))
			return;
	}
}

static uint32_t count_of(const struct conf_draft *d, const struct conf_key *k)
{
	return *(const uint32_t *)(const void *)((const char *)d->t +
						 conf_array_of(k->type)->count);
}

/* A list of a rule: {first, n} say where its items came to lie. */
static void take_rule_list(struct conf_draft *d, const struct conf_key *k,
			   yaml_document_t *doc, const yaml_node_t *node,
			   struct conf_list *list)
{
	const uint32_t first = count_of(d, k);

	take_list(d, k, doc, node);
	list->n = count_of(d, k) - first;
	list->first = list->n ? first : 0; /* an empty list is as none */
}

static void set_initial(struct conf_draft *d, enum conf_scope scope, void *base)
{
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		/* a wrong default would fail every test */
		if (k->scope == scope && k->initial)
			(void)take_scalar(d, k, (struct conf_mark){ 1, 1 },
					  span_of(k->initial),
					  (char *)base + k->offset);
	}
}

static void take_mapping(struct conf_draft *d, yaml_document_t *doc,
			 const yaml_node_t *map, const struct place *p);

/* How messages call a rule or a sink: by its name when that is one. */
static void name_place(yaml_document_t *doc, const yaml_node_t *map,
		       const char *what, unsigned number, struct place *p)
{
	char text[CONF_NAME_LEN];

	(void)snprintf(p->where, WHERE_LEN, "%s %u", what, number);
	for (const yaml_node_pair_t *i = map->data.mapping.pairs.start;
	     i < map->data.mapping.pairs.top; i++) {
		const yaml_node_t *key = yaml_document_get_node(doc, i->key);
		const yaml_node_t *v = yaml_document_get_node(doc, i->value);
		const struct conf_key *k =
			is_scalar(key)
				? conf_key_find(p->scope, scalar_text(key))
				: NULL;

		if (k && k->type == CONF_TYPE_NAME && is_scalar(v) &&
		    conf_value_name(scalar_text(v), text)) {
			(void)snprintf(p->where, WHERE_LEN, "%s \"%s\"", what,
				       text);
			return;
		}
	}
}

static void take_rule(struct conf_draft *d, yaml_document_t *doc,
		      const yaml_node_t *node)
{
	const size_t before = d->errors->n;
	const uint32_t n = d->t->n_rules;
	struct conf_rule *r = &d->t->rules[n];
	struct place p = { CONF_SCOPE_RULE, r, "" };

	if (node->type != YAML_MAPPING_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"rules: each must be a mapping that begins "
				"with \"- name: ...\"");
		return;
	}
	d->rule_at[n] = mark_of(node);
	for (size_t i = 0; i < CONF_KEY_MAX; i++)
		d->rule_key_at[n][i] = d->rule_at[n];
	d->t->n_rules++;
	set_initial(d, CONF_SCOPE_RULE, r);
	name_place(doc, node, "rule", n + 1, &p);
	take_mapping(d, doc, node, &p);
	d->rule_bad[n] = d->errors->n > before;
}

static void take_rules(struct conf_draft *d, yaml_document_t *doc,
		       const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"rules: must be a list, each rule beginning "
				"with \"- name: ...\"");
		return;
	}
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(doc, *i);

		if (d->t->n_rules == CONF_RULES_MAX) {
			conf_errors_add(d->errors, mark_of(item),
					"rules: more than %d", CONF_RULES_MAX);
			return;
		}
		take_rule(d, doc, item);
	}
}

/* NULL after it was said that there are too many. */
static struct conf_sink *add_sink(struct conf_draft *d, struct conf_mark at)
{
	const uint32_t n = d->t->n_sinks;
	struct conf_sink *s;

	if (n == CONF_SINKS_MAX) {
		conf_errors_add(d->errors, at, "sinks: more than %d",
				CONF_SINKS_MAX);
		return NULL;
	}
	d->sink_at[n] = at;
	for (size_t i = 0; i < CONF_KEY_MAX; i++)
		d->sink_key_at[n][i] = at;
	d->t->n_sinks++;
	s = &d->t->sinks[n];
	set_initial(d, CONF_SCOPE_SINK, s);
	return s;
}

static void take_sinks(struct conf_draft *d, yaml_document_t *doc,
		       const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"sinks: must be a list, each sink beginning "
				"with \"- name: ...\"");
		return;
	}
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(doc, *i);
		struct place p = { .scope = CONF_SCOPE_SINK };

		if (item->type != YAML_MAPPING_NODE) {
			conf_errors_add(d->errors, mark_of(item),
					"sinks: each must be a mapping that "
					"begins with \"- name: ...\"");
			continue;
		}
		p.base = add_sink(d, mark_of(item));
		if (!p.base)
			return;
		name_place(doc, item, "sink", d->t->n_sinks, &p);
		take_mapping(d, doc, item, &p);
	}
}

static void take_store(struct conf_draft *d, yaml_document_t *doc,
		       const yaml_node_t *node)
{
	const struct place p = { CONF_SCOPE_STORE, d->t, "store" };

	if (node->type == YAML_MAPPING_NODE)
		take_mapping(d, doc, node, &p);
	else
		conf_errors_add(d->errors, mark_of(node),
				"store: must be a mapping, such as {file: "
				"/var/lib/wayside/wayside.db}");
}

static void take_command(struct conf_draft *d, yaml_document_t *doc,
			 const yaml_node_t *node)
{
	if (is_scalar(node)) {
		(void)conf_sinks_argument(d, mark_of(node), scalar_text(node));
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.start == node->data.sequence.items.top) {
		conf_errors_add(d->errors, mark_of(node),
				"exec: must be a program, or a list of it and "
				"its arguments");
		return;
	}
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(doc, *i);

		if (!is_scalar(item))
			conf_errors_add(d->errors, mark_of(item),
					"exec: each word must be a single "
					"value");
		else if (!conf_sinks_argument(d, mark_of(item),
					      scalar_text(item)))
			return;
	}
}

static void take_uri(struct conf_draft *d, const struct conf_key *k,
		     const yaml_node_t *node)
{
	if (is_scalar(node))
		conf_sinks_uri(d,
			       k == &conf_keys[CONF_KEY_SINK_AMQP]
				       ? CONF_SINK_AMQP
				       : CONF_SINK_REDIS,
			       mark_of(node), scalar_text(node));
	else
		conf_errors_add(d->errors, mark_of(node),
				"%s: must be a single value", k->name);
}

/* The files of one mapping, all in its format. */
static void take_event_files(struct conf_draft *d, yaml_document_t *doc,
			     const yaml_node_t *node)
{
	const uint32_t first = d->t->n_events;
	uint32_t format; /* the scope's struct */
	const struct place p = { CONF_SCOPE_EVENTS, &format, "events" };

	if (node->type != YAML_MAPPING_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"events: must be a mapping, such as {file: "
				"/var/log/wayside/events.log}, or a list of "
				"them");
		return;
	}
	set_initial(d, CONF_SCOPE_EVENTS, &format);
	take_mapping(d, doc, node, &p);
	for (uint32_t i = first; i < d->t->n_events; i++)
		d->t->events_format[i] = format;
}

static void take_events(struct conf_draft *d, yaml_document_t *doc,
			const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		take_event_files(d, doc, node);
		return;
	}
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		take_event_files(d, doc, yaml_document_get_node(doc, *i));
}

/* NULL after it was said that there is none. */
static struct conf_protocol *find_protocol(struct conf_draft *d,
					   const yaml_node_t *key)
{
	char quoted[CONF_QUOTE_LEN], near_text[CONF_NAME_LEN + 16] = "";
	const struct base_span name = scalar_text(key);
	struct conf_near near;

	conf_near_init(&near, name);
	for (uint32_t i = 0; i < d->t->n_protocols; i++) {
		struct conf_protocol *p = &d->t->protocols[i];

		if (name.len == strlen(p->name) &&
		    !memcmp(name.ptr, p->name, name.len))
			return p;
		(void)conf_near_try(&near, p->name);
	}
	if (near.best)
		(void)snprintf(near_text, sizeof(near_text),
			       " (nearest: \"%s\")", near.best);
	conf_errors_add(
		d->errors, mark_of(key), "protocols: %s is no protocol%s",
		conf_text_quote(name, quoted, sizeof(quoted)), near_text);
	return NULL;
}

static void take_protocol(struct conf_draft *d, yaml_document_t *doc,
			  const yaml_node_pair_t *pair,
			  uint32_t seen_on[static CONF_PROTOCOLS_MAX])
{
	const yaml_node_t *key = yaml_document_get_node(doc, pair->key);
	const yaml_node_t *value = yaml_document_get_node(doc, pair->value);
	struct place place = { .scope = CONF_SCOPE_PROTOCOL };
	struct conf_protocol *p;
	uint32_t *seen;

	if (!is_scalar(key)) {
		conf_errors_add(d->errors, mark_of(key),
				"a key must be a single word");
		return;
	}
	p = find_protocol(d, key);
	if (!p)
		return;
	seen = &seen_on[p - d->t->protocols];
	if (*seen) {
		conf_errors_add(d->errors, mark_of(key),
				"protocols: \"%s\" is given twice (first on "
				"line %u)",
				p->name, *seen);
		return;
	}
	*seen = mark_of(key).line;
	if (value->type != YAML_MAPPING_NODE) {
		conf_errors_add(d->errors, mark_of(value),
				"protocols: \"%s\" must be a mapping, such as "
				"{time_zone: \"+08:00\"}",
				p->name);
		return;
	}
	place.base = p;
	(void)snprintf(place.where, sizeof(place.where), "protocol \"%s\"",
		       p->name);
	take_mapping(d, doc, value, &place);
}

static void take_protocols(struct conf_draft *d, yaml_document_t *doc,
			   const yaml_node_t *node)
{
	uint32_t seen_on[CONF_PROTOCOLS_MAX] = { 0 };

	if (node->type != YAML_MAPPING_NODE) {
		conf_errors_add(d->errors, mark_of(node),
				"protocols: must be a mapping, such as {%s: "
				"{time_zone: \"+08:00\"}}",
				d->t->n_protocols ? d->t->protocols[0].name
						  : "NAME");
		return;
	}
	for (const yaml_node_pair_t *i = node->data.mapping.pairs.start;
	     i < node->data.mapping.pairs.top; i++)
		take_protocol(d, doc, i, seen_on);
}

static void take_value(struct conf_draft *d, yaml_document_t *doc,
		       const struct conf_key *k, const yaml_node_t *node,
		       void *base)
{
	void *out = (char *)base + k->offset;

	switch (k->type) {
	case CONF_TYPE_RULES:
		take_rules(d, doc, node);
		return;
	case CONF_TYPE_EVENTS:
		take_events(d, doc, node);
		return;
	case CONF_TYPE_PROTOCOLS:
		take_protocols(d, doc, node);
		return;
	case CONF_TYPE_STORE:
		take_store(d, doc, node);
		return;
	case CONF_TYPE_SINKS:
		take_sinks(d, doc, node);
		return;
	case CONF_TYPE_URI:
		take_uri(d, k, node);
		return;
	case CONF_TYPE_COMMAND:
		take_command(d, doc, node);
		return;
	case CONF_TYPE_INTERFACES:
	case CONF_TYPE_NETWORKS:
	case CONF_TYPE_TO:
		take_rule_list(d, k, doc, node, out);
		return;
	case CONF_TYPE_FILES:
	case CONF_TYPE_USERS:
		if (is_scalar(node))
			(void)take_item(d, k, mark_of(node), scalar_text(node));
		else
			take_list(d, k, doc, node);
		return;
	case CONF_TYPE_CHOICE:
	case CONF_TYPE_COUNT:
	case CONF_TYPE_PORT:
	case CONF_TYPE_SIZE:
	case CONF_TYPE_DURATION:
	case CONF_TYPE_AGE:
	case CONF_TYPE_ZONE:
	case CONF_TYPE_NAME:
	case CONF_TYPE_PROTOCOL:
	case CONF_TYPE_FILE:
	case CONF_TYPE_DIRECTORY:
	case CONF_TYPE_SERVICE:
		if (is_scalar(node))
			(void)take_scalar(d, k, mark_of(node),
					  scalar_text(node), out);
		else
			conf_errors_add(d->errors, mark_of(node),
					"%s: must be a single value", k->name);
		return;
	case CONF_TYPE_MAX:
		return;
	}
}

static void unknown_key(struct conf_draft *d, const struct place *p,
			struct conf_mark at, struct base_span name)
{
	const struct conf_key *near = conf_key_nearest(p->scope, name);
	char quoted[CONF_QUOTE_LEN];

	conf_errors_add(d->errors, at, "unknown key %s%s%s%s%s%s",
			conf_text_quote(name, quoted, sizeof(quoted)),
			*p->where ? " in " : "", p->where,
			near ? " (nearest: \"" : "", near ? near->name : "",
			near ? "\")" : "");
}

/* One `key: value`. */
static void take_pair(struct conf_draft *d, yaml_document_t *doc,
		      const yaml_node_pair_t *pair, const struct place *p,
		      uint32_t seen_on[static CONF_KEY_MAX])
{
	const yaml_node_t *key = yaml_document_get_node(doc, pair->key);
	const yaml_node_t *value = yaml_document_get_node(doc, pair->value);
	const struct conf_mark at = mark_of(key);
	const struct conf_key *k;
	size_t id, before;

	if (!is_scalar(key)) {
		conf_errors_add(d->errors, at, "a key must be a single word");
		return;
	}
	k = conf_key_find(p->scope, scalar_text(key));
	if (!k) {
		unknown_key(d, p, at, scalar_text(key));
		return;
	}
	id = (size_t)(k - conf_keys);
	if (seen_on[id]) {
		conf_errors_add(d->errors, at,
				"key \"%s\"%s%s is given twice (first on line "
				"%u)",
				k->name, *p->where ? " in " : "", p->where,
				seen_on[id]);
		return;
	}
	seen_on[id] = at.line;
	if (p->scope == CONF_SCOPE_RULE) {
		d->rule_key_at[d->t->n_rules - 1][id] = mark_of(value);
	} else if (p->scope == CONF_SCOPE_SINK) {
		d->sink_key_at[d->t->n_sinks - 1][id] = mark_of(value);
		d->sink_given[d->t->n_sinks - 1][id] = true;
	}
	if (p->scope != CONF_SCOPE_TOP && p->scope != CONF_SCOPE_STORE) {
		take_value(d, doc, k, value, p->base);
		return;
	}
	if (d->given[id])
		return; /* the command line said it */
	d->given[id] = true;
	d->key_at[id] = mark_of(value);
	before = d->errors->n;
	take_value(d, doc, k, value, p->base);
	d->key_bad[id] = d->errors->n > before;
}

static void take_mapping(struct conf_draft *d, yaml_document_t *doc,
			 const yaml_node_t *map, const struct place *p)
{
	uint32_t seen_on[CONF_KEY_MAX] = { 0 };

	for (const yaml_node_pair_t *i = map->data.mapping.pairs.start;
	     i < map->data.mapping.pairs.top; i++)
		take_pair(d, doc, i, p, seen_on);
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		if (conf_keys[i].scope == p->scope && conf_keys[i].required &&
		    !seen_on[i])
			conf_errors_add(d->errors, mark_of(map),
					"%s has no \"%s\"", p->where,
					conf_keys[i].name);
	}
}

static void take_option(struct conf_draft *d, enum conf_key_id id,
			const char *text)
{
	const struct conf_key *k = &conf_keys[id];

	if (!text)
		return;
	d->given[id] = true;
	d->key_at[id] = (struct conf_mark){ 0 };
	d->key_bad[id] = !take_scalar(d, k, d->key_at[id], span_of(text),
				      (char *)d->t + k->offset);
}

static bool skip_prefix(struct base_span *text, const char *prefix)
{
	const size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->ptr, prefix, len) != 0)
		return false;
	text->ptr += len;
	text->len -= len;
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct base_span trimmed(struct base_span s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = (struct base_span){ s.ptr + 1, s.len - 1 };
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* The sink of `-O amqp=URI`; the second one is amqp-2. */
static void take_amqp_observer(struct conf_draft *d, struct base_span uri)
{
	const struct conf_mark at = { 0 };
	struct conf_sink *s = add_sink(d, at);
	const uint32_t n = d->t->n_sinks;

	if (!s)
		return;
	(void)snprintf(s->name, sizeof(s->name), n > 1 ? "amqp-%u" : "amqp", n);
	d->given[CONF_KEY_SINKS] = true;
	d->key_at[CONF_KEY_SINKS] = at;
	if (d->env->in->overrides.amqp_helper) {
		d->sink_given[n - 1][CONF_KEY_SINK_EXEC] = true;
		conf_sinks_helper(d, uri);
	} else {
		d->sink_given[n - 1][CONF_KEY_SINK_AMQP] = true;
		conf_sinks_uri(d, CONF_SINK_AMQP, at, uri);
	}
}

/* -O as tcpproxy takes it: amqp=URI, a bare amqp:// (and here amqps://),
 * file=PATH, logfile=PATH or PATH; blanks around them do not count. A bare URI
 * of another kind is no file's name, which would be told. */
static void take_observer(struct conf_draft *d, const char *text)
{
	struct base_span s = trimmed(span_of(text));

	if (!skip_prefix(&s, "file=") && !skip_prefix(&s, "logfile=") &&
	    (skip_prefix(&s, "amqp=") || memmem(s.ptr, s.len, "://", 3))) {
		take_amqp_observer(d, trimmed(s));
		return;
	}
	d->given[CONF_KEY_EVENTS] = true;
	(void)take_item(d, &conf_keys[CONF_KEY_EVENTS_FILE],
			(struct conf_mark){ 0 }, trimmed(s));
}

static void take_overrides(struct conf_draft *d)
{
	const struct conf_overrides *o = &d->env->in->overrides;

	take_option(d, CONF_KEY_LISTEN, o->listen);
	take_option(d, CONF_KEY_REMOTE, o->remote);
	take_option(d, CONF_KEY_LOG_DIR, o->log_dir);
	take_option(d, CONF_KEY_PIDFILE, o->pidfile);
	take_option(d, CONF_KEY_PROXY_PROTOCOL, o->proxy_protocol);
	take_option(d, CONF_KEY_STORE_FILE, o->store);
	for (int i = 0; i < o->n_observers; i++)
		take_observer(d, o->observers[i]);
}

/* All that are known, as they usually are. */
static void set_protocols(struct conf_draft *d)
{
	const struct conf_input *in = d->env->in;

	for (const char *const *p = in->protocols; p && *p; p++) {
		struct conf_protocol *to =
			&d->t->protocols[d->t->n_protocols++];

		assert(d->t->n_protocols <= CONF_PROTOCOLS_MAX);
		(void)snprintf(to->name, sizeof(to->name), "%s", *p);
		to->zone_min = in->usual_zone ? in->usual_zone(*p) : 0;
	}
}

/* Fixed-remote mode has one rule, made of the rules' defaults. */
static void set_fixed_rule(struct conf_draft *d)
{
	if (d->given[CONF_KEY_RULES])
		return; /* an error, and conf_check() says so */
	set_initial(d, CONF_SCOPE_RULE, &d->t->rules[0]);
	memcpy(d->t->rules[0].name, "fixed", sizeof("fixed"));
	d->t->n_rules = 1;
}

/* Return: false when there is no mapping to judge. */
static bool take_file(struct conf_draft *d, struct base_span text)
{
	const struct place top = { CONF_SCOPE_TOP, d->t, "" };
	yaml_document_t doc;
	const yaml_node_t *root;
	bool ok;

	if (!text.len)
		return true;
	if (!conf_yaml_load(text, &doc, d->errors))
		return false;
	root = yaml_document_get_root_node(&doc);
	ok = !root || root->type == YAML_MAPPING_NODE;
	if (!ok)
		conf_errors_add(d->errors, mark_of(root),
				"the file must be made of \"key: value\" "
				"lines");
	else if (root)
		take_mapping(d, &doc, root, &top);
	yaml_document_delete(&doc);
	return ok;
}

bool conf_parse(const struct conf_env *env, struct base_span text,
		struct conf_tables *t, struct conf_secrets *secrets,
		struct conf_errors *errors)
{
	struct conf_draft *d = calloc(1, sizeof(*d));

	if (!d) {
		errors->lost = true;
		return false;
	}
	memset(t, 0, sizeof(*t));
	t->magic = CONF_MAGIC;
	t->size = sizeof(*t);
	t->number = env->in->number ? env->in->number : 1;
	memset(secrets, 0, sizeof(*secrets));
	secrets->magic = CONF_SECRETS_MAGIC;
	secrets->size = sizeof(*secrets);
	secrets->number = t->number;
	d->env = env;
	d->t = t;
	d->secrets = secrets;
	d->errors = errors;
	set_initial(d, CONF_SCOPE_TOP, t);
	set_initial(d, CONF_SCOPE_STORE, t);
	set_protocols(d);
	if (!env->in->path) { /* as tcpproxy: a pid file only where -p says,
				 and it ends at once */
		t->pidfile[0] = t->control[0] = '\0';
		t->drain_ms = 0;
	}
	for (size_t i = 0; env->in->path && i < CONF_KEY_MAX; i++)
		d->key_at[i] = (struct conf_mark){ 1, 1 };
	take_overrides(d);
	if (take_file(d, text)) {
		if (d->given[CONF_KEY_LISTEN] || d->given[CONF_KEY_REMOTE])
			set_fixed_rule(d);
		conf_check(d);
	}
	free(d);
	return !conf_errors_any(errors);
}
