/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_thread_test.c - the writer and three readers at the same time
 *
 * As threads: a race detector sees nothing across processes. It goes by
 * addresses, too, so all share one mapping where nobody is left behind. Where
 * somebody is, each has its own, as in the daemon: what such a reader copies
 * may be overwritten meanwhile, by design, and is thrown away.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "ring_test.h"

#define N_READERS 3
#define N_ENTRIES 20000
#define N_LAST    32 /* of them, when nobody is in a hurry any more */
#define BATCH     8
#define BRIEF_MS  100
/* A wake-up that takes so long was forgotten. */
#define WAKE_MS (BASE_TEST_LIMIT_S * 1000)

/* Of when_full: what becomes of bytes that find no room. */
enum policy {
	WAIT,
	BRIEF,
	DROP,
};

enum pace {
	FAST,  /* gives back each entry */
	SLOW,  /* ... now and then, and not all of it */
	STILL, /* stands still until somebody loses something by it */
};

struct thread {
	struct lab *lab;
	struct ring_view_map view;
	struct ring_reader r;
	enum pace pace;
	uint64_t seed, next, gaps;
	unsigned kept, overflows, spoilt, sleeps;
	const char *bad;
	pthread_t id;
};

struct lab {
	struct ring_map map;
	struct ring_tap tap;
	enum policy policy;
	bool hurry;       /* time passes where there is no room */
	atomic_bool calm; /* no longer */
	atomic_bool done;
	uint64_t now_ms, put_at;
	_Atomic uint64_t dropped; /* bytes */
	struct thread readers[N_READERS];
};

/* ---- the writer ---- */

static size_t random_len(uint64_t *seed)
{
	const uint64_t n = ring_test_random(seed);

	return n % 64 ? (n >> 8) % 3000 : (n >> 8) % RING_CHUNK_MAX;
}

static bool put(struct lab *l, size_t len)
{
	const struct ring_entry e = { .type = RING_ENTRY_DATA,
				      .len = (uint32_t)len,
				      .offset = l->put_at };

	if (!ring_tap_put(&l->tap, &e, ring_test_bytes(0, l->put_at),
			  l->now_ms))
		return false;
	l->put_at += len;
	return true;
}

/* No room. Return: whether to try again. */
static bool waits(struct lab *l, unsigned *waited_ms, bool last)
{
	ring_tap_kick(&l->tap);
	(void)sched_yield();
	if (l->hurry) {
		l->now_ms += last ? 0 : RING_DETACH_MS / 50;
		return true;
	}
	if (last || l->policy == WAIT)
		return true;
	if (l->policy == DROP || *waited_ms == BRIEF_MS)
		return false;
	++*waited_ms;
	/* nobody is to be left behind */
	l->now_ms += ring_tap_still_ms(&l->tap, l->now_ms) < RING_DETACH_MS / 2;
	return true;
}

static uint64_t n_detached(const struct lab *l)
{
	return stat_get(&l->map.control->stat, STAT_RING_DETACHED);
}

static bool all_have_answered(const struct lab *l)
{
	for (int i = 0; i < N_READERS; i++) {
		const uint32_t epoch = l->map.control->reader_epoch[i];

		if (epoch % 2 && l->map.cursors[i]->epoch != epoch + 1)
			return false;
	}
	return true;
}

/* After most detachments it waits for the reader, after each fourth it runs
 * away from it. */
static void wait_for_answers(struct lab *l, bool last)
{
	if (!l->hurry)
		return;
	while ((n_detached(l) % 4 || last) && !all_have_answered(l)) {
		ring_tap_kick(&l->tap);
		(void)sched_yield();
	}
}

static void write_all(struct lab *l)
{
	const uint64_t one = 1;
	uint64_t seed = 4711;

	for (int i = 0; i < N_ENTRIES; i++) {
		const size_t len = random_len(&seed);
		const bool last = N_ENTRIES - i <= N_LAST;
		unsigned waited_ms = 0;

		if (last)
			atomic_store(&l->calm, true);
		wait_for_answers(l, last);
		while (!put(l, len)) {
			if (waits(l, &waited_ms, last))
				continue;
			l->put_at += len;
			l->dropped += len;
			break;
		}
		if (i % BATCH == 0) {
			ring_tap_kick(&l->tap);
			(void)sched_yield();
		}
	}
	atomic_store(&l->done, true);
	for (int i = 0; i < N_READERS; i++) {
		if (write(l->map.kick_fd[i], &one, sizeof(one)) < 0)
			l->readers[i].bad = "the last kick";
	}
}

/* ---- a reader; it says what is bad, for cmocka has one thread ---- */

static void stand_still(const struct thread *t)
{
	const uint64_t detached = n_detached(t->lab);
	const uint64_t dropped = atomic_load(&t->lab->dropped);

	while (n_detached(t->lab) == detached &&
	       atomic_load(&t->lab->dropped) == dropped &&
	       !atomic_load(&t->lab->calm))
		(void)sched_yield();
}

static void give_back(struct thread *t)
{
	const uint64_t n = ring_test_random(&t->seed) >> 11;

	if (t->pace == FAST)
		ring_reader_release(&t->r);
	else if (n % 32 == 0)
		ring_reader_release_to(&t->r, ring_reader_at(&t->r));
	else if (n % 32 == 1)
		(void)sched_yield();
}

