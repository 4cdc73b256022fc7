/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_store_test.c - what gets into the store, when, and what if it fails
 *
 * A store that fails is one that the test has locked (BEGIN IMMEDIATE), or a
 * path at which there is a directory.
 */
#include <sys/eventfd.h>

#include "base_die.h"
#include "recorder_internal.h"
#include "recorder_sql_test.h"
#include "store_cursor.h"

#define HOUR_MS 3600000

static int setup_store(void **state)
{
	*state = lab_new(1, LAB_SLOTS);
	lab_store(*state, 5);
	return 0;
}

static const struct ring_cursor *cursor(const struct lab *lab)
{
	return lab->maps[0].cursors[RING_READER_RECORDER];
}

static uint64_t head(const struct lab *lab)
{
	return atomic_load(&lab->maps[0].control->head);
}

static void await_committed(struct lab *lab)
{
	lab_await_given(lab, head(lab));
}

static void await_stat(const struct lab *lab, enum stat_id id, uint64_t n)
{
	await_count(&cursor(lab)->stat.v[id], n);
}

static void open_flow(struct lab *lab, uint32_t slot)
{
	flow(lab, slot, slot)->opened_ns = NOW;
	hint(lab, slot, RING_ENTRY_OPEN, 0, 0);
}

/* In slot 3, after another. */
static void open_next_flow(struct lab *lab)
{
	struct ring_slot *s = flow(lab, 3, 4);

	s->serial = 2;
	s->flow_id = 0x2000;
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
}

/* n messages of 23 bytes, the first at `offset`. */
static void messages(struct lab *lab, uint32_t slot, uint64_t offset, int n)
{
	for (int i = 0; i < n; i++)
		bytes(lab, slot, RING_CLIENT,
		      offset + (uint64_t)i * (sizeof(LK) - 1), LK);
}

/* So many bytes of one that nobody frames. */
static void noise_in_flow(struct lab *lab, uint32_t slot, size_t n)
{
	static const uint8_t noise[4096];
	const struct base_span some = { noise, sizeof(noise) };

	for (uint64_t offset = 0; offset < n; offset += some.len)
		put_bytes(lab, slot, RING_CLIENT, offset, some);
}

static int64_t n_events(const struct lab *lab)
{
	return sql_number(lab, "SELECT count(*) FROM events");
}

/* Each once: the id is flow, direction and offset. */
static void assert_events(const struct lab *lab, int64_t n)
{
	assert_int_equal(n_events(lab), n);
	assert_int_equal(sql_number(lab, "SELECT count(DISTINCT json_extract("
					 "event, '$.id')) FROM events"),
			 n);
}

/* What the recorder says next. */
static struct role_message heard(const struct lab *lab)
{
	const int flags = fcntl(lab->channel, F_GETFL);
	struct role_message m;

	assert_int_equal(fcntl(lab->channel, F_SETFL, flags & ~O_NONBLOCK), 0);
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 1);
	return m;
}

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

/* gt06: a heartbeat says nobody's name, the login does. */
#define BEAT  "78780a134004040001000750a60d0a"
#define LOGIN "78781101075253367890024270003201000512790d0a"
#define IMEI  "752533678900242"

static void gt06_flow(struct lab *lab)
{
	struct ring_slot *s = flow(lab, 3, 0);

	s->opened_ns = NOW;
	assert_true(base_addr_parse(&s->server, "198.51.100.7:5023"));
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	hex_bytes(lab, 3, RING_CLIENT, 0, BEAT);
}

static void login_and_beat(struct lab *lab)
{
	hex_bytes(lab, 3, RING_CLIENT, 15, LOGIN);
	hex_bytes(lab, 3, RING_CLIENT, 37, BEAT);
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
	messages(lab, 3, 23ULL * (RECORDER_STORE_EVENTS - 1), 1);
	await_committed(lab);
	assert_events(lab, RECORDER_STORE_EVENTS);
	kill_it(lab);
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

/* --- a store that fails --------------------------------------------------- */

static sqlite3 *locked(const struct lab *lab)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lab->conf->store, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	return db;
}

static void unlock(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Until the lock was met; counters come with a commit, so no counter says it:
 * the file of events does, which is written before. */
static void await_line(const struct lab *lab, const char *name,
		       const char *text)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;
	bool there = false;

	while (!there) {
		char *all = lab_read(lab, name);

		there = strstr(all, text) != NULL;
		free(all);
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
}

static void one_that_fails_is_tried_again(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, "events", LK);
	/* what comes meanwhile is read, and waits, too */
	messages(lab, 3, 4 * 23, 4);
	lab_await_read(lab);
	assert_int_equal(atomic_load(&cursor(lab)->pos), 0);
	unlock(db);
	await_committed(lab);
	assert_events(lab, 8);
	assert_int_equal(count(lab, STAT_STORED), 8);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	assert_true(count(lab, STAT_STORE_RETRIES) > 0);
	stop(lab);
}

