/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_listen.c - listening sockets, one a worker */
#include "intake_listen.h"

#include <stdbool.h>
#include <string.h>

#include "base_fd.h"
#include "base_log.h"
#include "intake_internal.h"

static bool is_udp(const struct intake_listener *l)
{
	return l->engine->transport == CONF_TRANSPORT_UDP;
}

static int prepare(int fd, const struct intake_listener *l)
{
	const struct intake_engine *engine = l->engine;
	/* for a port in TIME_WAIT. Of UDP it would let a second daemon in */
	int r = is_udp(l) ? 0 : intake_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	/* IPv4 has listeners of its own */
	if (!r && l->addr.family == AF_INET6)
		r = intake_option(fd, SOL_IPV6, IPV6_V6ONLY, 1);
	if (!r && engine->prepare)
		r = engine->prepare(fd, l->addr.family);
	return r;
}

static int bind_and_listen(int fd, const struct intake_listener *l)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&l->addr, &ss);

	if (bind(fd, (struct sockaddr *)&ss, len) ||
	    (!is_udp(l) && listen(fd, SOMAXCONN)))
		return -errno;
	return 0;
}

/*
 * The first socket binds and listens alone: SO_REUSEPORT from the start would
 * silently join the listener of a second daemon of this user, and half of the
 * connections would go there. The flag is set once the address is ours; the
 * kernel looks at the flags of both sockets when the next one binds
 * (inet_csk_bind_conflict(), reuseport_add_sock()).
 * Return: the descriptor or -errno.
 */
static int open_one(const struct intake_listener *l, bool first)
{
	WS_CLEAN(base_fd_close)
	int s = socket(l->addr.family,
		       (is_udp(l) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK |
			       SOCK_CLOEXEC,
		       0);
	int r;

	if (s < 0)
		return -errno;
	r = prepare(s, l);
	if (!r && !first)
		r = intake_option(s, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!r)
		r = bind_and_listen(s, l);
	if (!r && first)
		r = intake_option(s, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!r)
		r = intake_engine_fits(l->engine, s, l->addr.family);
	return r ? r : base_fd_take(&s);
}

static int bound_addr(int fd, struct base_addr *addr)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return base_addr_from_sockaddr(addr, (struct sockaddr *)&ss)
		       ? 0
		       : -EAFNOSUPPORT;
}

static void log_failure(const struct intake_listener *l, int err)
{
	char text[BASE_ADDR_STRLEN];

	base_addr_format(&l->addr, text);
	if (err == EPERM && l->engine->needs)
		base_err("cannot listen on %s: %s (engine %s needs %s)", text,
			 strerrordesc_np(err), l->engine->name,
			 l->engine->needs);
	else
		base_err("cannot listen on %s: %s", text, strerrordesc_np(err));
}

/* Return: the value of an option of SOL_SOCKET, or -errno. */
static int socket_value(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -errno : value;
}

int intake_listen_check(const struct intake_listener *l, int fd)
{
	const bool udp = l->engine->transport == CONF_TRANSPORT_UDP;
	struct base_addr addr = { .family = 0 };
	const int protocol = socket_value(fd, SO_PROTOCOL);
	const int listens = socket_value(fd, SO_ACCEPTCONN);
	const int r = bound_addr(fd, &addr);

	if (protocol < 0 || r)
		return r ? r : protocol;
	if (protocol != (udp ? IPPROTO_UDP : IPPROTO_TCP) ||
	    (!udp && listens <= 0))
		return -EINVAL;
	if (!base_addr_equal(&addr, &l->addr))
		return -EADDRNOTAVAIL;
	return intake_engine_fits(l->engine, fd, addr.family);
}

int intake_listen(struct intake_listener *l, unsigned n, int *fds)
{
	struct intake_listener one = *l;
	unsigned done = 0;
	int r;

	while (done < n) {
		r = open_one(&one, done == 0);
		if (r < 0)
			goto close_all;
		fds[done++] = r;
		r = bound_addr(fds[0], &one.addr);
		if (r)
			goto close_all;
	}
	l->addr = one.addr;
	return 0;

close_all:
	while (done > 0)
		base_fd_close(&fds[--done]);
	log_failure(l, -r);
	return r;
}
