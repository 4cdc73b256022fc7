/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_stop_test.c - ends of our own making, and who misses bytes by them */
#include "worker_steps_test.h"

/* No byte more fits into the ring, and nobody reads it. */
static void fill_ring(struct steps *s)
{
	static const uint8_t bytes[4096];
	struct ring_entry e = { .type = RING_ENTRY_DATA, .len = sizeof(bytes) };
	struct worker *w = s->w[0].worker;

	while (ring_tap_put(&w->tap, &e, bytes, w->env.now_ms))
		continue;
	e.len = 0;
	while (ring_tap_put(&w->tap, &e, bytes, w->env.now_ms))
		continue;
}

/* What `from` says stays in the kernel: the flow waits for the ring. */
static void check(enum ring_side from, enum ring_close reason)
{
	struct steps *s = steps_new(4);
	struct worker *w = s->w[0].worker;
	const struct ring_dir *d = &s->w[0].map.slots[0].dir[from];
	int fd[RING_SIDES];

	s->conf->rules[0].when_full = CONF_WHEN_FULL_WAIT;
	fd[RING_CLIENT] = steps_client(s, 0, 1, 0);
	say(fd[RING_CLIENT], "a");
	fd[RING_SERVER] = steps_server(s, "a");
	fill_ring(s);
	say(fd[from], "unread");
	(void)steps_settle(s);
	assert_true(d->flags & RING_DIR_RING_WAIT);
	assert_int_equal(d->pend_len, 0);
	worker_flow_stop(w, 0, reason);
	assert_true(worker_flow_reap(w));
	/* a FIN would say that this was all */
	hear_reset(fd[!from]);
	assert_int_equal(close(fd[RING_CLIENT]), 0);
	assert_int_equal(close(fd[RING_SERVER]), 0);
	steps_free(s);
}

static void whoever_misses_unread_bytes_is_reset(void **state)
{
	(void)state;
	check(RING_CLIENT, RING_CLOSE_STOPPED);
	check(RING_SERVER, RING_CLOSE_STOPPED);
	check(RING_CLIENT, RING_CLOSE_OPERATOR);
	check(RING_SERVER, RING_CLOSE_OPERATOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_misses_unread_bytes_is_reset),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
