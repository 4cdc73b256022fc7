/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_legs_test.c - what the two connections of a flow are given */
#include "worker_steps_test.h"

#include <netinet/tcp.h>

static struct ring_slot *slot_of(struct steps *s, uint32_t i)
{
	return &s->w[0].map.slots[i];
}

static int tcp_option(const struct steps *s, enum ring_side side, int name)
{
	return option_of(s->w[0].map.slots[0].fd[side], SOL_TCP, name);
}

static void keepalive_of_each_leg(void **state)
{
	struct steps *s = steps_new(4);
	int client, server;

	(void)state;
	s->conf->keepalive_client_ms = 90000;
	s->conf->keepalive_server_ms = 120000;
	s->conf->user_timeout_ms = 45000;
	client = steps_client(s, 0, 1, 0);
	say(client, "a");
	server = steps_server(s, "a");
	assert_int_equal(tcp_option(s, RING_CLIENT, TCP_KEEPIDLE), 90);
	assert_int_equal(tcp_option(s, RING_SERVER, TCP_KEEPIDLE), 120);
	for (int i = 0; i < RING_SIDES; i++) {
		const enum ring_side side = (enum ring_side)i;

		assert_int_equal(option_of(slot_of(s, 0)->fd[i], SOL_SOCKET,
					   SO_KEEPALIVE),
				 1);
		assert_int_equal(tcp_option(s, side, TCP_USER_TIMEOUT), 45000);
	}
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	(void)steps_settle(s);
	/* towards devices only on request: it costs their battery */
	s->conf->keepalive_client_ms = 0;
	s->conf->user_timeout_ms = 0;
	client = steps_client(s, 0, 1, 0);
	say(client, "a");
	server = steps_server(s, "a");
	assert_int_equal(option_of(slot_of(s, 0)->fd[RING_CLIENT], SOL_SOCKET,
				   SO_KEEPALIVE),
			 0);
	assert_int_equal(option_of(slot_of(s, 0)->fd[RING_SERVER], SOL_SOCKET,
				   SO_KEEPALIVE),
			 1);
	assert_int_equal(tcp_option(s, RING_CLIENT, TCP_USER_TIMEOUT), 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	steps_free(s);
}

/* A client comes and is reset: its flow could not be begun. */
static void expect_failed(struct steps *s, enum base_call call, int error)
{
	const int client = steps_client(s, 0, 1, 0);
	struct ring_entry e;

	(void)steps_settle(s);
	hear_reset(client);
	e = steps_last_entry(s, 0);
	assert_int_equal(e.type, RING_ENTRY_CLOSE);
	assert_int_equal(e.reason, RING_CLOSE_CONNECT_FAILED);
	assert_int_equal(e.call, call);
	assert_int_equal(e.error, error);
	assert_int_equal(close(client), 0);
}

/* Not connect(), where that did what it should. TCP_KEEPIDLE takes 32767 s at
 * most (tcp.h: MAX_TCP_KEEPIDLE). */
static void what_failed_is_named(void **state)
{
	struct steps *s = steps_new(4);
	int client, server;

	(void)state;
	s->conf->keepalive_server_ms = 32768000;
	expect_failed(s, BASE_CALL_SETSOCKOPT, EINVAL);
	s->conf->keepalive_server_ms = 0;
	s->conf->keepalive_client_ms = 32768000;
	expect_failed(s, BASE_CALL_SETSOCKOPT, EINVAL);
	s->conf->keepalive_client_ms = 0;
	/* both have reached the server, and are gone */
	for (int i = 0; i < 2; i++) {
		server = accept4(s->server, NULL, NULL, SOCK_CLOEXEC);
		hear_reset(server);
		assert_int_equal(close(server), 0);
	}
	/* a slot that lives again says nothing of its earlier life */
	client = steps_client(s, 0, 1, 0);
	say(client, "a");
	server = steps_server(s, "a");
	reset(client);
	(void)steps_settle(s);
	assert_int_equal(steps_last_entry(s, 0).reason,
			 RING_CLOSE_CLIENT_RESET);
	assert_int_equal(steps_last_entry(s, 0).call, 0);
	assert_int_equal(close(server), 0);
	base_fd_close(&s->server); /* nobody listens */
	expect_failed(s, BASE_CALL_CONNECT, ECONNREFUSED);
	assert_int_equal(steps_count(s, 0, STAT_CONNECT_FAILED), 3);
	steps_free(s);
}

/* connect() itself, which fails at once where there is no route; and a socket
 * that cannot be watched (in its place /dev/null, which epoll_ctl(2) refuses
 * with EPERM). */
static void what_fails_at_once_is_named(void **state)
{
	struct steps *s;
	struct worker *w;
	int client, held;

	need_gateway(state);
	s = steps_new(4);
	w = s->w[0].worker;
	s->w[0].sockets[0].listener.remote = addr_of("203.0.113.1", 7700);
	expect_failed(s, BASE_CALL_CONNECT, ENETUNREACH);
	s->w[0].sockets[0].listener.remote = s->remote;
	s->conf->max_flows_per_client = 1;
	client = steps_client(s, 0, 1, 0);
	held = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	assert_int_equal(slot_of(s, 1)->state, RING_STATE_HELD);
	worker_hold_forget(w, 1);
	worker_flow_connect(w, 1, open("/dev/null", O_RDWR | O_CLOEXEC),
			    BASE_CALL_CONNECT);
	assert_int_equal(steps_last_entry(s, 0).call, BASE_CALL_EPOLL_CTL);
	assert_int_equal(steps_last_entry(s, 0).error, EPERM);
	(void)steps_settle(s);
	hear_reset(held);
	assert_int_equal(close(held), 0);
	assert_int_equal(close(client), 0);
	steps_free(s);
}

/* proxy-protocol.txt 2.2: signature, 0x21 PROXY, 0x11 TCP over IPv4, 12 bytes:
 * 127.0.0.5, 127.0.0.1, ports 20005 = 0x4e25 and the listener's. It comes
 * before the first byte, and is no byte of the stream. */
static void the_server_is_told_who_comes(void **state)
{
	uint8_t want[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a,
			   0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11,
			   0,    12,   127,  0,    0,    5,    127,
			   0,    0,    1,    0x4e, 0x25, 0,    0 };
	struct steps *s = steps_new(4);
	uint8_t got[sizeof(want)];
	struct lab lab;
	struct tape t;
	int client, server;

	(void)state;
	s->conf->proxy_protocol = CONF_PROXY_PROTOCOL_V2;
	s->conf->rules[0].observe_code = CONF_OBSERVE_AUTO;
	want[26] = (uint8_t)(s->ports[0] >> 8);
	want[27] = (uint8_t)s->ports[0];
	client = steps_client(s, 0, 5, 20005);
	say(client, "hello"); /* before the server is asked */
	server = steps_server(s, "");
	assert_int_equal(recv(server, got, sizeof(got), MSG_WAITALL),
			 sizeof(got));
	assert_memory_equal(got, want, sizeof(want));
	hear(server, "hello");
	assert_int_equal(slot_of(s, 0)->dir[RING_CLIENT].bytes_in, 5);
	assert_int_equal(slot_of(s, 0)->dir[RING_CLIENT].bytes_out, 5);
	assert_int_equal(steps_count(s, 0, STAT_CLIENT_BYTES), 5);
	lab.map = s->w[0].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "hello");
	end_of_tape(&t);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	steps_free(s);
}

