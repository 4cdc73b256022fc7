/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_model_test.c - random schedules of a ring against a list of its entries
 *
 * One writer and one to three readers. At every step somebody does something by
 * chance: the writer reserves, commits, ends a batch, dies half way; a reader
 * reads, gives back all or a part, falls asleep, stands still, dies; time
 * passes. The model is the list of all entries that were committed, and for
 * each reader its place in that list and the bytes that it gave back. The ring
 * is small, so that a schedule goes round it often.
 */
#include <errno.h>

#include "ring_model.h"
#include "ring_test.h"

#define SIZE        ((size_t)128 * 1024) /* twice RING_REWIND_MIN */
#define LINE        64
#define N_READERS   3
#define N_ENTRIES   2048
#define N_STEPS     1500
#define N_SCHEDULES 3000

#define chance      ring_model_chance

struct committed {
	uint64_t pos, offset;
	uint64_t before; /* DATA bytes in the list before it */
	uint32_t len, type;
};

struct model_reader {
	struct ring_view_map view;
	struct ring_reader r;
	size_t next;       /* in the list: what it reads next, ... */
	size_t given;      /* ... and all before this is given back */
	uint64_t got;      /* DATA bytes that it gave back */
	uint64_t moved_ms; /* when its cursor did so last */
	uint64_t place;    /* where that was */
	unsigned stands;   /* so many of its turns it does nothing */
	uint32_t answer;   /* to the writer's epoch, not yet stored; 0: none */
	bool asleep, attached;
};

static struct {
	struct ring_map map;
	struct ring_tap tap;
	struct model_reader readers[N_READERS];
	struct committed list[N_ENTRIES];
	size_t n;        /* in the list */
	uint64_t data;   /* DATA bytes in the list */
	uint64_t offset; /* of the next byte of the stream */
	uint64_t now_ms;
} world;

/* What the schedules have met: without these the test would show little. */
static struct {
	uint64_t read, refused, rewinds, detached, returned, kicks, kept_back,
		writers_died, readers_died, waited_for;
} met;

static bool is_attached(unsigned i)
{
	return world.map.control->reader_epoch[i] % 2 == 0;
}

/* The first of the list that is not before that place. */
static size_t index_of(uint64_t pos)
{
	size_t i = world.n;

	while (i > 0 && world.list[i - 1].pos >= pos)
		i--;
	return i;
}

/* DATA bytes before the entry with that index. */
static uint64_t data_before(size_t i)
{
	return i == world.n ? world.data : world.list[i].before;
}

static uint64_t place_of(unsigned i)
{
	const struct ring_control *c = world.map.control;

	return ring_rewound(c, world.readers[i].view.cursor->pos, c->head);
}

/* ---- what must hold after each step of the writer ---- */

static bool is_behind_another(unsigned i)
{
	for (unsigned k = 0; k < world.map.n_readers; k++) {
		if (is_attached(k) && place_of(k) > place_of(i))
			return true;
	}
	return false;
}

/* What it gave back, what it was not given, and what it may still read. */
static void check_missed(const struct model_reader *m, unsigned i)
{
	const size_t at = m->attached ? m->given : world.n;

	assert_int_equal(m->got + world.map.control->reader_missed[i],
			 data_before(at));
}

static void check_reader(unsigned i)
{
	struct model_reader *m = &world.readers[i];
	const struct ring_control *c = world.map.control;
	const uint64_t place = place_of(i);

	/* to say that it has seen a jump is not to move */
	if (place != m->place) {
		m->place = place;
		m->moved_ms = world.now_ms;
	}
	if (m->attached && !is_attached(i)) {
		/* only who has not moved for so long is left behind */
		assert_true(world.now_ms - m->moved_ms >= RING_DETACH_MS);
		/* and only for another's sake */
		assert_true(is_behind_another(i));
		met.detached++;
	}
	if (!m->attached && is_attached(i)) {
		m->moved_ms = world.now_ms;
		met.returned++;
	}
	m->attached = is_attached(i);
	/* what it has not given back is still there */
	if (m->attached)
		assert_true(c->head - m->place <= SIZE);
	check_missed(m, i);
}

