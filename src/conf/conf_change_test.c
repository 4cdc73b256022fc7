/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_change_test.c - each key that needs a restart, and no other */
#include "conf_change.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_tables.h"
#include "conf_test.h"

/* `text` as tables, to be freed. */
static struct conf_tables *tables(const char *text)
{
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got;

	assert_non_null(t);
	got = outcome(&file_input, text, t);
	assert_string_equal(got, "");
	free(got);
	return t;
}

static void expect_change(const char *from, const char *to, unsigned n,
			  const char *want)
{
	struct conf_tables *now = tables(from), *next = tables(to);
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	assert_non_null(f);
	assert_int_equal(conf_change_refused(now, next, f), n);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, want);
	free(got);
	free(now);
	free(next);
}

#define RULE "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n"
#define UDP  "rules: [{name: a, transport: udp, to: [\"192.0.2.1:1\"]}]\n"
#define BOTH                                                         \
	"rules: [{name: a, transport: udp, to: [\"192.0.2.1:1\"]}, " \
	"{name: b, to: [\"192.0.2.1:1\"]}]\n"
#define LOCAL "rules: [{name: a, local: yes, to: [\"192.0.2.1:1\"]}]\n"
#define CLIENT_PORT \
	"rules: [{name: a, source: client-port, to: [\"192.0.2.1:1\"]}]\n"
#define STORE              \
	RULE "store: {}\n" \
	     "sinks: [{name: a, amqp: \"amqp://h?queue=q\"}]\n"
#define FIXED "listen: 127.0.0.1:1\nremote: 192.0.2.1:1\n"

static void each_key(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} rows[] = {
		{ RULE "workers: 2\n", RULE "workers: 3\n",
		  "workers: 2 is in force, 3 needs a restart\n" },
		{ RULE "max_flows: 9\n", RULE,
		  "max_flows: 9 is in force, 10000 needs a restart\n" },
		{ RULE, RULE "ring_size: 1M\n",
		  "ring_size: 16M is in force, 1M needs a restart\n" },
		{ RULE, RULE "listen_port: 15002\n",
		  "listen_port: 15001 is in force, 15002 needs a restart\n" },
		{ RULE, RULE "log_dir: /cwd\n",
		  "log_dir: \"/var/log/wayside\" is in force, \"/cwd\" needs "
		  "a restart\n" },
		{ RULE "pidfile: none\n", RULE,
		  "pidfile: none is in force, \"/run/wayside/pid\" needs a "
		  "restart\n" },
		{ RULE, RULE "control: none\n",
		  "control: \"/run/wayside/control\" is in force, none needs "
		  "a restart\n" },
		{ RULE "on_failure: open\n", RULE "on_failure: hold\n",
		  "on_failure: open is in force, hold needs a restart\n" },
		{ RULE "on_failure: hold\n", RULE "on_failure: closed\n",
		  "on_failure: hold is in force, closed needs a restart\n" },
		{ RULE "on_failure: open\n",
		  RULE "on_failure: open\nintercept: redirect\n",
		  "intercept: tproxy is in force, redirect needs a "
		  "restart\n" },
		{ RULE, UDP,
		  "transport: the other is in force, udp needs a restart\n" },
		{ UDP, RULE,
		  "transport: the other is in force, tcp needs a restart\n" },
		{ RULE, CLIENT_PORT,
		  "source: gateway is in force, client-port needs a "
		  "restart\n" },
		{ CLIENT_PORT, RULE,
		  "source: client-port is in force, gateway needs a "
		  "restart\n" },
		/* another rule for another network, but one of its servers */
		{ RULE,
		  "rules: [{name: b, source: auto, clients: [10.0.0.0/8], "
		  "to: [\"192.0.2.9:9\", \"192.0.2.0/24:1-2\"]}]\n",
		  "source: gateway is in force, auto needs a restart\n" },
		{ LOCAL, RULE,
		  "local: yes is in force, no in each rule needs a restart\n" },
		{ FIXED, FIXED "proxy_protocol: v2\n",
		  "proxy_protocol: none is in force, v2 needs a restart\n" },
		{ RULE, STORE,
		  "store.file: none is in force, "
		  "\"/var/lib/wayside/wayside.db\" needs a restart\n" },
		{ STORE, RULE,
		  "store.file: \"/var/lib/wayside/wayside.db\" is in force, "
		  "none needs a restart\n" },
		{ STORE, RULE "store: {file: /var/log/wayside/w.db}\n",
		  "store.file: \"/var/lib/wayside/wayside.db\" is in force, "
		  "\"/var/log/wayside/w.db\" needs a restart\n" },
		{ FIXED, "listen: 127.0.0.1:2\nremote: 192.0.2.1:1\n",
		  "listen: \"127.0.0.1:1\" is in force, \"127.0.0.1:2\" "
		  "needs a restart\n" },
		{ FIXED, "listen: 127.0.0.1:1\nremote: '[::1]:1'\n",
		  "remote: \"192.0.2.1:1\" is in force, \"[::1]:1\" needs a "
		  "restart\n" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		expect_change(rows[i].from, rows[i].to, 1, rows[i].want);
}

/* From rules to one remote: both of its keys are new. */
static void another_mode(void **state)
{
	(void)state;
	expect_change(RULE, FIXED, 2,
		      "listen: none is in force, \"127.0.0.1:1\" needs a "
		      "restart\n"
		      "remote: none is in force, \"192.0.2.1:1\" needs a "
		      "restart\n");
}

static void all_others_may_change(void **state)
{
	(void)state;
	expect_change(
		RULE,
		"on_failure: closed\nconnect_timeout: 1s\ndrain: 1s\n"
		"max_flows_per_client: 1\nclient_bits_v4: 24\n"
		"client_bits_v6: 48\nconnect_rate: 5\n"
		"events: {file: /var/log/wayside/e}\n"
		"rules: [{name: b, interfaces: [a], clients: [10.0.0.0/8], "
		"to: [\"192.0.2.9:9\"], source: client, capture: none, "
		"when_full: wait, observe: none}]\n",
		0, "");
	expect_change(RULE,
		      "on_failure: open\nself_test: no\nlocal_except: root\n"
		      "keepalive_client: 1m\nkeepalive_server: none\n"
		      "user_timeout: 1m\nidle_timeout: 3h\nudp_timeout: 1m\n"
		      "max_udp_flows: 1\n"
		      "rules: [{name: b, local: yes, to: [\"192.0.2.9:9\"], "
		      "source: auto}]\n",
		      0, "");
	expect_change(CLIENT_PORT,
		      "rules: [{name: a, source: auto, to: "
		      "[\"192.0.2.1:1\"]}, {name: b, source: client, to: "
		      "[\"192.0.2.2:1\"]}]\n",
		      0, "");
	/* publishers come and go, and the store follows, but for its file */
	expect_change(STORE,
		      RULE "store: {commit_delay: 1s, flash: yes, durable: "
			   "yes, max_age: 1h, max_size: 2M, max_size_hard: "
			   "3M}\n"
			   "sinks: [{name: b, redis: \"redis://h\"}]\n",
		      0, "");
	/* datagrams have their zone in any case */
	expect_change(UDP,
		      "rules: [{name: a, transport: udp, source: client, to: "
		      "[\"192.0.2.1:1\"]}]\n",
		      0, "");
	/* listeners of a transport that no rule has any more do no harm */
	expect_change(BOTH, RULE, 0, "");
	expect_change(BOTH, UDP, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key),
		cmocka_unit_test(another_mode),
		cmocka_unit_test(all_others_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
