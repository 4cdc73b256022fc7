/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer_server.c - listens, and follows a script on each connection
 *
 * Prints "ready ADDR:PORT" when it listens. Each of the -n connections has a
 * process and a report line of its own; the program ends after the last.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static int serve(int fd, const struct peer_options *o)
{
	struct peer p;
	bool ok = peer_init(&p, fd, o->seconds) == 0;

	(void)alarm(o->seconds +
		    PEER_ALARM_S); /* a child does not inherit it */
	ok = ok && peer_run(&p, o->steps);
	peer_report(&p, ok);
	peer_done(&p);
	return ok ? 0 : 1;
}

/* Return: did it get a connection and a process for it? */
static bool serve_next(int listener, const struct peer_options *o)
{
	const int fd = peer_accept(listener);
	pid_t pid;

	if (fd < 0) {
		(void)fprintf(stderr, "accept: %s\n", strerrordesc_np(-fd));
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
	struct peer_options o;
	bool ok = true;
	int listener, status;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	listener = peer_listen(&o);
	if (listener < 0) {
		(void)fprintf(stderr, "listen: %s\n",
			      strerrordesc_np(-listener));
		return 1;
	}
	for (unsigned i = 0; i < o.connections && ok; i++)
		ok = serve_next(listener, &o);
	(void)close(listener); /* nothing was written to it */
	while (wait(&status) > 0)
		ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ok ? 0 : 1;
}
