/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_memory_test.c - the ids that a daemon begins with */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_test.h"
#include "base_time.h"
#include "supervisor_internal.h"

#define NUMBER_MASK ((1ULL << RING_CONNECTION_BITS) - 1)

struct lab {
	struct conf_tables conf;
	struct supervisor s;
};

static int make_lab(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	(void)snprintf(lab->conf.log_dir, sizeof(lab->conf.log_dir),
		       "/tmp/supervisor_memory_test.XXXXXX");
	assert_non_null(mkdtemp(lab->conf.log_dir));
	lab->conf.workers = 1;
	lab->conf.max_flows = 1;
	lab->conf.ring_size = 1 << 20;
	lab->s.conf = &lab->conf;
	lab->s.n_workers = 1;
	ring_map_init(&lab->s.maps[0]);
	*state = lab;
	return 0;
}

static int free_lab(void **state)
{
	struct lab *lab = *state;

	supervisor_memory_free(&lab->s);
	assert_int_equal(rmdir(lab->conf.log_dir), 0);
	free(lab);
	return 0;
}

/* As if the last file in the log directory was made so many seconds ago. */
static void made_ago(const struct lab *lab, time_t seconds)
{
	const struct timespec times[] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(base_time_wall_ns() / BASE_TIME_NS_PER_S) -
			    seconds },
	};

	assert_int_equal(utimensat(AT_FDCWD, lab->conf.log_dir, times, 0), 0);
}

static void ids_of_a_quiet_second_begin_with_the_first(void **state)
{
	struct lab *lab = *state;
	uint64_t id;

	made_ago(lab, 1);
	assert_int_equal(supervisor_memory_make(&lab->s), 0);
	id = ring_shared_connection(lab->s.shared, 0);
	assert_int_equal(id & NUMBER_MASK, 0);
}

/* A predecessor may have counted from 0 in this second. That it made a file
 * later than now, after a clock was set back, is the same. */
static void a_predecessors_ids_are_not_used_again(void **state)
{
	struct lab *lab = *state;
	uint64_t before, id, after;

	made_ago(lab, -2); /* this second may end any moment */
	before = base_time_wall_ns() / 1000;
	assert_int_equal(supervisor_memory_make(&lab->s), 0);
	after = base_time_wall_ns() / 1000;
	id = ring_shared_connection(lab->s.shared, 0);
	assert_in_range((id >> RING_CONNECTION_BITS) * 1000000 +
				(id & NUMBER_MASK),
			before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			ids_of_a_quiet_second_begin_with_the_first, make_lab,
			free_lab),
		cmocka_unit_test_setup_teardown(
			a_predecessors_ids_are_not_used_again, make_lab,
			free_lab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
