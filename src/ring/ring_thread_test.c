/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_thread_test.c - writer and reader at the same time */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "ring_test.h"

#define N_ENTRIES 60000
#define N_LOSSY   20000
#define N_LAST    32 /* of them */

static size_t random_len(uint64_t *seed)
{
	const uint64_t n = ring_test_random(seed);

	return n % 64 ? (n >> 8) % 3000 : (n >> 8) % RING_CHUNK_MAX;
}

/* Waits for room as long as it takes: the clock stands still. */
static void *write_all(void *arg)
{
	struct ring_fixture *f = arg;
	uint64_t seed = 4711;

	for (int i = 0; i < N_ENTRIES; i++) {
		const size_t len = random_len(&seed);

		while (!ring_test_put(f, len, 1))
			sched_yield();
	}
	return NULL;
}

static void every_byte_arrives_in_order(void **state)
{
	struct ring_fixture *f = *state;
	uint64_t seed = 99;
	pthread_t writer;

	assert_non_null(ring_test_bytes(0, 0)); /* made before the race */
	assert_int_equal(pthread_create(&writer, NULL, write_all, f), 0);
	for (int i = 0; i < N_ENTRIES;) {
		struct ring_entry e;
		const uint8_t *p;
		const int r = ring_reader_next(&f->reader, &e, &p);

		assert_in_range(r, 0, 1);
		if (r == 0) {
			ring_reader_release(&f->reader);
			sched_yield();
			continue;
		}
		assert_int_equal(e.offset, f->got_at);
		assert_memory_equal(p, ring_test_bytes(0, e.offset), e.len);
		f->got_at += e.len;
		i++;
		if (ring_test_random(&seed) % 8 == 0)
			ring_reader_release(&f->reader);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(f->got_at, f->put_at);
	assert_int_equal(ring_test_take(f), 0);
}

struct lossy {
	struct ring_fixture *f;
	atomic_bool calm, done;
	unsigned seen, kept, overflows, spoilt;
};

static uint64_t n_detached(const struct ring_fixture *f)
{
	return stat_get(&f->map.control->stat, STAT_RING_DETACHED);
}

static bool has_answered(const struct ring_fixture *f)
{
	const int i = RING_READER_RECORDER;

	return f->map.control->reader_epoch[i] % 2 == 0 ||
	       f->map.cursors[i]->epoch == f->map.control->reader_epoch[i] + 1;
}

/* Time passes while there is no room. After most detachments it waits for the
 * reader, after each fourth it runs away from it. For the last entries both are
 * patient. */
static void *write_impatiently(void *arg)
{
	struct lossy *l = arg;
	uint64_t seed = 4712, now = 1;

	for (int i = 0; i < N_LOSSY; i++) {
		const size_t len = random_len(&seed);
		const bool calm = N_LOSSY - i <= N_LAST;

		if (calm)
			atomic_store(&l->calm, true);
		while ((n_detached(l->f) % 4 || calm) && !has_answered(l->f))
			sched_yield();
		while (!ring_test_put(l->f, len, now)) {
			now += calm ? 0 : RING_DETACH_MS / 50;
			sched_yield();
		}
	}
	atomic_store(&l->done, true);
	return NULL;
}

/* Holds what it has until the writer gives it up. */
static void stand_still(const struct lossy *l)
{
	const uint64_t before = n_detached(l->f);

	while (n_detached(l->f) == before && !atomic_load(&l->calm))
		sched_yield();
}

/* Return: false = nothing more will come. */
static bool read_one(struct lossy *l)
{
	static uint8_t copy[RING_CHUNK_MAX];
	struct ring_fixture *f = l->f;
	const bool last = atomic_load(&l->done);
	struct ring_entry e;
	const uint8_t *p;
	const int r = ring_reader_next(&f->reader, &e, &p);

	if (r == 0) {
		ring_reader_release(&f->reader);
		return !last;
	}
	if (r == -EOVERFLOW) {
		l->overflows++;
		return true;
	}
	assert_int_equal(r, 1);
	assert_in_range(e.len, 0, sizeof(copy));
	if (l->seen++ % 256 == 0)
		stand_still(l);
	memcpy(copy, p, e.len);
	if (!ring_reader_intact(&f->reader)) {
		l->spoilt++;
		return true;
	}
	l->kept++;
	assert_true(e.offset >= f->got_at);
	assert_memory_equal(copy, ring_test_bytes(0, e.offset), e.len);
	f->got_at = e.offset + e.len;
	if (l->kept % 64 == 0)
		ring_reader_release(&f->reader);
	return true;
}

/* A reader that is left behind again and again never takes overwritten bytes
 * for good ones, nor good ones for nonsense. */
static void what_a_slow_reader_keeps_is_true(void **state)
{
	struct lossy l = { .f = *state };
	pthread_t writer;

	assert_non_null(ring_test_bytes(0, 0));
	assert_int_equal(pthread_create(&writer, NULL, write_impatiently, &l),
			 0);
	while (read_one(&l))
		;
	assert_int_equal(pthread_join(writer, NULL), 0);
	print_message("kept %u of %d, %u overflows, %u spoilt\n", l.kept,
		      N_LOSSY, l.overflows, l.spoilt);
	assert_in_range(l.kept, N_LAST, N_LOSSY);
	assert_true(l.overflows > 0);
	assert_true(n_detached(l.f) >= l.overflows);
}

#define WITH_RING(t)                                           \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup, \
					ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(every_byte_arrives_in_order),
		WITH_RING(what_a_slow_reader_keeps_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
