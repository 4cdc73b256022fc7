/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_load.h - command line and file to validated tables
 *
 * The caller opens the file; a short-lived child without rights (no
 * capabilities, no_new_privs, no core dump, no descriptor but the file, the
 * memfd and standard error) parses it, looks names up and hands the tables back
 * in a memfd. That is sealed first, then what the child says is checked again
 * with conf_tables_valid().
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

struct conf_tables;

/* What the command line said; NULL = not given. It beats the file. */
struct conf_overrides {
	const char *listen;  /* -l ADDR:PORT, [ADDR]:PORT or NAME:SERVICE */
	const char *remote;  /* -r, the same forms */
	const char *log_dir; /* -o */
	const char *pidfile; /* -p */
	const char *observers[8]; /* -O: file=PATH, logfile=PATH or PATH */
	int n_observers;
};

struct conf_input {
	const char *path; /* of the file; NULL = command line alone */
	struct conf_overrides overrides;
	const char *const *protocols; /* names for `observe`, NULL-terminated */
	uint32_t number;              /* the config number; 0 = the first, 1 */
	/* To run with it here, as this user without capabilities: log_dir must
	 * take files, and there must be a place for each event file and the pid
	 * file. Without it, a configuration is judged by its text alone. */
	bool surroundings;
};

/*
 * Blocks until the child has ended: 5 s at most, or 30 s for each name that
 * must be looked up, 40 s in all.
 * Return: 0 and *tables is a read-only mapping for the caller's life, *fd (may
 * be NULL) its sealed memfd; -EINVAL after all problems were printed to
 * standard error, one line each, sorted by line:
 *   FILE:LINE:COLUMN: unknown key "captur" in rule "tkstar" (nearest:
 * "capture")
 * or another -errno, logged. Warnings (FILE:LINE:COLUMN: warning: ...) are
 * printed in any case.
 */
WS_MUST_USE int conf_load(const struct conf_input *in,
			  const struct conf_tables **tables, int *fd);

#endif
