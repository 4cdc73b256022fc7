/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_death_test.c - killed at each step: all of a commit or nothing
 *
 * The successor here does what the recorder does: it asks for the mark, and
 * adds a batch again that is not in.
 */
#include "store_test.h"

#include "base_die.h"

#define EVENTS  5
#define COMMITS 30

static void add_batch(struct store *s, uint64_t seq)
{
	add_flow(s, seq, START_MS);
	for (int i = 0; i < EVENTS; i++)
		add_event(s, seq, START_MS + seq, i ? "a" : NULL);
	assert_int_equal(store_add_name(s, seq, span("a")), 0);
}

/* From the next one on; deletes in between. */
static bool all_commits(struct place *p)
{
	const struct store_limits limits = { .size = 1, .confirmed = 3 };
	struct store_retained retained;
	struct store *s;

	if (store_open(&p->options, &s, &p->why))
		return false;
	for (uint64_t seq = store_committed(s, WRITER) + 1; seq <= COMMITS;
	     seq++) {
		add_batch(s, seq);
		if (store_commit(s, WRITER, seq, &p->why) ||
		    store_retain(s, &limits, &retained, &p->why))
			return false;
	}
	store_close(s);
	return true;
}

/* Dies at the n-th pass of the point, as the environment says. */
static bool with_death(struct place *p)
{
	return base_die_init() && all_commits(p);
}

/* Return: false, it was not passed so often. */
static bool die_at(struct place *p, enum base_die_point point, int n)
{
	char die[64];
	int status;

	(void)snprintf(die, sizeof(die), "%s=%d", base_die_name(point), n);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	status = in_child(with_death, p);
	if (status) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
		whole(p->path);
		/* a transaction is there or not */
		is(p, "SELECT last_event - seq * 5 FROM store", "0");
		assert_int_equal(in_child(all_commits, p), 0);
	}
	whole(p->path);
	is(p, "SELECT seq, last_event FROM store", "30|150");
	is(p, "SELECT count(*), min(id), max(id), count(device) FROM events",
	   "147|4|150|147");
	is(p, "SELECT events, last_event FROM devices", "150|150");
	is(p, "SELECT count(*) FROM flows", "30");
	base_test_empty(p->dir);
	return status != 0;
}

static void killed_at_each_step(void **state)
{
	static const struct {
		enum base_die_point point;
		int passes; /* at least */
	} points[] = {
		{ BASE_DIE_STORE_BEGUN, COMMITS },
		{ BASE_DIE_STORE_INSERTED, COMMITS },
		{ BASE_DIE_STORE_COMMITTED, COMMITS },
		{ BASE_DIE_STORE_EXPIRED, 1 },
		{ BASE_DIE_STORE_CHECKPOINT, 2 },
	};
	struct place *p = *state;

	p->options.wal_max = 64U << 10; /* checkpoints on the way */
	for (size_t i = 0; i < WS_ARRAY_LEN(points); i++) {
		int n = 1;

		/* the first ones, then here and there */
		while (die_at(p, points[i].point, n))
			n = n < 3 ? n + 1 : n + 7;
		assert_true(n > points[i].passes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(killed_at_each_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
