/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_test.c - what a flow wants to be polled for, over all its states */
#include "relay.h"

#include <string.h>

#include "base_test.h"

#define N_FLAGS 32 /* five bits */

/* The theory of relay.h as a table: which flags forbid reading. */
static const struct {
	enum ring_dir_flag flag;
	bool forbids_read;
} flag_rows[] = {
	{ RING_DIR_EOF_SEEN, true },  { RING_DIR_SHUT_SENT, false },
	{ RING_DIR_BLOCKED, false },  { RING_DIR_RING_WAIT, true },
	{ RING_DIR_POOL_WAIT, true },
};

static bool may_read(const struct ring_dir *d)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(flag_rows); i++) {
		if (d->flags & flag_rows[i].flag && flag_rows[i].forbids_read)
			return false;
	}
	return d->pend_len == 0;
}

static unsigned want_open(const struct ring_slot *s, enum ring_side side)
{
	const struct ring_dir *own = &s->dir[side], *other = &s->dir[!side];

	return (may_read(own) ? RELAY_READ : 0U) |
	       (other->pend_len ? RELAY_WRITE : 0U);
}

/* What a pump run can leave behind: a FIN is passed on as soon as nothing is
 * pending, and never before it was seen. */
static bool is_left_by_pump(const struct ring_dir *d)
{
	const bool eof = d->flags & RING_DIR_EOF_SEEN;
	const bool shut = d->flags & RING_DIR_SHUT_SENT;

	return shut == (eof && !d->pend_len);
}

static void check_open(const struct ring_slot *s)
{
	const unsigned client = relay_interest(s, RING_CLIENT);
	const unsigned server = relay_interest(s, RING_SERVER);

	assert_int_equal(client, want_open(s, RING_CLIENT));
	assert_int_equal(server, want_open(s, RING_SERVER));
	if (is_left_by_pump(&s->dir[0]) && is_left_by_pump(&s->dir[1]) &&
	    !relay_finished(s) && !relay_waits(s))
		assert_true(client | server);
}

static void check_other(const struct ring_slot *s)
{
	const bool connecting = s->state == RING_STATE_CONNECTING;

	assert_int_equal(relay_interest(s, RING_CLIENT), RELAY_QUIET);
	assert_int_equal(relay_interest(s, RING_SERVER),
			 connecting ? RELAY_WRITE : RELAY_QUIET);
}

/* All flags of both directions, with and without pending bytes. */
static void for_all_directions(uint32_t state,
			       void (*check)(const struct ring_slot *))
{
	for (uint32_t n = 0; n < N_FLAGS * N_FLAGS * 4; n++) {
		struct ring_slot s = { .state = state };

		s.dir[0].flags = (uint16_t)(n % N_FLAGS);
		s.dir[1].flags = (uint16_t)(n / N_FLAGS % N_FLAGS);
		s.dir[0].pend_len = n / (N_FLAGS * N_FLAGS) & 1;
		s.dir[1].pend_len = n / (N_FLAGS * N_FLAGS) >> 1;
		check(&s);
	}
}

static void an_open_flow_wants_what_it_can_use(void **state)
{
	(void)state;
	for_all_directions(RING_STATE_OPEN, check_open);
}

static void other_states_want_nothing_but_the_connect(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RING_STATE_MAX; i++) {
		if (i != RING_STATE_OPEN)
			for_all_directions(i, check_other);
	}
}

static void check_end(const struct ring_slot *s)
{
	const unsigned both = s->dir[0].flags & s->dir[1].flags;
	const unsigned any = s->dir[0].flags | s->dir[1].flags;

	/* the bits by value: 2 SHUT_SENT, 8 RING_WAIT, 16 POOL_WAIT */
	assert_int_equal(relay_finished(s), (both >> 1) & 1);
	assert_int_equal(relay_waits(s), any >= 8);
}

static void finished_is_both_and_waiting_is_any(void **state)
{
	(void)state;
	for_all_directions(RING_STATE_OPEN, check_end);
}

static void a_new_flow_begins_empty(void **state)
{
	struct ring_slot s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	relay_begin(&s);
	for (int i = 0; i < RING_SIDES; i++) {
		const struct ring_dir want = {
			.pend_first = 0xffffffff,
			.pend_last = 0xffffffff,
			.chunk_shift = 12,
		};

		assert_memory_equal(&s.dir[i], &want, sizeof(want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_flow_wants_what_it_can_use),
		cmocka_unit_test(other_states_want_nothing_but_the_connect),
		cmocka_unit_test(finished_is_both_and_waiting_is_any),
		cmocka_unit_test(a_new_flow_begins_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
