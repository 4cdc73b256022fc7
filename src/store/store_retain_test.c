/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_retain_test.c - the oldest go, and nothing else */
#include "store_test.h"

#define NONE INT64_MAX /* no sink */

/* Event n comes n ms after START_MS, of flow n / 10, which began with its first
 * event and ended with its last, and of device n % 3. */
static void fill(struct place *p, unsigned first, unsigned last)
{
	struct store *s = p->store;
	char name[2] = "a";

	for (unsigned n = first; n <= last; n++) {
		struct track_position at = position_at(TRACK_TIME_NONE, 1, 2);
		struct store_event e;

		name[0] = (char)('a' + n % 3);
		e = event_of(n / 10, START_MS + n, name);
		e.positions = &at;
		e.n_positions = n % 2;
		if (n % 10 == 0)
			add_flow(s, n / 10, START_MS + n);
		assert_int_equal(store_add_event(s, &e), 0);
		if (n % 10 == 9)
			add_end(s, n / 10, START_MS + n);
	}
	committed(p, last);
}

static struct store_retained retained(struct place *p,
				      const struct store_limits *l)
{
	struct store_retained out = { .expired = 77 };

	if (store_retain(p->store, l, &out, &p->why))
		fail_msg("%s", p->why.text);
	return out;
}

/* As long as there is more. Return: events deleted in all. */
static uint32_t all_retained(struct place *p, const struct store_limits *l,
			     uint32_t *unsent)
{
	struct store_retained out = { .more = true };
	uint32_t n = 0, steps = 0;

	*unsent = 0;
	while (out.more) {
		out = retained(p, l);
		n += out.expired;
		*unsent += out.unsent;
		assert_true(++steps < 1000);
	}
	whole(p->path);
	return n;
}

static void expired(struct place *p, const struct store_limits *l,
		    uint32_t events, uint32_t unsent)
{
	uint32_t n;

	assert_int_equal(all_retained(p, l, &n), events);
	assert_int_equal(n, unsent);
}

static uint64_t ns_of(unsigned n)
{
	return (START_MS + n) * NS_PER_MS;
}

static void nothing_goes_without_a_limit(void **state)
{
	const struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;

	opened(p);
	expired(p, &l, 0, 0); /* of nothing */
	fill(p, 1, 50);
	expired(p, &l, 0, 0);
	is(p, "SELECT count(*) FROM events", "50");
}

static void what_is_too_old_goes(void **state)
{
	struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;

	opened(p);
	fill(p, 0, 99); /* event number n + 1 */
	l.older_than_ns = ns_of(35);
	expired(p, &l, 35, 0);
	is(p, "SELECT min(id), max(id), count(*) FROM events", "36|100|65");
	assert_int_equal(store_first(p->store), 36);
	/* n = 35, 37 ... 99 */
	is(p, "SELECT min(event), count(*) FROM positions", "36|33");
	/* flow 3 has events 30 to 39 */
	is(p, "SELECT min(id), count(*) FROM flows", "3|7");
	is(p, "SELECT count(*) FROM devices", "3");
	expired(p, &l, 0, 0);
	l.older_than_ns = ns_of(1000);
	expired(p, &l, 65, 0);
	is(p, "SELECT count(*) FROM events, positions", "0");
	is(p, "SELECT count(*) FROM flows", "0");
	is(p, "SELECT count(*) FROM devices", "0");
	/* numbers go on */
	assert_int_equal(store_first(p->store), 101);
	fill(p, 100, 100);
	is(p, "SELECT id FROM events", "101");
}

/* A device that is silent for longer than events are kept. */
static void a_device_goes_with_its_last_event(void **state)
{
	struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;

	opened(p);
	add_event(p->store, 1, START_MS + 1, "old");
	add_event(p->store, 2, START_MS + 2, "both");
	add_event(p->store, 3, START_MS + 3, "new");
	add_event(p->store, 2, START_MS + 4, "both");
	committed(p, 1);
	l.older_than_ns = ns_of(3);
	expired(p, &l, 2, 0);
	is(p, "SELECT id, events FROM devices", "both|2;new|1");
}

static void what_a_sink_wants_stays(void **state)
{
	struct store_limits l = { .confirmed = 20 };
	struct place *p = *state;

	opened(p);
	fill(p, 0, 99);
	l.older_than_ns = ns_of(1000);
	l.size = 1;
	expired(p, &l, 20, 0);
	is(p, "SELECT min(id), count(*) FROM events", "21|80");
	l.confirmed = 0; /* of another file, or a new sink */
	expired(p, &l, 0, 0);
	l.confirmed = 21;
	expired(p, &l, 1, 0);
	/* it counts beyond what there is: a store was put in its place */
	l.confirmed = 5000;
	expired(p, &l, 79, 0);
}

/* ... but for the hard limit, and this is counted. */
static void over_the_hard_limit_it_goes(void **state)
{
	struct store_limits l = { .confirmed = 20, .size_hard = 1 };
	struct place *p = *state;

	opened(p);
	fill(p, 0, 99);
	expired(p, &l, 100, 80);
	assert_int_equal(store_first(p->store), 101);
}

