/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_parse_test.c - files that are wrong, files that are right, and noise
 *
 * bad/NAME.yaml begins with the complete error output that it must cause, one
 * `# expect: LINE:COLUMN: text` a line; good/NAME.yaml with its warnings. The
 * places were counted by hand.
 */
#include "conf_parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_load.h"
#include "conf_print.h"
#include "conf_scalar.h"
#include "conf_test.h"

#define BAD_MIN   25
#define MUTATIONS 3000

/* What the first lines of a bad file say. To be freed. */
static char *expected(const char *text)
{
	static const char mark[] = "# expect: ";
	size_t len;
	char *out = NULL;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	while (!strncmp(text, mark, sizeof(mark) - 1)) {
		const size_t line = strcspn(text, "\n");

		(void)fprintf(f, "f:%.*s\n", (int)(line - sizeof(mark) + 1),
			      text + sizeof(mark) - 1);
		text += line + 1;
	}
	assert_int_equal(fclose(f), 0);
	return out;
}

static bool check_bad(const char *path)
{
	size_t len;
	char *text = slurp(path, &len), *want = expected(text), *got;
	struct conf_tables *t = calloc(1, sizeof(*t));
	bool same;

	assert_non_null(t);
	same = !run(&file_input, text, len, t, &got) && !strcmp(got, want);
	if (!same)
		print_error("%s\nwant:\n%sgot:\n%s", path, want, got);
	free(got);
	free(want);
	free(text);
	free(t);
	return same;
}

/* Warned of is what its first lines say, if anything. The same tables come out
 * of what conf_print() makes of them. */
static bool check_good(const char *path)
{
	size_t len, printed_len;
	char *text = slurp(path, &len), *want = expected(text);
	char *printed = NULL, *got;
	struct conf_tables *a = calloc(1, sizeof(*a));
	struct conf_tables *b = calloc(1, sizeof(*b));
	FILE *f = open_memstream(&printed, &printed_len);

	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(f);
	if (!run(&file_input, text, len, a, &got))
		fail_msg("%s:\n%s", path, got);
	assert_string_equal(got, want);
	free(want);
	free(got);
	assert_true(conf_tables_valid(a, sizeof(*a)));
	conf_print(f, a, NULL);
	assert_int_equal(fclose(f), 0);
	if (!run(&file_input, printed, printed_len, b, &got))
		fail_msg("%s, printed:\n%s\n%s", path, printed, got);
	assert_memory_equal(a, b, sizeof(*a));
	free(got);
	free(printed);
	free(text);
	free(a);
	free(b);
	return true;
}

