/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_death_test.c - a flow can go on after its worker was killed
 *
 * Real sockets, and a worker that is killed at each step of the pump. The test
 * holds descriptors and memory, as a keeper will, and goes on with the flow as
 * a successor would: what was received and what was sent says the kernel, where
 * the bytes between lie says the memory. No byte is lost or doubled.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "relay.h"
#include "ring_test.h"

#define TOTAL      200000 /* bytes that the client has to say */
#define SMALL      8192   /* socket buffers of the way to the server */
#define PUMPS      20
#define PATIENT_MS (BASE_TEST_LIMIT_S * 1000)

struct lab {
	struct ring_fixture *ring;
	struct ring_pool pool;
	struct relay_env env;
	int client, server; /* the far ends */
	uint64_t heard;     /* by the server, byte for byte */
};

/* ---- sockets ---- */

/* Two ends of a connection on loopback; buffer: 0 = as they come. */
static void connect_pair(int *near, int *far, int buffer)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	if (buffer)
		assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF,
					    &buffer, sizeof(buffer)),
				 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &len),
			 0);
	*near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*near >= 0);
	if (buffer)
		assert_int_equal(setsockopt(*near, SOL_SOCKET, SO_SNDBUF,
					    &buffer, sizeof(buffer)),
				 0);
	assert_int_equal(connect(*near, (struct sockaddr *)&in, len), 0);
	*far = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(*far >= 0);
	assert_int_equal(fcntl(*near, F_SETFL, O_NONBLOCK), 0);
	base_fd_close(&listener);
}

static void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info;
}

static uint64_t queued(int fd, unsigned long which)
{
	int n = 0;

	assert_int_equal(ioctl(fd, which, &n), 0);
	return (uint64_t)n;
}

/* What the worker took from that socket. A FIN counts as a byte (tcp(7) does
 * not say so; net/ipv4/tcp_input.c counts sequence numbers). */
static uint64_t received_from(int fd)
{
	const struct tcp_info info = info_of(fd);
	const bool fin = info.tcpi_state == 8; /* CLOSE_WAIT */

	return info.tcpi_bytes_received - queued(fd, SIOCINQ) - fin;
}

/* What it gave to that one. */
static uint64_t sent_to(int fd, uint64_t base)
{
	const struct tcp_info info = info_of(fd);
	/* FIN_WAIT1 and 2: the FIN is counted, sent or acknowledged */
	const bool fin = info.tcpi_state == 4 || info.tcpi_state == 5;

	return info.tcpi_bytes_acked - base + queued(fd, SIOCOUTQ) - fin;
}

/* The server reads what is there; bytes in order, nothing twice. Return: false
 * = the stream has ended. */
static bool hear(struct lab *l)
{
	static uint8_t buf[RING_CHUNK_MAX];
	ssize_t n;

	while ((n = base_fd_recv(l->server, buf, sizeof(buf))) > 0) {
		assert_memory_equal(buf, ring_test_bytes(0, l->heard), n);
		l->heard += (uint64_t)n;
	}
	assert_true(n == 0 || n == -ESHUTDOWN);
	return n == 0;
}

static void give(struct lab *l, int fd, const uint8_t *bytes, uint64_t len)
{
	while (len) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		assert_true(n > 0 || errno == EAGAIN);
		if (n > 0) {
			bytes += n;
			len -= (uint64_t)n;
		}
		(void)hear(l);
	}
}

/* The client says as much of that as the buffers take, and that this is all.
 * Return: how much. */
static uint64_t say(struct lab *l, size_t len)
{
	ssize_t n;

	assert_int_equal(fcntl(l->client, F_SETFL, O_NONBLOCK), 0);
	n = send(l->client, ring_test_bytes(0, 0), len, MSG_NOSIGNAL);
	assert_true(n > 0);
	assert_int_equal(shutdown(l->client, SHUT_WR), 0);
	wait_for(l->env.slots[0].fd[RING_CLIENT], POLLIN);
	return (uint64_t)n;
}

