/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_model.h - what drives a model test
 *
 * A schedule is a function of its seed alone, so a failure comes again. Each
 * test run does the same few thousand; by the environment
 *
 *   WAYSIDE_MODEL_SECONDS=N   fresh seeds for that long
 *   WAYSIDE_MODEL_SEED=N      this one only
 */
#ifndef RING_MODEL_H
#define RING_MODEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base_test.h"
#include "base_time.h"

/* Of the schedule that runs, or failed. */
static uint64_t ring_model_seed;
static uint64_t ring_model_state;

static inline uint64_t ring_model_env(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : 0;
}

/* xorshift64 (Marsaglia 2003). Return: 0 to n - 1. */
static inline uint64_t ring_model_chance(uint64_t n)
{
	uint64_t *s = &ring_model_state;

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return (*s >> 11) % n;
}

static inline void ring_model_one(uint64_t seed, void (*schedule)(void))
{
	ring_model_seed = seed;
	/* never 0, where xorshift would stay */
	ring_model_state = (seed * 0x9e3779b97f4a7c15ULL) | 1;
	(void)ring_model_chance(2);
	schedule();
}

/* Return: whether the usual n schedules were run, so that what they have met
 * can be asserted. */
static inline bool ring_model_run(uint64_t n, void (*schedule)(void))
{
	const uint64_t seed = ring_model_env("WAYSIDE_MODEL_SEED");
	const uint64_t ms = 1000 * ring_model_env("WAYSIDE_MODEL_SECONDS");
	const uint64_t start = base_time_mono_ms();
	uint64_t first = 1, done = 0;

	if (seed) {
		ring_model_one(seed, schedule);
		return false;
	}
	if (ms)
		assert_int_equal(getrandom(&first, sizeof(first), 0),
				 sizeof(first));
	do
		ring_model_one(first + done++, schedule);
	while (ms ? base_time_mono_ms() - start < ms : done < n);
	print_message("%" PRIu64 " schedules from seed %" PRIu64 " on\n", done,
		      first);
	return !ms;
}

/* For teardown: what to repeat if it has failed. */
static inline void ring_model_tell(void)
{
	print_message("last: WAYSIDE_MODEL_SEED=%" PRIu64 "\n",
		      ring_model_seed);
}

#endif
