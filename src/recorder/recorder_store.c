/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_store.c - the store: what goes there, when, and when it fails
 *
 * Theory of operation
 *
 *   nothing waits --a row--> waits --due--> committed --> nothing waits
 *                              ^   fails |
 *                              '---------'  tried again, at most for
 *                                           RECORDER_PATIENCE_MS
 *                                           then given up: counted, FAILING
 *
 * While rows wait, the ring's bytes that they came from are not given back, so
 * a batch is due when it has waited for commit_delay, when it is large, or when
 * it holds an eighth of a ring. One that fails is kept and grows, until it
 * holds a quarter. FAILING means that one was given up and none has succeeded
 * since: then each has one attempt, unless attempts are slow, as those are at a
 * lock that somebody holds: then most of the time is for captures and event
 * files, and some have none. The relay never waits for any of this.
 *
 * Rows are added as their entries are read; what says that they were is part of
 * the flow's record (STORED, NAMELESS), so it comes into force with them, and
 * is taken back when they are given up. Of flows that the store has, ends that
 * were given up come again with the next batches, as long as this recorder
 * lives; without them they would stay open there.
 *
 * What others have confirmed may be deleted, once a minute and soon after the
 * store grew: while nothing waits, as deleting has a transaction of its own.
 * Whoever dies behind it has not counted it; his successor finds by the number
 * of the first event how many are gone.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_log.h"
#include "base_time.h"
#include "recorder_internal.h"
#include "role_channel.h"
#include "store_cursor.h"

/* As sinks and the operator's tool say it. */
static const char *const reasons[] = {
	[RING_CLOSE_NORMAL] = "normal",
	[RING_CLOSE_CLIENT_RESET] = "client-reset",
	[RING_CLOSE_SERVER_RESET] = "server-reset",
	[RING_CLOSE_CONNECT_FAILED] = "connect-failed",
	[RING_CLOSE_CONNECT_TIMEOUT] = "connect-timeout",
	[RING_CLOSE_STOPPED] = "stopped",
	[RING_CLOSE_WORKER_DIED] = "worker-died",
	[RING_CLOSE_OPERATOR] = "operator",
	[RING_CLOSE_LIMIT] = "limit",
	[RING_CLOSE_IDLE] = "idle",
	[RING_CLOSE_SUPERSEDED] = "superseded",
};
_Static_assert(WS_ARRAY_LEN(reasons) == RING_CLOSE_MAX, "a word for each");

static struct store_waiting waiting(const struct recorder *r)
{
	const struct store_waiting none = { .rows = 0 };

	return r->store.store ? store_waiting(r->store.store) : none;
}

/* --- rows ----------------------------------------------------------------- */

static void lose(struct recorder *r, uint64_t n)
{
	stat_add(&r->stat, STAT_STORE_LOST, n);
	r->store.lost += n;
}

/* A row is about to be added: the batch's first one finds the ends there that
 * were given up before. */
static void begin_batch(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	bool room = true;

	if (waiting(r).rows)
		return;
	s->oldest_ms = loop_now_ms(&r->loop);
	for (uint32_t i = 0; i < s->n_ends && room; i++)
		room = !store_add_end(s->store, &s->ends[i]);
}

/* A flow that the store has does not stay open there for ever. */
static void keep_end(struct recorder_store *s, const struct recorder_flow *f)
{
	if (!s->ends)
		s->ends = calloc(RECORDER_KEPT_ENDS, sizeof(*s->ends));
	if (s->ends && s->n_ends < RECORDER_KEPT_ENDS)
		s->ends[s->n_ends++] = f->end;
}

void recorder_store_flow(struct recorder_flow *f)
{
	struct recorder *r = f->ring->recorder;
	char id[CAPTURE_ID_LEN];
	const struct store_flow row = {
		.flow = f->flow_id,
		.opened_ns = f->opened_ns,
		.client = f->file.client,
		.server = f->server,
		.connection_id = capture_id_format(&f->file.id, id),
	};

	if (f->stored || !r->store.store)
		return;
	begin_batch(r);
	if (store_add_flow(r->store.store, &row))
		return; /* its next event, or its end, tries again */
	f->stored = f->row_waits = true;
	recorder_flow_touch(f);
}