/* ---- the worker and its successor ---- */

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	void *ring;

	assert_non_null(l);
	assert_int_equal(ring_fixture_setup(&ring), 0);
	l->ring = ring;
	ring_pool_init(&l->pool, &l->ring->map);
	l->env = (struct relay_env){
		.io = &relay_io_socket,
		.control = l->ring->map.control,
		.slots = l->ring->map.slots,
		.tap = &l->ring->tap,
		.pool = &l->pool,
		.now_ms = T0_MS,
	};
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;
	void *ring = l->ring;

	(void)ring_fixture_teardown(&ring);
	free(l);
	return 0;
}

static void begin_flow(struct lab *l, uint16_t flags, int buffer)
{
	struct ring_slot *s = &l->env.slots[0];

	relay_begin(s);
	s->serial++;
	s->flow_id = s->serial;
	s->state = RING_STATE_OPEN;
	s->flags = flags;
	connect_pair(&l->client, &s->fd[RING_CLIENT], 0);
	connect_pair(&s->fd[RING_SERVER], &l->server, buffer);
	assert_int_equal(fcntl(s->fd[RING_CLIENT], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < RING_SIDES; i++)
		s->dir[i].acked_base = info_of(s->fd[!i]).tcpi_bytes_acked;
	l->heard = 0;
}

static void end_flow(struct lab *l)
{
	struct ring_slot *s = &l->env.slots[0];

	base_fd_close(&s->fd[RING_CLIENT]);
	base_fd_close(&s->fd[RING_SERVER]);
	base_fd_close(&l->client);
	base_fd_close(&l->server);
	/* a successor: it knows the memory only */
	memset(&l->env.control->intent, 0, sizeof(l->env.control->intent));
	ring_tap_init(&l->ring->tap, &l->ring->map);
	ring_pool_init(&l->pool, &l->ring->map);
}

static void pump(struct lab *l)
{
	enum ring_side broken;

	assert_int_equal(relay_pump(&l->env, 0, RING_CLIENT, &broken), 0);
}

/* A worker that is killed at the n-th pass of that point. */
static void work_and_die(struct lab *l, enum base_die_point point, unsigned n)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		enum ring_side broken;
		char die[64];

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)snprintf(die, sizeof(die), "%s=%u", base_die_name(point),
			       n);
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		if (setenv("WAYSIDE_DIE", die, 1) || !base_die_init())
			_exit(99);
		for (int i = 0; i < PUMPS; i++) {
			if (relay_pump(&l->env, 0, RING_CLIENT, &broken))
				_exit(98);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static uint64_t copy_pool(const struct lab *l, const struct ring_dir *d,
			  uint8_t *out)
{
	struct iovec iov[RING_TEST_BLOCKS];
	const int n = ring_pool_peek(&l->pool, d, iov, (int)WS_ARRAY_LEN(iov));
	uint64_t len = 0;

	for (int i = 0; i < n; i++) {
		memcpy(out + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	assert_int_equal(len, d->pend_len);
	return d->bytes_in - len;
}

/* What the memory has of the stream's end. Return: the offset where *out
 * begins. */
static uint64_t find_bytes(const struct lab *l, uint64_t received, uint8_t *out)
{
	const struct ring_map *m = &l->ring->map;
	const struct ring_dir *d = &m->slots[0].dir[RING_CLIENT];
	const struct ring_intent *i = &m->control->intent;
	const uint64_t len = received - i->offset;

	if (!i->moving || i->moving == RING_MOVING_POOL)
		return copy_pool(l, d, out);
	if (i->moving == RING_MOVING_SCRATCH) {
		memcpy(out, m->pool, len);
		return i->offset;
	}
	memcpy(out,
	       m->data + i->head % RING_TEST_SIZE + sizeof(struct ring_entry),
	       len);
	return i->offset;
}

/* Sends what was received and not sent, then what comes, then the FIN. */
static void go_on(struct lab *l, uint64_t said)
{
	static uint8_t buf[RING_CHUNK_MAX];
	const struct ring_slot *s = &l->env.slots[0];
	const int from = s->fd[RING_CLIENT], to = s->fd[RING_SERVER];
	const uint64_t received = received_from(from);
	const uint64_t sent = sent_to(to, s->dir[RING_CLIENT].acked_base);
	uint64_t at = received;
	ssize_t n;

	assert_true(sent <= received && received <= said);
	assert_true(s->dir[RING_CLIENT].bytes_in <= received);
	assert_true(s->dir[RING_CLIENT].bytes_out <= sent);
	if (sent < received) {
		const uint64_t first = find_bytes(l, received, buf);

		assert_true(first <= sent);
		give(l, to, buf + (sent - first), received - sent);
	}
	while ((n = base_fd_recv(from, buf, sizeof(buf))) != -ESHUTDOWN) {
		assert_true(n >= 0);
		if (n == 0)
			wait_for(from, POLLIN);
		assert_memory_equal(buf, ring_test_bytes(0, at), n);
		at += (uint64_t)n;
		give(l, to, buf, (uint64_t)n);
	}
	assert_int_equal(at, said);
	(void)shutdown(to, SHUT_WR);
	while (hear(l))
		wait_for(l->server, POLLIN);
	assert_int_equal(l->heard, said);
}

/* ---- the tests ---- */

struct row {
	enum base_die_point point;
	unsigned n;
	bool blocked;      /* the server has not read, and then some */
	unsigned moving;   /* what the intent must say; observed flows */
	uint64_t unbooked; /* received and not in bytes_in: all of a chunk */
};

/* The first chunks have 4096, 8192 and 16384 bytes; a pass of INTENT more comes
 * from each piece out of the pool. */
static const struct row rows[] = {
	{ BASE_DIE_WORKER_INTENT, 1, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_INTENT, 3, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_RECEIVED, 1, false, RING_MOVING_RING, 4096 },
	{ BASE_DIE_WORKER_RECEIVED, 2, false, RING_MOVING_RING, 8192 },
	{ BASE_DIE_WORKER_TAPPED, 1, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_TAPPED, 3, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_SENT, 1, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_SENT, 2, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_KEPT, 1, false, RING_MOVING_RING, 0 },
	{ BASE_DIE_WORKER_INTENT, 1, true, RING_MOVING_POOL, 0 },
	{ BASE_DIE_WORKER_SENT, 1, true, RING_MOVING_POOL, 0 },
	{ BASE_DIE_WORKER_FIN, 1, false, RING_MOVING_NOTHING, 0 },
};

static void run(struct lab *l, const struct row *row, bool observed)
{
	const bool fin = row->point == BASE_DIE_WORKER_FIN;
	const struct ring_slot *s = &l->env.slots[0];
	const struct ring_intent *i = &l->env.control->intent;
	uint64_t said;

	begin_flow(l, observed ? RING_SLOT_OBSERVED : 0, fin ? 0 : SMALL);
	said = say(l, fin ? 3000 : TOTAL);
	if (row->blocked) {
		while (!s->dir[RING_CLIENT].pend_len)
			pump(l);
		wait_for(l->server, POLLIN);
		(void)hear(l);
		wait_for(s->fd[RING_SERVER], POLLOUT);
	}
	work_and_die(l, row->point, row->n);
	assert_int_equal(i->moving, row->moving == RING_MOVING_RING && !observed
					    ? RING_MOVING_SCRATCH
					    : row->moving);
	assert_int_equal(received_from(s->fd[RING_CLIENT]) -
				 s->dir[RING_CLIENT].bytes_in,
			 row->unbooked);
	go_on(l, said);
	end_flow(l);
}

static void no_byte_is_lost_or_doubled(void **state)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		run(*state, &rows[i], true);
		run(*state, &rows[i], false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_byte_is_lost_or_doubled,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
