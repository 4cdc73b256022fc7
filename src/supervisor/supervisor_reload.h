/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_reload.h - another configuration, in all processes or in none
 *
 * Theory of operation
 *
 *   IDLE ──asked──▶ LOADING ──child ended──▶ PREPARING ──all prepared──▶ IDLE
 *
 *   LOADING    a child parses the file and looks names up (conf_load.h), or
 *              makes an operator's edit of the tables in force (conf_edit.h);
 *              no file is read for that, and the next reload of one undoes it.
 *              What only a restart can change is refused.
 *   PREPARING  each role that has a process gets the sealed tables and takes
 *              them in, beside those in force, within times.prepare_ms.
 *              Then the rules are changed in one batch, all roles are told that
 *              the new tables are in force, and ours are swapped. Publishers
 *              are not asked: those whose sink has changed are replaced after
 *              that, and nobody waits for it.
 *
 * Whatever goes wrong before the batch is through leaves all as it was: the
 * roles forget what they took in, and the reason is told, to the log and to who
 * asked. A role that is started meanwhile is asked too, before the end; one
 * that is started later begins with the new tables. Nothing here waits: a step
 * is taken when the child or a role has something to say, or the limit is over.
 * The number of an attempt that was given to roles is never used again, so a
 * late answer to it is known as one.
 */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"
#include "conf_edit.h"
#include "conf_load.h"
#include "conf_tables.h"
#include "control.h"
#include "loop.h"

struct conf_secrets;
struct role_message;
struct supervisor;
struct supervisor_child;

enum supervisor_reload_step {
	SUPERVISOR_RELOAD_IDLE,
	SUPERVISOR_RELOAD_LOADING,
	SUPERVISOR_RELOAD_PREPARING,
};

/* Who asked: called once, at once or later. `text`: lines for the user, the
 * last one says how it ended. */
struct supervisor_reload_asker {
	void (*answer)(void *arg, int error, const char *text);
	void *arg;
};

/* Refusals that nobody is told are logged this often at most. */
#define SUPERVISOR_RELOAD_QUIET_MS 1000

/* Part of struct supervisor. */
struct supervisor_reload {
	enum supervisor_reload_step step;
	struct supervisor_reload_asker asker; /* answer NULL: the log is all */
	struct control_edit edit; /* rule "": none, a file's content */
	struct conf_edit change;  /* the same, for the parser's load */
	struct conf_loading loading;
	const struct conf_tables *next; /* the tables to come, or NULL */
	int next_fd;
	const struct conf_secrets *next_secrets; /* NULL: none, or an edit */
	uint32_t number; /* the highest that roles were ever given */
	/* 0: the recorder, 1 + i: worker i */
	bool asked[1 + CONF_WORKERS_MAX];
	bool prepared[1 + CONF_WORKERS_MAX];
	bool mapped;       /* the tables in force are a mapping of ours */
	char *said;        /* lines, or NULL */
	uint64_t quiet_ms; /* no refusal is logged before that */
	struct loop_timer limit;
};

void supervisor_reload_init(struct supervisor *s);

/* `asker` is copied; NULL: SIGHUP, the log is all. */
void supervisor_reload(struct supervisor *s,
		       const struct supervisor_reload_asker *asker);

/* One item of one rule more or less, `edit` being valid: the same way, from the
 * tables in force. Both are copied. */
void supervisor_reload_edit(struct supervisor *s,
			    const struct supervisor_reload_asker *asker,
			    const struct control_edit *edit);

/* Ends one that is under way: we are stopping. */
void supervisor_reload_stop(struct supervisor *s);

/* After waitpid(). Return: false when it is not a child of ours. */
WS_MUST_USE bool supervisor_reload_reaped(struct supervisor *s, pid_t pid,
					  int status);
/* A role said ROLE_PREPARED. */
void supervisor_reload_prepared(struct supervisor_child *c,
				const struct role_message *m);
/* A role's process has ended. */
void supervisor_reload_gone(struct supervisor_child *c);

#endif