static void check_readers(void)
{
	assert_int_equal(world.tap.head, world.map.control->head);
	for (unsigned i = 0; i < world.map.n_readers; i++)
		check_reader(i);
	for (unsigned i = world.map.n_readers; i < RING_READER_ROOM; i++)
		assert_int_equal(world.map.control->reader_missed[i], 0);
	met.waited_for += ring_tap_still_ms(&world.tap, world.now_ms) >=
			  RING_DETACH_MS;
}

/* ---- the writer ---- */

static size_t random_len(void)
{
	switch (chance(32)) {
	case 0:
		return chance(SIZE - LINE);
	case 1:
		return chance(SIZE / 8);
	case 2:
	case 3:
		return 0;
	default:
		return chance(1500);
	}
}

static void scribble(uint8_t *at, size_t len)
{
	memset(at, (int)chance(256), len);
}

/* Reserves, receives less or as much, commits; or finds no room, and the bytes
 * go by unobserved. */
static void put(void)
{
	struct ring_entry e = { .type = RING_ENTRY_DATA,
				.slot = (uint32_t)chance(RING_TEST_SLOTS) };
	const size_t want = random_len(), min = chance(want + 1);
	const uint64_t before = world.tap.head;
	size_t len = want;
	uint8_t *p;

	if (world.n == N_ENTRIES)
		return;
	p = ring_tap_reserve(&world.tap, min, &len, world.now_ms);
	if (world.tap.head != before) {
		assert_int_equal(world.tap.head % SIZE, 0);
		met.rewinds++;
	}
	if (!p) {
		world.offset += want;
		met.refused++;
		return;
	}
	assert_in_range(len, min, want);
	if (len >= sizeof(struct ring_slot) && chance(4) == 0) {
		e.type = (uint32_t)(RING_ENTRY_OPEN + chance(2));
		len = sizeof(struct ring_slot);
	} else if (chance(2)) {
		scribble(p, len);
		len = chance(len + 1);
	}
	e.offset = world.offset;
	e.len = (uint32_t)len;
	memcpy(p, ring_test_bytes(0, e.offset), len);
	world.list[world.n++] = (struct committed){ world.tap.head, e.offset,
						    world.data, e.len, e.type };
	world.offset += len;
	world.data += e.type == RING_ENTRY_DATA ? len : 0;
	ring_tap_commit(&world.tap, &e);
}

static void commit_empty(void)
{
	const struct ring_entry e = { .type = RING_ENTRY_DATA };

	assert_true(ring_tap_put(&world.tap, &e, "", world.now_ms));
	check_readers();
}

/* A batch is done: who sleeps is woken for news, and for nothing else. */
static void kick(void)
{
	bool had[N_READERS] = { false };

	for (unsigned i = 0; i < world.map.n_readers; i++)
		had[i] = ring_test_poll(world.map.kick_fd[i]);
	ring_tap_kick(&world.tap);
	for (unsigned i = 0; i < world.map.n_readers; i++) {
		const struct model_reader *m = &world.readers[i];
		const bool has = ring_test_poll(world.map.kick_fd[i]);

		met.kicks += has && !had[i];
		if (!m->asleep || !m->attached)
			continue;
		if (m->next < world.n)
			assert_true(has);
		else
			assert_int_equal(has, had[i]);
	}
}

static bool all_is_read(void)
{
	const struct ring_control *c = world.map.control;

	for (unsigned i = 0; i < world.map.n_readers; i++) {
		if (is_attached(i) && place_of(i) != c->head)
			return false;
	}
	return true;
}

/* Dies with an entry and its bytes written that no head says, or with the first
 * words of a jump; its successor knows the memory only. */
static void die_as_writer(void)
{
	struct ring_control *c = world.map.control;
	size_t len = chance(SIZE);
	uint8_t *p = ring_tap_reserve(&world.tap, 0, &len, world.now_ms);
	const uint64_t head = c->head, place = head % SIZE;

	if (p)
		scribble(p - LINE, LINE + len);
	if (all_is_read() && place >= RING_REWIND_MIN && chance(2)) {
		c->rewind_from = head;
		if (chance(2))
			c->rewind_to = head + SIZE - place;
	}
	memset(&world.tap, 0xee, sizeof(world.tap));
	ring_tap_init(&world.tap, &world.map);
	met.writers_died++;
}

