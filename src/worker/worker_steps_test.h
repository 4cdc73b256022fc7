/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_steps_test.h - workers in the process of the test, step by step
 *
 * The test is supervisor, clients and server, and takes the steps of the loops
 * itself: a step never waits, and the clock of the loops is the test's. So a
 * time limit costs no time, and "does nothing meanwhile" is a number of
 * handlers that ran. Each worker has a TCP and a UDP listener of its own and,
 * as in the daemon, copies of the others'.
 */
#ifndef WORKER_STEPS_TEST_H
#define WORKER_STEPS_TEST_H

#include "worker_internal.h"

#include "intake_test.h"
#include "worker_test.h"

#ifndef STEPS_WORKERS
#	define STEPS_WORKERS 2
#endif
#define STEPS_SOCKETS (2 * STEPS_WORKERS) /* first those of TCP */
#define STEPS_START   1000000             /* ms */

/* For cmocka_run_group_tests(): a network of our own, so that thousands of
 * connections leave nobody else without ports. *state stays NULL where the
 * system does not let us: all but need_gateway() cases run all the same. */
static inline int steps_enter(void **state)
{
	static bool entered;

	if (!enter_namespaces())
		return 0;
	run_script("ip link set lo up");
	entered = true;
	*state = &entered;
	return 0;
}

/* loop.clock_ms has no argument. */
static uint64_t steps_now_ms;

static inline uint64_t steps_clock(void)
{
	return steps_now_ms;
}

struct steps_worker {
	struct ring_map map;
	struct worker_setup setup;
	/* [i]: worker i's, [STEPS_WORKERS + i]: for UDP */
	struct worker_socket sockets[STEPS_SOCKETS];
	struct worker *worker;
	int channel; /* the supervisor's end */
};

struct steps {
	int barrier; /* a UDP socket that talks to itself */
	struct conf_tables *conf;
	struct ring_shared *shared;
	struct base_addr remote;
	int server;
	uint16_t ports[STEPS_SOCKETS]; /* of the listeners */
	struct steps_worker w[STEPS_WORKERS];
};

/* A worker on the memory that is there: the first, or a successor. */
static inline void steps_start(struct steps *s, unsigned i)
{
	struct steps_worker *sw = &s->w[i];
	int ends[2];

	assert_int_equal(role_channel_open(ends), 0);
	sw->channel = ends[0];
	sw->setup = (struct worker_setup){ .index = i,
					   .conf = s->conf,
					   .map = &sw->map,
					   .shared = s->shared,
					   .sockets = sw->sockets,
					   .n_sockets = STEPS_SOCKETS,
					   .channel = ends[1] };
	sw->worker = calloc(1, sizeof(*sw->worker));
	assert_non_null(sw->worker);
	assert_int_equal(worker_init(sw->worker, &sw->setup), 0);
	sw->worker->loop.clock_ms = steps_clock;
	sw->worker->loop.now_ms = steps_now_ms;
}

/* As after SIGKILL: what it leaves is the memory that it shares, and sockets
 * for the keeper to close. */
static inline void steps_kill(struct steps *s, unsigned i)
{
	struct steps_worker *sw = &s->w[i];

	for (uint32_t j = 0; j < sw->map.n_slots; j++) {
		const struct ring_slot *slot = &sw->map.slots[j];

		for (int side = 0; side < RING_SIDES; side++) {
			if (slot->state != RING_STATE_FREE &&
			    slot->fd[side] >= 0)
				assert_int_equal(close(slot->fd[side]), 0);
		}
	}
	worker_done(sw->worker);
	free(sw->worker);
	base_fd_close(&sw->channel);
	base_fd_close(&sw->setup.channel);
}

/* The rows of the engines that these workers have: datagrams are for the server
 * of their listener, too; for the listener itself, where that has no port. */
static inline int steps_prepare_udp(int fd, uint16_t family)
{
	const int on = 1;

	assert_int_equal(family, AF_INET);
	return setsockopt(fd, SOL_IP, IP_PKTINFO, &on, sizeof(on));
}

static inline int steps_datagram(struct msghdr *msg,
				 const struct intake_listener *l,
				 struct base_addr *server)
{
	(void)msg;
	*server = l->remote;
	return l->remote.port ? 0 : -ELOOP;
}

