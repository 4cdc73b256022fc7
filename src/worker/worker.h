/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - the process that holds the flows
 *
 * Theory of operation
 *
 *   listener --accept--> slot --connect--> CONNECTING --> OPEN --> CLOSING -->
 *   free                  |        ^
 *                         +> HELD -+   a limit keeps it from connecting
 *
 * One epoll loop; no locks, no file I/O, no name lookups, nothing that blocks.
 * All state of a flow is its slot in the flow table (ring_layout.h); what lies
 * beside it here (free slots, deadlines, lists) can be made anew from the
 * table. epoll's data is slot, side and serial, so an event of a flow that is
 * gone is recognised.
 *
 * A handler may close nothing but its own flow, and that only by
 * worker_flow_close(): the descriptors leave epoll and the slot goes on the
 * reap list; when the batch ends, the list is freed. The client is read only
 * once the server has answered, so bytes that come before it wait in the
 * kernel and are the first to be sent. A server that cannot be reached is
 * passed on as what it is: the client's connection is reset.
 *
 * UDP flows are in worker_udp.c; they know neither HELD nor CONNECTING.
 *
 * Limits. Of slots, descriptors and flows in all: the listeners leave epoll,
 * connections wait in the backlog and no CPU is burnt (worker_accept.c). Of
 * one client network, of connects a second and of source ports: the connection
 * is accepted and held (worker_hold.c).
 *
 * Orders of the supervisor come over the channel: STOP, DRAIN, LEND, CLOSE, and
 * a reload (worker_conf.c). Any other end of the channel is a stop.
 */
#ifndef WORKER_H
#define WORKER_H

#include <sys/types.h>

#include "base_attr.h"
#include "intake_engine.h"

/* 64 workers with four listeners each: TCP and UDP, IPv4 and IPv6. */
#define WORKER_SOCKETS_MAX 256

struct conf_tables;
struct ring_map;
struct ring_shared;

/* One listening address, and the socket of its group that is a worker's. */
struct worker_socket {
	struct intake_listener listener;
	unsigned worker; /* whose */
	int fd;
};

/* Everything lies in the caller's memory for the life of the worker. */
struct worker_setup {
	unsigned index;
	const struct conf_tables *conf;
	const struct ring_map *map; /* the writer's mapping, inherited */
	struct ring_shared *shared;
	/* of all workers: the others' are served while they cannot */
	const struct worker_socket *sockets;
	unsigned n_sockets; /* WORKER_SOCKETS_MAX at most */
	int channel;        /* to the supervisor */
};

/* Runs until the supervisor says stop, or is gone. Return: exit status.
 * The keeper is its parent. */
WS_MUST_USE int worker_main(const struct worker_setup *setup, pid_t parent);

#endif