static void step_writer(void)
{
	switch (chance(64)) {
	case 0:
		die_as_writer();
		break;
	case 1:
		world.now_ms += chance(2UL * RING_DETACH_MS);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		world.now_ms += chance(20);
		kick();
		break;
	default:
		put();
	}
	check_readers();
}

/* ---- the readers ---- */

static void assert_is(const struct model_reader *m, const struct ring_entry *e,
		      const uint8_t *payload)
{
	const struct committed *want = &world.list[m->next];

	assert_true(m->next < world.n);
	assert_int_equal(ring_reader_at(&m->r), want->pos);
	assert_int_equal(e->type, want->type);
	assert_int_equal(e->offset, want->offset);
	assert_int_equal(e->len, want->len);
	assert_memory_equal(payload, ring_test_bytes(0, e->offset), e->len);
}

/* Reads one. Return: false = nothing is there. */
static bool take(struct model_reader *m)
{
	struct ring_entry e;
	const uint8_t *payload;
	const int r = ring_reader_next(&m->r, &e, &payload);

	if (r == 1) {
		assert_true(m->attached);
		assert_is(m, &e, payload);
		m->next++;
		met.read++;
		return true;
	}
	if (m->attached) {
		assert_int_equal(r, 0);
		assert_int_equal(m->next, world.n);
		return false;
	}
	/* left behind: it asks to be let in at the head, maybe once more */
	assert_true(r == 0 || r == -EOVERFLOW);
	if (r == -EOVERFLOW)
		assert_int_equal(m->r.pos, world.map.control->head);
	m->next = m->given = index_of(m->r.pos);
	if (r == -EOVERFLOW && chance(2)) {
		/* it stops between the two stores of its answer */
		m->answer = m->view.cursor->epoch;
		m->view.cursor->epoch--;
	}
	return false;
}

static void end_answer(struct model_reader *m)
{
	if (m->answer)
		m->view.cursor->epoch = m->answer;
	m->answer = 0;
}

/* Too late once it is left behind: that counts as missed. */
static void gave_back(struct model_reader *m, size_t to)
{
	if (m->attached)
		m->got += data_before(to) - data_before(m->given);
	m->given = to;
}

static void give_back(struct model_reader *m)
{
	size_t to;

	if (chance(2)) {
		ring_reader_release(&m->r);
		gave_back(m, m->next);
		return;
	}
	if (m->given == m->next)
		return;
	to = m->given + chance(m->next - m->given);
	ring_reader_release_to(&m->r, world.list[to].pos);
	gave_back(m, to);
	met.kept_back++;
}

/* Its successor knows the cursor page only. */
static void die_as_reader(struct model_reader *m)
{
	memset(&m->r, 0xee, sizeof(m->r));
	ring_reader_init(&m->r, &m->view, (unsigned)(m - world.readers));
	ring_reader_awake(&m->r);
	m->asleep = false;
	m->next = m->given;
	if (!m->attached)
		m->next = m->given = index_of(m->r.pos);
	met.readers_died++;
}

static void fall_asleep(struct model_reader *m)
{
	const bool all = m->next == world.n;

	if (m->attached)
		assert_int_equal(ring_reader_caught_up(&m->r), all);
	m->asleep = ring_reader_sleep(&m->r);
	if (m->attached)
		assert_int_equal(m->asleep, all);
}

static void step_reader(struct model_reader *m)
{
	const int fd = world.map.kick_fd[m - world.readers];

	if (m->stands) {
		m->stands--;
		return;
	}
	end_answer(m);
	if (m->asleep) {
		if (!ring_test_poll(fd))
			return;
		ring_reader_awake(&m->r);
		m->asleep = false;
	}
	(void)ring_test_drain(fd);
	switch (chance(32)) {
	case 0:
		die_as_reader(m);
		break;
	case 1:
		m->stands = (unsigned)chance(chance(8) ? 20 : 600);
		break;
	case 2:
	case 3:
		fall_asleep(m);
		break;
	default:
		for (uint64_t k = chance(8); k > 0 && take(m); k--)
			;
		if (chance(2))
			give_back(m);
	}
}

