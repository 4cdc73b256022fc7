/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_client.c - a tracker that sends datagrams, as a script says
 *
 * udp_client [-t SECONDS] [-b ADDR:PORT] ADDR:PORT STEP...
 * One connected socket: what comes from elsewhere is never seen, so an answer
 * that is expected comes from the server's address. Steps:
 *   send TEXT        a datagram; "" is an empty one
 *   send-pattern N   one of N bytes
 *   expect TEXT      the next one, within the deadline
 *   expect-pattern N
 *   refused          the network says that nobody takes datagrams there
 *   flood PORT N TEXT  one datagram from each of N ports, from PORT on
 *   hold FILE        until the file is there
 *   touch FILE
 * Reports peer=ADDR:PORT local=ADDR:PORT sent=N got=N result=ok|failed, counted
 * in datagrams; the flood is not counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_fd.h"
#include "base_time.h"

#define DATAGRAM_MAX 65535

struct client {
	struct base_addr server, from;
	int fd;
	uint64_t deadline_ms;
	unsigned sent, got;
	uint8_t buf[DATAGRAM_MAX], want[DATAGRAM_MAX];
};

/* One step; `args` points at its first argument. Return: 0 or -errno. */
struct step {
	const char *name;
	int n_args;
	int (*run)(struct client *c, char **args);
};

/* No period: a piece that is lost, doubled or moved shows. (The factor is 2^64
 * divided by the golden ratio.) */
static void fill(uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)((i + 1) * 0x9e3779b97f4a7c15ULL >> 56);
}

static int open_socket(uint16_t family)
{
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* from: may have no family. Return: connected, or -errno. */
static int new_socket(const struct base_addr *server,
		      const struct base_addr *from)
{
	const int on = 1;
	struct sockaddr_storage ss;
	socklen_t len;
	WS_CLEAN(base_fd_close) int fd = open_socket(server->family);

	if (fd < 0)
		return -errno;
	if (from->family) {
		/* a tracker may talk to two servers from one port */
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
			return -errno;
		len = base_addr_to_sockaddr(from, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len))
			return -errno;
	}
	len = base_addr_to_sockaddr(server, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len))
		return -errno;
	return base_fd_take(&fd);
}

static int send_bytes(struct client *c, const void *bytes, size_t len)
{
	if (send(c->fd, bytes, len, MSG_NOSIGNAL) < 0)
		return -errno;
	c->sent++;
	return 0;
}

static int step_send(struct client *c, char **args)
{
	return send_bytes(c, args[0], strlen(args[0]));
}

static int step_send_pattern(struct client *c, char **args)
{
	const size_t len = strtoul(args[0], NULL, 10);

	if (len > DATAGRAM_MAX)
		return -EINVAL;
	fill(c->want, len);
	return send_bytes(c, c->want, len);
}

/* Return: 1 something is there, or -errno. */
static int await(const struct client *c)
{
	const uint64_t now = base_time_mono_ms();
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	const int n = poll(
		&p, 1, now < c->deadline_ms ? (int)(c->deadline_ms - now) : 0);

	return n < 0 ? -errno : n ? 1 : -ETIMEDOUT;
}

