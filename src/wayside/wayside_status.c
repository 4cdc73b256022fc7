/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_status.c - `wayside status`: how the daemon is */
#include "wayside_status.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base_time.h"
#include "wayside_json.h"
#include "wayside_status_rules.h"
#include "wayside_text.h"
#include "wayside_view.h"

/* A word of a number that another process wrote. */
#define WORD(names, v) ((v) < WS_ARRAY_LEN(names) ? (names)[v] : "?")

static const char *const phases[CONTROL_PHASE_MAX] = {
	[CONTROL_PHASE_STARTING] = "starting",
	[CONTROL_PHASE_RUNNING] = "running",
	[CONTROL_PHASE_DRAINING] = "draining",
	[CONTROL_PHASE_STOPPING] = "stopping",
};

static const char *const role_states[CONTROL_ROLE_MAX] = {
	[CONTROL_ROLE_UNUSED] = "unused",
	[CONTROL_ROLE_DOWN] = "down",
	[CONTROL_ROLE_STARTING] = "starting",
	[CONTROL_ROLE_READY] = "ready",
};

/* Of a worker, of the readers (only counters), or of all. */
struct figures {
	uint64_t flows;                        /* slots in use */
	uint64_t by_state[RING_STATE_MAX + 1]; /* the last: unknown */
	uint64_t udp;                          /* of flows */
	uint64_t counters[STAT_MAX];
	uint64_t missed; /* of the ring's bytes, by the recorder */
};

static void add_worker(struct figures *f, const struct wayside_view *v,
		       unsigned worker)
{
	const struct wayside_worker *w = &v->workers[worker];
	const uint32_t n = wayside_view_slots(w);
	struct ring_slot slot;

	for (uint32_t i = 0; i < n; i++) {
		if (!wayside_view_slot(w, i, &slot))
			continue;
		f->flows++;
		f->by_state[slot.state < RING_STATE_MAX ? slot.state
							: RING_STATE_MAX]++;
		f->udp += slot.transport == RING_TRANSPORT_UDP;
	}
	for (int id = 0; id < STAT_MAX; id++)
		f->counters[id] = wayside_view_worker_counter(v, worker, id);
	f->missed =
		atomic_load(&w->control->reader_missed[RING_READER_RECORDER]);
}

static void add_figures(struct figures *sum, const struct figures *f)
{
	sum->flows += f->flows;
	sum->udp += f->udp;
	for (size_t i = 0; i < WS_ARRAY_LEN(sum->by_state); i++)
		sum->by_state[i] += f->by_state[i];
	for (size_t i = 0; i < STAT_MAX; i++)
		sum->counters[i] += f->counters[i];
	sum->missed += f->missed;
}

struct report {
	struct figures workers[CONF_WORKERS_MAX];
	struct figures readers; /* so far the recorder is the only one */
	struct figures total;
};

/* The caller frees it. NULL: no memory. */
static struct report *collect(const struct wayside_view *v)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	for (unsigned i = 0; i < v->n_workers; i++) {
		add_worker(&r->workers[i], v, i);
		add_figures(&r->total, &r->workers[i]);
	}
	for (unsigned i = 0; i < v->n_readers; i++) {
		for (int id = 0; id < STAT_MAX; id++)
			r->readers.counters[id] +=
				wayside_view_reader_counter(v, i, id);
	}
	add_figures(&r->total, &r->readers);
	return r;
}

static uint64_t refused(const struct figures *f)
{
	return f->counters[STAT_REFUSED_SELF] +
	       f->counters[STAT_REFUSED_NO_RULE] +
	       f->counters[STAT_LIMIT_REFUSED];
}

/* Of observed flows: what the ring had no room for, and what the recorder was
 * not given of it. */
static uint64_t not_recorded(const struct figures *f)
{
	return f->counters[STAT_UNOBSERVED_BYTES] + f->missed;
}

/* Connections that a limit made wait: after, or before they were accepted. */
static uint64_t limited(const struct figures *f)
{
	return f->counters[STAT_LIMIT_WAITS] + f->counters[STAT_ACCEPT_PAUSES];
}

static bool any_udp(const struct conf_tables *t)
{
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (t->rules[i].transport == CONF_TRANSPORT_UDP)
			return true;
	}
	return false;
}

