/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside.c - the operator's tool: one table of commands, one of options */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "conf_options.h"
#include "control.h"
#include "wayside_command.h"
#include "wayside_decode.h"
#include "wayside_doctor.h"
#include "wayside_protocols.h"
#include "wayside_rules.h"
#include "wayside_store.h"
#include "wayside_version.h"

/* What a command takes. */
enum {
	TAKES_CONFIG = 1, /* it has a default */
	TAKES_STOPPED = 2,
	TAKES_SOCKET = 4, /* -c FILE or --control PATH */
	TAKES_JSON = 8,
	TAKES_ID = 16,
	TAKES_ITEM = 32,    /* of a rule */
	TAKES_BYTES = 64,   /* to decode; a configuration has no default */
	TAKES_STORE = 128,  /* -c FILE or --store FILE */
	TAKES_DEVICE = 256, /* which of them, of the store */
	TAKES_EVENT = 512,  /* ... which events */
	TAKES_FOLLOW = 1024,
	TAKES_MAP = 2048, /* forms for maps */
};

static const struct command {
	const char *group;
	const char *name; /* NULL: the group is the command */
	unsigned takes;
	const char *help;
	enum wayside_status (*run)(const struct wayside_options *o);
} commands[] = {
	{ "status", NULL, TAKES_SOCKET | TAKES_JSON,
	  "print how the daemon is: processes, rules, traffic, counters",
	  wayside_status_run },
	{ "flows", NULL, TAKES_SOCKET | TAKES_JSON,
	  "print one line for each flow, the oldest first", wayside_flows_run },
	{ "close", NULL, TAKES_SOCKET | TAKES_ID,
	  "end a flow; ID is its connection id or its flow id",
	  wayside_close_run },
	{ "reload", NULL, TAKES_SOCKET,
	  "let the daemon read its configuration again", wayside_reload_run },
	{ "bypass", "on", TAKES_SOCKET,
	  "let new connections go direct; those that Wayside has go on",
	  wayside_bypass_on },
	{ "bypass", "off", TAKES_SOCKET, "take new connections again",
	  wayside_bypass_off },
	{ "rules", "add", TAKES_SOCKET | TAKES_ITEM,
	  "let a rule of the daemon take more, until the next reload",
	  wayside_rules_add },
	{ "rules", "del", TAKES_SOCKET | TAKES_ITEM,
	  "let it take less; what runs goes on", wayside_rules_del },
	{ "rules", "show", TAKES_CONFIG | TAKES_STOPPED,
	  "print the kernel rules, for nft -f", wayside_rules_show },
	{ "rules", "install", TAKES_CONFIG | TAKES_STOPPED,
	  "put rules and routes into the kernel; no daemon may run",
	  wayside_rules_install },
	{ "rules", "remove", 0,
	  "take all of Wayside's rules and routes out; no daemon may run",
	  wayside_rules_remove },
	{ "rules", "check", TAKES_CONFIG | TAKES_STOPPED,
	  "print each difference between kernel and configuration;\n      "
	  "exit status 0: none, 1: some",
	  wayside_rules_check },
	{ "doctor", NULL, TAKES_CONFIG | TAKES_JSON,
	  "look for what keeps interception from working here, and try it;\n"
	  "      exit status 0: healthy, 3: degraded, 4: broken",
	  wayside_doctor_run },
	{ "captures", NULL, TAKES_CONFIG | TAKES_JSON,
	  "print the captures in the log directory, the oldest first",
	  wayside_captures_run },
	{ "events", NULL,
	  TAKES_STORE | TAKES_DEVICE | TAKES_EVENT | TAKES_FOLLOW | TAKES_JSON,
	  "print what trackers and their servers said, the oldest first",
	  wayside_events_run },
	{ "positions", NULL,
	  TAKES_STORE | TAKES_DEVICE | TAKES_EVENT | TAKES_MAP | TAKES_JSON,
	  "print where trackers were", wayside_positions_run },
	{ "devices", NULL, TAKES_STORE | TAKES_DEVICE | TAKES_JSON,
	  "print who was seen, the last first", wayside_devices_run },
	{ "sinks", NULL, TAKES_STORE | TAKES_JSON,
	  "print how far each sink is, and what keeps it", wayside_sinks_run },
	{ "decode", NULL, TAKES_BYTES | TAKES_JSON,
	  "print what bytes say: those of a capture, of a pcap file, or of a "
	  "tracker",
	  wayside_decode_run },
	{ "protocols", NULL, TAKES_JSON,
	  "print the protocols that are understood, with their keywords",
	  wayside_protocols_run },
};

