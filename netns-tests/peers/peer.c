/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer.c - what both ends have in common: waiting, counting, reporting */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_time.h"

static const char *const end_names[] = {
	[PEER_END_NONE] = "none",
	[PEER_END_FIN] = "fin",
	[PEER_END_RST] = "rst",
	[PEER_END_TIMEOUT] = "timeout",
};

/* FNV-1a: offset basis and prime of the 64-bit form. */
#define SUM_BASIS 0xcbf29ce484222325ULL
#define SUM_PRIME 0x100000001b3ULL

static void sum_add(struct peer_sum *s, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->sum = (s->sum ^ bytes[i]) * SUM_PRIME;
	s->bytes += len;
}

static void saw_end(struct peer *p, enum peer_end end)
{
	if (p->end != PEER_END_NONE)
		return;
	p->end = end;
	p->ended_ms = base_time_mono_ms();
}

/* A failed I/O step: remembers a reset, gives the error on. */
static int io_failed(struct peer *p, int error)
{
	if (error == -ECONNRESET || error == -EPIPE)
		saw_end(p, PEER_END_RST);
	return error;
}

static bool parse_unsigned(const char *text, unsigned *out)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || v > INT32_MAX)
		return false;
	*out = (unsigned)v;
	return true;
}

static bool usage(const char *program)
{
	(void)fprintf(stderr,
		      "usage: %s [-t SECONDS] [-n CONNECTIONS] [-R RCVBUF] "
		      "[-m MESSAGE-LENGTH] [-w WINDOW] [-r RATE] "
		      "[-d FIRST-DEVICE] "
		      "[-b ADDR:PORT] ADDR:PORT STEP...\nsteps:\n",
		      program);
	peer_steps_print(stderr);
	return false;
}

/* Where the number of an option goes; NULL: it has none. */
static unsigned *number_of(struct peer_options *o, int option)
{
	switch (option) {
	case 't':
		return &o->seconds;
	case 'n':
		return &o->connections;
	case 'R':
		return &o->rcvbuf;
	case 'm':
		return &o->message;
	case 'w':
		return &o->window;
	case 'r':
		return &o->rate;
	case 'd':
		return &o->device;
	default:
		return NULL;
	}
}

bool peer_options_parse(struct peer_options *o, int argc, char **argv)
{
	int c;

	*o = (struct peer_options){
		.seconds = 580, .connections = 1, .message = 64, .window = 4
	};
	/* "+": the first word that is no option begins the script */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the program has one thread */
	while ((c = getopt(argc, argv, "+t:n:R:m:w:r:d:b:")) != -1) {
		unsigned *number = number_of(o, c);

		if (number ? !parse_unsigned(optarg, number)
			   : c != 'b' || !base_addr_parse(&o->bind, optarg))
			return usage(argv[0]);
	}
	if (optind >= argc || !base_addr_parse(&o->addr, argv[optind]))
		return usage(argv[0]);
	o->steps = argv + optind + 1;
	(void)alarm(o->seconds + PEER_ALARM_S);
	return true;
}

/* Asks the socket for both addresses. After a reset there may be none left:
 * then what is known stays. */
static void ask_addresses(struct peer *p)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr *sa = (struct sockaddr *)&ss;
	socklen_t len = sizeof(ss);

	if (getsockname(p->fd, sa, &len) == 0)
		(void)base_addr_from_sockaddr(&p->local, sa);
	len = sizeof(ss);
	if (getpeername(p->fd, sa, &len) == 0)
		(void)base_addr_from_sockaddr(&p->peer, sa);
}

int peer_init(struct peer *p, int fd, unsigned seconds)
{
	const int on = 1;

	*p = (struct peer){ .fd = fd,
			    .in.sum = SUM_BASIS,
			    .out.sum = SUM_BASIS,
			    .began_ms = base_time_mono_ms() };
	p->deadline_ms = p->began_ms + seconds * 1000ULL;
	ask_addresses(p);
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -errno;
	return 0;
}

void peer_done(struct peer *p)
{
	base_fd_close(&p->fd);
}

static int ms_left(const struct peer *p)
{
	const uint64_t now = base_time_mono_ms();

	return now < p->deadline_ms ? (int)(p->deadline_ms - now) : 0;
}

bool peer_expired(const struct peer *p)
{
	return !ms_left(p);
}

