/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_lend_test.c - of three workers, who serves the dead ones' listeners */
#define STEPS_WORKERS 3
#include "worker_steps_test.h"

/* The supervisor has seen who is dead and tells the others. */
static void set_dead(struct steps *s, uint64_t dead)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++)
		ring_shared_set_dead(s->shared, i, dead >> i & 1);
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		if (!(dead >> i & 1))
			steps_say(s, i, ROLE_LEND);
	}
}

/* Who reads from a listener of worker `owner`: bit i = worker i. */
static uint64_t readers(const struct steps *s, unsigned owner, bool udp,
			uint64_t dead)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		if (!(dead >> i & 1) &&
		    s->w[i].worker->listeners[owner + udp * STEPS_WORKERS]
			    .watched)
			bits |= 1ULL << i;
	}
	return bits;
}

/* Every set of the living: all of them help with TCP, and exactly one with UDP.
 */
static void one_heir(void **state)
{
	struct steps *s = steps_new(4);

	(void)state;
	for (uint64_t dead = 0; dead < 7; dead++) {
		const uint64_t living = 7 & ~dead;

		set_dead(s, dead);
		for (unsigned i = 0; i < STEPS_WORKERS; i++) {
			const uint64_t udp = readers(s, i, true, dead);

			assert_int_equal(readers(s, i, false, dead),
					 dead >> i & 1 ? living : 1ULL << i);
			assert_int_equal(__builtin_popcountll(udp), 1);
			assert_true(udp & living);
			if (!(dead >> i & 1))
				assert_int_equal(udp, 1ULL << i);
		}
	}
	set_dead(s, 0);
	steps_free(s);
}

/* One that is back, and is not yet known to be: it counts itself. */
static void back_again(void **state)
{
	struct steps *s = steps_new(4);

	(void)state;
	set_dead(s, 3);
	assert_int_equal(readers(s, 0, true, 3), 4);
	steps_kill(s, 1);
	steps_start(s, 1);
	assert_true(s->w[1].worker->listeners[STEPS_WORKERS].watched);
	set_dead(s, 1);
	assert_int_equal(readers(s, 0, true, 1), 2);
	set_dead(s, 0);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_heir),
		cmocka_unit_test(back_again),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
