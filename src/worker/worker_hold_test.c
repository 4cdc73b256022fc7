/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_hold_test.c - connections that a limit keeps from their server */
#include "worker_steps_test.h"

#define HELD_MOST 16 /* design: an eighth of the slots, at least 16 */

static struct ring_slot *slot_of(struct steps *s, uint32_t slot)
{
	return &s->w[0].map.slots[slot];
}

/* A client that has said its name and waits for nothing. */
static int named_client(struct steps *s, unsigned host, const char *name)
{
	const int fd = steps_client(s, 0, host, 0);

	say(fd, name);
	(void)steps_settle(s);
	return fd;
}

static void close_both(int client, int server)
{
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

static void a_network_at_its_limit_waits_alone(void **state)
{
	struct steps *s = steps_new(8);
	int clients[4], servers[4];

	(void)state;
	s->conf->max_flows_per_client = 2;
	clients[0] = named_client(s, 1, "a");
	servers[0] = steps_server(s, "a");
	clients[1] = named_client(s, 1, "b");
	servers[1] = steps_server(s, "b");
	clients[2] = named_client(s, 1, "c");
	steps_no_server(s);
	assert_int_equal(slot_of(s, 2)->state, RING_STATE_HELD);
	/* another network is not held up by it */
	clients[3] = named_client(s, 2, "d");
	servers[3] = steps_server(s, "d");
	/* a flow ends: its place is the next one's, at once */
	close_both(clients[0], servers[0]);
	servers[2] = steps_server(s, "c");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_WAITS), 1);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_CLIENT), 1);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 0);
	for (int i = 1; i < 4; i++)
		close_both(clients[i], servers[i]);
	(void)steps_settle(s);
	assert_int_equal(s->w[0].worker->n_flows, 0);
	steps_free(s);
}

/* 127.0.0.1 and .2 share their first 24 bits, and 30 of them. */
static void a_network_is_as_large_as_configured(void **state)
{
	static const struct {
		uint32_t bits;
		bool waits;
	} rows[] = { { 24, true }, { 30, true }, { 31, false }, { 32, false } };

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct steps *s = steps_new(8);
		int a, b, server;

		s->conf->max_flows_per_client = 1;
		s->conf->client_bits_v4 = rows[i].bits;
		a = named_client(s, 1, "a");
		server = steps_server(s, "a");
		b = named_client(s, 2, "b");
		assert_int_equal(slot_of(s, 1)->state == RING_STATE_HELD,
				 rows[i].waits);
		close_both(a, b);
		assert_int_equal(close(server), 0);
		steps_free(s);
	}
}

static void the_limit_of_a_network_is_one_for_all_workers(void **state)
{
	struct steps *s = steps_new(8);
	int a, b, server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	a = steps_client(s, 1, 1, 0);
	say(a, "a");
	server = steps_server(s, "a");
	b = named_client(s, 1, "b");
	steps_no_server(s);
	/* the other worker's flow ends: we look for ourselves, after a while */
	close_both(a, server);
	(void)steps_settle(s);
	steps_no_server(s);
	(void)steps_pass_ms(s, WORKER_RESUME_MS);
	server = steps_server(s, "b");
	close_both(b, server);
	steps_free(s);
}

/* The tape of worker 0: `n` flows that were refused by a limit. */
static void expect_refused(struct steps *s, int n)
{
	struct lab lab = { .map = s->w[0].map };
	struct tape t;
	int refused = 0;

	rewind_tape(&t, &lab);
	while (ring_reader_next(&t.reader, &t.e, &t.payload) == 1)
		refused += t.e.type == RING_ENTRY_CLOSE &&
			   t.e.reason == RING_CLOSE_LIMIT;
	ring_map_unview(&t.reader.map);
	assert_int_equal(refused, n);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), n);
}

static void only_so_many_wait_and_not_for_ever(void **state)
{
	struct steps *s = steps_new(32);
	int clients[HELD_MOST + 2], server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	s->conf->connect_timeout_ms = 1000;
	clients[0] = named_client(s, 1, "a");
	server = steps_server(s, "a");
	for (int i = 1; i <= HELD_MOST; i++)
		clients[i] = named_client(s, 1, "x");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 0);
	clients[HELD_MOST + 1] = named_client(s, 1, "y");
	hear_reset(clients[HELD_MOST + 1]);
	expect_refused(s, 1);
	(void)steps_pass_ms(s, 999);
	expect_refused(s, 1);
	(void)steps_pass_ms(s, 1);
	for (int i = 1; i <= HELD_MOST; i++)
		hear_reset(clients[i]);
	expect_refused(s, 1 + HELD_MOST);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_WAITS), HELD_MOST);
	/* the one that has a place is not touched */
	say(server, "still");
	(void)steps_settle(s);
	hear(clients[0], "still");
	assert_int_equal(s->w[0].worker->n_flows, 1);
	assert_int_equal(s->w[0].worker->n_held, 0);
	for (int i = 0; i < HELD_MOST + 2; i++)
		assert_int_equal(close(clients[i]), 0);
	assert_int_equal(close(server), 0);
	steps_free(s);
}

