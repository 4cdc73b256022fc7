/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_test.c - the real worker between two sockets of the test
 *
 * The test is supervisor, client and server: it makes the shared memory and a
 * fixed-remote listener on loopback, and runs the worker as a child. What the
 * worker told its observers is read from the ring after it has exited, so
 * nothing here waits for time; a receive time-out only ends a broken run.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "conf_tables.h"
#include "intake_listen.h"
#include "ring_map.h"
#include "ring_pool.h"
#include "ring_reader.h"
#include "ring_shared.h"
#include "role_channel.h"
#include "worker.h"

#define LIMIT_S 10

struct lab {
	struct conf_tables *conf;
	struct ring_map map;
	struct ring_shared *shared;
	struct worker_socket socket; /* the worker's listener */
	int server;                  /* the test's listening socket */
	int channel;
	pid_t worker;
};

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int new_socket(void)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	return fd;
}

static void listen_as_server(struct lab *lab)
{
	struct sockaddr_in in = loopback(0);
	socklen_t len = sizeof(in);

	lab->server = new_socket();
	assert_int_equal(bind(lab->server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(lab->server, 16), 0);
	assert_int_equal(getsockname(lab->server, (struct sockaddr *)&in, &len),
			 0);
	assert_true(base_addr_from_sockaddr(&lab->socket.listener.remote,
					    (struct sockaddr *)&in));
}

static struct lab *new_lab(uint32_t n_slots)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	const struct ring_map_size size = {
		.n_slots = n_slots,
		.ring_size = RING_SIZE_MIN,
		.pool_size = ring_pool_bytes(1U << 20),
	};

	assert_non_null(lab);
	lab->conf = calloc(1, sizeof(*lab->conf));
	assert_non_null(lab->conf);
	lab->conf->n_rules = 1;
	lab->conf->number = 1;
	lab->conf->connect_timeout_ms = LIMIT_S * 1000;
	lab->shared = ring_shared_new(1, 0);
	assert_non_null(lab->shared);
	assert_int_equal(ring_map_create(&lab->map, &size), 0);
	listen_as_server(lab);
	lab->socket.listener.engine = intake_engine_find("fixed");
	assert_true(base_addr_parse(&lab->conf->listen, "127.0.0.1:1"));
	lab->socket.listener.addr = lab->conf->listen;
	lab->socket.listener.addr.port = 0;
	assert_int_equal(
		intake_listen(&lab->socket.listener, 1, &lab->socket.fd), 0);
	return lab;
}

static void start(struct lab *lab)
{
	struct worker_setup setup = { .conf = lab->conf,
				      .map = &lab->map,
				      .shared = lab->shared,
				      .sockets = &lab->socket,
				      .n_sockets = 1 };
	const pid_t self = getpid();
	int ends[2];

	assert_int_equal(role_channel_open(ends), 0);
	lab->worker = fork();
	assert_true(lab->worker >= 0);
	if (lab->worker == 0) {
		setup.channel = ends[1];
		_exit(worker_main(&setup, self));
	}
	assert_int_equal(close(ends[1]), 0);
	lab->channel = ends[0];
}

/* Asks the worker to stop and waits for it. */
static void stop(struct lab *lab)
{
	int status;

	assert_int_equal(role_channel_send(lab->channel, ROLE_STOP), 0);
	assert_int_equal(waitpid(lab->worker, &status, 0), lab->worker);
	assert_int_equal(status, 0);
	base_fd_close(&lab->channel);
}

static void free_lab(struct lab *lab)
{
	base_fd_close(&lab->server);
	base_fd_close(&lab->socket.fd);
	ring_map_destroy(&lab->map);
	ring_shared_free(lab->shared);
	free(lab->conf);
	free(lab);
}

static int connect_client(const struct lab *lab)
{
	const struct sockaddr_in in = loopback(lab->socket.listener.addr.port);
	const int fd = new_socket();

	assert_int_equal(connect(fd, (const struct sockaddr *)&in, sizeof(in)),
			 0);
	return fd;
}

static int accept_server(const struct lab *lab)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int fd = accept4(lab->server, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

static void hear(int fd, const char *text)
{
	char buf[64] = "";

	assert_true(strlen(text) < sizeof(buf));
	assert_int_equal(recv(fd, buf, strlen(text), MSG_WAITALL),
			 strlen(text));
	assert_string_equal(buf, text);
}

static void hear_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void hear_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	assert_int_equal(close(fd), 0);
}

/* The entries that the worker left in its ring, one after the other. */
struct tape {
	struct ring_reader reader;
	struct ring_entry e;
	const uint8_t *payload;
};

static void rewind_tape(struct tape *t, const struct lab *lab)
{
	struct ring_view_map map;

	assert_int_equal(ring_map_view(&map, &lab->map, RING_READER_RECORDER),
			 0);
	ring_reader_init(&t->reader, &map, RING_READER_RECORDER);
}

static void next_entry(struct tape *t, uint32_t type)
{
	assert_int_equal(ring_reader_next(&t->reader, &t->e, &t->payload), 1);
	assert_int_equal(t->e.type, type);
}

static void next_bytes(struct tape *t, enum ring_side side, uint64_t offset,
		       const char *text)
{
	next_entry(t, RING_ENTRY_DATA);
	assert_int_equal(t->e.direction, side);
	assert_int_equal(t->e.offset, offset);
	assert_int_equal(t->e.len, strlen(text));
	assert_memory_equal(t->payload, text, strlen(text));
}

static void end_of_tape(struct tape *t)
{
	assert_int_equal(ring_reader_next(&t->reader, &t->e, &t->payload), 0);
	ring_map_unview(&t->reader.map);
}

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
	assert_int_equal(stat_get(&lab->map.control->stat, STAT_RESETS), 1);
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
	b = connect_client(lab); /* the kernel's backlog takes it */
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
	assert_true(stat_get(&lab->map.control->stat, STAT_ACCEPT_PAUSES) > 0);
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
		cmocka_unit_test(a_reset_of_the_client_is_passed_on),
		cmocka_unit_test(a_reset_of_the_server_is_passed_on),
		cmocka_unit_test(a_refused_connect_resets_the_client),
		cmocka_unit_test(at_the_limit_a_connection_waits_and_is_served),
		cmocka_unit_test(stopping_ends_flows_with_fin),
		cmocka_unit_test(flows_of_a_dead_predecessor_are_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
