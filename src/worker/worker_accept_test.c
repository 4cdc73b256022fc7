/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_accept_test.c - lent listeners, flows in all, drain, and no leaks */
#include "worker_steps_test.h"

#include <dirent.h>

#define MANY 5000

/* A client at worker i's listener that says `name`; nobody has to take it. */
static int client_at(const struct steps *s, unsigned i, const char *name)
{
	const int fd = steps_client(s, i, 1, 0);

	say(fd, name);
	return fd;
}

static void close_both(int client, int server)
{
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

/* One worker's steps, as if the other one were dead. */
static void settle_one(struct steps *s, unsigned i)
{
	while (steps_one(s, i) > 0)
		;
}

static void a_dead_workers_listener_is_served(void **state)
{
	struct steps *s = steps_new(4);
	int client = client_at(s, 1, "a"), server;

	(void)state;
	settle_one(s, 0);
	steps_no_server(s); /* it is the other one's */
	ring_shared_set_dead(s->shared, 1, true);
	settle_one(s, 0);
	steps_no_server(s); /* nobody has told us */
	assert_int_equal(role_channel_say(s->w[0].channel, ROLE_LEND), 0);
	settle_one(s, 0);
	assert_int_equal(s->w[0].worker->n_flows, 1);
	assert_int_equal(steps_count(s, 0, STAT_LENT), 1);
	server = steps_server(s, "a");
	close_both(client, server);
	/* it is back: its share is its own again */
	ring_shared_set_dead(s->shared, 1, false);
	steps_say(s, 0, ROLE_LEND);
	client = client_at(s, 1, "b");
	settle_one(s, 0);
	assert_int_equal(s->w[0].worker->n_flows, 0);
	server = steps_server(s, "b");
	assert_int_equal(steps_count(s, 0, STAT_LENT), 1);
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_OPENED), 1);
	close_both(client, server);
	steps_free(s);
}

/* A worker that starts while another one is dead, and one whose own bit is set:
 * its own listener is its own, and not lent to itself. */
static void its_own_listener_is_never_lent(void **state)
{
	struct steps *s = steps_new(4);
	int client, server;

	(void)state;
	steps_kill(s, 0);
	ring_shared_set_dead(s->shared, 0, true);
	ring_shared_set_dead(s->shared, 1, true);
	steps_start(s, 0);
	client = client_at(s, 0, "a");
	server = steps_server(s, "a");
	assert_int_equal(steps_count(s, 0, STAT_LENT), 0);
	close_both(client, server);
	ring_shared_set_dead(s->shared, 0, false);
	steps_say(s, 0, ROLE_LEND);
	client = client_at(s, 0, "b");
	server = steps_server(s, "b");
	close_both(client, server);
	client = client_at(s, 1, "c");
	settle_one(s, 0);
	assert_int_equal(steps_count(s, 0, STAT_LENT), 1);
	server = steps_server(s, "c");
	close_both(client, server);
	steps_free(s);
}

/* One slot, and connections that come and go at this limit. */
static void a_full_worker_says_so_once(void **state)
{
	struct steps *s = steps_new(1);
	int clients[10], server;

	(void)state;
	clients[0] = client_at(s, 0, "x");
	for (int i = 1; i < 10; i++) {
		/* the one that has the slot, and the next that waits */
		clients[i] = client_at(s, 0, "x");
		server = steps_server(s, "x");
		assert_int_equal(ring_shared_help(s->shared), 1);
		close_both(clients[i - 1], server);
	}
	assert_true(steps_count(s, 0, STAT_ACCEPT_PAUSES) >= 9);
	assert_int_equal(steps_said(s, 0).type, ROLE_LEND);
	steps_said_nothing(s, 0);
	server = steps_server(s, "x");
	close_both(clients[9], server);
	(void)steps_settle(s);
	/* a second without the limit, from the last pause on */
	(void)steps_pass_ms(s, WORKER_FULL_MS - 1);
	assert_int_equal(ring_shared_help(s->shared), 1);
	steps_said_nothing(s, 0);
	(void)steps_pass_ms(s, 1);
	assert_int_equal(ring_shared_help(s->shared), 0);
	assert_int_equal(steps_said(s, 0).type, ROLE_LEND);
	steps_said_nothing(s, 0);
	steps_free(s);
}

