/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_parse_fuzz.c - any file: refused with a place, or valid and printable
 *
 * What is refused has at least one line "f:LINE:COLUMN: text", lines are sorted
 * and have no control character. What is taken gives valid tables, which differ
 * in nothing from those that come out of their own print.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_change.h"
#include "conf_edit.h"
#include "conf_load.h"
#include "conf_parse.h"
#include "conf_print.h"
#include "conf_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Addresses only: no name is looked up. */
static const char *resolve(const struct conf_service *s, struct base_addr *out)
{
	char text[320];

	(void)snprintf(text, sizeof(text),
		       strchr(s->host, ':') ? "[%s]:%s" : "%s:%s", s->host,
		       s->service);
	return base_addr_parse(out, text) ? NULL : "no address";
}

static const char *find_user(const char *name, uint32_t *uid)
{
	*uid = (uint32_t)strlen(name);
	return *uid % 2 ? NULL : "not found";
}

static int check_dir(const char *path, bool writable)
{
	/* some are there, some are not */
	return strlen(path) % 2 ? 0 : writable ? -13 : -2;
}

static int check_file(const char *path, int mode)
{
	return strlen(path) % 2 ? 0 : -mode;
}

static void require(bool what)
{
	if (!what)
		abort();
}

/* A number and a colon. Return: what is behind them. */
static const char *take_number(const char *p, unsigned long *out)
{
	char *end;

	require(*p >= '1' && *p <= '9');
	*out = strtoul(p, &end, 10);
	require(*end == ':');
	return end + 1;
}

static void check_lines(const char *text)
{
	unsigned long line, column, last_line = 0, last_column = 0;

	while (*text) {
		require(!strncmp(text, "f:", 2));
		text = take_number(text + 2, &line);
		text = take_number(text, &column);
		require(line > last_line ||
			(line == last_line && column >= last_column));
		last_line = line;
		last_column = column;
		require(*text == ' ');
		for (; *text != '\n'; text++)
			require((unsigned char)*text >= 0x20 && *text != 0x7f);
		text++;
	}
}

/* Return: taken. */
static bool parse(const struct conf_env *env, const char *text, size_t len,
		  struct conf_tables *t)
{
	const struct base_span bytes = { (const uint8_t *)text, len };
	struct conf_errors errors = { .n = 0 };
	struct conf_secrets *secrets = calloc(1, sizeof(*secrets));
	const bool ok = conf_parse(env, bytes, t, secrets, &errors);
	char *said = NULL;
	size_t said_len = 0;
	FILE *f = open_memstream(&said, &said_len);

	require(f);
	require(!ok || conf_secrets_valid(secrets, sizeof(*secrets), t));
	free(secrets);
	require(ok == !conf_errors_any(&errors));
	conf_errors_print(&errors, "f", f);
	require(fclose(f) == 0);
	require(ok || said_len > 0);
	check_lines(said);
	free(said);
	conf_errors_done(&errors);
	return ok;
}

static void check_tables(const struct conf_env *env,
			 const struct conf_tables *t)
{
	struct conf_tables *again = calloc(1, sizeof(*again));
	char *printed = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&printed, &len);

	require(again && f);
	require(conf_tables_valid(t, sizeof(*t)));
	require(conf_change_refused(t, t, f) == 0);
	conf_print(f, t, NULL);
	require(fclose(f) == 0);
	require(parse(env, printed, len, again));
	require(!memcmp(t, again, sizeof(*t)));
	free(printed);
	free(again);
}

/* One item more of the last rule's servers, and without it again. */
static void check_edit(const struct conf_env *env, const struct conf_tables *t)
{
	struct conf_tables *more = calloc(1, sizeof(*more));
	struct conf_tables *back = calloc(1, sizeof(*back));
	struct conf_errors errors = { .n = 0 };
	struct conf_edit e = { .base = t,
			       .key = CONF_KEY_RULE_TO,
			       .add = true,
			       .rule = t->rules[t->n_rules - 1].name,
			       .item = "[2001:db8:ffff::1]:65535" };

	require(more && back);
	if (conf_edit(env, &e, more, &errors)) {
		require(conf_tables_valid(more, sizeof(*more)));
		e.base = more;
		e.add = false;
		require(conf_edit(env, &e, back, &errors));
		require(!memcmp(t, back, sizeof(*t)));
	}
	conf_errors_done(&errors);
	free(back);
	free(more);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const protocols[] = { "watch", "gt06", NULL };
	const struct conf_input in = { .path = "f", .protocols = protocols };
	const struct conf_input strict = { .path = "f",
					   .protocols = protocols,
					   .surroundings = true };
	struct conf_env env = { .in = &strict,
				.cwd = "/cwd",
				.cores = 4,
				.nofile = 20200,
				.resolve = resolve,
				.find_user = find_user,
				.check_dir = check_dir,
				.check_file = check_file,
				.kinds = (1U << CONF_SINK_KIND_MAX) - 1,
				.public_file = true };
	struct conf_tables *t = calloc(1, sizeof(*t));
	bool fine;

	require(t);
	fine = parse(&env, (const char *)bytes, len, t);
	env.in = &in;
	/* who does not look around has no more to complain of */
	require(parse(&env, (const char *)bytes, len, t) || !fine);
	if (fine || parse(&env, (const char *)bytes, len, t)) {
		check_tables(&env, t);
		check_edit(&env, t);
	}
	free(t);
	return 0;
}