static void name_earlier(struct recorder_flow *f, struct base_span device)
{
	struct recorder *r = f->ring->recorder;

	if (!f->nameless || !device.len ||
	    store_add_name(r->store.store, f->flow_id, device))
		return;
	f->nameless = false;
	f->name_waits = true;
}

bool recorder_store_wants(const struct recorder *r)
{
	return r->store.path[0];
}

void recorder_store_event(struct recorder *r, const struct track_message *m,
			  const struct track_record *record,
			  struct base_span json)
{
	struct recorder_flow *f = r->current;
	const struct store_event e = {
		.flow = f->flow_id,
		.opened_ns = f->opened_ns,
		.wall_ns = m->wall_ns,
		.direction = m->direction,
		.protocol = m->protocol->name,
		.type = track_type_name(record->type),
		.device = record->device,
		.json = json,
		.positions = record->positions,
		.n_positions = record->n_positions,
	};

	if (!r->store.store || !json.len) {
		lose(r, 1);
		return;
	}
	recorder_store_flow(f);
	begin_batch(r);
	if (store_add_event(r->store.store, &e)) {
		lose(r, 1);
		if (recorder_may_tell(&r->store.told_memory))
			base_err("out of memory: events are not stored; lost "
				 "ones are counted");
		return;
	}
	if (e.device.len)
		name_earlier(f, e.device);
	else
		f->nameless = true;
	recorder_flow_touch(f);
}

void recorder_store_end(struct recorder_flow *f, const struct ring_entry *close,
			const struct ring_slot *s)
{
	struct recorder *r = f->ring->recorder;
	struct store_end *end = &f->end;

	if (!r->store.store)
		return;
	*end = (struct store_end){
		.flow = f->flow_id,
		.closed_ns = close ? close->time_ns : base_time_wall_ns(),
		.reason = close ? reasons[close->reason] : "unknown",
	};

	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		end->bytes[d] = f->next[d];
		if (s && s->dir[d].bytes_in > f->next[d])
			end->bytes[d] = s->dir[d].bytes_in;
	}
	recorder_store_flow(f);
	begin_batch(r);
	if (store_add_end(r->store.store, end) &&
	    recorder_may_tell(&r->store.told_memory))
		base_err("out of memory: the end of a flow is not stored "
			 "flow=%016llx",
			 (unsigned long long)f->flow_id);
}

/* What waited of the flows that changed: is in the store, or will never be. */
static void settle_flows(struct recorder *r, bool stored)
{
	for (struct recorder_flow *f = r->changed; f; f = f->next_changed) {
		if (!stored && f->row_waits)
			f->stored = false;
		if (!stored && f->name_waits)
			f->nameless = true;
		if (!stored && f->stored && f->end.flow)
			keep_end(&r->store, f);
		f->row_waits = f->name_waits = false;
	}
}

/* Another file is there: it has no flow of ours. */
static void forget_flows(const struct recorder *r)
{
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		const struct recorder_ring *ring = &r->rings[i];

		for (uint32_t j = 0; ring->flows && j < ring->n_slots; j++) {
			struct recorder_flow *f = ring->flows[j];

			/* what is in the batch gets there */
			if (!f || f->row_waits || !f->stored)
				continue;
			f->stored = false;
			recorder_flow_touch(f);
		}
	}
}

/* --- when ----------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Would a commit give back 1/part of some ring, or `most`? unread: what comes
 * behind it counts, too. */
static bool holds(const struct recorder *r, unsigned part, uint64_t most,
		  bool unread)
{
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		struct recorder_ring *ring = &r->rings[i];
		const struct ring_reader *reader = &ring->reader;
		uint64_t n =
			ring_reader_kept(reader, recorder_partial_floor(ring));

		if (unread)
			n += ring_reader_unread(reader);
		if (n >= least(reader->map.ring_size / part, most))
			return true;
	}
	return false;
}

bool recorder_store_full(const struct recorder *r)
{
	const struct store_waiting w = waiting(r);

	return w.events >= RECORDER_STORE_EVENTS ||
	       w.bytes >= RECORDER_STORE_BYTES;
}

static bool is_large(const struct recorder *r)
{
	return recorder_store_full(r) ||
	       holds(r, 8, RECORDER_STORE_BYTES, false);
}

