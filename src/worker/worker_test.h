/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_test.h - the real worker between two sockets of the test
 *
 * The test is supervisor, client and server: it makes the shared memory and a
 * fixed-remote listener on loopback, and runs the worker as a child. What the
 * worker told its observers is read from the ring after it has exited, so
 * nothing here waits for time; a time limit only ends a broken run.
 */
#ifndef WORKER_TEST_H
#define WORKER_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "conf_tables.h"
#include "intake_listen.h"
#include "ring_map.h"
#include "ring_pool.h"
#include "ring_reader.h"
#include "ring_shared.h"
#include "role_channel.h"
#include "worker.h"

#define LIMIT_S BASE_TEST_LIMIT_S
#define WORKER  3 /* its index */

struct lab {
	struct conf_tables *conf;
	struct ring_map map;
	struct ring_shared *shared;
	struct worker_socket sockets[2]; /* the worker's listeners */
	struct base_addr remote;
	int server;          /* the test's listening socket: the remote */
	unsigned free_files; /* that the worker may open; 0 = as many as we */
	int channel;
	pid_t worker;
};

static inline struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static inline int new_socket(void)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	return fd;
}

static inline void listen_as_server(struct lab *lab)
{
	struct sockaddr_in in = loopback(0);
	socklen_t len = sizeof(in);

	lab->server = new_socket();
	assert_int_equal(bind(lab->server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(lab->server, 16), 0);
	assert_int_equal(getsockname(lab->server, (struct sockaddr *)&in, &len),
			 0);
	assert_true(
		base_addr_from_sockaddr(&lab->remote, (struct sockaddr *)&in));
}

static inline void listen_as_worker(struct lab *lab, struct worker_socket *s)
{
	s->listener = (struct intake_listener){
		.engine = intake_engine_find("fixed"),
		.addr = lab->conf->listen,
		.remote = lab->remote,
	};
	s->listener.addr.port = 0;
	s->worker = WORKER;
	assert_int_equal(intake_listen(&s->listener, 1, &s->fd), 0);
}

static inline struct lab *new_lab(uint32_t n_slots)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	const struct ring_map_size size = {
		.n_slots = n_slots,
		.n_readers = 1,
		.ring_size = RING_SIZE_MIN,
		.pool_size = ring_pool_bytes(1U << 20),
	};

	assert_non_null(lab);
	lab->conf = calloc(1, sizeof(*lab->conf));
	assert_non_null(lab->conf);
	lab->conf->n_rules = 1;
	lab->conf->number = 1;
	lab->conf->max_flows = n_slots;
	lab->conf->client_bits_v4 = 32;
	lab->conf->connect_timeout_ms = LIMIT_S * 1000;
	lab->shared = ring_shared_new(1, 0, 1);
	assert_non_null(lab->shared);
	assert_int_equal(ring_map_create(&lab->map, &size), 0);
	listen_as_server(lab);
	assert_true(base_addr_parse(&lab->conf->listen, "127.0.0.1:1"));
	for (size_t i = 0; i < WS_ARRAY_LEN(lab->sockets); i++)
		listen_as_worker(lab, &lab->sockets[i]);
	return lab;
}

/* In the worker-to-be: leaves room for n descriptors more. */
static inline void leave_files(unsigned n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(99);
	for (limit.rlim_cur = 0; n; limit.rlim_cur++)
		n -= fcntl((int)limit.rlim_cur, F_GETFD) < 0;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(99);
}

static inline void start(struct lab *lab)
{
	struct worker_setup setup = { .index = WORKER,
				      .conf = lab->conf,
				      .map = &lab->map,
				      .shared = lab->shared,
				      .sockets = lab->sockets,
				      .n_sockets = WS_ARRAY_LEN(lab->sockets) };
	const pid_t self = getpid();
	int ends[2];

	assert_int_equal(role_channel_open(ends), 0);
	lab->worker = fork();
	assert_true(lab->worker >= 0);
	if (lab->worker == 0) {
		setup.channel = ends[1];
		if (lab->free_files)
			leave_files(lab->free_files);
		_exit(worker_main(&setup, self));
	}
	assert_int_equal(close(ends[1]), 0);
	lab->channel = ends[0];
}

