/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_status_test.c - the status of a daemon whose memory was made by hand
 */
#include "wayside_status.h"

#include <errno.h>

#include "wayside_test.h"

static void set_role(struct control_role *r, const char *name, uint32_t state)
{
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	atomic_store(&r->state, state);
	atomic_store(&r->started_ns, WAYSIDE_TEST_NS);
}

/* What the expected texts below are about. */
static void fill(struct wayside_lab *lab)
{
	struct control_state *s = lab->state;
	struct stat_block *worker[] = { &lab->control[0]->stat,
					&lab->control[1]->stat };
	struct stat_block *recorder = &lab->cursor[0]->stat;

	(void)snprintf(s->program, sizeof(s->program), "1.2.3");
	s->started_ns = WAYSIDE_TEST_NS;
	s->pid = 4711;
	s->n_workers = WAYSIDE_TEST_WORKERS;
	atomic_store(&s->phase, CONTROL_PHASE_DRAINING);
	atomic_store(&s->config_number, 3);
	atomic_store(&s->reloads, 2);
	atomic_store(&s->reloads_refused, 5);
	atomic_store(&s->rules, CONTROL_RULES_DRAINING);
	atomic_store(&s->listeners, 4);
	atomic_store(&s->keep, CONTROL_KEEP_PERSISTS);
	/* 12 - 7 - 3 = 2 went direct */
	atomic_store(&s->counts[0].met, 12);
	atomic_store(&s->counts[0].taken, 7);
	atomic_store(&s->counts[0].rejected, 3);
	set_role(&s->roles[0], "recorder", CONTROL_ROLE_READY);
	atomic_store(&s->roles[0].pid, 4712);
	set_role(&s->roles[1], "worker/0", CONTROL_ROLE_STARTING);
	atomic_store(&s->roles[1].pid, 48000);
	atomic_store(&s->roles[1].restarts, 1);
	atomic_store(&s->roles[1].last_end, 9); /* SIGKILL, as in wait(2) */
	set_role(&s->roles[2], "worker/1", CONTROL_ROLE_DOWN);
	atomic_store(&s->roles[2].last_end, 3 << 8); /* exit(3) */

	lab->slots[0][0].state = RING_STATE_OPEN;
	lab->slots[0][2].state = RING_STATE_HELD;
	lab->slots[1][3].state = RING_STATE_OPEN;

	stat_add(worker[0], STAT_CLIENT_BYTES, 1000);
	stat_add(worker[1], STAT_CLIENT_BYTES, 234);
	stat_add(worker[1], STAT_SERVER_BYTES, 77);
	/* not recorded: 6 + 40 of worker 0, 500 of worker 1; what another
	 * reader missed has nothing to do with it */
	stat_add(worker[0], STAT_UNOBSERVED_BYTES, 6);
	lab->control[0]->reader_missed[RING_READER_RECORDER] = 40;
	lab->control[1]->reader_missed[RING_READER_RECORDER] = 500;
	lab->control[1]->reader_missed[RING_READER_RECORDER + 1] = 7000;
	/* refused: 1 + 2 + 4 */
	stat_add(worker[0], STAT_REFUSED_SELF, 1);
	stat_add(worker[0], STAT_REFUSED_NO_RULE, 2);
	stat_add(worker[0], STAT_LIMIT_REFUSED, 4);
	/* limited: 10 + 20 */
	stat_add(worker[1], STAT_LIMIT_WAITS, 10);
	stat_add(worker[1], STAT_ACCEPT_PAUSES, 20);
	stat_add(recorder, STAT_EVENTS, 12);
	stat_add(recorder, STAT_CAPTURE_BYTES, 3456);
	stat_add(recorder, STAT_EVENTS_LOST, 1);
	stat_add(recorder, STAT_CAPTURE_LOST_BYTES, 8);
	stat_add(&lab->cursor[1]->stat, STAT_GAP_BYTES, 99);
}

static char *print(struct wayside_lab *lab, uint64_t now_ns)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	wayside_status_print(out, &lab->view, now_ns);
	assert_int_equal(fclose(out), 0);
	wayside_test_printable(text, len);
	return text;
}

