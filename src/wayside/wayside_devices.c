/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_devices.c - `wayside devices`: who was seen */
#include "wayside_devices.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_addr.h"
#include "wayside_json.h"
#include "wayside_store.h"
#include "wayside_text.h"

#define ID_LEN 32 /* of a device, of a protocol */

struct wayside_device {
	struct store_device_row row; /* its texts are these: */
	char id[ID_LEN], protocol[ID_LEN], client[BASE_ADDR_STRLEN];
};

static const struct wayside_column columns[] = {
	{ "DEVICE", false },  { "PROTOCOL", false }, { "LAST SEEN", false },
	{ "AGO", true },      { "EVENTS", true },    { "FLOWS", true },
	{ "LIVE", false },    { "CLIENT", false },   { "POSITION", false },
	{ "LATITUDE", true }, { "LONGITUDE", true }, { "KM/H", true },
	{ "COURSE", true },
};

int wayside_devices_add(void *devices, const struct store_device_row *row)
{
	struct wayside_devices *d = devices;
	struct wayside_device *one;

	if (d->n == d->room) {
		const size_t room = d->room ? d->room * 2 : 64;

		one = reallocarray(d->list, room, sizeof(*one));
		if (!one)
			return -ENOMEM;
		d->list = one;
		d->room = room;
	}
	one = &d->list[d->n++];
	one->row = *row;
	(void)wayside_text_clean(one->id, sizeof(one->id), row->id);
	(void)wayside_text_clean(one->protocol, sizeof(one->protocol),
				 row->protocol);
	(void)wayside_text_clean(one->client, sizeof(one->client), row->client);
	return 0;
}

void wayside_devices_free(struct wayside_devices *d)
{
	free(d->list);
	*d = (struct wayside_devices){ .n = 0 };
}

static void put(char cell[static WAYSIDE_CELL_LEN], const char *text)
{
	(void)snprintf(cell, WAYSIDE_CELL_LEN, "%s", text);
}

static void put_number(char cell[static WAYSIDE_CELL_LEN], uint64_t n)
{
	(void)snprintf(cell, WAYSIDE_CELL_LEN, "%" PRIu64, n);
}

static void put_real(char cell[static WAYSIDE_CELL_LEN], int digits, double v)
{
	if (isnan(v))
		put(cell, "-");
	else
		(void)snprintf(cell, WAYSIDE_CELL_LEN, "%.*f", digits, v);
}

static bool live(const struct wayside_devices *d,
		 const struct wayside_device *one)
{
	return one->row.open && !d->quiet;
}

static void fill(struct wayside_row *row, const struct wayside_devices *d,
		 const struct wayside_device *one, uint64_t now_ms)
{
	const struct store_device_row *r = &one->row;
	const uint64_t age_ms =
		now_ms > r->last_seen_ms ? now_ms - r->last_seen_ms : 0;
	char time[BASE_TIME_STAMP_LEN], age[WAYSIDE_AGE_LEN];
	int i = 0;

	put(row->cell[i++], one->id);
	put(row->cell[i++], one->protocol);
	put(row->cell[i++],
	    wayside_store_local((int64_t)r->last_seen_ms, time));
	put(row->cell[i++], wayside_text_age(age_ms / 1000, age));
	put_number(row->cell[i++], r->events);
	put_number(row->cell[i++], r->flows);
	put(row->cell[i++], live(d, one) ? "yes" : "no");
	put(row->cell[i++], one->client);
	put(row->cell[i++],
	    r->located ? wayside_store_local(r->position_ms, time) : "-");
	put_real(row->cell[i++], 6, r->lat);
	put_real(row->cell[i++], 6, r->lon);
	put_real(row->cell[i++], 1, r->speed);
	put_real(row->cell[i], 1, r->course);
}

void wayside_devices_print(FILE *out, const struct wayside_devices *d,
			   uint64_t now_ms)
{
	struct wayside_table t;
	struct wayside_row row;

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (size_t i = 0; i < d->n; i++) {
		fill(&row, d, &d->list[i], now_ms);
		wayside_table_measure(&t, &row);
	}
	wayside_table_titles(&t, out);
	for (size_t i = 0; i < d->n; i++) {
		fill(&row, d, &d->list[i], now_ms);
		wayside_table_print(&t, out, &row);
	}
}

static json_t *position_json(const struct store_device_row *r)
{
	json_t *o;

	if (!r->located)
		return json_null();
	o = json_pack("{s:o, s:f, s:f}", "time",
		      wayside_json_time(wayside_store_ns(r->position_ms)),
		      "lat", r->lat, "lon", r->lon);
	if (o && !wayside_json_set_real(o, "speed_kmh", r->speed) &&
	    !wayside_json_set_real(o, "course_deg", r->course))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *device_json(const struct wayside_devices *d,
			   const struct wayside_device *one)
{
	const struct store_device_row *r = &one->row;
	char flow[17];

	(void)snprintf(flow, sizeof(flow), "%016" PRIx64, r->live_flow);
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:I, s:I, s:b, s:s, s:s?, s:o}",
		"device_id", one->id, "protocol", one->protocol, "first_seen",
		wayside_json_time(wayside_store_ns((int64_t)r->first_seen_ms)),
		"last_seen",
		wayside_json_time(wayside_store_ns((int64_t)r->last_seen_ms)),
		"events", wayside_json_number(r->events), "flows",
		wayside_json_number(r->flows), "live", (int)live(d, one),
		"flow", flow, "client",
		strcmp(one->client, "-") ? one->client : NULL, "position",
		position_json(r));
}

json_t *wayside_devices_json(const struct wayside_devices *d)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->n; i++) {
		if (json_array_append_new(list, device_json(d, &d->list[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

enum wayside_status wayside_devices_run(const struct wayside_options *o)
{
	struct wayside_devices d = { .n = 0 };
	struct store_error why = { "out of memory" };
	struct wayside_store store;
	struct store_query query;
	enum wayside_status s = wayside_store_query(o, &query);

	if (s != WAYSIDE_OK)
		return s;
	if (!o->limit)
		query.limit = 0;
	s = wayside_store_open(o, &store);
	if (s == WAYSIDE_OK) {
		const int error = store_read_devices(
			store.reader, &query, wayside_devices_add, &d, &why);
		if (error)
			s = wayside_store_complain(error, &why);
		d.quiet = wayside_store_quiet(&store);
	}
	wayside_store_close(&store);
	if (s == WAYSIDE_OK && o->json)
		s = wayside_json_print(stdout, wayside_devices_json(&d));
	else if (s == WAYSIDE_OK)
		wayside_devices_print(stdout, &d,
				      base_time_wall_ns() / 1000000);
	wayside_devices_free(&d);
	return s;
}
