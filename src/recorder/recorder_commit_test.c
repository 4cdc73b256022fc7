/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_commit_test.c - what is in force, and what is not */
#include "recorder_commit.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"
#include "recorder.h"

#define RINGS 2
#define SLOTS 8

static int setup(void **state)
{
	*state = recorder_commit_new(RINGS, SLOTS);
	assert_non_null(*state);
	return 0;
}

static int teardown(void **state)
{
	recorder_commit_free(*state);
	return 0;
}

static void put(struct recorder_commit *c, unsigned ring, uint32_t slot,
		uint64_t next)
{
	const struct recorder_record rec = { .serial = 1, .next = { next, 0 } };

	recorder_commit_put(c, ring, slot, &rec);
}

static void store(struct recorder_commit *c, uint64_t pos)
{
	struct recorder_globals g = *recorder_commit_globals(c);

	g.pos[1] = pos;
	recorder_commit_prepare(c, &g, false);
	recorder_commit_force(c);
}

/* 0 = there is none. */
static uint64_t next_of(const struct recorder_commit *c, unsigned ring,
			uint32_t slot)
{
	struct recorder_record rec;

	return recorder_commit_get(c, ring, slot, &rec) ? rec.next[0] : 0;
}

static void nothing_is_in_force_at_first(void **state)
{
	struct recorder_commit *c = *state;

	recorder_commit_recover(c);
	assert_int_equal(recorder_commit_globals(c)->pos[1], 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		assert_int_equal(next_of(c, 0, i), 0);
}

static void what_was_put_waits_for_the_store(void **state)
{
	struct recorder_commit *c = *state;

	put(c, 1, 3, 10);
	assert_int_equal(next_of(c, 1, 3), 0);
	store(c, 100);
	assert_int_equal(next_of(c, 1, 3), 10);
	assert_int_equal(recorder_commit_globals(c)->pos[1], 100);
	/* the same slot of another ring is another record */
	assert_int_equal(next_of(c, 0, 3), 0);
	put(c, 1, 3, 20);
	put(c, 1, 3, 21); /* twice in a batch: the last one counts */
	assert_int_equal(next_of(c, 1, 3), 10);
	store(c, 200);
	assert_int_equal(next_of(c, 1, 3), 21);
}

/* However many commits of others lie between. */
static void what_does_not_change_costs_nothing_and_stays(void **state)
{
	struct recorder_commit *c = *state;

	put(c, 0, 1, 10);
	store(c, 1);
	for (uint64_t i = 0; i < 9; i++) {
		put(c, 0, 2, 100 + i);
		store(c, 2 + i);
		assert_int_equal(next_of(c, 0, 1), 10);
		assert_int_equal(next_of(c, 0, 2), 100 + i);
	}
	put(c, 0, 1, 11);
	assert_int_equal(next_of(c, 0, 1), 10);
	store(c, 99);
	assert_int_equal(next_of(c, 0, 1), 11);
}

static void a_successor_forgets_what_was_not_stored(void **state)
{
	struct recorder_commit *c = *state;
	int status;
	pid_t pid;

	put(c, 0, 1, 10);
	store(c, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* dies before its store */
		put(c, 0, 1, 11);
		put(c, 0, 2, 12);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	recorder_commit_recover(c);
	assert_int_equal(next_of(c, 0, 1), 10);
	assert_int_equal(next_of(c, 0, 2), 0);
	/* nor do they come into force with its own first commit */
	put(c, 0, 3, 30);
	store(c, 2);
	assert_int_equal(next_of(c, 0, 1), 10);
	assert_int_equal(next_of(c, 0, 2), 0);
	assert_int_equal(next_of(c, 0, 3), 30);
}

/* The store did not take them, and a commit of something else comes first. */
static void what_was_taken_back_is_not_in_the_next_commit(void **state)
{
	struct recorder_commit *c = *state;
	struct recorder_globals g = *recorder_commit_globals(c);

	put(c, 0, 1, 10);
	store(c, 1);
	put(c, 0, 1, 11);
	put(c, 0, 2, 12);
	g.pos[1] = 2;
	recorder_commit_prepare(c, &g, true);
	assert_int_equal(c->trying, 2);
	recorder_commit_take_back(c, 0, 1);
	recorder_commit_take_back(c, 0, 2);
	recorder_commit_failed(c);
	assert_int_equal(c->trying, 0);
	assert_int_equal(recorder_commit_globals(c)->pos[1], 1);
	store(c, 3);
	assert_int_equal(next_of(c, 0, 1), 10);
	assert_int_equal(next_of(c, 0, 2), 0);
	put(c, 0, 1, 13);
	store(c, 4);
	assert_int_equal(next_of(c, 0, 1), 13);
}

/* Its predecessor died between the store's commit and ours. */
static void a_successor_goes_forward(void **state)
{
	struct recorder_commit *c = *state;
	struct recorder_globals g = *recorder_commit_globals(c);

	put(c, 0, 1, 10);
	store(c, 1);
	put(c, 0, 1, 11);
	g.pos[1] = 2;
	g.batch = 7;
	recorder_commit_prepare(c, &g, true);
	assert_int_equal(c->trying, recorder_commit_next(c));
	recorder_commit_forward(c, false);
	recorder_commit_recover(c);
	assert_int_equal(next_of(c, 0, 1), 11);
	assert_int_equal(recorder_commit_globals(c)->pos[1], 2);
	assert_int_equal(recorder_commit_globals(c)->unsure, 0);
}

/* The same, and nobody knows whether the store has it: that is remembered. */
static void a_successor_goes_forward_and_is_not_sure(void **state)
{
	struct recorder_commit *c = *state;
	struct recorder_globals g = *recorder_commit_globals(c);

	g.batch = 7;
	recorder_commit_prepare(c, &g, true);
	recorder_commit_forward(c, true);
	assert_int_equal(recorder_commit_globals(c)->unsure, 1);
	assert_int_equal(recorder_commit_globals(c)->unsure_events, 7);
}

static void each_memory_has_a_writer_of_its_own(void **state)
{
	struct recorder_commit *c = *state;
	struct recorder_commit *other = recorder_commit_new(RINGS, SLOTS);

	assert_non_null(other);
	assert_true(c->writer && other->writer && c->writer != other->writer);
	recorder_commit_free(other);
}

/* Dies in the middle of put(): behind the first half of the record, which bears
 * the number in force as get() gave it, begins a page that is not there. */
static void half_a_record_is_none(void **state)
{
	struct recorder_commit *c = *state;
	const long page = sysconf(_SC_PAGESIZE);
	uint8_t *two = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct recorder_record rec, *half;
	int status;
	pid_t pid;

	assert_true(two != MAP_FAILED);
	put(c, 0, 1, 10);
	store(c, 1);
	assert_true(recorder_commit_get(c, 0, 1, &rec));
	assert_int_equal(rec.serial, 1);
	assert_true(rec.seq != 0);
	rec.serial = 2;
	half = (void *)(two + page - sizeof(rec) / 2);
	memcpy(half, &rec, sizeof(rec) / 2);
	assert_int_equal(munmap(two + page, (size_t)page), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* without the report of cmocka, or of a sanitizer */
		const struct sigaction deadly = { .sa_handler = SIG_DFL };

		if (sigaction(SIGSEGV, &deadly, NULL))
			_exit(99);
		recorder_commit_put(c, 0, 1, half);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	recorder_commit_recover(c);
	assert_true(recorder_commit_get(c, 0, 1, &rec));
	assert_int_equal(rec.serial, 1);
	assert_int_equal(rec.next[0], 10);
	assert_int_equal(munmap(two, (size_t)page), 0);
}

static void a_record_is_two_lines_a_version(void **state)
{
	struct recorder_commit *c = *state;

	assert_int_equal(sizeof(struct recorder_record), 128);
	assert_int_equal((uintptr_t)&c->records[0][0] % 64, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_in_force_at_first),
		CASE(what_was_put_waits_for_the_store),
		CASE(what_does_not_change_costs_nothing_and_stays),
		CASE(a_successor_forgets_what_was_not_stored),
		CASE(what_was_taken_back_is_not_in_the_next_commit),
		CASE(a_successor_goes_forward),
		CASE(a_successor_goes_forward_and_is_not_sure),
		CASE(each_memory_has_a_writer_of_its_own),
		CASE(half_a_record_is_none),
		CASE(a_record_is_two_lines_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