static void close_all(int *clients, int n)
{
	while (n > 0)
		assert_int_equal(close(clients[--n]), 0);
}

/* Who waits for his own network takes no place of those that wait for the rate.
 */
static void a_network_does_not_take_the_places_of_others(void **state)
{
	struct steps *s = steps_new(64);
	const struct worker *w = s->w[0].worker;
	int clients[2 * HELD_MOST + 5], n = 0;

	(void)state;
	s->conf->max_flows_per_client = 1;
	s->conf->connect_rate = 1;
	s->conf->connect_timeout_ms = 10000;
	while (n < 1 + HELD_MOST)
		clients[n++] = named_client(s, 1, "x");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 0);
	clients[n++] = named_client(s, 1, "x");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 1);
	/* each of a network of its own: 127.0.0.2 and on */
	for (unsigned i = 0; i < HELD_MOST; i++)
		clients[n++] = named_client(s, 2 + i, "y");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 1);
	assert_int_equal(w->n_held, 2 * HELD_MOST);
	clients[n++] = named_client(s, 2 + HELD_MOST, "y");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 2);
	/* one of the first goes, so the next waits for the rate from now on;
	 * his place is nobody's as long as so many wait in all */
	reset(clients[0]);
	(void)steps_settle(s);
	assert_int_equal(w->n_queued, HELD_MOST + 1);
	clients[0] = named_client(s, 1, "x");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 3);
	assert_int_equal(w->n_held, 2 * HELD_MOST);
	close_all(clients, n);
	steps_free(s);
}

/* ... nor the other way round. */
static void the_rate_does_not_take_the_places_of_networks(void **state)
{
	struct steps *s = steps_new(64);
	int clients[HELD_MOST + 2], n = 0;

	(void)state;
	s->conf->max_flows_per_client = 1;
	s->conf->connect_rate = 1;
	s->conf->connect_timeout_ms = 10000;
	/* the first of them connects */
	for (unsigned i = 0; i < 1 + HELD_MOST; i++)
		clients[n++] = named_client(s, 1 + i, "y");
	clients[n++] = named_client(s, 1, "x");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_REFUSED), 0);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_RATE), HELD_MOST);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_CLIENT), 1);
	close_all(clients, n);
	steps_free(s);
}

/* A second of waiting: a look each 100 ms, and nothing else. */
static void waiting_costs_nothing(void **state)
{
	struct steps *s = steps_new(32);
	int clients[HELD_MOST + 1], server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	s->conf->connect_timeout_ms = 10000;
	clients[0] = named_client(s, 1, "a");
	server = steps_server(s, "a");
	for (int i = 1; i <= HELD_MOST; i++)
		clients[i] = named_client(s, 1, "x");
	assert_in_range(steps_pass_ms(s, 1000), 1, 10);
	for (int i = 0; i <= HELD_MOST; i++)
		assert_int_equal(close(clients[i]), 0);
	assert_int_equal(close(server), 0);
	steps_free(s);
}

static void a_client_that_leaves_while_it_is_held_is_gone(void **state)
{
	struct steps *s = steps_new(8);
	int a, b, server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	a = named_client(s, 1, "a");
	server = steps_server(s, "a");
	b = named_client(s, 1, "b");
	assert_int_equal(slot_of(s, 1)->state, RING_STATE_HELD);
	reset(b);
	(void)steps_settle(s);
	assert_int_equal(slot_of(s, 1)->state, RING_STATE_FREE);
	assert_int_equal(s->w[0].worker->n_held, 0);
	assert_int_equal(steps_count(s, 0, STAT_RESETS), 1);
	close_both(a, server);
	(void)steps_settle(s);
	steps_no_server(s);
	steps_free(s);
}

static void the_operator_ends_what_is_held(void **state)
{
	struct steps *s = steps_new(8);
	struct role_message m = { .type = ROLE_CLOSE, .slot = 1 };
	int a, b, server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	a = named_client(s, 1, "a");
	server = steps_server(s, "a");
	b = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	m.serial = slot_of(s, 1)->serial;
	steps_order(s, 0, &m, -1);
	hear_end(b);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_OPERATOR), 1);
	assert_int_equal(close(b), 0);
	close_both(a, server);
	steps_free(s);
}

