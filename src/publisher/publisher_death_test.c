/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publisher_death_test.c - a publisher dies anywhere, and nothing is missing
 *
 * At every point of base_die.h that it has, several passes of each, and of a
 * SIGKILL at any moment. What its successors bring is each event at least once,
 * in order, and the counters are those of one that never died.
 */
#include "publisher_test.h"

#define EVENTS 3000

static void expect_all(struct lab *l)
{
	const struct store_cursor c = cursor(l);

	(void)expect_in_order(l, 1);
	assert_int_equal(c.event, l->events);
	assert_int_equal(c.confirmed, l->events);
	assert_int_equal(c.lost, 0);
	assert_int_equal(c.anew, 0);
}

static void die_at(struct lab *l, enum base_die_point point, unsigned pass)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s=%u", base_die_name(point), pass);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", text, 1), 0);
	assert_true(base_die_init());
	open_store(l);
	/* more than a batch, and then some that come while it works */
	add(l, EVENTS / 2);
	start(l);
	for (int i = 0; i < 5; i++) {
		add(l, EVENTS / 10);
		replace_dead(l);
	}
	await_all(l);
	stop(l);
	expect_all(l);
}

/* Its own process each, since a point dies once. */
static void test_points(void **state)
{
	static const enum base_die_point points[] = {
		BASE_DIE_SINK_READ,      BASE_DIE_SINK_PUT,
		BASE_DIE_SINK_CONFIRMED, BASE_DIE_CURSOR_WRITTEN,
		BASE_DIE_CURSOR_KEPT,
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(points); i++) {
		for (unsigned pass = 1; pass <= 4; pass++) {
			void *each;

			assert_int_equal(setup(&each), 0);
			lab->page->put_ms = 100; /* a cursor for each */
			die_at(lab, points[i], pass);
			/* a death that did not come would prove nothing */
			assert_int_equal(lab->deaths, 1);
			assert_int_equal(teardown(&each), 0);
		}
	}
}

/* 100 times, under load, behind another event each time; some before any. */
static void test_any_moment(void **state)
{
	struct lab *l = *state;
	unsigned deaths = 0;
	uint32_t random = 1;

	open_store(l);
	start(l);
	while (deaths < 100) {
		unsigned before;
		int status;

		/* so that none brings more than 600, all less than CAME_MAX */
		await(l, cursor(l).event + 200 >= l->events);
		before = l->page->n_came;
		add(l, 200);
		/* the numbers of Numerical Recipes' quick generator */
		random = random * 1664525 + 1013904223;
		while (l->page->n_came - before < (random >> 29) * 25)
			(void)sched_yield(); /* cannot fail on Linux */
		assert_int_equal(kill(l->publisher, SIGKILL), 0);
		assert_int_equal(waitpid(l->publisher, &status, 0),
				 l->publisher);
		base_fd_close(&l->channel);
		start(l);
		deaths++;
	}
	add(l, 1); /* when it came, the sink is open */
	await_all(l);
	stop(l);
	expect_all(l);
	assert_true(l->page->n_came > l->events); /* some came again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points),
		cmocka_unit_test_setup_teardown(test_any_moment, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
