/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_readers_test.c - several readers, and one of them stands still
 *
 * What becomes of the flow, and of the readers beside the one that never reads,
 * under each when_full. Time goes on in steps of 10 ms.
 */
#include "relay_test.h"

#define STEP_MS   10
#define N_READERS (1 + RING_TEST_MORE)
#define LAST      (N_READERS - 1)
/* A message that makes an entry of one page: 64 + 4,000 in lines of 64. */
#define COMES 4000
#define SPENT 4096

/* What a reader has seen of direction 0. */
struct seen {
	uint64_t next, gaps, overflows;
};

static struct seen seen[N_READERS];

static struct ring_reader *reader(unsigned i)
{
	return i ? &world.ring->more[i - 1] : &world.ring->reader;
}

static ssize_t messages(enum relay_test_call call, unsigned side, size_t max)
{
	(void)side;
	(void)max;
	return call == RELAY_TEST_RECV ? COMES : RELAY_TEST_ALL;
}

static int setup(void **state)
{
	*state = ring_fixture_new(RING_TEST_MORE);
	relay_test_in(*state);
	memset(seen, 0, sizeof(seen));
	world.decide = messages;
	return 0;
}

static void take_all(unsigned i)
{
	struct seen *s = &seen[i];
	struct ring_entry e;
	const uint8_t *payload;
	int r;

	while ((r = ring_reader_next(reader(i), &e, &payload)) != 0) {
		if (r == -EOVERFLOW) {
			s->overflows++;
			continue;
		}
		assert_int_equal(r, 1);
		assert_true(e.offset >= s->next);
		assert_memory_equal(payload, ring_test_bytes(0, e.offset),
				    e.len);
		s->gaps += e.offset - s->next;
		s->next = e.offset + e.len;
	}
	ring_reader_release(reader(i));
}

/* Return: whether something was read. */
static bool pump(void)
{
	const uint64_t before = world.side[0].said;
	int broken;

	assert_int_equal(relay_test_pump(0, RING_CLIENT, &broken), 0);
	assert_int_equal(world.side[0].said, world.side[1].heard);
	ring_tap_kick(world.env.tap);
	return world.side[0].said > before;
}

static uint64_t n_detached(void)
{
	return stat_get(&world.env.control->stat, STAT_RING_DETACHED);
}

static void three_speeds_see_the_same(void **state)
{
	(void)state;
	relay_test_begin(0, RING_SLOT_OBSERVED, RING_WHEN_FULL_DROP);
	/* 200 entries fit between two looks of the slowest, and 2,000 go round
	 * the ring seven times */
	for (int i = 1; i <= 2000; i++) {
		assert_true(pump());
		take_all(0);
		if (i % 10 == 0)
			take_all(1);
		if (i % 200 == 0)
			take_all(2);
	}
	for (unsigned i = 0; i < N_READERS; i++) {
		assert_int_equal(seen[i].next, 2000 * COMES);
		assert_int_equal(seen[i].gaps, 0);
	}
	assert_int_equal(n_detached(), 0);
}

/* The last reader never reads; the others do at each step. */
struct course {
	uint64_t full_ms;     /* no room for the first time */
	uint64_t waited_ms;   /* longest time that the flow was not read */
	uint64_t detached_ms; /* the last reader is given up */
	uint64_t gap;         /* of the others by then */
};

static struct course run(enum ring_when_full when_full)
{
	const struct ring_slot *s = relay_test_slot(0);
	uint64_t read_ms = world.env.now_ms, whole = 0;
	struct course c = { 0 };

