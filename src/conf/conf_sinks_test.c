/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_sinks_test.c - the store, its sinks, and what nobody is to see */
#include "conf_sinks.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_print.h"
#include "conf_test.h"

#define RULES   "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n"
#define SAMPLES WAYSIDE_TEST_DIR "/../../contrib/conf/"

/* What a text, and the command line of `in`, come to. */
struct world {
	struct conf_input in;
	struct conf_env env;
	struct conf_tables *t;
	struct conf_secrets *s;
	char *said;
	bool fine;
};

static void parse_in(struct world *w, const char *text)
{
	struct conf_errors errors = { .n = 0 };
	size_t len;
	FILE *f = open_memstream(&w->said, &len);

	w->t = calloc(1, sizeof(*w->t));
	w->s = calloc(1, sizeof(*w->s));
	assert_non_null(f);
	assert_non_null(w->t);
	assert_non_null(w->s);
	w->env.in = &w->in;
	w->fine = conf_parse(
		&w->env,
		(struct base_span){ (const uint8_t *)text, strlen(text) }, w->t,
		w->s, &errors);
	conf_errors_print(&errors, "f", f);
	conf_errors_done(&errors);
	assert_int_equal(fclose(f), 0);
	if (w->fine) {
		assert_true(conf_tables_valid(w->t, sizeof(*w->t)));
		assert_true(conf_secrets_valid(w->s, sizeof(*w->s), w->t));
	}
}

static struct world world(void)
{
	return (struct world){ .in = file_input, .env = env_of(&file_input) };
}

static void done(struct world *w)
{
	free(w->t);
	free(w->s);
	free(w->said);
}

static void parse(struct world *w, const char *text)
{
	*w = world();
	parse_in(w, text);
}

static void check_amqp(const struct conf_sink *s)
{
	assert_string_equal(s->name, "fleet");
	assert_int_equal(s->kind, CONF_SINK_AMQP);
	assert_int_equal(s->format, CONF_EVENT_FORMAT_CLASSIC);
	assert_int_equal(s->from, CONF_SINK_FROM_NEWEST);
	assert_int_equal(s->timeout_ms, 1500);
	assert_string_equal(s->host, "broker.example");
	assert_int_equal(s->port, 1234);
	assert_int_equal(s->tls, CONF_YES);
	assert_string_equal(s->ca, "/etc/wayside/ca.pem");
	assert_string_equal(s->certificate, "/etc/wayside/client.pem");
	assert_string_equal(s->key, "/etc/wayside/client.key");
	assert_string_equal(s->vhost, "trackers/all");
	assert_string_equal(s->exchange, "ex");
	assert_string_equal(s->routing_key, "t.{device_id}");
	assert_string_equal(s->queue, "q");
	assert_int_equal(s->heartbeat_s, 7);
}

/* good/sinks.yaml, member by member. */
static void every_member(void **state)
{
	static const char args[] = "/usr/local/bin/read-events\0\0a b\0"
				   "\xc3\xa4\n\"x";
	size_t len;
	char *text = slurp(WAYSIDE_TEST_DIR "/good/sinks.yaml", &len);
	const struct conf_tables *t;
	struct world w;

	(void)state;
	parse(&w, text);
	assert_true(w.fine);
	t = w.t;
	assert_string_equal(t->store, "/var/lib/wayside/store.db");
	assert_int_equal(t->commit_delay_ms, 250);
	assert_int_equal(t->store_flash, CONF_YES);
	assert_int_equal(t->store_durable, CONF_YES);
	assert_int_equal(t->store_max_age_s, 36 * 3600);
	assert_true(t->store_max_size == 2ULL << 30);
	assert_true(t->store_max_size_hard == 3ULL << 30);
	assert_int_equal(t->n_sinks, 7);
	check_amqp(&t->sinks[0]);
	assert_string_equal(w.s->sinks[0].user, "me");
	assert_string_equal(w.s->sinks[0].password, "pa$sword");
	assert_int_equal(t->sinks[1].kind, CONF_SINK_EXEC);
	assert_int_equal(t->sinks[1].format, CONF_EVENT_FORMAT_JSON);
	assert_int_equal(t->sinks[1].from, CONF_SINK_FROM_OLDEST);
	assert_int_equal(t->sinks[1].timeout_ms, 10000);
	assert_string_equal(t->sinks[1].target, "/usr/local/bin/read-events");
	assert_int_equal(w.s->sinks[1].n_args, 4);
	assert_memory_equal(w.s->sinks[1].args, args, sizeof(args));
	assert_int_equal(w.s->sinks[2].n_args, 1);
	assert_int_equal(t->sinks[3].kind, CONF_SINK_REDIS);
	assert_string_equal(t->sinks[3].socket, "/run/r.sock");
	assert_int_equal(t->sinks[3].db, 3);
	assert_int_equal(t->sinks[3].redis_type, CONF_REDIS_LIST);
	assert_string_equal(w.s->sinks[4].password, "***");
	assert_string_equal(w.s->sinks[5].user, "guest");
	done(&w);
	free(text);
}

