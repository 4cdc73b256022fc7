/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_udp_test.c - UDP flows
 *
 * All addresses are loopback's. A first datagram goes to a listener, as the
 * rules would have it; later ones go to the server's address, where the flow's
 * own socket, which is connected, comes before the server's.
 */
#include "worker_steps_test.h"

#define N_SLOTS 8
#define MINE    0 /* the worker that most cases are about */

static struct sockaddr_in in_of(const struct base_addr *a)
{
	struct sockaddr_storage ss;
	struct sockaddr_in in;

	assert_int_equal(base_addr_to_sockaddr(a, &ss), sizeof(in));
	memcpy(&in, &ss, sizeof(in));
	return in;
}

/* The server's port, with the flows' sockets. */
static int share(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

/* A datagram socket of the test at 127.0.0.`host`. */
static int udp_socket(unsigned host, struct base_addr *addr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval limit = { .tv_sec = LIMIT_S };
	struct sockaddr_in in = loopback(0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
	assert_int_equal(share(fd), 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	*addr = name_of(fd);
	return fd;
}

/* A server, and a client's socket. */
struct peers {
	struct base_addr server, client;
	int s, c;
};

static void send_to(int fd, const struct base_addr *to, const char *text)
{
	const struct sockaddr_in in = in_of(to);

	assert_int_equal(sendto(fd, text, strlen(text), 0,
				(const struct sockaddr *)&in, sizeof(in)),
			 strlen(text));
}

/* Return: who said it. */
static struct base_addr hear_from(int fd, const char *text)
{
	char buf[64] = "";
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct base_addr from;

	assert_int_equal(
		recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&ss, &len),
		strlen(text));
	assert_string_equal(buf, text);
	assert_true(base_addr_from_sockaddr(&from, (struct sockaddr *)&ss));
	return from;
}

static void hear_nothing(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The UDP listeners of all workers lead to this server. */
static void lead_to(struct steps *s, const struct base_addr *server)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		for (unsigned j = STEPS_WORKERS; j < STEPS_SOCKETS; j++)
			s->w[i].sockets[j].listener.remote = *server;
	}
}

static struct peers new_peers(struct steps *s, unsigned host)
{
	struct peers p;

	p.s = udp_socket(1, &p.server);
	p.c = udp_socket(host, &p.client);
	lead_to(s, &p.server);
	return p;
}

static void free_peers(struct peers *p)
{
	assert_int_equal(close(p->s), 0);
	assert_int_equal(close(p->c), 0);
}

static void send_first(const struct steps *s, unsigned worker, int fd,
		       const char *text)
{
	const struct base_addr at =
		s->w[0].sockets[STEPS_WORKERS + worker].listener.addr;

	send_to(fd, &at, text);
}

/* The client's first datagram has come to the server. Return: our address
 * there. */
static struct base_addr open_flow(struct steps *s, unsigned worker, int client,
				  const struct peers *p)
{
	send_first(s, worker, client, "first");
	(void)steps_settle(s);
	return hear_from(p->s, "first");
}

static const struct ring_slot *slot_of(const struct steps *s, unsigned i)
{
	return &s->w[MINE].map.slots[i];
}

static int setup(void **state)
{
	need_gateway(state);
	return 0;
}

static void both_ways(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	struct base_addr upstream, from;
	struct lab lab;
	struct tape t;

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	assert_int_equal(slot->transport, RING_TRANSPORT_UDP);
	assert_addr(&slot->client, &p.client);
	assert_addr(&slot->server, &p.server);
	assert_addr(&slot->upstream, &upstream);
	send_to(p.s, &upstream, "answer");
	(void)steps_settle(s);
	from = hear_from(p.c, "answer");
	assert_addr(&from, &p.server);
	send_to(p.c, &p.server, "");
	send_to(p.c, &p.server, "second");
	(void)steps_settle(s);
	from = hear_from(p.s, "");
	assert_addr(&from, &upstream);
	from = hear_from(p.s, "second");
	assert_addr(&from, &upstream);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_in, 11);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_out, 11);
	assert_int_equal(slot->dir[RING_SERVER].bytes_in, 6);
	assert_int_equal(slot->dir[RING_SERVER].bytes_out, 6);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 1);
	assert_int_equal(steps_count(s, MINE, STAT_CLIENT_BYTES), 11);
	/* each datagram is an entry; the empty one is none */
	lab.map = s->w[MINE].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "first");
	next_bytes(&t, RING_SERVER, 0, "answer");
	next_bytes(&t, RING_CLIENT, 5, "second");
	end_of_tape(&t);
	free_peers(&p);
	steps_free(s);
}

