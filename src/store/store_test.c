/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_test.c - what goes in comes out, once */
#include "store_test.h"

static void a_new_store_is_empty(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	assert_string_equal(p->why.text, "");
	assert_int_equal(store_committed(s, WRITER), 0);
	assert_int_equal(store_first(s), 1);
	assert_int_equal(store_waiting(s).rows, 0);
	is(p, "SELECT writer, seq, last_event FROM store", "0|0|0");
	is(p, "SELECT id <> 0 FROM store", "1");
	is(p, "SELECT * FROM events", "");
	is(p, "PRAGMA journal_mode", "wal");
	store_close(NULL);
}

/* Values in each column, by hand: what was added. */
static void an_event_has_its_columns(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct track_position at[2] = {
		position_at(TRACK_TIME_NONE, (double)NAN, (double)NAN),
		position_at(5000, -33.5, 151.25),
	};
	struct store_event e = event_of(0x8000000000000001, START_MS, "a");

	at[1].altitude = 12.5;
	at[1].speed = 60;
	at[1].course = 359.9;
	at[1].valid = false;
	e.positions = at;
	e.n_positions = 2;
	assert_int_equal(store_add_event(s, &e), 0);
	e.direction = BASE_SERVER;
	e.type = "command";
	e.protocol = "gt06";
	e.wall_ns += 999999; /* not yet the next millisecond */
	e.device.len = 0;
	e.n_positions = 0;
	assert_int_equal(store_add_event(s, &e), 0);
	committed(p, 1);
	is(p,
	   "SELECT id, printf('%016x', flow), time, direction, protocol,"
	   " device, type FROM events",
	   "1|8000000000000001|1762179901000|client|h02|a|position;"
	   "2|8000000000000001|1762179901000|server|gt06|-|command");
	is(p, "SELECT event FROM events WHERE id = 1",
	   "{\"flow\":\"8000000000000001\",\"device_id\":\"a\",\"n\":1.50}");
	/* without a time of its own it has the event's */
	is(p, "SELECT * FROM positions",
	   "1|0|a|1762179901000|1|-|-|-|-|-;"
	   "1|1|a|5000|0|-33.5|151.25|12.5|60.0|359.9");
}

static void a_flow_begins_and_ends(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_flow(s, 7, START_MS);
	add_flow(s, 7, START_MS + 5); /* once a flow */
	committed(p, 1);
	is(p, "SELECT * FROM flows",
	   "7|1762179901000|-|192.0.2.7:40000|47.88.85.196:7700|"
	   "2025-11-03_142501|-|-|-|-|-");
	add_flow(s, 7, START_MS + 6);
	add_end(s, 7, START_MS + 9);
	add_end(s, 8, START_MS + 9); /* of which nothing is known */
	committed(p, 2);
	is(p,
	   "SELECT id, opened, closed, reason, client_bytes, server_bytes"
	   " FROM flows",
	   "7|1762179901000|1762179901009|normal|11|22");
}

/* Its protocol and device are those of its last event that has them. */
static void a_flow_says_what_its_events_say(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_flow(s, 7, START_MS);
	add_event(s, 7, START_MS, NULL);
	committed(p, 1);
	is(p, "SELECT protocol, device FROM flows", "h02|-");
	add_event(s, 7, START_MS, "a");
	add_event(s, 7, START_MS, NULL);
	committed(p, 2);
	is(p, "SELECT protocol, device FROM flows", "h02|a");
	add_event(s, 7, START_MS, "b");
	committed(p, 3);
	is(p, "SELECT protocol, device FROM flows", "h02|b");
	/* another writer of the same file knows nothing of what was told */
	s = opened(p);
	add_event(s, 7, START_MS, "a");
	committed(p, 4);
	is(p, "SELECT protocol, device FROM flows", "h02|a");
}