static void for_people(void **state)
{
	struct wayside_lab *lab = *state;
	char *text;

	fill(lab);
	wayside_test_map(lab);
	text = print(lab, WAYSIDE_TEST_NS + 3725 * 1000000000ULL);
	assert_string_equal(
		text,
		"waysided 1.2.3, draining, pid 4711\n"
		"up 1 h 2 min, since 2025-11-03 14:25:01\n"
		"configuration 3, 2 reloads, 5 refused\n"
		"on_failure closed: without Wayside new connections are "
		"refused\n"
		"rules draining: new connections are refused\n"
		"kernel: our own table, stays without Wayside\n"
		"differences with the kernel: none\n"
		"listeners held: 4\n"
		"flows: 3 of 5000\n"
		"\n"
		"RULE     TRANSPORT  FIRST PACKETS  TAKEN  PASSED  REJECTED\n"
		"tkstar   tcp                   12      7       2         3\n"
		"watches  tcp                    0      0       0         0\n"
		"\n"
		"ROLE        PID  STATE     SINCE                RESTARTS  "
		"LAST END\n"
		"recorder   4712  ready     2025-11-03 14:25:01         0  -\n"
		"worker/0  48000  starting  2025-11-03 14:25:01         1  "
		"signal 9\n"
		"worker/1      -  down      2025-11-03 14:25:01         0  "
		"status 3\n"
		"\n"
		"WORKER  FLOWS  CLIENT BYTES  SERVER BYTES  NOT "
		"RECORDED  REFUSED  LIMITED\n"
		"0           2          1000             0            46"
		"        7        0\n"
		"1           1           234            77           500"
		"        0       30\n"
		"total       3          1234            77           546"
		"        7       30\n"
		"\n"
		"recorder: 12 events, 3456 bytes captured\n"
		"lost: 1 events, 8 bytes of captures, 546 bytes not recorded\n"
		"\n"
		"COUNTER             NUMBER  MEANING\n"
		"client_bytes          1234  Bytes received from clients\n"
		"server_bytes            77  Bytes received from servers\n"
		"unobserved_bytes         6  Bytes relayed that the tap ring "
		"had no room for\n"
		"refused_self             1  Connections to the listener "
		"itself\n"
		"refused_no_rule          2  Connections that no rule takes\n"
		"accept_pauses           20  Times that a limit left "
		"connections in the backlog\n"
		"limit_waits             10  Connections that a limit made "
		"wait\n"
		"limit_refused            4  Connections refused after "
		"waiting\n"
		"events                  12  Tracker messages observed\n"
		"gap_bytes               99  Bytes missing in flows that the "
		"recorder knows\n"
		"capture_bytes         3456  Bytes captured\n"
		"capture_lost_bytes       8  Bytes that could not be written "
		"to a capture\n"
		"events_lost              1  Events that could not be "
		"written\n");
	free(text);
}

/* The rules: differences, and a kernel that could not be asked. */
static void rules(void **state)
{
	struct wayside_lab *lab = *state;
	json_t *o;
	char *text;

	fill(lab);
	atomic_store(&lab->state->rules_differ, 7);
	atomic_store(&lab->state->reloaded_ns, WAYSIDE_TEST_NS);
	wayside_test_map(lab);
	text = print(lab, WAYSIDE_TEST_NS);
	assert_non_null(strstr(text, "differences with the kernel: 7\n"));
	assert_non_null(strstr(text, "5 refused, the last one 2025-11-03 "
				     "14:25:01\n"));
	free(text);
	atomic_store(&lab->state->rules_differ, -EPERM);
	text = print(lab, 0); /* before its start: the clock was set back */
	assert_non_null(strstr(text, "\nup 0 s,"));
	assert_non_null(strstr(text, "\nthe kernel cannot be looked at: "
				     "Operation not permitted\n"));
	free(text);
	/* not yet, or no more: there is nothing to compare */
	atomic_store(&lab->state->rules, CONTROL_RULES_NONE);
	atomic_store(&lab->state->rules_differ, 0);
	text = print(lab, WAYSIDE_TEST_NS);
	assert_non_null(strstr(text, "\nrules none: new connections go "
				     "direct\nlisteners"));
	free(text);
	o = wayside_status_json(&lab->view);
	assert_true(json_is_null(
		json_object_get(json_object_get(o, "rules"), "differ")));
	assert_null(json_object_get(json_object_get(o, "rules"), "error"));
	json_decref(o);
	atomic_store(&lab->state->rules, CONTROL_RULES_INSTALLED);
	atomic_store(&lab->state->rules_differ, -EPERM);
	o = wayside_status_json(&lab->view);
	assert_true(json_is_null(
		json_object_get(json_object_get(o, "rules"), "differ")));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(o, "rules"), "error")),
			    "Operation not permitted");
	json_decref(o);
}

