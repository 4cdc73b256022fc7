/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_pool_test.c - the pool behaves like one flat buffer per direction */
#include "ring_test.h"

#define N_DIRS  3
#define N_STEPS 50000

/* The model: stream d holds the bytes [out, in). */
struct model {
	struct ring_dir dir;
	uint64_t in, out;
};

static struct ring_dir empty_dir(void)
{
	return (struct ring_dir){ .pend_first = RING_BLOCK_NONE,
				  .pend_last = RING_BLOCK_NONE };
}

/* Blocks that the bytes of a direction must take, counted from where they lie:
 * the first begins pend_off bytes into its block. */
static uint32_t blocks_of(const struct ring_dir *d)
{
	return d->pend_len ? (d->pend_off + d->pend_len + 4095) / 4096 : 0;
}

static void assert_holds(const struct ring_pool *p, const struct model *m,
			 unsigned d, int max)
{
	struct iovec iov[RING_TEST_BLOCKS];
	const int n = ring_pool_peek(p, &m->dir, iov, max);
	uint64_t at = m->out;

	assert_in_range(n, 0, max);
	for (int i = 0; i < n; i++) {
		assert_in_range(iov[i].iov_len, 1, RING_BLOCK);
		assert_memory_equal(iov[i].iov_base, ring_test_bytes(d, at),
				    iov[i].iov_len);
		at += iov[i].iov_len;
	}
	if (n < max)
		assert_int_equal(at, m->in);
	assert_int_equal(m->dir.pend_len, m->in - m->out);
}

static void append(struct ring_pool *p, struct model *m, unsigned d, size_t len)
{
	ring_pool_append(p, &m->dir, ring_test_bytes(d, m->in), len);
	m->in += len;
}

static void consume(struct ring_pool *p, struct model *m, size_t len)
{
	ring_pool_consume(p, &m->dir, len);
	m->out += len;
}

static size_t random_len(uint64_t *seed, size_t max)
{
	static const size_t edges[] = { 1, 4095, 4096, 4097, 8192 };
	const uint64_t n = ring_test_random(seed);
	const size_t len = n % 4 ? edges[(n >> 8) % WS_ARRAY_LEN(edges)]
				 : (n >> 8) % 20000;

	return len < max ? len : max;
}

static void behaves_like_flat_buffers(void **state)
{
	struct ring_fixture *f = *state;
	struct model m[N_DIRS];
	struct ring_pool p;
	uint64_t seed = 2463534242;
	unsigned times_full = 0;

	ring_pool_init(&p, &f->map);
	for (unsigned d = 0; d < N_DIRS; d++)
		m[d] = (struct model){ .dir = empty_dir() };
	for (int step = 0; step < N_STEPS; step++) {
		const uint64_t n = ring_test_random(&seed);
		const unsigned d = (unsigned)(n >> 4) % N_DIRS;
		uint32_t used = 0;

		if (n & 1)
			append(&p, &m[d], d,
			       random_len(&seed, ring_pool_room(&p)));
		else
			consume(&p, &m[d],
				random_len(&seed, m[d].dir.pend_len));
		assert_holds(&p, &m[d], d, 1 + (int)(n >> 8) % 32);
		for (unsigned i = 0; i < N_DIRS; i++)
			used += blocks_of(&m[i].dir);
		assert_int_equal(p.n_free, RING_TEST_BLOCKS - used);
		times_full += ring_pool_room(&p) == 0;
	}
	assert_true(times_full > 0);
	for (unsigned d = 0; d < N_DIRS; d++) {
		assert_holds(&p, &m[d], d, RING_TEST_BLOCKS);
		consume(&p, &m[d], m[d].dir.pend_len);
	}
	assert_int_equal(p.n_free, RING_TEST_BLOCKS);
}

/* What room() says can be appended by anyone, down to the last byte, and all of
 * it comes out, whatever lies in the blocks already. */
static void room_is_honest(void **state)
{
	static const size_t before[] = { 0, 1, 4095, 4096, 5000 };
	struct ring_fixture *f = *state;
	struct ring_pool p;

	ring_pool_init(&p, &f->map);
	for (size_t i = 0; i < WS_ARRAY_LEN(before); i++) {
		struct model m[2] = { { .dir = empty_dir() },
				      { .dir = empty_dir() } };

		append(&p, &m[0], 0, before[i]);
		append(&p, &m[1], 1, 1);
		/* by hand: one block for the other direction's byte */
		assert_int_equal(
			ring_pool_room(&p),
			(RING_TEST_BLOCKS - 1 - (before[i] + 4095) / 4096) *
				4096);
		append(&p, &m[0], 0, ring_pool_room(&p));
		assert_int_equal(ring_pool_room(&p), 0);
		assert_holds(&p, &m[0], 0, RING_TEST_BLOCKS);
		assert_holds(&p, &m[1], 1, RING_TEST_BLOCKS);
		consume(&p, &m[1], 1);
		assert_int_equal(ring_pool_room(&p), RING_BLOCK);
		consume(&p, &m[0], m[0].dir.pend_len);
		assert_int_equal(ring_pool_room(&p),
				 RING_TEST_BLOCKS * RING_BLOCK);
	}
}

static void peek_gives_at_most_what_was_asked(void **state)
{
	struct ring_fixture *f = *state;
	struct model m = { .dir = empty_dir() };
	struct iovec iov[4];
	struct ring_pool p;

	ring_pool_init(&p, &f->map);
	assert_int_equal(ring_pool_peek(&p, &m.dir, iov, 4), 0);
	append(&p, &m, 0, 10000);
	consume(&p, &m, 100);
	assert_int_equal(ring_pool_peek(&p, &m.dir, iov, 2), 2);
	/* 10000 bytes are 4096 + 4096 + 1808; the first hundred are gone */
	assert_int_equal(ring_pool_peek(&p, &m.dir, iov, 4), 3);
	assert_int_equal(iov[0].iov_len, 3996);
	assert_int_equal(iov[1].iov_len, 4096);
	assert_int_equal(iov[2].iov_len, 1808);
}

static void the_scratch_area_is_apart(void **state)
{
	struct ring_fixture *f = *state;
	struct model m = { .dir = empty_dir() };
	struct ring_pool p;

	ring_pool_init(&p, &f->map);
	append(&p, &m, 0, ring_pool_room(&p));
	memset(p.scratch, 0xff, RING_CHUNK_MAX);
	assert_holds(&p, &m, 0, RING_TEST_BLOCKS);
	consume(&p, &m, m.dir.pend_len);
	assert_int_equal(p.n_free, RING_TEST_BLOCKS);
}

/* 1024 words of next[] fill a page: the 1025th block needs another. */
static void sizes_add_up(void **state)
{
	static const struct {
		size_t blocks, bytes;
	} rows[] = {
		{ 0, 262144 },
		{ 1, 262144 + 4096 + 4096 },
		{ 1024, 262144 + 4096 + 1024UL * 4096 },
		{ 1025, 262144 + 8192 + 1025UL * 4096 },
		{ 16384, 262144 + 65536 + 16384UL * 4096 }, /* 64 MiB */
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		assert_int_equal(ring_pool_bytes(rows[i].blocks * RING_BLOCK),
				 rows[i].bytes);
}

#define WITH_RING(t)                                           \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup, \
					ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(behaves_like_flat_buffers),
		WITH_RING(room_is_honest),
		WITH_RING(peek_gives_at_most_what_was_asked),
		WITH_RING(the_scratch_area_is_apart),
		cmocka_unit_test(sizes_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
