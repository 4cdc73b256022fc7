/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_internal.h - what the files of the supervisor share */
#ifndef SUPERVISOR_INTERNAL_H
#define SUPERVISOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf_tables.h"
#include "intake_engine.h"
#include "loop.h"
#include "ring_map.h"
#include "ring_shared.h"
#include "supervisor.h"

/* Transparent IPv4 and IPv6, or one fixed. */
#define SUPERVISOR_LISTENERS_MAX 2
#define SUPERVISOR_START_MS      10000
#define SUPERVISOR_STOP_MS       10000
#define RESTART_LIVED_MS         5000
#define RESTART_DELAY_MIN_MS     100
/* A dead worker's share of new connections waits as long as that. */
#define RESTART_DELAY_MAX_MS 1000

enum supervisor_phase {
	SUPERVISOR_STARTING,
	SUPERVISOR_RUNNING,
	SUPERVISOR_DRAINING,
	SUPERVISOR_STOPPING_WORKERS,
	SUPERVISOR_STOPPING_RECORDER,
	SUPERVISOR_STOPPED,
};

struct control_state;
struct nft_link;
struct supervisor;

/* A role's process: the recorder, or keeper and worker. */
struct supervisor_child {
	struct supervisor *supervisor;
	int worker; /* its index, or -1 for the recorder */
	pid_t pid;  /* 0 = not running */
	bool ready;
	uint64_t started_ms;
	uint32_t restarts;
	uint32_t delay_ms; /* of the next restart */
	struct loop_watch channel;
	struct loop_timer restart;
};

struct supervisor_listener {
	struct intake_listener listener;
	int fds[CONF_WORKERS_MAX]; /* one a worker; -1 = closed */
};

struct supervisor {
	const struct conf_tables *conf; /* in force */
	int conf_fd;                    /* its sealed memfd, or -1 */
	const struct conf_input *input; /* NULL: cannot be loaded again */
	enum supervisor_phase phase;    /* supervisor_phase() sets it */
	struct control_state *state;    /* the page that others may read */
	int state_fd;                   /* sealed: to hand out */
	int status;                     /* exit status */
	bool was_ready; /* else the one line of a failed start is all it says */
	unsigned n_workers;
	struct ring_map maps[CONF_WORKERS_MAX];
	struct ring_shared *shared;
	struct supervisor_listener listeners[SUPERVISOR_LISTENERS_MAX];
	unsigned n_listeners;
	struct supervisor_child recorder;
	struct supervisor_child workers[CONF_WORKERS_MAX];
	struct loop loop;
	struct loop_watch signals;
	struct loop_timer limit; /* of starting, then of stopping */
	struct nft_link *nft;    /* NULL in fixed-remote mode */
	bool rules_installed;
	int pidfile;
};

/* supervisor_child.c: starting roles */
void supervisor_child_init(struct supervisor *s, struct supervisor_child *c,
			   int worker);
/* Return: 0 or -errno, logged. */
WS_MUST_USE int supervisor_child_start(struct supervisor_child *c);
/* After waitpid(): forgets the process, and its channel. */
void supervisor_child_gone(struct supervisor_child *c, int status);
void supervisor_child_name(const struct supervisor_child *c,
			   char buf[static 32]);
/* Asks it to finish; does nothing when it is not running. */
void supervisor_child_stop(struct supervisor_child *c);

/* supervisor_listen.c: the listeners */
WS_MUST_USE int supervisor_listen(struct supervisor *s);
void supervisor_listen_close(struct supervisor *s);

/* supervisor_rules.c: nothing to do in fixed-remote mode. Return: 0 or -errno,
 * logged. */
WS_MUST_USE int supervisor_rules_open(struct supervisor *s);
WS_MUST_USE int supervisor_rules_install(struct supervisor *s);
/* All of ours goes, but the reject rule of `closed`. */
void supervisor_rules_remove(struct supervisor *s);

/* supervisor_state.c: the page that says how the daemon is. Children forget it.
 * Return: 0 or -errno. */
WS_MUST_USE int supervisor_state_open(struct supervisor *s);
void supervisor_state_close(struct supervisor *s);
void supervisor_phase(struct supervisor *s, enum supervisor_phase phase);
void supervisor_state_started(const struct supervisor_child *c);
void supervisor_state_ready(const struct supervisor_child *c);
/* `status` as from waitpid() */
void supervisor_state_ended(const struct supervisor_child *c, int status);
void supervisor_state_listeners(struct supervisor *s);

/* supervisor.c: a role said READY, or its channel broke */
void supervisor_child_spoke(struct loop_watch *watch, uint32_t events);
void supervisor_child_restart(struct loop_timer *t, uint64_t now_ms);

#endif
