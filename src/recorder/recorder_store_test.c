/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_store_test.c - what gets into the store, and when */
#include <sys/eventfd.h>

#include "recorder_store_test.h"

/* --- what is stored ------------------------------------------------------- */

#define UD                                                                 \
	"[3G*1234567890*004D*UD,220414,134652,A,22.571707,N,113.8613968,E" \
	",0.1,0.0,100,7,60,90,1000,50,0000]"

static void a_flow_and_its_events(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s;

	open_flow(lab, 3);
	s = &lab->maps[0].slots[3];
	bytes(lab, 3, RING_CLIENT, 0, UD);
	bytes(lab, 3, RING_SERVER, 0, LK);
	s->dir[RING_CLIENT].bytes_in = sizeof(UD) - 1;
	s->dir[RING_SERVER].bytes_in = 23;
	hint(lab, 3, RING_ENTRY_CLOSE, RING_CLOSE_IDLE, 0);
	start(lab);
	stop(lab);
	assert_sql(lab,
		   "SELECT printf('%016x',id)||' '||opened||' '||closed||' '||"
		   "client||' '||server||' '||connection_id||' '||protocol||"
		   "' '||device||' '||reason||' '||client_bytes||' '||"
		   "server_bytes FROM flows",
		   "0000000000001003 1762179901000 1762179901000 "
		   "192.0.2.10:4711 198.51.100.7:7700 " ID
		   "-4 watch 1234567890 idle 98 23\n");
	assert_sql(lab,
		   "SELECT id||' '||printf('%016x',flow)||' '||time||' '||"
		   "direction||' '||protocol||' '||device||' '||type FROM "
		   "events ORDER BY id",
		   "1 0000000000001003 1762179901000 client watch 1234567890 "
		   "position\n"
		   "2 0000000000001003 1762179901000 server watch 1234567890 "
		   "reply\n");
	/* 2014-04-22 13:46:52 UTC */
	assert_sql(lab,
		   "SELECT event||' '||time||' '||valid||' '||lat||' '||lon||"
		   "' '||speed FROM positions",
		   "1 1398174412000 1 22.571707 113.8613968 0.1\n");
	assert_int_equal(count(lab, STAT_STORED), 2);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
}

/* The same text in the event file and in the store. */
static void the_file_and_the_store_say_the_same(void **state)
{
	struct lab *lab = *state;
	char *lines;

	lab->conf->events_format[0] = CONF_EVENT_FORMAT_JSON;
	open_flow(lab, 3);
	bytes(lab, 3, RING_CLIENT, 0, UD);
	messages(lab, 3, sizeof(UD) - 1, 3);
	start(lab);
	stop(lab);
	lines = lab_read(lab, "events");
	assert_sql(lab, "SELECT event FROM events ORDER BY id", lines);
	free(lines);
}

static void assert_named(const struct lab *lab)
{
	assert_sql(lab,
		   "SELECT type||' '||ifnull(device,'?')||' '||"
		   "ifnull(json_extract(event,'$.device_id'),'?') "
		   "FROM events ORDER BY id",
		   "heartbeat " IMEI " " IMEI "\nlogin " IMEI " " IMEI
		   "\nheartbeat " IMEI " " IMEI "\n");
	assert_sql(lab, "SELECT id||' '||events FROM devices", IMEI " 3\n");
	assert_sql(lab, "SELECT device FROM flows", IMEI "\n");
}

static void a_late_login_names_what_waits(void **state)
{
	struct lab *lab = *state;

	gt06_flow(lab);
	login_and_beat(lab);
	start(lab);
	stop(lab);
	assert_named(lab);
}

static void a_late_login_names_what_is_stored(void **state)
{
	struct lab *lab = *state;

	start(lab);
	gt06_flow(lab);
	await_committed(lab);
	assert_sql(lab, "SELECT device FROM events", "NULL\n");
	login_and_beat(lab);
	stop(lab);
	assert_named(lab);
}

/* The one that heard the heartbeat is dead. */
static void a_successor_names_what_is_stored(void **state)
{
	struct lab *lab = *state;

	start(lab);
	gt06_flow(lab);
	await_committed(lab);
	kill_it(lab);
	login_and_beat(lab);
	start(lab);
	stop(lab);
	assert_named(lab);
}

/* A flow's end is stored where only its slot tells it, too. */
static void a_flow_whose_close_was_lost(void **state)
{
	struct lab *lab = *state;

	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 1);
	await_committed(lab);
	lab->maps[0].slots[3].dir[RING_CLIENT].bytes_in = 99;
	ring_slot_free(&lab->maps[0].slots[3]);
	stop(lab);
	assert_sql(lab,
		   "SELECT reason||' '||client_bytes||' '||(closed>opened) "
		   "FROM flows",
		   "unknown 99 1\n");
}

/* --- when ----------------------------------------------------------------- */

