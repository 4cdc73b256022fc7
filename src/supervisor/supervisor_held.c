/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_held.c - listeners that somebody else keeps: on_failure: hold */
#include "supervisor_held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base_fd.h"
#include "base_log.h"
#include "intake_listen.h"
#include "supervisor_internal.h"
#include "supervisor_notify.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define HELP  "`systemctl enable --now wayside.socket` keeps it"

static bool holds(const struct conf_tables *c)
{
	return c->on_failure == CONF_FAILURE_HOLD && !conf_tables_fixed(c);
}

/* Where a socket is bound. Return: its text; family 0: it is no IP socket. */
static const char *address_of(int fd, struct base_addr *addr,
			      char text[static BASE_ADDR_STRLEN])
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	*addr = (struct base_addr){ .family = 0 };
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		(void)base_addr_from_sockaddr(addr, (struct sockaddr *)&ss);
	return base_addr_format(addr, text);
}

/* Why intake_listen_check() refused it. */
static void refused(int r, int fd, const struct intake_listener *wanted)
{
	char is[BASE_ADDR_STRLEN], should[BASE_ADDR_STRLEN];
	struct base_addr addr;

	address_of(fd, &addr, is);
	base_addr_format(&wanted->addr, should);
	if (r == -EPROTOTYPE)
		base_err("on_failure: hold: the listener %s is not transparent "
			 "(wayside.socket: Transparent=yes)",
			 is);
	else if (r == -EADDRNOTAVAIL)
		base_err("on_failure: hold: a listener on %s is needed, and "
			 "%s was passed (wayside.socket: ListenStream=%s)",
			 should, is, should);
	else
		base_err("on_failure: hold: the socket %s does not listen for "
			 "TCP (wayside.socket: ListenStream=%s)",
			 is, should);
}

static int keep(struct supervisor *s, int fd, unsigned i)
{
	const int flags = fcntl(fd, F_GETFL);

	if (s->held[i] >= 0) {
		base_err("on_failure: hold: one listener was passed twice");
		return -EEXIST;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		base_err("on_failure: hold: %s", strerrordesc_np(errno));
		return -EBADF;
	}
	s->held[i] = fd;
	atomic_fetch_add(&s->state->held, 1);
	return 0;
}

/* Is it for one of the listeners of the plan, of which the first two are TCP's?
 * Return: 0 or -errno, logged. */
static int take(struct supervisor *s, int fd,
		const struct intake_listener plan[static 2])
{
	char text[BASE_ADDR_STRLEN];
	struct base_addr addr;
	unsigned i;
	int r;

	address_of(fd, &addr, text);
	i = addr.family == plan[1].addr.family;
	r = intake_listen_check(&plan[i], fd);
	if (!r)
		return keep(s, fd, i);
	refused(r, fd, &plan[i]);
	return r;
}

/* Nothing of it is for us. Variables that somebody left behind may count what
 * we have opened ourselves, of which nothing is an IP socket by now. */
static void leave(int n)
{
	char text[BASE_ADDR_STRLEN];
	struct base_addr addr;
	int sockets = 0;

	for (int i = 0; i < n; i++) {
		int fd = FIRST + i;

		address_of(fd, &addr, text);
		if (!addr.family)
			continue;
		base_fd_close(&fd);
		sockets++;
	}
	if (sockets)
		base_warn(
			"the sockets that were passed are not used, only "
			"on_failure: hold takes them: while somebody keeps "
			"them (wayside.socket), connections that should go "
			"direct may wait there for ever. Stop that sockets=%d",
			sockets);
}

int supervisor_held_take(struct supervisor *s)
{
	struct intake_listener plan[SUPERVISOR_LISTENERS_MAX];
	const int n = supervisor_notify_sockets();
	int r = 0;

	if (!holds(s->conf)) {
		leave(n);
		return 0;
	}
	if (n < 0) {
		base_err("on_failure: hold: this build cannot take listeners "
			 "from systemd: it has no libsystemd");
		return n;
	}
	(void)supervisor_listen_plan(s->conf, plan);
	if (!plan[0].engine->lookup)
		return 0; /* only UDP: datagrams cannot wait */
	for (int i = 0; i < n && !r; i++)
		r = take(s, FIRST + i, plan);
	if (!r && s->held[0] < 0) {
		char text[BASE_ADDR_STRLEN];

		base_err(
			"on_failure: hold: no listener on %s was passed: " HELP,
			base_addr_format(&plan[0].addr, text));
		r = -ENOENT;
	}
	return r;
}

int supervisor_held_dup(const struct supervisor *s, unsigned i, int *fds)
{
	unsigned n = 0;

	if (s->held[i] < 0)
		return -ENOENT;
	while (n < s->n_workers) {
		fds[n] = fcntl(s->held[i], F_DUPFD_CLOEXEC, 0);
		if (fds[n] < 0)
			goto close_all;
		n++;
	}
	return 0;

close_all:
	base_err("cannot copy a listener: %s", strerrordesc_np(errno));
	while (n > 0)
		base_fd_close(&fds[--n]);
	return -EMFILE;
}

void supervisor_held_close(struct supervisor *s)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(s->held); i++)
		base_fd_close(&s->held[i]);
}
