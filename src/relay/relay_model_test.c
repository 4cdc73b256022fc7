/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_model_test.c - random schedules of one flow against a model of it
 *
 * Each schedule is one flow from its first byte to its end. At every step the
 * sockets do something by chance: give or take all, a part or nothing, end,
 * break; the ring may be nearly full and its reader may stand still; another
 * flow may hold the pool; and at any of its death points the worker may die,
 * which leaves memory that its successor could go on with.
 */
#include <setjmp.h>

#include "base_die.h"
#include "relay_test.h"
#include "ring_model.h"

#define N_SCHEDULES 20000
#define MAX_STEPS   20000

#define LINE        64

#define chance      ring_model_chance

static struct {
	uint64_t total[RING_SIDES]; /* what each side has to say */
	unsigned fault_in;          /* one call in so many fails; 0 = none */
	unsigned death_in;          /* ... death point in so many; 0 = none */
	jmp_buf death;
	int failed, failed_side;
	unsigned stands;           /* so many steps the reader stands still */
	uint64_t next[RING_SIDES]; /* offset that the reader expects */
	uint64_t gaps[RING_SIDES];
} model;

/* What the schedules have met: without these the test would show little. */
static struct {
	unsigned finished, broken, ring_waits, pool_waits, gaps, stood;
	unsigned died[BASE_DIE_MAX];
} met;

/* In place of base_die_at(), by the linker: the step ends here, and so does all
 * that the worker knew by heart. */
void __wrap_base_die_at(enum base_die_point point);
void __wrap_base_die_at(enum base_die_point point)
{
	if (!model.death_in || chance(model.death_in))
		return;
	met.died[point]++;
	longjmp(model.death, 1);
}

static ssize_t break_side(unsigned side)
{
	static const int errors[] = { ECONNRESET, EPIPE, ETIMEDOUT };

	model.failed = -errors[chance(WS_ARRAY_LEN(errors))];
	model.failed_side = (int)side;
	return model.failed;
}

static ssize_t at_random(enum relay_test_call call, unsigned side, size_t max)
{
	const uint64_t left = model.total[side] - world.side[side].said;
	size_t most = max;

	/* who has broken is not asked again */
	assert_int_equal(model.failed, 0);
	if (model.fault_in && chance(model.fault_in) == 0)
		return break_side(side);
	if (call == RELAY_TEST_SHUT)
		return 0;
	if (chance(4) == 0)
		return 0;
	if (call == RELAY_TEST_RECV) {
		if (left == 0)
			return -ESHUTDOWN;
		most = left < max ? (size_t)left : max;
	}
	return (ssize_t)(chance(2) ? most : 1 + chance(most));
}

/* ---- the reader ---- */

static void see(const struct ring_entry *e, const uint8_t *payload)
{
	const unsigned d = e->direction;

	if (e->flow_id == 0) /* filler */
		return;
	assert_int_equal(e->serial, relay_test_slot(0)->serial);
	assert_true(e->offset >= model.next[d]);
	assert_memory_equal(payload, ring_test_bytes(d, e->offset), e->len);
	model.gaps[d] += e->offset - model.next[d];
	model.next[d] = e->offset + e->len;
}

static void read_some(unsigned most)
{
	struct ring_entry e;
	const uint8_t *payload;

	while (most--) {
		const int r =
			ring_reader_next(&world.ring->reader, &e, &payload);

		if (r == 0)
			break;
		/* never left behind, as there is no other reader */
		assert_int_equal(r, 1);
		see(&e, payload);
	}
	if (chance(4))
		ring_reader_release(&world.ring->reader);
}

/* Leaves `room` bytes of the ring, or less. */
static void fill_ring(uint64_t room)
{
	for (;;) {
		struct ring_entry e = { .type = RING_ENTRY_DATA };
		const uint64_t used =
			world.ring->tap.head - world.ring->tap.floor;
		size_t len = RING_CHUNK_MAX;

		if (used + room + sizeof(e) > RING_TEST_SIZE)
			return;
		if (len > RING_TEST_SIZE - room - used)
			len = RING_TEST_SIZE - room - used;
		if (!ring_tap_reserve(&world.ring->tap, 1, &len,
				      world.env.now_ms))
			return;
		e.len = (uint32_t)len;
		ring_tap_commit(&world.ring->tap, &e);
	}
}

/* ---- the flow ---- */

static uint64_t random_total(void)
{
	switch (chance(16)) {
	case 0:
		return 0;
	case 1:
		return chance(1 << 20);
	case 2:
	case 3:
		return chance(100000);
	default:
		return chance(3000);
	}
}