/* A word of the first line that begins with `start`, to its end. */
static void expect_line(struct wayside_lab *lab, const char *start,
			const char *want)
{
	char *text = print(lab, WAYSIDE_TEST_NS);
	char *at = strstr(text, start);

	if (!at || (at > text && at[-1] != '\n'))
		fail_msg("no line begins with \"%s\": %s", start, text);
	else
		at[strcspn(at, "\n")] = '\0';
	assert_string_equal(at, want);
	free(text);
}

/* What becomes of new connections, by policy and by what the kernel has. */
static void fates(void **state)
{
	static const struct {
		uint32_t failure, rules;
		const char *away, *now;
	} rows[] = {
		{ CONF_FAILURE_OPEN, CONTROL_RULES_INSTALLED,
		  "on_failure open: without Wayside new connections go direct",
		  "rules installed: new connections are taken" },
		{ CONF_FAILURE_OPEN_STAY, CONTROL_RULES_DRAINING,
		  "on_failure open-stay: without Wayside new connections go "
		  "direct",
		  "rules draining: new connections go direct" },
		{ CONF_FAILURE_CLOSED, CONTROL_RULES_ABSENT,
		  "on_failure closed: without Wayside new connections are "
		  "refused",
		  "rules absent: new connections are refused" },
		{ CONF_FAILURE_HOLD, CONTROL_RULES_ABSENT,
		  "on_failure hold: without Wayside new connections wait",
		  "rules absent: new connections wait" },
		/* not even these policies refuse or hold what is bypassed */
		{ CONF_FAILURE_CLOSED, CONTROL_RULES_BYPASS,
		  "on_failure closed: without Wayside new connections are "
		  "refused",
		  "rules bypassed: new connections go direct" },
		{ CONF_FAILURE_HOLD, CONTROL_RULES_BYPASS,
		  "on_failure hold: without Wayside new connections wait",
		  "rules bypassed: new connections go direct" },
	};
	struct wayside_lab *lab = *state;

	wayside_test_map(lab);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		lab->conf->on_failure = rows[i].failure;
		atomic_store(&lab->state->rules, rows[i].rules);
		expect_line(lab, "on_failure", rows[i].away);
		expect_line(lab, "rules ", rows[i].now);
	}
	atomic_store(&lab->state->bypass, 1);
	expect_line(lab, "rules ", "rules bypassed: new connections go direct");
	/* one that no rule shows, since there is no worker either */
	atomic_store(&lab->state->rules, CONTROL_RULES_ABSENT);
	expect_line(lab, "rules ",
		    "rules absent, bypass is on: new connections wait");
	/* with closed and hold; others bypass it */
	atomic_store(&lab->state->bypass, 0);
	atomic_store(&lab->state->blocked, 1);
	atomic_store(&lab->state->rules, CONTROL_RULES_INSTALLED);
	expect_line(lab, "rules ",
		    "rules installed: new connections are cut off");
	expect_line(lab, "blocked:",
		    "blocked: a firewall of this host drops what is "
		    "intercepted: wayside doctor");
	atomic_store(&lab->state->rules, CONTROL_RULES_BYPASS);
	expect_line(lab, "rules ", "rules bypassed: new connections go direct");
}

