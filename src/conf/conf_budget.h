/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_budget.h - what a configuration needs of the machine, and what it gets
 */
#ifndef CONF_BUDGET_H
#define CONF_BUDGET_H

#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"

/* Descriptors: of a flow; of a worker besides flows (listeners, rings, spare);
 * of the recorder at most, which opens files for a time only. */
#define CONF_FDS_FLOW     2
#define CONF_FDS_WORKER   200
#define CONF_FDS_RECORDER 300

/*
 * Of the supervisor: at all times 15 (standard ones, tables, state page, epoll,
 * signals, pid file, control socket, netlink for rules, for routes and for what
 * others change, the recorder's channel, two listeners that were passed), 16
 * for eight publishers (eventfd and channel), 8 who ask, 8 for a reload with
 * its child, and 2 spare. For each worker: table, ring
 * and pool, the recorder's cursor and eventfd, four listeners, the channel; and
 * one more while a status is handed out.
 */
#define CONF_FDS_SUPERVISOR        49
#define CONF_FDS_SUPERVISOR_WORKER 11

struct conf_tables;

struct conf_machine {
	uint64_t nofile; /* descriptors that one process may have */
	/* net.ipv4.ip_local_port_range, inclusive; both 0: not known */
	uint32_t port_first, port_last;
};

/* Flows that one worker can have at a time. */
uint64_t conf_budget_flows(uint64_t nofile);

/* Descriptors that the supervisor has at most. With a limit below it there is
 * no start. */
uint64_t conf_budget_supervisor(uint32_t workers);

/* Looks at the machine it runs on. */
void conf_budget_look(struct conf_machine *m);

/*
 * Prints descriptors, flows and source ports, one aligned line each. Return:
 * flows that are possible, max_flows at most: that is out of reach where less
 * is returned.
 */
WS_MUST_USE uint32_t conf_budget_print(FILE *out, const struct conf_tables *t,
				       const struct conf_machine *m);

#endif