int peer_wait(struct peer *p, short events)
{
	struct pollfd pfd = { .fd = p->fd, .events = events };
	int n;

	do {
		n = poll(&pfd, 1, ms_left(p));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0) {
		saw_end(p, PEER_END_TIMEOUT);
		return -ETIMEDOUT;
	}
	return pfd.revents;
}

int peer_send(struct peer *p, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	size_t done = 0;

	while (done < len) {
		const ssize_t n = send(p->fd, b + done, len - done,
				       MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			sum_add(&p->out, b + done, (size_t)n);
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			const int r = peer_wait(p, POLLOUT);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return io_failed(p, -errno);
		}
	}
	return 0;
}

ssize_t peer_recv(struct peer *p, void *bytes, size_t len)
{
	for (;;) {
		const ssize_t n = base_fd_recv(p->fd, bytes, len);
		int r;

		if (n > 0) {
			sum_add(&p->in, bytes, (size_t)n);
			return n;
		}
		if (n == -ESHUTDOWN) {
			saw_end(p, PEER_END_FIN);
			return 0;
		}
		if (n < 0)
			return io_failed(p, (int)n);
		r = peer_wait(p, POLLIN);
		if (r < 0)
			return r;
	}
}

static int open_socket(const struct peer_options *o, int type)
{
	const int on = 1, size = (int)o->rcvbuf;
	const int fd = socket(o->addr.family, type | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (!size ||
	     !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size))))
		return fd;
	r = -errno;
	(void)close(fd); /* nothing was written to it */
	return r;
}

static int start_connect(struct peer *p, const struct peer_options *o)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (o->bind.family) {
		len = base_addr_to_sockaddr(&o->bind, &ss);
		if (bind(p->fd, (struct sockaddr *)&ss, len))
			return -errno;
	}
	len = base_addr_to_sockaddr(&o->addr, &ss);
	if (connect(p->fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return -errno;
	return 0;
}

int peer_connect(struct peer *p, const struct peer_options *o)
{
	const int fd = open_socket(o, SOCK_STREAM | SOCK_NONBLOCK);
	int error = 0, r = peer_init(p, fd, o->seconds);
	socklen_t len = sizeof(error);

	p->peer = o->addr;
	if (fd < 0)
		return fd;
	if (!r)
		r = start_connect(p, o);
	if (!r)
		r = peer_wait(p, POLLOUT);
	if (r < 0)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -errno;
	ask_addresses(p);
	if (error == ECONNRESET)
		saw_end(p, PEER_END_RST);
	else if (error)
		return -error;
	return 0;
}

int peer_listen(const struct peer_options *o)
{
	char text[BASE_ADDR_STRLEN];
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&o->addr, &ss);
	const int fd = open_socket(
		o, SOCK_STREAM | (o->nonblocking ? SOCK_NONBLOCK : 0));

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, SOMAXCONN)) {
		const int r = -errno;

		(void)close(fd); /* nothing was written to it */
		return r;
	}
	printf("ready %s\n", base_addr_format(&o->addr, text));
	(void)fflush(stdout);
	return fd;
}

int peer_accept(int listener)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const int fd = accept4(listener, (struct sockaddr *)&ss, &len,
			       SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int peer_finish(struct peer *p)
{
	uint8_t buf[512];
	ssize_t n;

	if (shutdown(p->fd, SHUT_WR))
		return -errno;
	do {
		n = peer_recv(p, buf, sizeof(buf));
	} while (n > 0);
	return (int)n;
}

int peer_wait_file(struct peer *p, const char *path)
{
	while (access(path, F_OK) != 0) {
		if (peer_expired(p)) {
			saw_end(p, PEER_END_TIMEOUT);
			return -ETIMEDOUT;
		}
		(void)poll(NULL, 0, 5); /* how often it is asked, no more */
	}
	return 0;
}

void peer_report(const struct peer *p, bool ok)
{
	const uint64_t until = p->ended_ms ? p->ended_ms : base_time_mono_ms();
	char peer[BASE_ADDR_STRLEN], local[BASE_ADDR_STRLEN];

	printf("peer=%s local=%s bytes_in=%" PRIu64 " in_sum=%016" PRIx64
	       " bytes_out=%" PRIu64 " out_sum=%016" PRIx64
	       " end=%s ms=%" PRIu64 " result=%s\n",
	       base_addr_format(&p->peer, peer),
	       base_addr_format(&p->local, local), p->in.bytes, p->in.sum,
	       p->out.bytes, p->out.sum, end_names[p->end], until - p->began_ms,
	       ok ? "ok" : "failed");
	(void)fflush(stdout);
}
