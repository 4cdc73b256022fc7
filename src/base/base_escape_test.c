/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_escape_test.c - every byte, as text and as digits */
#include "base_escape.h"

#include <stdio.h>
#include <string.h>

#include "base_test.h"

static void every_byte(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const uint8_t byte = (uint8_t)c;
		const struct base_span one = { &byte, 1 };
		const bool plain = c >= ' ' && c <= '~';
		char want[8], got[BASE_ESCAPE_LEN], digits[2];
		size_t len;

		assert_int_equal(base_escape_plain(one), plain);
		if (plain && c != '\\')
			(void)snprintf(want, sizeof(want), "%c", (char)c);
		else
			(void)snprintf(want, sizeof(want), "\\x%02x", c);
		len = base_escape(got, one);
		assert_int_equal(len, strlen(want));
		assert_memory_equal(got, want, len);
		(void)snprintf(want, sizeof(want), "%02x", c);
		base_escape_hex(digits, one);
		assert_memory_equal(digits, want, 2);
	}
}

static void several(void **state)
{
	static const char text[] = "a\\b\n";
	const struct base_span all = { (const uint8_t *)text, 4 };
	char got[4 * BASE_ESCAPE_LEN];

	(void)state;
	assert_int_equal(base_escape(got, all), 10);
	assert_memory_equal(got, "a\\x5cb\\x0a", 10);
	base_escape_hex(got, all);
	assert_memory_equal(got, "615c620a", 8);
	assert_false(base_escape_plain(all));
	assert_true(base_escape_plain((struct base_span){ NULL, 0 }));
	assert_int_equal(base_escape(got, (struct base_span){ NULL, 0 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
