/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.c - the process that keeps what was seen */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "recorder_internal.h"
#include "role.h"
#include "role_channel.h"

static const char *const syscalls[] = {
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"faccessat",
	"faccessat2",
	"fcntl",
	"ftruncate",
	"getdents64",
	"openat",
	"recvmsg",
	"sendmsg",
	/* the store */
	"access",
	"clock_nanosleep",
	"fallocate",
	"fchmod",
	"fchown",
	"fdatasync",
	"flock",
	"fsync",
	"getcwd",
	"geteuid",
	"getuid",
	"lstat",
	"nanosleep",
	"open",
	"pread64",
	"pwrite64",
	"readlink",
	"readlinkat",
	"rename",
	"renameat",
	"renameat2",
	"stat",
	"statx",
	"unlink",
	"unlinkat",
	NULL,
};

/* Copies the payload out of the ring: the worker may be hostile, or may have
 * left us behind and write there again. */
static bool take(struct recorder *r, struct recorder_ring *ring,
		 const struct ring_entry *e, const uint8_t *payload)
{
	if (e->len > RING_CHUNK_MAX) {
		recorder_nonsense(ring);
		return false;
	}
	memcpy(r->payload, payload, e->len);
	return ring_reader_intact(&ring->reader);
}

void recorder_nonsense(struct recorder_ring *ring)
{
	struct recorder *r = ring->recorder;
	const struct role_message m = { .type = ROLE_NONSENSE,
					.worker = ring->index };
	int err;

	stat_add(&r->stat, STAT_NONSENSE, 1);
	r->dirty = true;
	if (ring->nonsense)
		return;
	err = role_channel_send(r->setup->channel, &m, -1);
	ring->nonsense = !err; /* else: said with the next */
	if (!err)
		base_err("worker/%u writes nonsense into its ring",
			 ring->index);
	else if (recorder_may_tell(&r->told_nonsense))
		base_err("worker/%u writes nonsense into its ring, and the "
			 "supervisor cannot be told: %s",
			 ring->index, strerrordesc_np(-err));
}

/* What was unread is lost, and given back. */
static void went_on_at_head(struct recorder_ring *ring, int why)
{
	recorder_partial_remove_all(ring);
	/* what was read is given back already: no successor reads it again */
	ring->recorder->commit_soon = true;
	/* a head that went back makes room for entries that nobody has read */
	ring->replay_to = 0;
	ring->sweep = true;
	ring->recorder->dirty = true;
	if (why == -EBADMSG)
		recorder_nonsense(ring);
	else
		base_warn("left behind by worker/%u: going on at its head",
			  ring->index);
}

/* The entry whose payload is r->payload. Return: false, there has to be a
 * commit first, and cannot now: it is held. */
static bool handle(struct recorder_ring *ring, const struct ring_entry *e)
{
	struct recorder *r = ring->recorder;

	while (!recorder_flow_entry(ring, e, r->payload)) {
		if (recorder_files_commit(r))
			continue;
		r->held = ring;
		r->held_entry = *e;
		return false;
	}
	base_die_at(BASE_DIE_RECORDER_FRAMED);
	ring->done = ring->reader.pos;
	r->dirty = true;
	return true;
}

/* What a commit that had failed held up. Return: false, it still does. */
static bool go_on(struct recorder *r)
{
	struct recorder_ring *ring = r->held;
	const struct ring_entry e = r->held_entry;

	if (r->commit_soon && !recorder_files_commit(r))
		return false;
	r->held = NULL;
	return !ring || handle(ring, &e);
}

/* Return: true when the ring is read to its head. */
static bool read_ring(struct recorder_ring *ring, bool *something)
{
	struct recorder *r = ring->recorder;
	size_t bytes = 0;

	for (int i = 0; i < RECORDER_BATCH && bytes < RECORDER_BATCH_BYTES;
	     i++) {
		struct ring_entry e;
		const uint8_t *payload;
		const int n = ring_reader_next(&ring->reader, &e, &payload);

		if (n < 0) {
			went_on_at_head(ring, n);
		} else if (n > 0) {
			ring->done = ring_reader_at(&ring->reader);
			if (take(r, ring, &e, payload)) {
				base_die_at(BASE_DIE_RECORDER_READ);
				if (!handle(ring, &e))
					return false;
			}
			bytes += e.len;
		}
		ring->done = ring->reader.pos;
		if (n == 0)
			return true;
		*something = r->dirty = true;
		if (r->commit_soon && !recorder_files_commit(r))
			return false;
		/* a round over all rings may bring more than a batch holds */
		if (recorder_store_full(r))
			(void)recorder_files_commit(r); /* else it is kept */
	}
	return false;
}

enum found {
	FOUND_NOTHING,
	FOUND_ALL,  /* and every ring is read to its head */
	FOUND_MORE, /* and there is more */
	FOUND_HELD, /* ... behind a commit that is not possible now */
};

