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
				     CAPTURE_TEXT, 1, buf),
		ID "_192.168.1.10.log");
	assert_string_equal(
		capture_id_file_name(&(struct capture_id){ SECOND, UINT32_MAX },
				     &v6, CAPTURE_TEXT, 1, buf),
		ID "-4294967296_2001:db8:1111:2222:3333:4444:5555:6666.log");
}

static void later_parts_sort_behind(void **state)
{
	static const char *const endings[] = { "log", "pcap" };
	const struct base_addr client = addr("192.168.1.10:40000");
	const struct capture_id id = { SECOND, 0 };
	char first[CAPTURE_NAME_LEN], tenth[CAPTURE_NAME_LEN],
		second[CAPTURE_NAME_LEN];

	(void)state;
	for (int i = 0; i < 2; i++) {
		const enum capture_format format = (enum capture_format)i;
		char want[CAPTURE_NAME_LEN];

		(void)capture_id_file_name(&id, &client, format, 1, first);
		(void)capture_id_file_name(&id, &client, format, 2, second);
		(void)capture_id_file_name(&id, &client, format, 10, tenth);
		(void)snprintf(want, sizeof(want),
			       ID "_192.168.1.10.rot000002.%s", endings[i]);
		assert_string_equal(second, want);
		assert_true(strcmp(first, second) < 0);
		assert_true(strcmp(second, tenth) < 0);
	}
}

static void parses(const char *text, const char *id, const char *client,
		   enum capture_format format, uint32_t part)
{
	char buf[BASE_ADDR_STRLEN];
	struct capture_name n;

	if (!capture_id_parse_name(text, &n))
		fail_msg("%s", text);
	assert_string_equal(n.id, id);
	assert_string_equal(base_addr_format_ip(&n.client, buf), client);
	assert_int_equal(n.client.port, 0);
	assert_int_equal(n.format, format);
	assert_int_equal(n.part, part);
}

static void names_are_understood(void **state)
{
	(void)state;
	parses(ID "_192.168.1.10.log", ID, "192.168.1.10", CAPTURE_TEXT, 1);
	parses(ID "-4294967296_2001:db8::6.pcap", ID "-4294967296",
	       "2001:db8::6", CAPTURE_PCAP, 1);
	parses(ID "_192.168.1.10.rot000002.log", ID, "192.168.1.10",
	       CAPTURE_TEXT, 2);
	parses(ID "-2_192.168.1.10.rot999999.pcap", ID "-2", "192.168.1.10",
	       CAPTURE_PCAP, 999999);
}

static void an_id_is_a_second_and_a_number(void **state)
{
	struct capture_name n;

	(void)state;
	assert_true(capture_id_parse_name(ID "-3_192.168.1.10.log", &n));
	assert_true(n.when.second == SECOND);
	assert_int_equal(n.when.number, 2);
	assert_true(
		capture_id_parse_name(ID "-4294967296_192.168.1.10.log", &n));
	assert_true(n.when.number == UINT32_MAX);
	assert_true(capture_id_parse_name(ID "_192.168.1.10.log", &n));
	assert_int_equal(n.when.number, 0);
	/* no such date: still a name, of no time */
	assert_true(capture_id_parse_name("2025-13-03_195501_192.168.1.10.log",
					  &n));
	assert_int_equal(n.when.second, 0);
}

static void other_names_are_not(void **state)
{
	static const char *const names[] = {
		"",
		".log",
		"errors.log",
		"events.log",
		ID,
		ID "_.log",
		ID "_192.168.1.10",
		ID "_192.168.1.10.log.1",
		ID "_192.168.1.10.txt",
		ID "_192.168.1.log",
		ID "_192.168.1.10:80.log",
		ID "_host.log",
		ID "-_192.168.1.10.log",
		ID "-1_192.168.1.10.log",
		ID "-02_192.168.1.10.log",
		ID "-12345678901_192.168.1.10.log",
		ID "_192.168.1.10.rot000001.log",
		ID "_192.168.1.10.rot00002.log",
		ID "_192.168.1.10.rot00000x.log",
		ID ".rot000002.log",
		"2025-11-03 195501_192.168.1.10.log",
		"x" ID "_192.168.1.10.log",
		ID "_11111111111111111111111111111111111111111111111111111111"
		   "1111111111111111111111111111.log",
	};
	struct capture_name n = { .part = 77 };

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		if (capture_id_parse_name(names[i], &n))
			fail_msg("%s", names[i]);
	}
	assert_int_equal(n.part, 77);
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
		cmocka_unit_test(later_parts_sort_behind),
		cmocka_unit_test(names_are_understood),
		cmocka_unit_test(an_id_is_a_second_and_a_number),
		cmocka_unit_test(other_names_are_not),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
