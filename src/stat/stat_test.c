/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stat_test.c - every counter has a name of its own and a help text */
#include <string.h>

#include "base_attr.h"
#include "base_test.h"
#include "stat.h"

static void every_counter_is_described(void **state)
{
	(void)state;
	for (int i = 0; i < STAT_MAX; i++) {
		assert_non_null(stat_table[i].name);
		assert_non_null(stat_table[i].help);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(stat_table[i].name,
						stat_table[j].name);
	}
}

static void adding_touches_one_counter(void **state)
{
	static struct stat_block b;

	(void)state;
	stat_add(&b, STAT_EVENTS, 2);
	stat_add(&b, STAT_EVENTS, 40);
	for (int i = 0; i < STAT_ROOM; i++)
		assert_int_equal(b.v[i], i == STAT_EVENTS ? 42 : 0);
	assert_int_equal(stat_get(&b, STAT_EVENTS), 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_is_described),
		cmocka_unit_test(adding_touches_one_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
