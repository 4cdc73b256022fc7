/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_limits_test.c - servers that do not answer, descriptors and a ring
 * that run out */
#include "worker.h"

#include <time.h>

#include "relay.h"
#include "worker_steps_test.h"

#define PIECE  ((size_t)65536)
#define ROUNDS ((size_t)16) /* two flows: 2 MiB through a ring of one */

/* From here on the server's kernel drops each SYN: its backlog of one is full
 * (listen(2): a queue longer than the backlog takes no more). */
static int fill_backlog(const struct lab *lab)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&lab->remote, &ss);
	const int fd = new_socket();

	assert_int_equal(listen(lab->server, 0), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

/* The tape of a flow without bytes. */
static void expect_end(struct tape *t, enum ring_close reason, uint32_t error)
{
	next_entry(t, RING_ENTRY_OPEN);
	next_entry(t, RING_ENTRY_CLOSE);
	assert_int_equal(t->e.reason, reason);
	assert_int_equal(t->e.error, error);
}

static void a_silent_server_is_given_up_in_time(void **state)
{
	struct steps *s = steps_new(4);
	struct lab lab = { .server = s->server, .remote = s->remote };
	const int filler = fill_backlog(&lab);
	const struct ring_slot *slots = s->w[0].map.slots;
	struct tape t;
	int a, b;

	(void)state;
	s->conf->connect_timeout_ms = 50;
	a = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	assert_int_equal(slots[0].state, RING_STATE_CONNECTING);
	/* the second one's deadline is another one */
	(void)steps_pass_ms(s, 3);
	b = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	(void)steps_pass_ms(s, 46);
	assert_int_equal(slots[0].state, RING_STATE_CONNECTING);
	(void)steps_pass_ms(s, 1);
	assert_int_equal(slots[0].state, RING_STATE_FREE);
	hear_reset(a);
	(void)steps_pass_ms(s, 2);
	assert_int_equal(slots[1].state, RING_STATE_CONNECTING);
	(void)steps_pass_ms(s, 1);
	assert_int_equal(slots[1].state, RING_STATE_FREE);
	hear_reset(b);
	assert_int_equal(close(a), 0);
	assert_int_equal(close(b), 0);
	assert_int_equal(close(filler), 0);

	assert_int_equal(steps_count(s, 0, STAT_CONNECT_TIMEOUT), 2);
	lab.map = s->w[0].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_entry(&t, RING_ENTRY_OPEN);
	for (uint32_t i = 0; i < 2; i++) {
		next_entry(&t, RING_ENTRY_CLOSE);
		assert_int_equal(t.e.slot, i);
		assert_int_equal(t.e.reason, RING_CLOSE_CONNECT_TIMEOUT);
		assert_int_equal(t.e.error, ETIMEDOUT);
	}
	end_of_tape(&t);
	steps_free(s);
}

static void a_client_that_leaves_early_ends_its_flow(void **state)
{
	struct lab *lab = new_lab(4);
	const int filler = fill_backlog(lab);
	struct tape t;
	int client;

	(void)state;
	start(lab);
	client = connect_client(lab);
	await_state(lab, 0, RING_STATE_CONNECTING);
	reset(client);
	await_state(lab, 0, RING_STATE_FREE);
	assert_int_equal(close(filler), 0);
	stop(lab);

	rewind_tape(&t, lab);
	expect_end(&t, RING_CLOSE_CLIENT_RESET, ECONNRESET);
	end_of_tape(&t);
	free_lab(lab);
}

static void stopping_ends_what_is_not_yet_connected(void **state)
{
	struct lab *lab = new_lab(4);
	const int filler = fill_backlog(lab);
	struct tape t;
	int client;

	(void)state;
	start(lab);
	client = connect_client(lab);
	await_state(lab, 0, RING_STATE_CONNECTING);
	stop(lab);
	hear_end(client);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(filler), 0);

	rewind_tape(&t, lab);
	expect_end(&t, RING_CLOSE_STOPPED, 0);
	end_of_tape(&t);
	free_lab(lab);
}