static bool is_held(const struct recorder *r)
{
	return r->held || r->commit_soon;
}

/* One round over all rings. */
static enum found read_all(struct recorder *r)
{
	const uint64_t before = base_time_wall_ns();
	bool something = r->held, all_read = true;

	if (!go_on(r))
		return FOUND_HELD;
	for (unsigned i = 0; i < r->setup->n_workers && !is_held(r); i++)
		all_read &= read_ring(&r->rings[i], &something);
	if (all_read)
		recorder_flow_expire(r, before);
	recorder_files_commit_due(r);
	if (is_held(r))
		return FOUND_HELD;
	if (!all_read)
		return FOUND_MORE;
	return something ? FOUND_ALL : FOUND_NOTHING;
}

static bool sleep_all(struct recorder *r)
{
	bool all = true;

	for (unsigned i = 0; i < r->setup->n_workers; i++)
		all &= ring_reader_sleep(&r->rings[i].reader);
	return all;
}

/* Flows whose CLOSE found no room have ended all the same. */
static void sweep_all(struct recorder *r)
{
	for (unsigned i = 0; i < r->setup->n_workers; i++)
		recorder_flow_sweep(&r->rings[i], loop_now_ms(&r->loop));
}

/* When there is work again, as far as is known: the workers wake who sleeps. */
static uint64_t next_work(struct recorder *r, enum found found)
{
	const uint64_t now = loop_now_ms(&r->loop);
	uint64_t at = recorder_store_look(r);
	uint64_t due;

	recorder_files_commit_due(r);
	due = recorder_store_due(r);
	if (due < at)
		at = due;
	if (found == FOUND_ALL || found == FOUND_HELD || !sleep_all(r) ||
	    r->due_first)
		at = at < now + RECORDER_TICK_MS ? at : now + RECORDER_TICK_MS;
	return at;
}

static void work(struct recorder *r)
{
	const enum found found = read_all(r);
	uint64_t at;

	if (r->stopping && found == FOUND_NOTHING) {
		for (unsigned i = 0; i < r->setup->n_workers; i++)
			r->rings[i].sweep = true;
		sweep_all(r);
		loop_stop(&r->loop);
		return;
	}
	if (found == FOUND_MORE || (r->stopping && found == FOUND_ALL)) {
		loop_timer_set(&r->loop, &r->tick, loop_now_ms(&r->loop));
		return;
	}
	if (found == FOUND_NOTHING)
		sweep_all(r);
	at = next_work(r, found);
	if (at != UINT64_MAX)
		loop_timer_set(&r->loop, &r->tick, at);
}

static void tick(struct loop_timer *t, uint64_t now_ms)
{
	(void)now_ms;
	work(WS_CONTAINER(t, struct recorder, tick));
}