/* It cannot be kept, whatever the store says. */
static bool is_too_large(const struct recorder *r)
{
	const struct store_waiting w = waiting(r);

	return w.events >= RECORDER_KEPT_EVENTS ||
	       w.bytes >= RECORDER_KEPT_BYTES ||
	       holds(r, 4, RECORDER_KEPT_BYTES, true);
}

uint64_t recorder_store_due(const struct recorder *r)
{
	if (!waiting(r).rows)
		return UINT64_MAX;
	if (r->store.failed_ms)
		return is_too_large(r) ? 0 : r->store.again_ms;
	return is_large(r) ? 0 : r->store.oldest_ms + r->conf->commit_delay_ms;
}

bool recorder_store_may_try(const struct recorder *r)
{
	return !r->store.failed_ms || is_too_large(r) ||
	       base_time_mono_ms() >= r->store.again_ms;
}

/* --- it works, it fails --------------------------------------------------- */

static void say_state(struct recorder *r, int err)
{
	const struct role_message m = { .type = ROLE_STORE, .error = err };

	if (role_channel_send(r->setup->channel, &m, -1) &&
	    recorder_may_tell(&r->store.told_state))
		base_err("the supervisor cannot be told how the store is");
}

static void works(struct recorder *r)
{
	struct recorder_store *s = &r->store;

	s->failed_ms = 0;
	if (!s->failing)
		return;
	s->failing = false;
	base_notice("the store takes events again lost=%llu file=%s",
		    (unsigned long long)s->lost, s->path);
	s->lost = 0;
	say_state(r, 0);
}

static void fails(struct recorder *r, int err, const struct store_error *why)
{
	struct recorder_store *s = &r->store;

	if (!s->failing)
		say_state(r, err);
	s->failing = true;
	if (recorder_may_tell(&s->told))
		base_err("lost events are counted: %s", why->text);
}

/* What is not in the store's file, but the commit memory has to know. */
static void look_at_file(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const int64_t first = store_first(s->store);

	s->id = store_id(s->store);
	if (first)
		s->first = first;
	r->dirty = true;
}

/* A sink may have what a power cut has taken from the file. */
static void skip_what_was_sent(const struct recorder *r)
{
	const struct conf_tables *t = r->conf;
	const struct recorder_store *s = &r->store;
	struct store_error why;
	int64_t last = 0;

	for (uint32_t i = 0; i < t->n_sinks; i++) {
		struct store_cursor c;

		if (!store_cursor_read(s->path, t->sinks[i].name, &c) &&
		    c.store == store_id(s->store) && c.event > last)
			last = c.event;
	}
	if (store_skip(s->store, last, &why))
		base_warn("%s", why.text);
}

static void was_set_aside(struct recorder *r, const struct store_error *why)
{
	base_err("%s", why->text);
	forget_flows(r);
	skip_what_was_sent(r);
	look_at_file(r);
}

/* Once a batch, it is tried at once again: the file may be a new one. */
static int commit_rows(struct recorder *r, struct store_error *why)
{
	const struct recorder_commit *c = r->setup->commit;
	struct store *store = r->store.store;
	const uint64_t seq = recorder_commit_next(c);
	int err = store_commit(store, c->writer, seq, why);

	if (err != -EUCLEAN)
		return err;
	was_set_aside(r, why);
	return store_commit(store, c->writer, seq, why);
}

static void count_wal(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const uint64_t n = store_wal_full(s->store);

	if (n == s->wal_full)
		return;
	stat_add(&r->stat, STAT_STORE_WAL_FULL, n - s->wal_full);
	s->wal_full = n;
	if (recorder_may_tell(&s->told_wal))
		base_warn("the store's log has reached its limit, and is "
			  "emptied by force file=%s-wal",
			  s->path);
}

struct store_waiting recorder_store_waiting(const struct recorder *r)
{
	return waiting(r);
}

bool recorder_store_commit(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const uint64_t now = base_time_mono_ms();
	struct store_error why = { .text = "" };
	uint64_t took_ms;
	int err;

	if (s->failing && !s->hurried && now < s->rests_ms)
		return false; /* as it did a moment ago */
	err = commit_rows(r, &why);
	count_wal(r);
	if (!err) {
		works(r);
		return true;
	}
	took_ms = base_time_mono_ms() - now;
	s->rests_ms = now + took_ms * (1 + RECORDER_RESTS);
	stat_add(&r->stat, STAT_STORE_RETRIES, 1);
	/* whoever looks sees now that it fails, not when it does no more */
	recorder_files_show(r, STAT_STORE_RETRIES);
	if (!s->failed_ms)
		s->failed_ms = now;
	s->again_ms = now + (r->conf->commit_delay_ms > RECORDER_AGAIN_MS
				     ? r->conf->commit_delay_ms
				     : RECORDER_AGAIN_MS);
	s->err = err;
	s->why = why;
	return false;
}