/* Many connections, one after the other, that cannot reach the remote. */
static void refuse_many(struct lab *lab, uint32_t error)
{
	struct tape t;

	lab->free_files = 1 + 2 * 2; /* its epoll set, and two flows */
	start(lab);
	for (int i = 0; i < 20; i++) {
		const int client = connect_client(lab);

		hear_reset(client);
		assert_int_equal(close(client), 0);
	}
	stop(lab);

	rewind_tape(&t, lab);
	for (int i = 0; i < 20; i++)
		expect_end(&t, RING_CLOSE_CONNECT_FAILED, error);
	end_of_tape(&t);
	free_lab(lab);
}

static void a_refused_connect_leaves_no_descriptor(void **state)
{
	struct lab *lab = new_lab(4);

	(void)state;
	base_fd_close(&lab->server); /* the answer is a reset */
	refuse_many(lab, ECONNREFUSED);
}

static void a_connect_that_cannot_begin_leaves_none_either(void **state)
{
	struct lab *lab = new_lab(4);

	(void)state;
	/* connect() itself fails: there is no TCP to a broadcast address */
	assert_true(base_addr_parse(&lab->sockets[0].listener.remote,
				    "255.255.255.255:7700"));
	refuse_many(lab, ENETUNREACH);
}

static void without_descriptors_connections_wait_for_one(void **state)
{
	struct lab *lab = new_lab(4);
	int a, b, server;

	(void)state;
	lab->free_files = 1 + 2;
	start(lab);
	a = connect_client(lab);
	server = accept_server(lab);
	b = connect_client(lab); /* the kernel's backlog takes it */
	say(b, "b");
	await_count(lab, STAT_ACCEPT_PAUSES, 1);
	assert_int_equal(close(a), 0);
	hear_end(server);
	assert_int_equal(close(server), 0);
	server = accept_server(lab);
	hear(server, "b");
	assert_int_equal(close(server), 0);
	assert_int_equal(close(b), 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_CONNECT_FAILED), 0);
	free_lab(lab);
}

/* The last descriptor is the client's: the server's leg waits for one. */
static void without_a_descriptor_for_the_server_it_waits_too(void **state)
{
	struct lab *lab = new_lab(4);
	int a, b, server;

	(void)state;
	lab->free_files = 1 + 2 + 1;
	start(lab);
	a = connect_client(lab);
	server = accept_server(lab);
	b = connect_client(lab);
	say(b, "b");
	await_state(lab, 1, RING_STATE_HELD);
	await_count(lab, STAT_LIMIT_WAITS, 1);
	assert_int_equal(close(a), 0);
	hear_end(server);
	assert_int_equal(close(server), 0);
	server = accept_server(lab);
	hear(server, "b");
	assert_int_equal(close(server), 0);
	assert_int_equal(close(b), 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_CONNECT_FAILED), 0);
	free_lab(lab);
}

static int64_t cpu_ms(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* No flow of ours ends, but somebody else's descriptors come back. */
static void without_descriptors_it_tries_again_by_itself(void **state)
{
	struct lab *lab = new_lab(4);
	struct rlimit own;
	int client, server;
	int64_t used;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &own), 0);
	lab->free_files = 1;
	start(lab);
	client = connect_client(lab);
	say(client, "x");
	/* it waits between the tries: 300 ms, in which it does nothing */
	await_count(lab, STAT_ACCEPT_PAUSES, 1);
	used = cpu_ms(lab->worker);
	await_count(lab, STAT_ACCEPT_PAUSES, 4);
	assert_true(cpu_ms(lab->worker) - used < 20);
	assert_int_equal(prlimit(lab->worker, RLIMIT_NOFILE, &own, NULL), 0);
	server = accept_server(lab);
	hear(server, "x");
	assert_int_equal(close(server), 0);
	assert_int_equal(close(client), 0);
	stop(lab);
	free_lab(lab);
}

