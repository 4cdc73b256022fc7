/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_test.c - the life of a flow: bytes, ends, resets, refusals */
#include "worker.h"

#include "worker_steps_test.h"

static void relays_both_ways_and_shows_every_byte(void **state)
{
	struct lab *lab = new_lab(4);
	struct tape t;
	struct ring_slot end;
	int client, server;

	(void)state;
	start(lab);
	client = connect_client(lab);
	say(client, "early"); /* maybe before the server has answered */
	server = accept_server(lab);
	hear(server, "early");
	say(server, "hello");
	hear(client, "hello");
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	hear_end(server);
	say(server, "late"); /* half-closed: the other way still works */
	hear(client, "late");
	assert_int_equal(close(server), 0);
	hear_end(client);
	assert_int_equal(close(client), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "early");
	next_bytes(&t, RING_SERVER, 0, "hello");
	next_bytes(&t, RING_SERVER, 5, "late");
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.reason, RING_CLOSE_NORMAL);
	memcpy(&end, t.payload, sizeof(end));
	assert_int_equal(end.dir[RING_CLIENT].bytes_in, 5);
	assert_int_equal(end.dir[RING_CLIENT].bytes_out, 5);
	assert_int_equal(end.dir[RING_SERVER].bytes_out, 9);
	end_of_tape(&t);
	assert_int_equal(count(lab, STAT_FLOWS_OPENED), 1);
	assert_int_equal(count(lab, STAT_FLOWS_CLOSED), 1);
	free_lab(lab);
}

/* Whoever reads the table or the OPEN knows whose flow it is. */
static void the_slot_says_what_the_flow_is(void **state)
{
	struct lab *lab = new_lab(4);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct base_addr client_addr, upstream;
	struct ring_slot slot;
	struct tape t;
	int client, server;

	(void)state;
	lab->conf->number = 7;
	lab->conf->rules[0].when_full = CONF_WHEN_FULL_WAIT;
	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	assert_int_equal(getpeername(server, (struct sockaddr *)&from, &len),
			 0);
	assert_true(
		base_addr_from_sockaddr(&upstream, (struct sockaddr *)&from));
	assert_int_equal(getsockname(client, (struct sockaddr *)&from, &len),
			 0);
	assert_true(base_addr_from_sockaddr(&client_addr,
					    (struct sockaddr *)&from));
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	memcpy(&slot, t.payload, sizeof(slot));
	ring_map_unview(&t.reader.map);
	assert_int_equal(slot.config_number, 7);
	assert_int_equal(slot.worker, WORKER);
	assert_int_equal(slot.when_full, RING_WHEN_FULL_WAIT);
	assert_true(base_addr_equal(&slot.client, &client_addr));
	assert_true(base_addr_equal(&slot.server, &lab->remote));
	assert_true(base_addr_equal(&slot.upstream, &upstream));
	free_lab(lab);
}

/* The server has sent and gone, the flow is over, and only now the client
 * reads: what the kernel holds for it must not be thrown away by a reset. */
static void a_slow_reader_gets_all_after_the_end(void **state)
{
	struct lab *lab = new_lab(4);
	const int small = 1;
	const size_t all = 64UL * 1024;
	char *bytes = calloc(1, all);
	int client, server;
	ssize_t n;
	size_t got = 0;

	(void)state;
	assert_non_null(bytes);
	start(lab);
	client = new_socket();
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small,
				    sizeof(small)),
			 0);
	connect_to_worker(lab, client, 0);
	server = accept_server(lab);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	hear_end(server);
	assert_int_equal(send(server, bytes, all, MSG_NOSIGNAL), all);
	assert_int_equal(close(server), 0);
	await_count(lab, STAT_FLOWS_CLOSED, 1);
	while ((n = recv(client, bytes, all, 0)) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(got, all);
	assert_int_equal(close(client), 0);
	stop(lab);
	free(bytes);
	free_lab(lab);
}

/* One side resets: the other sees a reset, and the ring says who it was. */
static void check_reset(bool by_client)
{
	struct lab *lab = new_lab(4);
	struct tape t;
	int client, server;

	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	say(client, "x");
	hear(server, "x");
	reset(by_client ? client : server);
	hear_reset(by_client ? server : client);
	assert_int_equal(close(by_client ? server : client), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "x");
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.reason, by_client ? RING_CLOSE_CLIENT_RESET
					       : RING_CLOSE_SERVER_RESET);
	assert_int_equal(t.e.error, ECONNRESET);
	end_of_tape(&t);
	assert_int_equal(count(lab, STAT_RESETS), 1);
	free_lab(lab);
}

