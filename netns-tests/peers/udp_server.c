/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_server.c - a vendor that answers datagrams
 *
 * udp_server [-t SECONDS] ADDR:PORT [WORD]
 * Prints "ready ADDR:PORT", then "got ADDR:PORT len=N" for each datagram, and
 * sends it back to where it came from, with WORD in front of it. Until SIGTERM,
 * or the deadline, with status 1; then it reports peer=udp got=N.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_fd.h"

#define DATAGRAM_MAX 65535

static int open_socket(uint16_t family)
{
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Return: bound and ready, or -errno. */
static int listen_on(const struct base_addr *a)
{
	char text[BASE_ADDR_STRLEN];
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(a, &ss);
	WS_CLEAN(base_fd_close) int fd = open_socket(a->family);

	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len))
		return -errno;
	printf("ready %s\n", base_addr_format(a, text));
	(void)fflush(stdout);
	return base_fd_take(&fd);
}

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGALRM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* All that has come. Return: how many. */
static unsigned answer(int fd, char *buf, size_t word)
{
	char text[BASE_ADDR_STRLEN];
	struct base_addr from;
	unsigned n = 0;

	for (;; n++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		const ssize_t got = recvfrom(fd, buf + word, DATAGRAM_MAX, 0,
					     (struct sockaddr *)&ss, &len);

		if (got < 0 ||
		    !base_addr_from_sockaddr(&from, (struct sockaddr *)&ss))
			return n;
		printf("got %s len=%zd\n", base_addr_format(&from, text), got);
		(void)fflush(stdout);
		if (sendto(fd, buf, word + (size_t)got, MSG_NOSIGNAL,
			   (struct sockaddr *)&ss, len) < 0)
			printf("answer: %s\n", strerrordesc_np(errno));
	}
}

/* Return: the signal that ended it. */
static uint32_t serve(int fd, int signals, const char *word, unsigned *n)
{
	const size_t len = strlen(word);
	char *buf = malloc(len + DATAGRAM_MAX);
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo info = { .ssi_signo = SIGALRM };

	if (!buf)
		return SIGALRM;
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): no string */
	memcpy(buf, word, len);
	while (poll(fds, 2, -1) > 0) {
		*n += answer(fd, buf, len);
		if (fds[1].revents) {
			if (read(signals, &info, sizeof(info)) < 0)
				info.ssi_signo = SIGALRM;
			break;
		}
	}
	free(buf);
	return info.ssi_signo;
}

int main(int argc, char **argv)
{
	struct base_addr a;
	unsigned seconds = 580, n = 0; /* as of the other peers */
	int fd, signals, o;
	uint32_t by;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the program has one thread */
	while ((o = getopt(argc, argv, "+t:")) == 't')
		seconds = (unsigned)strtoul(optarg, NULL, 10);
	if (o != -1 || optind >= argc || !base_addr_parse(&a, argv[optind])) {
		(void)fprintf(stderr, "usage: udp_server [-t SECONDS] "
				      "ADDR:PORT [WORD]\n");
		return 2;
	}
	signals = open_signals();
	fd = listen_on(&a);
	if (fd < 0 || signals < 0) {
		(void)fprintf(stderr, "socket: %s\n", strerrordesc_np(-fd));
		return 1;
	}
	(void)alarm(seconds);
	by = serve(fd, signals, optind + 1 < argc ? argv[optind + 1] : "", &n);
	printf("peer=udp got=%u\n", n);
	return by == SIGTERM ? 0 : 1;
}
