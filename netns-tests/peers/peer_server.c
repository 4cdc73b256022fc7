/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer_server.c - listens, and follows a script on each connection
 *
 * Prints "ready ADDR:PORT" when it listens. Each of the -n connections has a
 * process and a report line of its own; the program ends after the last.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static int open_listener(const struct peer_options *o)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&o->addr, &ss);
	const int on = 1, size = (int)o->rcvbuf;
	const int fd = socket(o->addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    (size &&
	     setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size))) ||
	    bind(fd, (struct sockaddr *)&ss, len) || listen(fd, SOMAXCONN)) {
		const int r = -errno;

		(void)close(fd); /* nothing was written to it */
		return r;
	}
	return fd;
}

static int serve(int fd, const struct peer_options *o)
{
	struct peer p;
	bool ok = peer_init(&p, fd, o->seconds) == 0;

	(void)alarm(o->seconds + 5); /* a child does not inherit it */
	peer_addresses(&p);
	ok = ok && peer_run(&p, o->steps);
	peer_report(&p, ok);
	peer_done(&p);
	return ok ? 0 : 1;
}

/* Return: did it get a connection and a process for it? */
static bool accept_one(int listener, const struct peer_options *o)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const int fd = accept4(listener, (struct sockaddr *)&ss, &len,
			       SOCK_NONBLOCK | SOCK_CLOEXEC);
	pid_t pid;

	if (fd < 0) {
		(void)fprintf(stderr, "accept: %s\n", strerrordesc_np(errno));
		return false;
	}
	pid = fork();
	if (pid < 0)
		(void)fprintf(stderr, "fork: %s\n", strerrordesc_np(errno));
	if (pid == 0) {
		(void)close(listener); /* the parent's */
		_exit(serve(fd, o));
	}
	(void)close(fd); /* the child's now */
	return pid > 0;
}

int main(int argc, char **argv)
{
	char text[BASE_ADDR_STRLEN];
	struct peer_options o;
	bool ok = true;
	int listener, status;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	listener = open_listener(&o);
	if (listener < 0) {
		(void)fprintf(stderr, "listen: %s\n",
			      strerrordesc_np(-listener));
		return 1;
	}
	printf("ready %s\n", base_addr_format(&o.addr, text));
	(void)fflush(stdout);
	for (unsigned i = 0; i < o.connections && ok; i++)
		ok = accept_one(listener, &o);
	(void)close(listener);
	while (wait(&status) > 0)
		ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ok ? 0 : 1;
}