/* Whom the server sees when a client of 127.0.0.`host` comes. */
static void expect_seen(struct steps *s, unsigned host, unsigned seen)
{
	struct base_addr want = addr_of("127.0.0.1", 0), peer;
	const int client = steps_client(s, 0, host, 0);
	int server;

	say(client, "a");
	server = steps_server(s, "a");
	want.ip[15] = (uint8_t)seen;
	peer = peer_of(server);
	want.port = peer.port;
	assert_addr(&peer, &want);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	(void)steps_settle(s);
}

/* auto: what the shared word says when the flow connects. */
static void whom_the_server_sees(void **state)
{
	struct steps *s;

	need_gateway(state);
	s = steps_new(4);
	s->conf->rules[0].source = CONF_SOURCE_GATEWAY;
	expect_seen(s, 5, 1);
	s->conf->rules[0].source = CONF_SOURCE_CLIENT;
	expect_seen(s, 5, 5);
	s->conf->rules[0].source = CONF_SOURCE_AUTO;
	ring_shared_set_source(s->shared, CONF_SOURCE_GATEWAY);
	expect_seen(s, 5, 1);
	ring_shared_set_source(s->shared, CONF_SOURCE_CLIENT);
	expect_seen(s, 5, 5);
	steps_free(s);
}

/* The mark is for interception: a fixed remote may be reached by anybody, with
 * no right at all. */
