/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside.c - the operator's tool: one table of commands */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base_attr.h"
#include "base_log.h"
#include "wayside_rules.h"
#include "wayside_version.h"

#define DEFAULT_CONFIG "/etc/wayside/wayside.yaml"

static const struct command {
	const char *group, *name;
	bool config;  /* takes --config */
	bool stopped; /* takes --stopped */
	const char *help;
	enum wayside_status (*run)(const struct wayside_options *o);
} commands[] = {
	{ "rules", "show", true, true, "print the kernel rules, for nft -f",
	  wayside_rules_show },
	{ "rules", "install", true, true,
	  "put rules and routes into the kernel; no daemon may run",
	  wayside_rules_install },
	{ "rules", "remove", false, false,
	  "take all of Wayside's rules and routes out; no daemon may run",
	  wayside_rules_remove },
	{ "rules", "check", true, true,
	  "print each difference between kernel and configuration; exit "
	  "status 0: none, 1: some",
	  wayside_rules_check },
};

static void print_help(FILE *out)
{
	(void)fputs("usage: wayside COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];

		(void)fprintf(out, "  %s %s%s%s\n      %s\n", c->group, c->name,
			      c->config ? " [-c FILE]" : "",
			      c->stopped ? " [--stopped]" : "", c->help);
	}
	(void)fputs("\n"
		    "  -c, --config FILE  configuration (" DEFAULT_CONFIG ")\n"
		    "      --stopped      as it is after a clean stop: with "
		    "on_failure closed the\n"
		    "                     rejecting rules, otherwise nothing\n"
		    "  -h, --help         this text\n"
		    "      --version      print the version\n"
		    "Exit status: 0 done, 1 not done, 2 usage or "
		    "configuration\n",
		    out);
}

static enum wayside_status misused(const char *what, const char *word)
{
	(void)fprintf(stderr, "wayside: %s%s%s; see wayside --help\n", what,
		      word ? ": " : "", word ? word : "");
	return WAYSIDE_USAGE;
}

static bool is(const char *arg, const char *word)
{
	return strcmp(arg, word) == 0;
}

/* name: NULL = any command of the group. */
static const struct command *find_command(const char *group, const char *name)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
		if (is(group, commands[i].group) &&
		    (!name || is(name, commands[i].name)))
			return &commands[i];
	}
	return NULL;
}

static bool asks_for_help(char **argv)
{
	for (; *argv; argv++) {
		if (is(*argv, "-h") || is(*argv, "--help"))
			return true;
	}
	return false;
}

static enum wayside_status parse_options(const struct command *c, char **argv,
					 struct wayside_options *o)
{
	static const char config[] = "--config=";

	for (; *argv; argv++) {
		if (c->config && (is(*argv, "-c") || is(*argv, "--config"))) {
			if (!*++argv)
				return misused("a file must follow", argv[-1]);
			o->config = *argv;
		} else if (c->config &&
			   !strncmp(*argv, config, strlen(config))) {
			o->config = *argv + strlen(config);
		} else if (c->stopped && is(*argv, "--stopped")) {
			o->stopped = true;
		} else {
			return misused("unknown argument", *argv);
		}
	}
	return WAYSIDE_OK;
}

static enum wayside_status run(char **argv)
{
	struct wayside_options o = { .config = DEFAULT_CONFIG };
	const struct command *c;

	if (!argv[0])
		return misused("a command is needed", NULL);
	if (!find_command(argv[0], NULL))
		return misused("unknown command", argv[0]);
	if (!argv[1])
		return misused("a command is needed", argv[0]);
	c = find_command(argv[0], argv[1]);
	if (!c)
		return misused("unknown command", argv[1]);
	if (parse_options(c, argv + 2, &o) != WAYSIDE_OK)
		return WAYSIDE_USAGE;
	return c->run(&o);
}

int main(int argc, char **argv)
{
	enum wayside_status s = WAYSIDE_OK;

	base_log_set_role("wayside");
	if (!base_log_from_env())
		return WAYSIDE_USAGE;
	if (asks_for_help(argv + (argc > 0)))
		print_help(stdout);
	else if (argc == 2 && is(argv[1], "--version"))
		(void)printf("wayside %s\n", WAYSIDE_VERSION);
	else
		s = run(argv + (argc > 0));
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fputs("wayside: cannot write to standard output\n",
			    stderr);
		return WAYSIDE_FAILED;
	}
	return (int)s;
}