static void begin(void)
{
	static const unsigned fault_in[] = { 0, 0, 10, 50 };
	static const unsigned death_in[] = { 0, 0, 3, 10, 100 };
	struct ring_fixture *f = world.ring;
	const uint64_t head = chance(4 * RING_TEST_SIZE / LINE) * LINE;
	const uint16_t flags = chance(8) ? RING_SLOT_OBSERVED : 0;
	const size_t hog = chance(4) ? 0 : RING_TEST_BLOCKS - chance(3);

	memset(&model, 0, sizeof(model));
	model.fault_in = fault_in[chance(WS_ARRAY_LEN(fault_in))];
	model.death_in = death_in[chance(WS_ARRAY_LEN(death_in))];
	for (int i = 0; i < RING_SIDES; i++)
		model.total[i] = random_total();
	ring_test_reset(&f->map, head);
	ring_test_reset_reader(&f->reader, &f->view, RING_READER_RECORDER,
			       head);
	ring_tap_init(&f->tap, &f->map);
	ring_pool_init(&world.pool, &f->map);
	world.env.now_ms = 1 + chance(UINT32_MAX) * 2;
	relay_test_begin(0, flags, (enum ring_when_full)chance(3));
	relay_test_begin(1, 0, RING_WHEN_FULL_DROP);
	for (size_t i = 0; i < hog; i++)
		ring_pool_append(&world.pool, &relay_test_slot(1)->dir[0],
				 ring_test_bytes(2, 0), RING_BLOCK);
	if (chance(2) == 0) {
		fill_ring(chance(20000));
		model.stands = (unsigned)chance(200);
	}
	for (int i = 0; i < RING_SIDES; i++)
		world.side[i].room = chance(2) ? chance(100000) : SIZE_MAX;
}

static void free_pending(uint32_t slot)
{
	struct ring_slot *s = relay_test_slot(slot);

	for (int i = 0; i < RING_SIDES; i++)
		ring_pool_consume(&world.pool, &s->dir[i], s->dir[i].pend_len);
}

static bool wants(const struct ring_slot *s, unsigned d)
{
	return relay_interest(s, (enum ring_side)d) & RELAY_READ ||
	       relay_interest(s, (enum ring_side) !d) & RELAY_WRITE ||
	       s->dir[d].flags & (RING_DIR_RING_WAIT | RING_DIR_POOL_WAIT);
}

static void check_direction(const struct ring_slot *s, unsigned d)
{
	const struct ring_dir *dir = &s->dir[d];
	const struct relay_test_side *to = &world.side[!d];

	assert_int_equal(dir->bytes_in, world.side[d].said);
	assert_int_equal(dir->bytes_out, to->heard);
	assert_int_equal(dir->bytes_in, dir->bytes_out + dir->pend_len);
	assert_int_equal(to->fins, dir->flags & RING_DIR_SHUT_SENT ? 1 : 0);
	if (to->fins) {
		assert_int_equal(to->fin_at, model.total[d]);
		assert_int_equal(to->heard, model.total[d]);
	}
}

static void check_step(const struct ring_slot *s)
{
	for (unsigned d = 0; d < RING_SIDES; d++)
		check_direction(s, d);
	if (!relay_finished(s) && !relay_waits(s))
		assert_int_not_equal(relay_interest(s, RING_CLIENT) |
					     relay_interest(s, RING_SERVER),
				     0);
}

/* ---- death ---- */

/* The bytes [from, to) of what side d said, as the memory has them. */
static void assert_at(const uint8_t *bytes, unsigned d, uint64_t from,
		      uint64_t to)
{
	assert_true(from <= to && to - from <= RING_CHUNK_MAX);
	assert_memory_equal(bytes, ring_test_bytes(d, from), to - from);
}

/* Moving through the ring: in the entry there, if it became one. */
static void check_in_ring(const struct ring_intent *i, uint64_t said)
{
	const struct ring_map *m = &world.ring->map;
	const uint8_t *at = m->data + i->head % RING_TEST_SIZE;

	if (m->control->head > i->head) {
		struct ring_entry e;

		memcpy(&e, at, sizeof(e));
		assert_int_equal(e.offset, i->offset);
		assert_int_equal(e.len, said - i->offset);
	}
	assert_at(at + sizeof(struct ring_entry), i->direction, i->offset,
		  said);
}

static void check_in_pool(const struct ring_dir *dir, unsigned d)
{
	struct iovec iov[RING_TEST_BLOCKS];
	const int n =
		ring_pool_peek(&world.pool, dir, iov, (int)WS_ARRAY_LEN(iov));
	uint64_t at = dir->bytes_in - dir->pend_len;

	for (int i = 0; i < n; i++) {
		assert_at(iov[i].iov_base, d, at, at + iov[i].iov_len);
		at += iov[i].iov_len;
	}
	assert_int_equal(at, dir->bytes_in);
}

/*
 * What was received (side d said it) and what was sent (the other one heard it)
 * the kernel knows. That what lies between can be found, and how much of it is
 * booked, is shown here.
 */
static void check_moving(const struct ring_intent *i)
{
	const unsigned d = i->direction;
	const struct ring_dir *dir = &relay_test_slot(i->slot)->dir[d];
	const uint64_t said = world.side[d].said;
	const uint64_t heard = world.side[!d].heard;

	assert_true(dir->bytes_out <= heard && heard <= said);
	assert_true(dir->bytes_in == i->offset || dir->bytes_in == said);
	switch ((enum ring_moving)i->moving) {
	case RING_MOVING_RING:
		assert_true(heard >= i->offset);
		check_in_ring(i, said);
		break;
	case RING_MOVING_SCRATCH:
		assert_true(heard >= i->offset);
		assert_at(world.pool.scratch, d, i->offset, said);
		break;
	case RING_MOVING_POOL:
		assert_int_equal(dir->bytes_in, said);
		assert_true(heard >= dir->bytes_in - dir->pend_len);
		check_in_pool(dir, d);
		break;
	case RING_MOVING_NOTHING:
		assert_true(false);
	}
}