static void a_full_worker_stays_full_as_long_as_it_is(void **state)
{
	struct steps *s = steps_new(1);
	const int a = client_at(s, 0, "a"), b = client_at(s, 0, "b");
	const int server = steps_server(s, "a");

	(void)state;
	/* a timer a second, and no more */
	assert_in_range(steps_pass_ms(s, 5 * WORKER_FULL_MS), 5, 10);
	assert_int_equal(ring_shared_help(s->shared), 1);
	assert_int_equal(steps_said(s, 0).type, ROLE_LEND);
	steps_said_nothing(s, 0);
	/* the other worker takes what waits, once it is told */
	steps_say(s, 1, ROLE_LEND);
	assert_int_equal(steps_count(s, 1, STAT_LENT), 1);
	close_both(a, server);
	assert_int_equal(close(b), 0);
	steps_free(s);
}

static void a_supervisor_that_is_slow_hears_it_later(void **state)
{
	struct steps *s = steps_new(1);
	const int filler = client_at(s, 0, "a"), waits = client_at(s, 0, "b");
	struct role_message m;
	int n = 0;

	(void)state;
	while (role_channel_say(s->w[0].setup.channel, ROLE_READY) == 0)
		;
	(void)steps_settle(s);
	while (role_channel_receive(s->w[0].channel, &m, NULL) == 1)
		assert_int_equal(m.type, ROLE_READY);
	(void)steps_pass_ms(s, WORKER_FULL_MS);
	while (role_channel_receive(s->w[0].channel, &m, NULL) == 1)
		n += m.type == ROLE_LEND;
	assert_int_equal(n, 1);
	close_both(filler, waits);
	steps_free(s);
}

static void the_limit_of_all_flows_is_the_sum(void **state)
{
	struct steps *s = steps_new(4);
	int a, b, server;

	(void)state;
	s->conf->max_flows = 1;
	a = client_at(s, 1, "a");
	server = steps_server(s, "a");
	b = client_at(s, 0, "b");
	(void)steps_settle(s);
	assert_int_equal(s->w[0].worker->n_flows, 0);
	assert_int_equal(ring_shared_flows(s->shared), 1);
	assert_int_equal(steps_count(s, 0, STAT_ACCEPT_PAUSES), 1);
	/* a second: ten looks of each, their timers of being full, and the one
	 * of the connect that has succeeded */
	assert_in_range(steps_pass_ms(s, 1000), 20, 2 * 10 + 2 + 1);
	assert_int_equal(steps_count(s, 0, STAT_ACCEPT_PAUSES), 1);
	close_both(a, server);
	(void)steps_settle(s);
	(void)steps_pass_ms(s, WORKER_RESUME_MS);
	server = steps_server(s, "b");
	assert_int_equal(ring_shared_flows(s->shared), 1);
	close_both(b, server);
	(void)steps_settle(s);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	steps_free(s);
}

/* What waits in its own backlog and in one that is lent is taken; then nobody
 * listens any more. */
