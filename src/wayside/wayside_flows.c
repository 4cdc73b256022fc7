/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_flows.c - `wayside flows` and `wayside close`: flow by flow */
#include "wayside_flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base_die.h"
#include "base_time.h"
#include "capture_id.h"
#include "control_client.h"
#include "ring_shared.h"
#include "wayside_json.h"
#include "wayside_text.h"
#include "wayside_view.h"

#define LOOK_NS 5000000L /* between two looks at a slot that is to end */

static int by_age(const void *a, const void *b)
{
	const struct ring_slot *x = &((const struct wayside_flow *)a)->slot;
	const struct ring_slot *y = &((const struct wayside_flow *)b)->slot;

	if (x->opened_ns != y->opened_ns)
		return x->opened_ns < y->opened_ns ? -1 : 1;
	return (x->connection > y->connection) -
	       (x->connection < y->connection);
}

int wayside_flows_collect(const struct wayside_view *v,
			  struct wayside_flows *flows)
{
	uint32_t n_slots[CONF_WORKERS_MAX];
	size_t room = 0;

	*flows = (struct wayside_flows){ .n = 0 };
	for (unsigned i = 0; i < v->n_workers; i++) {
		n_slots[i] = wayside_view_slots(&v->workers[i]);
		room += n_slots[i];
	}
	flows->list = calloc(room + 1, sizeof(*flows->list));
	if (!flows->list)
		return -ENOMEM;
	for (unsigned i = 0; i < v->n_workers; i++) {
		for (uint32_t j = 0; j < n_slots[i]; j++) {
			struct wayside_flow *f = &flows->list[flows->n];

			f->worker = i;
			f->index = j;
			if (!wayside_view_slot(&v->workers[i], j, &f->slot))
				continue;
			wayside_view_note(&v->workers[i], j, f->slot.serial,
					  &f->note);
			flows->n++;
		}
	}
	qsort(flows->list, flows->n, sizeof(*flows->list), by_age);
	return 0;
}

void wayside_flows_free(struct wayside_flows *flows)
{
	free(flows->list);
	*flows = (struct wayside_flows){ .n = 0 };
}

static const char *connection_id(const struct ring_slot *s,
				 char buf[static CAPTURE_ID_LEN])
{
	const struct capture_id id = {
		.second = ring_connection_second(s->connection),
		.number = ring_connection_number(s->connection),
	};

	return capture_id_format(&id, buf);
}

#define FLOW_ID_LEN 17

static const char *flow_id(const struct ring_slot *s,
			   char buf[static FLOW_ID_LEN])
{
	(void)snprintf(buf, FLOW_ID_LEN, "%016llx",
		       (unsigned long long)s->flow_id);
	return buf;
}

const struct wayside_flow *wayside_flows_find(const struct wayside_flows *flows,
					      const char *id, size_t *n)
{
	const struct wayside_flow *found = NULL;

	*n = 0;
	for (size_t i = 0; i < flows->n; i++) {
		const struct ring_slot *s = &flows->list[i].slot;
		char connection[CAPTURE_ID_LEN], flow[FLOW_ID_LEN];

		if (!strcmp(id, connection_id(s, connection)) ||
		    !strcasecmp(id, flow_id(s, flow))) {
			found = &flows->list[i];
			++*n;
		}
	}
	return found;
}

/* NULL: its configuration is not in force any more, or has no such rule. */
static const char *rule_name(const struct wayside_view *v,
			     const struct ring_slot *s)
{
	return s->config_number == v->conf->number && s->rule < v->conf->n_rules
		       ? v->conf->rules[s->rule].name
		       : NULL;
}

static uint64_t pending(const struct ring_slot *s)
{
	return (uint64_t)s->dir[RING_CLIENT].pend_len +
	       s->dir[RING_SERVER].pend_len;
}

static void put(char cell[static WAYSIDE_CELL_LEN], const char *text)
{
	(void)snprintf(cell, WAYSIDE_CELL_LEN, "%s", text);
}