/* Return: how many files there are; each passes the check. */
static unsigned for_each(const char *dir, bool (*check)(const char *path))
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	char path[1024];
	unsigned n = 0, failed = 0;

	assert_non_null(d);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, own stream */
	while ((e = readdir(d))) {
		if (!strstr(e->d_name, ".yaml"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		failed += !check(path);
		n++;
	}
	assert_int_equal(closedir(d), 0);
	assert_int_equal(failed, 0);
	return n;
}

static void bad_files(void **state)
{
	(void)state;
	assert_true(for_each(WAYSIDE_TEST_DIR "/bad", check_bad) >= BAD_MIN);
}

static void good_files(void **state)
{
	(void)state;
	assert_true(for_each(WAYSIDE_TEST_DIR "/good", check_good) >= 4);
}

static void expect_net(const struct base_net *n, const char *want)
{
	char text[BASE_ADDR_STRLEN];

	assert_string_equal(base_net_format(n, text), want);
}

static void check_events_and_protocols(const struct conf_tables *t)
{
	assert_int_equal(t->n_events, 4);
	assert_string_equal(t->events[0], "/var/log/wayside/events.log");
	assert_string_equal(t->events[1], "/cwd/e \"v\\\xc3\xa4");
	assert_string_equal(t->events[2], "/cwd/classic.log");
	assert_string_equal(t->events[3], "/cwd/third.log");
	assert_int_equal(t->events_format[0], CONF_EVENT_FORMAT_JSON);
	assert_int_equal(t->events_format[1], CONF_EVENT_FORMAT_JSON);
	assert_int_equal(t->events_format[2], CONF_EVENT_FORMAT_CLASSIC);
	assert_int_equal(t->events_format[3], CONF_EVENT_FORMAT_CLASSIC);
	/* in the program's order; jt808 as it usually is: 8 h = 480 min */
	assert_int_equal(t->n_protocols, 3);
	assert_string_equal(t->protocols[0].name, "watch");
	assert_int_equal(t->protocols[0].zone_min, 14 * 60);
	assert_string_equal(t->protocols[1].name, "gt06");
	assert_int_equal(t->protocols[1].zone_min, -(3 * 60 + 30));
	assert_string_equal(t->protocols[2].name, "jt808");
	assert_int_equal(t->protocols[2].zone_min, 480);
	assert_true(t->capture_rotate_size == 1ULL << 30);
	assert_int_equal(t->capture_rotate_time_ms, 24 * 3600 * 1000);
}

/* good/every_key.yaml, member by member. */
static void every_key_lands(void **state)
{
	const char *path = WAYSIDE_TEST_DIR "/good/every_key.yaml";
	struct conf_tables *t = calloc(1, sizeof(*t));
	size_t len;
	char *text = slurp(path, &len), *got;

	(void)state;
	assert_non_null(t);
	assert_true(run(&file_input, text, len, t, &got));
	assert_int_equal(t->on_failure, CONF_FAILURE_CLOSED);
	assert_int_equal(t->workers, 7);
	assert_int_equal(t->max_flows, 123);
	assert_int_equal(t->ring_size, 32 << 20);
	assert_int_equal(t->connect_timeout_ms, 1500);
	assert_int_equal(t->listen_port, 15002);
	assert_string_equal(t->log_dir, "/var/log/wayside");
	assert_string_equal(t->pidfile, "/cwd/wayside.pid");
	assert_string_equal(t->control, "/cwd/wayside.sock");
	assert_int_equal(t->drain_ms, 0);
	assert_int_equal(t->max_flows_per_client, 77);
	assert_int_equal(t->client_bits_v4, 24);
	assert_int_equal(t->client_bits_v6, 56);
	assert_int_equal(t->connect_rate, 250);
	assert_int_equal(t->intercept, CONF_INTERCEPT_TPROXY);
	assert_int_equal(t->self_test, CONF_NO);
	assert_int_equal(t->proxy_protocol, CONF_PROXY_PROTOCOL_NONE);
	assert_int_equal(t->n_users, 2);
	assert_int_equal(t->users[0], 13);
	assert_int_equal(t->users[1], 4711);
	assert_int_equal(t->keepalive_client_ms, 300000);
	assert_int_equal(t->keepalive_server_ms, 0);
	assert_int_equal(t->user_timeout_ms, 45000);
	assert_int_equal(t->idle_timeout_ms, 43200000);
	assert_int_equal(t->udp_timeout_ms, 90000);
	assert_int_equal(t->max_udp_flows, 23);
	check_events_and_protocols(t);
	assert_false(conf_tables_fixed(t));
	assert_int_equal(t->n_rules, 2);
	assert_string_equal(t->rules[0].name, "tkstar");
	assert_int_equal(t->rules[0].transport, CONF_TRANSPORT_UDP);
	assert_int_equal(t->rules[0].local, CONF_YES);
	assert_int_equal(t->rules[0].source, CONF_SOURCE_CLIENT);
	assert_int_equal(t->rules[0].capture, CONF_CAPTURE_NONE);
	assert_int_equal(t->rules[0].when_full, CONF_WHEN_FULL_WAIT);
	assert_string_equal(t->rules[0].observe, "watch");
	assert_int_equal(t->rules[0].observe_code, CONF_OBSERVE_PROTOCOL);
	assert_int_equal(t->rules[0].interfaces.n, 2);
	assert_string_equal(t->ifaces[0], "br-lan");
	assert_string_equal(t->ifaces[1], "wg*");
	assert_int_equal(t->rules[0].clients.n, 2);
	expect_net(&t->nets[0], "192.168.1.0/24");
	expect_net(&t->nets[1], "2001:db8:1::/48");
	assert_int_equal(t->rules[0].to.n, 3);
	expect_net(&t->dests[0].net, "47.88.85.196/32");
	assert_int_equal(t->dests[0].port_first, 7700);
	assert_int_equal(t->dests[0].port_last, 7700);
	expect_net(&t->dests[1].net, "2001:db8::7/128");
	assert_int_equal(t->dests[1].port_last, 7710);
	expect_net(&t->dests[2].net, "192.0.2.0/28");
	/* the second rule has the defaults, and its list after the first's */
	assert_string_equal(t->rules[1].name, "fleet-2_B");
	assert_int_equal(t->rules[1].interfaces.n, 0);
	assert_int_equal(t->rules[1].clients.n, 0);
	assert_int_equal(t->rules[1].to.first, 3);
	assert_int_equal(t->rules[1].to.n, 1);
	assert_int_equal(t->rules[1].transport, CONF_TRANSPORT_TCP);
	assert_int_equal(t->rules[1].local, CONF_NO);
	assert_int_equal(t->rules[1].source, CONF_SOURCE_GATEWAY);
	assert_int_equal(t->rules[1].capture, CONF_CAPTURE_TEXT);
	assert_int_equal(t->rules[1].when_full, CONF_WHEN_FULL_BRIEF);
	assert_string_equal(t->rules[1].observe, "auto");
	assert_int_equal(t->rules[1].observe_code, CONF_OBSERVE_AUTO);
	free(got);
	free(text);
	free(t);
}

static void expect_outcome(const struct conf_input *in, const char *text,
			   const char *want)
{
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got;

	assert_non_null(t);
	got = outcome(in, text, t);
	assert_string_equal(got, want);
	free(got);
	free(t);
}

static void classic_command_line(void **state)
{
	const struct conf_input in = {
		.overrides = { .listen = "[::1]:7700",
			       .remote = "tracker.example:gps",
			       .log_dir = "/var/log/wayside//",
			       .proxy_protocol = "v2",
			       .observers = { " file=a ", "logfile=/b", "c" },
			       .n_observers = 3 },
	};
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got, text[BASE_ADDR_STRLEN];

	(void)state;
	assert_non_null(t);
	got = outcome(&in, "", t);
	assert_string_equal(got, "");
	assert_true(conf_tables_valid(t, sizeof(*t)));
	assert_true(conf_tables_fixed(t));
	assert_string_equal(base_addr_format(&t->listen, text), "[::1]:7700");
	assert_string_equal(base_addr_format(&t->remote, text),
			    "192.0.2.99:7700");
	assert_string_equal(t->log_dir, "/var/log/wayside");
	assert_int_equal(t->proxy_protocol, CONF_PROXY_PROTOCOL_V2);
	/* as tcpproxy: no files but those asked for, and an end at once */
	assert_string_equal(t->pidfile, "");
	assert_string_equal(t->control, "");
	assert_int_equal(t->drain_ms, 0);
	assert_int_equal(t->n_events, 3);
	assert_string_equal(t->events[0], "/cwd/a");
	assert_string_equal(t->events[1], "/b");
	assert_string_equal(t->events[2], "/cwd/c");
	assert_int_equal(t->n_rules, 1);
	assert_string_equal(t->rules[0].name, "fixed");
	assert_int_equal(t->rules[0].to.n, 0);
	assert_int_equal(t->rules[0].observe_code, CONF_OBSERVE_AUTO);
	free(got);
	free(t);
}

static void command_line_errors(void **state)
{
	const struct conf_input in = {
		.overrides = { .listen = "7700",
			       .log_dir = "/nonexistent",
			       .proxy_protocol = "v1",
			       .observers = { "amqps://broker/?exchnge=a",
					      "file= ", "amqp=x", "/a", "/a",
					      "redis://u:SECRET@h/" },
			       .n_observers = 6 },
		.surroundings = true,
	};

	(void)state;
	expect_outcome(
		&in, "",
		"command line: listen: \"7700\" is not an address with a port "
		"(write 192.0.2.1:7700, [2001:db8::1]:7700 or NAME:SERVICE)\n"
		"command line: proxy_protocol: \"v1\" is not one of none, v2\n"
		"command line: amqp: unknown key \"exchnge\" in the query "
		"(nearest: \"exchange\")\n"
		"command line: file: \"\" is empty\n"
		"command line: amqp: is no AMQP URI (write amqp://USER:"
		"PASSWORD@HOST/VHOST?exchange=NAME&queue=NAME, or amqps://)\n"
		"command line: amqp: is no AMQP URI (write amqp://USER:"
		"PASSWORD@HOST/VHOST?exchange=NAME&queue=NAME, or amqps://)\n"
		"command line: log_dir: /nonexistent: No such file or "
		"directory\n"
		"command line: listen: needs remote (-r) too\n"
		"command line: file: \"/a\" overlaps \"/a\"\n");
}

/* The file's own values of these keys are not even looked up. */
static void command_line_beats_file(void **state)
{
	const struct conf_input in = {
		.path = "f",
		.protocols = protocols,
		.overrides = { .remote = "192.0.2.5:5",
			       .log_dir = "/var/log/wayside",
			       .pidfile = "p",
			       .observers = { "/o" },
			       .n_observers = 1 },
	};
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got, text[BASE_ADDR_STRLEN];

	(void)state;
	assert_non_null(t);
	got = outcome(&in,
		      "listen: 127.0.0.1:7700\nremote: nowhere.example:1\n"
		      "log_dir: /nonexistent\npidfile: /x\n"
		      "events: {file: [/y, /z], format: json}\n",
		      t);
	assert_string_equal(got, "");
	assert_string_equal(base_addr_format(&t->remote, text), "192.0.2.5:5");
	assert_string_equal(base_addr_format(&t->listen, text),
			    "127.0.0.1:7700");
	assert_string_equal(t->log_dir, "/var/log/wayside");
	assert_string_equal(t->pidfile, "/cwd/p");
	assert_int_equal(t->n_events, 1);
	assert_string_equal(t->events[0], "/o");
	assert_int_equal(t->events_format[0], CONF_EVENT_FORMAT_CLASSIC);
	free(got);
	free(t);
}

static int no_dir(const char *path, bool writable)
{
	(void)path;
	(void)writable;
	return -ENOENT;
}

/* A default has no place in the file but the first; where the file's own
 * value is wrong already, nothing is looked for. */
static void places_are_checked_once(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "\n\nrules: [{name: a, to: [\"192.0.2.1:1\"]}]",
		  "f:1:1: log_dir: /var/log/wayside: No such file or "
		  "directory\n"
		  "f:1:1: pidfile: /run: No such file or directory\n"
		  "f:1:1: control: /run: No such file or directory\n" },
		{ "log_dir: ''\npidfile: a/\ncontrol: /\n"
		  "rules: [{name: a, to: [\"192.0.2.1:1\"]}]",
		  "f:1:10: log_dir: \"\" is empty\n"
		  "f:2:10: pidfile: \"a/\" is a directory, not a file\n"
		  "f:3:10: control: \"/\" is a directory, not a file\n" },
	};
	struct conf_env env = env_of(&file_input);
	struct conf_tables *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	env.check_dir = no_dir;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct base_span text = { (const uint8_t *)rows[i].text,
						strlen(rows[i].text) };
		char *got;

		assert_false(run_in(&env, text, t, &got));
		assert_string_equal(got, rows[i].told);
		free(got);
	}
	free(t);
}

