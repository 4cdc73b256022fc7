/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_internal.h - what the files of the supervisor share */
#ifndef SUPERVISOR_INTERNAL_H
#define SUPERVISOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf_tables.h"
#include "control_server.h"
#include "intake_engine.h"
#include "loop.h"
#include "nft.h"
#include "probe.h"
#include "ring_map.h"
#include "ring_shared.h"
#include "role_channel.h"
#include "supervisor.h"
#include "supervisor_reload.h"

/* TCP and UDP, IPv4 and IPv6; or one fixed. */
#define SUPERVISOR_LISTENERS_MAX 4

enum supervisor_phase {
	SUPERVISOR_STARTING,
	SUPERVISOR_RUNNING,
	SUPERVISOR_DRAINING,
	SUPERVISOR_STOPPING_WORKERS,
	SUPERVISOR_STOPPING_RECORDER,
	SUPERVISOR_STOPPING_PUBLISHERS,
	SUPERVISOR_SETTLING,
	SUPERVISOR_STOPPED,
};

struct supervisor;

enum supervisor_kind {
	SUPERVISOR_RECORDER,
	SUPERVISOR_WORKER, /* and its keeper */
	SUPERVISOR_PUBLISHER,
};

/* "publisher/" and a sink's name */
#define SUPERVISOR_NAME_LEN (sizeof(((struct control_role *)0)->name))

/* A role's process. */
struct supervisor_child {
	struct supervisor *supervisor;
	enum supervisor_kind kind;
	unsigned index; /* among those of its kind */
	pid_t pid;      /* 0 = not running */
	bool ready;
	bool drained; /* a worker: none of its flows is left */
	bool ending;  /* its end was asked for */
	bool last;    /* no other one after it */
	int last_end; /* wait status of the one before; 0 = none */
	uint64_t started_ms;
	uint32_t restarts;
	uint32_t delay_ms; /* of the next restart */
	struct loop_watch channel;
	struct loop_timer restart;
	struct loop_timer limit; /* of getting ready, or of ending */
	uint64_t nonsense_ms;    /* not replaced for nonsense before that */
	bool nonsense_told;      /* ... which was logged */
};

/* A sink's place, and its publisher: supervisor_publish.c */
struct supervisor_publisher {
	struct supervisor_child child;
	char name[CONF_NAME_LEN]; /* whose process it is, or was; "": nobody's
				   */
	int sink;     /* in the tables in force; -1: none has this place */
	bool leaving; /* the process was told to end, for a reload */
	int kick;     /* eventfd, as long as the supervisor lives; -1: none */
};

struct supervisor_listener {
	struct intake_listener listener;
	int fds[CONF_WORKERS_MAX]; /* one a worker; -1 = closed */
};

/* supervisor_firewall.c */
struct supervisor_firewall {
	enum probe_verdict verdict; /* of the last self-test that said one */
	pid_t pid;                  /* of the one under way, or 0 */
	struct loop_timer next;     /* armed: there will be another one ... */
	uint64_t next_ms;           /* ... and not before that */
};

struct supervisor {
	const struct conf_tables *conf;     /* in force */
	const struct conf_secrets *secrets; /* of its sinks, or NULL */
	int conf_fd;                        /* its sealed memfd, or -1 */
	enum supervisor_phase phase;        /* supervisor_phase() sets it */
	const struct conf_input *input;     /* NULL: cannot be loaded again */
	struct supervisor_times real;       /* without a test's own */
	const struct supervisor_times *times;
	const struct supervisor_roles *roles;
	struct control_state *state; /* the page that others may read */
	int state_fd;                /* sealed: to hand out */
	int status;                  /* exit status */
	bool was_ready; /* else the one line of a failed start is all it says */
	unsigned n_workers;
	struct ring_map maps[CONF_WORKERS_MAX];
	struct ring_shared *shared;
	struct recorder_commit *commit; /* the recorder's; never looked into */
	struct supervisor_listener listeners[SUPERVISOR_LISTENERS_MAX];
	unsigned n_listeners;
	int held[SUPERVISOR_LISTENERS_MAX]; /* supervisor_held.h; -1: none */
	struct supervisor_child recorder;
	struct supervisor_child workers[CONF_WORKERS_MAX];
	struct supervisor_publisher publishers[CONF_SINKS_MAX];
	struct loop loop;
	struct loop_watch signals;
	struct loop_timer limit;  /* of starting, of draining, of stopping */
	uint64_t settled_ms;      /* SETTLING ends then */
	struct loop_timer absent; /* no worker: then the rules go */
	struct loop_timer lend;   /* armed: a LEND waits for its end */
	bool lend_due;            /* ... and there is one */
	struct loop_timer watchdog;
	struct loop_watch others, routing; /* supervisor_watch.c */
	struct loop_timer look;
	uint64_t next_look_ms, put_back_ms; /* not before that */
	struct supervisor_firewall firewall;
	struct nft_link *nft; /* NULL in fixed-remote mode */
	enum nft_state rules; /* in the kernel; STOPPED: not yet, or no more */
	bool bypass;          /* the operator wants nothing new taken */
	bool alone; /* without a worker, for longer than times.absent_ms */
	int pidfile;
	struct control_server control;
	struct supervisor_reload reload;
};

