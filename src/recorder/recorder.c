/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.c - the process that keeps what was seen */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_log.h"
#include "base_time.h"
#include "recorder_internal.h"
#include "role.h"
#include "role_channel.h"

static const char *const syscalls[] = {
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "faccessat",
	"faccessat2",    "fcntl",     "ftruncate",   "openat",     "pwrite64",
	"recvmsg",       "sendmsg",   "unlinkat",    NULL,
};

/* Copies the payload out of the ring: the worker may be hostile, or may have
 * left us behind and write there again. */
static bool take(struct recorder *r, const struct recorder_ring *ring,
		 const struct ring_entry *e, const uint8_t *payload)
{
	if (e->len > RING_CHUNK_MAX) {
		stat_add(r->stat, STAT_NONSENSE, 1);
		return false;
	}
	memcpy(r->payload, payload, e->len);
	return ring_reader_intact(&ring->reader);
}

/* Return: true when the ring is read to its head. */
static bool read_ring(struct recorder_ring *ring, bool *something)
{
	size_t bytes = 0;
	struct recorder *r = ring->recorder;

	for (int i = 0; i < RECORDER_BATCH && bytes < RECORDER_BATCH_BYTES;
	     i++) {
		struct ring_entry e;
		const uint8_t *payload;
		const int n = ring_reader_next(&ring->reader, &e, &payload);

		if (n == 0)
			return true;
		*something = true;
		if (n == -EBADMSG) {
			stat_add(r->stat, STAT_NONSENSE, 1);
			base_err("worker/%td writes nonsense into its ring: "
				 "skipping to its head",
				 ring - r->rings);
		} else if (n == -EOVERFLOW) {
			base_warn("left behind by worker/%td: going on at its "
				  "head",
				  ring - r->rings);
		} else if (take(r, ring, &e, payload)) {
			recorder_flow_entry(ring, &e, r->payload);
			bytes += e.len;
		}
	}
	return false;
}

enum found {
	FOUND_NOTHING,
	FOUND_ALL,  /* and every ring is read to its head */
	FOUND_MORE, /* and there is more */
};

/* One round over all rings. */
static enum found read_all(struct recorder *r)
{
	const uint64_t before = base_time_wall_ns();
	bool something = false, all_read = true;

	for (unsigned i = 0; i < r->setup->n_workers; i++)
		all_read &= read_ring(&r->rings[i], &something);
	if (all_read)
		recorder_flow_expire(r, before);
	/* First to the files, then the bytes go back to the workers. */
	recorder_files_flush(r);
	for (unsigned i = 0; i < r->setup->n_workers; i++)
		ring_reader_release(&r->rings[i].reader);
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
		recorder_flow_sweep(&r->rings[i]);
}

static void work(struct recorder *r)
{
	const enum found found = read_all(r);
	const uint64_t now = loop_now_ms(&r->loop);

	if (r->stopping && found == FOUND_NOTHING) {
		sweep_all(r);
		loop_stop(&r->loop);
		return;
	}
	if (found == FOUND_MORE || r->stopping) {
		loop_timer_set(&r->loop, &r->tick, now);
		return;
	}
	if (found == FOUND_ALL) {
		loop_timer_set(&r->loop, &r->tick, now + RECORDER_TICK_MS);
		return;
	}
	sweep_all(r);
	recorder_files_flush(r);
	if (!sleep_all(r) || r->due_first)
		loop_timer_set(&r->loop, &r->tick, now + RECORDER_TICK_MS);
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

static void supervisor_spoke(struct loop_watch *watch, uint32_t events)
{
	struct recorder *r = WS_CONTAINER(watch, struct recorder, channel);
	struct role_message m;
	const int n = role_channel_receive(watch->fd, &m, NULL);

	(void)events;
	if (n == 0 || (n == 1 && m.type != ROLE_STOP))
		return;
	loop_watch_remove(&r->loop, &r->channel);
	r->stopping = true;
	work(r);
}

static int open_ring(struct recorder *r, unsigned i)
{
	struct recorder_ring *ring = &r->rings[i];
	struct ring_view_map map;
	int err = ring_map_view(&map, &r->setup->maps[i], RING_READER_RECORDER);

	if (err)
		return err;
	ring->recorder = r;
	ring->n_slots = map.n_slots;
	ring->flows = calloc(map.n_slots, sizeof(struct recorder_flow *));
	ring->lost = calloc(map.n_slots, sizeof(*ring->lost));
	if (!ring->flows || !ring->lost)
		return -ENOMEM;
	ring_reader_init(&ring->reader, &map, RING_READER_RECORDER);
	ring->kick.fd = r->setup->maps[i].kick_fd[RING_READER_RECORDER];
	ring->kick.ready = kicked;
	return loop_watch_add(&r->loop, &ring->kick, EPOLLIN);
}

static int prepare(struct recorder *r)
{
	int err = loop_init(&r->loop, NULL, NULL);

	if (err)
		return err;
	r->tick.fire = tick;
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		err = open_ring(r, i);
		if (err)
			return err;
	}
	r->stat = &r->rings[0].reader.map.cursor->stat;
	r->channel.fd = r->setup->channel;
	r->channel.ready = supervisor_spoke;
	return loop_watch_add(&r->loop, &r->channel, EPOLLIN);
}

static int run(struct recorder *r)
{
	int err = prepare(r);

	if (err) {
		base_err("cannot read the rings: %s", strerrordesc_np(-err));
		return err;
	}
	err = recorder_files_open(r);
	if (err)
		return err;
	loop_timer_set(&r->loop, &r->tick, 0);
	err = role_channel_say(r->setup->channel, ROLE_READY);
	if (!err)
		err = loop_run(&r->loop);
	if (err)
		base_err("cannot go on: %s", strerrordesc_np(-err));
	recorder_flow_end_all(r);
	recorder_files_flush(r);
	return err;
}

static void finish(struct recorder *r)
{
	recorder_files_close(r);
	for (unsigned i = 0; r->rings && i < r->setup->n_workers; i++) {
		free(r->rings[i].flows);
		free(r->rings[i].lost);
		ring_map_unview(&r->rings[i].reader.map);
	}
	loop_done(&r->loop);
	free(r->rings);
	free(r->payload);
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
	r->log_dir = -1;
	r->started_ns = base_time_wall_ns();
	r->loop.epoll_fd = -1;
	r->rings = calloc(setup->n_workers, sizeof(*r->rings));
	r->payload = malloc(RING_CHUNK_MAX);
	if (r->rings && r->payload)
		err = run(r);
	else
		base_err("out of memory");
	finish(r);
	return err ? 1 : 0;
}