/* The ones that came before the flow had its sockets. */
static void a_burst_is_one_flow(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr from[3];

	(void)state;
	send_first(s, MINE, p.c, "one");
	send_first(s, MINE, p.c, "two");
	(void)steps_settle(s);
	from[0] = hear_from(p.s, "one");
	from[1] = hear_from(p.s, "two");
	send_first(s, MINE, p.c, "late");
	(void)steps_settle(s);
	from[2] = hear_from(p.s, "late");
	assert_addr(&from[1], &from[0]);
	assert_addr(&from[2], &from[0]);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 1);
	free_peers(&p);
	steps_free(s);
}

/* Two ports of two clients at two servers: eight flows. */
static void flows_do_not_mix(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p[2] = { new_peers(s, 2), new_peers(s, 3) };
	struct base_addr addr[4], up[2][4];
	int c[4] = { p[0].c, p[1].c, udp_socket(2, &addr[2]),
		     udp_socket(3, &addr[3]) };

	(void)state;
	for (int i = 0; i < 2; i++) {
		lead_to(s, &p[i].server);
		for (int j = 0; j < 4; j++)
			up[i][j] = open_flow(s, MINE, c[j], &p[i]);
	}
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 8);
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 4; j++) {
			char text[8];
			struct base_addr from;

			(void)snprintf(text, sizeof(text), "%d to %d", i, j);
			send_to(p[i].s, &up[i][j], text);
			(void)steps_settle(s);
			from = hear_from(c[j], text);
			assert_addr(&from, &p[i].server);
		}
	}
	for (int j = 0; j < 4; j++)
		hear_nothing(c[j]);
	assert_int_equal(close(c[2]), 0);
	assert_int_equal(close(c[3]), 0);
	free_peers(&p[0]);
	free_peers(&p[1]);
	steps_free(s);
}

/* One client's port at so many servers that some of them share a chain. */
static void one_port_at_many_servers(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct base_addr client, servers[N_SLOTS];
	const int c = udp_socket(2, &client);
	int fds[N_SLOTS];

	(void)state;
	for (int i = 0; i < N_SLOTS; i++) {
		fds[i] = udp_socket(1, &servers[i]);
		lead_to(s, &servers[i]);
		send_first(s, MINE, c, "first");
		(void)steps_settle(s);
		(void)hear_from(fds[i], "first");
	}
	for (int i = 0; i < N_SLOTS; i++) {
		lead_to(s, &servers[i]);
		send_first(s, MINE, c, "late");
		(void)steps_settle(s);
		(void)hear_from(fds[i], "late");
	}
	for (int i = 0; i < N_SLOTS; i++)
		hear_nothing(fds[i]);
	/* one leaves its chain, the others are found in theirs */
	for (unsigned i = 0; i < N_SLOTS; i++) {
		worker_flow_stop(s->w[MINE].worker, i, RING_CLOSE_OPERATOR);
		(void)steps_settle(s);
		for (unsigned j = i + 1; j < N_SLOTS; j++) {
			lead_to(s, &servers[j]);
			send_first(s, MINE, c, "later");
			(void)steps_settle(s);
			(void)hear_from(fds[j], "later");
		}
		assert_int_equal(close(fds[i]), 0);
	}
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), N_SLOTS);
	assert_int_equal(close(c), 0);
	steps_free(s);
}

