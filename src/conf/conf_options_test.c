/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_options_test.c - the command line, its slips, and its usage */
#include "conf_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_test.h"

#define ARGS_MAX 24

/* Splits at blanks. Return: the result; *line is what was told, to be
 * freed. */
static int parse(const char *command, struct conf_options *o, char **line)
{
	static char text[512]; /* what `o` points to */
	char *argv[ARGS_MAX] = { NULL }, *rest = NULL;
	int argc = 0, r;
	size_t len;
	FILE *f = open_memstream(line, &len);

	assert_non_null(f);
	(void)snprintf(text, sizeof(text), "%s", command);
	for (char *w = strtok_r(text, " ", &rest); w && argc < ARGS_MAX - 1;
	     w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	r = conf_options_parse(argc, argv, f, o);
	assert_int_equal(fclose(f), 0);
	return r;
}

static void good(const char *command, struct conf_options *o)
{
	char *line;

	if (parse(command, o, &line))
		fail_msg("%s: %s", command, line);
	assert_string_equal(line, "");
	free(line);
}

static void classic(void **state)
{
	struct conf_options o;

	(void)state;
	good("waysided -l 0.0.0.0:7700 -r h:1 -o /o -p /p -O file=a -Ob", &o);
	assert_int_equal(o.action, CONF_ACTION_RUN);
	assert_null(o.config);
	assert_string_equal(o.overrides.listen, "0.0.0.0:7700");
	assert_string_equal(o.overrides.remote, "h:1");
	assert_string_equal(o.overrides.log_dir, "/o");
	assert_string_equal(o.overrides.pidfile, "/p");
	assert_int_equal(o.overrides.n_observers, 2);
	assert_string_equal(o.overrides.observers[0], "file=a");
	assert_string_equal(o.overrides.observers[1], "b");
}

static void long_names(void **state)
{
	struct conf_options o;

	(void)state;
	good("waysided --listen=a --remote b --output c --pidfile d "
	     "--observer e --config f",
	     &o);
	assert_string_equal(o.overrides.listen, "a");
	assert_string_equal(o.overrides.remote, "b");
	assert_string_equal(o.overrides.log_dir, "c");
	assert_string_equal(o.overrides.pidfile, "d");
	assert_string_equal(o.overrides.observers[0], "e");
	assert_string_equal(o.config, "f");
	good("waysided --local a --log-dir=c --proxy-protocol v2", &o);
	assert_string_equal(o.overrides.proxy_protocol, "v2");
	assert_string_equal(o.overrides.listen, "a");
	assert_string_equal(o.overrides.log_dir, "c");
	assert_null(o.config);
}

static void which_file(void **state)
{
	struct conf_options o;

	(void)state;
	good("waysided", &o);
	assert_string_equal(o.config, CONF_DEFAULT_FILE);
	good("waysided -o /o", &o);
	assert_string_equal(o.config, CONF_DEFAULT_FILE);
	good("waysided -r h:1", &o);
	assert_null(o.config);
	good("waysided -c x -l a -r b", &o);
	assert_string_equal(o.config, "x");
}

static void actions(void **state)
{
	struct conf_options o;

	(void)state;
	good("waysided --check -c x", &o);
	assert_int_equal(o.action, CONF_ACTION_CHECK);
	good("waysided --print-config", &o);
	assert_int_equal(o.action, CONF_ACTION_PRINT_CONFIG);
	good("waysided --print-rules --print-rules", &o);
	assert_int_equal(o.action, CONF_ACTION_PRINT_RULES);
	good("waysided --version", &o);
	assert_int_equal(o.action, CONF_ACTION_VERSION);
	good("waysided --help", &o);
	assert_int_equal(o.action, CONF_ACTION_HELP);
	good("waysided -h", &o);
	assert_int_equal(o.action, CONF_ACTION_HELP);
}

static void slips(void **state)
{
	static const struct {
		const char *command, *line;
	} rows[] = {
		{ "waysided -x", "unknown option: -x" },
		{ "waysided -hx", "unknown option: -x" },
		{ "waysided --chekc", "unknown option: --chekc" },
		{ "waysided --print", "unknown option: --print" },
		{ "waysided --check=yes", "unknown option: --check=yes" },
		{ "waysided -l", "needs a value: -l" },
		{ "waysided --config", "needs a value: --config" },
		{ "waysided file", "unexpected argument: file" },
		{ "waysided -l a -l b", "given twice: --listen" },
		{ "waysided --local a --listen b", "given twice: --listen" },
		{ "waysided -c a --config=b", "given twice: --config" },
		{ "waysided -o a --log-dir b", "given twice: --output" },
		{ "waysided --check --print-config",
		  "a second action: --print-config" },
		{ "waysided -O1 -O2 -O3 -O4 -O5 -O6 -O7 -O8 -O9",
		  "too many observers: 9" },
	};
	char want[128], *line;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct conf_options o = { .config = "untouched" };

		assert_int_equal(parse(rows[i].command, &o, &line), -EINVAL);
		(void)snprintf(want, sizeof(want),
			       "waysided: %s\nTry 'waysided --help'.\n",
			       rows[i].line);
		assert_string_equal(line, want);
		assert_string_equal(o.config, "untouched");
		free(line);
	}
}

/* Every option is in the usage, and every one that it shows is taken. */
static void usage_is_the_table(void **state)
{
	static const char *const names[] = {
		"--config",       "--listen",      "--local",
		"--remote",       "--output",      "--log-dir",
		"--pidfile",      "--observer",    "--check",
		"--print-config", "--print-rules", "--print-sample",
		"--version",      "--help",        "--proxy-protocol",
		"--store",
	};
	struct conf_options o;
	char command[64], *text = NULL, *line;
	unsigned shown = 0;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	conf_options_usage(f);
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		if (!strstr(text, names[i]))
			fail_msg("%s is not in the usage", names[i]);
	}
	for (char *p = text; (p = strstr(p, " --")); p++) {
		(void)snprintf(command, sizeof(command), "waysided %.*s v",
			       (int)strcspn(p + 1, ", \n"), p + 1);
		(void)parse(command, &o, &line);
		assert_null(strstr(line, "unknown option"));
		free(line);
		shown++;
	}
	assert_int_equal(shown, WS_ARRAY_LEN(names));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic),
		cmocka_unit_test(long_names),
		cmocka_unit_test(which_file),
		cmocka_unit_test(actions),
		cmocka_unit_test(slips),
		cmocka_unit_test(usage_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