static void kicked(struct loop_watch *watch, uint32_t events)
{
	struct recorder_ring *ring =
		WS_CONTAINER(watch, struct recorder_ring, kick);
	uint64_t n;

	(void)events;
	if (read(watch->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		base_err("eventfd: %s", strerrordesc_np(errno));
	ring_reader_awake(&ring->reader);
	work(ring->recorder);
}

static void stop(struct recorder *r)
{
	loop_watch_remove(&r->loop, &r->channel);
	r->stopping = r->store.hurried = true;
	work(r);
}

static void supervisor_spoke(struct loop_watch *watch, uint32_t events)
{
	struct recorder *r = WS_CONTAINER(watch, struct recorder, channel);
	struct role_message m;
	WS_CLEAN(base_fd_close) int with = -1;
	const int n = role_channel_receive(watch->fd, &m, &with);

	(void)events;
	if (n == 0)
		return;
	if (n < 0) {
		stop(r);
		return;
	}
	switch ((enum role_message_type)m.type) {
	case ROLE_STOP:
		stop(r);
		return;
	case ROLE_PREPARE:
		recorder_reload_prepare(r, m.number, base_fd_take(&with));
		return;
	case ROLE_ACTIVATE:
		recorder_reload_activate(r, m.number);
		/* other limits, another delay */
		loop_timer_set(&r->loop, &r->tick, loop_now_ms(&r->loop));
		return;
	case ROLE_DISCARD:
		recorder_reload_discard(r);
		return;
	case ROLE_READY:
	case ROLE_DRAIN:
	case ROLE_DRAINED:
	case ROLE_LEND:
	case ROLE_PREPARED:
	case ROLE_CLOSE:
	case ROLE_NONSENSE:
	case ROLE_STORE:
	case ROLE_MESSAGE_MAX:
		return;
	}
}

/* Where the predecessor stopped: behind what was given back, or at it. */
static void take_position(struct recorder_ring *ring)
{
	const struct recorder *r = ring->recorder;
	const uint64_t pos =
		recorder_commit_globals(r->setup->commit)->pos[ring->index];

	ring->done = ring->reader.pos;
	/* it may lie behind a jump that the worker made from here. One beyond
	 * the head is of a worker that was replaced for its nonsense, or of a
	 * predecessor that spoilt the memory */
	if (ring_reader_leads_to(&ring->reader, pos))
		ring->replay_to = pos;
}

static int open_ring(struct recorder *r, unsigned i)
{
	struct recorder_ring *ring = &r->rings[i];
	struct ring_map *m = &r->setup->maps[i];
	struct ring_view_map map;
	int err = ring_map_view(&map, m, RING_READER_RECORDER);

	if (err)
		return err;
	/* the mapping is enough, and descriptors are few */
	base_fd_close(&m->table_fd);
	base_fd_close(&m->data_fd);
	base_fd_close(&m->cursor_fd[RING_READER_RECORDER]);
	ring->recorder = r;
	ring->index = i;
	ring->n_slots = map.n_slots;
	ring->sweep = true; /* its predecessor left it */
	ring->flows = calloc(map.n_slots, sizeof(struct recorder_flow *));
	ring->lost = calloc(map.n_slots, sizeof(*ring->lost));
	err = ring_closes_init(&ring->closes, &map);
	if (err || !ring->flows || !ring->lost) {
		ring_map_unview(&map);
		return -ENOMEM;
	}
	ring_reader_init(&ring->reader, &map, RING_READER_RECORDER);
	take_position(ring);
	ring->kick.fd = m->kick_fd[RING_READER_RECORDER];
	ring->kick.ready = kicked;
	return loop_watch_add(&r->loop, &ring->kick, EPOLLIN);
}

static int prepare(struct recorder *r)
{
	const struct recorder_globals *g;
	int err = loop_init(&r->loop, NULL, NULL);

	if (err)
		return err;
	recorder_commit_recover(r->setup->commit);
	g = recorder_commit_globals(r->setup->commit);
	for (int i = 0; i < STAT_MAX; i++)
		atomic_init(&r->stat.v[i], g->stat[i]);
	recorder_guard_recover(r);
	r->tick.fire = tick;
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		err = open_ring(r, i);
		if (err)
			return err;
	}
	recorder_files_publish(r);
	r->channel.fd = r->setup->channel;
	r->channel.ready = supervisor_spoke;
	return loop_watch_add(&r->loop, &r->channel, EPOLLIN);
}

static int run(struct recorder *r)
{
	int err = recorder_store_open(r);

	if (err)
		return err;
	err = prepare(r);
	if (err) {
		base_err("cannot read the rings: %s", strerrordesc_np(-err));
		return err;
	}
	recorder_store_begin(r);
	err = recorder_files_open(r);
	if (err)
		return err;
	for (unsigned i = 0; i < r->setup->n_workers; i++)
		recorder_flow_take_over(&r->rings[i]);
	loop_timer_set(&r->loop, &r->tick, 0);
	err = role_channel_say(r->setup->channel, ROLE_READY);
	if (!err)
		err = loop_run(&r->loop);
	if (err) /* the successor takes over what is held */
		base_err("cannot go on: %s", strerrordesc_np(-err));
	else
		recorder_flow_judge_all(r);
	r->store.hurried = true;
	(void)recorder_files_commit(r);
	return err;
}

static void finish(struct recorder *r)
{
	for (unsigned i = 0; r->rings && i < r->setup->n_workers; i++)
		recorder_flow_free_all(&r->rings[i]);
	recorder_reload_discard(r);
	recorder_files_close(r);
	recorder_store_close(r);
	for (unsigned i = 0; r->rings && i < r->setup->n_workers; i++) {
		free(r->rings[i].flows);
		free(r->rings[i].lost);
		ring_closes_done(&r->rings[i].closes);
		ring_map_unview(&r->rings[i].reader.map);
	}
	loop_done(&r->loop);
	free(r->rings);
	free(r->payload);
	track_record_free(r->record);
	free(r);
}

int recorder_main(const struct recorder_setup *setup, pid_t parent)
{
	const struct role role = { .name = "recorder", .syscalls = syscalls };
	struct recorder *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	/* reads the zone's file while that is still allowed */
	tzset();
	if (!r || role_enter(&role, parent)) {
		free(r);
		return 1;
	}
	r->setup = setup;
	r->conf = setup->conf;
	recorder_event_habits(r);
	r->log_dir = -1;
	r->loop.epoll_fd = -1;
	r->rings = calloc(setup->n_workers, sizeof(*r->rings));
	r->payload = malloc(RING_CHUNK_MAX);
	r->record = track_record_new();
	if (r->rings && r->payload && r->record)
		err = run(r);
	else
		base_err("out of memory");
	finish(r);
	return err ? 1 : 0;
}