static void the_mark_is_the_last_commit(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	const uint64_t id = store_id(s);

	add_events(s, 3);
	committed(p, 41);
	assert_int_equal(store_committed(s, WRITER), 41);
	assert_int_equal(store_committed(s, WRITER + 1), 0);
	committed(p, 42); /* a mark alone */
	closed(p);
	s = opened(p);
	assert_true(store_committed(s, WRITER) == 42);
	assert_true(store_id(s) == id);
	is(p, "SELECT count(*) FROM events", "3");
}

static void what_was_not_committed_is_gone(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_events(s, 3);
	assert_int_equal(store_waiting(s).events, 3);
	closed(p);
	opened(p);
	is(p, "SELECT count(*) FROM events", "0");
}

static void a_batch_can_be_given_up(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_flow(s, 1, START_MS);
	add_events(s, 3);
	assert_int_equal(store_waiting(s).rows, 4);
	assert_true(store_waiting(s).bytes > 3 * strlen("{\"device_id\":}"));
	assert_int_equal(store_give_up(s), 3);
	assert_int_equal(store_waiting(s).rows, 0);
	assert_int_equal(store_waiting(s).events, 0);
	assert_int_equal(store_waiting(s).bytes, 0);
	add_event(s, 1, START_MS, "b");
	committed(p, 1);
	is(p, "SELECT id, device FROM events", "1|b");
	is(p, "SELECT id, events FROM devices", "b|1");
}

/* Also when events, and with them their numbers, have been deleted. */
static void a_number_never_comes_twice(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_events(s, 3);
	committed(p, 1);
	assert_int_equal(store_first(s), 1);
	change(p->path, "DELETE FROM events WHERE id < 3");
	assert_int_equal(store_first(s), 3);
	change(p->path, "DELETE FROM events");
	assert_int_equal(store_first(s), 4);
	add_events(s, 1);
	committed(p, 2);
	closed(p);
	s = opened(p);
	add_events(s, 1);
	committed(p, 3);
	is(p, "SELECT id FROM events", "4;5");
	is(p, "SELECT last_event FROM store", "5");
}

/* Up to what somebody has; also when the file cannot be written meanwhile. */
static void numbers_are_skipped(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	sqlite3 *other;

	add_events(s, 3);
	committed(p, 1);
	assert_int_equal(store_skip(s, 10, &p->why), 0);
	is(p, "SELECT last_event FROM store", "10");
	assert_int_equal(store_skip(s, 2, &p->why), 0);
	/* no store has counted so far: nonsense */
	assert_int_equal(store_skip(s, INT64_MAX, &p->why), 0);
	add_events(s, 1);
	committed(p, 2);
	is(p, "SELECT max(id) FROM events", "11");
	assert_int_equal(sqlite3_open(p->path, &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(store_skip(s, 20, &p->why), -EBUSY);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	add_events(s, 1);
	committed(p, 3);
	is(p, "SELECT max(id) FROM events", "21");
}

/* Over more devices than the first index has places for, in any order. */
static void devices_are_summed_up(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	char name[16];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 300; i++) {
			const unsigned n = i * 7 % 100;

			(void)snprintf(name, sizeof(name), "device%u", n);
			add_event(s, n, START_MS + i + 1000ULL * round, name);
		}
		committed(p, round + 1);
	}
	is(p, "SELECT count(*), min(events), max(events) FROM devices",
	   "100|6|6");
	/* i * 7 % 100 = 42 for i = 6, 106, 206 */
	is(p,
	   "SELECT first_seen, last_seen, flow, last_event, protocol"
	   " FROM devices WHERE id = 'device42'",
	   "1762179901006|1762179902206|42|507|h02");
}

/* What the server sends to it does not make it seen. */
static void a_device_is_seen_by_its_own_events(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct store_event e = event_of(1, START_MS, "a");

	e.direction = BASE_SERVER;
	assert_int_equal(store_add_event(s, &e), 0);
	committed(p, 1);
	is(p, "SELECT * FROM devices", "");
}

static void live(struct place *p, uint64_t flow, uint64_t opened_ms,
		 const char *want)
{
	struct store_event e = event_of(flow, START_MS, "a");

	e.opened_ns = opened_ms * NS_PER_MS;
	assert_int_equal(store_add_event(p->store, &e), 0);
	committed(p, 1);
	is(p, "SELECT flow, flow_opened FROM devices", want);
}

