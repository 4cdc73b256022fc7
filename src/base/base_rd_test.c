/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_rd_test.c - the reader never leaves its bytes and keeps its error */
#include "base_rd.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"

static struct base_rd reader(const char *text)
{
	struct base_rd r;

	base_rd_init(&r, text, strlen(text));
	return r;
}

static void integers_are_big_endian(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0x01, 0x02, 0x80, 0x00,
					 0x00, 0x01, 0xfe, 0xdc, 0xba,
					 0x98, 0x76, 0x54, 0x32, 0x10 };
	struct base_rd r;

	(void)state;
	base_rd_init(&r, bytes, sizeof(bytes));
	assert_int_equal(base_rd_u8(&r), 0xff);
	assert_int_equal(base_rd_be16(&r), 0x0102);
	assert_int_equal(base_rd_be32(&r), 0x80000001);
	assert_int_equal(base_rd_be64(&r), 0xfedcba9876543210);
	assert_int_equal(base_rd_left(&r), 0);
	assert_true(base_rd_ok(&r));
}

/* Every cut of a 15-byte record, in memory that ends with the cut: the address
 * sanitizer sees a read past it. */
static void a_cut_record_fails(void **state)
{
	static const uint8_t bytes[15] = { 1 };

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		uint8_t *cut = malloc(n ? n : 1);
		struct base_rd r;

		assert_non_null(cut);
		memcpy(cut, bytes, n);
		base_rd_init(&r, cut, n);
		(void)base_rd_u8(&r);
		(void)base_rd_be16(&r);
		(void)base_rd_be32(&r);
		(void)base_rd_be64(&r);
		assert_int_equal(base_rd_ok(&r), n == sizeof(bytes));
		free(cut);
	}
}

/* After an error every read gives nothing, though bytes are there. */
static void the_error_sticks(void **state)
{
	struct base_rd r = reader("12;4");
	const uint8_t *at = r.pos;

	(void)state;
	base_rd_fail(&r);
	assert_false(base_rd_ok(&r));
	assert_int_equal(base_rd_left(&r), 0);
	assert_int_equal(base_rd_peek(&r), -1);
	assert_int_equal(base_rd_u8(&r), 0);
	assert_int_equal(base_rd_be16(&r), 0);
	assert_int_equal(base_rd_hex(&r, 1), 0);
	assert_int_equal(base_rd_take(&r, 0).len, 0);
	assert_null(base_rd_until(&r, ';').ptr);
	base_rd_expect(&r, '1');
	assert_ptr_equal(r.pos, at);
	assert_false(base_rd_ok(&r));
}

static void take_gives_the_bytes_or_fails(void **state)
{
	struct base_rd r = reader("abcd");
	struct base_span s = base_rd_take(&r, 3);

	(void)state;
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.ptr, "abc", 3);
	assert_int_equal(base_rd_peek(&r), 'd');
	s = base_rd_take(&r, 2);
	assert_int_equal(s.len, 0);
	assert_false(base_rd_ok(&r));
	/* what was left is not given out after all */
	assert_int_equal(base_rd_take(&r, 1).len, 0);

	r = reader("abcd");
	assert_int_equal(base_rd_take(&r, SIZE_MAX).len, 0);
	assert_false(base_rd_ok(&r));
}

static void nothing_can_be_read(void **state)
{
	struct base_rd r;

	(void)state;
	base_rd_init(&r, NULL, 0);
	assert_true(base_rd_ok(&r));
	assert_int_equal(base_rd_left(&r), 0);
	assert_int_equal(base_rd_peek(&r), -1);
	assert_int_equal(base_rd_take(&r, 0).len, 0);
	assert_true(base_rd_ok(&r));
	assert_int_equal(base_rd_u8(&r), 0);
	assert_false(base_rd_ok(&r));
}

static void until_stops_at_the_delimiter(void **state)
{
	struct base_rd r = reader("3G*;x");
	struct base_span s = base_rd_until(&r, '*');

	(void)state;
	assert_int_equal(s.len, 2);
	assert_memory_equal(s.ptr, "3G", 2);
	s = base_rd_until(&r, ';');
	assert_int_equal(s.len, 0);
	assert_true(base_rd_ok(&r));
	assert_int_equal(base_rd_left(&r), 1);
	s = base_rd_until(&r, ';');
	assert_null(s.ptr);
	assert_false(base_rd_ok(&r));
}

static void expect_takes_only_what_it_wants(void **state)
{
	struct base_rd r = reader("[x");
	const uint8_t *at;

	(void)state;
	base_rd_expect(&r, '[');
	assert_true(base_rd_ok(&r));
	at = r.pos;
	base_rd_expect(&r, ']');
	assert_false(base_rd_ok(&r));
	assert_ptr_equal(r.pos, at);

	r = reader("");
	base_rd_expect(&r, 0);
	assert_false(base_rd_ok(&r));
}

static void hex_takes_digits_only(void **state)
{
	static const struct {
		const char *text;
		size_t digits;
		uint32_t value;
		bool ok;
	} cases[] = {
		{ "000D*", 4, 13, true },
		{ "ffffffff", 8, 0xffffffff, true },
		{ "aAbBcCdD", 8, 0xaabbccdd, true },
		{ "9", 0, 0, true },
		{ "00D", 4, 0, false }, /* too short */
		{ "0x1F", 4, 0, false },
		{ " 01F", 4, 0, false },
		{ "-001", 4, 0, false },
		{ "00g0", 4, 0, false }, /* one past f */
		{ "00@0", 4, 0, false }, /* one before A */
		{ "00:0", 4, 0, false }, /* one past 9 */
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct base_rd r = reader(cases[i].text);
		const uint8_t *start = r.pos;

		assert_int_equal(base_rd_hex(&r, cases[i].digits),
				 cases[i].value);
		assert_int_equal(base_rd_ok(&r), cases[i].ok);
		assert_int_equal(r.pos - start,
				 cases[i].ok ? cases[i].digits : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(a_cut_record_fails),
		cmocka_unit_test(the_error_sticks),
		cmocka_unit_test(take_gives_the_bytes_or_fails),
		cmocka_unit_test(nothing_can_be_read),
		cmocka_unit_test(until_stops_at_the_delimiter),
		cmocka_unit_test(expect_takes_only_what_it_wants),
		cmocka_unit_test(hex_takes_digits_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