static void store_where_it_is_asked_for(void **state)
{
	static const struct {
		const char *text, *file;
		uint32_t delay_ms;
		uint64_t size, hard;
	} rows[] = {
		{ RULES, "", 50, 1ULL << 30, 4ULL << 30 },
		{ RULES "sinks: []\n", "", 50, 1ULL << 30, 4ULL << 30 },
		{ RULES "store: {}\n", "/var/lib/wayside/wayside.db", 50,
		  1ULL << 30, 4ULL << 30 },
		{ RULES "store: {file: none}\n", "", 50, 1ULL << 30,
		  4ULL << 30 },
		{ RULES "sinks: [{name: a, exec: /usr/local/bin/read-events}]",
		  "/var/lib/wayside/wayside.db", 50, 1ULL << 30, 4ULL << 30 },
		/* 1 s with flash, unless it was given */
		{ RULES "store: {flash: yes}\n", "/var/lib/wayside/wayside.db",
		  1000, 1ULL << 30, 4ULL << 30 },
		{ RULES "store: {flash: yes, commit_delay: 50ms}\n",
		  "/var/lib/wayside/wayside.db", 50, 1ULL << 30, 4ULL << 30 },
		/* the hard limit: four times, unless it is enough or given */
		{ RULES "store: {max_size: 4G}\n",
		  "/var/lib/wayside/wayside.db", 50, 4ULL << 30, 4ULL << 30 },
		{ RULES "store: {max_size: 5G}\n",
		  "/var/lib/wayside/wayside.db", 50, 5ULL << 30, 20ULL << 30 },
		{ RULES "store: {max_size: 5G, max_size_hard: none}\n",
		  "/var/lib/wayside/wayside.db", 50, 5ULL << 30, 0 },
		{ RULES "store: {max_size: none}\n",
		  "/var/lib/wayside/wayside.db", 50, 0, 4ULL << 30 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct world w;

		parse(&w, rows[i].text);
		assert_string_equal(w.said, "");
		assert_string_equal(w.t->store, rows[i].file);
		assert_int_equal(w.t->commit_delay_ms, rows[i].delay_ms);
		assert_true(w.t->store_max_size == rows[i].size);
		assert_true(w.t->store_max_size_hard == rows[i].hard);
		done(&w);
	}
}

static struct world on_command_line(const char *first, const char *second)
{
	struct world w = world();

	w.in.path = NULL;
	w.in.overrides = (struct conf_overrides){
		.listen = "127.0.0.1:1",
		.remote = "192.0.2.1:1",
		.observers = { first, second },
		.n_observers = second ? 2 : 1,
	};
	return w;
}

/* -O: amqp=URI and bare URIs, beside files; blanks do not count. */
static void observers(void **state)
{
	static const char *const forms[] = { "amqp=amqp://u:p@h?queue=q",
					     "amqp://u:p@h?queue=q",
					     " \tamqp= amqp://u:p@h?queue=q ",
					     "amqp=AMQP://u:p@h?queue=q" };
	struct world w;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		w = on_command_line(forms[i], NULL);
		parse_in(&w, "");
		assert_string_equal(w.said, "");
		assert_int_equal(w.t->n_sinks, 1);
		assert_int_equal(w.t->n_events, 0);
		assert_string_equal(w.t->sinks[0].name, "amqp");
		assert_int_equal(w.t->sinks[0].format, CONF_EVENT_FORMAT_JSON);
		assert_string_equal(w.t->sinks[0].queue, "q");
		assert_int_equal(w.t->sinks[0].tls, CONF_NO);
		assert_string_equal(w.s->sinks[0].password, "p");
		assert_string_equal(w.t->store, "/var/lib/wayside/wayside.db");
		done(&w);
	}
	w = on_command_line("amqps://h?queue=q", "amqp=amqp://h?queue=r");
	w.in.overrides.store = "x.db";
	w.in.surroundings = false;
	parse_in(&w, "");
	assert_string_equal(w.said, "");
	assert_int_equal(w.t->n_sinks, 2);
	assert_int_equal(w.t->sinks[0].tls, CONF_YES);
	assert_string_equal(w.t->sinks[1].name, "amqp-2");
	assert_string_equal(w.t->sinks[1].queue, "r");
	assert_string_equal(w.t->store, "/cwd/x.db");
	done(&w);
}

/* Of the file only what the command line did not say: its sinks do not stand
 * beside those of -O, its event files do. */
