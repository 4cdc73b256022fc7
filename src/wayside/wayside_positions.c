/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_positions.c - `wayside positions`: where trackers were */
#include "wayside_positions.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wayside_json.h"
#include "wayside_store.h"

#define DEVICE_LEN 24 /* with the final NUL; event.schema.json */

struct wayside_positions_form {
	void (*begin)(struct wayside_positions_view *v);
	int (*put)(struct wayside_positions_view *v,
		   const struct store_position_row *p);
	void (*end)(struct wayside_positions_view *v);
};

static void nothing(struct wayside_positions_view *v)
{
	(void)v;
}

/* --- for people ----------------------------------------------------------- */

static const struct wayside_column columns[] = {
	{ "TIME", false },    { "DEVICE", false },   { "PROTOCOL", false },
	{ "LATITUDE", true }, { "LONGITUDE", true }, { "KM/H", true },
	{ "COURSE", true },   { "ALTITUDE", true },  { "FIX", false },
};

/* Rows come one by one, so the width of a column is that of what is usual. */
static const struct wayside_row usual = {
	{ "2025-11-03 19:55:01", "867686021234567", "teltonika", "-22.571707",
	  "-113.860937", "120.5", "359.5", "1234.5", "yes" },
};

static void table_begin(struct wayside_positions_view *v)
{
	wayside_table_init(&v->table, columns, WS_ARRAY_LEN(columns));
	wayside_table_measure(&v->table, &usual);
	wayside_table_titles(&v->table, v->out);
}

static void put_text(struct wayside_row *row, int *i, const char *text)
{
	(void)snprintf(row->cell[(*i)++], WAYSIDE_CELL_LEN, "%s", text);
}

static void put_real(struct wayside_row *row, int *i, int digits, double v)
{
	if (isnan(v))
		put_text(row, i, "-");
	else
		(void)snprintf(row->cell[(*i)++], WAYSIDE_CELL_LEN, "%.*f",
			       digits, v);
}

static int table_put(struct wayside_positions_view *v,
		     const struct store_position_row *p)
{
	char time[BASE_TIME_STAMP_LEN];
	struct wayside_row row = { .cell = { "" } };
	int i = 0;

	put_text(&row, &i, wayside_store_local(p->time_ms, time));
	put_text(&row, &i, p->device ? p->device : "-");
	put_text(&row, &i, p->protocol);
	put_real(&row, &i, 6, p->lat);
	put_real(&row, &i, 6, p->lon);
	put_real(&row, &i, 1, p->speed);
	put_real(&row, &i, 1, p->course);
	put_real(&row, &i, 1, p->altitude);
	put_text(&row, &i, p->valid ? "yes" : "no");
	wayside_table_print(&v->table, v->out, &row);
	return 0;
}

const struct wayside_positions_form wayside_positions_table = { table_begin,
								table_put,
								nothing };

/* --- JSON ----------------------------------------------------------------- */

/* NULL: no memory. */
static json_t *members(const struct store_position_row *p)
{
	json_t *o = json_pack(
		"{s:o, s:o, s:o, s:o, s:b}", "device_id",
		p->device ? wayside_json_text(p->device) : json_null(),
		"protocol", wayside_json_text(p->protocol), "time",
		wayside_json_time(wayside_store_ns(p->time_ms)), "received",
		wayside_json_time(wayside_store_ns((int64_t)p->event_time_ms)),
		"valid", (int)p->valid);

	if (o && !wayside_json_set_real(o, "altitude_m", p->altitude) &&
	    !wayside_json_set_real(o, "speed_kmh", p->speed) &&
	    !wayside_json_set_real(o, "course_deg", p->course))
		return o;
	json_decref(o);
	return NULL;
}

/* Prints and frees. */
static int put_json(FILE *out, json_t *o)
{
	const int r = o ? json_dumpf(o, out, JSON_COMPACT | WAYSIDE_JSON_REALS)
			: -1;

	json_decref(o);
	return r && !ferror(out) ? -ENOMEM : 0;
}

static int json_put(struct wayside_positions_view *v,
		    const struct store_position_row *p)
{
	json_t *o = members(p);
	int r;

	if (o && (wayside_json_set_real(o, "lat", p->lat) ||
		  wayside_json_set_real(o, "lon", p->lon))) {
		json_decref(o);
		o = NULL;
	}
	r = put_json(v->out, o);
	(void)fputc('\n', v->out);
	return r;
}

const struct wayside_positions_form wayside_positions_json = { nothing,
							       json_put,
							       nothing };

/* --- GeoJSON -------------------------------------------------------------- */

static void geojson_begin(struct wayside_positions_view *v)
{
	(void)fputs("{\"type\":\"FeatureCollection\",\"features\":[", v->out);
}

static int geojson_put(struct wayside_positions_view *v,
		       const struct store_position_row *p)
{
	json_t *place = json_pack("[f, f]", p->lon, p->lat);

	if (place && isfinite(p->altitude))
		(void)json_array_append_new(place, json_real(p->altitude));
	(void)fputs(v->n ? ",\n" : "\n", v->out);
	return put_json(v->out,
			json_pack("{s:s, s:{s:s, s:o}, s:o}", "type", "Feature",
				  "geometry", "type", "Point", "coordinates",
				  place, "properties", members(p)));
}

static void geojson_end(struct wayside_positions_view *v)
{
	(void)fputs("\n]}\n", v->out);
}

const struct wayside_positions_form wayside_positions_geojson = { geojson_begin,
								  geojson_put,
								  geojson_end };