/* Of all workers together; those who have a flow keep it. */
static void at_max_udp_flows_one_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr[3];
	int c[3], tcp, server;

	(void)state;
	s->conf->max_udp_flows = 2;
	for (int i = 0; i < 3; i++)
		c[i] = udp_socket(2, &addr[i]);
	(void)open_flow(s, 0, c[0], &p);
	(void)open_flow(s, 1, c[1], &p);
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		send_first(s, i, c[2], "dropped");
		(void)steps_settle(s);
		assert_int_equal(steps_count(s, i, STAT_UDP_LIMIT), 1);
		assert_int_equal(steps_count(s, i, STAT_ACCEPT_PAUSES), 0);
	}
	hear_nothing(p.s);
	assert_int_equal(ring_shared_flows(s->shared), 2);
	send_to(c[0], &p.server, "goes on");
	tcp = steps_client(s, MINE, 2, 0);
	say(tcp, "tcp");
	server = steps_server(s, "tcp");
	(void)hear_from(p.s, "goes on");
	/* one ends, one may come */
	worker_flow_stop(s->w[1].worker, 0, RING_CLOSE_OPERATOR);
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_OPERATOR), 1);
	(void)open_flow(s, 0, c[2], &p); /* whichever worker gets it */
	assert_int_equal(close(tcp), 0);
	assert_int_equal(close(server), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(c[i]), 0);
	free_peers(&p);
	steps_free(s);
}

static void other_limits_hold_too(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr;
	int c;

	(void)state;
	s->conf->max_flows_per_client = 1;
	(void)open_flow(s, MINE, p.c, &p);
	c = udp_socket(2, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	assert_int_equal(close(c), 0);
	c = udp_socket(3, &addr);
	(void)open_flow(s, MINE, c, &p); /* another network */
	s->conf->max_flows_per_client = 0;
	s->conf->max_flows = 2;
	send_first(s, MINE, c, "first"); /* a flow that is there */
	assert_int_equal(close(c), 0);
	c = udp_socket(4, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	(void)hear_from(p.s, "first");
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 2);
	/* what a limit refused is no flow, and leaves no count */
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 2);
	assert_int_equal(ring_shared_flows(s->shared), 2);
	s->conf->max_flows = s->conf->max_udp_flows = 3;
	(void)open_flow(s, 1, c, &p);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

/* udp_timeout after the last datagram of either side; the next one is a new
 * flow. A sweep comes once a second. */
static void silence_ends_it(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr upstream, second;

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	(void)steps_pass_ms(s, 9000);
	send_to(p.s, &upstream, "here");
	(void)steps_pass_ms(s, 9000);
	(void)hear_from(p.c, "here");
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	send_to(p.c, &p.server, "there");
	(void)steps_pass_ms(s, 9999);
	(void)hear_from(p.s, "there");
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_FREE);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	second = open_flow(s, MINE, p.c, &p);
	assert_false(base_addr_equal(&second, &upstream));
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 2);
	free_peers(&p);
	steps_free(s);
}

/* Half a minute after the client's last datagram, as the kernel's connection
 * tracking has it, or udp_timeout, if that is shorter. The server's first one
 * makes it udp_timeout for good. */