static const struct option {
	const char *letter, *word;
	unsigned takes; /* commands with one of these know it */
	bool value;     /* a const char *, else a bool */
	const char *what;
	size_t offset; /* in struct wayside_options */
} options[] = {
	{ "-c", "--config",
	  TAKES_CONFIG | TAKES_SOCKET | TAKES_BYTES | TAKES_STORE, true,
	  "a file", offsetof(struct wayside_options, config) },
	{ NULL, "--control", TAKES_SOCKET, true, "a path",
	  offsetof(struct wayside_options, control) },
	{ NULL, "--json", TAKES_JSON, false, NULL,
	  offsetof(struct wayside_options, json) },
	{ NULL, "--stopped", TAKES_STOPPED, false, NULL,
	  offsetof(struct wayside_options, stopped) },
	{ NULL, "--protocol", TAKES_BYTES | TAKES_EVENT, true, "a protocol",
	  offsetof(struct wayside_options, protocol) },
	{ NULL, "--hex", TAKES_BYTES, false, NULL,
	  offsetof(struct wayside_options, hex) },
	{ NULL, "--store", TAKES_STORE, true, "a file",
	  offsetof(struct wayside_options, store) },
	{ NULL, "--device", TAKES_DEVICE, true, "a device",
	  offsetof(struct wayside_options, device) },
	{ NULL, "--type", TAKES_EVENT, true, "a type",
	  offsetof(struct wayside_options, type) },
	{ NULL, "--since", TAKES_DEVICE, true, "a time",
	  offsetof(struct wayside_options, since) },
	{ NULL, "--until", TAKES_EVENT, true, "a time",
	  offsetof(struct wayside_options, until) },
	{ NULL, "--limit", TAKES_DEVICE, true, "a number",
	  offsetof(struct wayside_options, limit) },
	{ NULL, "--follow", TAKES_FOLLOW, false, NULL,
	  offsetof(struct wayside_options, follow) },
	{ NULL, "--geojson", TAKES_MAP, false, NULL,
	  offsetof(struct wayside_options, geojson) },
	{ NULL, "--gpx", TAKES_MAP, false, NULL,
	  offsetof(struct wayside_options, gpx) },
};

/* What stands without an option, in this order. */
static const struct word {
	const char *what;
	unsigned takes;
	bool optional;
	size_t offset; /* in struct wayside_options */
} words[] = {
	{ "ID", TAKES_ID, false, offsetof(struct wayside_options, id) },
	{ "RULE", TAKES_ITEM, false, offsetof(struct wayside_options, rule) },
	{ "to|clients|interfaces", TAKES_ITEM, false,
	  offsetof(struct wayside_options, list) },
	{ "ITEM", TAKES_ITEM, false, offsetof(struct wayside_options, item) },
	{ "FILE", TAKES_BYTES, true, offsetof(struct wayside_options, file) },
};

/* How the options of a command are shown, in this order. */
static const struct {
	unsigned takes;
	const char *text;
} usage[] = {
	{ TAKES_FOLLOW, "[--follow]" },
	{ TAKES_DEVICE, "[--device ID] [--since T]" },
	{ TAKES_EVENT, "[--until T] [--type T]" },
	{ TAKES_BYTES | TAKES_EVENT, "[--protocol NAME]" },
	{ TAKES_DEVICE, "[--limit N]" },
	{ TAKES_BYTES, "[--hex]" },
	{ TAKES_MAP, "[--geojson] [--gpx]" },
	{ TAKES_JSON, "[--json]" },
	{ TAKES_CONFIG, "[-c FILE]" },
	{ TAKES_STOPPED, "[--stopped]" },
	{ TAKES_SOCKET, "[-c FILE | --control PATH]" },
	{ TAKES_STORE, "[-c FILE | --store FILE]" },
};

#define COLUMNS 80

/* Each after a blank, or on the next line where this one is full. */
static void print_word(FILE *out, int *column, const char *text)
{
	if (*column + 1 + (int)strlen(text) > COLUMNS)
		*column = fprintf(out, "\n     ") - 1;
	*column += fprintf(out, " %s", text);
}

/* Those that the command takes. */
static void print_usage(FILE *out, int column, const struct command *c)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(words); i++) {
		if (c->takes & words[i].takes)
			column += fprintf(out,
					  words[i].optional ? " [%s]" : " %s",
					  words[i].what);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(usage); i++) {
		if (c->takes & usage[i].takes)
			print_word(out, &column, usage[i].text);
	}
}