static void put_number(char cell[static WAYSIDE_CELL_LEN], uint64_t n)
{
	(void)snprintf(cell, WAYSIDE_CELL_LEN, "%llu", (unsigned long long)n);
}

static const char *known(const char *text)
{
	return *text ? text : "-";
}

static void fill(struct wayside_row *row, const struct wayside_view *v,
		 const struct wayside_flow *f, uint64_t now_ns)
{
	const struct ring_slot *s = &f->slot;
	const uint64_t age_ns = now_ns > s->opened_ns ? now_ns - s->opened_ns
						      : 0;
	const char *rule = rule_name(v, s);
	char text[BASE_ADDR_STRLEN];

	put(row->cell[0], connection_id(s, text));
	put(row->cell[1], flow_id(s, text));
	put(row->cell[2], wayside_view_transport(s->transport));
	put(row->cell[3], base_addr_format(&s->client, text));
	put(row->cell[4], base_addr_format(&s->server, text));
	if (rule)
		put(row->cell[5], rule);
	else /* by number, with that of its configuration */
		(void)snprintf(row->cell[5], WAYSIDE_CELL_LEN, "%u of #%u",
			       (unsigned)s->rule, (unsigned)s->config_number);
	put(row->cell[6], known(f->note.protocol));
	put(row->cell[7], known(f->note.device));
	put(row->cell[8], wayside_text_age(age_ns / BASE_TIME_NS_PER_S, text));
	put_number(row->cell[9], s->dir[RING_CLIENT].bytes_in);
	put_number(row->cell[10], s->dir[RING_SERVER].bytes_in);
	put_number(row->cell[11], pending(s));
	put(row->cell[12], wayside_view_state(s->state));
}

