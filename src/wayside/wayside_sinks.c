/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_sinks.c - `wayside sinks`: how far each sink is */
#include "wayside_sinks.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "wayside_json.h"
#include "wayside_store.h"
#include "wayside_text.h"

#define ENDING ".cursor"

static const struct wayside_column columns[] = {
	{ "SINK", false },    { "KIND", false },     { "STATE", false },
	{ "EVENT", true },    { "LAG", true },       { "CONFIRMED", true },
	{ "RETRIED", true },  { "LOST", true },      { "RETURNED", true },
	{ "CHANGED", false }, { "ERROR AT", false }, { "LAST ERROR", false },
};

static const char *kind_word(const struct conf_sink *conf)
{
	static const char *const words[CONF_SINK_KIND_MAX] = {
		[CONF_SINK_AMQP] = "amqp",
		[CONF_SINK_EXEC] = "exec",
		[CONF_SINK_REDIS] = "redis",
	};

	return conf ? words[conf->kind] : NULL;
}

static int add(struct wayside_sinks *s, const char *store, const char *name,
	       const struct conf_sink *conf)
{
	struct wayside_sink *list =
		reallocarray(s->list, s->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	s->list = list;
	list = &list[s->n++];
	*list = (struct wayside_sink){ .conf = conf };
	(void)wayside_text_clean(list->name, sizeof(list->name), name);
	list->error = store_cursor_read(store, name, &list->cursor);
	return 0;
}

/* The sink that has this file, if it is a cursor's and belongs to `base`. */
static bool name_of(const char *file, const char *base,
		    char name[static CONF_NAME_LEN])
{
	const size_t begin = strlen(base) + 1, end = strlen(ENDING);
	const size_t len = strlen(file);

	if (len <= begin + end || len - begin - end >= CONF_NAME_LEN ||
	    strncmp(file, base, begin - 1) != 0 || file[begin - 1] != '.' ||
	    strcmp(file + len - end, ENDING) != 0)
		return false;
	(void)snprintf(name, CONF_NAME_LEN, "%.*s", (int)(len - begin - end),
		       file + begin);
	return !strpbrk(name, "./");
}

static bool has(const struct wayside_sinks *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Those that a configuration does not name, or did. */
static int add_left(struct wayside_sinks *s, const char *store)
{
	const char *slash = strrchr(store, '/');
	const char *base = slash ? slash + 1 : store;
	char *path = slash ? strndup(store, (size_t)(base - store))
			   : strdup(".");
	DIR *dir = path ? opendir(path) : NULL;
	int r = path ? 0 : -ENOMEM;

	if (path && !dir)
		r = -errno;
	while (dir && !r) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		const struct dirent *e = readdir(dir);
		char name[CONF_NAME_LEN];

		if (!e)
			break;
		if (name_of(e->d_name, base, name) && !has(s, name))
			r = add(s, store, name, NULL);
	}
	if (dir)
		(void)closedir(dir); /* read only: nothing can be lost */
	free(path);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct wayside_sink *)a)->name,
		      ((const struct wayside_sink *)b)->name);
}

int wayside_sinks_collect(const char *store, const struct conf_tables *conf,
			  struct wayside_sinks *out)
{
	struct wayside_sinks s = { .has_conf = conf };
	int r = 0;

	for (uint32_t i = 0; conf && !r && i < conf->n_sinks; i++)
		r = add(&s, store, conf->sinks[i].name, &conf->sinks[i]);
	s.n_configured = s.n;
	if (!r)
		r = add_left(&s, store);
	/* whoever may read the files need not be allowed to list them */
	if (r == -EACCES && conf)
		r = 0;
	if (r) {
		free(s.list);
		return r;
	}
	if (s.n > s.n_configured)
		qsort(s.list + s.n_configured, s.n - s.n_configured,
		      sizeof(*s.list), by_name);
	*out = s;
	return 0;
}

void wayside_sinks_free(struct wayside_sinks *s)
{
	free(s->list);
	*s = (struct wayside_sinks){ .n = 0 };
}

static const char *state_of(const struct wayside_sinks *s,
			    const struct wayside_sink *k)
{
	if (!k->conf && s->has_conf)
		return "not configured";
	if (k->error == -ENOENT)
		return "new";
	if (k->error)
		return "unreadable";
	return k->cursor.connected && !s->quiet ? "connected" : "not connected";
}

/* Return: -1 it is not known. */
static int64_t lag_of(const struct wayside_sinks *s,
		      const struct wayside_sink *k)
{
	const struct store_extent *e = &s->extent;
	int64_t done = e->first - 1; /* what is gone waits no more */

	if (k->error == -ENOENT &&
	    (!k->conf || k->conf->from != CONF_SINK_FROM_OLDEST))
		return -1;
	if (k->error && k->error != -ENOENT)
		return -1;
	if (!k->error && k->cursor.store == e->store && k->cursor.event > done)
		done = k->cursor.event;
	return e->last > done ? e->last - done : 0;
}

static const char *error_of(const struct wayside_sink *k)
{
	if (k->error == -EBADMSG)
		return "its cursor file makes no sense";
	if (k->error && k->error != -ENOENT)
		return strerrordesc_np(-k->error);
	return !k->error && k->cursor.error[0] ? k->cursor.error : NULL;
}