static const struct intake_engine steps_udp = {
	.name = "steps-udp",
	.transport = CONF_TRANSPORT_UDP,
	.prepare = steps_prepare_udp,
	.datagram = steps_datagram,
};

static inline void steps_listen(struct steps *s)
{
	for (unsigned n = 0; n < STEPS_SOCKETS; n++) {
		struct worker_socket socket = {
			.listener = { .engine = n < STEPS_WORKERS
							? intake_engine_find(
								  "fixed")
							: &steps_udp,
				      .remote = s->remote },
			.worker = n % STEPS_WORKERS,
		};

		assert_true(
			base_addr_parse(&socket.listener.addr, "127.0.0.1:1"));
		socket.listener.addr.port = 0;
		assert_int_equal(intake_listen(&socket.listener, 1, &socket.fd),
				 0);
		s->ports[n] = socket.listener.addr.port;
		for (unsigned i = 0; i < STEPS_WORKERS; i++) {
			s->w[i].sockets[n] = socket;
			s->w[i].sockets[n].fd =
				fcntl(socket.fd, F_DUPFD_CLOEXEC, 0);
			assert_true(s->w[i].sockets[n].fd >= 0);
		}
		assert_int_equal(close(socket.fd), 0);
	}
}

/*
 * What was sent over lo has arrived when this returns, with all answers to it:
 * packets of one CPU stand in one queue there (netif_rx() in net/core/dev.c),
 * and on a busy machine they stand for a while. A datagram that comes in has
 * passed those before it; a handshake or an end takes a few rounds.
 */
static inline void steps_arrive(const struct steps *s)
{
	char byte = 0;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(send(s->barrier, &byte, 1, 0), 1);
		assert_int_equal(recv(s->barrier, &byte, 1, 0), 1);
	}
}

static inline void steps_stay(struct steps *s)
{
	struct sockaddr_in in = loopback(0);
	socklen_t len = sizeof(in);
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
	s->barrier = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(s->barrier >= 0);
	assert_int_equal(bind(s->barrier, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(s->barrier, (struct sockaddr *)&in, &len),
			 0);
	assert_int_equal(connect(s->barrier, (struct sockaddr *)&in, len), 0);
}

/* Fixed-remote mode without limits; the test changes conf before it connects.
 */
static inline struct steps *steps_new(uint32_t n_slots)
{
	struct steps *s = calloc(1, sizeof(*s));
	struct lab lab;

	assert_non_null(s);
	steps_stay(s);
	steps_now_ms = STEPS_START;
	s->conf = calloc(1, sizeof(*s->conf));
	assert_non_null(s->conf);
	s->conf->n_rules = 1;
	s->conf->number = 1;
	s->conf->workers = STEPS_WORKERS;
	s->conf->max_flows = STEPS_WORKERS * n_slots;
	s->conf->client_bits_v4 = 32;
	s->conf->client_bits_v6 = 64;
	s->conf->connect_timeout_ms = 1000;
	s->conf->udp_timeout_ms = 10000;
	s->conf->max_udp_flows = STEPS_WORKERS * n_slots;
	assert_true(base_addr_parse(&s->conf->listen, "127.0.0.1:1"));
	s->shared = ring_shared_new(1, 0, s->conf->max_flows);
	assert_non_null(s->shared);
	listen_as_server(&lab);
	s->server = lab.server;
	s->remote = lab.remote;
	steps_listen(s);
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		const struct ring_map_size size = {
			.worker = i,
			.n_slots = n_slots,
			.n_readers = RING_READER_MAX,
			.ring_size = RING_SIZE_MIN,
			.pool_size = ring_pool_bytes(1U << 20),
		};

		assert_int_equal(ring_map_create(&s->w[i].map, &size), 0);
		steps_start(s, i);
	}
	return s;
}