/* Lines that are there when there is something to say. */
static void conditions_of_a_gateway(void **state)
{
	static const char *const kernel[] = {
		"kernel: no table",
		"kernel: our own table, goes with Wayside",
		"kernel: our own table, stays without Wayside",
		"kernel: a table that others can change, stays without Wayside",
		"kernel: ?",
	};
	struct wayside_lab *lab = *state;
	struct control_state *s = lab->state;
	char *text;

	wayside_test_map(lab);
	atomic_store(&s->rules, CONTROL_RULES_INSTALLED);
	for (uint32_t i = 0; i < WS_ARRAY_LEN(kernel); i++) {
		atomic_store(&s->keep, i);
		expect_line(lab, "kernel:", kernel[i]);
	}
	text = print(lab, WAYSIDE_TEST_NS);
	assert_null(strstr(text, "edits"));
	assert_null(strstr(text, "put back"));
	assert_null(strstr(text, "blocked"));
	assert_null(strstr(text, "source auto"));
	assert_null(strstr(text, "keeps"));
	assert_null(strstr(text, "UDP"));
	free(text);
	atomic_store(&s->edits, 2);
	expect_line(lab, "edits",
		    "edits of rules in force, until the next reload: 2");
	atomic_store(&s->lost, 3);
	expect_line(lab, "rules put",
		    "rules put back after somebody had removed them: 3 times");
	atomic_store(&s->listeners, 4);
	atomic_store(&s->held, 2);
	expect_line(lab, "listeners",
		    "listeners held: 4, somebody else keeps 2 of them");
	lab->conf->rules[1].source = CONF_SOURCE_AUTO;
	atomic_store(&s->source, CONF_SOURCE_CLIENT);
	(void)snprintf(s->source_why.text, sizeof(s->source_why.text),
		       "nothing changes\x1b sources");
	expect_line(lab, "source auto", "source auto is client:");
	expect_line(lab, "  nothing", "  nothing changes? sources");
	/* it is being written, and stays so */
	atomic_store(&s->source_why.seq, 3);
	expect_line(lab, "  ?", "  ?");
	/* a flow of UDP is one of the flows */
	lab->slots[0][0].state = RING_STATE_OPEN;
	lab->slots[0][0].transport = RING_TRANSPORT_UDP;
	lab->slots[1][0].state = RING_STATE_OPEN;
	expect_line(lab, "flows:", "flows: 2 of 5000, by UDP: 1 of 2000");
	/* none yet, but a rule for it */
	lab->slots[0][0].state = RING_STATE_FREE;
	lab->conf->rules[0].transport = CONF_TRANSPORT_UDP;
	expect_line(lab, "flows:", "flows: 1 of 5000, by UDP: 0 of 2000");
	expect_line(lab, "tkstar",
		    "tkstar   udp                    0      0       0         "
		    "0");
}

/* Read in the middle of a change, the counters never wrap around. */
static void packets_in_motion(void **state)
{
	struct wayside_lab *lab = *state;
	struct control_count *c = &lab->state->counts[1];

	wayside_test_map(lab);
	atomic_store(&c->met, 5);
	atomic_store(&c->taken, 6);
	expect_line(lab, "watches",
		    "watches  tcp                    5      6       0         "
		    "0");
	atomic_store(&c->taken, 3);
	atomic_store(&c->rejected, 3);
	expect_line(lab, "watches",
		    "watches  tcp                    5      3       0         "
		    "3");
}

static void fixed_remote_mode(void **state)
{
	struct wayside_lab *lab = *state;
	json_t *o;
	char *text;

	lab->conf->n_rules = 1;
	lab->conf->rules[0].to.n = 0;
	assert_true(base_addr_parse(&lab->conf->listen, "[::1]:7700"));
	assert_true(base_addr_parse(&lab->conf->remote, "192.0.2.1:7700"));
	wayside_test_map(lab);
	expect_line(lab, "no rules",
		    "no rules: [::1]:7700 is relayed to 192.0.2.1:7700");
	text = print(lab, WAYSIDE_TEST_NS);
	assert_null(strstr(text, "on_failure"));
	assert_null(strstr(text, "FIRST PACKETS"));
	free(text);
	o = wayside_status_json(&lab->view);
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(o, "rules"), "packets")),
			 0);
	json_decref(o);
}

static void a_store(struct wayside_lab *lab)
{
	struct stat_block *recorder = &lab->cursor[0]->stat;

	(void)snprintf(lab->conf->store, CONF_PATH_LEN,
		       "/var/lib/wayside/wayside.db");
	stat_add(recorder, STAT_STORED, 70);
	stat_add(recorder, STAT_STORE_LOST, 4);
}