static void who_is_never_answered_is_soon_over(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	struct base_addr upstream;

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	(void)open_flow(s, MINE, p.c, &p);
	steps_jump_ms(s, 20000);
	send_to(p.c, &p.server, "again");
	(void)steps_settle(s);
	(void)hear_from(p.s, "again");
	steps_jump_ms(s, 29999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	upstream = open_flow(s, MINE, p.c, &p);
	send_to(p.s, &upstream, "answer");
	(void)steps_settle(s);
	(void)hear_from(p.c, "answer");
	steps_jump_ms(s, 299999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	s->conf->udp_timeout_ms = 7000;
	(void)open_flow(s, MINE, p.c, &p);
	steps_jump_ms(s, 6999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	free_peers(&p);
	steps_free(s);
}

/* That nobody is there is no answer: the client may be as false as before. */
static void a_refusal_is_no_answer(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	assert_int_equal(close(p.s), 0);
	send_first(s, MINE, p.c, "lost");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	steps_jump_ms(s, 30000 + WORKER_SWEEP_MS);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_FREE);
	assert_int_equal(close(p.c), 0);
	steps_free(s);
}

/* The clients' N first datagrams, a second apart. */
static void open_flows(struct steps *s, const struct peers *p, const int *c,
		       unsigned n, struct base_addr *upstream)
{
	for (unsigned i = 0; i < n; i++) {
		upstream[i] = open_flow(s, MINE, c[i], p);
		steps_jump_ms(s, 1000);
	}
}

/* At max_udp_flows: the one whose client is silent for longest, once its server
 * had two seconds, and none that was answered. */
static void at_the_cap_an_unanswered_one_gives_way(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr, up[3];
	int c[6];

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	s->conf->max_udp_flows = 3;
	for (int i = 0; i < 6; i++)
		c[i] = udp_socket(2, &addr);
	open_flows(s, &p, c, 3, up);
	send_to(p.s, &up[0], "answer");
	(void)steps_settle(s);
	(void)hear_from(c[0], "answer");
	for (int i = 0; i < 2; i++) {
		send_to(c[i], &p.server, "again");
		(void)steps_settle(s);
		(void)hear_from(p.s, "again");
	}
	/* flow 2 is 1 s old, flow 1 was heard just now */
	steps_jump_ms(s, 999);
	send_first(s, MINE, c[3], "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	steps_jump_ms(s, 1);
	(void)open_flow(s, MINE, c[3], &p);
	assert_int_equal(slot_of(s, 2)->state, RING_STATE_FREE);
	assert_int_equal(slot_of(s, 1)->state, RING_STATE_OPEN);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	assert_int_equal(ring_shared_flows(s->shared), 3);
	/* an answer that waits to be passed on when a new one comes */
	steps_jump_ms(s, 5000);
	send_first(s, MINE, c[4], "dropped");
	send_to(p.s, &up[1], "late");
	steps_arrive(s);
	worker_clock(s->w[MINE].worker);
	worker_udp_listen(&s->w[MINE].worker->listeners[STEPS_WORKERS + MINE],
			  1);
	(void)steps_settle(s);
	(void)hear_from(c[1], "late");
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 2);
	/* flow 3, then nobody is left who would */
	(void)open_flow(s, MINE, c[4], &p);
	send_first(s, MINE, c[5], "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 3);
	for (int i = 0; i < 2; i++) {
		send_to(p.s, &up[i], "on");
		(void)steps_settle(s);
		(void)hear_from(c[i], "on");
	}
	for (int i = 0; i < 6; i++)
		assert_int_equal(close(c[i]), 0);
	free_peers(&p);
	steps_free(s);
}

/* What the network says of a datagram ends nothing; the vendor comes back. */
static void a_refusal_is_no_end(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr upstream, again;
	const struct sockaddr_in in = in_of(&p.server);

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	assert_int_equal(close(p.s), 0);
	send_first(s, MINE, p.c, "lost");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	p.s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(share(p.s), 0);
	assert_int_equal(bind(p.s, (const struct sockaddr *)&in, sizeof(in)),
			 0);
	send_first(s, MINE, p.c, "heard");
	(void)steps_settle(s);
	again = hear_from(p.s, "heard");
	assert_addr(&again, &upstream);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* The refusal is not heard of before the next datagram comes: that one is sent
 * all the same. */
static void a_pending_refusal_drops_nothing(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct sockaddr_in in = in_of(&p.server);
	const struct ring_slot *slot = slot_of(s, 0);

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	assert_int_equal(close(p.s), 0);
	/* on the loopback the error is there when the call returns */
	assert_int_equal(send(slot->fd[RING_SERVER], "lost", 4, 0), 4);
	p.s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(share(p.s), 0);
	assert_int_equal(bind(p.s, (const struct sockaddr *)&in, sizeof(in)),
			 0);
	worker_clock(s->w[MINE].worker);
	send_to(p.c, &p.server, "heard");
	worker_udp_ready(s->w[MINE].worker, 0, RING_CLIENT, EPOLLIN);
	(void)hear_from(p.s, "heard");
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* What came in before the socket was connected, from elsewhere (here the note
 * of the client is changed in place of that): no error of the network. */
static void what_is_of_another_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct ring_slot *slot = &s->w[MINE].map.slots[0];

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	send_to(p.c, &p.server, "astray");
	slot->client.port ^= 1;
	(void)steps_settle(s);
	slot->client.port ^= 1;
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 0);
	free_peers(&p);
	steps_free(s);
}

/* A rule of the host's firewall that takes what we send. */
static void what_cannot_be_sent_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	char script[160];

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	(void)snprintf(script, sizeof(script),
		       "nft 'add table inet no; add chain inet no out { type "
		       "filter hook output priority 0; }; add rule inet no out "
		       "meta mark 0x10000 udp dport %u drop'",
		       (unsigned)p.server.port);
	run_script(script);
	send_to(p.c, &p.server, "dropped");
	(void)steps_settle(s);
	run_script("nft delete table inet no");
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_in, 12);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_out, 5);
	send_to(p.c, &p.server, "sent");
	(void)steps_settle(s);
	(void)hear_from(p.s, "sent");
	free_peers(&p);
	steps_free(s);
}

