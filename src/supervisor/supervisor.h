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
 *              once if it had lived for times.lived_ms, else with back-off.
 *              One that is not ready in times.start_ms is ended, and so is one
 *              that says what is no word.
 *              Meanwhile the other workers serve its listeners (ROLE_LEND). No
 *              worker for times.absent_ms: the rules that hand over connections
 *              go until one is back. So it is while the host's firewall would
 *              drop what is handed over (supervisor_firewall.c).
 *   DRAINING   no new connection is handed over; workers take what the backlog
 *              holds, close the listeners and let their flows end, for `drain`
 *              at most, which may be no time at all. A worker that dies now is
 *              started again without listeners: it closes the books on the
 *              flows of the one before.
 *   STOPPING   listeners closed, so new connections go direct; workers stop,
 *              and one that did not do so itself has a last successor, for the
 *              books; then the recorder empties the rings and stops; then
 *              publishers, for times.publish_ms at most; then the last packets
 *              of closed connections are waited for, shortly; then the rules go
 *              (on_failure: closed leaves its reject rule, hold all of them).
 *
 * It parses nothing: the configuration comes as validated tables. It never
 * holds a flow's descriptor. Children keep only the descriptors they need and
 * die with it (parent-death signal). The first SIGTERM or SIGINT drains, the
 * next one stops.
 *
 *   supervisor -+- keeper/0 --- worker/0
 *               +- keeper/1 --- worker/1
 *               +- recorder
 *               +- publisher/NAME, one a sink (supervisor_publish.c)
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct conf_input;
struct conf_secrets;
struct conf_tables;
struct publisher_setup;
struct recorder_setup;
struct worker_setup;

struct supervisor_times {
	uint32_t start_ms; /* until all are ready, at most; until one is */
	uint32_t stop_ms;  /* until those that were told to have ended */
	uint32_t lived_ms; /* one that lived as long is restarted at once */
	/* of the other restarts: doubled each time, up to the second */
	uint32_t delay_min_ms, delay_max_ms;
	uint32_t settle_ms;  /* for connections to come to their end */
	uint32_t prepare_ms; /* until all have taken in another configuration */
	uint32_t absent_ms;  /* without a worker, until the rules go */
	uint32_t nonsense_ms; /* between two replacements of a worker for it */
	uint32_t look_ms;     /* between two looks at a changed nftables */
	uint32_t put_back_ms; /* between two times that rules are put back */
	uint32_t lend_ms;     /* between two times that workers' LEND goes on */
	uint32_t again_ms;    /* between two self-tests of the firewall */
	uint32_t publish_ms; /* until publishers that were told to have ended */
	uint32_t delay_publisher_ms; /* delay_max_ms of theirs */
};

/* The roles' main functions. */
struct supervisor_roles {
	int (*recorder)(const struct recorder_setup *setup, pid_t parent);
	int (*worker)(const struct worker_setup *setup, pid_t parent);
	int (*publisher)(const struct publisher_setup *setup, pid_t parent);
};

struct supervisor_setup {
	const struct conf_tables *conf; /* of the start; stays mapped */
	int conf_fd; /* sealed memfd of the tables, or -1; ours from now on */
	/* of its sinks; the same (conf_load_lend(), conf_load_forget()) */
	const struct conf_secrets *secrets;
	const struct conf_input *input; /* for reloading; NULL: none */
	/* NULL: the real ones; tests have their own */
	const struct supervisor_times *times;
	const struct supervisor_roles *roles;
};

/* Runs the daemon to its end. Return: exit status; after a failure one clear
 * line was logged and nothing is left behind. */
WS_MUST_USE int supervisor_run(const struct supervisor_setup *setup);

#endif