static void a_reset_of_the_client_is_passed_on(void **state)
{
	(void)state;
	check_reset(true);
}

static void a_reset_of_the_server_is_passed_on(void **state)
{
	(void)state;
	check_reset(false);
}

static void a_refused_connect_resets_the_client(void **state)
{
	struct lab *lab = new_lab(4);
	struct tape t;
	int client;

	(void)state;
	base_fd_close(&lab->server); /* nobody listens there now */
	start(lab);
	client = connect_client(lab);
	hear_reset(client);
	assert_int_equal(close(client), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.reason, RING_CLOSE_CONNECT_FAILED);
	assert_int_equal(t.e.error, ECONNREFUSED);
	end_of_tape(&t);
	assert_int_equal(count(lab, STAT_CONNECT_FAILED), 1);
	free_lab(lab);
}

static void at_the_limit_a_connection_waits_and_is_served(void **state)
{
	struct lab *lab = new_lab(1);
	struct ring_slot first, second;
	struct tape t;
	int a, b, server;

	(void)state;
	start(lab);
	a = connect_client(lab);
	server = accept_server(lab);
	b = new_socket();
	connect_to_worker(lab, b, 1); /* the kernel's backlog takes it */
	say(b, "b");
	say(a, "a");
	hear(server, "a");
	assert_int_equal(close(a), 0);
	hear_end(server);
	assert_int_equal(close(server), 0);
	server = accept_server(lab);
	hear(server, "b");
	assert_int_equal(close(server), 0);
	assert_int_equal(close(b), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	memcpy(&first, t.payload, sizeof(first));
	next_bytes(&t, RING_CLIENT, 0, "a");
	next_entry(&t, RING_ENTRY_CLOSE);
	next_entry(&t, RING_ENTRY_OPEN);
	memcpy(&second, t.payload, sizeof(second));
	ring_map_unview(&t.reader.map);
	/* one slot, two lives */
	assert_int_equal(first.serial, 1);
	assert_int_equal(second.serial, 2);
	assert_int_equal(second.flow_id, first.flow_id + 1);
	assert_true(second.connection > first.connection);
	assert_true(count(lab, STAT_ACCEPT_PAUSES) > 0);
	free_lab(lab);
}

static void stopping_ends_flows_with_fin(void **state)
{
	struct lab *lab = new_lab(4);
	struct tape t;
	int client, server;

	(void)state;
	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	say(client, "x");
	hear(server, "x");
	stop(lab);
	hear_end(client);
	hear_end(server);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "x");
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.reason, RING_CLOSE_STOPPED);
	end_of_tape(&t);
	free_lab(lab);
}

static void stopping_resets_whoever_misses_bytes(void **state)
{
	struct lab *lab = new_lab(4);
	static char bytes[64UL * 1024];
	int client, server;
	ssize_t n;

	(void)state;
	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	/* until the client's buffers are full and the worker holds a tail */
	while (!*(volatile uint32_t *)&lab->map.slots[0]
			 .dir[RING_SERVER]
			 .pend_len) {
		n = send(server, bytes, sizeof(bytes),
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(n > 0 || errno == EAGAIN);
	}
	stop(lab);
	while ((n = recv(client, bytes, sizeof(bytes), 0)) > 0)
		continue;
	assert_int_equal(n, -1); /* 0 would say that this was all */
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	free_lab(lab);
}

static void flows_of_a_dead_predecessor_are_ended(void **state)
{
	struct lab *lab = new_lab(4);
	struct tape t;

	(void)state;
	lab->map.slots[0].state = RING_STATE_OPEN;
	lab->map.slots[0].serial = 7;
	atomic_store(&lab->map.control->n_used, 1);
	start(lab);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_CLOSE);
	assert_int_equal(t.e.serial, 7);
	assert_int_equal(t.e.reason, RING_CLOSE_WORKER_DIED);
	end_of_tape(&t);
	assert_int_equal(lab->map.slots[0].state, RING_STATE_FREE);
	free_lab(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relays_both_ways_and_shows_every_byte),
		cmocka_unit_test(the_slot_says_what_the_flow_is),
		cmocka_unit_test(a_slow_reader_gets_all_after_the_end),
		cmocka_unit_test(a_reset_of_the_client_is_passed_on),
		cmocka_unit_test(a_reset_of_the_server_is_passed_on),
		cmocka_unit_test(a_refused_connect_resets_the_client),
		cmocka_unit_test(at_the_limit_a_connection_waits_and_is_served),
		cmocka_unit_test(stopping_ends_flows_with_fin),
		cmocka_unit_test(stopping_resets_whoever_misses_bytes),
		cmocka_unit_test(flows_of_a_dead_predecessor_are_ended),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
