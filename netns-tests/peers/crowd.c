/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd.c - many connections in one process */
#include "crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_time.h"
#include "crowd_message.h"

#define CHUNK_LEN 8192
/* Of one connection before the next has its turn: no one starves another. */
#define TURN_CHUNKS 4
#define LOOK_MS     5 /* how often a condition outside is looked at */

static uint64_t token_of(const struct crowd *c, const struct crowd_conn *conn)
{
	return LOOP_FLOW_BIT | (uint64_t)(conn->serial & 0x7fffffff) << 32 |
	       (uint64_t)(conn - c->conns);
}

/* How many bytes it may send now: its budget's, and no more than a window
 * ahead of the echo. The loud one has none. */
static uint64_t may_send(const struct crowd *c, const struct crowd_conn *conn)
{
	const uint64_t window = (uint64_t)c->o->window * c->o->message;
	uint64_t until = conn->budget;

	if (conn != c->loud && until > conn->received + window)
		until = conn->received + window;
	return until > conn->sent ? until - conn->sent : 0;
}

static void end(struct crowd *c, struct crowd_conn *conn, uint64_t *count)
{
	*count += 1;
	loop_flow_remove(&c->loop, conn->fd);
	base_fd_close(&conn->fd);
	conn->state = CROWD_ENDED;
}

static void broke(struct crowd *c, struct crowd_conn *conn, int error)
{
	if (error == -ECONNRESET || error == -EPIPE)
		end(c, conn, &c->n.rst);
	else
		c->error = error;
}

static void set_interest(struct crowd *c, struct crowd_conn *conn)
{
	const bool sends = conn->state == CROWD_CONNECTING ||
			   may_send(c, conn) > 0;
	const uint32_t want = EPOLLIN | (sends ? EPOLLOUT : 0);
	int r;

	if (want == conn->interest)
		return;
	r = loop_flow_set(&c->loop, conn->fd, token_of(c, conn), want);
	if (r)
		c->error = r;
	conn->interest = want;
}

static void send_some(struct crowd *c, struct crowd_conn *conn)
{
	for (int i = 0; i < TURN_CHUNKS; i++) {
		const uint64_t left = may_send(c, conn);
		const size_t n = left < CHUNK_LEN ? (size_t)left : CHUNK_LEN;
		uint8_t buf[CHUNK_LEN];
		ssize_t done;

		if (!n)
			return;
		crowd_message_fill(buf, n, conn->device, c->o->message,
				   conn->sent);
		done = send(conn->fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done < 0) {
			if (errno != EAGAIN && errno != EINTR)
				broke(c, conn, -errno);
			return;
		}
		conn->sent += (uint64_t)done;
		c->n.bytes_out += (uint64_t)done;
	}
}

/* A quiet one got its answer: how much has the loud one moved meanwhile? */
static void note_loud(struct crowd *c, const struct crowd_conn *conn)
{
	uint64_t moved;

	if (!c->loud || conn == c->loud || !crowd_answered(conn))
		return;
	moved = (c->loud->received - conn->loud_at) / c->o->message;
	if (moved > c->n.loud_max)
		c->n.loud_max = moved;
}

/* Return: true = there may be more. */
static bool take(struct crowd *c, struct crowd_conn *conn)
{
	uint8_t buf[CHUNK_LEN];
	const ssize_t n = base_fd_recv(conn->fd, buf, sizeof(buf));
	const struct base_span got = { buf, n > 0 ? (size_t)n : 0 };

	if (n == 0)
		return false;
	if (n < 0) {
		if (n == -ESHUTDOWN)
			end(c, conn, conn->shut ? &c->n.closed : &c->n.fin);
		else
			broke(c, conn, (int)n);
		return false;
	}
	c->n.bytes_in += got.len;
	if (conn->received + got.len > conn->sent ||
	    !crowd_message_is(got, conn->device, c->o->message,
			      conn->received)) {
		end(c, conn, &c->n.bad);
		return false;
	}
	conn->received += got.len;
	note_loud(c, conn);
	return true;
}

static void connected(struct crowd *c, struct crowd_conn *conn)
{
	const int on = 1;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error) {
		end(c, conn, &c->n.refused);
		return;
	}
	if (setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		c->error = -errno;
	conn->state = CROWD_OPEN;
	c->n.established++;
}