/* Asks the worker to stop and waits for it. */
static inline void stop(struct lab *lab)
{
	int status;

	assert_int_equal(role_channel_say(lab->channel, ROLE_STOP), 0);
	assert_int_equal(waitpid(lab->worker, &status, 0), lab->worker);
	assert_int_equal(status, 0);
	base_fd_close(&lab->channel);
}

static inline void free_lab(struct lab *lab)
{
	base_fd_close(&lab->server);
	for (size_t i = 0; i < WS_ARRAY_LEN(lab->sockets); i++)
		base_fd_close(&lab->sockets[i].fd);
	ring_map_destroy(&lab->map);
	ring_shared_free(lab->shared);
	free(lab->conf);
	free(lab);
}

/* To its listener i. */
static inline void connect_to_worker(const struct lab *lab, int fd, int i)
{
	const struct sockaddr_in in =
		loopback(lab->sockets[i].listener.addr.port);

	assert_int_equal(connect(fd, (const struct sockaddr *)&in, sizeof(in)),
			 0);
}

static inline int connect_client(const struct lab *lab)
{
	const int fd = new_socket();

	connect_to_worker(lab, fd, 0);
	return fd;
}

static inline int accept_server(const struct lab *lab)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int fd = accept4(lab->server, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	return fd;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

static inline void hear(int fd, const char *text)
{
	char buf[64] = "";

	assert_true(strlen(text) < sizeof(buf));
	assert_int_equal(recv(fd, buf, strlen(text), MSG_WAITALL),
			 strlen(text));
	assert_string_equal(buf, text);
}

static inline void hear_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static inline void hear_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static inline void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	assert_int_equal(close(fd), 0);
}

/* Waits for the state of a slot, as the flow table shows it. */
static inline void await_state(const struct lab *lab, uint32_t slot,
			       enum ring_state state)
{
	const volatile uint32_t *now = &lab->map.slots[slot].state;
	const uint64_t limit = base_time_mono_ms() + LIMIT_S * 1000ULL;

	while (*now != state) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
}

static inline uint64_t count(const struct lab *lab, enum stat_id id)
{
	return stat_get(&lab->map.control->stat, id);
}

static inline void await_count(const struct lab *lab, enum stat_id id,
			       uint64_t n)
{
	const uint64_t limit = base_time_mono_ms() + LIMIT_S * 1000ULL;

	while (count(lab, id) < n) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
}

/* The entries that the worker left in its ring, one after the other. */
struct tape {
	struct ring_reader reader;
	struct ring_entry e;
	const uint8_t *payload;
};

static inline void rewind_tape(struct tape *t, const struct lab *lab)
{
	struct ring_view_map map;

	assert_int_equal(ring_map_view(&map, &lab->map, RING_READER_RECORDER),
			 0);
	ring_reader_init(&t->reader, &map, RING_READER_RECORDER);
}

static inline void next_entry(struct tape *t, uint32_t type)
{
	assert_int_equal(ring_reader_next(&t->reader, &t->e, &t->payload), 1);
	assert_int_equal(t->e.type, type);
}

static inline void next_bytes(struct tape *t, enum ring_side side,
			      uint64_t offset, const char *text)
{
	next_entry(t, RING_ENTRY_DATA);
	assert_int_equal(t->e.direction, side);
	assert_int_equal(t->e.offset, offset);
	assert_int_equal(t->e.len, strlen(text));
	assert_memory_equal(t->payload, text, strlen(text));
}

static inline void end_of_tape(struct tape *t)
{
	assert_int_equal(ring_reader_next(&t->reader, &t->e, &t->payload), 0);
	ring_map_unview(&t->reader.map);
}

#endif
