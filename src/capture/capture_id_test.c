/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_id_test.c - ids and file names, in local time */
#include "capture_id.h"

#include "capture_test.h"

static void ids_count_within_a_second(void **state)
{
	char buf[CAPTURE_ID_LEN];

	(void)state;
	assert_string_equal(
		capture_id_format(&(struct capture_id){ SECOND, 0 }, buf), ID);
	assert_string_equal(
		capture_id_format(&(struct capture_id){ SECOND, 1 }, buf),
		ID "-2");
	assert_string_equal(
		capture_id_format(&(struct capture_id){ SECOND, 2 }, buf),
		ID "-3");
	/* it never wraps round */
	assert_string_equal(
		capture_id_format(&(struct capture_id){ SECOND, UINT32_MAX },
				  buf),
		ID "-4294967296");
}

static void names_have_the_clients_address(void **state)
{
	const struct base_addr v4 = addr("192.168.1.10:40000");
	const struct base_addr v6 =
		addr("[2001:db8:1111:2222:3333:4444:5555:6666]:40000");
	char buf[CAPTURE_NAME_LEN];

	(void)state;
	assert_string_equal(
		capture_id_file_name(&(struct capture_id){ SECOND, 0 }, &v4,
				     buf),
		ID "_192.168.1.10.log");
	assert_string_equal(
		capture_id_file_name(&(struct capture_id){ SECOND, UINT32_MAX },
				     &v6, buf),
		ID "-4294967296_2001:db8:1111:2222:3333:4444:5555:6666.log");
}

static int setup(void **state)
{
	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", TEST_ZONE, 1), 0);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_count_within_a_second),
		cmocka_unit_test(names_have_the_clients_address),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
