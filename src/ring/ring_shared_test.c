/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_shared_test.c - no two connections get the same id */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_test.h"
#include "ring_shared.h"

#define S              1000000000ULL
#define START          (1700000000 * S + 5)
#define N_CHILDREN     4
#define IDS_EACH       10000
#define SECONDS_PASSED 3

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct drawn {
	_Atomic int n_ready;
	uint64_t ids[N_CHILDREN * IDS_EACH];
};

/* Each child draws its ids while the clock goes on under it; all at once. */
static void draw(struct ring_shared *s, struct drawn *d, unsigned child)
{
	uint64_t *ids = d->ids + (size_t)child * IDS_EACH;

	atomic_fetch_add(&d->n_ready, 1);
	while (atomic_load(&d->n_ready) < N_CHILDREN)
		sched_yield();
	for (uint64_t i = 0; i < IDS_EACH; i++)
		ids[i] = ring_shared_connection(
			s, START + i * SECONDS_PASSED * S / IDS_EACH);
	_exit(0);
}

static void draw_and_compare(void)
{
	const size_t n = (size_t)N_CHILDREN * IDS_EACH;
	struct drawn *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t *ids = d->ids;
	struct ring_shared *s = ring_shared_new(1700000001, 0, 1);

	assert_ptr_not_equal(d, MAP_FAILED);
	assert_non_null(s);
	for (unsigned i = 0; i < N_CHILDREN; i++) {
		const pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			draw(s, d, i);
	}
	for (int i = 0; i < N_CHILDREN; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (size_t i = 0; i < n; i++) {
		/* each process sees its own in order */
		if (i % IDS_EACH)
			assert_true(ids[i] > ids[i - 1]);
		assert_in_range(ring_connection_second(ids[i]), 1700000001,
				1700000000 + SECONDS_PASSED);
	}
	qsort(ids, n, sizeof(*ids), by_value);
	assert_int_equal(ids[0], 1700000001ULL << 20);
	for (size_t i = 1; i < n; i++) {
		assert_true(ids[i] > ids[i - 1]);
		/* no number is skipped inside a second */
		if (ids[i] >> 20 == ids[i - 1] >> 20)
			assert_int_equal(ids[i], ids[i - 1] + 1);
		else
			assert_int_equal(ring_connection_number(ids[i]), 0);
	}
	ring_shared_free(s);
	(void)munmap(d, sizeof(*d));
}

/* Again and again: a race does not show every time. */
static void ids_are_unique_across_processes(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		draw_and_compare();
}

static void ids_follow_a_clock_that_jumps(void **state)
{
	static const struct {
		uint64_t wall_ns, second;
		uint32_t number;
	} rows[] = {
		/* nothing before the first second */
		{ 1000 * S, 1001, 0 }, { 1000 * S + S - 1, 1001, 1 },
		{ 1001 * S, 1001, 2 }, { 1001 * S + S - 1, 1001, 3 },
		{ 1002 * S, 1002, 0 }, { 1005 * S + 1, 1005, 0 },
		{ 900 * S, 1005, 1 }, /* set back: counts on */
		{ 0, 1005, 2 },        { 1005 * S, 1005, 3 },
		{ 1006 * S, 1006, 0 },
	};
	struct ring_shared *s = ring_shared_new(1001, 0, 1);

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const uint64_t id = ring_shared_connection(s, rows[i].wall_ns);

		assert_int_equal(ring_connection_second(id), rows[i].second);
		assert_int_equal(ring_connection_number(id), rows[i].number);
	}
	ring_shared_free(s);
}

static void ids_begin_where_they_are_told_to(void **state)
{
	struct ring_shared *s = ring_shared_new(1000, 654321, 1);
	const uint64_t id = ring_shared_connection(s, 1000 * S);

	(void)state;
	assert_int_equal(ring_connection_second(id), 1000);
	assert_int_equal(ring_connection_number(id), 654321);
	ring_shared_free(s);
}

static void a_second_runs_over_into_the_next(void **state)
{
	struct ring_shared *s = ring_shared_new(1000, 0, 1);
	uint64_t id = 0;

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 0; i <= 1U << 20; i++)
		id = ring_shared_connection(s, 1000 * S);
	assert_int_equal(ring_connection_second(id), 1001);
	assert_int_equal(ring_connection_number(id), 0);
	/* the clock's second 1001 comes: 0 is taken */
	id = ring_shared_connection(s, 1001 * S);
	assert_int_equal(ring_connection_number(id), 1);
	ring_shared_free(s);
	ring_shared_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_unique_across_processes),
		cmocka_unit_test(ids_follow_a_clock_that_jumps),
		cmocka_unit_test(ids_begin_where_they_are_told_to),
		cmocka_unit_test(a_second_runs_over_into_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
