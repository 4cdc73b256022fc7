/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor.h - the process that owns rules, listeners and shared memory
 *
 * Theory of operation
 *
 *   STARTING   pid file, listeners, shared memory; recorder and keepers are
 *              started; each says READY. Anything that fails ends the start,
 *              and what was made is taken back.
 *   RUNNING    rules are in the kernel. A role that dies is started again: at
 *              once if it had lived RESTART_LIVED_MS, else with back-off.
 *   STOPPING   listeners closed, so new connections go direct; workers stop,
 *              then the recorder empties the rings and stops; then the rules
 *              go (on_failure: closed leaves its reject rule).
 *
 * It parses nothing: the configuration comes as validated tables. It never
 * holds a flow's descriptor. Children keep only the descriptors they need and
 * die with it (parent-death signal). SIGTERM and SIGINT stop it.
 *
 *   supervisor -+- keeper/0 --- worker/0
 *               +- keeper/1 --- worker/1
 *               +- recorder
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "base_attr.h"

struct conf_input;
struct conf_tables;

struct supervisor_setup {
	const struct conf_tables *conf; /* of the start; stays mapped */
	int conf_fd; /* sealed memfd of the tables, or -1; ours from now on */
	const struct conf_input *input; /* for reloading; NULL: none */
};

/* Runs the daemon to its end. Return: exit status; after a failure one clear
 * line was logged and nothing is left behind. */
WS_MUST_USE int supervisor_run(const struct supervisor_setup *setup);

#endif