static void ready(void *owner, uint64_t token, uint32_t events)
{
	struct crowd *c = owner;
	struct crowd_conn *conn = &c->conns[(uint32_t)token];

	if (conn->state == CROWD_ENDED || token != token_of(c, conn))
		return;
	if (conn->state == CROWD_CONNECTING)
		connected(c, conn);
	if (conn->state == CROWD_OPEN && (events & ~(uint32_t)EPOLLOUT)) {
		for (int i = 0; i < TURN_CHUNKS && take(c, conn); i++)
			;
	}
	if (conn->state == CROWD_OPEN)
		send_some(c, conn);
	if (conn->state == CROWD_OPEN)
		set_interest(c, conn);
}

static const struct loop_ops ops = { .flow_ready = ready };

int crowd_init(struct crowd *c, const struct peer_options *o)
{
	*c = (struct crowd){ .o = o,
			     .loop.epoll_fd = -1,
			     .deadline_ms = base_time_mono_ms() +
					    o->seconds * 1000ULL };
	c->conns = calloc(o->connections, sizeof(*c->conns));
	if (!c->conns)
		return -ENOMEM;
	for (unsigned i = 0; i < o->connections; i++)
		c->conns[i].fd = -1;
	return loop_init(&c->loop, &ops, c);
}

void crowd_done(struct crowd *c)
{
	for (unsigned i = 0; c->conns && i < c->o->connections; i++)
		base_fd_close(&c->conns[i].fd);
	free(c->conns);
	loop_done(&c->loop);
}

static int start(struct crowd *c, struct crowd_conn *conn)
{
	struct base_addr source = c->o->bind;
	struct sockaddr_storage ss;
	socklen_t len;

	conn->fd = socket(c->o->addr.family,
			  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return -errno;
	if (source.family) {
		const int on = 1;

		source.port = 0;
		len = base_addr_to_sockaddr(&source, &ss);
		/* the port is chosen by connect(), so each of our addresses
		 * has them all; ip(7) */
		if (setsockopt(conn->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
			       &on, sizeof(on)) ||
		    bind(conn->fd, (struct sockaddr *)&ss, len))
			return -errno;
	}
	len = base_addr_to_sockaddr(&c->o->addr, &ss);
	if (connect(conn->fd, (struct sockaddr *)&ss, len) &&
	    errno != EINPROGRESS)
		return -errno;
	return loop_flow_add(&c->loop, conn->fd, token_of(c, conn),
			     conn->interest);
}

void crowd_connect(struct crowd *c, struct crowd_conn *conn)
{
	const uint32_t serial = conn->serial + 1;
	int r;

	*conn = (struct crowd_conn){
		.fd = -1,
		.state = CROWD_CONNECTING,
		.device = c->o->device + c->devices++,
		.serial = serial,
		.interest = EPOLLIN | EPOLLOUT,
	};
	r = start(c, conn);
	if (r)
		c->error = r;
}

void crowd_go(struct crowd *c, struct crowd_conn *conn)
{
	if (c->loud)
		conn->loud_at = c->loud->received;
	if (conn->state == CROWD_OPEN)
		set_interest(c, conn);
}

void crowd_shut(struct crowd *c, struct crowd_conn *conn)
{
	if (conn->state != CROWD_OPEN || conn->shut)
		return;
	conn->shut = true;
	if (shutdown(conn->fd, SHUT_WR))
		broke(c, conn, errno == ENOTCONN ? -ECONNRESET : -errno);
}

int crowd_until(struct crowd *c, bool (*done)(struct crowd *c, const void *arg),
		const void *arg)
{
	while (!done(c, arg)) {
		const int n = loop_step(&c->loop, LOOK_MS);

		if (n < 0 || c->error)
			return n < 0 ? n : c->error;
		if (base_time_mono_ms() >= c->deadline_ms)
			return -ETIMEDOUT;
	}
	return 0;
}

void crowd_report(const struct crowd *c, bool ok)
{
	uint64_t answered = 0;

	for (unsigned i = 0; i < c->o->connections; i++)
		answered += crowd_answered(&c->conns[i]);
	printf("peer=crowd connections=%" PRIu32 " established=%" PRIu64
	       " refused=%" PRIu64 " fin=%" PRIu64 " rst=%" PRIu64
	       " closed=%" PRIu64 " answered=%" PRIu64 " bytes_out=%" PRIu64
	       " bytes_in=%" PRIu64 " bad=%" PRIu64 " loud_max=%" PRIu64
	       " result=%s\n",
	       c->devices, c->n.established, c->n.refused, c->n.fin, c->n.rst,
	       c->n.closed, answered, c->n.bytes_out, c->n.bytes_in, c->n.bad,
	       c->n.loud_max, ok ? "ok" : "failed");
	(void)fflush(stdout);
}
