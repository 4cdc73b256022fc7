/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_status_rules.c - the interception's part of a status */
#include "wayside_status_rules.h"

#include <string.h>

#include "base_addr.h"
#include "wayside_json.h"
#include "wayside_text.h"
#include "wayside_view.h"

/* Copies of a line that is being written, until it counts as unknown. */
#define COPY_TRIES 8

static const char *const states[CONTROL_RULES_MAX] = {
	[CONTROL_RULES_NONE] = "none",
	[CONTROL_RULES_INSTALLED] = "installed",
	[CONTROL_RULES_DRAINING] = "draining",
	[CONTROL_RULES_ABSENT] = "absent",
	[CONTROL_RULES_BYPASS] = "bypassed",
};

/* What becomes of new connections that Wayside does not take. */
static const char *const fates[CONF_FAILURE_MAX] = {
	[CONF_FAILURE_OPEN_STAY] = "go direct",
	[CONF_FAILURE_OPEN] = "go direct",
	[CONF_FAILURE_CLOSED] = "are refused",
	[CONF_FAILURE_HOLD] = "wait",
};

static const struct {
	const char *word, *text;
} keeps[CONTROL_KEEP_MAX] = {
	[CONTROL_KEEP_NOTHING] = { "none", "no table" },
	[CONTROL_KEEP_OWNED] = { "owned", "our own table, goes with Wayside" },
	[CONTROL_KEEP_PERSISTS] = { "persists",
				    "our own table, stays without Wayside" },
	[CONTROL_KEEP_PLAIN] = { "plain",
				 "a table that others can change, stays without "
				 "Wayside" },
};

static const char *state_word(uint32_t state)
{
	return state < CONTROL_RULES_MAX ? states[state] : "?";
}

static const char *keep_word(uint32_t keep)
{
	return keep < CONTROL_KEEP_MAX ? keeps[keep].word : "?";
}

static const char *source_word(uint32_t source)
{
	const char *word = conf_source_name((enum conf_source)source);

	return word ? word : "?";
}

/* What becomes of new connections now. */
static const char *fate_now(const struct wayside_view *v, uint32_t state)
{
	switch (state) {
	case CONTROL_RULES_INSTALLED:
		return atomic_load(&v->state->blocked) ? "are cut off"
						       : "are taken";
	case CONTROL_RULES_DRAINING:
	case CONTROL_RULES_ABSENT:
		return fates[v->conf->on_failure];
	default: /* BYPASS, NONE, or a number that is no word of ours */
		return "go direct";
	}
}

static bool any_auto(const struct conf_tables *t)
{
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (t->rules[i].source == CONF_SOURCE_AUTO)
			return true;
	}
	return false;
}

#define LINE_LEN sizeof(((struct control_line *)NULL)->text)

const char *wayside_status_text(const _Atomic uint32_t *seq, const char *text,
				char *buf, size_t size)
{
	char copy[LINE_LEN + 1] = "";

	for (int tries = 0; size < sizeof(copy) && tries < COPY_TRIES;
	     tries++) {
		const uint32_t before =
			atomic_load_explicit(seq, memory_order_acquire);

		memcpy(copy, text, size);
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 &&
		    atomic_load_explicit(seq, memory_order_relaxed) == before)
			return wayside_text_clean(buf, size, copy);
	}
	(void)snprintf(buf, size, "?");
	return buf;
}

static const char *line(const struct control_line *l, char buf[static LINE_LEN])
{
	return wayside_status_text(&l->seq, l->text, buf, LINE_LEN);
}

static void print_kernel(FILE *out, const struct control_state *s)
{
	const int32_t differ = atomic_load(&s->rules_differ);
	const uint32_t keep = atomic_load(&s->keep);
	const uint32_t lost = atomic_load(&s->lost);

	if (differ < 0)
		(void)fprintf(out, "the kernel cannot be looked at: %s\n",
			      wayside_text_error(-differ));
	else
		(void)fprintf(out, "kernel: %s\ndifferences with the kernel: ",
			      keep < CONTROL_KEEP_MAX ? keeps[keep].text : "?");
	if (differ > 0)
		(void)fprintf(out, "%d\n", (int)differ);
	else if (differ == 0)
		(void)fputs("none\n", out);
	if (lost)
		(void)fprintf(out,
			      "rules put back after somebody had removed them: "
			      "%u times\n",
			      (unsigned)lost);
}