bool recorder_store_give_up(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const uint64_t patience = s->hurried ? RECORDER_HURRY_MS
					     : RECORDER_PATIENCE_MS;

	if (!s->failing && !is_too_large(r) &&
	    base_time_mono_ms() - s->failed_ms < patience)
		return false;
	lose(r, store_give_up(s->store));
	settle_flows(r, false);
	s->failed_ms = 0;
	fails(r, s->err, &s->why);
	return true;
}

static void kick(const struct recorder *r)
{
	static const uint64_t one = 1;

	for (unsigned i = 0; i < r->setup->n_kicks; i++) {
		/* a counter that is full wakes as well */
		if (write(r->setup->kicks[i], &one, sizeof(one)) < 0 &&
		    errno != EAGAIN)
			base_err("eventfd: %s", strerrordesc_np(errno));
	}
}

void recorder_store_committed(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const uint64_t soon = s->looked_ms + RECORDER_GROWN_MS;

	settle_flows(r, true);
	s->n_ends = 0;
	kick(r);
	if (s->look_ms > soon)
		s->look_ms = soon;
}

/* --- what may go ---------------------------------------------------------- */

/* The last event that all sinks have confirmed. */
static int64_t confirmed(const struct recorder *r)
{
	const struct conf_tables *t = r->conf;
	int64_t last = INT64_MAX;

	for (uint32_t i = 0; i < t->n_sinks; i++) {
		const struct conf_sink *sink = &t->sinks[i];
		struct store_cursor c;
		const int err =
			store_cursor_read(r->store.path, sink->name, &c);
		int64_t its = 0;

		/* it will begin behind what there is */
		if (err == -ENOENT && sink->from == CONF_SINK_FROM_NEWEST)
			continue;
		if (!err && c.store == r->store.id)
			its = c.event;
		if (its < last)
			last = its;
	}
	return last;
}

static void count_deleted(struct recorder *r, uint64_t n, uint64_t unsent)
{
	stat_add(&r->stat, STAT_STORE_EXPIRED, n);
	stat_add(&r->stat, STAT_STORE_UNSENT, unsent);
	if (unsent && recorder_may_tell(&r->store.told_unsent))
		base_warn("the store is at its hard limit: events are deleted "
			  "that a sink has not confirmed; they are counted "
			  "file=%s",
			  r->store.path);
}

/* One step. */
static void retain(struct recorder *r, uint64_t now)
{
	const struct conf_tables *t = r->conf;
	struct recorder_store *s = &r->store;
	const uint64_t age = (uint64_t)t->store_max_age_s * BASE_TIME_NS_PER_S;
	const struct store_limits limits = {
		.older_than_ns = age ? base_time_wall_ns() - age : 0,
		.size = t->store_max_size,
		.size_hard = t->store_max_size_hard,
		.confirmed = confirmed(r),
	};
	struct store_retained gone = { .more = false };
	struct store_error why = { .text = "" };
	int err;

	s->looked_ms = now;
	s->look_ms = now + RECORDER_LOOK_STORE_MS;
	if (!limits.older_than_ns && !limits.size && !limits.size_hard)
		return;
	/* a successor counts what is gone, if this process cannot */
	r->setup->commit->confirmed = limits.confirmed;
	err = store_retain(s->store, &limits, &gone, &why);
	if (err == -EUCLEAN)
		was_set_aside(r, &why);
	else if (err && recorder_may_tell(&s->told_retain))
		base_warn("%s", why.text);
	if (gone.expired) {
		count_deleted(r, gone.expired, gone.unsent);
		look_at_file(r);
	}
	if (gone.more)
		s->look_ms = now + RECORDER_MORE_MS;
}

/* --- opening -------------------------------------------------------------- */

static struct store_options options(const struct recorder *r)
{
	return (struct store_options){
		.path = r->store.path,
		.durable = r->conf->store_durable == CONF_YES,
		.flash = r->conf->store_flash == CONF_YES,
	};
}