static inline void steps_free(struct steps *s)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		struct worker *w = s->w[i].worker;
		const bool closed = w->draining;

		for (uint32_t j = 0; j < w->n_slots; j++)
			worker_flow_stop(w, j, RING_CLOSE_STOPPED);
		(void)worker_flow_reap(w);
		steps_kill(s, i);
		for (unsigned j = 0; j < STEPS_SOCKETS && !closed; j++)
			assert_int_equal(close(s->w[i].sockets[j].fd), 0);
		ring_map_destroy(&s->w[i].map);
	}
	ring_shared_free(s->shared);
	base_fd_close(&s->server);
	base_fd_close(&s->barrier);
	free(s->conf);
	free(s);
}

static inline int steps_one(struct steps *s, unsigned i)
{
	const int n = loop_step(&s->w[i].worker->loop, 0);

	assert_true(n >= 0);
	return n;
}

/* Until there is nothing to do at this moment of the clock. Return: handlers
 * that ran. */
static inline int steps_settle(struct steps *s)
{
	int all = 0, n;

	do {
		n = 0;
		steps_arrive(s);
		for (unsigned i = 0; i < STEPS_WORKERS; i++)
			n += steps_one(s, i);
		all += n;
	} while (n);
	return all;
}

/* The clock goes on, millisecond by millisecond. Return: handlers that ran. */
static inline int steps_pass_ms(struct steps *s, unsigned ms)
{
	int n = 0;

	while (ms--) {
		steps_now_ms++;
		n += steps_settle(s);
	}
	return n;
}

/* In one step: for times that are far apart. */
static inline void steps_jump_ms(struct steps *s, unsigned ms)
{
	steps_now_ms += ms;
	(void)steps_settle(s);
}

/* Connection ids count seconds: those that come now come an hour later. */
static inline void steps_hour_later(const struct steps *s)
{
	atomic_fetch_add(&s->shared->connection,
			 3600ULL << RING_CONNECTION_BITS);
}

/* A client of 127.0.0.`host` at the listener of worker i. */
static inline int steps_client(const struct steps *s, unsigned i, unsigned host,
			       uint16_t port)
{
	const int fd = new_socket();
	struct sockaddr_in in = loopback(port);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	in = loopback(s->ports[i]);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

/* The server's end of the next connection, which says `text` first. */
static inline int steps_server(struct steps *s, const char *text)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int fd;

	(void)steps_settle(s);
	fd = accept4(s->server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	(void)steps_settle(s);
	hear(fd, text);
	return fd;
}

/* Nobody has connected to the server. */
static inline void steps_no_server(const struct steps *s)
{
	const int flags = fcntl(s->server, F_GETFL);

	assert_int_equal(fcntl(s->server, F_SETFL, flags | O_NONBLOCK), 0);
	assert_int_equal(accept4(s->server, NULL, NULL, SOCK_CLOEXEC), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(s->server, F_SETFL, flags), 0);
}

static inline uint64_t steps_count(const struct steps *s, unsigned i,
				   enum stat_id id)
{
	return stat_get(&s->w[i].map.control->stat, id);
}

/* The last entry of worker i's ring. */
static inline struct ring_entry steps_last_entry(const struct steps *s,
						 unsigned i)
{
	struct lab lab = { .map = s->w[i].map };
	struct ring_entry last = { .type = RING_ENTRY_MAX };
	struct tape t;

	rewind_tape(&t, &lab);
	while (ring_reader_next(&t.reader, &t.e, &t.payload) == 1)
		last = t.e;
	ring_map_unview(&t.reader.map);
	return last;
}

static inline void steps_order(struct steps *s, unsigned i,
			       const struct role_message *m, int with)
{
	assert_int_equal(role_channel_send(s->w[i].channel, m, with), 0);
	(void)steps_settle(s);
}

static inline void steps_say(struct steps *s, unsigned i,
			     enum role_message_type type)
{
	const struct role_message m = { .type = type };

	steps_order(s, i, &m, -1);
}

/* The next message of worker i to the supervisor. */
static inline struct role_message steps_said(const struct steps *s, unsigned i)
{
	struct role_message m;

	assert_int_equal(role_channel_receive(s->w[i].channel, &m, NULL), 1);
	return m;
}

static inline void steps_said_nothing(const struct steps *s, unsigned i)
{
	struct role_message m;

	assert_int_equal(role_channel_receive(s->w[i].channel, &m, NULL), 0);
}

#endif