/* The successor of one that died while it failed begins with the same batch. */
static void one_that_fails_and_a_death(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, "events", LK);
	kill_it(lab);
	unlock(db);
	start(lab);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 4);
	assert_int_equal(count(lab, STAT_STORED), 4);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
}

/* What cannot be kept is given up, and counted; then it is said, and each batch
 * is tried once, until one gets through. */
static void one_that_fails_for_long_is_given_up(void **state)
{
	struct lab *lab = *state;
	struct role_message m;
	sqlite3 *db;
	int n;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	/* an entry of a message takes 128 bytes */
	for (n = 0; head(lab) < RING_SIZE_MIN / 4; n++)
		messages(lab, 3, 23ULL * (unsigned)n, 1);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), n);
	assert_int_equal(count(lab, STAT_STORED), 0);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_int_equal(m.error, -EBUSY);
	messages(lab, 3, 23ULL * (unsigned)n, 1);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), n + 1);
	unlock(db);
	messages(lab, 3, 23ULL * (unsigned)(n + 1), 7);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORED), 7);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_int_equal(m.error, 0);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	stop(lab);
	assert_events(lab, 7);
	assert_int_equal(count(lab, STAT_STORE_LOST), n + 1);
	/* the flow's row was given up with the first ones, and came again */
	assert_sql(lab, "SELECT reason FROM flows", "normal\n");
	/* the event file has all of them */
	assert_int_equal(count(lab, STAT_EVENTS), n + 8);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 0);
}

/* The end of a flow that the store has comes again, though its batch was given
 * up; else the flow would stay open there. */
static void an_end_that_was_given_up(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 1);
	flow(lab, 4, 4)->observe = CONF_OBSERVE_NONE;
	hint(lab, 4, RING_ENTRY_OPEN, 0, 0);
	await_committed(lab);
	db = locked(lab);
	hint(lab, 3, RING_ENTRY_CLOSE, RING_CLOSE_IDLE, 0);
	noise_in_flow(lab, 4, RING_SIZE_MIN / 4);
	await_committed(lab);
	/* once more in vain */
	hint(lab, 4, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	await_committed(lab);
	unlock(db);
	open_flow(lab, 5);
	await_committed(lab);
	assert_sql(lab, "SELECT ifnull(reason, 'open') FROM flows ORDER BY id",
		   "idle\nnormal\nopen\n");
	kill_it(lab);
}

/* A device that was named in a batch that was given up is named again. */
static void a_name_that_was_given_up(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	gt06_flow(lab);
	await_committed(lab);
	db = locked(lab);
	hex_bytes(lab, 3, RING_CLIENT, 15, LOGIN);
	flow(lab, 4, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 4, RING_ENTRY_OPEN, 0, 0);
	noise_in_flow(lab, 4, RING_SIZE_MIN / 4);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 1);
	unlock(db);
	hex_bytes(lab, 3, RING_CLIENT, 37, BEAT);
	stop(lab);
	assert_sql(lab, "SELECT device FROM events ORDER BY id",
		   IMEI "\n" IMEI "\n");
}

/* The slot lives again while the batch that it ends cannot be stored: nothing
 * is read until then. */
static void a_commit_that_is_waited_for(void **state)
{
	struct lab *lab = *state;
	uint64_t before;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 2);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, "events", LK);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	lab_await_read(lab);
	before = head(lab);
	open_next_flow(lab);
	messages(lab, 3, 0, 3);
	ring_tap_kick(&lab->taps[0]);
	assert_int_equal(atomic_load(&cursor(lab)->read), before);
	unlock(db);
	await_committed(lab);
	assert_events(lab, 5);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	assert_int_equal(count(lab, STAT_UNKNOWN_FLOWS), 0);
}

