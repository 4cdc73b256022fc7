/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_flows_test.c - flows of tables that were made by hand */
#include "wayside_flows.h"

#include "ring_shared.h"
#include "wayside_test.h"

static struct base_addr addr(const char *text)
{
	struct base_addr a;

	assert_true(base_addr_parse(&a, text));
	return a;
}

/* The number-th connection of the lab's second, `age` seconds old then. */
static void set_flow(struct ring_slot *s, uint64_t age, uint64_t number)
{
	memset(s, 0, sizeof(*s));
	s->serial = 7;
	s->state = RING_STATE_OPEN;
	s->flow_id = 0xabcdef00 + number;
	s->config_number = 3;
	s->rule = 1;
	s->client = addr("192.168.1.7:40000");
	s->server = addr("47.88.85.196:7700");
	s->opened_ns = WAYSIDE_TEST_NS - age * 1000000000ULL;
	s->connection = (WAYSIDE_TEST_SECOND - age) << RING_CONNECTION_BITS |
			number;
}

static void fill(struct wayside_lab *lab)
{
	struct ring_slot *s = &lab->slots[1][2];

	set_flow(&lab->slots[0][1], 5, 0);
	/* as old, taken right after */
	set_flow(&lab->slots[0][0], 5, 1);
	/* the oldest, of another configuration */
	set_flow(s, 4000, 2);
	s->state = RING_STATE_HELD;
	s->config_number = 2;
	s->transport = RING_TRANSPORT_UDP;
	s->server = addr("[2001:db8::7]:7710");
	s->dir[RING_CLIENT].bytes_in = 123456;
	s->dir[RING_CLIENT].unobserved = 56;
	s->dir[RING_CLIENT].pend_len = 300;
	s->dir[RING_SERVER].bytes_in = 9;
	s->dir[RING_SERVER].unobserved = 1;
	s->dir[RING_SERVER].pend_len = 4;
	ring_note_put(&lab->notes[1][2], 7,
		      &(struct ring_note_text){ "gt06", "123456789012345" });
	/* nothing is known of the device; and a note of the slot's last life */
	ring_note_put(&lab->notes[0][1], 7,
		      &(struct ring_note_text){ .protocol = "raw" });
	ring_note_put(&lab->notes[0][0], 6,
		      &(struct ring_note_text){ "watch", "1" });
	/* free, with what its last life left; and one beyond those ever used */
	set_flow(&lab->slots[0][2], 1, 3);
	lab->slots[0][2].state = RING_STATE_FREE;
	set_flow(&lab->slots[1][3], 1, 4);
	atomic_store(&lab->control[1]->n_used, 3);
}

static char *print(const struct wayside_lab *lab,
		   const struct wayside_flows *flows)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	wayside_flows_print(out, &lab->view, flows, WAYSIDE_TEST_NS);
	assert_int_equal(fclose(out), 0);
	wayside_test_printable(text, len);
	return text;
}

/* 4000 s = 1 h 6 min 40 s, so that one came at 13:18:21. */
static void for_people(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_flows flows;
	char *text;

	fill(lab);
	wayside_test_map(lab);
	assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
	text = print(lab, &flows);
	assert_string_equal(
		text,
		"ID                   FLOW              TRANSPORT  CLIENT             SERVER              RULE     PROTOCOL  DEVICE                 AGE  CLIENT BYTES  SERVER BYTES  PENDING  STATE\n"
		"2025-11-03_131821-3  00000000abcdef02  udp        192.168.1.7:40000  [2001:db8::7]:7710  1 of #2  gt06      123456789012345  1 h 6 min        123456             9      304  held\n"
		"2025-11-03_142456    00000000abcdef00  tcp        192.168.1.7:40000  47.88.85.196:7700   watches  raw       -                      5 s             0             0        0  open\n"
		"2025-11-03_142456-2  00000000abcdef01  tcp        192.168.1.7:40000  47.88.85.196:7700   watches  -         -                      5 s             0             0        0  open\n");
	free(text);
	wayside_flows_free(&flows);
}

static void has_string(const json_t *o, const char *key, const char *value)
{
	const char *is = json_string_value(json_object_get(o, key));

	assert_non_null(is);
	assert_string_equal(is, value);
}

static void has_integer(const json_t *o, const char *key, json_int_t value)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	assert_int_equal(json_integer_value(json_object_get(o, key)), value);
}

static void for_programs(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_flows flows;
	const json_t *f;
	json_t *list;

	fill(lab);
	lab->slots[0][0].rule = 2;               /* there are two rules */
	lab->slots[0][0].state = RING_STATE_MAX; /* the first that is none */
	wayside_test_map(lab);
	assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
	list = wayside_flows_json(&lab->view, &flows);
	assert_int_equal(json_array_size(list), 3);
	f = json_array_get(list, 0);
	has_string(f, "id", "2025-11-03_131821-3");
	has_string(f, "flow", "00000000abcdef02");
	has_integer(f, "worker", 1);
	has_integer(f, "slot", 2);
	has_string(f, "state", "held");
	has_string(f, "transport", "udp");
	has_string(f, "client", "192.168.1.7:40000");
	has_string(f, "server", "[2001:db8::7]:7710");
	has_string(f, "protocol", "gt06");
	has_string(f, "device", "123456789012345");
	assert_true(json_is_null(json_object_get(f, "rule")));
	has_integer(f, "config", 2);
	has_integer(f, "rule_number", 1);
	has_string(f, "opened", "2025-11-03T13:18:21.000Z");
	has_integer(f, "client_bytes", 123456);
	has_integer(f, "server_bytes", 9);
	has_integer(f, "client_unobserved", 56);
	has_integer(f, "server_unobserved", 1);
	has_integer(f, "pending", 304);
	assert_int_equal(json_object_size(f), 19);
	f = json_array_get(list, 1);
	has_string(f, "rule", "watches");
	has_string(f, "protocol", "raw");
	assert_true(json_is_null(json_object_get(f, "device")));
	f = json_array_get(list, 2);
	assert_true(json_is_null(json_object_get(f, "protocol")));
	assert_true(json_is_null(json_object_get(f, "device")));
	assert_true(json_is_null(json_object_get(f, "rule")));
	has_string(f, "state", "?");
	json_decref(list);
	wayside_flows_free(&flows);
}

