/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd_server.c - accepts a crowd and sends back what comes
 *
 * crowd_server [-t SECONDS] ADDR:PORT
 * Prints "ready ADDR:PORT" when it listens. After SIGTERM, or at its deadline,
 * it closes everything and reports:
 *   peer=server accepted=N open=N most=N fin=N rst=N bytes_in=N bytes_out=N
 * open: connections that had not ended yet; most: open ones at one time.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_time.h"
#include "loop.h"
#include "peer.h"

#define CHUNK_LEN   8192
#define CONNS_MAX   20000
#define TURN_CHUNKS 4 /* of one connection before the next has its turn */

/* Indexed by its descriptor. */
struct echo {
	bool open;
	bool ended;   /* its FIN was read */
	size_t len;   /* bytes still to be sent back */
	uint8_t *buf; /* heap, CHUNK_LEN; NULL while len is 0 */
};

struct server {
	struct loop loop;
	struct loop_watch listener;
	struct loop_watch signals;
	struct loop_timer deadline;
	struct echo *echoes; /* CONNS_MAX */
	uint64_t accepted, open, most, fin, rst, bytes_in, bytes_out;
};

static void end(struct server *s, int fd, uint64_t *count)
{
	struct echo *e = &s->echoes[fd];

	*count += 1;
	s->open--;
	free(e->buf);
	*e = (struct echo){ .open = false };
	loop_flow_remove(&s->loop, fd);
	(void)close(fd); /* what it had to get is acknowledged or lost */
}

/* Return: bytes sent, 0 = none now, or -errno. */
static ssize_t send_some(struct server *s, int fd, const uint8_t *buf,
			 size_t len)
{
	const ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	s->bytes_out += (uint64_t)n;
	return n;
}

/* Keeps what could not be sent. Return: 0 or -errno. */
static int keep(struct server *s, int fd, const uint8_t *rest, size_t len)
{
	struct echo *e = &s->echoes[fd];

	if (!e->buf)
		e->buf = malloc(CHUNK_LEN);
	if (!e->buf)
		return -ENOMEM;
	memmove(e->buf, rest, len);
	e->len = len;
	return loop_flow_set(&s->loop, fd, LOOP_FLOW_BIT | (uint64_t)fd,
			     EPOLLOUT);
}

/* Sends on what is left. Return: 0 or -errno. */
static int send_rest(struct server *s, int fd)
{
	struct echo *e = &s->echoes[fd];
	ssize_t n;

	assert(e->buf); /* as there is something left */
	n = send_some(s, fd, e->buf, e->len);
	if (n < 0)
		return (int)n;
	if ((size_t)n < e->len)
		return n ? keep(s, fd, e->buf + n, e->len - (size_t)n) : 0;
	free(e->buf);
	e->buf = NULL;
	e->len = 0;
	return loop_flow_set(&s->loop, fd, LOOP_FLOW_BIT | (uint64_t)fd,
			     EPOLLIN);
}

/* Return: 1 = there may be more, 0, or -errno; -ESHUTDOWN at the end. */
static int echo_some(struct server *s, int fd)
{
	uint8_t buf[CHUNK_LEN];
	const ssize_t n = base_fd_recv(fd, buf, sizeof(buf));
	ssize_t sent;

	if (n <= 0)
		return (int)n;
	s->bytes_in += (uint64_t)n;
	sent = send_some(s, fd, buf, (size_t)n);
	if (sent == n)
		return 1;
	return sent < 0 ? (int)sent
			: keep(s, fd, buf + sent, (size_t)(n - sent));
}

static void ready(void *owner, uint64_t token, uint32_t events)
{
	struct server *s = owner;
	const int fd = (int)(uint32_t)token;
	int r = 1;

	(void)events;
	if (!s->echoes[fd].open)
		return;
	if (s->echoes[fd].len)
		r = send_rest(s, fd);
	else
		for (int i = 0; i < TURN_CHUNKS && r > 0; i++)
			r = echo_some(s, fd);
	if (r < 0)
		end(s, fd, r == -ESHUTDOWN ? &s->fin : &s->rst);
}

static const struct loop_ops ops = { .flow_ready = ready };

static void came(struct loop_watch *watch, uint32_t events)
{
	struct server *s = WS_CONTAINER(watch, struct server, listener);
	const int on = 1;

	(void)events;
	for (int i = 0; i < LOOP_BATCH; i++) {
		const int fd = peer_accept(watch->fd);

		if (fd < 0)
			return;
		if (fd >= CONNS_MAX ||
		    loop_flow_add(&s->loop, fd, LOOP_FLOW_BIT | (uint64_t)fd,
				  EPOLLIN)) {
			(void)close(fd); /* nothing was written to it */
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		s->echoes[fd] = (struct echo){ .open = true };
		s->accepted++;
		s->open++;
		if (s->open > s->most)
			s->most = s->open;
	}
}

static void told(struct loop_watch *watch, uint32_t events)
{
	(void)events;
	loop_stop(&WS_CONTAINER(watch, struct server, signals)->loop);
}

static void expired(struct loop_timer *t, uint64_t now_ms)
{
	(void)now_ms;
	loop_stop(&WS_CONTAINER(t, struct server, deadline)->loop);
}

static int watch_signals(struct server *s)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	s->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals.fd < 0)
		return -errno;
	s->signals.ready = told;
	return loop_watch_add(&s->loop, &s->signals, EPOLLIN);
}

static int prepare(struct server *s, struct peer_options *o)
{
	int r = loop_init(&s->loop, &ops, s);

	s->echoes = calloc(CONNS_MAX, sizeof(*s->echoes));
	if (!s->echoes)
		return -ENOMEM;
	if (!r)
		r = watch_signals(s);
	if (r)
		return r;
	o->nonblocking = true;
	s->listener.fd = peer_listen(o);
	if (s->listener.fd < 0)
		return s->listener.fd;
	s->listener.ready = came;
	s->deadline.fire = expired;
	loop_timer_set(&s->loop, &s->deadline,
		       base_time_mono_ms() + o->seconds * 1000ULL);
	return loop_watch_add(&s->loop, &s->listener, EPOLLIN);
}

int main(int argc, char **argv)
{
	static struct server s;
	struct peer_options o;
	int r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	r = prepare(&s, &o);
	if (!r)
		r = loop_run(&s.loop);
	if (r)
		(void)fprintf(stderr, "server: %s\n", strerrordesc_np(-r));
	for (int fd = 0; s.echoes && fd < CONNS_MAX; fd++)
		free(s.echoes[fd].buf);
	free(s.echoes);
	printf("peer=server accepted=%" PRIu64 " open=%" PRIu64 " most=%" PRIu64
	       " fin=%" PRIu64 " rst=%" PRIu64 " bytes_in=%" PRIu64
	       " bytes_out=%" PRIu64 "\n",
	       s.accepted, s.open, s.most, s.fin, s.rst, s.bytes_in,
	       s.bytes_out);
	return r ? 1 : 0;
}