static uint64_t used(struct place *p)
{
	return strtoull(ask(p->path, "SELECT (page_count - freelist_count)"
				     " * page_size FROM pragma_page_count,"
				     " pragma_freelist_count,"
				     " pragma_page_size"),
			NULL, 10);
}

static void a_size_is_kept(void **state)
{
	struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;
	uint64_t before;
	uint32_t n, unsent;
	char *pages;

	opened(p);
	fill(p, 0, 9999);
	before = used(p);
	l.size = before / 2;
	n = all_retained(p, &l, &unsent);
	assert_true(used(p) <= before / 2);
	assert_int_equal(unsent, 0);
	/* no more than has to: rows are alike, some are spared */
	assert_true(n > 4000 && n < 6500);
	/* what is free is used again: the file does not grow */
	assert_int_equal(retained(p, &l).expired, 0);
	pages = strdup(ask(p->path, "PRAGMA page_count"));
	assert_non_null(pages);
	for (unsigned i = 1; i < 20; i++) {
		fill(p, 10000 * i, 10000 * i + 999);
		(void)all_retained(p, &l, &unsent);
		assert_true(used(p) <= l.size);
	}
	is(p, "PRAGMA page_count", pages);
	free(pages);
}

/* One that is far above its limit gets there in steps. */
static void each_step_is_bounded(void **state)
{
	struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;
	struct store_retained out;

	opened(p);
	fill(p, 0, 4999);
	l.older_than_ns = ns_of(100000);
	for (unsigned i = 0; i < 2; i++) {
		out = retained(p, &l);
		assert_int_equal(out.expired, 2000);
		assert_true(out.more);
	}
	out = retained(p, &l);
	assert_int_equal(out.expired, 1000);
	expired(p, &l, 0, 0);
	is(p, "SELECT count(*) FROM flows", "0");
}

/* Whoever only connects fills the store with flows. */
static void flows_without_events_go(void **state)
{
	struct store_limits l = { .confirmed = 0 };
	struct place *p = *state;
	uint64_t before;

	opened(p);
	before = used(p);
	for (unsigned i = 0; i < 5000; i++) {
		add_flow(p->store, i, START_MS + i);
		if (i != 7) /* goes on */
			add_end(p->store, i, START_MS + i + 1);
	}
	committed(p, 1);
	l.size = before + (used(p) - before) / 2;
	expired(p, &l, 0, 0);
	assert_true(used(p) <= l.size);
	is(p, "SELECT count(*) FROM flows WHERE id = 7", "1");
	is(p, "SELECT count(*) > 100 FROM flows", "1"); /* what may stay */
	l.size = 0;
	l.older_than_ns = ns_of(100000);
	expired(p, &l, 0, 0);
	is(p, "SELECT id FROM flows", "7");
}

/* A flow whose events a sink waits for stays, though it ended long ago. */
static void a_flow_stays_with_its_events(void **state)
{
	struct store_limits l = { .confirmed = 0, .size = 1 };
	struct place *p = *state;

	opened(p);
	fill(p, 0, 9);
	l.older_than_ns = ns_of(100000);
	expired(p, &l, 0, 0);
	is(p, "SELECT count(*) FROM flows", "1");
	l.confirmed = 10;
	expired(p, &l, 10, 0);
	is(p, "SELECT count(*) FROM flows", "0");
}

/* A clock that was wrong in the middle: what is younger keeps what comes
 * behind it, and nothing goes too early. */
static void a_clock_that_jumps(void **state)
{
	static const unsigned ms[] = { 10, 900, 20, 30, 500 };
	struct store_limits l = { .confirmed = NONE };
	struct place *p = *state;

	opened(p);
	for (size_t i = 0; i < WS_ARRAY_LEN(ms); i++)
		add_event(p->store, 1, START_MS + ms[i], "a");
	committed(p, 1);
	l.older_than_ns = ns_of(100);
	expired(p, &l, 1, 0);
	is(p, "SELECT id FROM events", "2;3;4;5");
	l.older_than_ns = ns_of(901);
	expired(p, &l, 4, 0);
}

/* Rows wait while it is done: they stay. */
static void a_batch_may_wait(void **state)
{
	struct store_limits l = { .confirmed = NONE, .size = 1 };
	struct place *p = *state;

	opened(p);
	fill(p, 0, 9);
	add_events(p->store, 3);
	expired(p, &l, 10, 0);
	assert_int_equal(store_waiting(p->store).events, 3);
	committed(p, 100);
	is(p, "SELECT id FROM events", "11;12;13");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(nothing_goes_without_a_limit),
		PLACE_TEST(what_is_too_old_goes),
		PLACE_TEST(a_device_goes_with_its_last_event),
		PLACE_TEST(what_a_sink_wants_stays),
		PLACE_TEST(over_the_hard_limit_it_goes),
		PLACE_TEST(a_size_is_kept),
		PLACE_TEST(each_step_is_bounded),
		PLACE_TEST(flows_without_events_go),
		PLACE_TEST(a_flow_stays_with_its_events),
		PLACE_TEST(a_clock_that_jumps),
		PLACE_TEST(a_batch_may_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
