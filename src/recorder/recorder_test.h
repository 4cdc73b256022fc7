/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_test.h - ring entries in, files out
 *
 * The test is supervisor and worker: it makes the shared memory, writes ring
 * entries, and runs the real recorder as a child. The recorder has done its
 * work when it has exited after ROLE_STOP, so nothing here waits for time.
 */
#ifndef RECORDER_TEST_H
#define RECORDER_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_test_dir.h"
#include "base_time.h"
#include "conf_tables.h"
#include "recorder.h"
#include "ring_map.h"
#include "ring_tap.h"
#include "role_channel.h"
#include "track.h"

/* 2025-11-03 14:25:01 UTC: date -u -d '2025-11-03 14:25:01' +%s */
#define SECOND        1762179901ULL
#define NOW           (SECOND * 1000000000ULL)
#define ID            "2025-11-03_142501"
#define STAMP         "2025-11-03 14:25:01"
#define LK            "[3G*1234567890*0002*LK]"

#define LAB_RINGS_MAX 2
#define LAB_SLOTS     16

struct lab {
	struct conf_tables *conf;
	struct ring_map maps[LAB_RINGS_MAX];
	struct ring_tap taps[LAB_RINGS_MAX];
	unsigned n_rings;
	struct recorder_commit *commit;
	char dir[64];
	bool dies_writing, crashed; /* the next recorder */
	int channel;
	int not_its; /* a descriptor that the recorder must not have */
	const int *kicks;
	unsigned n_kicks;
	pid_t recorder;
};

static inline struct lab *lab_new(unsigned n_rings, uint32_t n_slots)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/recorder_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	lab->conf = calloc(1, sizeof(*lab->conf));
	assert_non_null(lab->conf);
	lab->conf->number = 1;
	lab->conf->n_events = 1;
	(void)snprintf(lab->conf->log_dir, CONF_PATH_LEN, "%s", lab->dir);
	(void)snprintf(lab->conf->events[0], CONF_PATH_LEN, "%s/events",
		       lab->dir);
	lab->n_rings = n_rings;
	for (unsigned i = 0; i < n_rings; i++) {
		const struct ring_map_size size = {
			.worker = i,
			.n_slots = n_slots,
			.n_readers = 1,
			.ring_size = RING_SIZE_MIN,
			.pool_size = 2UL * RING_CHUNK_MAX
		};

		assert_int_equal(ring_map_create(&lab->maps[i], &size), 0);
		ring_tap_init(&lab->taps[i], &lab->maps[i]);
	}
	lab->commit = recorder_commit_new(n_rings, n_slots);
	assert_non_null(lab->commit);
	lab->channel = lab->not_its = -1;
	return lab;
}

static inline int setup(void **state)
{
	*state = lab_new(1, LAB_SLOTS);
	return 0;
}

/* It has a store, DIR/store.db. */
static inline void lab_store(struct lab *lab, uint32_t commit_delay_ms)
{
	(void)snprintf(lab->conf->store, CONF_PATH_LEN, "%s/store.db",
		       lab->dir);
	lab->conf->commit_delay_ms = commit_delay_ms;
}

static inline void lab_free(struct lab *lab)
{
	base_test_remove(lab->dir);
	for (unsigned i = 0; i < lab->n_rings; i++)
		ring_map_destroy(&lab->maps[i]);
	recorder_commit_free(lab->commit);
	free(lab->conf);
	free(lab);
}

static inline int teardown(void **state)
{
	lab_free(*state);
	return 0;
}

/* The first byte written to a regular file ends the process. */
static inline void forbid_writing(void)
{
	const struct sigaction deadly = { .sa_handler = SIG_DFL };
	const struct rlimit nothing = { 0, 0 };

	if (sigaction(SIGXFSZ, &deadly, NULL) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &nothing) < 0)
		_exit(99);
}

static inline void start(struct lab *lab)
{
	const struct recorder_setup setup_ = { .conf = lab->conf,
					       .maps = lab->maps,
					       .n_workers = lab->n_rings,
					       .commit = lab->commit,
					       .kicks = lab->kicks,
					       .n_kicks = lab->n_kicks,
					       .crashed = lab->crashed };
	const pid_t self = getpid();
	int ends[2];

	assert_int_equal(role_channel_open(ends), 0);
	lab->recorder = fork();
	assert_true(lab->recorder >= 0);
	if (lab->recorder == 0) {
		struct recorder_setup mine = setup_;

		mine.channel = ends[1];
		base_fd_close(&lab->not_its);
		if (lab->dies_writing)
			forbid_writing();
		_exit(recorder_main(&mine, self));
	}
	assert_int_equal(close(ends[1]), 0);
	lab->channel = ends[0];
}

static inline int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void stop(struct lab *lab)
{
	assert_int_equal(role_channel_say(lab->channel, ROLE_STOP), 0);
	assert_int_equal(wait_for(lab->recorder), 0);
	base_fd_close(&lab->channel);
}