static void observers_beat_the_file(void **state)
{
	static const char file[] = RULES
		"events: {file: /var/log/wayside/e}\n"
		"store: {file: /var/lib/wayside/w.db, durable: yes}\n"
		"sinks: [{name: a, exec: /usr/local/bin/read-events}]\n";
	struct world w = world();

	(void)state;
	w.in.overrides.observers[0] = "amqp://h?queue=q";
	w.in.overrides.n_observers = 1;
	parse_in(&w, file);
	assert_string_equal(w.said, "");
	assert_int_equal(w.t->n_sinks, 1);
	assert_string_equal(w.t->sinks[0].name, "amqp");
	assert_int_equal(w.t->n_events, 1);
	assert_string_equal(w.t->store, "/var/lib/wayside/w.db");
	assert_int_equal(w.t->store_durable, CONF_YES);
	done(&w);
	w = world();
	w.in.overrides.observers[0] = "/var/log/wayside/x";
	w.in.overrides.n_observers = 1;
	w.in.overrides.store = "/var/lib/wayside/y.db";
	parse_in(&w, file);
	assert_string_equal(w.said, "");
	assert_int_equal(w.t->n_sinks, 1);
	assert_string_equal(w.t->sinks[0].name, "a");
	assert_string_equal(w.t->events[0], "/var/log/wayside/x");
	assert_int_equal(w.t->n_events, 1);
	assert_string_equal(w.t->store, "/var/lib/wayside/y.db");
	done(&w);
}

#define SEEN                                                                    \
	"command line: warning: observer: the program of TCPPROXY_AMQP_HELPER " \
	"gets the URI as an argument, which every user can see (ps): without "  \
	"the variable none can\n"