static void our_own_connections_are_marked(void **state)
{
	struct steps *s;
	int client, server;

	need_gateway(state);
	s = steps_new(4);
	for (int fixed = 1; fixed >= 0; fixed--) {
		if (!fixed) {
			s->conf->listen.family = 0;
			s->conf->rules[0].local = CONF_YES;
			s->conf->rules[0].to.n = s->conf->n_dests = 1;
			assert_true(base_net_parse(&s->conf->dests[0].net,
						   "127.0.0.0/8"));
			s->conf->dests[0].port_first = 1;
			s->conf->dests[0].port_last = 65535;
		}
		client = steps_client(s, 0, 1, 0);
		say(client, "a");
		server = steps_server(s, "a");
		assert_int_equal(option_of(slot_of(s, 0)->fd[RING_SERVER],
					   SOL_SOCKET, SO_MARK),
				 fixed ? 0 : 0x10000);
		assert_int_equal(close(client), 0);
		assert_int_equal(close(server), 0);
		(void)steps_settle(s);
	}
	steps_free(s);
}

/* A client at the listener of worker i. Its port is one of this host, as ours
 * will be: SO_REUSEADDR of both lets them share it. */
static int client_of_port(const struct steps *s, unsigned i, uint16_t port)
{
	const struct base_addr from = addr_of("127.0.0.1", port);
	const struct base_addr to = addr_of("127.0.0.1", s->ports[i]);
	const int fd = new_socket(), on = 1;

	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind_to(fd, &from), 0);
	assert_int_equal(connect_to(fd, &to), 0);
	return fd;
}

/* client-port: the port is the client's; a second flow of the same four numbers
 * waits for the end of the first, and holds up nobody. */
static void the_same_port_is_waited_for(void **state)
{
	struct steps *s;
	int clients[3], servers[3];

	need_gateway(state);
	s = steps_new(8);
	s->conf->rules[0].source = CONF_SOURCE_CLIENT_PORT;
	clients[0] = client_of_port(s, 0, 20031);
	say(clients[0], "a");
	servers[0] = steps_server(s, "a");
	assert_int_equal(peer_of(servers[0]).port, 20031);
	/* the same port at the other listener, so to the same server */
	clients[1] = client_of_port(s, 1, 20031);
	say(clients[1], "b");
	(void)steps_settle(s);
	steps_no_server(s);
	assert_int_equal(s->w[1].map.slots[0].state, RING_STATE_HELD);
	assert_int_equal(steps_count(s, 1, STAT_LIMIT_PORTS), 1);
	clients[2] = client_of_port(s, 1, 20032);
	say(clients[2], "c");
	servers[2] = steps_server(s, "c");
	/* who takes any port is not kept from looking for one */
	assert_int_equal(s->w[1].worker->hold_ports_ms, 0);
	/* looked for again ten times a second, and not all the time: not when
	 * another flow ends, either */
	assert_in_range(steps_pass_ms(s, 500), 1, 5);
	reset(clients[0]);
	(void)steps_settle(s);
	reset(clients[2]);
	(void)steps_settle(s);
	assert_int_equal(s->w[1].map.slots[0].state, RING_STATE_HELD);
	(void)steps_pass_ms(s, WORKER_RESUME_MS);
	servers[1] = steps_server(s, "b");
	assert_int_equal(peer_of(servers[1]).port, 20031);
	assert_int_equal(close(servers[0]), 0);
	reset(clients[1]);
	for (int i = 1; i < 3; i++)
		assert_int_equal(close(servers[i]), 0);
	(void)steps_settle(s);
	steps_free(s);
}

/* ... at most connect_timeout long: then it is refused as what it is. */
static void the_same_port_is_refused(void **state)
{
	struct steps *s;
	int clients[2], server;

	need_gateway(state);
	s = steps_new(8);
	s->conf->rules[0].source = CONF_SOURCE_CLIENT_PORT;
	clients[0] = client_of_port(s, 0, 20041);
	say(clients[0], "a");
	server = steps_server(s, "a");
	clients[1] = client_of_port(s, 1, 20041);
	(void)steps_settle(s);
	(void)steps_pass_ms(s, 999);
	assert_int_equal(s->w[1].map.slots[0].state, RING_STATE_HELD);
	(void)steps_pass_ms(s, 1);
	hear_reset(clients[1]);
	assert_int_equal(steps_count(s, 1, STAT_LIMIT_REFUSED), 1);
	reset(clients[0]);
	assert_int_equal(close(clients[1]), 0);
	assert_int_equal(close(server), 0);
	(void)steps_settle(s);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keepalive_of_each_leg),
		cmocka_unit_test(what_failed_is_named),
		cmocka_unit_test(what_fails_at_once_is_named),
		cmocka_unit_test(the_server_is_told_who_comes),
		cmocka_unit_test(whom_the_server_sees),
		cmocka_unit_test(our_own_connections_are_marked),
		cmocka_unit_test(the_same_port_is_waited_for),
		cmocka_unit_test(the_same_port_is_refused),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