static void a_drain_takes_what_waits_and_closes(void **state)
{
	struct steps *s = steps_new(4);
	const struct sockaddr_in there = loopback(s->ports[0]);
	int clients[3], servers[3], late;

	(void)state;
	ring_shared_set_dead(s->shared, 1, true);
	steps_say(s, 0, ROLE_LEND);
	/* the order comes first: the first handler that runs is the drain, and
	 * it takes what came after it */
	assert_int_equal(role_channel_say(s->w[0].channel, ROLE_DRAIN), 0);
	clients[0] = client_at(s, 0, "a");
	clients[1] = client_at(s, 0, "b");
	clients[2] = client_at(s, 1, "c");
	settle_one(s, 0);
	assert_int_equal(s->w[0].worker->n_flows, 3);
	assert_int_equal(steps_count(s, 0, STAT_LENT), 1);
	steps_said_nothing(s, 0);
	servers[0] = steps_server(s, "a");
	servers[1] = steps_server(s, "b");
	servers[2] = steps_server(s, "c");
	steps_say(s, 1, ROLE_DRAIN);
	assert_int_equal(steps_said(s, 1).type, ROLE_DRAINED); /* has none */
	late = new_socket();
	assert_int_equal(
		connect(late, (const struct sockaddr *)&there, sizeof(there)),
		-1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(close(late), 0);
	/* those that are there go on */
	for (int i = 0; i < 3; i++) {
		steps_said_nothing(s, 0);
		say(clients[i], "on");
		(void)steps_settle(s);
		hear(servers[i], "on");
		close_both(clients[i], servers[i]);
		(void)steps_settle(s);
	}
	assert_int_equal(steps_said(s, 0).type, ROLE_DRAINED);
	(void)steps_pass_ms(s, 2 * WORKER_FULL_MS);
	steps_said_nothing(s, 0);
	steps_free(s);
}

/* `wayside close`: a flow that lives this life, and nothing else. */
static void the_operator_ends_one_flow(void **state)
{
	struct steps *s = steps_new(4);
	const int client = client_at(s, 0, "x");
	const int server = steps_server(s, "x");
	struct role_message m = { .type = ROLE_CLOSE };

	(void)state;
	m.serial = s->w[0].map.slots[0].serial + 1;
	steps_order(s, 0, &m, -1);
	m.serial--;
	m.slot = 4; /* there are four */
	steps_order(s, 0, &m, -1);
	m.slot = UINT32_MAX;
	steps_order(s, 0, &m, -1);
	m.slot = 1; /* never used */
	m.serial = 0;
	steps_order(s, 0, &m, -1);
	assert_int_equal(s->w[0].worker->n_flows, 1);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_OPERATOR), 0);
	say(client, "last"); /* what can be passed on is */
	m.slot = 0;
	m.serial = s->w[0].map.slots[0].serial;
	steps_order(s, 0, &m, -1);
	hear(server, "last");
	hear_end(server);
	hear_end(client);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_OPERATOR), 1);
	steps_order(s, 0, &m, -1); /* it is over */
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_CLOSED), 1);
	close_both(client, server);
	steps_free(s);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

/* Until the client's buffers are full and the worker holds a tail. */
static void make_pending(struct steps *s, int server)
{
	static const char bytes[65536];
	const struct ring_slot *slots = s->w[0].map.slots;

	while (!slots[0].dir[RING_SERVER].pend_len) {
		const ssize_t n = send(server, bytes, sizeof(bytes),
				       MSG_NOSIGNAL | MSG_DONTWAIT);

		assert_true(n > 0 || errno == EAGAIN);
		(void)steps_one(s, 0);
	}
}

static void many_flows_leave_nothing(void **state)
{
	struct steps *s = steps_new(8);
	struct worker *w = s->w[0].worker;
	const size_t room = ring_pool_room(&w->pool);
	const int files = open_files();

	(void)state;
	/* nobody reads the ring, and the clock stands */
	s->conf->rules[0].when_full = CONF_WHEN_FULL_DROP;
	for (int i = 0; i < MANY; i++) {
		const int client = client_at(s, 0, "x");
		const int server = steps_server(s, "x");

		if (i % 250 == 0)
			make_pending(s, server);
		if (i % 3 == 0)
			reset(client);
		else
			assert_int_equal(close(client), 0);
		assert_int_equal(close(server), 0);
		(void)steps_settle(s);
	}
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_CLOSED), MANY);
	assert_int_equal(open_files(), files);
	assert_int_equal(ring_pool_room(&w->pool), room);
	assert_int_equal(w->pool.n_free, w->pool.n_blocks);
	assert_int_equal(w->n_flows, 0);
	/* one flow at a time takes one slot, again and again */
	assert_int_equal(atomic_load(&w->control->n_used), 1);
	assert_int_equal(w->slots[0].state, RING_STATE_FREE);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_workers_listener_is_served),
		cmocka_unit_test(its_own_listener_is_never_lent),
		cmocka_unit_test(a_full_worker_says_so_once),
		cmocka_unit_test(a_full_worker_stays_full_as_long_as_it_is),
		cmocka_unit_test(a_supervisor_that_is_slow_hears_it_later),
		cmocka_unit_test(the_limit_of_all_flows_is_the_sum),
		cmocka_unit_test(a_drain_takes_what_waits_and_closes),
		cmocka_unit_test(the_operator_ends_one_flow),
		cmocka_unit_test(many_flows_leave_nothing),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