#define LONG 60000UL

/*
 * UDP does not wait: all of them arrive at once. What is not in the ring is
 * counted. An entry with its header of 64 bytes is 60,096 bytes long, OPEN 320,
 * the first one 128. The ring of 1 MiB keeps 64 KiB free for hints, so the 16th
 * begins at 901,888 and fits, and the 17th does not.
 */
static void a_full_ring_holds_nothing_up(void **state)
{
	static const uint8_t bytes[LONG];
	static uint8_t buf[LONG];
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	const struct sockaddr_in in = in_of(&p.server);
	uint64_t seen = 0;
	struct lab lab;
	struct tape t;

	(void)state;
	s->conf->rules[0].when_full = CONF_WHEN_FULL_WAIT;
	(void)open_flow(s, MINE, p.c, &p);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(sendto(p.c, bytes, LONG, 0,
					(const struct sockaddr *)&in,
					sizeof(in)),
				 LONG);
		(void)steps_settle(s);
		assert_int_equal(recv(p.s, buf, LONG, MSG_DONTWAIT), LONG);
	}
	lab.map = s->w[MINE].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "first");
	while (ring_reader_next(&t.reader, &t.e, &t.payload) == 1) {
		assert_int_equal(t.e.type, RING_ENTRY_DATA);
		assert_int_equal(t.e.len, LONG);
		seen += t.e.len;
	}
	ring_map_unview(&t.reader.map);
	assert_int_equal(seen, 16 * LONG);
	assert_int_equal(slot->dir[RING_CLIENT].unobserved, 20 * LONG - seen);
	assert_int_equal(steps_count(s, MINE, STAT_UNOBSERVED_BYTES),
			 20 * LONG - seen);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* One socket's turn is WORKER_UDP_BATCH datagrams. */
static void a_loud_one_lets_others_in(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	int n = 0;
	char byte;

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	for (int i = 0; i < 2 * WORKER_UDP_BATCH; i++)
		send_to(p.c, &p.server, "x");
	(void)steps_one(s, MINE);
	while (recv(p.s, &byte, 1, MSG_DONTWAIT) == 1)
		n++;
	assert_int_equal(n, WORKER_UDP_BATCH);
	free_peers(&p);
	steps_free(s);
}

/* Two that read from one listener could both begin the flow: only the dead are
 * helped. */
static void lent_for_the_dead_only(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	(void)ring_shared_set_full(s->shared, 1, true);
	steps_say(s, MINE, ROLE_LEND);
	send_first(s, 1, p.c, "a");
	(void)steps_one(s, MINE);
	hear_nothing(p.s);
	(void)steps_settle(s); /* its own worker's */
	(void)hear_from(p.s, "a");
	(void)ring_shared_set_full(s->shared, 1, false);
	assert_int_equal(steps_count(s, MINE, STAT_LENT), 0);

	steps_kill(s, 1);
	ring_shared_set_dead(s->shared, 1, true);
	assert_int_equal(role_channel_say(s->w[MINE].channel, ROLE_LEND), 0);
	while (steps_one(s, MINE))
		continue;
	send_first(s, 1, p.c, "b");
	while (steps_one(s, MINE))
		continue;
	(void)hear_from(p.s, "b");
	assert_int_equal(steps_count(s, MINE, STAT_LENT), 1);
	ring_shared_set_dead(s->shared, 1, false);
	steps_start(s, 1);
	/* the books of the one that died */
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_DIED), 1);
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_CLOSED), 1);
	assert_int_equal(ring_shared_flows(s->shared), 1);
	free_peers(&p);
	steps_free(s);
}

/* No slot is free, so TCP connections wait in the backlog: datagrams of flows
 * that are there do not. */
