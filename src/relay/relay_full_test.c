/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_full_test.c - the ring is full: wait, but not for long; count losses */
#include "relay_test.h"

#define LINE     64
#define COMES    100 /* bytes a read */
#define RING_BIT RING_DIR_RING_WAIT

/* A tracker's messages, small and without end. */
static ssize_t trickle(enum relay_test_call call, unsigned side, size_t max)
{
	(void)side;
	(void)max;
	return call == RELAY_TEST_RECV ? COMES : RELAY_TEST_ALL;
}

/* Fills the ring to the last line with entries of one line each. */
static void fill_ring(void)
{
	assert_int_equal(ring_test_fill(world.ring, LINE, world.env.now_ms),
			 RING_TEST_SIZE / LINE);
}

/* The reader takes one line and gives it back: it moves, but does not free
 * enough for a read. */
static void reader_moves(void)
{
	struct ring_entry e;
	const uint8_t *p;

	assert_int_equal(ring_reader_next(&world.ring->reader, &e, &p), 1);
	assert_int_equal(e.span, LINE);
	ring_reader_release(&world.ring->reader);
}

/* Takes everything that is in the ring. Return: the last DATA entry of the
 * flow. */
static struct ring_entry reader_takes_all(void)
{
	struct ring_entry e, last = { 0 };
	const uint8_t *p;

	while (ring_reader_next(&world.ring->reader, &e, &p) == 1) {
		if (e.flow_id == relay_test_slot(0)->flow_id)
			last = e;
	}
	ring_reader_release(&world.ring->reader);
	return last;
}

/* Return: whether something was read. */
static bool pump_at(uint64_t now_ms)
{
	const uint64_t before = world.side[0].said;
	int broken;

	world.env.now_ms = now_ms;
	assert_int_equal(relay_test_pump(0, RING_CLIENT, &broken), 0);
	return world.side[0].said > before;
}

static void begin(uint64_t now_ms, enum ring_when_full when_full)
{
	world.decide = trickle;
	world.env.now_ms = now_ms;
	relay_test_begin(0, RING_SLOT_OBSERVED, when_full);
	fill_ring();
}

/* Odd and even, and where 32 bits of milliseconds run over, as they do after 49
 * days. The one millisecond that is 0 there is taken for the one before. */
static const struct {
	uint64_t t0;
	unsigned waits_ms;
} starts[] = {
	{ 1001, 100 },       { 1000, 100 },       { 0xffffffce, 100 },
	{ 0xffffffff, 100 }, { 0x100000000, 99 }, { 0x100000001, 100 },
};

static void wait_briefly(uint64_t t0, unsigned waits_ms)
{
	const struct ring_slot *s = relay_test_slot(0);

	begin(t0, RING_WHEN_FULL_BRIEF);
	for (unsigned ms = 0; ms < waits_ms; ms += ms < 90 ? 10 : 1) {
		assert_false(pump_at(t0 + ms));
		/* a second look in the same millisecond */
		assert_false(pump_at(t0 + ms));
		assert_int_equal(s->dir[0].flags, RING_BIT);
		assert_int_equal(relay_interest(s, RING_CLIENT), 0);
		reader_moves();
	}
	assert_true(pump_at(t0 + waits_ms));
	assert_int_equal(s->dir[0].flags, 0);
	assert_int_equal(s->dir[0].unobserved, COMES);
	/* having waited once, it does not wait for each read */
	assert_true(pump_at(t0 + 101));
	assert_int_equal(s->dir[0].unobserved, 2 * COMES);
	(void)reader_takes_all();
	assert_true(pump_at(t0 + 102));
	assert_int_equal(s->dir[0].unobserved, 2 * COMES);
	assert_int_equal(reader_takes_all().offset, 2 * COMES);
}

static void brief_waits_while_the_reader_moves(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(starts); i++)
		wait_briefly(starts[i].t0, starts[i].waits_ms);
}

static void brief_does_not_wait_for_a_reader_that_stands(void **state)
{
	(void)state;
	begin(1000, RING_WHEN_FULL_BRIEF);
	assert_false(pump_at(1000));
	assert_false(pump_at(1000 + RELAY_STALLED_MS - 1));
	assert_true(pump_at(1000 + RELAY_STALLED_MS));
	assert_int_equal(relay_test_slot(0)->dir[0].unobserved, COMES);
}

static void brief_waits_anew_after_room(void **state)
{
	const struct stat_block *stat = &world.env.control->stat;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		const uint64_t t0 = 2000 + 1000 * round;

		world.decide = trickle;
		world.env.now_ms = t0;
		if (round == 0)
			relay_test_begin(0, RING_SLOT_OBSERVED,
					 RING_WHEN_FULL_BRIEF);
		(void)ring_test_fill(world.ring, LINE, t0);
		assert_false(pump_at(t0));
		assert_false(pump_at(t0 + 20));
		assert_int_equal(stat_get(stat, STAT_RING_WAITS), round + 1);
		(void)reader_takes_all();
		/* the room is there: seen, and nothing was lost */
		assert_true(pump_at(t0 + 21));
		assert_int_equal(reader_takes_all().offset, round * COMES);
	}
	assert_int_equal(relay_test_slot(0)->dir[0].unobserved, 0);
}