static int try_open(struct recorder *r, struct store_error *why)
{
	const struct store_options o = options(r);

	r->store.opened_ms = base_time_mono_ms();
	return store_open(&o, &r->store.store, why);
}

/* What happened to the file since the last commit. */
static void take_in(struct recorder *r)
{
	struct recorder_store *s = &r->store;
	const struct recorder_commit *c = r->setup->commit;
	const uint64_t id = s->id;
	const int64_t first = s->first;

	skip_what_was_sent(r);
	look_at_file(r);
	s->renewed = s->id != id;
	if (!s->renewed && s->first > first) {
		/* a predecessor deleted them, and did not live to count */
		const int64_t sent = c->confirmed < first - 1 ? first - 1
							      : c->confirmed;

		count_deleted(r, (uint64_t)(s->first - first),
			      s->first - 1 > sent
				      ? (uint64_t)(s->first - 1 - sent)
				      : 0);
	}
	if (s->unsure && store_committed(s->store, c->writer) != s->unsure) {
		stat_add(&r->stat, STAT_STORED, 0 - s->unsure_events);
		lose(r, s->unsure_events);
	}
	s->unsure = 0;
	kick(r);
}

int recorder_store_open(struct recorder *r)
{
	struct recorder_commit *c = r->setup->commit;
	struct recorder_store *s = &r->store;
	const bool tried = c->trying == recorder_commit_next(c);
	struct store_error why = { .text = "" };
	int err;

	(void)snprintf(s->path, sizeof(s->path), "%s", r->conf->store);
	if (!s->path[0])
		return 0;
	err = try_open(r, &why);
	/* one of a daemon that was killed may take a moment to end */
	for (int ms = 0;
	     err && (tried || err == -EBUSY) && ms < RECORDER_HURRY_MS;
	     ms += RECORDER_AGAIN_MS) {
		(void)poll(NULL, 0, RECORDER_AGAIN_MS);
		err = try_open(r, &why);
	}
	if (why.text[0])
		base_err("%s", why.text);
	if (err && recorder_is_first(r))
		return err;
	if (tried && (err || store_committed(s->store, c->writer) == c->trying))
		recorder_commit_forward(c, err != 0);
	s->err = err;
	s->why = why;
	return 0;
}

void recorder_store_begin(struct recorder *r)
{
	const struct recorder_globals *g =
		recorder_commit_globals(r->setup->commit);
	struct recorder_store *s = &r->store;

	s->id = g->store;
	s->first = g->first;
	s->unsure = g->unsure;
	s->unsure_events = g->unsure_events;
	if (s->store)
		take_in(r);
	else if (s->path[0])
		fails(r, s->err, &s->why);
}

void recorder_store_put(const struct recorder *r, struct recorder_globals *g)
{
	const struct recorder_store *s = &r->store;

	g->batch = waiting(r).events;
	g->store = s->id;
	g->first = s->first;
	g->unsure = s->unsure;
	g->unsure_events = s->unsure_events;
}

static void open_again(struct recorder *r)
{
	struct store_error why = { .text = "" };
	const int err = try_open(r, &why);

	if (err) {
		fails(r, err, &why);
		return;
	}
	if (why.text[0])
		base_err("%s", why.text);
	take_in(r);
	if (r->store.renewed)
		forget_flows(r);
	works(r);
}

uint64_t recorder_store_look(struct recorder *r)
{
	const uint64_t now = base_time_mono_ms();
	struct recorder_store *s = &r->store;

	if (!s->path[0])
		return UINT64_MAX;
	if (!s->store && now >= s->opened_ms + RECORDER_OPEN_MS)
		open_again(r);
	if (!s->store)
		return s->opened_ms + RECORDER_OPEN_MS;
	/* else the commit of what waits will come here */
	if (now >= s->look_ms && !waiting(r).rows)
		retain(r, now);
	return s->look_ms > now ? s->look_ms : UINT64_MAX;
}

void recorder_store_set(struct recorder *r)
{
	const struct store_options o = options(r);

	if (r->store.store)
		store_set(r->store.store, &o);
	r->store.look_ms = 0; /* other limits */
}

void recorder_store_close(struct recorder *r)
{
	store_close(r->store.store);
	r->store.store = NULL;
	free(r->store.ends);
	r->store.ends = NULL;
}