void wayside_status_rules_head(FILE *out, const struct wayside_view *v)
{
	const struct control_state *s = v->state;
	const uint32_t state = atomic_load(&s->rules);
	const uint32_t held = atomic_load(&s->held);
	/* behind another state, such as that of a drain */
	const bool hidden = atomic_load(&s->bypass) &&
			    state != CONTROL_RULES_BYPASS;

	if (conf_tables_fixed(v->conf)) {
		char a[BASE_ADDR_STRLEN], b[BASE_ADDR_STRLEN];

		(void)fprintf(out, "no rules: %s is relayed to %s\n",
			      base_addr_format(&v->conf->listen, a),
			      base_addr_format(&v->conf->remote, b));
	} else {
		(void)fprintf(out,
			      "on_failure %s: without Wayside new connections "
			      "%s\nrules %s%s: new connections %s\n",
			      conf_failure_name(v->conf->on_failure),
			      fates[v->conf->on_failure], state_word(state),
			      hidden ? ", bypass is on" : "",
			      fate_now(v, state));
		if (atomic_load(&s->blocked))
			(void)fputs("blocked: a firewall of this host drops "
				    "what is intercepted: wayside doctor\n",
				    out);
		if (state != CONTROL_RULES_NONE)
			print_kernel(out, s);
	}
	if (any_auto(v->conf)) {
		char why[LINE_LEN];

		(void)fprintf(out, "source auto is %s:\n  %s\n",
			      source_word(atomic_load(&s->source)),
			      line(&s->source_why, why));
	}
	(void)fprintf(out, "listeners held: %u",
		      (unsigned)atomic_load(&s->listeners));
	if (held)
		(void)fprintf(out, ", somebody else keeps %u of them",
			      (unsigned)held);
	(void)fputc('\n', out);
}

/* Packets of one rule; the counters may be read in the middle of a change. */
struct packets {
	uint64_t met, taken, passed, rejected;
};

static struct packets packets_of(const struct control_count *c)
{
	struct packets p = { .met = atomic_load(&c->met),
			     .taken = atomic_load(&c->taken),
			     .rejected = atomic_load(&c->rejected) };

	if (p.met > p.taken && p.met - p.taken > p.rejected)
		p.passed = p.met - p.taken - p.rejected;
	return p;
}

static void fill(struct wayside_row *row, const struct wayside_view *v,
		 uint32_t i)
{
	const struct conf_rule *r = &v->conf->rules[i];
	const struct packets p = packets_of(&v->state->counts[i]);
	const uint64_t numbers[] = { p.met, p.taken, p.passed, p.rejected };

	(void)snprintf(row->cell[0], WAYSIDE_CELL_LEN, "%s", r->name);
	(void)snprintf(row->cell[1], WAYSIDE_CELL_LEN, "%s",
		       conf_transport_name(r->transport));
	for (size_t j = 0; j < WS_ARRAY_LEN(numbers); j++)
		(void)snprintf(row->cell[2 + j], WAYSIDE_CELL_LEN, "%llu",
			       (unsigned long long)numbers[j]);
}

void wayside_status_rules_table(FILE *out, const struct wayside_view *v)
{
	static const struct wayside_column columns[] = {
		{ "RULE", false },         { "TRANSPORT", false },
		{ "FIRST PACKETS", true }, { "TAKEN", true },
		{ "PASSED", true },        { "REJECTED", true },
	};
	struct wayside_table t;
	struct wayside_row row = { { "" } };

	if (conf_tables_fixed(v->conf))
		return;
	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (uint32_t i = 0; i < v->conf->n_rules; i++) {
		fill(&row, v, i);
		wayside_table_measure(&t, &row);
	}
	wayside_table_titles(&t, out);
	for (uint32_t i = 0; i < v->conf->n_rules; i++) {
		fill(&row, v, i);
		wayside_table_print(&t, out, &row);
	}
	(void)fputc('\n', out);
}

static json_t *packets_json(const struct wayside_view *v)
{
	json_t *list = json_array();
	const uint32_t n = conf_tables_fixed(v->conf) ? 0 : v->conf->n_rules;

	for (uint32_t i = 0; i < n; i++) {
		const struct conf_rule *r = &v->conf->rules[i];
		const struct packets p = packets_of(&v->state->counts[i]);
		json_t *o = json_pack("{s:o,s:s,s:I,s:I,s:I,s:I}", "rule",
				      wayside_json_text(r->name), "transport",
				      conf_transport_name(r->transport), "met",
				      wayside_json_number(p.met), "taken",
				      wayside_json_number(p.taken), "passed",
				      wayside_json_number(p.passed), "rejected",
				      wayside_json_number(p.rejected));

		if (json_array_append_new(list, o)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *source_json(const struct wayside_view *v)
{
	char why[LINE_LEN];

	if (!any_auto(v->conf))
		return json_null();
	return json_pack("{s:s,s:s}", "source",
			 source_word(atomic_load(&v->state->source)), "why",
			 line(&v->state->source_why, why));
}

json_t *wayside_status_rules_json(const struct wayside_view *v)
{
	const struct control_state *s = v->state;
	const uint32_t state = atomic_load(&s->rules);
	const int32_t differ = atomic_load(&s->rules_differ);
	json_t *o = json_pack(
		"{s:s,s:s,s:b,s:b,s:s,s:o,s:I,s:o,s:o}", "on_failure",
		conf_failure_name(v->conf->on_failure), "state",
		state_word(state), "bypass", atomic_load(&s->bypass) != 0,
		"blocked", atomic_load(&s->blocked) != 0, "table",
		keep_word(atomic_load(&s->keep)), "differ",
		state == CONTROL_RULES_NONE || differ < 0
			? json_null()
			: json_integer(differ),
		"put_back", (json_int_t)atomic_load(&s->lost), "source_auto",
		source_json(v), "packets", packets_json(v));

	if (differ < 0 &&
	    json_object_set_new(
		    o, "error",
		    wayside_json_text(wayside_text_error(-differ)))) {
		json_decref(o);
		return NULL;
	}
	return o;
}