/* A late event of an old flow does not bring it back to life. */
static void the_newest_flow_is_the_live_one(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct store_event e;

	live(p, 5, 1000, "5|1000");
	live(p, 9, 3000, "9|3000");
	live(p, 5, 1000, "9|3000");
	live(p, 3, 2000, "9|3000");
	live(p, 2, 4000, "2|4000");
	/* within one batch, too */
	e = event_of(8, START_MS, "a");
	e.opened_ns = 6000 * NS_PER_MS;
	assert_int_equal(store_add_event(s, &e), 0);
	live(p, 7, 5000, "8|6000");
}

/* json of the event with that number */
static void json_is(struct place *p, int id, const char *want)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "SELECT event FROM events WHERE id=%d",
		       id);
	is(p, sql, want);
}

static void a_late_name_is_given_to_earlier_events(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct track_position at = position_at(5000, 1, 2);
	struct store_event e = event_of(7, START_MS + 1, NULL);

	add_flow(s, 7, START_MS);
	e.positions = &at;
	e.n_positions = 1;
	/* what looks like the member, in text and below it, stays */
	e.json = span(
		"{\"a\":\"\\\"device_id\\\":null\",\"device_id\":null,"
		"\"attributes\":{\"device_id\":null,\"x\":1.50,\"y\":1e-7}}");
	assert_int_equal(store_add_event(s, &e), 0);
	add_event(s, 8, START_MS + 2, NULL); /* another flow's */
	committed(p, 1);
	is(p, "SELECT * FROM devices", "");

	e = event_of(7, START_MS + 3, NULL); /* of the same batch */
	e.direction = BASE_SERVER;
	assert_int_equal(store_add_event(s, &e), 0);
	assert_int_equal(store_add_name(s, 7, span("imei")), 0);
	add_event(s, 7, START_MS + 4, "imei");
	add_event(s, 7, START_MS + 5, NULL); /* behind the name */
	committed(p, 2);
	is(p, "SELECT id, device FROM events", "1|imei;2|-;3|imei;4|imei;5|-");
	is(p, "SELECT event, device FROM positions", "1|imei");
	json_is(p, 1,
		"{\"a\":\"\\\"device_id\\\":null\",\"device_id\":\"imei\","
		"\"attributes\":{\"device_id\":null,\"x\":1.50,\"y\":1e-7}}");
	json_is(p, 2,
		"{\"flow\":\"0000000000000008\",\"device_id\":null,\"n\":1.50}");
	/* the client's: 1 and 4 */
	is(p, "SELECT * FROM devices",
	   "imei|h02|1762179901001|1762179901004|7|1762179901000|2|4");
	is(p, "SELECT device FROM flows", "imei");
}

static void a_name_for_nothing_does_nothing(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_event(s, 7, START_MS, "b");
	assert_int_equal(store_add_name(s, 7, span("imei")), 0);
	assert_int_equal(store_add_name(s, 8, span("imei")), 0);
	committed(p, 1);
	is(p, "SELECT device FROM events", "b");
	is(p, "SELECT id FROM devices", "b");
}

/* JSON of no use is no reason to lose a batch. */
static void a_name_beside_broken_json(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct store_event e = event_of(7, START_MS, NULL);

	e.json = span("{\"device_id\":");
	assert_int_equal(store_add_event(s, &e), 0);
	assert_int_equal(store_add_name(s, 7, span("imei")), 0);
	committed(p, 1);
	is(p, "SELECT device, event FROM events", "imei|{\"device_id\":");
}

/* As store.h says: no message costs more than the newest 10,000. */
static void a_name_has_its_limit(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	for (unsigned i = 0; i < 10005; i++)
		add_event(s, 7, START_MS + i, NULL);
	committed(p, 1);
	assert_int_equal(store_add_name(s, 7, span("imei")), 0);
	committed(p, 2);
	is(p,
	   "SELECT min(id), max(id), count(*) FROM events"
	   " WHERE device = 'imei'",
	   "6|10005|10000");
	is(p, "SELECT events, last_event FROM devices", "10000|10005");
}