static void whether_the_store_works(void **state)
{
	struct wayside_lab *lab = *state;
	struct control_state *s = lab->state;
	char *text;

	wayside_test_map(lab);
	text = print(lab, WAYSIDE_TEST_NS);
	assert_null(strstr(text, "store"));
	free(text);
	a_store(lab);
	expect_line(lab, "store ", "store /var/lib/wayside/wayside.db");
	expect_line(lab, "  works", "  works: 70 events stored, 4 lost");
	atomic_store(&s->store_failed_ns, WAYSIDE_TEST_NS);
	atomic_store(&s->store_error, -ENOSPC);
	expect_line(lab, "  fails",
		    "  fails since 2025-11-03 14:25:01: 70 events stored, 4 "
		    "lost");
	expect_line(lab, "  No space", "  No space left on device");
}

/* A place whose name is being changed has none. */
static void publishers(void **state)
{
	struct wayside_lab *lab = *state;
	struct control_role *r = &lab->state->roles[CONTROL_PUBLISHERS];

	wayside_test_map(lab);
	set_role(r, "publisher/0123456789012345678901234567890",
		 CONTROL_ROLE_READY);
	atomic_store(&r->pid, 12);
	expect_line(lab, "publisher/",
		    "publisher/0123456789012345678901234567890   12  ready  "
		    "2025-11-03 14:25:01         0  -");
	atomic_store(&r->seq, 3);
	expect_line(lab, "?",
		    "?      12  ready  2025-11-03 14:25:01         "
		    "0  -");
	/* all of its bytes, as of a hostile daemon */
	atomic_store(&r->seq, 4);
	memset(r->name, 'x', sizeof(r->name));
	expect_line(lab, "xxx",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx   12  ready  "
		    "2025-11-03 14:25:01         0  -");
}