static int expect(struct client *c, const void *want, size_t len)
{
	int r = await(c);
	ssize_t n;

	if (r < 0)
		return r;
	n = recv(c->fd, c->buf, sizeof(c->buf), MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	c->got++;
	if ((size_t)n == len && !memcmp(c->buf, want, len))
		return 0;
	(void)fprintf(stderr, "got %zd bytes: %.*s\n", n,
		      (int)(n < 80 ? n : 80), (const char *)c->buf);
	return -EBADMSG;
}

static int step_expect(struct client *c, char **args)
{
	return expect(c, args[0], strlen(args[0]));
}

static int step_expect_pattern(struct client *c, char **args)
{
	const size_t len = strtoul(args[0], NULL, 10);

	if (len > DATAGRAM_MAX)
		return -EINVAL;
	fill(c->want, len);
	return expect(c, c->want, len);
}

static int step_refused(struct client *c, char **args)
{
	int r = await(c);

	(void)args;
	if (r < 0)
		return r;
	r = (int)recv(c->fd, c->buf, sizeof(c->buf), MSG_DONTWAIT);
	return r < 0 && errno == ECONNREFUSED ? 0 : -EBADMSG;
}

static int step_flood(struct client *c, char **args)
{
	struct base_addr from = { .family = c->server.family };

	/* all addresses: IPv4's are mapped (base_addr.h) */
	if (from.family == AF_INET)
		from.ip[10] = from.ip[11] = 0xff;
	from.port = (uint16_t)strtoul(args[0], NULL, 10);
	for (unsigned long n = strtoul(args[1], NULL, 10); n; n--) {
		WS_CLEAN(base_fd_close) int fd = new_socket(&c->server, &from);

		if (fd < 0)
			return fd;
		if (send(fd, args[2], strlen(args[2]), MSG_NOSIGNAL) < 0)
			return -errno;
		from.port++;
	}
	return 0;
}

static int step_hold(struct client *c, char **args)
{
	while (access(args[0], F_OK) != 0) {
		if (base_time_mono_ms() >= c->deadline_ms)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 5); /* how often it is asked, no more */
	}
	return 0;
}

static int step_touch(struct client *c, char **args)
{
	const int fd = open(args[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)c;
	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written to it */
	return 0;
}

static const struct step steps[] = {
	{ "send", 1, step_send },
	{ "send-pattern", 1, step_send_pattern },
	{ "expect", 1, step_expect },
	{ "expect-pattern", 1, step_expect_pattern },
	{ "refused", 0, step_refused },
	{ "flood", 3, step_flood },
	{ "hold", 1, step_hold },
	{ "touch", 1, step_touch },
};

static const struct step *find(const char *name)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(steps); i++) {
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	}
	return NULL;
}

static bool run(struct client *c, char **words, char **end)
{
	while (words < end) {
		const struct step *s = find(*words);
		int r = -EINVAL;

		if (s && end - words > s->n_args)
			r = s->run(c, words + 1);
		if (r) {
			(void)fprintf(stderr, "%s: %s\n", *words,
				      strerrordesc_np(-r));
			return false;
		}
		words += 1 + s->n_args;
	}
	return true;
}

static void report(const struct client *c, bool ok)
{
	char peer[BASE_ADDR_STRLEN], local[BASE_ADDR_STRLEN];
	struct base_addr own = { .family = 0 };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0)
		(void)base_addr_from_sockaddr(&own, (struct sockaddr *)&ss);
	printf("peer=%s local=%s sent=%u got=%u result=%s\n",
	       base_addr_format(&c->server, peer),
	       base_addr_format(&own, local), c->sent, c->got,
	       ok ? "ok" : "failed");
}

int main(int argc, char **argv)
{
	struct client *c = calloc(1, sizeof(*c));
	unsigned seconds = 580; /* as of the other peers */
	bool ok = c != NULL;
	int o;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the program has one thread */
	while (ok && (o = getopt(argc, argv, "+t:b:")) != -1) {
		if (o == 't')
			seconds = (unsigned)strtoul(optarg, NULL, 10);
		else
			ok = o == 'b' && base_addr_parse(&c->from, optarg);
	}
	if (!ok || optind >= argc ||
	    !base_addr_parse(&c->server, argv[optind])) {
		(void)fprintf(stderr,
			      "usage: udp_client [-t SECONDS] [-b ADDR:PORT] "
			      "ADDR:PORT STEP...\n");
		free(c);
		return 2;
	}
	(void)alarm(seconds + 5);
	c->deadline_ms = base_time_mono_ms() + seconds * 1000ULL;
	c->fd = new_socket(&c->server, &c->from);
	ok = c->fd >= 0 && run(c, argv + optind + 1, argv + argc);
	if (c->fd < 0)
		(void)fprintf(stderr, "socket: %s\n", strerrordesc_np(-c->fd));
	report(c, ok);
	base_fd_close(&c->fd);
	free(c);
	return ok ? 0 : 1;
}