/* Who only prints or shows may be another user on another machine. */
static void text_alone(void **state)
{
	struct conf_input in = file_input;

	(void)state;
	in.surroundings = false;
	expect_outcome(&in,
		       "log_dir: /nonexistent\npidfile: /etc/passwd/pid\n"
		       "events: {file: /var/log}\n"
		       "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
		       "");
}

/* What the keys are when nobody says anything, and what "none" makes of those
 * that have one. */
static void limits_and_their_words(void **state)
{
	static const char rule[] = "rules: [{name: a, observe: gt06, to: "
				   "[\"192.0.2.1:1\"]}, {name: b, observe: "
				   "none, to: [\"192.0.2.1:2\"]}]\n";
	struct conf_tables *t = calloc(1, sizeof(*t));
	char text[256], *got;

	(void)state;
	assert_non_null(t);
	got = outcome(&file_input, rule, t);
	assert_string_equal(got, "");
	free(got);
	assert_string_equal(t->control, "/run/wayside/control");
	assert_int_equal(t->drain_ms, 30000);
	assert_int_equal(t->max_flows_per_client, 0);
	assert_int_equal(t->client_bits_v4, 32);
	assert_int_equal(t->client_bits_v6, 64);
	assert_int_equal(t->connect_rate, 0);
	assert_int_equal(t->self_test, CONF_YES);
	assert_int_equal(t->n_users, 0);
	assert_int_equal(t->keepalive_client_ms, 0);
	assert_int_equal(t->keepalive_server_ms, 120000);
	assert_int_equal(t->user_timeout_ms, 0);
	assert_int_equal(t->idle_timeout_ms, 0);
	assert_int_equal(t->udp_timeout_ms, 300000);
	assert_int_equal(t->max_udp_flows, 2000);
	assert_int_equal(t->number, 1);
	assert_int_equal(t->n_protocols, 3);
	assert_int_equal(t->protocols[1].zone_min, 0);
	assert_int_equal(t->protocols[2].zone_min, 480);
	/* protocols: watch, gt06, jt808 */
	assert_int_equal(t->rules[0].observe_code, CONF_OBSERVE_PROTOCOL + 1);
	assert_int_equal(t->rules[1].observe_code, CONF_OBSERVE_NONE);
	(void)snprintf(text, sizeof(text),
		       "control: none\nmax_flows_per_client: none\n"
		       "connect_rate: none\ndrain: 1h\n%s",
		       rule);
	got = outcome(&file_input, text, t);
	assert_string_equal(got, "");
	free(got);
	assert_string_equal(t->control, "");
	assert_int_equal(t->max_flows_per_client, 0);
	assert_int_equal(t->connect_rate, 0);
	assert_int_equal(t->drain_ms, 3600000);
	assert_true(conf_tables_valid(t, sizeof(*t)));
	free(t);
}