/* supervisor_child.c: starting roles */
void supervisor_child_init(struct supervisor *s, struct supervisor_child *c,
			   enum supervisor_kind kind, unsigned index);
/* Return: 0 or -errno, logged. */
WS_MUST_USE int supervisor_child_start(struct supervisor_child *c);
/* After waitpid(): forgets the process, and its channel. */
void supervisor_child_gone(struct supervisor_child *c, int status);
void supervisor_child_name(const struct supervisor_child *c,
			   char buf[static SUPERVISOR_NAME_LEN]);
/* Says it, if it is running. One whose channel is full has not heard the words
 * before it either: what it must do in the end it is not only told. */
void supervisor_child_tell(const struct supervisor_child *c,
			   enum role_message_type type);
/* Asks it to finish; does nothing when it is not running. */
void supervisor_child_stop(struct supervisor_child *c);
/* Ends it, without asking. A keeper first gets the chance to end its worker,
 * and the flows with FIN; the limit, or a second call, kills it. */
void supervisor_child_end(struct supervisor_child *c);

/* supervisor_role.c: what roles say, and that they end */
void supervisor_role_spoke(struct loop_watch *watch, uint32_t events);
void supervisor_role_restart(struct loop_timer *t, uint64_t now_ms);
void supervisor_role_overdue(struct loop_timer *t, uint64_t now_ms);
void supervisor_role_lend(struct loop_timer *t, uint64_t now_ms);
void supervisor_role_reap(struct supervisor *s);
/* After it has ended: starts it again, now or later. */
void supervisor_role_back_off(struct supervisor_child *c);
/* How one has ended, for the log; `status` as from waitpid(). */
#define SUPERVISOR_HOW_LEN 48
void supervisor_role_describe(int status, char buf[static SUPERVISOR_HOW_LEN]);
/* Workers that are at work. */
unsigned supervisor_role_workers(const struct supervisor *s);
/* The rules follow the workers: loop_timer.fire of s->absent. */
void supervisor_role_absent(struct loop_timer *t, uint64_t now_ms);

/* supervisor_publish.c: the sinks' publishers */
void supervisor_publish_init(struct supervisor *s);
/* What the recorder wakes them with. Return: 0 or -errno. */
WS_MUST_USE int supervisor_publish_open(struct supervisor *s);
void supervisor_publish_close(struct supervisor *s);
/* Those of the tables in force that have no process get one. */
void supervisor_publish_begin(struct supervisor *s);
/* For a reload, while the old tables are in force: those whose sink changes or
 * goes are told to end; begin() is to follow when the new ones are. */
void supervisor_publish_change(struct supervisor *s,
			       const struct conf_tables *conf,
			       const struct conf_secrets *secrets);
/* One has ended. */
void supervisor_publish_ended(struct supervisor_child *c, int status);
/* The limit of a role is over. Return: was it a publisher's that was told to
 * end? */
WS_MUST_USE bool supervisor_publish_overdue(struct supervisor_child *c);
/* Is there a process? */
bool supervisor_publish_any(const struct supervisor *s);
/* All are told to end, and none begins. */
void supervisor_publish_stop(struct supervisor *s);
void supervisor_publish_kill(struct supervisor *s);

/* supervisor_stop.c: ways to the end */
/* SIGTERM or SIGINT: drains, or ends what drains. */
void supervisor_stop_asked(struct supervisor *s);
void supervisor_stop(struct supervisor *s, int status);
/* A worker has drained or ended. */
void supervisor_stop_drained(struct supervisor *s);
/* A publisher has ended at the end of a stop. */
void supervisor_stop_published(struct supervisor *s);
/* Recorder or worker has ended in one of the phases of stopping. */
void supervisor_stop_ended(struct supervisor *s, struct supervisor_child *c,
			   int status);