static inline void kill_it(struct lab *lab)
{
	assert_int_equal(kill(lab->recorder, SIGKILL), 0);
	assert_true(WIFSIGNALED(wait_for(lab->recorder)));
	base_fd_close(&lab->channel);
}

/* Blocks until the recorder says that it is at work. */
static inline void await_ready(struct lab *lab)
{
	struct role_message m;
	const int flags = fcntl(lab->channel, F_GETFL);

	assert_int_equal(fcntl(lab->channel, F_SETFL, flags & ~O_NONBLOCK), 0);
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 1);
	assert_int_equal(m.type, ROLE_READY);
}

/* A flow in the table, as the worker would have it. */
static inline struct ring_slot *flow(struct lab *lab, uint32_t slot,
				     uint32_t number)
{
	struct ring_slot *s = &lab->maps[0].slots[slot];

	memset(s, 0, sizeof(*s));
	s->flow_id = 0x1000 + slot;
	s->serial = 1;
	s->state = RING_STATE_OPEN;
	s->capture = CONF_CAPTURE_TEXT;
	s->observe = CONF_OBSERVE_AUTO;
	assert_true(base_addr_parse(&s->client, "192.0.2.10:4711"));
	assert_true(base_addr_parse(&s->server, "198.51.100.7:7700"));
	s->connection = SECOND << 20 | number;
	return s;
}

static inline void hint(struct lab *lab, uint32_t slot, uint32_t type,
			enum ring_close reason, uint32_t error)
{
	const struct ring_slot *s = &lab->maps[0].slots[slot];
	const struct ring_entry e = { .type = type,
				      .len = sizeof(*s),
				      .slot = slot,
				      .serial = s->serial,
				      .reason = (uint8_t)reason,
				      .error = error,
				      .flow_id = s->flow_id,
				      .time_ns = NOW };

	assert_true(ring_tap_put(&lab->taps[0], &e, s, 1));
}

static inline void put_bytes(struct lab *lab, uint32_t slot,
			     enum ring_side side, uint64_t offset,
			     struct base_span bytes)
{
	const struct ring_slot *s = &lab->maps[0].slots[slot];
	const struct ring_entry e = { .type = RING_ENTRY_DATA,
				      .len = (uint32_t)bytes.len,
				      .slot = slot,
				      .serial = s->serial,
				      .direction = (uint8_t)side,
				      .flow_id = s->flow_id,
				      .offset = offset,
				      .time_ns = NOW };

	assert_true(ring_tap_put(&lab->taps[0], &e, bytes.ptr, 1));
}

static inline void bytes(struct lab *lab, uint32_t slot, enum ring_side side,
			 uint64_t offset, const char *text)
{
	put_bytes(lab, slot, side, offset,
		  (struct base_span){ (const uint8_t *)text, strlen(text) });
}

/* The same; the bytes as two hexadecimal digits each. */
static inline void hex_bytes(struct lab *lab, uint32_t slot,
			     enum ring_side side, uint64_t offset,
			     const char *hex)
{
	const size_t len = strlen(hex) / 2;
	uint8_t out[512];

	assert_true(len <= sizeof(out));
	for (size_t i = 0; i < len; i++) {
		const char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };
		char *end;

		out[i] = (uint8_t)strtoul(digits, &end, 16);
		assert_true(!*end);
	}
	put_bytes(lab, slot, side, offset, (struct base_span){ out, len });
}

/* The whole file, to be freed. */
static inline char *lab_read(const struct lab *lab, const char *name)
{
	char path[160], *text;
	size_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, 65536, &text, &len), 0);
	assert_int_equal(close(fd), 0);
	return text;
}

static inline void assert_file(const struct lab *lab, const char *name,
			       const char *expected)
{
	char path[160], *text;

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	if (!expected) {
		assert_true(access(path, F_OK) < 0 && errno == ENOENT);
		return;
	}
	text = lab_read(lab, name);
	assert_string_equal(text, expected);
	free(text);
}

static inline uint64_t count(const struct lab *lab, enum stat_id id)
{
	return stat_get(&lab->maps[0].cursors[RING_READER_RECORDER]->stat, id);
}

/* The recorder's own page says so; a time limit only ends a broken run. */
static inline void await_word(const _Atomic uint32_t *word, uint32_t value)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	while (atomic_load(word) != value) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
}

static inline void await_count(const _Atomic uint64_t *count_, uint64_t value)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	while (atomic_load(count_) != value) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
}

static inline void lab_await_read(struct lab *lab)
{
	const struct ring_map *m = &lab->maps[0];

	ring_tap_kick(&lab->taps[0]);
	await_count(&m->cursors[RING_READER_RECORDER]->read,
		    atomic_load(&m->control->head));
}

/* All is read, and just what lies before `pos` is given back; a reader says the
 * first a moment before the second. */
static inline void lab_await_given(struct lab *lab, uint64_t pos)
{
	lab_await_read(lab);
	await_count(&lab->maps[0].cursors[RING_READER_RECORDER]->pos, pos);
}

#endif
