/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keeper.h - the tiny parent of a worker
 *
 * Theory of operation
 *
 *   supervisor --fork--> keeper --clone(CLONE_FILES)--> worker
 *
 * Keeper and worker share one descriptor table, so whatever the worker opens
 * is open in the keeper too, at the same number. That is the ground for
 * connections that survive their worker. In this version the keeper closes them
 * when the worker has died, both legs of each flow in its flow table: FIN after
 * what was sent, then the socket is emptied and closed. Closing alone would not
 * do: the kernel resets a connection in which unread bytes lie, and throws away
 * what it has not sent yet (RFC 2525, 2.17). The keeper then ends with the
 * worker's status, and the supervisor starts both anew.
 *
 * SIGTERM from the supervisor (and from nobody else) is the order to replace
 * the worker: it is killed, and the rest is as above. A keeper that dies takes
 * its worker along (parent-death signal).
 *
 * What the flow table says is not trusted: a number that is no TCP connection
 * of the shared table is passed over.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <sys/types.h>

#include "base_attr.h"

struct ring_map;

struct keeper_setup {
	unsigned index;             /* of the worker */
	const struct ring_map *map; /* its flow table; NULL: it has no flows */
	/* The worker's main, called in the worker with its parent's pid; its
	 * result is the exit status. */
	int (*worker)(const void *argument, pid_t parent);
	const void *argument;
};

/* In a fresh child of `parent`, the supervisor. SIGCHLD and SIGTERM stay
 * blocked. Return: the exit status, which is the worker's. */
WS_MUST_USE int keeper_main(const struct keeper_setup *setup, pid_t parent);

#endif