static void drop_does_not_wait_and_counts(void **state)
{
	const struct ring_dir *d = &relay_test_slot(0)->dir[0];
	const struct stat_block *stat = &world.env.control->stat;

	(void)state;
	begin(1000, RING_WHEN_FULL_DROP);
	for (unsigned i = 1; i <= 7; i++) {
		assert_true(pump_at(1000));
		assert_int_equal(d->unobserved, i * COMES);
		assert_int_equal(world.side[1].heard, i * COMES);
	}
	assert_int_equal(stat_get(stat, STAT_UNOBSERVED_BYTES), 7 * COMES);
	assert_int_equal(stat_get(stat, STAT_RING_WAITS), 0);
	(void)reader_takes_all();
	assert_true(pump_at(1001));
	/* the gap is exact: the next entry begins behind what was dropped */
	assert_int_equal(reader_takes_all().offset, 7 * COMES);
	assert_int_equal(d->unobserved, 7 * COMES);
}

static void wait_waits_for_a_reader_that_moves(void **state)
{
	const struct ring_dir *d = &relay_test_slot(0)->dir[0];
	const struct stat_block *stat = &world.env.control->stat;

	(void)state;
	begin(1000, RING_WHEN_FULL_WAIT);
	/* the reader moves: as long as it takes */
	for (unsigned i = 0; i < 60; i++) {
		assert_false(pump_at(1000 + 990 * i));
		reader_moves();
	}
	assert_false(pump_at(60400));
	assert_false(pump_at(60400 + RING_DETACH_MS - 1));
	/* it stands for a second: the flow goes on unseen */
	for (unsigned i = 0; i < 7; i++)
		assert_true(pump_at(60400 + RING_DETACH_MS + 500 * i));
	assert_int_equal(d->flags, 0);
	assert_int_equal(d->unobserved, 7 * COMES);
	assert_int_equal(stat_get(stat, STAT_UNOBSERVED_BYTES), 7 * COMES);
	assert_int_equal(relay_interest(relay_test_slot(0), RING_CLIENT),
			 RELAY_READ);
	/* it moves: the flow waits again, and for as long */
	reader_moves();
	assert_false(pump_at(70000));
	assert_int_equal(d->flags, RING_BIT);
	assert_false(pump_at(70000 + RING_DETACH_MS - 1));
	assert_true(pump_at(70000 + RING_DETACH_MS));
	/* the reader has lost nothing that was in the ring, and goes on behind
	 * what was unseen */
	(void)reader_takes_all();
	assert_true(pump_at(80000));
	assert_int_equal(reader_takes_all().offset, 8 * COMES);
	assert_int_equal(d->unobserved, 8 * COMES);
	assert_int_equal(stat_get(stat, STAT_RING_DETACHED), 0);
}

/* There is room for OPEN and CLOSE, and they come all the time. */
static void hints_do_not_hide_that_the_reader_stands(void **state)
{
	const struct ring_entry hint = { .type = RING_ENTRY_OPEN,
					 .len = sizeof(struct ring_slot) };

	(void)state;
	begin(1000, RING_WHEN_FULL_WAIT);
	for (unsigned i = 0; i < RELAY_HINT_ROOM / 2 / LINE; i++)
		reader_moves();
	assert_false(pump_at(1001));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(ring_tap_put(&world.ring->tap, &hint,
					 relay_test_slot(0), 1300 + 300 * i));
		assert_false(pump_at(1300 + 300 * i));
	}
	assert_true(pump_at(1001 + RING_DETACH_MS));
}

static void pending_bytes_are_sent_while_it_waits(void **state)
{
	struct ring_dir *d = &relay_test_slot(0)->dir[0];

	(void)state;
	begin(1000, RING_WHEN_FULL_WAIT);
	ring_pool_append(&world.pool, d, ring_test_bytes(0, 0), 300);
	d->bytes_in = 300;
	world.side[0].said = 300;
	assert_false(pump_at(1000));
	assert_int_equal(world.side[1].heard, 300);
	assert_int_equal(d->flags, RING_BIT);
}

static void the_other_flow_is_not_held_up(void **state)
{
	int broken;

	(void)state;
	begin(1000, RING_WHEN_FULL_WAIT);
	relay_test_begin(1, 0, RING_WHEN_FULL_WAIT);
	assert_false(pump_at(1000));
	/* nobody observes it: no ring, no wait */
	assert_int_equal(relay_test_pump(1, RING_SERVER, &broken), 0);
	assert_int_equal(world.side[2].heard, COMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_TEST(brief_waits_while_the_reader_moves),
		RELAY_TEST(brief_does_not_wait_for_a_reader_that_stands),
		RELAY_TEST(brief_waits_anew_after_room),
		RELAY_TEST(drop_does_not_wait_and_counts),
		RELAY_TEST(wait_waits_for_a_reader_that_moves),
		RELAY_TEST(hints_do_not_hide_that_the_reader_stands),
		RELAY_TEST(pending_bytes_are_sent_while_it_waits),
		RELAY_TEST(the_other_flow_is_not_held_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