static json_int_t integer(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static const char *string(const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	assert_non_null(v);
	return v;
}

/* Printed and parsed again, so that it is JSON and no key comes twice. */
static json_t *reparse(json_t *o)
{
	char *text = json_dumps(o, 0);
	json_t *again;

	assert_non_null(text);
	again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(again);
	assert_true(json_equal(o, again));
	json_decref(o);
	free(text);
	return again;
}

static void for_programs(void **state)
{
	struct wayside_lab *lab = *state;
	const json_t *config, *rules_of, *roles, *workers, *w, *total;
	json_t *o;

	fill(lab);
	lab->slots[0][2].transport = RING_TRANSPORT_UDP;
	lab->control[1]->magic = 0; /* no table as we know it */
	wayside_test_map(lab);
	o = reparse(wayside_status_json(&lab->view));
	assert_string_equal(string(o, "version"), "1.2.3");
	assert_string_equal(string(o, "started"), "2025-11-03T14:25:01.000Z");
	assert_string_equal(string(o, "phase"), "draining");
	assert_int_equal(integer(o, "pid"), 4711);
	assert_int_equal(integer(o, "listeners"), 4);
	config = json_object_get(o, "config");
	assert_int_equal(integer(config, "number"), 3);
	assert_int_equal(integer(config, "reloads"), 2);
	assert_int_equal(integer(config, "reloads_refused"), 5);
	assert_true(json_is_null(json_object_get(config, "reloaded")));
	rules_of = json_object_get(o, "rules");
	assert_string_equal(string(rules_of, "on_failure"), "closed");
	assert_string_equal(string(rules_of, "state"), "draining");
	assert_int_equal(integer(rules_of, "differ"), 0);
	assert_null(json_object_get(rules_of, "error"));

	roles = json_object_get(o, "roles");
	assert_int_equal(json_array_size(roles), 3);
	w = json_array_get(roles, 0);
	assert_string_equal(string(w, "name"), "recorder");
	assert_true(json_is_null(json_object_get(w, "last_end")));
	w = json_array_get(roles, 1);
	assert_int_equal(integer(w, "pid"), 48000);
	assert_int_equal(integer(w, "restarts"), 1);
	assert_int_equal(integer(json_object_get(w, "last_end"), "signal"), 9);
	w = json_array_get(roles, 2);
	assert_string_equal(string(w, "state"), "down");
	assert_true(json_is_null(json_object_get(w, "pid")));
	assert_int_equal(integer(json_object_get(w, "last_end"), "exit"), 3);

	workers = json_object_get(o, "workers");
	assert_int_equal(json_array_size(workers), WAYSIDE_TEST_WORKERS);
	w = json_array_get(workers, 0);
	assert_int_equal(integer(w, "worker"), 0);
	assert_int_equal(integer(w, "slots"), WAYSIDE_TEST_SLOTS);
	assert_true(json_is_true(json_object_get(w, "sane")));
	assert_true(json_is_false(
		json_object_get(json_array_get(workers, 1), "sane")));
	assert_int_equal(integer(json_object_get(w, "flows"), "total"), 2);
	assert_int_equal(integer(json_object_get(w, "flows"), "open"), 1);
	assert_int_equal(integer(json_object_get(w, "flows"), "held"), 1);
	assert_int_equal(integer(json_object_get(w, "flows"), "unknown"), 0);
	assert_int_equal(integer(json_object_get(w, "flows"), "udp"), 1);
	assert_int_equal(integer(w, "not_recorded_bytes"), 46);
	/* the recorder's are not the worker's */
	w = json_object_get(w, "counters");
	assert_int_equal(integer(w, "client_bytes"), 1000);
	assert_int_equal(integer(w, "events"), 0);
	w = json_object_get(json_object_get(o, "recorder"), "counters");
	assert_int_equal(integer(w, "events"), 12);
	assert_int_equal(integer(w, "gap_bytes"), 99);
	total = json_object_get(o, "total");
	assert_int_equal(integer(json_object_get(total, "flows"), "total"), 3);
	assert_int_equal(integer(total, "not_recorded_bytes"), 546);
	total = json_object_get(total, "counters");
	assert_int_equal(json_object_size(total), STAT_MAX);
	assert_int_equal(integer(total, "client_bytes"), 1234);
	assert_int_equal(integer(total, "events"), 12);
	assert_int_equal(integer(total, "resets"), 0);
	json_decref(o);
}

static void store_and_publishers_for_programs(void **state)
{
	struct wayside_lab *lab = *state;
	struct control_state *s = lab->state;
	const json_t *store, *role;
	json_t *o;

	set_role(&s->roles[CONTROL_PUBLISHERS + 1], "publisher/fleet",
		 CONTROL_ROLE_STARTING);
	atomic_store(&s->roles[CONTROL_PUBLISHERS + 1].seq, 2);
	wayside_test_map(lab);
	o = reparse(wayside_status_json(&lab->view));
	assert_true(json_is_null(json_object_get(o, "store")));
	role = json_array_get(json_object_get(o, "roles"), 0);
	assert_string_equal(string(role, "name"), "publisher/fleet");
	assert_string_equal(string(role, "state"), "starting");
	json_decref(o);
	a_store(lab);
	o = reparse(wayside_status_json(&lab->view));
	store = json_object_get(o, "store");
	assert_string_equal(string(store, "file"),
			    "/var/lib/wayside/wayside.db");
	assert_true(json_is_null(json_object_get(store, "error")));
	assert_true(json_is_null(json_object_get(store, "failed")));
	json_decref(o);
	atomic_store(&s->store_failed_ns, WAYSIDE_TEST_NS);
	atomic_store(&s->store_error, -EROFS);
	o = reparse(wayside_status_json(&lab->view));
	store = json_object_get(o, "store");
	assert_string_equal(string(store, "error"), "Read-only file system");
	assert_string_equal(string(store, "failed"),
			    "2025-11-03T14:25:01.000Z");
	json_decref(o);
}

static void interception_for_programs(void **state)
{
	struct wayside_lab *lab = *state;
	const json_t *config, *rules_of, *w;
	json_t *o;

	fill(lab);
	lab->conf->rules[1].source = CONF_SOURCE_AUTO;
	(void)snprintf(lab->state->source_why.text,
		       sizeof(lab->state->source_why.text),
		       "all is masqueraded");
	atomic_store(&lab->state->lost, 4);
	atomic_store(&lab->state->blocked, 1);
	atomic_store(&lab->state->held, 2);
	atomic_store(&lab->state->edits, 6);
	wayside_test_map(lab);
	o = reparse(wayside_status_json(&lab->view));
	config = json_object_get(o, "config");
	rules_of = json_object_get(o, "rules");
	assert_true(json_is_false(json_object_get(rules_of, "bypass")));
	assert_true(json_is_true(json_object_get(rules_of, "blocked")));
	assert_string_equal(string(rules_of, "table"), "persists");
	assert_int_equal(integer(rules_of, "put_back"), 4);
	w = json_object_get(rules_of, "source_auto");
	assert_string_equal(string(w, "source"), "gateway");
	assert_string_equal(string(w, "why"), "all is masqueraded");
	w = json_object_get(rules_of, "packets");
	assert_int_equal(json_array_size(w), 2);
	w = json_array_get(w, 0);
	assert_string_equal(string(w, "rule"), "tkstar");
	assert_string_equal(string(w, "transport"), "tcp");
	assert_int_equal(integer(w, "met"), 12);
	assert_int_equal(integer(w, "taken"), 7);
	assert_int_equal(integer(w, "passed"), 2);
	assert_int_equal(integer(w, "rejected"), 3);
	assert_int_equal(integer(o, "listeners_kept"), 2);
	assert_int_equal(integer(config, "edits"), 6);
	json_decref(o);
}

/* Nothing has happened: no titles without a line. */
static void nothing_yet(void **state)
{
	struct wayside_lab *lab = *state;
	char *text;

	wayside_test_map(lab);
	text = print(lab, WAYSIDE_TEST_NS);
	assert_null(strstr(text, "COUNTER"));
	free(text);
}

/* Every counter has a line, of a day of a large installation; and the rules
 * cannot be looked at. */
static void for_a_terminal(void **state)
{
	struct wayside_lab *lab = *state;
	char *text, *line, *rest;

	fill(lab);
	lab->state->pid = 4194304; /* the largest: proc(5), pid_max */
	atomic_store(&lab->state->rules_differ, -EPERM);
	atomic_store(&lab->state->bypass, 1);
	atomic_store(&lab->state->lost, 99999);
	atomic_store(&lab->state->blocked, 1);
	atomic_store(&lab->state->edits, 99999);
	atomic_store(&lab->state->held, 256);
	lab->conf->rules[0].transport = CONF_TRANSPORT_UDP;
	set_role(&lab->state->roles[CONTROL_PUBLISHERS], "publisher/warehouse",
		 CONTROL_ROLE_STARTING);
	for (int id = 0; id < STAT_MAX; id++)
		stat_add(&lab->control[0]->stat, id, 999999999);
	lab->control[0]->reader_missed[RING_READER_RECORDER] = 99999999999;
	wayside_test_map(lab);
	a_store(lab);
	atomic_store(&lab->state->store_error, -EROFS);
	text = print(lab, WAYSIDE_TEST_NS + 8639900 * 1000000000ULL);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	}
	free(text);
}