static void rows_wait_for_each_other(void **state)
{
	struct lab *lab = *state;

	lab->conf->commit_delay_ms = HOUR_MS;
	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 10);
	lab_await_read(lab);
	assert_int_equal(n_events(lab), 0);
	/* a successor reads all of it again, so nothing is given back */
	assert_int_equal(atomic_load(&cursor(lab)->pos), 0);
	kill_it(lab);
	start(lab);
	lab_await_read(lab);
	assert_int_equal(n_events(lab), 0);
	stop(lab);
	assert_events(lab, 10);
	assert_int_equal(count(lab, STAT_STORED), 10);
}

static void what_nobody_stores_waits_for_nothing(void **state)
{
	struct lab *lab = *state;

	lab->conf->store[0] = '\0';
	lab->conf->commit_delay_ms = HOUR_MS;
	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 10);
	await_committed(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORED), 0);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
}

static void a_thousand_events_wait_no_longer(void **state)
{
	struct lab *lab = *state;

	lab->conf->commit_delay_ms = HOUR_MS;
	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, RECORDER_STORE_EVENTS - 1);
	lab_await_read(lab);
	assert_int_equal(n_events(lab), 0);
	messages(lab, 3, at(RECORDER_STORE_EVENTS - 1), 1);
	await_committed(lab);
	assert_events(lab, RECORDER_STORE_EVENTS);
	kill_it(lab);
}

/* However much there is to read: one batch has to fit into memory, and what
 * waits behind a commit that fails is given up when it is large. */
static void a_backlog_is_many_batches(void **state)
{
	struct lab *lab = *state;
	static uint8_t some[RECORDER_STORE_EVENTS * (sizeof(LK) - 1)];
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	int commits = 0;
	uint64_t n;

	assert_true(fd >= 0);
	for (size_t i = 0; i < RECORDER_STORE_EVENTS; i++)
		memcpy(some + i * (sizeof(LK) - 1), LK, sizeof(LK) - 1);
	lab->conf->commit_delay_ms = HOUR_MS;
	lab->kicks = &fd;
	lab->n_kicks = 1;
	open_flow(lab, 3);
	for (uint64_t i = 0; i < 5; i++)
		put_bytes(lab, 3, RING_CLIENT, i * sizeof(some),
			  (struct base_span){ some, sizeof(some) });
	start(lab);
	await_committed(lab);
	while (read(fd, &n, sizeof(n)) == sizeof(n))
		commits++;
	assert_int_equal(commits, 1 + 5); /* and that of the opening */
	assert_events(lab, 5LL * RECORDER_STORE_EVENTS);
	stop(lab);
	assert_int_equal(close(fd), 0);
}

/* The ring's bytes are the workers'. */
static void an_eighth_of_a_ring_waits_no_longer(void **state)
{
	struct lab *lab = *state;

	lab->conf->commit_delay_ms = HOUR_MS;
	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 1);
	lab_await_read(lab);
	assert_int_equal(atomic_load(&cursor(lab)->pos), 0);
	open_flow(lab, 4);
	lab->maps[0].slots[4].observe = CONF_OBSERVE_NONE;
	noise_in_flow(lab, 4, RING_SIZE_MIN / 8);
	await_committed(lab);
	assert_events(lab, 1);
	kill_it(lab);
}

/* A record holds one flow: one that comes into the slot of another ends the
 * batch. */
static void a_slot_that_lives_again_ends_a_batch(void **state)
{
	struct lab *lab = *state;

	lab->conf->commit_delay_ms = HOUR_MS;
	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 2);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	lab_await_read(lab);
	assert_int_equal(n_events(lab), 0);
	open_next_flow(lab);
	messages(lab, 3, 0, 3);
	lab_await_read(lab);
	assert_events(lab, 2);
	stop(lab);
	assert_events(lab, 5);
	assert_sql(lab, "SELECT count(*) FROM events GROUP BY flow ORDER BY 1",
		   "2\n3\n");
}

static void sinks_are_woken_after_a_commit(void **state)
{
	struct lab *lab = *state;
	int fds[2];
	uint64_t n;

	for (int i = 0; i < 2; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(fds[i] >= 0);
	}
	lab->kicks = fds;
	lab->n_kicks = 2;
	start(lab);
	await_ready(lab);
	/* of the opening: a predecessor may have died before it said so */
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(fds[i], &n, sizeof(n)), sizeof(n));
	open_flow(lab, 3);
	messages(lab, 3, 0, 1);
	await_committed(lab);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read(fds[i], &n, sizeof(n)), sizeof(n));
		assert_int_equal(close(fds[i]), 0);
	}
	stop(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_and_its_events),
		TEST(the_file_and_the_store_say_the_same),
		TEST(a_late_login_names_what_waits),
		TEST(a_late_login_names_what_is_stored),
		TEST(a_successor_names_what_is_stored),
		TEST(a_flow_whose_close_was_lost),
		TEST(rows_wait_for_each_other),
		TEST(what_nobody_stores_waits_for_nothing),
		TEST(a_thousand_events_wait_no_longer),
		TEST(a_backlog_is_many_batches),
		TEST(an_eighth_of_a_ring_waits_no_longer),
		TEST(a_slot_that_lives_again_ends_a_batch),
		TEST(sinks_are_woken_after_a_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
