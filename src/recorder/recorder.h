/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder.h - the process that keeps what was seen
 *
 * Theory of operation
 *
 *   tap ring x N --> flow --+--> capture file (raw bytes, both directions)
 *                           +--> track --> event file (a line a message)
 *                           +--> errors.log (what ended a flow badly)
 *
 * It has the log directory and no network. It reads all rings in turn, at most
 * RECORDER_BATCH entries of each, then writes what gathered, then gives the
 * bytes back to the workers. While something comes it looks every 20 ms; after
 * that it declares itself idle and the workers wake it.
 *
 * A flow is known by worker, slot and serial. OPEN and CLOSE are hints: a DATA
 * entry of an unknown flow is looked up in the flow table (this recorder
 * started later), and a flow whose slot has moved on has ended.
 * Whatever cannot be written is counted, said once, and never stops the rings.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct conf_tables;
struct recorder_commit;
struct ring_map;

struct recorder_setup {
	const struct conf_tables *conf;
	struct ring_map *maps; /* one a worker; forgotten mappings */
	unsigned n_workers;
	struct recorder_commit *commit; /* of all recorders, one by one */
	/* The predecessor died of a signal that nobody sent: not of SIGKILL,
	 * not of SIGTERM. */
	bool crashed;
	int channel; /* to the supervisor */
};

/* What a recorder leaves to its successor: see recorder_commit.h. Made by the
 * supervisor before the first recorder; pages that are not used cost nothing.
 * NULL: no memory. */
struct recorder_commit *recorder_commit_new(unsigned n_workers,
					    uint32_t n_slots);
/* Gives back this process's mapping; NULL is fine. */
void recorder_commit_free(struct recorder_commit *c);

/* Runs until the supervisor says stop; then empties the rings first. Return:
 * exit status. */
WS_MUST_USE int recorder_main(const struct recorder_setup *setup, pid_t parent);

#endif