static void print_head(FILE *out, const struct wayside_view *v, uint64_t now_ns,
		       const struct figures *total)
{
	const struct control_state *s = v->state;
	const uint64_t up_ns = now_ns > s->started_ns ? now_ns - s->started_ns
						      : 0;
	const uint64_t reloaded_ns = atomic_load(&s->reloaded_ns);
	const uint32_t edits = atomic_load(&s->edits);
	char program[CONTROL_PROGRAM_LEN], stamp[BASE_TIME_STAMP_LEN];
	char age[WAYSIDE_AGE_LEN];

	(void)fprintf(out, "waysided %s, %s, pid %u\nup %s, since %s\n",
		      wayside_text_clean(program, sizeof(program), s->program),
		      WORD(phases, atomic_load(&s->phase)), (unsigned)s->pid,
		      wayside_text_age(up_ns / BASE_TIME_NS_PER_S, age),
		      base_time_stamp(s->started_ns, stamp));
	(void)fprintf(out, "configuration %u, %u reloads, %u refused%s%s\n",
		      (unsigned)atomic_load(&s->config_number),
		      (unsigned)atomic_load(&s->reloads),
		      (unsigned)atomic_load(&s->reloads_refused),
		      reloaded_ns ? ", the last one " : "",
		      reloaded_ns ? base_time_stamp(reloaded_ns, stamp) : "");
	if (edits)
		(void)fprintf(out,
			      "edits of rules in force, until the next reload: "
			      "%u\n",
			      (unsigned)edits);
	wayside_status_rules_head(out, v);
	(void)fprintf(out, "flows: %llu of %u",
		      (unsigned long long)total->flows,
		      (unsigned)v->conf->max_flows);
	if (total->udp || any_udp(v->conf))
		(void)fprintf(out, ", by UDP: %llu of %u",
			      (unsigned long long)total->udp,
			      (unsigned)v->conf->max_udp_flows);
	(void)fputc('\n', out);
}

/* Has it ended before, so that last_end means something? */
static bool has_ended(const struct control_role *r)
{
	return atomic_load(&r->restarts) ||
	       (atomic_load(&r->state) == CONTROL_ROLE_DOWN &&
		atomic_load(&r->started_ns));
}

static void fill_role(struct wayside_row *row, const struct control_role *r)
{
	const uint32_t pid = atomic_load(&r->pid);
	const int end = (int)atomic_load(&r->last_end);
	char stamp[BASE_TIME_STAMP_LEN], (*cell)[WAYSIDE_CELL_LEN] = row->cell;

	memset(row, 0, sizeof(*row));
	(void)wayside_status_text(&r->seq, r->name, cell[0], sizeof(r->name));
	if (pid)
		(void)snprintf(cell[1], sizeof(*cell), "%u", pid);
	else
		(void)snprintf(cell[1], sizeof(*cell), "-");
	(void)snprintf(cell[2], sizeof(*cell), "%s",
		       WORD(role_states, atomic_load(&r->state)));
	(void)snprintf(cell[3], sizeof(*cell), "%s",
		       base_time_stamp(atomic_load(&r->started_ns), stamp));
	(void)snprintf(cell[4], sizeof(*cell), "%u", atomic_load(&r->restarts));
	if (!has_ended(r))
		(void)snprintf(cell[5], sizeof(*cell), "-");
	else
		(void)snprintf(cell[5], sizeof(*cell), "%s %d",
			       WIFSIGNALED(end) ? "signal" : "status",
			       WIFSIGNALED(end) ? WTERMSIG(end)
						: WEXITSTATUS(end));
}

static void print_roles(FILE *out, const struct wayside_view *v)
{
	static const struct wayside_column columns[] = {
		{ "ROLE", false },  { "PID", true },      { "STATE", false },
		{ "SINCE", false }, { "RESTARTS", true }, { "LAST END", false },
	};
	struct wayside_table t;
	struct wayside_row row = { { "" } };

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (int pass = 0; pass < 2; pass++) {
		if (pass)
			wayside_table_titles(&t, out);
		for (size_t i = 0; i < CONTROL_ROLES_MAX; i++) {
			const struct control_role *r = &v->state->roles[i];

			if (atomic_load(&r->state) == CONTROL_ROLE_UNUSED)
				continue;
			fill_role(&row, r);
			if (pass)
				wayside_table_print(&t, out, &row);
			else
				wayside_table_measure(&t, &row);
		}
	}
}

static void fill_worker(struct wayside_row *row, const char *name,
			const struct figures *f)
{
	const uint64_t numbers[] = {
		f->flows,
		f->counters[STAT_CLIENT_BYTES],
		f->counters[STAT_SERVER_BYTES],
		not_recorded(f),
		refused(f),
		limited(f),
	};

	(void)snprintf(row->cell[0], WAYSIDE_CELL_LEN, "%s", name);
	for (size_t i = 0; i < WS_ARRAY_LEN(numbers); i++)
		(void)snprintf(row->cell[1 + i], WAYSIDE_CELL_LEN, "%llu",
			       (unsigned long long)numbers[i]);
}

