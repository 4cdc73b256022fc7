/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_load.h - command line and file to validated tables
 *
 * The caller opens the file; a short-lived child without rights (no
 * capabilities, no_new_privs, no core dump, no descriptor but the file, three
 * memfds and standard error) parses it, looks names up and hands back what it
 * has to say, the tables, and the sinks' secrets, each in a memfd of its own.
 * The two are sealed first, then checked again with conf_tables_valid() and
 * conf_secrets_valid().
 *
 * Secrets do not go the tables' ways: their memfd has no other descriptor, and
 * fork() does not hand their mapping on, but between two calls of
 * conf_load_lend().
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct conf_edit;
struct conf_secrets;
struct conf_tables;

/* What the command line said; NULL = not given. It beats the file. */
struct conf_overrides {
	const char *listen;  /* -l ADDR:PORT, [ADDR]:PORT or NAME:SERVICE */
	const char *remote;  /* -r, the same forms */
	const char *log_dir; /* -o */
	const char *pidfile; /* -p */
	const char *proxy_protocol;
	const char *store; /* --store */
	/* -O: file=PATH, logfile=PATH, PATH, amqp=URI, amqp://, amqps:// */
	const char *observers[8];
	int n_observers;
	/* where conf_hide_observers() has put them, NULL: nowhere */
	const void *hidden;
	size_t hidden_size;
	/* The environment's TCPPROXY_AMQP_HELPER: the program that gets what
	 * `-O amqp=` asks for, in tcpproxy's way; NULL: a sink of ours. */
	const char *amqp_helper;
};

struct conf_input {
	const char *path; /* of the file; NULL = command line alone */
	struct conf_overrides overrides;
	/* Not NULL: neither file nor command line, but the tables in force
	 * with an edit; it outlives the load. */
	const struct conf_edit *edit;
	/* names for `observe` and `protocols`, NULL-terminated */
	const char *const *protocols;
	/* minutes east of UTC where `protocols` says nothing; NULL: 0 */
	int (*usual_zone)(const char *protocol);
	uint32_t number; /* the config number; 0 = the first, 1 */
	/* To run with it here, as this user without capabilities: log_dir must
	 * take files, and there must be a place for each event file and the pid
	 * file. Without it, a configuration is judged by its text alone. */
	bool surroundings;
	/* Called in the child right after its birth, NULL: nothing. It reads
	 * hostile bytes: what its parent may write is given back here. */
	void (*in_child)(void *arg);
	void *in_child_arg;
};

/* How long a child may take before its parent ends it: 5 s, or 30 s for each
 * name that must be looked up, 40 s in all. */
#define CONF_LOAD_LIMIT_MS 40000

/* A load under way. Its owner reaps `pid`; conf_load_end() closes the rest. */
struct conf_loading {
	pid_t pid; /* the parsing child; 0 = there is none, end it at once */
	/* memfds that the child fills */
	int tables, secrets, said;
	const struct conf_edit *edit; /* what it does, NULL: it reads */
	const char *name;    /* the file's path, or what stands for it */
	const char *problem; /* why there is no child, with `error` */
	int error;
	bool late; /* ended by conf_load_kill() */
};

/* Starts the child. `in` must outlive the call, its path the load. */
void conf_load_begin(const struct conf_input *in, struct conf_loading *l);

/* Ends a child that takes too long; it is still to be reaped. */
void conf_load_kill(struct conf_loading *l);

/* Gives a load up: the child is ended, and nothing is to be done after it was
 * reaped. */
void conf_load_drop(struct conf_loading *l);

/*
 * Judges the child after waitpid() gave `wait_status` for it (nothing where
 * there is none). Return: 0 and *tables is a read-only mapping for the caller
 * (conf_load_unmap()), *fd (may be NULL) its sealed memfd, *secrets (may be
 * NULL, too) a mapping of what belongs to its sinks (conf_load_forget()), or
 * NULL after an edit: sinks are as before, and so are their secrets. -EINVAL:
 * the configuration is refused; -EIO, -ETIMEDOUT, -EBADMSG: the child failed;
 * or another -errno. *said, to be freed, is what there is to say in any case,
 * NULL if that is nothing: one line a problem or warning, sorted by line:
 *   FILE:LINE:COLUMN: unknown key "captur" in rule "tkstar" (nearest:
 *   "capture")
 */
WS_MUST_USE int conf_load_end(struct conf_loading *l, int wait_status,
			      const struct conf_tables **tables, int *fd,
			      const struct conf_secrets **secrets, char **said);
/* NULL is nothing. */
void conf_load_unmap(const struct conf_tables *tables);

/* The same of secrets. Not in a child that they were not lent to: it has none
 * of them, and something else may lie there. */
void conf_load_forget(const struct conf_secrets *secrets);

/* From here on a fork() hands the secrets' mapping on, or no longer. NULL is
 * nothing. Return: 0 or -errno. */
WS_MUST_USE int conf_load_lend(const struct conf_secrets *secrets, bool lent);

/* For whoever gets such a memfd: nobody can change what is checked here.
 * Return: 0 and *tables, -EPERM when it is not sealed, -EBADMSG when it holds
 * no tables of this build, or another -errno. The descriptor stays the
 * caller's. */
WS_MUST_USE int conf_load_map(int fd, const struct conf_tables **tables);

/* Logs `said` line by line; NULL is nothing. */
void conf_load_log(const char *said);

/*
 * The whole, blocking: for a start. What there is to say is printed to standard
 * error as it is, or logged where LOG_FORMAT or a journal want a form.
 */
WS_MUST_USE int conf_load(const struct conf_input *in,
			  const struct conf_tables **tables, int *fd,
			  const struct conf_secrets **secrets);

#endif
