/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_change.c - what a reload cannot change */
#include "conf_change.h"

#include <string.h>

#include "conf_scalar.h"
#include "conf_schema.h"
#include "conf_tables.h"

/* In the other mode there are neither listen nor remote. */
static const char *value_of(const struct conf_tables *t,
			    const struct conf_key *k,
			    char text[static CONF_PRINTED_LEN])
{
	if (k->type == CONF_TYPE_SERVICE && !conf_tables_fixed(t))
		return "none";
	conf_scalar_format(k, (const char *)t + k->offset, text);
	return text;
}

static bool has_transport(const struct conf_tables *t, uint32_t transport)
{
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (t->rules[i].transport == transport)
			return true;
	}
	return false;
}

static bool has_local(const struct conf_tables *t)
{
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (t->rules[i].local)
			return true;
	}
	return false;
}

static unsigned refuse(FILE *out, enum conf_key_id id, const char *from,
		       const char *to)
{
	(void)fprintf(out, "%s%s: %s is in force, %s needs a restart\n",
		      conf_keys[id].scope == CONF_SCOPE_STORE ? "store." : "",
		      conf_keys[id].name, from, to);
	return 1;
}

/* What is open would be in another conntrack zone all at once, where nobody
 * knows it. */
static unsigned refuse_zones(FILE *out, const struct conf_tables *now,
			     const struct conf_tables *next)
{
	for (uint32_t i = 0; i < now->n_rules; i++) {
		for (uint32_t j = 0; j < next->n_rules; j++) {
			const struct conf_rule *a = &now->rules[i],
					       *b = &next->rules[j];

			if (conf_tables_zone_conflict(now, a, next, b))
				return refuse(out, CONF_KEY_RULE_SOURCE,
					      conf_source_name(a->source),
					      conf_source_name(b->source));
		}
	}
	return 0;
}

/* Keys that may change, but not in each way. */
static unsigned refuse_some(FILE *out, const struct conf_tables *now,
			    const struct conf_tables *next)
{
	const bool hold = now->on_failure == CONF_FAILURE_HOLD;
	unsigned n = 0;

	/* who keeps the listeners is settled when they are made */
	if (hold != (next->on_failure == CONF_FAILURE_HOLD))
		n += refuse(out, CONF_KEY_ON_FAILURE,
			    conf_failure_name(now->on_failure),
			    conf_failure_name(next->on_failure));
	/* and what they listen for; without a rule they have nothing to do */
	for (uint32_t i = 0; i < CONF_TRANSPORT_MAX; i++) {
		if (has_transport(next, i) && !has_transport(now, i))
			n += refuse(out, CONF_KEY_RULE_TRANSPORT, "the other",
				    conf_transport_name(i));
	}
	n += refuse_zones(out, now, next);
	/* what is open would leave for the server all at once, mid-stream */
	if (has_local(now) && !has_local(next))
		n += refuse(out, CONF_KEY_RULE_LOCAL, "yes", "no in each rule");
	return n;
}

unsigned conf_change_refused(const struct conf_tables *now,
			     const struct conf_tables *next, FILE *out)
{
	char a[CONF_PRINTED_LEN], b[CONF_PRINTED_LEN];
	unsigned n = 0;

	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *from, *to;

		if (!k->restart)
			continue;
		from = value_of(now, k, a);
		to = value_of(next, k, b);
		if (strcmp(from, to) != 0)
			n += refuse(out, (enum conf_key_id)i, from, to);
	}
	return n + refuse_some(out, now, next);
}