void supervisor_stop_kill(struct supervisor *s);
/* loop_timer.fire of s->limit */
void supervisor_stop_limit(struct loop_timer *t, uint64_t now_ms);

/* supervisor_memory.c: the memory of the workers. Return: 0 or -errno. */
WS_MUST_USE int supervisor_memory_make(struct supervisor *s);
void supervisor_memory_free(struct supervisor *s);
/* Logs what happened in all. */
void supervisor_memory_totals(const struct supervisor *s);

/* supervisor_listen.c: the listeners */
/* What a configuration asks for: TCP first, IPv4 first. Return: how many. */
unsigned supervisor_listen_plan(
	const struct conf_tables *c,
	struct intake_listener plan[static SUPERVISOR_LISTENERS_MAX]);
/* Return: 0 or -errno, logged. */
WS_MUST_USE int supervisor_listen(struct supervisor *s);
void supervisor_listen_close(struct supervisor *s);

/* supervisor_rules.c: nothing to do in fixed-remote mode. Return: 0 or -errno,
 * logged. */
WS_MUST_USE int supervisor_rules_open(struct supervisor *s);
WS_MUST_USE int supervisor_rules_set(struct supervisor *s,
				     enum nft_state state);
/* What the kernel should have while we are RUNNING. */
enum nft_state supervisor_rules_wanted(const struct supervisor *s);
/* The operator's switch. Return: 0 when it is in force, or -errno and nothing
 * has changed; text is a line for the operator. */
WS_MUST_USE int supervisor_rules_bypass(struct supervisor *s, bool on,
					struct nft_error *text);
/* For a reload: the same state with other tables. Return: 0 or -errno, *why
 * says it; nothing has changed then. */
WS_MUST_USE int supervisor_rules_renew(struct supervisor *s,
				       const struct conf_tables *conf,
				       struct nft_error *why);
/* All of ours goes, but the reject rule of `closed`. */
void supervisor_rules_remove(struct supervisor *s);

/* supervisor_watch.c: nothing to do in fixed-remote mode. Return: 0 or -errno,
 * logged. */
void supervisor_watch_init(struct supervisor *s);
WS_MUST_USE int supervisor_watch_open(struct supervisor *s);
void supervisor_watch_close(struct supervisor *s);
/* Somebody may have changed something. */
void supervisor_watch_look(struct supervisor *s);

/* supervisor_firewall.c: nothing to do without a self-test */
void supervisor_firewall_init(struct supervisor *s);
/* Before there are rules. Return: 0, or -EACCES after it was logged. */
WS_MUST_USE int supervisor_firewall_start(struct supervisor *s);
/* Somebody has changed nftables: is it still so? */
void supervisor_firewall_changed(struct supervisor *s);
/* Must nothing be taken, since a firewall would drop it? */
bool supervisor_firewall_avoided(const struct supervisor *s);
/* After waitpid(). Return: was it the process of a self-test? */
bool supervisor_firewall_reaped(struct supervisor *s, pid_t pid, int status);
void supervisor_firewall_close(struct supervisor *s);

/* supervisor_source.c: decides anew, for rules of `conf` with source: auto. */
void supervisor_source_decide(struct supervisor *s,
			      const struct conf_tables *conf);

/* supervisor_control.c: answers the tool; nothing to do without `control`.
 * Return: 0 or -errno, logged. */
void supervisor_control_init(struct supervisor *s);
WS_MUST_USE int supervisor_control_open(struct supervisor *s);
void supervisor_control_close(struct supervisor *s);

/* supervisor_state.c: the page that says how the daemon is. Children forget it.
 * Return: 0 or -errno. */
WS_MUST_USE int supervisor_state_open(struct supervisor *s);
void supervisor_state_close(struct supervisor *s);
void supervisor_phase(struct supervisor *s, enum supervisor_phase phase);
/* The recorder says how its store is. */
void supervisor_state_store(struct supervisor *s, int error);
/* No sink has this publisher's place any more. */
void supervisor_state_unused(const struct supervisor_child *c);
void supervisor_state_started(const struct supervisor_child *c);
void supervisor_state_ready(const struct supervisor_child *c);
/* `status` as from waitpid() */
void supervisor_state_ended(const struct supervisor_child *c, int status);
void supervisor_state_listeners(struct supervisor *s);
void supervisor_state_rules(struct supervisor *s);
/* What the kernel counts by now. */
void supervisor_state_counts(struct supervisor *s);
void supervisor_state_source(struct supervisor *s, uint32_t source,
			     const char *why);

#endif