static void check_death(const struct ring_slot *s)
{
	const struct ring_intent *i = &world.env.control->intent;

	for (unsigned d = 0; d < RING_SIDES; d++) {
		const struct ring_dir *dir = &s->dir[d];

		if (i->moving && i->direction == d) {
			check_moving(i);
			continue;
		}
		assert_int_equal(dir->bytes_in, world.side[d].said);
		assert_int_equal(dir->bytes_out, world.side[!d].heard);
		assert_int_equal(dir->bytes_in, dir->bytes_out + dir->pend_len);
		check_in_pool(dir, d);
		/* a FIN may be passed on twice: shutdown(2) says so */
		if (world.side[!d].fins)
			assert_true(dir->flags & RING_DIR_EOF_SEEN &&
				    !dir->pend_len);
	}
}

/* Return: false = the worker died on it. */
static bool pump(unsigned d, int *result, int *broken)
{
	if (setjmp(model.death))
		return false;
	*result = relay_test_pump(0, d, broken);
	return true;
}

/* Return: false = the flow is over. */
static bool step(struct ring_slot *s)
{
	const unsigned d = (unsigned)chance(2);
	int broken = -1, r = 0;

	world.env.now_ms += chance(16);
	if (chance(4) == 0)
		ring_tap_kick(world.env.tap);
	if (model.stands)
		model.stands--;
	else if (chance(2))
		read_some((unsigned)chance(4));
	if (chance(16) == 0)
		free_pending(1);
	if (!wants(s, d))
		return true;
	if (!pump(d, &r, &broken)) {
		check_death(s);
		ring_tap_init(&world.ring->tap, &world.ring->map);
		return false;
	}
	assert_int_equal(r, model.failed);
	assert_int_equal(world.env.control->intent.moving, 0);
	if (r) {
		assert_int_equal(broken, model.failed_side);
		met.broken++;
		return false;
	}
	check_step(s);
	met.stood += ring_tap_still_ms(world.env.tap, world.env.now_ms) >=
		     RING_DETACH_MS;
	met.ring_waits += (s->dir[d].flags & RING_DIR_RING_WAIT) != 0;
	met.pool_waits += (s->dir[d].flags & RING_DIR_POOL_WAIT) != 0;
	met.finished += relay_finished(s);
	return !relay_finished(s);
}

/* The reader saw every byte, or an exact gap. */
static void check_seen(const struct ring_slot *s)
{
	read_some(UINT_MAX);
	ring_reader_release(&world.ring->reader);
	for (int d = 0; d < RING_SIDES; d++) {
		const uint64_t at_end = s->dir[d].bytes_in - model.next[d];

		met.gaps += model.gaps[d] > 0;
		assert_int_equal(model.gaps[d] + at_end, s->dir[d].unobserved);
		if (!(s->flags & RING_SLOT_OBSERVED))
			assert_int_equal(model.next[d], 0);
	}
}

static void run_schedule(void)
{
	struct ring_slot *s = relay_test_slot(0);
	unsigned steps = 0;

	begin();
	while (step(s))
		assert_in_range(++steps, 1, MAX_STEPS);
	check_seen(s);
}

static void every_schedule_keeps_the_promises(void **state)
{
	static const enum base_die_point points[] = {
		BASE_DIE_WORKER_INTENT, BASE_DIE_WORKER_RECEIVED,
		BASE_DIE_WORKER_TAPPED, BASE_DIE_WORKER_SENT,
		BASE_DIE_WORKER_KEPT,   BASE_DIE_WORKER_FIN,
	};
	unsigned died = 0;

	(void)state;
	world.decide = at_random;
	if (!ring_model_run(N_SCHEDULES, run_schedule))
		return;
	for (size_t i = 0; i < WS_ARRAY_LEN(points); i++) {
#ifdef WAYSIDE_TEST_POINTS
		assert_true(met.died[points[i]] > N_SCHEDULES / 200);
#endif
		died += met.died[points[i]];
	}
	print_message(
		"finished %u, broken %u, died %u; waits for the ring %u, "
		"the pool %u; with gaps %u; steps after a second's stand %u\n",
		met.finished, met.broken, died, met.ring_waits, met.pool_waits,
		met.gaps, met.stood);
	assert_int_equal(met.finished + met.broken + died, N_SCHEDULES);
	assert_true(met.finished > N_SCHEDULES / 8);
	assert_true(met.broken > N_SCHEDULES / 8);
	assert_true(met.ring_waits > 0 && met.pool_waits > 0);
	assert_true(met.gaps > 0 && met.stood > 0);
}

static int teardown(void **state)
{
	ring_model_tell();
	return ring_fixture_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_schedule_keeps_the_promises, relay_test_setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
