/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_fair_test.c - one loud flow beside many quiet ones, in bytes relayed
 */
#include "worker_steps_test.h"

#define N_QUIET 500
#define TURNS   20 /* of each quiet flow */

/* The io table has no argument for what its calls share. */
static struct {
	int loud_in, loud_out; /* descriptors of the loud flow in the worker */
	uint64_t loud;         /* bytes of it, so far */
	/* by descriptor: of a quiet client */
	uint64_t seen[4 * N_QUIET + 64]; /* `loud` at its last turn */
	unsigned turns[4 * N_QUIET + 64];
	uint64_t most; /* that came between two turns of a quiet flow */
} script;

/* The loud client never ends: as many bytes as are asked for. */
static ssize_t receive(int fd, void *buf, size_t len)
{
	ssize_t n;

	if (fd == script.loud_in) {
		script.loud += len;
		return (ssize_t)len;
	}
	n = relay_io_socket.recv(fd, buf, len);
	if (n <= 0)
		return n;
	if (script.turns[fd]++ && script.loud - script.seen[fd] > script.most)
		script.most = script.loud - script.seen[fd];
	script.seen[fd] = script.loud;
	return n;
}

static ssize_t send_on(int fd, struct iovec *iov, int n_iov)
{
	if (fd == script.loud_out)
		return (ssize_t)iov->iov_len;
	return relay_io_socket.sendv(fd, iov, n_iov);
}

static size_t room(int fd)
{
	return relay_io_socket.room(fd);
}

static int shut(int fd)
{
	return relay_io_socket.shutdown(fd);
}

static const struct relay_io io = {
	.recv = receive,
	.sendv = send_on,
	.shutdown = shut,
	.room = room,
};

static void raise_files(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur > WS_ARRAY_LEN(script.turns));
}

/* All quiet flows have a message at any time, and so has the loud one. */
static void a_loud_flow_gets_its_budget_and_no_more(void **state)
{
	struct steps *s;
	int clients[N_QUIET + 1], servers[N_QUIET + 1];
	const struct ring_slot *slots;
	unsigned done = 0, sent[N_QUIET];

	(void)state;
	raise_files();
	s = steps_new(N_QUIET + 1);
	s->conf->rules[0].capture = CONF_CAPTURE_NONE;
	slots = s->w[0].map.slots;
	for (int i = 0; i <= N_QUIET; i++) {
		clients[i] = steps_client(s, 0, 1, 0);
		say(clients[i], "x");
		servers[i] = steps_server(s, "x");
	}
	script.loud_in = slots[N_QUIET].fd[RING_CLIENT];
	script.loud_out = slots[N_QUIET].fd[RING_SERVER];
	s->w[0].worker->env.io = &io;
	for (int i = 0; i < N_QUIET; i++) {
		say(clients[i], "x");
		sent[i] = 1;
	}
	say(clients[N_QUIET], "x"); /* never read: always ready */
	while (done < N_QUIET) {
		(void)steps_one(s, 0);
		done = 0;
		for (int i = 0; i < N_QUIET; i++) {
			const int fd = slots[i].fd[RING_CLIENT];

			done += script.turns[fd] >= TURNS;
			/* one at a time: the next, when it is relayed */
			if (script.turns[fd] == sent[i]) {
				say(clients[i], "x");
				sent[i]++;
			}
		}
	}
	/* a run may begin its last chunk with one byte of budget left */
	assert_in_range(script.most, 1, RELAY_BUDGET + RING_CHUNK_MAX);
	/* and the loud one is not kept out: a turn for each of theirs */
	assert_true(script.loud >= (TURNS - 2) * RELAY_BUDGET);
	for (int i = 0; i <= N_QUIET; i++) {
		assert_int_equal(close(clients[i]), 0);
		assert_int_equal(close(servers[i]), 0);
	}
	s->w[0].worker->env.io = &relay_io_socket;
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loud_flow_gets_its_budget_and_no_more),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
