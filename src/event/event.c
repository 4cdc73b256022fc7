/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event.c - a message, plus who, when and where: the JSON that every sink gets
 */
#include "event.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base_escape.h"
#include "base_time.h"

/* Of a real number: a longitude has 1e-7 degrees then, which is a centimetre.
 */
#define DIGITS 10

/* Steals v; a NULL, which memory that ends gives, makes the whole NULL. */
static void put(json_t **object, const char *key, json_t *v)
{
	if (*object && json_object_set_new(*object, key, v)) {
		json_decref(*object);
		*object = NULL;
	} else if (!*object) {
		json_decref(v);
	}
}

static void append(json_t **array, json_t *v)
{
	if (*array && json_array_append_new(*array, v)) {
		json_decref(*array);
		*array = NULL;
	} else if (!*array) {
		json_decref(v);
	}
}

static json_t *hex_of(struct base_span s)
{
	char *text = malloc(2 * s.len + 1);
	json_t *v;

	if (!text)
		return NULL;
	base_escape_hex(text, s);
	v = json_stringn_nocheck(text, 2 * s.len);
	free(text);
	return v;
}

static json_t *plain_of(struct base_span s)
{
	return json_stringn_nocheck(s.len ? (const char *)s.ptr : "", s.len);
}

/* See event.h. */
static json_t *text_of(struct base_span s)
{
	char *text = malloc(BASE_ESCAPE_LEN * s.len + 1);
	json_t *v;

	if (!text)
		return NULL;
	v = json_stringn_nocheck(text, base_escape(text, s));
	free(text);
	return v;
}

static json_t *value_of(const struct track_attr *a)
{
	switch (a->kind) {
	case TRACK_KIND_BOOL:
		return json_boolean(a->yes);
	case TRACK_KIND_INT:
		return json_integer(a->number);
	case TRACK_KIND_REAL:
		return json_real(a->real);
	case TRACK_KIND_TEXT:
		return text_of(a->text);
	case TRACK_KIND_HEX:
		return hex_of(a->text);
	}
	return NULL;
}

/* Nothing where there are none. */
static void put_attributes(json_t **object, const struct track_record *r,
			   struct track_range range)
{
	json_t *attributes;
	char name[TRACK_KEY_LEN];

	if (!range.n)
		return;
	attributes = json_object();
	for (uint32_t i = range.first; i < range.first + range.n; i++) {
		const struct track_attr *a = &r->attr[i];

		put(&attributes, track_key_text(a->key, name), value_of(a));
	}
	put(object, "attributes", attributes);
}

static void put_known(json_t **object, const char *key, int64_t v, bool known)
{
	if (known)
		put(object, key, json_integer(v));
}

static json_t *cell_of(const struct track_cell *c)
{
	json_t *o = json_object();

	put_known(&o, "mcc", c->mcc, c->mcc >= 0);
	put_known(&o, "mnc", c->mnc, c->mnc >= 0);
	put_known(&o, "lac", c->lac, c->lac >= 0);
	put_known(&o, "cid", c->cid, c->cid >= 0);
	put_known(&o, "rssi", c->rssi, c->rssi != TRACK_RSSI_NONE);
	return o;
}

static json_t *wifi_of(const struct track_wifi *w)
{
	json_t *o = json_object();

	put(&o, "mac", plain_of(w->mac));
	put_known(&o, "rssi", w->rssi, w->rssi != TRACK_RSSI_NONE);
	return o;
}

static void put_cells(json_t **object, const struct track_record *r,
		      struct track_range range)
{
	json_t *cells;

	if (!range.n)
		return;
	cells = json_array();
	for (uint32_t i = range.first; i < range.first + range.n; i++)
		append(&cells, cell_of(&r->cell[i]));
	put(object, "cells", cells);
}

static void put_wifi(json_t **object, const struct track_record *r,
		     struct track_range range)
{
	json_t *wifi;