/* As much as a cell has room for; --json has all of it. */
static void put(char cell[static WAYSIDE_CELL_LEN], const char *text)
{
	(void)snprintf(cell, WAYSIDE_CELL_LEN, "%.*s", WAYSIDE_CELL_LEN - 1,
		       text ? text : "-");
}

/* Negative: not known. */
static void put_number(char cell[static WAYSIDE_CELL_LEN], int64_t n)
{
	if (n < 0)
		put(cell, NULL);
	else
		(void)snprintf(cell, WAYSIDE_CELL_LEN, "%" PRId64, n);
}

static void put_time(char cell[static WAYSIDE_CELL_LEN], uint64_t ms)
{
	char time[BASE_TIME_STAMP_LEN];

	put(cell, wayside_store_local((int64_t)ms, time));
}

static void fill(struct wayside_row *row, const struct wayside_sinks *s,
		 const struct wayside_sink *k)
{
	const struct store_cursor *c = &k->cursor;
	const bool known = !k->error;
	int i = 0;

	put(row->cell[i++], k->name);
	put(row->cell[i++], kind_word(k->conf));
	put(row->cell[i++], state_of(s, k));
	put_number(row->cell[i++], known ? c->event : -1);
	put_number(row->cell[i++], lag_of(s, k));
	put_number(row->cell[i++], known ? (int64_t)c->confirmed : -1);
	put_number(row->cell[i++], known ? (int64_t)c->retried : -1);
	put_number(row->cell[i++], known ? (int64_t)c->lost : -1);
	put_number(row->cell[i++], known ? (int64_t)c->returned : -1);
	put_time(row->cell[i++], known ? c->changed_ms : 0);
	put_time(row->cell[i++], known ? c->error_ms : 0);
	put(row->cell[i], error_of(k));
}

void wayside_sinks_print(FILE *out, const struct wayside_sinks *s)
{
	struct wayside_table t;
	struct wayside_row row;

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (size_t i = 0; i < s->n; i++) {
		fill(&row, s, &s->list[i]);
		wayside_table_measure(&t, &row);
	}
	wayside_table_titles(&t, out);
	for (size_t i = 0; i < s->n; i++) {
		fill(&row, s, &s->list[i]);
		wayside_table_print(&t, out, &row);
	}
}

static json_t *number_json(bool known, uint64_t n)
{
	return known ? json_integer(wayside_json_number(n)) : json_null();
}

static json_t *time_json(bool known, uint64_t ms)
{
	return wayside_json_time(known ? wayside_store_ns((int64_t)ms) : 0);
}

static json_t *sink_json(const struct wayside_sinks *s,
			 const struct wayside_sink *k)
{
	const struct store_cursor *c = &k->cursor;
	const char *error = error_of(k);
	const bool known = !k->error;
	const int64_t lag = lag_of(s, k);

	return json_pack(
		"{s:s, s:s?, s:s?, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
		" s:s?, s:o}",
		"name", k->name, "kind", kind_word(k->conf), "target",
		k->conf ? k->conf->target : NULL, "state", state_of(s, k),
		"event", number_json(known, (uint64_t)c->event), "lag",
		number_json(lag >= 0, (uint64_t)lag), "confirmed",
		number_json(known, c->confirmed), "retried",
		number_json(known, c->retried), "lost",
		number_json(known, c->lost), "returned",
		number_json(known, c->returned), "anew",
		number_json(known, c->anew), "changed",
		time_json(known, c->changed_ms), "error", error, "error_time",
		time_json(known, c->error_ms));
}

json_t *wayside_sinks_json(const struct wayside_sinks *s)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < s->n; i++) {
		if (json_array_append_new(list, sink_json(s, &s->list[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static enum wayside_status collect(struct wayside_store *store,
				   struct wayside_sinks *sinks)
{
	struct store_extent extent;
	struct store_error why;
	int error = store_read_extent(store->reader, &extent, &why);

	if (error)
		return wayside_store_complain(error, &why);
	error = wayside_sinks_collect(store->path, store->conf, sinks);
	if (error) {
		(void)snprintf(why.text, sizeof(why.text),
			       "the directory of %s: %s", store->path,
			       strerrordesc_np(-error));
		return wayside_complain(why.text);
	}
	sinks->extent = extent;
	sinks->quiet = wayside_store_quiet(store);
	return WAYSIDE_OK;
}

enum wayside_status wayside_sinks_run(const struct wayside_options *o)
{
	struct wayside_sinks sinks = { .n = 0 };
	struct wayside_store store;
	enum wayside_status s = wayside_store_open(o, &store);

	if (s == WAYSIDE_OK)
		s = collect(&store, &sinks);
	if (s == WAYSIDE_OK && o->json)
		s = wayside_json_print(stdout, wayside_sinks_json(&sinks));
	else if (s == WAYSIDE_OK)
		wayside_sinks_print(stdout, &sinks);
	wayside_sinks_free(&sinks);
	wayside_store_close(&store); /* its configuration was shown */
	return s;
}
