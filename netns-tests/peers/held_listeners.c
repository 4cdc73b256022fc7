/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held_listeners.c - somebody who keeps listeners, as wayside.socket does
 *
 *   held_listeners keep LISTENER...
 *	opens these, prints "ready" and keeps them until it is ended. LISTENER:
 *	ADDR:PORT         a transparent one, as it should be
 *	plain:ADDR:PORT   not transparent
 *	quiet:ADDR:PORT   does not listen
 *	udp:ADDR:PORT     for datagrams
 *	again             the one before, once more
 *	null              /dev/null
 *   held_listeners pass PID N COMMAND...
 *	becomes COMMAND, which gets the N listeners of that process by the
 *	protocol of sd_listen_fds(3)
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_addr.h"

#define FIRST 3   /* SD_LISTEN_FDS_START */
#define ABOVE 100 /* of all that are passed */

static int failed(const char *what)
{
	perror(what);
	return 1;
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: held_listeners keep LISTENER...\n"
			      "       held_listeners pass PID N COMMAND...\n");
	return 2;
}

static bool set(int fd, int level, int name)
{
	const int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

struct kind {
	const char *prefix;
	int type;
	bool transparent, listens;
};

/* The last one has no prefix. */
static const struct kind *kind_of(const char *word)
{
	static const struct kind kinds[] = {
		{ "plain:", SOCK_STREAM, false, true },
		{ "quiet:", SOCK_STREAM, true, false },
		{ "udp:", SOCK_DGRAM, true, false },
		{ "", SOCK_STREAM, true, true },
	};
	const struct kind *k = kinds;

	while (strncmp(word, k->prefix, strlen(k->prefix)) != 0)
		k++;
	return k;
}

static bool open_socket(const char *word)
{
	const struct kind *k = kind_of(word);
	struct sockaddr_storage ss;
	struct base_addr addr;
	socklen_t len;
	int fd;

	if (!base_addr_parse(&addr, word + strlen(k->prefix)))
		return false;
	len = base_addr_to_sockaddr(&addr, &ss);
	fd = socket(addr.family, k->type | SOCK_CLOEXEC, 0);
	return fd >= 0 && set(fd, SOL_SOCKET, SO_REUSEADDR) &&
	       (addr.family == AF_INET || set(fd, SOL_IPV6, IPV6_V6ONLY)) &&
	       (!k->transparent ||
		(addr.family == AF_INET
			 ? set(fd, SOL_IP, IP_TRANSPARENT)
			 : set(fd, SOL_IPV6, IPV6_TRANSPARENT))) &&
	       bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	       (!k->listens || listen(fd, SOMAXCONN) == 0);
}

/* Number `n` of them. */
static bool open_one(const char *word, int n)
{
	if (strcmp(word, "again") == 0)
		return fcntl(FIRST + n - 1, F_DUPFD_CLOEXEC, FIRST) >= 0;
	if (strcmp(word, "null") == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
	return open_socket(word);
}

static int keep(char **words)
{
	/* they are to have the numbers from FIRST on */
	(void)close_range(FIRST, ~0U, 0);
	for (int n = 0; words[n]; n++) {
		if (!open_one(words[n], n))
			return failed(words[n]);
	}
	puts("ready");
	if (fflush(stdout))
		return failed("ready");
	for (;;)
		(void)pause();
}

static int number(const char *text)
{
	char *end;
	const long n = strtol(text, &end, 10);

	return *end || n > INT32_MAX ? -1 : (int)n;
}

/* Number `fd` of the keeper as the same of ours, which exec() leaves open. */
static bool fetch(int keeper, int fd)
{
	const int got = pidfd_getfd(keeper, fd, 0); /* CLOEXEC */

	if (got < 0)
		return false;
	if (got != fd && (dup3(got, fd, O_CLOEXEC) < 0 || close(got)))
		return false;
	return fcntl(fd, F_SETFD, 0) == 0;
}

static int pass(char **words)
{
	const int pid = number(words[0]), n = number(words[1]);
	char self[32];
	int keeper;

	if (pid <= 0 || n < 0)
		return usage();
	keeper = pidfd_open(pid, 0);
	/* above those that are to come */
	if (keeper < 0 || dup3(keeper, ABOVE, O_CLOEXEC) < 0)
		return failed(words[0]);
	(void)close_range(FIRST, ABOVE - 1, 0);
	for (int i = n - 1; i >= 0; i--) {
		if (!fetch(ABOVE, FIRST + i))
			return failed("listener");
	}
	(void)close(ABOVE); /* nothing was written to it */
	(void)snprintf(self, sizeof(self), "%d", getpid());
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	if (setenv("LISTEN_FDS", words[1], 1) || setenv("LISTEN_PID", self, 1))
		return failed("environment");
	/* NOLINTEND(concurrency-mt-unsafe) */
	(void)execvp(words[2], words + 2);
	return failed(words[2]);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "keep"))
		return keep(argv + 2);
	if (argc > 4 && !strcmp(argv[1], "pass"))
		return pass(argv + 2);
	return usage();
}