static uint8_t pattern(uint64_t offset)
{
	return (uint8_t)(offset % 251);
}

/* One piece of the pattern into one end, and out of the other. */
static void send_piece(int fd, uint64_t offset, uint8_t *piece)
{
	for (size_t i = 0; i < PIECE; i++)
		piece[i] = pattern(offset + i);
	assert_int_equal(send(fd, piece, PIECE, MSG_NOSIGNAL), PIECE);
}

static void receive_piece(int fd, uint64_t offset, uint8_t *piece)
{
	assert_int_equal(recv(fd, piece, PIECE, MSG_WAITALL), PIECE);
	for (size_t i = 0; i < PIECE; i++)
		assert_int_equal(piece[i], pattern(offset + i));
}

/* What the tape has, hints and bytes. */
struct seen {
	uint64_t hints, bytes[2];
};

static void read_tape(const struct lab *lab, struct seen *seen)
{
	struct tape t;

	*seen = (struct seen){ 0 };
	rewind_tape(&t, lab);
	while (ring_reader_next(&t.reader, &t.e, &t.payload) == 1) {
		if (t.e.type != RING_ENTRY_DATA) {
			seen->hints++;
			continue;
		}
		assert_true(t.e.slot < 2);
		for (uint32_t i = 0; i < t.e.len; i++)
			assert_int_equal(t.payload[i], pattern(t.e.offset + i));
		seen->bytes[t.e.slot] += t.e.len;
	}
	ring_map_unview(&t.reader.map);
}

/* Two flows, and nobody reads the ring: all bytes arrive, and each one is
 * either in the ring or counted. */
static void relay_past_a_full_ring(struct lab *lab)
{
	uint8_t *piece = malloc(PIECE);
	struct seen seen;
	int clients[2], servers[2];

	assert_non_null(piece);
	start(lab);
	for (int i = 0; i < 2; i++) {
		clients[i] = connect_client(lab);
		servers[i] = accept_server(lab);
	}
	for (uint64_t n = 0; n < ROUNDS; n++) {
		for (int i = 0; i < 2; i++)
			send_piece(clients[i], n * PIECE, piece);
		for (int i = 0; i < 2; i++)
			receive_piece(servers[i], n * PIECE, piece);
	}
	stop(lab);
	free(piece);

	read_tape(lab, &seen);
	for (int i = 0; i < 2; i++) {
		const struct ring_dir *d = &lab->map.slots[i].dir[RING_CLIENT];

		assert_int_equal(d->bytes_out, ROUNDS * PIECE);
		assert_int_equal(seen.bytes[i] + d->unobserved, ROUNDS * PIECE);
		assert_int_equal(close(clients[i]), 0);
		assert_int_equal(close(servers[i]), 0);
	}
	assert_int_equal(count(lab, STAT_UNOBSERVED_BYTES),
			 2 * ROUNDS * PIECE - seen.bytes[0] - seen.bytes[1]);
	assert_true(count(lab, STAT_UNOBSERVED_BYTES) > 0);
}

static void a_full_ring_is_waited_for_briefly(void **state)
{
	struct lab *lab = new_lab(2);

	(void)state;
	lab->conf->rules[0].when_full = CONF_WHEN_FULL_BRIEF;
	relay_past_a_full_ring(lab);
	assert_true(count(lab, STAT_RING_WAITS) > 0);
	free_lab(lab);
}

static void a_full_ring_is_not_waited_for(void **state)
{
	struct lab *lab = new_lab(2);

	(void)state;
	lab->conf->rules[0].when_full = CONF_WHEN_FULL_DROP;
	relay_past_a_full_ring(lab);
	assert_int_equal(count(lab, STAT_RING_WAITS), 0);
	free_lab(lab);
}