/* Everything that a worker or the recorder can write is noise. */
static void hostile_memory(void **state)
{
	struct wayside_lab *lab = *state;
	uint64_t seed = 88172645463325252ULL;

	fill(lab);
	wayside_test_map(lab);
	for (int round = 0; round < 200; round++) {
		json_t *o;
		char *text;

		for (unsigned i = 0; i < WAYSIDE_TEST_WORKERS; i++) {
			wayside_test_noise(lab->control[i], WAYSIDE_TEST_TABLE,
					   &seed);
			wayside_test_noise(lab->cursor[i], WAYSIDE_TEST_CURSOR,
					   &seed);
		}
		text = print(lab, WAYSIDE_TEST_NS);
		/* 1,000 x more slots than the table has are not looked for */
		assert_non_null(strstr(text, "flows: 8 of 5000"));
		free(text);
		o = reparse(wayside_status_json(&lab->view));
		assert_int_equal(
			integer(json_object_get(json_object_get(o, "total"),
						"flows"),
				"unknown"),
			8);
		json_decref(o);
	}
}

/* Not even the supervisor's page makes the tool stumble. */
static void hostile_state(void **state)
{
	struct wayside_lab *lab = *state;
	uint64_t seed = 1;

	wayside_test_map(lab);
	for (int round = 0; round < 200; round++) {
		wayside_test_noise(lab->state, sizeof(*lab->state), &seed);
		free(print(lab, WAYSIDE_TEST_NS));
		json_decref(reparse(wayside_status_json(&lab->view)));
	}
}