	relay_test_begin(0, RING_SLOT_OBSERVED, when_full);
	for (int i = 0; i < 1000; i++) {
		world.env.now_ms += STEP_MS;
		if (pump())
			read_ms = world.env.now_ms;
		if (!c.full_ms && world.ring->tap.full_ms)
			c.full_ms = world.env.now_ms;
		if (c.waited_ms < world.env.now_ms - read_ms)
			c.waited_ms = world.env.now_ms - read_ms;
		if (!c.detached_ms && n_detached()) {
			c.detached_ms = world.env.now_ms;
			c.gap = s->dir[0].unobserved;
		}
		take_all(0);
		take_all(1);
		if (!c.full_ms)
			whole = s->dir[0].bytes_in;
	}
	assert_true(c.full_ms && c.detached_ms);
	/* the ring but for the room of the hints and a smallest read */
	assert_in_range(whole / COMES * SPENT,
			RING_TEST_SIZE - RELAY_HINT_ROOM - (size_t)3 * SPENT,
			RING_TEST_SIZE - RELAY_HINT_ROOM);
	/* nobody else is, and nothing is lost from then on */
	assert_int_equal(n_detached(), 1);
	for (unsigned i = 0; i < LAST; i++) {
		assert_int_equal(world.env.control->reader_missed[i], 0);
		assert_int_equal(seen[i].overflows, 0);
		assert_int_equal(seen[i].gaps, c.gap);
		assert_int_equal(seen[i].next, s->dir[0].bytes_in);
	}
	assert_int_equal(s->dir[0].unobserved, c.gap);
	assert_int_equal(
		stat_get(&world.env.control->stat, STAT_UNOBSERVED_BYTES),
		c.gap);
	assert_in_range(c.detached_ms - c.full_ms, RING_DETACH_MS,
			RING_DETACH_MS + STEP_MS);
	return c;
}

/* When it reads again it has missed all since it stood still, in one piece, and
 * sees what comes then. */
static void assert_comes_back(void)
{
	const struct ring_slot *s = relay_test_slot(0);
	uint64_t at;

	take_all(LAST);
	assert_int_equal(seen[LAST].overflows, 1);
	assert_int_equal(seen[LAST].next, 0);
	/* let in by the first entry, which it sees, too */
	at = s->dir[0].bytes_in;
	assert_true(pump());
	take_all(LAST);
	assert_true(pump());
	take_all(LAST);
	assert_int_equal(seen[LAST].gaps, at);
	/* some of it nobody was given */
	assert_int_equal(world.env.control->reader_missed[LAST] +
				 s->dir[0].unobserved,
			 at);
	assert_int_equal(seen[LAST].next, at + (uint64_t)2 * COMES);
	assert_int_equal(n_detached(), 1);
}

static void drop_goes_on_and_counts(void **state)
{
	struct course c;

	(void)state;
	c = run(RING_WHEN_FULL_DROP);
	assert_int_equal(c.waited_ms, 0);
	/* one message each step, from the first that found no room on */
	assert_int_equal(c.gap, (c.detached_ms - c.full_ms) / STEP_MS * COMES);
	assert_comes_back();
}

static void brief_waits_for_as_long_as_a_reader_may_sleep(void **state)
{
	struct course c;

	(void)state;
	c = run(RING_WHEN_FULL_BRIEF);
	/* it stands: the flow waits once, from the step before on to the last
	 * one in which that reader could be asleep, then drops */
	assert_int_equal(c.waited_ms, RELAY_STALLED_MS);
	assert_int_equal(c.gap, (c.detached_ms - c.full_ms - RELAY_STALLED_MS) /
					STEP_MS * COMES);
	assert_comes_back();
}

static void wait_loses_nothing(void **state)
{
	struct course c;

	(void)state;
	c = run(RING_WHEN_FULL_WAIT);
	assert_int_equal(c.gap, 0);
	assert_int_equal(c.waited_ms, RING_DETACH_MS);
	assert_comes_back();
}

#define IN_LAB(t) \
	cmocka_unit_test_setup_teardown(t, setup, ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(three_speeds_see_the_same),
		IN_LAB(drop_goes_on_and_counts),
		IN_LAB(brief_waits_for_as_long_as_a_reader_may_sleep),
		IN_LAB(wait_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
