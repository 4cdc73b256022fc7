/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_template_test.c - routing keys, and what binds a queue to them */
#include "sink_template.h"

#include <string.h>

#include "base_attr.h"
#include "base_test.h"
#include "sink.h"

#define ROOM 32

static void test_expand(void **state)
{
	static const struct {
		const char *template, *device, *out;
	} rows[] = {
		{ "", "1234567890", "" },
		{ "tracker", "1234567890", "tracker" },
		{ "{device_id}", "1234567890", "1234567890" },
		{ "a.{device_id}.b", "77", "a.77.b" },
		{ "{protocol}.{type}", "77", "watch.position" },
		{ "x{type}y{type}", "77", "xpositionyposition" },
		{ "t.{device_id}", NULL, "t.unknown" },
		/* a name that is none of the three, and lone braces */
		{ "{imei}.{", "77", "{imei}.{" },
		{ "}{type}{device_id", "77", "}position{device_id" },
		{ "{{type}}", "77", "{position}" },
		/* the template's own dots and wildcards are its owner's */
		{ "*.#.{device_id}", "77", "*.#.77" },
		/* a value's are not, nor is what is not printable */
		{ "t.{device_id}", "1.2*3#4", "t.1_2_3_4" },
		{ "t.{device_id}", "a b\x7f\xc3\xa4-_~", "t.a_b___-_~" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct sink_event e = { .device = rows[i].device,
					      .protocol = "watch",
					      .type = "position" };
		char out[ROOM];

		assert_ptr_equal(sink_template_expand(rows[i].template, &e, out,
						      sizeof(out)),
				 out);
		assert_string_equal(out, rows[i].out);
	}
}

/* Not a byte more than the room that there is: the rest is guarded. */
static void test_too_long(void **state)
{
	const struct sink_event e = { .device = "123456",
				      .protocol = "watch",
				      .type = "login" };
	char out[12];

	(void)state;
	memset(out, 'x', sizeof(out));
	assert_non_null(sink_template_expand("k.{device_id}", &e, out, 9));
	assert_string_equal(out, "k.123456");
	assert_null(sink_template_expand("k.{device_id}", &e, out, 8));
	assert_null(sink_template_expand("k.{device_id}..", &e, out, 10));
	assert_null(sink_template_expand("12345678", &e, out, 8));
	assert_null(sink_template_binding("12345678", out, 8));
	assert_null(sink_template_binding("123456.{type}", out, 8));
	assert_non_null(sink_template_binding("12345.{type}", out, 8));
	assert_string_equal(out, "12345.*");
	assert_memory_equal(out + 10, "xx", 2);
}

static void test_binding(void **state)
{
	static const struct {
		const char *template, *out;
	} rows[] = {
		{ "", "" },
		{ "tracker.event", "tracker.event" },
		{ "{device_id}", "*" },
		{ "t.{device_id}", "t.*" },
		{ "t.{protocol}.{type}.x", "t.*.*.x" },
		/* * stands for whole words only */
		{ "t.dev-{device_id}.x", "t.*.x" },
		{ "t.{device_id}-{type}", "t.*" },
		{ "{device_id}x.{type}y", "*.*" },
		{ "t.{imei}", "t.{imei}" },
		{ "t.#", "t.#" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		char out[ROOM];

		assert_ptr_equal(sink_template_binding(rows[i].template, out,
						       sizeof(out)),
				 out);
		assert_string_equal(out, rows[i].out);
		assert_int_equal(sink_template_any(rows[i].template),
				 strcmp(rows[i].template, rows[i].out) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
