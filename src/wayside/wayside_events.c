/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_events.c - `wayside events`: what the store has, and what comes */
#include "wayside_events.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "wayside_store.h"

#define FOLLOW_MS     200
#define FOLLOW_NEWEST 10 /* to begin with */

static const struct wayside_column columns[] = {
	{ "TIME", false },   { "FROM", false }, { "PROTOCOL", false },
	{ "DEVICE", false }, { "TYPE", false }, { "KEYWORD", false },
	{ "WHAT", false },
};

/* Rows come one by one, so the width of a column is that of what is usual. */
static const struct wayside_row usual = {
	{ "2025-11-03 19:55:01", "client", "teltonika", "867686021234567",
	  "heartbeat", "BP05", "" },
};

void wayside_events_view_init(struct wayside_events_view *v, FILE *out,
			      bool json)
{
	*v = (struct wayside_events_view){ .out = out, .json = json };
	wayside_table_init(&v->table, columns, WS_ARRAY_LEN(columns));
	wayside_table_measure(&v->table, &usual);
}

/* What a cell has room for; the end of what it has not is "...". */
struct what {
	char *text;
	size_t len;
	bool cut;
};

WS_PRINTF(2, 3)
static void add(struct what *w, const char *format, ...)
{
	const size_t room = WAYSIDE_CELL_LEN - w->len;
	va_list args;
	int n;

	if (w->cut)
		return;
	va_start(args, format);
	n = vsnprintf(w->text + w->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		memcpy(w->text + WAYSIDE_CELL_LEN - 4, "...", 4);
		w->cut = true;
	} else {
		w->len += (size_t)n;
	}
}

static const char *gap(const struct what *w)
{
	return w->len ? "  " : "";
}

static void add_attributes(struct what *w, json_t *attributes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)attributes, name, value)
	{
		if (json_is_string(value))
			add(w, "%s%s=%s", gap(w), name,
			    json_string_value(value));
		else if (json_is_boolean(value))
			add(w, "%s%s=%s", gap(w), name,
			    json_is_true(value) ? "true" : "false");
		else
			add(w, "%s%s=%.10g", gap(w), name,
			    json_number_value(value));
	}
}

static void add_position(struct what *w, const json_t *position, size_t n)
{
	const json_t *lat = json_object_get(position, "lat");
	const json_t *lon = json_object_get(position, "lon");
	const json_t *speed = json_object_get(position, "speed_kmh");

	if (lat && lon)
		add(w, "%.10g %.10g", json_number_value(lat),
		    json_number_value(lon));
	if (!json_is_true(json_object_get(position, "valid")))
		add(w, "%sno fix", gap(w));
	if (speed)
		add(w, "%s%.10g km/h", gap(w), json_number_value(speed));
	if (n > 1)
		add(w, "%s1 of %zu", gap(w), n);
	add_attributes(w, json_object_get(position, "attributes"));
}

static const char *member(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text ? text : "";
}

static void say_what(char cell[static WAYSIDE_CELL_LEN], const json_t *event)
{
	const json_t *positions = json_object_get(event, "positions");
	struct what w = { .text = cell };

	cell[0] = '\0';
	if (json_array_size(positions))
		add_position(&w, json_array_get(positions, 0),
			     json_array_size(positions));
	else
		add_attributes(&w, json_object_get(event, "attributes"));
	if (!w.len && !w.cut)
		add(&w, "%s%s", member(event, "payload"),
		    member(event, "payload_hex"));
}

static void print_line(const struct wayside_events_view *v,
		       const struct store_event_row *e)
{
	json_t *event = json_loadb(e->json, e->json_len, 0, NULL);
	char time[BASE_TIME_STAMP_LEN];
	const char *const cells[] = {
		wayside_store_local((int64_t)e->time_ms, time),
		e->direction,
		e->protocol,
		e->device ? e->device : "-",
		e->type,
		member(event, "keyword"),
	};
	struct wayside_row row;

	for (size_t i = 0; i < WS_ARRAY_LEN(cells); i++)
		(void)snprintf(row.cell[i], WAYSIDE_CELL_LEN, "%s", cells[i]);
	say_what(row.cell[WS_ARRAY_LEN(cells)], event);
	json_decref(event);
	wayside_table_print(&v->table, v->out, &row);
}