/* ... by the supervisor: for a second. */
static void a_stop_does_not_wait_for_ever(void **state)
{
	struct lab *lab = *state;
	sqlite3 *db;

	start(lab);
	await_ready(lab);
	db = locked(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	ring_tap_kick(&lab->taps[0]);
	await_line(lab, "events", LK);
	stop(lab);
	unlock(db);
	assert_events(lab, 0);
	assert_int_equal(count(lab, STAT_STORE_LOST), 4);
	assert_int_equal(count(lab, STAT_STORED), 0);
	assert_int_equal(count(lab, STAT_EVENTS), 4);
}

/* --- a store that cannot be opened ---------------------------------------- */

static void hide(const struct lab *lab)
{
	char to[CONF_PATH_LEN + 8];

	(void)snprintf(to, sizeof(to), "%s.away", lab->conf->store);
	assert_int_equal(rename(lab->conf->store, to), 0);
	assert_int_equal(mkdir(lab->conf->store, 0700), 0);
}

static void unhide(const struct lab *lab)
{
	char from[CONF_PATH_LEN + 8];

	(void)snprintf(from, sizeof(from), "%s.away", lab->conf->store);
	assert_int_equal(rmdir(lab->conf->store), 0);
	assert_int_equal(rename(from, lab->conf->store), 0);
}

static void the_first_one_does_not_start_without(void **state)
{
	struct lab *lab = *state;
	int status;

	assert_int_equal(mkdir(lab->conf->store, 0700), 0);
	start(lab);
	status = wait_for(lab->recorder);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	base_fd_close(&lab->channel);
	assert_int_equal(rmdir(lab->conf->store), 0);
}

static void a_successor_goes_on_without(void **state)
{
	struct lab *lab = *state;
	struct role_message m;

	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 2);
	await_committed(lab);
	kill_it(lab);
	hide(lab);
	start(lab);
	m = heard(lab);
	assert_int_equal(m.type, ROLE_STORE);
	assert_true(m.error < 0);
	await_ready(lab);
	messages(lab, 3, 2 * 23, 3);
	await_committed(lab);
	assert_int_equal(count(lab, STAT_STORE_LOST), 3);
	unhide(lab);
	/* it is tried once a second: then what comes is stored again */
	for (int i = 5; count(lab, STAT_STORED) < 3; i++) {
		messages(lab, 3, (uint64_t)i * 23, 1);
		await_committed(lab);
	}
	stop(lab);
	assert_events(lab, 3);
	assert_int_equal(count(lab, STAT_STORED) + count(lab, STAT_STORE_LOST),
			 count(lab, STAT_EVENTS));
}

static void die_at(const char *die)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	assert_true(base_die_init());
}

static void await_death(struct lab *lab)
{
	assert_true(WIFSIGNALED(wait_for(lab->recorder)));
	base_fd_close(&lab->channel);
}

/* One dies in the transaction, and the next cannot look whether it took place:
 * it goes on behind it, and counts rightly when it can look. */
static void nobody_could_tell(struct lab *lab, const char *die, unsigned stored)
{
	open_flow(lab, 3);
	messages(lab, 3, 0, 4);
	die_at(die);
	start(lab);
	await_death(lab);
	die_at("");
	hide(lab);
	start(lab);
	await_committed(lab);
	/* as if it had taken place */
	assert_int_equal(count(lab, STAT_STORED), 4);
	kill_it(lab); /* the next one knows of it, too */
	unhide(lab);
	start(lab);
	await_ready(lab);
	messages(lab, 3, 4 * 23, 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, stored + 1);
	assert_int_equal(count(lab, STAT_STORED), stored + 1);
	assert_int_equal(count(lab, STAT_STORE_LOST), 4 - stored);
	assert_int_equal(count(lab, STAT_EVENTS), 5);
}

static void nobody_could_tell_and_it_was_stored(void **state)
{
	nobody_could_tell(*state, "store.committed=1", 4);
}

static void nobody_could_tell_and_it_was_not(void **state)
{
	nobody_could_tell(*state, "store.inserted=1", 0);
}

/* --- what may go ---------------------------------------------------------- */

/* The events are of 2025. */
static void old_ones_go(void **state)
{
	struct lab *lab = *state;

	lab->conf->store_max_age_s = 3600;
	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, 50);
	hint(lab, 3, RING_ENTRY_CLOSE, 0, 0);
	await_stat(lab, STAT_STORE_EXPIRED, 50);
	assert_int_equal(n_events(lab), 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORED), 50);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), 0);
}

static void sink_at(struct lab *lab, uint32_t i, const char *name,
		    int64_t event)
{
	const struct store_cursor c = {
		.store = (uint64_t)sql_number(lab, "SELECT id FROM store"),
		.event = event,
	};

	(void)snprintf(lab->conf->sinks[i].name, CONF_NAME_LEN, "%s", name);
	lab->conf->n_sinks = i + 1;
	if (event >= 0)
		assert_int_equal(
			store_cursor_write(lab->conf->store, name, &c, false),
			0);
}

/* Makes the file, with so many events. */
static void store_some(struct lab *lab, int n)
{
	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, n);
	await_committed(lab);
	kill_it(lab);
	assert_events(lab, n);
}

/* Two sinks, at 30 and at 20 of 50. */
static void what_a_sink_has_not_confirmed_stays(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 50);
	sink_at(lab, 0, "one", 30);
	sink_at(lab, 1, "two", 20);
	lab->conf->store_max_age_s = 3600;
	start(lab);
	await_stat(lab, STAT_STORE_EXPIRED, 20);
	stop(lab);
	assert_events(lab, 30);
	assert_int_equal(sql_number(lab, "SELECT min(id) FROM events"), 21);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), 0);
}