static void print_workers(FILE *out, const struct report *r, unsigned n)
{
	static const struct wayside_column columns[] = {
		{ "WORKER", false },      { "FLOWS", true },
		{ "CLIENT BYTES", true }, { "SERVER BYTES", true },
		{ "NOT RECORDED", true }, { "REFUSED", true },
		{ "LIMITED", true },
	};
	struct wayside_table t;
	struct wayside_row row = { { "" } };

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	/* no sum has fewer digits than what it is of */
	fill_worker(&row, "total", &r->total);
	wayside_table_measure(&t, &row);
	wayside_table_titles(&t, out);
	for (unsigned i = 0; i <= n; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u", i);
		if (i < n)
			fill_worker(&row, name, &r->workers[i]);
		else
			fill_worker(&row, "total", &r->total);
		wayside_table_print(&t, out, &row);
	}
}

static void print_counters(FILE *out, const struct figures *total)
{
	static const struct wayside_column columns[] = {
		{ "COUNTER", false },
		{ "NUMBER", true },
		{ "MEANING", false },
	};
	struct wayside_table t;
	struct wayside_row row = { { "" } };
	bool titled = false;

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	t.fold = true;
	for (int pass = 0; pass < 2; pass++) {
		for (int id = 0; id < STAT_MAX; id++) {
			if (!total->counters[id])
				continue;
			(void)snprintf(row.cell[0], WAYSIDE_CELL_LEN, "%s",
				       stat_table[id].name);
			(void)snprintf(row.cell[1], WAYSIDE_CELL_LEN, "%llu",
				       (unsigned long long)total->counters[id]);
			(void)snprintf(row.cell[2], WAYSIDE_CELL_LEN, "%s",
				       stat_table[id].help);
			if (!pass) {
				wayside_table_measure(&t, &row);
				continue;
			}
			if (!titled)
				wayside_table_titles(&t, out);
			titled = true;
			wayside_table_print(&t, out, &row);
		}
	}
}

static void print_store(FILE *out, const struct wayside_view *v,
			const struct figures *readers)
{
	const int error = -atomic_load(&v->state->store_error);
	char path[CONF_PATH_LEN], stamp[BASE_TIME_STAMP_LEN];

	if (!v->conf->store[0])
		return;
	(void)base_time_stamp(atomic_load(&v->state->store_failed_ns), stamp);
	(void)fprintf(out, "store %s\n  %s%s: %llu events stored, %llu lost\n",
		      wayside_text_clean(path, sizeof(path), v->conf->store),
		      error ? "fails since " : "works", error ? stamp : "",
		      (unsigned long long)readers->counters[STAT_STORED],
		      (unsigned long long)readers->counters[STAT_STORE_LOST]);
	if (error)
		(void)fprintf(out, "  %s\n", wayside_text_error(error));
}

void wayside_status_print(FILE *out, const struct wayside_view *v,
			  uint64_t now_ns)
{
	struct report *r = collect(v);
	const uint64_t *counters;

	if (!r) {
		(void)wayside_complain("out of memory");
		return;
	}
	counters = r->readers.counters;
	print_head(out, v, now_ns, &r->total);
	(void)fputc('\n', out);
	wayside_status_rules_table(out, v);
	print_roles(out, v);
	(void)fputc('\n', out);
	print_workers(out, r, v->n_workers);
	for (unsigned i = 0; i < v->n_workers; i++) {
		if (!v->workers[i].sane)
			(void)fprintf(out,
				      "worker/%u: its table makes no sense\n",
				      i);
	}
	(void)fprintf(out,
		      "\nrecorder: %llu events, %llu bytes captured\n"
		      "lost: %llu events, %llu bytes of captures, %llu bytes "
		      "not recorded\n",
		      (unsigned long long)counters[STAT_EVENTS],
		      (unsigned long long)counters[STAT_CAPTURE_BYTES],
		      (unsigned long long)counters[STAT_EVENTS_LOST],
		      (unsigned long long)counters[STAT_CAPTURE_LOST_BYTES],
		      (unsigned long long)not_recorded(&r->total));
	print_store(out, v, &r->readers);
	(void)fputc('\n', out);
	print_counters(out, &r->total);
	free(r);
}

static json_t *config_json(const struct control_state *s)
{
	return json_pack(
		"{s:I,s:I,s:I,s:I,s:o}", "number",
		wayside_json_number(atomic_load(&s->config_number)), "reloads",
		wayside_json_number(atomic_load(&s->reloads)),
		"reloads_refused",
		wayside_json_number(atomic_load(&s->reloads_refused)), "edits",
		wayside_json_number(atomic_load(&s->edits)), "reloaded",
		wayside_json_time(atomic_load(&s->reloaded_ns)));
}

static json_t *store_json(const struct wayside_view *v)
{
	const struct control_state *s = v->state;
	const int error = -atomic_load(&s->store_error);
	char path[CONF_PATH_LEN];

	if (!v->conf->store[0])
		return json_null();
	return json_pack(
		"{s:s,s:o,s:o}", "file",
		wayside_text_clean(path, sizeof(path), v->conf->store), "error",
		error ? json_string(wayside_text_error(error)) : json_null(),
		"failed", wayside_json_time(atomic_load(&s->store_failed_ns)));
}

