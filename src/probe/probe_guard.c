/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_guard.c - our policy routing, for the time of a probe */
#include "probe_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "nft_route.h"
#include "probe_space.h"

/* What the guardian says about its start. */
struct word {
	int error;
	struct nft_error why;
};

/* A terminal's signals, and a stop of the whole group, are for the others. */
static void deafen(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)setsid();
}

static int put_in(struct nft_link **lock, struct nft_error *why)
{
	int r = nft_open(lock, false, why);

	if (r)
		return r;
	r = nft_lock(*lock, why);
	if (!r)
		r = nft_route_install(NFT_ROUTING_TAKEN, why);
	if (r)
		nft_close(*lock);
	return r;
}

/* Waits for the other side's end. */
static void wait_for_end(int channel)
{
	char ignored;
	ssize_t n;

	do {
		n = recv(channel, &ignored, sizeof(ignored), 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

/* Return: exit status. */
static int guard(int channel)
{
	struct word word = { .error = 0 };
	struct nft_link *lock;

	probe_space_alone(channel);
	deafen();
	word.error = put_in(&lock, &word.why);
	base_die_at(BASE_DIE_PROBE_GUARD);
	(void)send(channel, &word, sizeof(word), MSG_NOSIGNAL);
	if (word.error)
		return 0;
	wait_for_end(channel);
	word.error = nft_route_remove(NFT_ROUTING_NONE, &word.why);
	nft_close(lock);
	return word.error ? 1 : 0;
}

int probe_guard_start(struct probe_guard *g, struct nft_error *why)
{
	struct word word;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		goto failed;
	g->pid = fork();
	if (g->pid == 0) {
		_exit(guard(pair[1]));
	}
	(void)close(pair[1]);
	g->channel = pair[0];
	if (g->pid < 0) {
		g->pid = 0;
		base_fd_close(&g->channel);
		goto failed;
	}
	if (recv(g->channel, &word, sizeof(word), 0) == sizeof(word)) {
		if (word.error) {
			*why = word.why;
			probe_guard_end(g);
		}
		return word.error;
	}
	probe_guard_end(g);
	errno = ECHILD;
failed:
	(void)snprintf(why->text, sizeof(why->text),
		       "a guardian for the routing: %s",
		       strerrordesc_np(errno));
	return -errno;
}

void probe_guard_end(struct probe_guard *g)
{
	struct nft_error ignored;
	struct nft_link *lock;
	int status = 0;

	if (g->pid <= 0)
		return;
	base_fd_close(&g->channel);
	while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	g->pid = 0;
	if (status == 0 || nft_open(&lock, false, &ignored))
		return;
	/* it was killed: what it held is ours to remove, but for a daemon
	 * that has come meanwhile */
	if (nft_lock(lock, &ignored) == 0 &&
	    nft_route_remove(NFT_ROUTING_NONE, &ignored)) {
		/* `wayside rules remove` says why */
	}
	nft_close(lock);
}