/* Ten a second: the next may begin 100 ms after the one before, less the slack
 * that the first finds, and in the order in which they came. */
static void the_rate_spreads_connects(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct steps *s = steps_new(8);
	const uint64_t slack = RING_RATE_SLACK_NS / 1000000;
	int clients[3], servers[3];

	(void)state;
	s->conf->connect_rate = 10;
	for (int i = 0; i < 3; i++)
		clients[i] = named_client(s, 1 + (unsigned)i, names[i]);
	servers[0] = steps_server(s, "a");
	steps_no_server(s);
	/* nothing happens until it may be asked again: not one handler */
	assert_int_equal(steps_pass_ms(s, (unsigned)(99 - slack)), 0);
	assert_true(steps_pass_ms(s, 1) > 0);
	servers[1] = steps_server(s, "b");
	assert_int_equal(steps_pass_ms(s, 99), 0);
	steps_no_server(s);
	(void)steps_pass_ms(s, 1);
	servers[2] = steps_server(s, "c");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_WAITS), 2);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_RATE), 2);
	for (int i = 0; i < 3; i++)
		close_both(clients[i], servers[i]);
	steps_free(s);
}

/* A newcomer does not overtake those that wait for the rate, and one that waits
 * for its own network does not hold up the others. */
static void the_rate_serves_who_came_first(void **state)
{
	struct steps *s = steps_new(8);
	int clients[4], servers[3];

	(void)state;
	s->conf->connect_rate = 10;
	s->conf->max_flows_per_client = 1;
	clients[0] = named_client(s, 1, "a");
	servers[0] = steps_server(s, "a");
	clients[1] = named_client(s, 1, "never"); /* its network has one */
	clients[2] = named_client(s, 2, "b");
	/* the time has come, but nobody has looked yet: then a new one comes */
	steps_now_ms += 100;
	clients[3] = steps_client(s, 0, 3, 0);
	say(clients[3], "c");
	servers[1] = steps_server(s, "b");
	steps_no_server(s);
	(void)steps_pass_ms(s, 100);
	servers[2] = steps_server(s, "c");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_CLIENT), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(close(clients[i]), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(servers[i]), 0);
	steps_free(s);
}

/* A thousand a second over two workers, asked every millisecond for a second.
 */
static void the_rate_is_exact_over_all_workers(void **state)
{
	const unsigned rate = 200;
	struct steps *s = steps_new(512);
	int clients[512];
	uint64_t begun = 0;
	unsigned n = 0;

	(void)state;
	s->conf->connect_rate = rate;
	s->conf->connect_timeout_ms = 100000;
	for (; n < 4 * HELD_MOST; n++)
		clients[n] = steps_client(s, n % 2, 1, 0);
	for (int ms = 0; ms < 1000; ms++) {
		(void)steps_pass_ms(s, 1);
		if (n < 300 && ms % 4 == 0) {
			clients[n] = steps_client(s, n % 2, 1, 0);
			n++;
		}
	}
	for (unsigned i = 0; i < STEPS_WORKERS; i++)
		begun += s->w[i].worker->n_flows - s->w[i].worker->n_held;
	/* a second at 200: 200 intervals of 5 ms, and what the slack allows at
	 * the start: two more of them, and the first itself */
	assert_in_range(begun, rate, rate + 3);
	while (n > 0)
		assert_int_equal(close(clients[--n]), 0);
	steps_free(s);
}

/* The counts of flows whose worker died are given back by its successor. */
static void a_successor_gives_counts_back(void **state)
{
	struct steps *s = steps_new(8);
	int clients[3], servers[3];

	(void)state;
	s->conf->max_flows_per_client = 2;
	clients[0] = named_client(s, 1, "a");
	servers[0] = steps_server(s, "a");
	clients[1] = named_client(s, 1, "b");
	servers[1] = steps_server(s, "b");
	clients[2] = named_client(s, 1, "held");
	steps_kill(s, 0);
	assert_int_equal(ring_shared_flows(s->shared), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(clients[i]), 0);
	close_both(servers[0], servers[1]);
	steps_start(s, 0);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_DIED), 3);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_CLOSED), 3);
	for (int i = 0; i < 2; i++) {
		clients[i] = named_client(s, 1, "z");
		servers[i] = steps_server(s, "z");
	}
	/* neither less than before, nor more */
	clients[2] = named_client(s, 1, "held");
	steps_no_server(s);
	for (int i = 0; i < 2; i++)
		close_both(clients[i], servers[i]);
	assert_int_equal(close(clients[2]), 0);
	steps_free(s);
}