static json_t *last_end_json(const struct control_role *r)
{
	const int end = (int)atomic_load(&r->last_end);

	if (!has_ended(r))
		return json_null();
	if (WIFSIGNALED(end))
		return json_pack("{s:i}", "signal", WTERMSIG(end));
	return json_pack("{s:i}", "exit", WEXITSTATUS(end));
}

static json_t *role_json(const struct control_role *r)
{
	const uint32_t pid = atomic_load(&r->pid);
	char name[sizeof(r->name)];

	return json_pack(
		"{s:s,s:s,s:o,s:o,s:I,s:o}", "name",
		wayside_status_text(&r->seq, r->name, name, sizeof(name)),
		"state", WORD(role_states, atomic_load(&r->state)), "pid",
		pid ? json_integer(pid) : json_null(), "since",
		wayside_json_time(atomic_load(&r->started_ns)), "restarts",
		wayside_json_number(atomic_load(&r->restarts)), "last_end",
		last_end_json(r));
}

static json_t *roles_json(const struct control_state *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < CONTROL_ROLES_MAX; i++) {
		const struct control_role *r = &s->roles[i];

		if (atomic_load(&r->state) != CONTROL_ROLE_UNUSED &&
		    json_array_append_new(list, role_json(r))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *flows_json(const struct figures *f)
{
	json_t *o = json_object();
	int r = json_object_set_new(
		o, "total", json_integer(wayside_json_number(f->flows)));

	if (!r)
		r = json_object_set_new(
			o, "udp", json_integer(wayside_json_number(f->udp)));

	/* a slot that is free is no flow */
	for (uint32_t i = RING_STATE_FREE + 1; !r && i <= RING_STATE_MAX; i++)
		r = json_object_set_new(
			o,
			i < RING_STATE_MAX ? wayside_view_state(i) : "unknown",
			json_integer(wayside_json_number(f->by_state[i])));
	if (r) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *counters_json(const struct figures *f)
{
	json_t *o = json_object();

	for (int id = 0; id < STAT_MAX; id++) {
		if (json_object_set_new(o, stat_table[id].name,
					json_integer(wayside_json_number(
						f->counters[id])))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static json_int_t not_recorded_json(const struct figures *f)
{
	return wayside_json_number(not_recorded(f));
}

static json_t *workers_json(const struct wayside_view *v,
			    const struct report *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->n_workers; i++) {
		json_t *o = json_pack(
			"{s:i,s:I,s:b,s:o,s:I,s:o}", "worker", (int)i, "slots",
			(json_int_t)v->workers[i].n_slots, "sane",
			(int)v->workers[i].sane, "flows",
			flows_json(&r->workers[i]), "not_recorded_bytes",
			not_recorded_json(&r->workers[i]), "counters",
			counters_json(&r->workers[i]));

		if (json_array_append_new(list, o)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *wayside_status_json(const struct wayside_view *v)
{
	const struct control_state *s = v->state;
	struct report *r = collect(v);
	char program[CONTROL_PROGRAM_LEN];
	json_t *o;

	if (!r)
		return NULL;
	o = json_pack(
		"{s:s,s:I,s:o,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:{s:o},"
		"s:{s:o,s:I,s:o}}",
		"version",
		wayside_text_clean(program, sizeof(program), s->program), "pid",
		(json_int_t)s->pid, "started", wayside_json_time(s->started_ns),
		"phase", WORD(phases, atomic_load(&s->phase)), "config",
		config_json(s), "rules", wayside_status_rules_json(v),
		"listeners", wayside_json_number(atomic_load(&s->listeners)),
		"listeners_kept", wayside_json_number(atomic_load(&s->held)),
		"help", wayside_json_number(atomic_load(&s->help)), "nonsense",
		wayside_json_number(atomic_load(&s->nonsense)), "store",
		store_json(v), "roles", roles_json(s), "workers",
		workers_json(v, r), "recorder", "counters",
		counters_json(&r->readers), "total", "flows",
		flows_json(&r->total), "not_recorded_bytes",
		not_recorded_json(&r->total), "counters",
		counters_json(&r->total));
	free(r);
	return o;
}

enum wayside_status wayside_status_run(const struct wayside_options *o)
{
	struct wayside_view v;
	enum wayside_status s = wayside_view_open(o, &v);

	if (s != WAYSIDE_OK)
		return s;
	if (o->json)
		s = wayside_json_print(stdout, wayside_status_json(&v));
	else
		wayside_status_print(stdout, &v, base_time_wall_ns());
	wayside_view_close(&v);
	return s;
}