/* ---- a schedule ---- */

static void begin(void)
{
	const uint64_t head = chance(4 * SIZE / LINE) * LINE;

	world.map.n_readers = 1 + (uint32_t)chance(N_READERS);
	world.n = 0;
	world.data = 0;
	world.offset = chance(1 << 20);
	world.now_ms = 1 + chance(UINT32_MAX);
	ring_test_reset(&world.map, head);
	for (unsigned i = 0; i < N_READERS; i++) {
		struct model_reader *m = &world.readers[i];

		ring_test_reset_reader(&m->r, &m->view, i, head);
		(void)ring_test_drain(world.map.kick_fd[i]);
		m->next = m->given = 0;
		m->got = 0;
		m->place = head;
		m->moved_ms = world.now_ms;
		m->stands = 0;
		m->answer = 0;
		m->asleep = false;
		m->attached = is_attached(i);
	}
	ring_tap_init(&world.tap, &world.map);
}

/* All come to an end: each has seen what was committed since it was there; who
 * was left behind asks once or twice, and with the next entry it is back. */
static void finish(void)
{
	for (unsigned i = 0; i < world.map.n_readers; i++) {
		struct model_reader *m = &world.readers[i];

		end_answer(m);
		ring_reader_awake(&m->r);
		while (take(m))
			;
		end_answer(m);
		if (!m->attached)
			assert_false(take(m));
		if (m->attached)
			assert_int_equal(m->next, world.n);
		ring_reader_release(&m->r);
		gave_back(m, m->next);
		check_readers();
	}
	commit_empty();
	for (unsigned i = 0; i < world.map.n_readers; i++)
		assert_true(is_attached(i));
}

static void run_schedule(void)
{
	unsigned busy; /* how often it is the writer's turn, of 64 */

	begin();
	busy = 8 + (unsigned)chance(48);
	for (unsigned i = 0; i < N_STEPS; i++) {
		if (chance(64) < busy)
			step_writer();
		else
			step_reader(
				&world.readers[chance(world.map.n_readers)]);
	}
	finish();
}

static void readers_see_every_entry_or_an_exact_gap(void **state)
{
	(void)state;
	if (!ring_model_run(N_SCHEDULES, run_schedule))
		return;
	print_message("read %" PRIu64 ", refused %" PRIu64 ", rewinds %" PRIu64
		      ", detached %" PRIu64 ", returned %" PRIu64
		      ", kicks %" PRIu64 ", kept back %" PRIu64
		      ", died: writers %" PRIu64 ", readers %" PRIu64
		      ", waited for a reader %" PRIu64 "\n",
		      met.read, met.refused, met.rewinds, met.detached,
		      met.returned, met.kicks, met.kept_back, met.writers_died,
		      met.readers_died, met.waited_for);
	assert_true(met.waited_for > N_SCHEDULES);
	assert_true(met.read > 100UL * N_SCHEDULES);
	assert_true(met.refused > N_SCHEDULES);
	assert_true(met.rewinds > N_SCHEDULES / 2);
	assert_true(met.detached > N_SCHEDULES / 4);
	assert_true(met.returned > N_SCHEDULES / 8);
	assert_true(met.kicks > N_SCHEDULES && met.kept_back > N_SCHEDULES);
	assert_true(met.writers_died > N_SCHEDULES);
	assert_true(met.readers_died > N_SCHEDULES);
}

static int setup(void **state)
{
	const struct ring_map_size size = { .n_slots = RING_TEST_SLOTS,
					    .n_readers = N_READERS,
					    .ring_size = SIZE,
					    .pool_size = ring_pool_bytes(0) };

	(void)state;
	assert_int_equal(ring_map_create(&world.map, &size), 0);
	for (unsigned i = 0; i < N_READERS; i++)
		assert_int_equal(
			ring_map_view(&world.readers[i].view, &world.map, i),
			0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ring_model_tell();
	for (unsigned i = 0; i < N_READERS; i++)
		ring_map_unview(&world.readers[i].view);
	world.map.n_readers = N_READERS;
	ring_map_destroy(&world.map);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_every_entry_or_an_exact_gap),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