/* Where nobody says how many, UDP flows leave half of the places to TCP. */
static void udp_flows_leave_places(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
	} cases[] = {
		{ "max_flows: 1", 1 },
		{ "max_flows: 7", 4 },
		{ "max_flows: 3998", 1999 },
		{ "max_flows: 4000", 2000 },
		{ "max_flows: 4002", 2000 },
		{ "max_flows: 100\nmax_udp_flows: 100", 100 },
	};
	struct conf_tables *t = calloc(1, sizeof(*t));

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		char text[128], *got;

		(void)snprintf(text, sizeof(text),
			       "%s\nrules: [{name: a, to: "
			       "[\"192.0.2.1:1\"]}]\n",
			       cases[i].text);
		got = outcome(&file_input, text, t);
		assert_string_equal(got, "");
		assert_int_equal(t->max_udp_flows, cases[i].n);
		free(got);
	}
	free(t);
}

/* workers: max(cores, ceil(max_flows / ((nofile - 200) / 2))), here with four
 * cores and 10000 flows a worker. */
static void auto_workers(void **state)
{
	static const struct {
		const char *max_flows;
		uint32_t workers;
	} rows[] = { { "1", 4 },
		     { "40000", 4 },
		     { "40001", 5 },
		     { "50000", 5 },
		     { "640000", 64 } };
	struct conf_tables *t = calloc(1, sizeof(*t));
	char text[128], *got;

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       "{max_flows: %s, rules: [{name: a, to: "
			       "[\"192.0.2.1:1\"]}]}",
			       rows[i].max_flows);
		got = outcome(&file_input, text, t);
		assert_string_equal(got, "");
		assert_int_equal(t->workers, rows[i].workers);
		free(got);
	}
	expect_outcome(&file_input,
		       "{max_flows: 640001, rules: [{name: a, to: "
		       "[\"192.0.2.1:1\"]}]}",
		       "f:1:13: max_flows: 640001 need 65 workers at 20200 "
		       "descriptors each, and 64 is the most: raise the limit "
		       "(ulimit -Hn)\n");
	free(t);
}

