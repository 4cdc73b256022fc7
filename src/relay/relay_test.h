/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_test.h - two flows whose four sockets are played by the test
 *
 * Each side has a stream of test bytes (ring_test.h). How much of it comes, how
 * much is taken and what fails is up to world.decide(); that the bytes which
 * reach a side are the other side's, in order, is checked here.
 */
#ifndef RELAY_TEST_H
#define RELAY_TEST_H

#include <errno.h>
#include <limits.h>

#include "relay.h"
#include "ring_test.h"

#define RELAY_TEST_FLOWS 2
#define RELAY_TEST_SIDES (RELAY_TEST_FLOWS * RING_SIDES)
#define RELAY_TEST_FD    100 /* of side 0; no real descriptor is used */
#define RELAY_TEST_ALL   INT_MAX

enum relay_test_call {
	RELAY_TEST_RECV,
	RELAY_TEST_SEND,
	RELAY_TEST_SHUT,
	RELAY_TEST_CALLS
};

struct relay_test_side {
	uint64_t said;   /* bytes that the relay received from it */
	uint64_t heard;  /* bytes that the relay sent to it */
	uint64_t fin_at; /* bytes heard before the FIN */
	unsigned fins;
	size_t room;  /* in its send buffer */
	size_t asked; /* by the last recv */
};

static struct relay_test_world {
	struct ring_fixture *ring;
	struct ring_pool pool;
	struct relay_env env;
	struct relay_test_side side[RELAY_TEST_SIDES];
	/* Return: as the call itself; more than `max` counts as max. */
	ssize_t (*decide)(enum relay_test_call call, unsigned side, size_t max);
} world;

static inline struct ring_slot *relay_test_slot(uint32_t slot)
{
	return &world.env.slots[slot];
}

static inline ssize_t relay_test_recv(int fd, void *buf, size_t len)
{
	const unsigned i = (unsigned)(fd - RELAY_TEST_FD);
	struct relay_test_side *s = &world.side[i];
	ssize_t n;

	assert_in_range(len, 1, RING_CHUNK_MAX);
	s->asked = len;
	n = world.decide(RELAY_TEST_RECV, i, len);
	if (n <= 0)
		return n;
	if ((size_t)n > len)
		n = (ssize_t)len;
	memcpy(buf, ring_test_bytes(i, s->said), (size_t)n);
	s->said += (uint64_t)n;
	return n;
}

static inline ssize_t relay_test_sendv(int fd, struct iovec *iov, int n_iov)
{
	const unsigned i = (unsigned)(fd - RELAY_TEST_FD);
	struct relay_test_side *s = &world.side[i];
	size_t total = 0;
	ssize_t n, left;

	assert_int_equal(s->fins, 0);
	for (int k = 0; k < n_iov; k++)
		total += iov[k].iov_len;
	assert_true(total > 0);
	n = world.decide(RELAY_TEST_SEND, i, total);
	if (n <= 0)
		return n;
	if ((size_t)n > total)
		n = (ssize_t)total;
	left = n;
	for (int k = 0; left > 0; k++) {
		const size_t here = iov[k].iov_len < (size_t)left
					    ? iov[k].iov_len
					    : (size_t)left;

		/* what this side hears is what its other side said */
		assert_memory_equal(iov[k].iov_base,
				    ring_test_bytes(i ^ 1U, s->heard), here);
		s->heard += here;
		left -= (ssize_t)here;
	}
	return n;
}

static inline int relay_test_shutdown(int fd)
{
	const unsigned i = (unsigned)(fd - RELAY_TEST_FD);
	const int r = (int)world.decide(RELAY_TEST_SHUT, i, 0);

	if (r == 0) {
		world.side[i].fins++;
		world.side[i].fin_at = world.side[i].heard;
	}
	return r;
}

static inline size_t relay_test_room(int fd)
{
	return world.side[fd - RELAY_TEST_FD].room;
}

/* A flow begins in that slot. */
static inline void relay_test_begin(uint32_t slot, uint16_t flags,
				    enum ring_when_full when_full)
{
	struct ring_slot *s = relay_test_slot(slot);
	const uint32_t serial = s->serial + 1;

	memset(s, 0, sizeof(*s));
	relay_begin(s);
	s->serial = serial;
	s->flow_id = world.env.control->ring_id + serial;
	s->state = RING_STATE_OPEN;
	s->flags = flags;
	s->when_full = (uint8_t)when_full;
	for (unsigned i = 0; i < RING_SIDES; i++) {
		s->fd[i] = RELAY_TEST_FD + (int)(RING_SIDES * slot + i);
		world.side[RING_SIDES * slot + i] =
			(struct relay_test_side){ .room = SIZE_MAX };
	}
}

static inline void relay_test_in(struct ring_fixture *ring)
{
	static const struct relay_io io = {
		.recv = relay_test_recv,
		.sendv = relay_test_sendv,
		.shutdown = relay_test_shutdown,
		.room = relay_test_room,
	};

	memset(&world, 0, sizeof(world));
	world.ring = ring;
	ring_pool_init(&world.pool, &world.ring->map);
	world.env = (struct relay_env){
		.io = &io,
		.control = world.ring->map.control,
		.slots = world.ring->map.slots,
		.tap = &world.ring->tap,
		.pool = &world.pool,
		.now_ms = 1000,
		.wall_ns = 1700000000000000000,
	};
}

static inline int relay_test_setup(void **state)
{
	*state = ring_fixture_new(0);
	relay_test_in(*state);
	return 0;
}

/* Runs one direction; says what broke as -1 nothing, else the side. */
static inline int relay_test_pump(uint32_t slot, unsigned d, int *broken)
{
	enum ring_side side = RING_SIDES;
	const int r = relay_pump(&world.env, slot, d, &side);

	*broken = side == RING_SIDES ? -1 : (int)side;
	return r;
}

#define RELAY_TEST(t)                                        \
	cmocka_unit_test_setup_teardown(t, relay_test_setup, \
					ring_fixture_teardown)

#endif