static void found_by_id(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_flows flows;
	const struct wayside_flow *f;
	size_t n;

	fill(lab);
	wayside_test_map(lab);
	assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
	f = wayside_flows_find(&flows, "2025-11-03_142456-2", &n);
	assert_int_equal(n, 1);
	assert_int_equal(f->worker, 0);
	assert_int_equal(f->index, 0);
	f = wayside_flows_find(&flows, "00000000ABCDEF02", &n);
	assert_int_equal(n, 1);
	assert_int_equal(f->worker, 1);
	assert_int_equal(f->index, 2);
	/* neither parts, nor what is free */
	assert_null(wayside_flows_find(&flows, "2025-11-03_14245", &n));
	assert_int_equal(n, 0);
	assert_null(wayside_flows_find(&flows, "00000000abcdef03", &n));
	assert_null(wayside_flows_find(&flows, "", &n));
	/* the hour that comes twice */
	lab->slots[0][1].connection++;
	wayside_flows_free(&flows);
	assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
	assert_non_null(wayside_flows_find(&flows, "2025-11-03_142456-2", &n));
	assert_int_equal(n, 2);
	wayside_flows_free(&flows);
}

/* A flow is over when its slot is free, or lives another life. */
static void the_end(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_flow f = { .worker = 1, .index = 2 };
	struct ring_slot *slot = &lab->slots[1][2];

	fill(lab);
	wayside_test_map(lab);
	assert_true(wayside_view_slot(&lab->view.workers[1], 2, &f.slot));
	assert_false(wayside_flow_over(&lab->view, &f, 0));
	slot->state = RING_STATE_CLOSING;
	assert_false(wayside_flow_over(&lab->view, &f, 0));
	slot->state = RING_STATE_FREE;
	assert_true(wayside_flow_over(&lab->view, &f, 0));
	slot->state = RING_STATE_OPEN;
	slot->serial++;
	assert_true(wayside_flow_over(&lab->view, &f, 0));
}

static void hostile_slots(void **state)
{
	struct wayside_lab *lab = *state;
	uint64_t seed = 88172645463325252ULL;

	wayside_test_map(lab);
	for (int round = 0; round < 500; round++) {
		struct wayside_flows flows;
		json_t *list, *again;
		char *text;

		for (unsigned i = 0; i < WAYSIDE_TEST_WORKERS; i++)
			wayside_test_noise(lab->control[i], WAYSIDE_TEST_TABLE,
					   &seed);
		for (unsigned i = 0; i < WAYSIDE_TEST_WORKERS; i++) {
			wayside_test_noise(lab->cursor[i], WAYSIDE_TEST_CURSOR,
					   &seed);
			/* some are of their flow, and some whole */
			for (unsigned j = 0; j < WAYSIDE_TEST_SLOTS; j++)
				lab->notes[i][j].serial =
					lab->slots[i][j].serial;
		}
		/* a number of a rule that the configuration in force has not */
		lab->slots[0][0].config_number = lab->conf->number;
		lab->slots[0][0].rule = 2;
		/* text where a number is looked for */
		lab->slots[0][1].client.family = AF_INET6;
		memset(&lab->slots[0][1].state, 0x1b, 4);
		assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
		assert_int_equal(flows.n, 2 * WAYSIDE_TEST_SLOTS);
		text = print(lab, &flows);
		list = wayside_flows_json(&lab->view, &flows);
		assert_int_equal(json_array_size(list), flows.n);
		free(text);
		text = json_dumps(list, 0);
		assert_non_null(text);
		again = json_loads(text, 0, NULL);
		assert_true(json_equal(list, again));
		json_decref(again);
		json_decref(list);
		free(text);
		wayside_flows_free(&flows);
	}
}

/* Nobody is there: the titles, and an empty array. */
static void no_flows(void **state)
{
	struct wayside_lab *lab = *state;
	struct wayside_flows flows;
	json_t *list;
	char *text;

	wayside_test_map(lab);
	assert_int_equal(wayside_flows_collect(&lab->view, &flows), 0);
	assert_int_equal(flows.n, 0);
	text = print(lab, &flows);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	list = wayside_flows_json(&lab->view, &flows);
	assert_true(json_is_array(list));
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	free(text);
	wayside_flows_free(&flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAYSIDE_TEST(for_people),    WAYSIDE_TEST(for_programs),
		WAYSIDE_TEST(found_by_id),   WAYSIDE_TEST(the_end),
		WAYSIDE_TEST(hostile_slots), WAYSIDE_TEST(no_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
