/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_budget_test.c - flows, by descriptors and by source ports */
#include "conf_budget.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_tables.h"
#include "conf_test.h"

/* The kernel's default range: 60999 - 32768 + 1 = 28232 ports. */
static const struct conf_machine usual = { 20200, 32768, 60999 };

static char *budget(const char *text, const struct conf_machine *m,
		    uint32_t possible)
{
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got;
	size_t len;
	FILE *f;

	assert_non_null(t);
	got = outcome(&file_input, text, t);
	assert_string_equal(got, "");
	free(got);
	f = open_memstream(&got, &len);
	assert_non_null(f);
	assert_int_equal(conf_budget_print(f, t, m), possible);
	assert_int_equal(fclose(f), 0);
	free(t);
	return got;
}

static void the_whole(void **state)
{
	char *got = budget("workers: 2\n"
			   "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
			   &usual, 10000);

	(void)state;
	assert_string_equal(
		got, "process limit      20200 descriptors (ulimit -Hn)\n"
		     "workers                2 processes\n"
		     /* 49 + 2 x 11 */
		     "supervisor            71 descriptors at most, with "
		     "workers and who asks\n"
		     "each worker          200 descriptors for listeners, "
		     "rings and spare\n"
		     "each flow              2 descriptors of its worker\n"
		     "recorder             300 descriptors at most\n"
		     "source ports       28232 towards one server, all workers "
		     "together\n"
		     "flows possible     10000 of 10000 (max_flows)\n");
	free(got);
}

/* (nofile - 200) / 2 a worker; a server each 28232 where the address is ours.
 */
static const struct {
	const char *text;
	struct conf_machine m;
	uint32_t possible;
	bool no_ports; /* in what is printed */
} budgets[] = {
	/* descriptors: 2 x (1200 - 200) / 2 */
	{ "workers: 2\nmax_flows: 1001\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
	  { 1200, 32768, 60999 },
	  1000,
	  false },
	{ "workers: 1\nmax_flows: 5\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
	  { 200, 32768, 60999 },
	  0,
	  false },
	/* one server, from here */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
	  { 20200, 32768, 60999 },
	  28232,
	  false },
	{ "workers: 9\nmax_flows: 90000\n"
	  "listen: 127.0.0.1:1\nremote: 192.0.2.1:1\n",
	  { 20200, 1000, 1999 },
	  1000,
	  false },
	/* 2 ports and one more server: 3 x 28232 = 84696 */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1-2\"]}, "
	  "{name: b, to: [\"[2001:db8::1]:1\"]}]\n",
	  { 20200, 32768, 60999 },
	  84696,
	  false },
	/* 4 addresses x 2 ports x 1000 */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"192.0.2.0/30:1-2\"]}]\n",
	  { 20200, 1000, 1999 },
	  8000,
	  false },
	/* more servers than a number holds */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"[2001:db8::/32]:1-65535\", "
	  "\"[2001:db9::/32]:1-65535\"]}]\n",
	  { 20200, 1, 65535 },
	  90000,
	  false },
	/* clients bring their own */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, source: client, to: [\"192.0.2.1:1\"]}]\n",
	  { 20200, 32768, 60999 },
	  90000,
	  true },
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1\"]}, "
	  "{name: b, source: client, to: [\"192.0.2.2:1\"]}]\n",
	  { 20200, 1000, 1999 },
	  90000,
	  false },
	/* auto may be the gateway's address at any time; UDP flows are
	 * flows */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, source: auto, transport: udp, to: "
	  "[\"192.0.2.1:1\"]}]\n",
	  { 20200, 1000, 1999 },
	  1000,
	  false },
	/* nobody knows the ports */
	{ "workers: 9\nmax_flows: 90000\n"
	  "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
	  { 20200, 0, 0 },
	  90000,
	  true },
};

static void flows(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(budgets); i++) {
		char *got = budget(budgets[i].text, &budgets[i].m,
				   budgets[i].possible);

		assert_int_equal(strstr(got, "source ports") == NULL,
				 budgets[i].no_ports);
		free(got);
	}
}

static void the_machine_is_looked_at(void **state)
{
	struct conf_machine m;

	(void)state;
	conf_budget_look(&m);
	assert_true(m.nofile > 0);
	assert_in_range(m.port_first, 1, 65535);
	assert_in_range(m.port_last, m.port_first, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole),
		cmocka_unit_test(flows),
		cmocka_unit_test(the_machine_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
