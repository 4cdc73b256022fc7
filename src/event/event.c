/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event.c - a message, plus who, when and where: the JSON that every sink gets
 */
#include "event.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

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

static bool is_plain(struct base_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	}
	return true;
}

static const char hex[] = "0123456789abcdef";

static char *put_hex(char *to, uint8_t byte)
{
	*to++ = hex[byte >> 4];
	*to++ = hex[byte & 15];
	return to;
}

static json_t *hex_of(struct base_span s)
{
	char *text = malloc(2 * s.len + 1), *p = text;
	json_t *v;

	if (!text)
		return NULL;
	for (size_t i = 0; i < s.len; i++)
		p = put_hex(p, s.ptr[i]);
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
	char *text, *p;
	json_t *v;

	if (is_plain(s) && !(s.len && memchr(s.ptr, '\\', s.len)))
		return plain_of(s);
	text = malloc(4 * s.len + 1);
	if (!text)
		return NULL;
	p = text;
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];

		if (c >= 0x20 && c <= 0x7e && c != '\\') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		p = put_hex(p, c);
	}
	v = json_stringn_nocheck(text, (size_t)(p - text));
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

static void put_attributes(json_t **object, const struct track_record *r,
			   struct track_range range)
{
	json_t *attributes = json_object();
	char name[TRACK_KEY_LEN];

	for (uint32_t i = range.first; i < range.first + range.n; i++) {
		const struct track_attr *a = &r->attr[i];

		put(&attributes, track_key_text(a->key, name), value_of(a));
	}
	if (range.n)
		put(object, "attributes", attributes);
	else
		json_decref(attributes);
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

static void put_networks(json_t **object, const struct track_record *r,
			 const struct track_position *p)
{
	json_t *cells = json_array(), *wifi = json_array();

	for (uint32_t i = 0; i < p->cells.n; i++)
		append(&cells, cell_of(&r->cell[p->cells.first + i]));
	for (uint32_t i = 0; i < p->wifi.n; i++)
		append(&wifi, wifi_of(&r->wifis[p->wifi.first + i]));
	if (p->cells.n)
		put(object, "cells", json_incref(cells));
	if (p->wifi.n)
		put(object, "wifi", json_incref(wifi));
	json_decref(cells);
	json_decref(wifi);
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
	put_networks(&o, r, p);
	return o;
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
	json_t *o = json_object(), *positions = json_array();
	char flow[17];

	(void)snprintf(flow, sizeof(flow), "%016llx",
		       (unsigned long long)e->flow);
	put_origin(&o, e, flow);
	put(&o, "protocol", json_string(m->protocol->name));
	put(&o, "device_id", r->device.len ? plain_of(r->device) : json_null());
	put(&o, "type", json_string(track_type_name(r->type)));
	put(&o, "keyword", json_string(r->keyword));
	if (is_plain(m->bytes))
		put(&o, "payload", plain_of(m->bytes));
	else
		put(&o, "payload_hex", hex_of(m->bytes));
	put_check(&o, "length_ok", m->length);
	put_check(&o, "checksum_ok", m->checksum);
	for (uint32_t i = 0; i < r->n_positions; i++)
		append(&positions, position_of(r, &r->positions[i]));
	if (r->n_positions) {
		put(&o, "positions", positions);
	} else {
		json_decref(positions);
		put_attributes(&o, r, r->attrs);
	}
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