/* A daemon that was killed ends no flows; the next one does. */
static void flows_of_a_dead_daemon_are_ended(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_flow(s, 7, START_MS);
	add_flow(s, 8, START_MS);
	add_flow(s, 9, START_MS + 50);
	add_event(s, 7, START_MS + 20, "a");
	add_end(s, 8, START_MS + 10);
	committed(p, 5);
	/* a successor's recorder has the same writer */
	s = opened(p);
	add_flow(s, 10, START_MS + 30);
	committed(p, 6);
	is(p, "SELECT count(*) FROM flows WHERE closed IS NULL", "3");
	s = opened(p);
	add_flow(s, 11, START_MS + 99);
	assert_int_equal(store_commit(s, WRITER + 1, 1, &p->why), 0);
	/* at the last event, but not before they began */
	is(p, "SELECT id, closed, reason FROM flows",
	   "7|1762179901020|lost;8|1762179901010|normal;"
	   "9|1762179901050|lost;10|1762179901030|lost;11|-|-");
}

/* Past the first size of the block, and past what it keeps. */
static void a_large_batch_is_a_batch(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct store_event e = event_of(7, START_MS, "a");
	char *json = malloc(100001);

	assert_non_null(json);
	memset(json, 'x', 100000);
	json[100000] = '\0';
	e.json = span(json);
	for (unsigned i = 0; i < 120; i++)
		assert_int_equal(store_add_event(s, &e), 0);
	committed(p, 1);
	is(p, "SELECT count(*), sum(length(event)) FROM events",
	   "120|12000000");
	add_event(s, 7, START_MS, "b");
	committed(p, 2);
	is(p, "SELECT device, count(*) FROM events GROUP BY device",
	   "a|120;b|1");
	free(json);
}

/* Then the caller has to decide; what is there stays whole. */
static void a_batch_has_a_limit(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);
	struct store_event e = event_of(7, START_MS, "a");
	size_t bytes = 0;
	char *json = malloc(1000001);
	int r = 0, n = 0;

	assert_non_null(json);
	memset(json, 'x', 1000000);
	json[1000000] = '\0';
	e.json = span(json);
	while (!r && n < 100) {
		bytes = store_waiting(s).bytes;
		r = store_add_event(s, &e);
		n += !r;
	}
	assert_int_equal(r, -ENOMEM);
	/* 64 MiB, and each row has a little beside its text */
	assert_int_equal(n, 67);
	assert_int_equal(store_waiting(s).rows, 67);
	assert_true(store_waiting(s).bytes == bytes);
	assert_int_equal(store_give_up(s), 67);
	assert_int_equal(store_add_event(s, &e), 0);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_new_store_is_empty),
		PLACE_TEST(an_event_has_its_columns),
		PLACE_TEST(a_flow_begins_and_ends),
		PLACE_TEST(a_flow_says_what_its_events_say),
		PLACE_TEST(the_mark_is_the_last_commit),
		PLACE_TEST(what_was_not_committed_is_gone),
		PLACE_TEST(a_batch_can_be_given_up),
		PLACE_TEST(a_number_never_comes_twice),
		PLACE_TEST(numbers_are_skipped),
		PLACE_TEST(devices_are_summed_up),
		PLACE_TEST(a_device_is_seen_by_its_own_events),
		PLACE_TEST(the_newest_flow_is_the_live_one),
		PLACE_TEST(a_late_name_is_given_to_earlier_events),
		PLACE_TEST(a_name_for_nothing_does_nothing),
		PLACE_TEST(a_name_beside_broken_json),
		PLACE_TEST(a_name_has_its_limit),
		PLACE_TEST(flows_of_a_dead_daemon_are_ended),
		PLACE_TEST(a_large_batch_is_a_batch),
		PLACE_TEST(a_batch_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
