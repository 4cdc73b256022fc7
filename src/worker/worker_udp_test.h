/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_udp_test.h - clients and servers of UDP flows
 *
 * All addresses are loopback's. A first datagram goes to a listener, as the
 * rules would have it; later ones go to the server's address, where the flow's
 * own socket, which is connected, comes before the server's.
 */
#ifndef WORKER_UDP_TEST_H
#define WORKER_UDP_TEST_H

#include "worker_steps_test.h"

#define N_SLOTS 8
#define MINE    0 /* the worker that most cases are about */

static inline struct sockaddr_in in_of(const struct base_addr *a)
{
	struct sockaddr_storage ss;
	struct sockaddr_in in;

	assert_int_equal(base_addr_to_sockaddr(a, &ss), sizeof(in));
	memcpy(&in, &ss, sizeof(in));
	return in;
}

/* The server's port, with the flows' sockets. */
static inline int share(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

/* A datagram socket of the test at 127.0.0.`host`. It shares its port only when
 * it has one: of those that share theirs the kernel gives one port to two by
 * chance.
 */
static inline int udp_socket(unsigned host, struct base_addr *addr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval limit = { .tv_sec = LIMIT_S };
	struct sockaddr_in in = loopback(0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
		0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(share(fd), 0);
	*addr = name_of(fd);
	return fd;
}

/* A server, and a client's socket. */
struct peers {
	struct base_addr server, client;
	int s, c;
};

static inline void send_to(int fd, const struct base_addr *to, const char *text)
{
	const struct sockaddr_in in = in_of(to);

	assert_int_equal(sendto(fd, text, strlen(text), 0,
				(const struct sockaddr *)&in, sizeof(in)),
			 strlen(text));
}

/* Return: who said it. */
static inline struct base_addr hear_from(int fd, const char *text)
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

static inline void hear_nothing(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The UDP listeners of all workers lead to this server. */
static inline void lead_to(struct steps *s, const struct base_addr *server)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		for (unsigned j = STEPS_WORKERS; j < STEPS_SOCKETS; j++)
			s->w[i].sockets[j].listener.remote = *server;
	}
}

static inline struct peers new_peers(struct steps *s, unsigned host)
{
	struct peers p;

	p.s = udp_socket(1, &p.server);
	p.c = udp_socket(host, &p.client);
	lead_to(s, &p.server);
	return p;
}

static inline void free_peers(struct peers *p)
{
	assert_int_equal(close(p->s), 0);
	assert_int_equal(close(p->c), 0);
}

static inline void send_first(const struct steps *s, unsigned worker, int fd,
			      const char *text)
{
	const struct base_addr at =
		s->w[0].sockets[STEPS_WORKERS + worker].listener.addr;

	send_to(fd, &at, text);
}

/* The client's first datagram has come to the server. Return: our address
 * there. */
static inline struct base_addr open_flow(struct steps *s, unsigned worker,
					 int client, const struct peers *p)
{
	send_first(s, worker, client, "first");
	(void)steps_settle(s);
	return hear_from(p->s, "first");
}

static const struct ring_slot *slot_of(const struct steps *s, unsigned i)
{
	return &s->w[MINE].map.slots[i];
}

static inline int setup(void **state)
{
	need_gateway(state);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

#endif