	if (!range.n)
		return;
	wifi = json_array();
	for (uint32_t i = range.first; i < range.first + range.n; i++)
		append(&wifi, wifi_of(&r->wifis[i]));
	put(object, "wifi", wifi);
}

static void put_time(json_t **object, const char *key, uint64_t ns)
{
	char text[BASE_TIME_UTC_LEN];

	put(object, key, json_string(base_time_utc(ns, text)));
}

static void put_real(json_t **object, const char *key, double v)
{
	if (!isnan(v))
		put(object, key, json_real(v));
}

static json_t *position_of(const struct track_record *r,
			   const struct track_position *p)
{
	json_t *o = json_object();

	if (p->time_ms != TRACK_TIME_NONE)
		put_time(&o, "time", (uint64_t)p->time_ms * 1000000);
	put(&o, "valid", json_boolean(p->valid));
	put_real(&o, "lat", p->lat);
	put_real(&o, "lon", p->lon);
	put_real(&o, "altitude_m", p->altitude);
	put_real(&o, "speed_kmh", p->speed);
	put_real(&o, "course_deg", p->course);
	put_known(&o, "satellites", p->satellites, p->satellites >= 0);
	put_real(&o, "accuracy_m", p->accuracy);
	put_attributes(&o, r, p->attrs);
	put_cells(&o, r, p->cells);
	put_wifi(&o, r, p->wifi);
	return o;
}

static void put_positions(json_t **object, const struct track_record *r)
{
	json_t *positions = json_array();

	for (uint32_t i = 0; i < r->n_positions; i++)
		append(&positions, position_of(r, &r->positions[i]));
	put(object, "positions", positions);
}

static void put_check(json_t **object, const char *key, enum track_check check)
{
	if (check != TRACK_CHECK_NONE)
		put(object, key, json_boolean(check == TRACK_CHECK_OK));
}

static void put_address(json_t **object, const char *key,
			const struct base_addr *a)
{
	char text[BASE_ADDR_STRLEN];

	put(object, key, json_string(base_addr_format(a, text)));
}

/* Who, when, where; before the message or behind it. */
static void put_origin(json_t **o, const struct event *e, const char *flow)
{
	const struct track_message *m = e->message;
	char id[64];

	(void)snprintf(id, sizeof(id), "%s-%c-%llu", flow,
		       m->direction == BASE_SERVER ? 's' : 'c',
		       (unsigned long long)m->offset);
	if (e->origin)
		put(o, "id", json_string(id));
	put(o, "flow", json_string(flow));
	if (e->origin)
		put_time(o, "time", m->wall_ns);
	put(o, "direction", json_string(base_direction_name(m->direction)));
	if (!e->origin)
		return;
	put_address(o, "client", &e->origin->client);
	put_address(o, "server", &e->origin->server);
	put(o, "connection_id", json_string(e->origin->connection_id));
}

static json_t *document(const struct event *e)
{
	const struct track_message *m = e->message;
	const struct track_record *r = e->record;
	json_t *o = json_object();
	char flow[17];

	(void)snprintf(flow, sizeof(flow), "%016llx",
		       (unsigned long long)e->flow);
	put_origin(&o, e, flow);
	put(&o, "protocol", json_string(m->protocol->name));
	put(&o, "device_id", r->device.len ? plain_of(r->device) : json_null());
	put(&o, "type", json_string(track_type_name(r->type)));
	put(&o, "keyword", json_string(r->keyword));
	if (base_escape_plain(m->bytes))
		put(&o, "payload", plain_of(m->bytes));
	else
		put(&o, "payload_hex", hex_of(m->bytes));
	put_check(&o, "length_ok", m->length);
	put_check(&o, "checksum_ok", m->checksum);
	if (r->n_positions)
		put_positions(&o, r);
	else
		put_attributes(&o, r, r->attrs);
	return o;
}

char *event_json(const struct event *e)
{
	json_t *o = document(e);
	char *text =
		o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS))
		  : NULL;

	json_decref(o);
	return text;
}