/* A worker has told of a flow's end and dies before it has freed the slot. */
static void an_end_is_told_once(void **state)
{
	struct steps *s = steps_new(8);
	struct lab lab;
	struct tape t;
	int client, server;

	(void)state;
	s->conf->max_flows_per_client = 1;
	client = named_client(s, 1, "a");
	server = steps_server(s, "a");
	worker_flow_stop(s->w[0].worker, 0, RING_CLOSE_STOPPED);
	steps_kill(s, 0);
	steps_start(s, 0);
	lab.map = s->w[0].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_entry(&t, RING_ENTRY_DATA);
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.reason, RING_CLOSE_STOPPED);
	end_of_tape(&t);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_CLOSED), 1);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_DIED), 0);
	close_both(client, server);
	/* its network's count is given back all the same */
	client = named_client(s, 1, "b");
	server = steps_server(s, "b");
	close_both(client, server);
	steps_free(s);
}

/* Two source ports in all, in a namespace of our own. Neither they nor those
 * that the clients bring are among those that the kernel gave to others of this
 * file: what listened at one, and its TIME_WAIT, would keep it. */
static void without_a_port_a_flow_waits_for_one(void **state)
{
	struct steps *s;
	struct lab other;
	int clients[4], servers[4];

	need_gateway(state);
	s = steps_new(8);
	listen_as_server(&other);
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "21000 21001");
	s->conf->connect_rate = 1000;
	for (int i = 0; i < 3; i++)
		clients[i] = steps_client(s, 0, 1, (uint16_t)(20000 + i));
	say(clients[0], "a");
	servers[0] = steps_server(s, "a");
	say(clients[1], "b");
	servers[1] = steps_server(s, "b");
	say(clients[2], "c");
	(void)steps_settle(s);
	steps_no_server(s);
	assert_int_equal(slot_of(s, 2)->state, RING_STATE_HELD);
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_PORTS), 1);
	/* what did not begin does not count for the rate: two connects of a
	 * millisecond each, from where the slack lets it begin */
	assert_int_equal(atomic_load(&s->shared->next_connect_ns),
			 STEPS_START * 1000000ULL - RING_RATE_SLACK_NS +
				 2000000);
	/* tried again, but not all the time: each look costs the kernel a
	 * search of all its ports */
	assert_in_range(steps_pass_ms(s, 500), 1, 5);
	assert_int_equal(slot_of(s, 2)->state, RING_STATE_HELD);
	/* another server has ports of its own, and is not held up */
	s->w[0].sockets[0].listener.remote = other.remote;
	clients[3] = steps_client(s, 0, 1, 20003);
	(void)steps_settle(s);
	servers[3] = accept4(other.server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(servers[3] >= 0);
	/* a reset leaves no TIME_WAIT: the port is free at once, and ports are
	 * looked for each 10 ms at most */
	reset(clients[0]);
	(void)steps_pass_ms(s, 10);
	servers[2] = steps_server(s, "c");
	assert_int_equal(steps_count(s, 0, STAT_LIMIT_WAITS), 1);
	assert_int_equal(close(servers[0]), 0);
	for (int i = 1; i < 4; i++)
		close_both(clients[i], servers[i]);
	assert_int_equal(close(other.server), 0);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_at_its_limit_waits_alone),
		cmocka_unit_test(a_network_is_as_large_as_configured),
		cmocka_unit_test(the_limit_of_a_network_is_one_for_all_workers),
		cmocka_unit_test(only_so_many_wait_and_not_for_ever),
		cmocka_unit_test(a_network_does_not_take_the_places_of_others),
		cmocka_unit_test(the_rate_does_not_take_the_places_of_networks),
		cmocka_unit_test(waiting_costs_nothing),
		cmocka_unit_test(a_client_that_leaves_while_it_is_held_is_gone),
		cmocka_unit_test(the_operator_ends_what_is_held),
		cmocka_unit_test(the_rate_spreads_connects),
		cmocka_unit_test(the_rate_serves_who_came_first),
		cmocka_unit_test(the_rate_is_exact_over_all_workers),
		cmocka_unit_test(a_successor_gives_counts_back),
		cmocka_unit_test(an_end_is_told_once),
		cmocka_unit_test(without_a_port_a_flow_waits_for_one),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