/* --- GPX ------------------------------------------------------------------ */

struct wayside_positions_track {
	char device[DEVICE_LEN]; /* "": not known */
	int64_t time_ms;
	uint64_t n; /* as they came */
	double lat, lon, altitude;
	bool valid;
};

static int gpx_put(struct wayside_positions_view *v,
		   const struct store_position_row *p)
{
	struct wayside_positions_track *t;

	if (v->n == v->room) {
		const size_t room = v->room ? v->room * 2 : 1024;

		t = reallocarray(v->track, room, sizeof(*t));
		if (!t)
			return -ENOMEM;
		v->track = t;
		v->room = room;
	}
	t = &v->track[v->n];
	*t = (struct wayside_positions_track){
		.time_ms = p->time_ms,
		.n = v->n,
		.lat = p->lat,
		.lon = p->lon,
		.altitude = p->altitude,
		.valid = p->valid,
	};
	(void)wayside_text_clean(t->device, sizeof(t->device),
				 p->device ? p->device : "");
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct wayside_positions_track *x = a, *y = b;
	const int d = strcmp(x->device, y->device);

	if (d)
		return d;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->n > y->n) - (x->n < y->n);
}

/* Of printable ASCII. */
static void put_xml(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			(void)fprintf(out, "&#%d;", *text);
		else
			(void)fputc(*text, out);
	}
}

static void put_point(FILE *out, const struct wayside_positions_track *t)
{
	const uint64_t ns = wayside_store_ns(t->time_ms);
	/* GPX 1.1: longitudeType ends before 180 */
	const double lon = t->lon < 180 - 5e-8 ? t->lon : -180;

	(void)fprintf(out, "<trkpt lat=\"%.7f\" lon=\"%.7f\">", t->lat, lon);
	if (isfinite(t->altitude))
		(void)fprintf(out, "<ele>%.2f</ele>", t->altitude);
	if (ns) {
		char time[BASE_TIME_UTC_LEN];

		(void)fprintf(out, "<time>%s</time>", base_time_utc(ns, time));
	}
	(void)fprintf(out, "%s</trkpt>\n", t->valid ? "" : "<fix>none</fix>");
}

static void gpx_end(struct wayside_positions_view *v)
{
	const struct wayside_positions_track *t = v->track;

	if (v->n)
		qsort(v->track, v->n, sizeof(*v->track), compare);
	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<gpx version=\"1.1\" creator=\"wayside\" "
		    "xmlns=\"http://www.topografix.com/GPX/1/1\">\n",
		    v->out);
	for (uint64_t i = 0; i < v->n; i++) {
		if (!i || strcmp(t[i].device, t[i - 1].device) != 0) {
			(void)fputs(i ? "</trkseg></trk>\n<trk>" : "<trk>",
				    v->out);
			if (t[i].device[0]) {
				(void)fputs("<name>", v->out);
				put_xml(v->out, t[i].device);
				(void)fputs("</name>", v->out);
			}
			(void)fputs("<trkseg>\n", v->out);
		}
		put_point(v->out, &t[i]);
	}
	(void)fprintf(v->out, "%s</gpx>\n", v->n ? "</trkseg></trk>\n" : "");
}

const struct wayside_positions_form wayside_positions_gpx = { nothing, gpx_put,
							      gpx_end };

/* --- all of them ---------------------------------------------------------- */

void wayside_positions_begin(struct wayside_positions_view *v,
			     const struct wayside_positions_form *form,
			     FILE *out)
{
	*v = (struct wayside_positions_view){ .form = form, .out = out };
	form->begin(v);
}

int wayside_positions_print(void *view, const struct store_position_row *row)
{
	struct wayside_positions_view *v = view;
	const int r = v->form->put(v, row);

	v->n++;
	return !r && ferror(v->out) ? 1 : r;
}

void wayside_positions_end(struct wayside_positions_view *v)
{
	v->form->end(v);
	free(v->track);
	v->track = NULL;
}

static const struct wayside_positions_form *
form_of(const struct wayside_options *o)
{
	if (o->json + o->geojson + o->gpx > 1)
		return NULL;
	if (o->gpx)
		return &wayside_positions_gpx;
	if (o->geojson)
		return &wayside_positions_geojson;
	return o->json ? &wayside_positions_json : &wayside_positions_table;
}

static enum wayside_status print_all(const struct wayside_options *o,
				     struct wayside_store *s,
				     const struct store_query *q)
{
	struct wayside_positions_view v;
	struct store_error why;
	int error;

	wayside_positions_begin(&v, form_of(o), stdout);
	(void)snprintf(why.text, sizeof(why.text), "out of memory");
	error = store_read_positions(s->reader, q, wayside_positions_print, &v,
				     &why);
	wayside_positions_end(&v);
	if (error < 0)
		return wayside_store_complain(error, &why);
	wayside_store_hint(o, v.n);
	return WAYSIDE_OK;
}

enum wayside_status wayside_positions_run(const struct wayside_options *o)
{
	struct wayside_store store;
	struct store_query query;
	enum wayside_status s = wayside_store_query(o, &query);

	if (s == WAYSIDE_OK && !form_of(o)) {
		(void)wayside_complain("one of --json, --geojson and --gpx");
		return WAYSIDE_USAGE;
	}
	if (s != WAYSIDE_OK)
		return s;
	s = wayside_store_open(o, &store);
	if (s == WAYSIDE_OK)
		s = print_all(o, &store, &query);
	wayside_store_close(&store);
	return s;
}