static void print_help(FILE *out)
{
	(void)fputs("usage: wayside COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];
		const int column = fprintf(out, "  %s%s%s", c->group,
					   c->name ? " " : "",
					   c->name ? c->name : "");

		print_usage(out, column, c);
		(void)fprintf(out, "\n      %s\n", c->help);
	}
	(void)fputs(
		"\n"
		"  -c, --config FILE  configuration (" CONF_DEFAULT_FILE ");\n"
		"                     where a daemon is asked: whose "
		"control socket;\n"
		"                     decode: whose `protocols`, and none "
		"without it\n"
		"      --control PATH control socket of the daemon. "
		"Without both: that of\n"
		"                     " CONF_DEFAULT_FILE
		" where it can be read,\n"
		"                     else " CONTROL_PATH "\n"
		"      --store FILE   the database. Without both: that of\n"
		"                     " CONF_DEFAULT_FILE
		" where it can be read,\n"
		"                     else " WAYSIDE_STORE "\n"
		"      --json         for programs, not for people\n"
		"      --protocol NAME  of the tracker; default: the bytes "
		"decide; any\n"
		"      --hex          each line of FILE has hexadecimal "
		"digits: the bytes of\n"
		"                     the client of one flow\n"
		"      --device ID, --type T   of this one alone\n"
		"      --since T, --until T    YYYY-MM-DD[ HH:MM[:SS]] local, "
		"RFC 3339, or for\n"
		"                     so long ago 90s, 15m, 2h, 3d, 1w\n"
		"      --limit N      the newest N; 0: all. Events and "
		"positions, without a\n"
		"                     time: 100\n"
		"      --follow       go on with what comes; begins with "
		"10\n"
		"      --geojson, --gpx   for maps: RFC 7946; GPX 1.1, a "
		"track a device\n"
		"      --stopped      as it is after a clean stop: with "
		"on_failure closed the\n"
		"                     rejecting rules, with hold all, "
		"otherwise nothing\n"
		"  -h, --help         this text\n"
		"      --version      print the version\n"
		"Exit status: 0 done, 1 not done, 2 usage or "
		"configuration;\n"
		"             of doctor also 3 degraded, 4 broken\n",
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
	return word && strcmp(arg, word) == 0;
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

/* `--word=value`: the value, else NULL. */
static const char *value_within(const char *arg, const char *word)
{
	const size_t len = strlen(word);

	return !strncmp(arg, word, len) && arg[len] == '=' ? arg + len + 1
							   : NULL;
}

/* Return: the option of this command that `arg` is; NULL: it is none. */
static const struct option *find_option(const struct command *c,
					const char *arg)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(options); i++) {
		const struct option *p = &options[i];

		if ((p->takes & c->takes) &&
		    (is(arg, p->letter) || is(arg, p->word) ||
		     (p->value && value_within(arg, p->word))))
			return p;
	}
	return NULL;
}

/* Return: the first that has no value yet; NULL: the command takes no more. */
static const struct word *next_word(const struct command *c,
				    const struct wayside_options *o)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(words); i++) {
		const struct word *w = &words[i];
		const char *const *member =
			(const void *)((const char *)o + w->offset);

		if ((c->takes & w->takes) && !*member)
			return w;
	}
	return NULL;
}

/* Takes a value out of this argument or the next. Return: the last argument
 * that belongs to it; NULL after it was said that there is none. */
static char **take_value(const struct option *p, char **argv,
			 struct wayside_options *o)
{
	const char *given = *argv, *value = value_within(given, p->word);

	if (!value)
		value = *++argv;
	if (!value || !*value) {
		(void)fprintf(stderr,
			      "wayside: %s must follow: %s; see wayside "
			      "--help\n",
			      p->what, given);
		return NULL;
	}
	*(const char **)(void *)((char *)o + p->offset) = value;
	return argv;
}

static enum wayside_status parse_options(const struct command *c, char **argv,
					 struct wayside_options *o)
{
	for (; *argv; argv++) {
		const struct option *p = find_option(c, *argv);

		if (!p) {
			const struct word *w = next_word(c, o);

			if ((**argv == '-' && (*argv)[1]) || !w)
				return misused("unknown argument", *argv);
			*(const char **)(void *)((char *)o + w->offset) = *argv;
			continue;
		}
		if (!p->value) {
			*(bool *)((char *)o + p->offset) = true;
			continue;
		}
		argv = take_value(p, argv, o);
		if (!argv)
			return WAYSIDE_USAGE;
	}
	if (next_word(c, o) && !next_word(c, o)->optional)
		return misused("more is needed", next_word(c, o)->what);
	if (o->config && o->control)
		return misused("either --config or --control", NULL);
	if (o->config && o->store)
		return misused("either --config or --store", NULL);
	if ((c->takes & TAKES_CONFIG) && !o->config)
		o->config = CONF_DEFAULT_FILE;
	return WAYSIDE_OK;
}

static enum wayside_status run(char **argv)
{
	struct wayside_options o = { .config = NULL };
	const struct command *c;

	if (!argv[0])
		return misused("a command is needed", NULL);
	c = find_command(argv[0], NULL);
	if (!c)
		return misused("unknown command", argv[0]);
	argv++;
	if (c->name) { /* of a group */
		if (!argv[0])
			return misused("a command is needed", argv[-1]);
		c = find_command(argv[-1], argv[0]);
		if (!c)
			return misused("unknown command", argv[0]);
		argv++;
	}
	if (parse_options(c, argv, &o) != WAYSIDE_OK)
		return WAYSIDE_USAGE;
	return c->run(&o);
}

int main(int argc, char **argv)
{
	enum wayside_status s = WAYSIDE_OK;

	if (!base_fd_standard())
		return WAYSIDE_FAILED;
	base_log_set_role("wayside");
	if (!base_log_from_env() || !base_die_init())
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