static void check(struct thread *t, const struct ring_entry *e,
		  const uint8_t *payload)
{
	static _Thread_local uint8_t copy[RING_CHUNK_MAX];

	if (e->len > sizeof(copy)) {
		t->bad = "length";
		return;
	}
	if (t->pace == STILL && (t->kept + t->spoilt) % 256 == 0)
		stand_still(t);
	memcpy(copy, payload, e->len);
	if (!ring_reader_intact(&t->r)) {
		t->spoilt++;
		return;
	}
	if (e->offset < t->next)
		t->bad = "order";
	else if (memcmp(copy, ring_test_bytes(0, e->offset), e->len) != 0)
		t->bad = "bytes";
	t->gaps += e->offset - t->next;
	t->next = e->offset + e->len;
	t->kept++;
	give_back(t);
}

static void fall_asleep(struct thread *t)
{
	struct pollfd p = { .fd = t->lab->map.kick_fd[t->r.id],
			    .events = POLLIN };

	if (!ring_reader_sleep(&t->r))
		return;
	t->sleeps++;
	if (poll(&p, 1, WAKE_MS) != 1)
		t->bad = "not woken";
	ring_reader_awake(&t->r);
	(void)ring_test_drain(p.fd);
}

static void *read_all(void *arg)
{
	struct thread *t = arg;

	while (!t->bad) {
		const bool last = atomic_load(&t->lab->done);
		struct ring_entry e;
		const uint8_t *payload;
		const int r = ring_reader_next(&t->r, &e, &payload);

		if (r == 1) {
			check(t, &e, payload);
		} else if (r == 0) {
			ring_reader_release(&t->r);
			if (last)
				return NULL;
			fall_asleep(t);
		} else if (r == -EOVERFLOW) {
			t->overflows++;
		} else {
			t->bad = "nonsense";
		}
	}
	return NULL;
}

/* ---- the lab ---- */

static int setup(void **state)
{
	const struct ring_map_size size = { .n_slots = RING_TEST_SLOTS,
					    .n_readers = N_READERS,
					    .ring_size = RING_TEST_SIZE,
					    .pool_size = ring_pool_bytes(0) };
	struct lab *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	assert_non_null(ring_test_bytes(0, 0)); /* made before the race */
	assert_int_equal(ring_map_create(&l->map, &size), 0);
	for (unsigned i = 0; i < N_READERS; i++) {
		struct thread *t = &l->readers[i];

		assert_int_equal(ring_map_view(&t->view, &l->map, i), 0);
		t->lab = l;
		t->seed = 99 + i;
	}
	l->now_ms = 1;
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	for (unsigned i = 0; i < N_READERS; i++)
		ring_map_unview(&l->readers[i].view);
	ring_map_destroy(&l->map);
	free(l);
	return 0;
}

static void run(struct lab *l)
{
	ring_tap_init(&l->tap, &l->map);
	for (unsigned i = 0; i < N_READERS; i++) {
		struct thread *t = &l->readers[i];
		struct ring_view_map view = t->view;

		if (!l->hurry) {
			/* the same addresses for all */
			l->tap.readers[i].cursor = view.cursor;
			view.control = l->map.control;
			view.data = l->map.data;
		}
		ring_reader_init(&t->r, &view, i);
		assert_int_equal(pthread_create(&t->id, NULL, read_all, t), 0);
	}
	write_all(l);
	for (unsigned i = 0; i < N_READERS; i++) {
		struct thread *t = &l->readers[i];

		assert_int_equal(pthread_join(t->id, NULL), 0);
		print_message("reader %u: kept %u of %d, %u overflows, %u "
			      "spoilt, %u sleeps\n",
			      i, t->kept, N_ENTRIES, t->overflows, t->spoilt,
			      t->sleeps);
		if (t->bad)
			fail_msg("reader %u: %s", i, t->bad);
		assert_int_equal(t->next, l->put_at);
	}
}

/* Nobody is left behind: what is missing is what the writer has dropped. */
static void run_in_peace(struct lab *l, enum policy policy)
{
	l->policy = policy;
	l->readers[1].pace = SLOW;
	l->readers[2].pace = policy == WAIT ? SLOW : STILL;
	run(l);
	assert_int_equal(n_detached(l), 0);
	for (int i = 0; i < N_READERS; i++) {
		assert_int_equal(l->readers[i].gaps, l->dropped);
		assert_int_equal(l->map.control->reader_missed[i], 0);
	}
}

static void who_waits_loses_nothing(void **state)
{
	struct lab *l = *state;

	run_in_peace(l, WAIT);
	assert_int_equal(l->dropped, 0);
}

static void who_waits_briefly_loses_what_is_counted(void **state)
{
	struct lab *l = *state;

	run_in_peace(l, BRIEF);
	assert_true(l->dropped > 0);
}

static void who_drops_loses_what_is_counted(void **state)
{
	struct lab *l = *state;

	run_in_peace(l, DROP);
	assert_true(l->dropped > 0);
}

/* A reader that is left behind again and again never takes overwritten bytes
 * for good ones, nor good ones for nonsense; nor do those beside it. */
static void what_a_slow_reader_keeps_is_true(void **state)
{
	struct lab *l = *state;
	const struct thread *still = &l->readers[2];

	l->policy = WAIT;
	l->hurry = true;
	l->readers[1].pace = SLOW;
	l->readers[2].pace = STILL;
	run(l);
	assert_in_range(still->kept, N_LAST, N_ENTRIES);
	assert_true(still->overflows > 0);
	assert_true(n_detached(l) >= still->overflows);
	assert_int_equal(l->dropped, 0);
	/* no loss is hidden; what a reader had in hand and not yet given back
	 * when it was left behind is counted, too */
	for (int i = 0; i < N_READERS; i++)
		assert_true(l->readers[i].gaps <=
			    l->map.control->reader_missed[i]);
}

#define IN_LAB(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(who_waits_loses_nothing),
		IN_LAB(who_waits_briefly_loses_what_is_counted),
		IN_LAB(who_drops_loses_what_is_counted),
		IN_LAB(what_a_slow_reader_keeps_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