int wayside_events_print(void *view, const struct store_event_row *row)
{
	struct wayside_events_view *v = view;

	v->n++;
	v->last = row->id;
	if (v->json)
		(void)fprintf(v->out, "%s\n", row->json);
	else
		print_line(v, row);
	if (v->flush)
		(void)fflush(v->out); /* ferror() tells */
	return ferror(v->out) ? 1 : 0;
}

/* What the follower knows of the file that it reads. */
struct follower {
	struct wayside_store *store;
	struct store_query query;
	struct wayside_events_view view;
	uint64_t identity;
	bool silent; /* it was said that there is nothing to read */
};

static void say_once(struct follower *f, int error,
		     const struct store_error *why)
{
	if (f->silent)
		return;
	f->silent = true;
	(void)wayside_store_complain(error, why);
	(void)wayside_complain("waiting for it");
}

/* Another file has numbers of its own. Return: 0 or -errno. */
static int open_again(struct follower *f, struct store_error *why)
{
	struct store_extent extent;
	int error = store_reader_open(f->store->path, &f->store->reader, why);

	if (!error)
		error = store_read_extent(f->store->reader, &extent, why);
	if (error)
		return error;
	if (extent.store != f->identity)
		f->query.after = 0;
	f->identity = extent.store;
	f->silent = false;
	return 0;
}

/* All that is there. Return: 0, 1 nobody reads, -errno. */
static int print_new(struct follower *f, struct store_error *why)
{
	struct store_reader *r = f->store->reader;
	struct store_extent extent;
	int error = store_read_extent(r, &extent, why);

	if (error)
		return error;
	f->identity = extent.store;
	f->view.last = extent.last;
	if (f->query.after < extent.last)
		error = store_read_events(r, &f->query, wayside_events_print,
					  &f->view, why);
	if (error)
		return error;
	/* what came since the extent was read has been seen up to the last
	 * that was printed */
	f->query.after = f->view.last > extent.last ? f->view.last
						    : extent.last;
	f->query.limit = 0; /* all that comes */
	return 0;
}

/* Return: 0, or 1 nobody reads. */
static int look(struct follower *f)
{
	struct store_error why = { "" };
	int error = 0;

	if (!f->store->reader)
		error = open_again(f, &why);
	if (!error)
		error = print_new(f, &why);
	if (error < 0)
		say_once(f, error, &why);
	/* the rest of a file that was set aside has just been printed */
	if (error || !store_reader_current(f->store->reader)) {
		store_reader_close(f->store->reader);
		f->store->reader = NULL;
	}
	return error > 0;
}

static enum wayside_status follow(const struct wayside_options *o,
				  struct wayside_store *s,
				  const struct store_query *q)
{
	/* nobody reads any more: POLLERR; signals end us as they do */
	struct pollfd reader = { .fd = STDOUT_FILENO };
	struct follower f = { .store = s, .query = *q };

	if (!o->limit && !o->since)
		f.query.limit = FOLLOW_NEWEST;
	wayside_events_view_init(&f.view, stdout, o->json);
	f.view.flush = true;
	if (!o->json)
		wayside_table_titles(&f.view.table, stdout);
	do {
		if (look(&f))
			return WAYSIDE_OK; /* main() says what it is */
	} while (poll(&reader, 1, FOLLOW_MS) <= 0);
	return WAYSIDE_OK;
}

static enum wayside_status print_all(const struct wayside_options *o,
				     struct wayside_store *s,
				     const struct store_query *q)
{
	struct wayside_events_view v;
	struct store_error why;
	int error;

	wayside_events_view_init(&v, stdout, o->json);
	if (!o->json)
		wayside_table_titles(&v.table, stdout);
	error = store_read_events(s->reader, q, wayside_events_print, &v, &why);
	if (error < 0)
		return wayside_store_complain(error, &why);
	wayside_store_hint(o, v.n);
	return WAYSIDE_OK;
}

enum wayside_status wayside_events_run(const struct wayside_options *o)
{
	struct wayside_store store;
	struct store_query query;
	enum wayside_status s = wayside_store_query(o, &query);

	if (s == WAYSIDE_OK && o->follow && o->until) {
		(void)wayside_complain("either --follow or --until");
		return WAYSIDE_USAGE;
	}
	if (s != WAYSIDE_OK)
		return s;
	s = wayside_store_open(o, &store);
	if (s == WAYSIDE_OK)
		s = o->follow ? follow(o, &store, &query)
			      : print_all(o, &store, &query);
	wayside_store_close(&store);
	return s;
}