void wayside_flows_print(FILE *out, const struct wayside_view *v,
			 const struct wayside_flows *flows, uint64_t now_ns)
{
	static const struct wayside_column columns[] = {
		{ "ID", false },          { "FLOW", false },
		{ "TRANSPORT", false },   { "CLIENT", false },
		{ "SERVER", false },      { "RULE", false },
		{ "PROTOCOL", false },    { "DEVICE", false },
		{ "AGE", true },          { "CLIENT BYTES", true },
		{ "SERVER BYTES", true }, { "PENDING", true },
		{ "STATE", false },
	};
	struct wayside_table t;
	struct wayside_row row = { { "" } };

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (size_t i = 0; i < flows->n; i++) {
		fill(&row, v, &flows->list[i], now_ns);
		wayside_table_measure(&t, &row);
	}
	wayside_table_titles(&t, out);
	for (size_t i = 0; i < flows->n; i++) {
		fill(&row, v, &flows->list[i], now_ns);
		wayside_table_print(&t, out, &row);
	}
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static json_t *flow_json(const struct wayside_view *v,
			 const struct wayside_flow *f)
{
	const struct ring_slot *s = &f->slot;
	const struct ring_dir *c = &s->dir[RING_CLIENT];
	const struct ring_dir *d = &s->dir[RING_SERVER];
	const char *rule = rule_name(v, s);
	char id[CAPTURE_ID_LEN], flow[FLOW_ID_LEN];
	char client[BASE_ADDR_STRLEN], server[BASE_ADDR_STRLEN];

	return json_pack(
		"{s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:s,s:s?,s:s?,s:o,s:I,s:I,s:o,"
		"s:I,s:I,s:I,s:I,s:I}",
		"id", connection_id(s, id), "flow", flow_id(s, flow), "worker",
		(json_int_t)f->worker, "slot", (json_int_t)f->index, "state",
		wayside_view_state(s->state), "transport",
		wayside_view_transport(s->transport), "client",
		base_addr_format(&s->client, client), "server",
		base_addr_format(&s->server, server), "protocol",
		text_or_null(f->note.protocol), "device",
		text_or_null(f->note.device), "rule",
		rule ? wayside_json_text(rule) : json_null(), "config",
		(json_int_t)s->config_number, "rule_number",
		(json_int_t)s->rule, "opened", wayside_json_time(s->opened_ns),
		"client_bytes", wayside_json_number(c->bytes_in),
		"server_bytes", wayside_json_number(d->bytes_in),
		"client_unobserved", wayside_json_number(c->unobserved),
		"server_unobserved", wayside_json_number(d->unobserved),
		"pending", wayside_json_number(pending(s)));
}

json_t *wayside_flows_json(const struct wayside_view *v,
			   const struct wayside_flows *flows)
{
	json_t *list = json_array();

	for (size_t i = 0; i < flows->n; i++) {
		if (json_array_append_new(list,
					  flow_json(v, &flows->list[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Opens both; after a failure there is nothing to close. */
static enum wayside_status open_flows(const struct wayside_options *o,
				      struct wayside_view *v,
				      struct wayside_flows *flows)
{
	const enum wayside_status s = wayside_view_open(o, v);

	if (s != WAYSIDE_OK)
		return s;
	if (wayside_flows_collect(v, flows)) {
		wayside_view_close(v);
		return wayside_complain("out of memory");
	}
	return WAYSIDE_OK;
}

enum wayside_status wayside_flows_run(const struct wayside_options *o)
{
	struct wayside_view v;
	struct wayside_flows flows;
	enum wayside_status s = open_flows(o, &v, &flows);

	if (s != WAYSIDE_OK)
		return s;
	if (o->json)
		s = wayside_json_print(stdout, wayside_flows_json(&v, &flows));
	else
		wayside_flows_print(stdout, &v, &flows, base_time_wall_ns());
	wayside_flows_free(&flows);
	wayside_view_close(&v);
	return s;
}

bool wayside_flow_over(const struct wayside_view *v,
		       const struct wayside_flow *flow, uint32_t limit_ms)
{
	static const struct timespec pause = { .tv_nsec = LOOK_NS };
	const struct ring_slot *slot =
		&v->workers[flow->worker].slots[flow->index];
	const uint64_t end_ms = base_time_mono_ms() + limit_ms;

	for (;;) {
		if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) ==
			    RING_STATE_FREE ||
		    __atomic_load_n(&slot->serial, __ATOMIC_ACQUIRE) !=
			    flow->slot.serial)
			return true;
		if (base_time_mono_ms() >= end_ms)
			return false;
		(void)nanosleep(&pause, NULL); /* EINTR: looks again sooner */
	}
}

static enum wayside_status close_flow(const struct wayside_options *o,
				      const struct wayside_view *v,
				      const struct wayside_flow *f)
{
	const struct control_request request = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_CLOSE,
						 .worker = f->worker,
						 .slot = f->index,
						 .serial = f->slot.serial };
	enum wayside_status s;
	struct control_result *result = wayside_ask(o, &request, &s);
	char id[CAPTURE_ID_LEN], flow[FLOW_ID_LEN];

	if (!result)
		return s;
	control_client_free(result);
	if (!wayside_flow_over(v, f, base_die_limit_ms(WAYSIDE_CLOSE_MS))) {
		char text[80];

		(void)snprintf(
			text, sizeof(text),
			"worker/%u does not answer: the flow ends when it "
			"does",
			f->worker);
		return wayside_complain(text);
	}
	(void)printf("closed %s, flow %s\n", connection_id(&f->slot, id),
		     flow_id(&f->slot, flow));
	return WAYSIDE_OK;
}

enum wayside_status wayside_close_run(const struct wayside_options *o)
{
	const struct wayside_flow *f;
	struct wayside_view v;
	struct wayside_flows flows;
	enum wayside_status s = open_flows(o, &v, &flows);
	size_t n;

	if (s != WAYSIDE_OK)
		return s;
	f = wayside_flows_find(&flows, o->id, &n);
	if (n == 1) {
		s = close_flow(o, &v, f);
	} else {
		char text[128];

		(void)snprintf(text, sizeof(text),
			       n ? "%s names several flows: take the flow id"
				 : "there is no flow %s",
			       o->id);
		s = wayside_complain(text);
	}
	wayside_flows_free(&flows);
	wayside_view_close(&v);
	return s;
}