/* tcpproxy ran `python3 HELPER --config URI`. */
static void helper(void **state)
{
	static const char uri[] = "amqp://u:p@h?queue=q";
	static const char python[] =
		"/usr/bin/env\0python3\0/opt/helper.py\0--config\0"
		"amqp://u:p@h?queue=q";
	static const char itself[] =
		"/usr/local/bin/read-events\0--config\0amqp://u:p@h?queue=q";
	static const struct {
		const char *helper, *args;
		size_t len;
		uint32_t n;
		bool around;
		const char *said;
	} rows[] = {
		/* the world of this test has no /usr/bin/env */
		{ "/opt/helper.py", python, sizeof(python), 5, false, SEEN },
		{ "/usr/local/bin/read-events", itself, sizeof(itself), 3, true,
		  SEEN },
		{ "helper.py", NULL, 0, 0, false,
		  "command line: observer: TCPPROXY_AMQP_HELPER: must be an "
		  "absolute path\n" },
		{ "/opt/nothing", NULL, 0, 0, true,
		  "command line: observer: TCPPROXY_AMQP_HELPER: No such file "
		  "or directory\n" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct world w = on_command_line(uri, NULL);

		w.in.overrides.amqp_helper = rows[i].helper;
		w.in.surroundings = rows[i].around;
		parse_in(&w, "");
		assert_string_equal(w.said, rows[i].said);
		assert_int_equal(w.fine, rows[i].args != NULL);
		if (rows[i].args) {
			const struct conf_sink *s = &w.t->sinks[0];

			assert_string_equal(s->name, "amqp");
			assert_int_equal(s->kind, CONF_SINK_EXEC);
			assert_int_equal(s->format, CONF_EVENT_FORMAT_CLASSIC);
			assert_int_equal(w.s->sinks[0].n_args, rows[i].n);
			assert_memory_equal(w.s->sinks[0].args, rows[i].args,
					    rows[i].len);
			assert_string_equal(s->target, rows[i].args);
		}
		done(&w);
	}
}

static void kinds_of_the_build(void **state)
{
	static const char text[] = RULES
		"sinks:\n"
		"- {name: a, amqp: \"amqp://h?queue=q\"}\n"
		"- {name: e, exec: /usr/local/bin/read-events}\n"
		"- {name: r, redis: \"redis://h\"}\n";
	struct world w = world();

	(void)state;
	w.env.kinds = 1U << CONF_SINK_EXEC;
	parse_in(&w, text);
	assert_false(w.fine);
	assert_string_equal(w.said,
			    "f:3:19: amqp: this build has no librabbitmq\n"
			    "f:5:20: redis: this build has no hiredis\n");
	done(&w);
}

#define PUBLIC \
	": every user can read this file, and it has a password: chmod o-r\n"

static void readable_by_all(void **state)
{
	static const char text[] = RULES
		"sinks:\n"
		"- {name: a, amqp: \"amqp://u:p@h?queue=q\"}\n"
		"- {name: b, amqp: \"amqp://h?queue=q\"}\n"
		"- {name: c, redis: \"redis://:p@h\"}\n";
	struct world w = world();

	(void)state;
	w.env.public_file = true;
	parse_in(&w, text);
	assert_true(w.fine);
	assert_string_equal(w.said, "f:3:19: warning: sink \"a\"" PUBLIC
				    "f:5:20: warning: sink \"c\"" PUBLIC);
	done(&w);
	w = world(); /* who prints a configuration does not run with it */
	w.env.public_file = true;
	w.in.surroundings = false;
	parse_in(&w, text);
	assert_string_equal(w.said, "");
	done(&w);
	w = on_command_line("amqp://u:p@h?queue=q", NULL);
	w.env.public_file = true;
	parse_in(&w, "");
	assert_string_equal(w.said, "");
	done(&w);
}

/* Neither tables nor what is printed of them, or said, hold a credential. */
static void nothing_is_told(void **state)
{
	static const char text[] = RULES
		"sinks:\n"
		"- {name: a, amqp: \"amqp://u:SECRET@h?queue=q\"}\n"
		"- {name: b, exec: [/usr/local/bin/read-events, SECRET, "
		"\"SECRET x\"]}\n"
		"- {name: c, redis: \"redis://:SECRET@h\"}\n";
	char *printed = NULL;
	size_t len;
	FILE *f = open_memstream(&printed, &len);
	struct world w;

	(void)state;
	assert_non_null(f);
	parse(&w, text);
	assert_string_equal(w.said, "");
	conf_print(f, w.t, w.s);
	assert_int_equal(fclose(f), 0);
	assert_null(memmem(w.t, sizeof(*w.t), "SECRET", 6));
	assert_non_null(memmem(w.s, sizeof(*w.s), "SECRET", 6));
	assert_null(strstr(printed, "SECRET"));
	assert_non_null(strstr(printed, "\n    amqp: \"amqp://u:***@h?queue=q"
					"\"\n"));
	assert_non_null(strstr(printed, "\n    exec: [\"/usr/local/bin/read-"
					"events\", \"***\", \"***\"]\n"));
	assert_non_null(strstr(printed, "\n    redis: \"redis://:***@h\"\n"));
	free(printed);
	done(&w);
}

/* 64 words, 4096 bytes with their NULs. */
static void limits_of_words(void **state)
{
	static const char start[] = RULES
		"sinks: [{name: a, exec: [/usr/local/bin/read-events";
	static const char program[] = "/usr/local/bin/read-events";
	const struct {
		size_t last;
		int words; /* of one byte each */
		bool fine;
	} rows[] = {
		{ 0, 63, true },
		{ 0, 64, false },
		{ 4096 - sizeof(program) - 1, 0, true },
		{ 4096 - sizeof(program), 0, false },
		{ 4096 - sizeof(program) - 2 - 1, 1, true },
		{ 4096 - sizeof(program) - 2, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);
		struct world w;

		assert_non_null(f);
		(void)fputs(start, f);
		for (int n = 0; n < rows[i].words; n++)
			(void)fputs(", x", f);
		if (rows[i].last)
			(void)fprintf(f, ", %0*d", (int)rows[i].last, 0);
		(void)fputs("]}]\n", f);
		assert_int_equal(fclose(f), 0);
		parse(&w, text);
		assert_int_equal(w.fine, rows[i].fine);
		if (!w.fine)
			assert_non_null(strstr(
				w.said, ": exec: more than 64 words, or than "
					"4096 bytes in all\n"));
		done(&w);
		free(text);
	}
}

/* A sample a kind, each valid, with sinks of that kind alone. */
static void samples(void **state)
{
	static const struct {
		const char *path;
		enum conf_sink_kind kind;
	} rows[] = {
		{ SAMPLES "sink-amqp.yaml", CONF_SINK_AMQP },
		{ SAMPLES "sink-exec.yaml", CONF_SINK_EXEC },
		{ SAMPLES "sink-redis.yaml", CONF_SINK_REDIS },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		size_t len;
		char *text = slurp(rows[i].path, &len);
		struct world w;

		parse(&w, text);
		assert_string_equal(w.said, "");
		assert_true(w.t->n_sinks > 0);
		for (uint32_t n = 0; n < w.t->n_sinks; n++)
			assert_int_equal(w.t->sinks[n].kind, rows[i].kind);
		for (const char *line = text; *line;
		     line += strcspn(line, "\n") + 1)
			assert_in_range(strcspn(line, "\n"), 0, 80);
		done(&w);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member),
		cmocka_unit_test(store_where_it_is_asked_for),
		cmocka_unit_test(observers),
		cmocka_unit_test(observers_beat_the_file),
		cmocka_unit_test(helper),
		cmocka_unit_test(kinds_of_the_build),
		cmocka_unit_test(readable_by_all),
		cmocka_unit_test(nothing_is_told),
		cmocka_unit_test(limits_of_words),
		cmocka_unit_test(samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
