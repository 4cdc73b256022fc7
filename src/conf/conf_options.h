/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_options.h - the command line of waysided
 *
 * The classic flags of tcpproxy (-l -r -o -p -O) and ours, from one table that
 * also prints the usage.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdio.h>

#include "base_attr.h"
#include "conf_load.h"

#define CONF_DEFAULT_FILE "/etc/wayside/wayside.yaml"

enum conf_action {
	CONF_ACTION_RUN,
	CONF_ACTION_CHECK,        /* --check */
	CONF_ACTION_PRINT_CONFIG, /* --print-config */
	CONF_ACTION_PRINT_RULES,  /* --print-rules */
	CONF_ACTION_PRINT_SAMPLE, /* --print-sample */
	CONF_ACTION_VERSION,      /* --version */
	CONF_ACTION_HELP,         /* -h, --help */
	CONF_ACTION_MAX
};

/* Strings are argv's. */
struct conf_options {
	enum conf_action action;
	/* -c; without it CONF_DEFAULT_FILE, or NULL when -l or -r is given */
	const char *config;
	struct conf_overrides overrides;
};

/* Return: 0; or -EINVAL after one line and a hint were written to `err`, and
 * *out is unchanged: the program ends with status 2. */
WS_MUST_USE int conf_options_parse(int argc, char *const argv[], FILE *err,
				   struct conf_options *out);

void conf_options_usage(FILE *out);

#endif