/* One without a cursor begins at the oldest, or behind the newest. */
static void a_sink_that_never_ran(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 50);
	sink_at(lab, 0, "one", 30);
	sink_at(lab, 1, "two", -1);
	lab->conf->sinks[1].from = CONF_SINK_FROM_OLDEST;
	lab->conf->store_max_age_s = 3600;
	start(lab);
	messages(lab, 3, 50 * 23, 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 51);
	lab->conf->sinks[1].from = CONF_SINK_FROM_NEWEST;
	start(lab);
	await_stat(lab, STAT_STORE_EXPIRED, 30);
	stop(lab);
	assert_events(lab, 21);
}

/* A cursor of a file that was set aside says nothing of this one. */
static void a_sink_of_another_store(void **state)
{
	struct lab *lab = *state;
	const struct store_cursor other = { .store = 1, .event = 40 };

	store_some(lab, 50);
	sink_at(lab, 0, "one", -1);
	assert_int_equal(
		store_cursor_write(lab->conf->store, "one", &other, false), 0);
	lab->conf->store_max_age_s = 3600;
	start(lab);
	messages(lab, 3, 50 * 23, 1);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 51);
}

static void beyond_the_hard_limit_all_go_and_are_counted(void **state)
{
	struct lab *lab = *state;
	uint64_t gone;

	store_some(lab, 900);
	sink_at(lab, 0, "one", 100);
	/* an event takes more than 300 bytes */
	lab->conf->store_max_size_hard = 100 << 10;
	start(lab);
	messages(lab, 3, 900ULL * 23, 1);
	await_committed(lab);
	stop(lab);
	gone = count(lab, STAT_STORE_EXPIRED);
	assert_true(gone > 100 && gone < 901);
	assert_int_equal(count(lab, STAT_STORE_UNSENT), gone - 100);
	assert_int_equal(sql_number(lab, "SELECT min(id) FROM events"),
			 gone + 1);
	assert_int_equal(count(lab, STAT_STORED), 901);
}

/* It died when they were deleted, before it had counted them. */
static void a_death_behind_deleting(void **state)
{
	struct lab *lab = *state;

	store_some(lab, 900);
	sink_at(lab, 0, "one", 100);
	lab->conf->store_max_size_hard = 100 << 10;
	die_at("store.expired=1");
	start(lab);
	await_death(lab);
	die_at("");
	lab->conf->store_max_size_hard = 0;
	start(lab);
	messages(lab, 3, 900ULL * 23, 1);
	await_committed(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORE_EXPIRED),
			 sql_number(lab, "SELECT min(id) FROM events") - 1);
	assert_true(count(lab, STAT_STORE_EXPIRED) > 100);
	assert_int_equal(count(lab, STAT_STORE_UNSENT),
			 count(lab, STAT_STORE_EXPIRED) - 100);
}

/* --- a file that is none -------------------------------------------------- */

static void a_broken_file_is_set_aside(void **state)
{
	struct lab *lab = *state;
	int fd;

	store_some(lab, 5);
	fd = open(lab->conf->store, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, LK, 23), 23);
	base_fd_close(&fd);
	start(lab);
	messages(lab, 3, 5 * 23, 2);
	await_committed(lab);
	stop(lab);
	assert_events(lab, 2);
	assert_int_equal(count(lab, STAT_STORED), 7);
	assert_int_equal(count(lab, STAT_STORE_LOST), 0);
	/* the flow goes on, and is in the new one */
	assert_int_equal(sql_number(lab, "SELECT count(*) FROM flows"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_store, teardown)

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
		TEST(an_eighth_of_a_ring_waits_no_longer),
		TEST(a_slot_that_lives_again_ends_a_batch),
		TEST(sinks_are_woken_after_a_commit),
		TEST(one_that_fails_is_tried_again),
		TEST(one_that_fails_and_a_death),
		TEST(one_that_fails_for_long_is_given_up),
		TEST(an_end_that_was_given_up),
		TEST(a_name_that_was_given_up),
		TEST(a_commit_that_is_waited_for),
		TEST(a_stop_does_not_wait_for_ever),
		TEST(the_first_one_does_not_start_without),
		TEST(a_successor_goes_on_without),
		TEST(nobody_could_tell_and_it_was_stored),
		TEST(nobody_could_tell_and_it_was_not),
		TEST(old_ones_go),
		TEST(what_a_sink_has_not_confirmed_stays),
		TEST(a_sink_that_never_ran),
		TEST(a_sink_of_another_store),
		TEST(beyond_the_hard_limit_all_go_and_are_counted),
		TEST(a_death_behind_deleting),
		TEST(a_broken_file_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
