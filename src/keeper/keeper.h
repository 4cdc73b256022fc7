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
 * connections that survive their worker. In this version the keeper ends when
 * its worker does: the last holder of the table is gone and the kernel closes
 * the flows (FIN after what was sent); the supervisor starts both anew.
 * A keeper that dies takes its worker along (parent-death signal).
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <sys/types.h>

#include "base_attr.h"

struct keeper_setup {
	unsigned index; /* of the worker */
	/* The worker's main, called in the worker with its parent's pid; its
	 * result is the exit status. */
	int (*worker)(const void *argument, pid_t parent);
	const void *argument;
};

/* In a fresh child of `parent`, the supervisor. Return: the exit status, which
 * is the worker's. */
WS_MUST_USE int keeper_main(const struct keeper_setup *setup, pid_t parent);

#endif