/* One flow fills the ring, then others come and go, and nobody reads. Return:
 * how many hints were lost; the ring has the others. */
static uint64_t count_lost_hints(uint64_t n_flows)
{
	struct lab *lab = new_lab(2);
	uint8_t *piece = malloc(PIECE);
	struct seen seen;
	int client, server;
	uint64_t lost;

	assert_non_null(piece);
	lab->conf->rules[0].when_full = CONF_WHEN_FULL_DROP;
	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	for (uint64_t n = 0; n < ROUNDS + 1; n++) {
		send_piece(client, n * PIECE, piece);
		receive_piece(server, n * PIECE, piece);
	}
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	for (uint64_t n = 1; n < n_flows; n++) {
		client = connect_client(lab);
		server = accept_server(lab);
		assert_int_equal(close(server), 0);
		hear_end(client);
		assert_int_equal(close(client), 0);
	}
	stop(lab);
	free(piece);

	read_tape(lab, &seen);
	lost = count(lab, STAT_HINTS_LOST);
	assert_int_equal(seen.hints + lost, 2 * n_flows);
	free_lab(lab);
	return lost;
}

static void a_ring_full_of_bytes_has_room_for_hints(void **state)
{
	(void)state;
	assert_int_equal(count_lost_hints(50), 0);
}

static void hints_that_find_no_room_are_counted(void **state)
{
	(void)state;
	/* 320 bytes go with a hint; less than a block and a header is left
	 * beside their own room */
	assert_true(count_lost_hints(RELAY_HINT_ROOM / 320) > 0);
}

/* Bytes go through the ring when somebody wants them, and only then. */
static void check_observed(uint32_t capture, uint32_t observe, bool expected)
{
	struct lab *lab = new_lab(2);
	struct tape t;
	int client, server;

	lab->conf->rules[0].capture = capture;
	lab->conf->rules[0].observe_code = observe;
	start(lab);
	client = connect_client(lab);
	server = accept_server(lab);
	say(client, "x");
	hear(server, "x");
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	stop(lab);

	rewind_tape(&t, lab);
	next_entry(&t, RING_ENTRY_OPEN);
	if (expected)
		next_bytes(&t, RING_CLIENT, 0, "x");
	next_entry(&t, RING_ENTRY_CLOSE);
	end_of_tape(&t);
	assert_int_equal(lab->map.slots[0].dir[RING_CLIENT].unobserved,
			 !expected);
	/* what nobody asked for is not missing */
	assert_int_equal(count(lab, STAT_UNOBSERVED_BYTES), 0);
	free_lab(lab);
}

static void only_what_is_wanted_is_shown(void **state)
{
	(void)state;
	check_observed(CONF_CAPTURE_TEXT, CONF_OBSERVE_NONE, true);
	check_observed(CONF_CAPTURE_NONE, CONF_OBSERVE_AUTO, true);
	check_observed(CONF_CAPTURE_NONE, CONF_OBSERVE_NONE, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_server_is_given_up_in_time),
		cmocka_unit_test(a_client_that_leaves_early_ends_its_flow),
		cmocka_unit_test(stopping_ends_what_is_not_yet_connected),
		cmocka_unit_test(a_refused_connect_leaves_no_descriptor),
		cmocka_unit_test(
			a_connect_that_cannot_begin_leaves_none_either),
		cmocka_unit_test(without_descriptors_connections_wait_for_one),
		cmocka_unit_test(
			without_a_descriptor_for_the_server_it_waits_too),
		cmocka_unit_test(without_descriptors_it_tries_again_by_itself),
		cmocka_unit_test(a_full_ring_is_waited_for_briefly),
		cmocka_unit_test(a_full_ring_is_not_waited_for),
		cmocka_unit_test(a_ring_full_of_bytes_has_room_for_hints),
		cmocka_unit_test(hints_that_find_no_room_are_counted),
		cmocka_unit_test(only_what_is_wanted_is_shown),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