static void the_pause_of_tcp_is_not_theirs(void **state)
{
	struct steps *s = steps_new(1);
	struct peers p = new_peers(s, 2);
	struct base_addr addr;
	int c, tcp;

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	tcp = steps_client(s, MINE, 2, 0);
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_ACCEPT_PAUSES), 1);
	send_first(s, MINE, p.c, "goes on");
	(void)steps_settle(s);
	(void)hear_from(p.s, "goes on");
	/* a new one would need a slot */
	c = udp_socket(3, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	assert_int_equal(close(c), 0);
	assert_int_equal(close(tcp), 0);
	free_peers(&p);
	steps_free(s);
}

/* What has come is passed on before the end; a drain takes what the listeners
 * hold. */
static void a_stop_passes_on(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr, upstream;
	const int c = udp_socket(3, &addr);

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	send_first(s, MINE, c, "drained");
	worker_accept_drain(s->w[MINE].worker);
	(void)hear_from(p.s, "drained");
	send_to(p.c, &p.server, "last");
	send_to(p.s, &upstream, "to you, too");
	worker_flow_stop(s->w[MINE].worker, 0, RING_CLOSE_STOPPED);
	(void)hear_from(p.s, "last");
	(void)hear_from(p.c, "to you, too");
	steps_say(s, 1, ROLE_DRAIN);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

/* Whom no rule names is not taken: from a reload on the kernel hands over none,
 * but a few may be on their way. */
static void without_a_rule_one_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	s->conf->listen.family = 0; /* interception: rules are looked at */
	s->conf->rules[0].transport = CONF_TRANSPORT_TCP;
	s->conf->rules[0].local = CONF_YES;
	s->conf->rules[0].to.n = s->conf->n_dests = 1;
	assert_true(base_net_parse(&s->conf->dests[0].net, "127.0.0.0/8"));
	s->conf->dests[0].port_first = 1;
	s->conf->dests[0].port_last = 65535;
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_NO_RULE), 1);
	s->conf->rules[0].transport = CONF_TRANSPORT_UDP;
	(void)open_flow(s, MINE, p.c, &p);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_NO_RULE), 1);
	free_peers(&p);
	steps_free(s);
}

/* Nor who wants to reach the listener itself, or a server whose port a program
 * of this host has on all addresses. */
static void who_cannot_be_served_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr server = p.server;
	const struct sockaddr_in any = { .sin_family = AF_INET };
	const int own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	server.port = 0; /* steps_datagram() */
	lead_to(s, &server);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_SELF), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	assert_int_equal(bind(own, (const struct sockaddr *)&any, sizeof(any)),
			 0);
	server.port = name_of(own).port;
	lead_to(s, &server);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	hear_nothing(own);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_SELF), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 0);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	assert_int_equal(close(own), 0);
	free_peers(&p);
	steps_free(s);
}

/* auto: what the shared word says when the flow begins. */
static void whom_the_server_sees(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr seen, addr;
	const int c = udp_socket(2, &addr);

	(void)state;
	s->conf->rules[0].source = CONF_SOURCE_AUTO;
	ring_shared_set_source(s->shared, CONF_SOURCE_GATEWAY);
	seen = open_flow(s, MINE, p.c, &p);
	assert_int_equal(seen.ip[15], 1);
	ring_shared_set_source(s->shared, CONF_SOURCE_CLIENT);
	seen = open_flow(s, MINE, c, &p);
	assert_int_equal(seen.ip[15], 2);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_ways),
		CASE(a_burst_is_one_flow),
		CASE(flows_do_not_mix),
		CASE(one_port_at_many_servers),
		CASE(at_max_udp_flows_one_is_dropped),
		CASE(other_limits_hold_too),
		CASE(silence_ends_it),
		CASE(who_is_never_answered_is_soon_over),
		CASE(a_refusal_is_no_answer),
		CASE(at_the_cap_an_unanswered_one_gives_way),
		CASE(a_refusal_is_no_end),
		CASE(a_pending_refusal_drops_nothing),
		CASE(what_is_of_another_is_dropped),
		CASE(what_cannot_be_sent_is_dropped),
		CASE(a_full_ring_holds_nothing_up),
		CASE(a_loud_one_lets_others_in),
		CASE(lent_for_the_dead_only),
		CASE(the_pause_of_tcp_is_not_theirs),
		CASE(a_stop_passes_on),
		CASE(without_a_rule_one_is_dropped),
		CASE(who_cannot_be_served_is_dropped),
		CASE(whom_the_server_sees),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