/* The first numbers that have no word. */
static void unknown_words(void **state)
{
	struct wayside_lab *lab = *state;
	json_t *o;
	char *text;

	fill(lab);
	atomic_store(&lab->state->phase, CONTROL_PHASE_MAX);
	atomic_store(&lab->state->rules, CONTROL_RULES_MAX);
	atomic_store(&lab->state->roles[0].state, CONTROL_ROLE_MAX);
	wayside_test_map(lab);
	text = print(lab, WAYSIDE_TEST_NS);
	assert_non_null(strstr(text, "waysided 1.2.3, ?, pid"));
	assert_non_null(strstr(text, "rules ?:"));
	assert_non_null(strstr(text, "recorder   4712  ?  "));
	free(text);
	o = wayside_status_json(&lab->view);
	assert_string_equal(string(o, "phase"), "?");
	json_decref(o);
}

/* What is not sealed, of another size, or of another version is not mapped. */
#define TOO_MANY (CONF_WORKERS_MAX + 1U)
static void what_is_not_mapped(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_view v;

	for (size_t i = 0; i < lab->result->n_fds; i++) {
		const int good = lab->result->fds[i];
		const int bad = memfd_create("wayside_test",
					     MFD_CLOEXEC | MFD_ALLOW_SEALING);

		assert_true(bad >= 0);
		/* right in size, but it could shrink under our hands */
		assert_int_equal(ftruncate(bad, 8L * RING_PAGE), 0);
		lab->result->fds[i] = bad;
		assert_int_equal(wayside_view_map(&v, lab->result), -EBADMSG);
		/* sealed, but too small for anything */
		assert_int_equal(ftruncate(bad, RING_PAGE - 1), 0);
		assert_int_equal(fcntl(bad, F_ADD_SEALS, F_SEAL_SHRINK), 0);
		assert_int_equal(wayside_view_map(&v, lab->result), -EBADMSG);
		assert_int_equal(close(bad), 0);
		lab->result->fds[i] = good;
	}
	lab->state->version++;
	assert_int_equal(wayside_view_map(&v, lab->result), -EBADMSG);
	lab->state->version--;
	lab->conf->n_rules = CONF_RULES_MAX + 1;
	assert_int_equal(wayside_view_map(&v, lab->result), -EBADMSG);
	lab->conf->n_rules = 2;
	/* one worker too many, each with the right memory */
	for (size_t i = lab->result->n_fds; i < 2 + 2 * TOO_MANY; i++)
		lab->result->fds[i] = lab->result->fds[i - 2];
	lab->result->reply.n_workers = TOO_MANY;
	assert_int_equal(wayside_view_map(&v, lab->result), -EBADMSG);
	lab->result->reply.n_workers = TOO_MANY - 1;
	assert_int_equal(wayside_view_map(&v, lab->result), 0);
	wayside_view_close(&v);
	lab->result->reply.n_workers = WAYSIDE_TEST_WORKERS;
	wayside_test_map(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAYSIDE_TEST(for_people),
		WAYSIDE_TEST(rules),
		WAYSIDE_TEST(for_programs),
		WAYSIDE_TEST(for_a_terminal),
		WAYSIDE_TEST(hostile_memory),
		WAYSIDE_TEST(hostile_state),
		WAYSIDE_TEST(what_is_not_mapped),
		WAYSIDE_TEST(nothing_yet),
		WAYSIDE_TEST(unknown_words),
		WAYSIDE_TEST(fates),
		WAYSIDE_TEST(packets_in_motion),
		WAYSIDE_TEST(interception_for_programs),
		WAYSIDE_TEST(whether_the_store_works),
		WAYSIDE_TEST(publishers),
		WAYSIDE_TEST(store_and_publishers_for_programs),
		WAYSIDE_TEST(fixed_remote_mode),
		WAYSIDE_TEST(conditions_of_a_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
