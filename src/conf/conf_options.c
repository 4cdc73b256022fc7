/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_options.c - the command line of waysided */
#include "conf_options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#define NAMES_MAX 2

struct option_row {
	int letter;                   /* 0 = none */
	enum conf_action action;      /* of a row without arg */
	const char *names[NAMES_MAX]; /* the first is the one that is shown */
	const char *arg;              /* what follows; NULL = an action */
	size_t target; /* in struct conf_options, of a const char * */
	const char *help;
};

#define VALUE(letter, name, alias, arg, member, help)               \
	{                                                           \
		letter, 0, { name, alias }, arg,                    \
			offsetof(struct conf_options, member), help \
	}
#define ACTION(letter, name, action, help)                    \
	{                                                     \
		letter, action, { name, NULL }, NULL, 0, help \
	}

static const struct option_row rows[] = {
	VALUE('c', "config", NULL, "FILE", config,
	      "configuration file (" CONF_DEFAULT_FILE ")"),
	VALUE('l', "listen", "local", "ADDR:SERVICE", overrides.listen,
	      "listen here and relay to -r; without -c no file is read"),
	VALUE('r', "remote", NULL, "ADDR:SERVICE", overrides.remote,
	      "the server that connections to -l are relayed to"),
	VALUE('o', "output", "log-dir", "DIR", overrides.log_dir,
	      "directory of the captures; it must exist"),
	VALUE('p', "pidfile", NULL, "FILE", overrides.pidfile,
	      "hold the process id here while running"),
	VALUE('O', "observer", NULL, "CFG", overrides.observers,
	      "write messages to file=PATH, logfile=PATH or PATH, or publish "
	      "them\n          to amqp=URI, amqp://... or amqps://...; "
	      "repeatable"),
	VALUE(0, "store", NULL, "FILE", overrides.store,
	      "database of the events"),
	VALUE(0, "proxy-protocol", NULL, "v2", overrides.proxy_protocol,
	      "tell the server of -r who the client is"),
	ACTION(0, "check", CONF_ACTION_CHECK,
	       "check configuration and surroundings, change nothing"),
	ACTION(0, "print-config", CONF_ACTION_PRINT_CONFIG,
	       "print the effective configuration"),
	ACTION(0, "print-rules", CONF_ACTION_PRINT_RULES,
	       "print the nftables rules that it makes"),
	ACTION(0, "print-sample", CONF_ACTION_PRINT_SAMPLE,
	       "print a configuration in which every key is explained"),
	ACTION(0, "version", CONF_ACTION_VERSION, "print the version"),
	ACTION('h', "help", CONF_ACTION_HELP, "print this"),
};
#define N_ROWS WS_ARRAY_LEN(rows)

/* getopt's values for rows without a letter lie above all characters. */
#define VALUE_BASE 256

static int value_of(size_t row)
{
	return rows[row].letter ? rows[row].letter : VALUE_BASE + (int)row;
}

static const struct option_row *row_of(int value)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (value_of(i) == value)
			return &rows[i];
	}
	return NULL;
}

/* The table in getopt's terms. */
struct getopt_tables {
	char letters[2 * N_ROWS + 2];
	struct option names[N_ROWS * NAMES_MAX + 1];
};

static void make_tables(struct getopt_tables *g)
{
	size_t n = 0, letters = 0;

	memset(g, 0, sizeof(*g));
	g->letters[letters++] = ':'; /* tell a missing value apart */
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *r = &rows[i];

		for (size_t k = 0; k < NAMES_MAX && r->names[k]; k++)
			g->names[n++] = (struct option){
				.name = r->names[k],
				.has_arg = r->arg ? required_argument
						  : no_argument,
				.val = value_of(i),
			};
		if (r->letter)
			g->letters[letters++] = (char)r->letter;
		if (r->letter && r->arg)
			g->letters[letters++] = ':';
	}
}

/* `before` and `value` make the line's last words. */
static int usage_error(FILE *err, const char *what, const char *before,
		       const char *value)
{
	(void)fprintf(err,
		      "waysided: %s%s%s\n"
		      "Try 'waysided --help'.\n",
		      what, before, value);
	return -EINVAL;
}

static int take_value(struct conf_options *o, const struct option_row *r,
		      const char *value, FILE *err)
{
	const char **target = (void *)((char *)o + r->target);
	struct conf_overrides *v = &o->overrides;

	if (target == v->observers) {
		if (v->n_observers == (int)WS_ARRAY_LEN(v->observers))
			return usage_error(err, "too many observers: ", "",
					   value);
		v->observers[v->n_observers++] = value;
		return 0;
	}
	if (*target)
		return usage_error(err, "given twice: ", "--", r->names[0]);
	*target = value;
	return 0;
}

static int take_action(struct conf_options *o, const struct option_row *r,
		       FILE *err)
{
	if (o->action != CONF_ACTION_RUN && o->action != r->action)
		return usage_error(err, "a second action: ", "--", r->names[0]);
	o->action = r->action;
	return 0;
}

/* In a bundle such as -xh getopt names the letter only. */
static int unknown(FILE *err, char *const argv[])
{
	const char letter[] = { (char)optopt, '\0' };

	if (optopt > 0 && optopt < VALUE_BASE && !row_of(optopt))
		return usage_error(err, "unknown option: ", "-", letter);
	return usage_error(err, "unknown option: ", "", argv[optind - 1]);
}

int conf_options_parse(int argc, char *const argv[], FILE *err,
		       struct conf_options *out)
{
	struct conf_options o = { .action = CONF_ACTION_RUN };
	struct getopt_tables g;
	int c, r = 0;

	make_tables(&g);
	opterr = 0;
	optind = 0; /* from the start, also on a second call */
	while (!r &&
	       /* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread */
	       (c = getopt_long(argc, argv, g.letters, g.names, NULL)) != -1) {
		const struct option_row *row = row_of(c);

		if (c == ':')
			r = usage_error(err, "needs a value: ", "",
					argv[optind - 1]);
		else if (!row)
			r = unknown(err, argv);
		else if (row->arg)
			r = take_value(&o, row, optarg, err);
		else
			r = take_action(&o, row, err);
	}
	if (!r && optind < argc)
		r = usage_error(err, "unexpected argument: ", "", argv[optind]);
	if (r)
		return r;
	if (!o.config && !o.overrides.listen && !o.overrides.remote)
		o.config = CONF_DEFAULT_FILE;
	*out = o;
	return 0;
}

void conf_options_usage(FILE *out)
{
	(void)fputs("Usage: waysided [OPTION]...\n"
		    "Intercepts the connections of GPS trackers.\n\n",
		    out);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *r = &rows[i];

		if (r->letter)
			(void)fprintf(out, "  -%c", r->letter);
		else
			(void)fputs("    ", out);
		for (size_t k = 0; k < NAMES_MAX && r->names[k]; k++)
			(void)fprintf(out, "%s --%s",
				      k || r->letter ? "," : " ", r->names[k]);
		if (r->arg)
			(void)fprintf(out, " %s", r->arg);
		(void)fprintf(out, "\n          %s\n", r->help);
	}
	(void)fputs(
		"\nThe command line beats the file. Environment: LOG_LEVEL "
		"(err, warn, notice,\ninfo, debug), LOG_FORMAT (console, "
		"json, journal), TCPPROXY_AMQP_HELPER.\nExit status: 0, 1 on failure, 2 on wrong "
		"usage or configuration.\n",
		out);
}