/* head, then n lines of before-i-between-i-after, i from 1; to be freed. */
static char *lines(const char *head, const char *const parts[static 3],
		   unsigned n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	(void)fprintf(f, "%s\n", head);
	for (unsigned i = 1; i <= n; i++)
		(void)fprintf(f, "%s%u%s%u%s\n", parts[0], i, parts[1], i,
			      parts[2]);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void expect_lines(char *text, const char *want)
{
	expect_outcome(&file_input, text, want);
	free(text);
}

/* Item i stands i lines below the head's last line. */
static void limits(void **state)
{
	static const char *const rules[] = { "- {name: r",
					     ", to: [\"192.0.2.1:", "\"]}" };
	static const char *const ifaces[] = { "   - w", "  # ", "" };
	static const char *const nets[] = { "   - 2001:db8::", "/128 # ", "" };
	static const char *const dests[] = { "   - 192.0.2.1:", " # ", "" };
	static const char *const noise[] = { "- a", "-", "" };
	static const char head[] =
		"rules:\n- name: a\n  to: [\"[2001:db8::1]:1\"]\n";
	char text[128];

	(void)state;
	expect_lines(lines("rules:", rules, CONF_RULES_MAX), "");
	expect_lines(lines("rules:", rules, CONF_RULES_MAX + 2),
		     "f:66:3: rules: more than 64\n");
	(void)snprintf(text, sizeof(text), "%s  interfaces:", head);
	expect_lines(lines(text, ifaces, CONF_IFACES_MAX), "");
	expect_lines(lines(text, ifaces, CONF_IFACES_MAX + 2),
		     "f:261:6: interfaces: more than 256 interfaces in all\n");
	(void)snprintf(text, sizeof(text), "%s  clients:", head);
	expect_lines(lines(text, nets, CONF_NETS_MAX), "");
	expect_lines(lines(text, nets, CONF_NETS_MAX + 2),
		     "f:1029:6: clients: more than 1024 networks in all\n");
	expect_lines(lines("rules:\n- name: a\n  to:", dests, CONF_DESTS_MAX),
		     "");
	expect_lines(
		lines("rules:\n- name: a\n  to:", dests, CONF_DESTS_MAX + 2),
		"f:1028:6: to: more than 1024 destinations in all\n");
	/* the mapping, its key and its list are the first three values */
	expect_lines(lines("rules:", noise, 16384 - 3 + 1),
		     "f:16383:3: more than 16384 values\n");
}

/* xorshift32 (Marsaglia 2003): the same noise in every run. */
static uint32_t noise_next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static size_t mutate(char *text, size_t len, uint32_t *x)
{
	static const char bytes[] = "\n\t \"'[]{}:,-#&*!|>%@\\/0129aez\xc3\xa4";
	const size_t at = noise_next(x) % len;
	size_t n = noise_next(x) % 40;

	n = n < len - at ? n : len - at;
	switch (noise_next(x) % 4) {
	case 0: /* change */
		text[at] = (char)noise_next(x);
		return len;
	case 1: /* change to something that YAML knows */
		text[at] = bytes[noise_next(x) % (sizeof(bytes) - 1)];
		return len;
	case 2: /* take out */
		memmove(text + at, text + at + n, len - at - n);
		return len - n > 0 ? len - n : len;
	default: /* copy elsewhere */
		memmove(text + noise_next(x) % (len - n + 1), text + at, n);
		return len;
	}
}

/* Whatever it is, it is refused with a place, or it is valid. */
static void mutations(void **state)
{
	uint32_t x = 20240229;
	size_t good_len, len;
	char *good = slurp(WAYSIDE_TEST_DIR "/good/every_key.yaml", &good_len);
	char *text = malloc(good_len + 1), *got;
	struct conf_tables *t = calloc(1, sizeof(*t));
	unsigned accepted = 0;

	(void)state;
	assert_non_null(text);
	assert_non_null(t);
	for (unsigned i = 0; i < MUTATIONS; i++) {
		memcpy(text, good, good_len);
		len = good_len;
		for (unsigned n = noise_next(&x) % 4 + 1; n > 0; n--)
			len = mutate(text, len, &x);
		if (run(&file_input, text, len, t, &got)) {
			assert_true(conf_tables_valid(t, sizeof(*t)));
			accepted++;
		} else {
			assert_memory_equal(got, "f:", 2);
		}
		free(got);
	}
	/* both ways were taken */
	assert_in_range(accepted, 1, MUTATIONS - 1);
	free(text);
	free(good);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_files),
		cmocka_unit_test(good_files),
		cmocka_unit_test(every_key_lands),
		cmocka_unit_test(classic_command_line),
		cmocka_unit_test(command_line_errors),
		cmocka_unit_test(command_line_beats_file),
		cmocka_unit_test(places_are_checked_once),
		cmocka_unit_test(text_alone),
		cmocka_unit_test(limits_and_their_words),
		cmocka_unit_test(udp_flows_leave_places),
		cmocka_unit_test(auto_workers),
		cmocka_unit_test(limits),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
