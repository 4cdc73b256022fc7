/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_value_test.c - values as the manual says, and everything near them */
#include "conf_value.h"

#include <string.h>

#include "base_test.h"
#include "conf_text.h"

static struct base_span span(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

/* want = 0 stands for refused, and then the result is untouched. */
struct number_row {
	const char *text;
	uint64_t want;
};

static void check_numbers(bool (*parse)(struct base_span, uint64_t *),
			  const struct number_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v = 77;
		const bool ok = parse(span(rows[i].text), &v);

		if (ok != (rows[i].want != 0) || v != (ok ? rows[i].want : 77))
			fail_msg("\"%s\" gave %d, %llu", rows[i].text, ok,
				 (unsigned long long)v);
	}
}

static void counts(void **state)
{
	static const struct number_row rows[] = {
		{ "1", 1 },
		{ "64", 64 },
		{ "18446744073709551615", UINT64_MAX }, /* 2^64 - 1 */
		{ "18446744073709551616", 0 },
		{ "99999999999999999999", 0 },
		{ "", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ " 1", 0 },
		{ "1 ", 0 },
		{ "01", 0 },
		{ "0x1", 0 },
		{ "1e3", 0 },
		{ "1_000", 0 },
		{ "1.0", 0 },
		{ "2h", 0 },
		{ "\xd9\xa1", 0 }, /* an Arabic-Indic digit one */
	};
	uint64_t v = 77;

	(void)state;
	check_numbers(conf_value_count, rows, WS_ARRAY_LEN(rows));
	assert_true(conf_value_count(span("0"), &v));
	assert_int_equal(v, 0);
	assert_false(conf_value_count(
		(struct base_span){ (const uint8_t *)"1\0", 2 }, &v));
}

static void durations(void **state)
{
	static const struct number_row rows[] = {
		{ "1ms", 1 },
		{ "500ms", 500 },
		{ "10s", 10000 },
		{ "2m", 120000 },
		{ "2h", 7200000 },
		/* 2^64 / 3600000 = 5124095576030.4 */
		{ "5124095576030h", 18446744073708000000U },
		{ "5124095576031h", 0 },
		{ "10", 0 },
		{ "10S", 0 },
		{ "10 s", 0 },
		{ "10sec", 0 },
		{ "1h30m", 0 },
		{ "1d", 0 },
		{ "s", 0 },
		{ "-1s", 0 },
		{ "1.5s", 0 },
	};

	(void)state;
	check_numbers(conf_value_duration, rows, WS_ARRAY_LEN(rows));
}

static void sizes(void **state)
{
	static const struct number_row rows[] = {
		{ "1", 1 },
		{ "64K", 65536 },
		{ "16M", 16777216 },
		{ "1G", 1073741824 },
		/* 2^34 * 2^30 = 2^64 */
		{ "17179869183G", 18446744072635809792U },
		{ "17179869184G", 0 },
		{ "16m", 0 },
		{ "16MB", 0 },
		{ "16MiB", 0 },
		{ "M", 0 },
		{ "1.5M", 0 },
		{ "1T", 0 },
	};

	(void)state;
	check_numbers(conf_value_size, rows, WS_ARRAY_LEN(rows));
}

static void formats(void **state)
{
	char buf[CONF_NUMBER_LEN];

	(void)state;
	conf_value_format_duration(10000, buf);
	assert_string_equal(buf, "10s");
	conf_value_format_duration(90000, buf);
	assert_string_equal(buf, "90s");
	conf_value_format_duration(120000, buf);
	assert_string_equal(buf, "2m");
	conf_value_format_duration(7200000, buf);
	assert_string_equal(buf, "2h");
	conf_value_format_duration(1001, buf);
	assert_string_equal(buf, "1001ms");
	conf_value_format_duration(0, buf);
	assert_string_equal(buf, "0ms");
	conf_value_format_size(1U << 24, buf);
	assert_string_equal(buf, "16M");
	conf_value_format_size((1U << 24) + 1, buf);
	assert_string_equal(buf, "16777217");
	conf_value_format_size(0, buf);
	assert_string_equal(buf, "0");
	conf_value_format_count(UINT64_MAX, buf);
	assert_string_equal(buf, "18446744073709551615");
}

/* A destination says itself again, in its shortest form. */
static void destinations(void **state)
{
	static const struct {
		const char *text, *again; /* NULL = refused */
	} rows[] = {
		{ "47.88.85.196:7700", "47.88.85.196:7700" },
		{ "47.88.85.196/32:1-65535", "47.88.85.196:1-65535" },
		{ "192.0.2.0/24:7-7", "192.0.2.0/24:7" },
		{ "0.0.0.0/0:7700", "0.0.0.0/0:7700" },
		{ "[2001:db8::7]:7700", "[2001:db8::7]:7700" },
		{ "[2001:DB8:0::/32]:1-2", "[2001:db8::/32]:1-2" },
		{ "[::/0]:7700", "[::/0]:7700" },
		{ "", NULL },
		{ ":", NULL },
		{ ":7700", NULL },
		{ "[]:7700", NULL },
		{ "[:7700", NULL },
		{ "192.0.2.1", NULL },
		{ "192.0.2.1:", NULL },
		{ "192.0.2.1:0", NULL },
		{ "192.0.2.1:07700", NULL },
		{ "192.0.2.1:65536", NULL },
		{ "192.0.2.1:4294967297", NULL },
		{ "192.0.2.1:2-1", NULL },
		{ "192.0.2.1:1-2-3", NULL },
		{ "192.0.2.1:-2", NULL },
		{ "192.0.2.1:1,2", NULL },
		{ "192.0.2.1:http", NULL },
		{ "192.0.2.1/24:1", NULL },
		{ "192.0.2.0/:1", NULL },
		{ "[192.0.2.1]:1", NULL },
		{ "2001:db8::7:7700", NULL },
		{ "[2001:db8::7]7700", NULL },
		{ "[2001:db8::]/32:7700", NULL },
		{ "[fe80::1%eth0]:7700", NULL },
		{ "tracker.example:7700", NULL },
		{ "127.1:80", NULL },
	};
	char buf[CONF_DEST_LEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct conf_dest d = { .port_first = 7 };
		const bool ok = conf_value_dest(span(rows[i].text), &d);

		if (ok != (rows[i].again != NULL))
			fail_msg("\"%s\" gave %d", rows[i].text, ok);
		if (!ok) {
			assert_int_equal(d.port_first, 7);
			continue;
		}
		conf_value_format_dest(&d, buf);
		assert_string_equal(buf, rows[i].again);
	}
}

static void interfaces(void **state)
{
	static const char *const good[] = {
		"br-lan", "wg*", "eth0.100", "lo", "a_b+c", "a23456789012345"
	};
	static const char *const bad[] = { "",     "*",   "w*g",
					   "**",   ".",   "..",
					   "a b",  "a/b", "a:b",
					   "a\nb", "a\"", "a234567890123456" };
	char name[CONF_IFNAME_LEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(good); i++) {
		assert_true(conf_value_iface(span(good[i]), name));
		assert_string_equal(name, good[i]);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(bad); i++) {
		if (conf_value_iface(span(bad[i]), name))
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

static void services(void **state)
{
	static const struct {
		const char *text, *host, *service; /* NULL = refused */
		bool literal;
	} rows[] = {
		{ "0.0.0.0:7700", "0.0.0.0", "7700", true },
		{ "[::1]:7700", "::1", "7700", true },
		{ "[::1]:http", "::1", "http", true },
		{ "tracker.example:gps-port", "tracker.example", "gps-port",
		  false },
		{ "3com:65535", "3com", "65535", false },
		{ "::1:7700", NULL, NULL, false },
		{ "[::1]", NULL, NULL, false },
		{ "[localhost]:1", NULL, NULL, false },
		{ "[127.0.0.1]:1", NULL, NULL, false },
		{ "[fe80::1%lo]:1", NULL, NULL, false },
		{ "7700", NULL, NULL, false },
		{ ":7700", NULL, NULL, false },
		{ "localhost:", NULL, NULL, false },
		{ "localhost:0", NULL, NULL, false },
		{ "localhost:65536", NULL, NULL, false },
		{ "localhost:070", NULL, NULL, false },
		{ "localhost:+70", NULL, NULL, false },
		{ "localhost: 70", NULL, NULL, false },
		{ "local host:70", NULL, NULL, false },
		/* inet_aton() takes these */
		{ "127.1:70", NULL, NULL, false },
		{ "2130706433:70", NULL, NULL, false },
		{ "0x7f.0.0.1:70", NULL, NULL, false },
		{ "0177.0.0.1:70", NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct conf_service s;
		const bool ok = conf_value_service(span(rows[i].text), &s);

		if (ok != (rows[i].host != NULL))
			fail_msg("\"%s\" gave %d", rows[i].text, ok);
		if (!ok)
			continue;
		assert_string_equal(s.host, rows[i].host);
		assert_string_equal(s.service, rows[i].service);
		assert_int_equal(s.literal, rows[i].literal);
	}
}

/* RFC 3629: the ends of each length, and what lies outside them. */
static void utf8(void **state)
{
	static const struct {
		const char *bytes;
		int32_t want;
	} rows[] = {
		{ "\x7f", 0x7f },
		{ "\xc2\x80", 0x80 },
		{ "\xdf\xbf", 0x7ff },
		{ "\xe0\xa0\x80", 0x800 },
		{ "\xef\xbf\xbf", 0xffff },
		{ "\xf0\x90\x80\x80", 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff },
		{ "\x80", -1 },
		{ "\xc1\xbf", -1 },
		{ "\xe0\x9f\xbf", -1 },
		{ "\xed\xa0\x80", -1 }, /* a surrogate */
		{ "\xf0\x8f\xbf\xbf", -1 },
		{ "\xf4\x90\x80\x80", -1 },
		{ "\xf8\x88\x80\x80\x80", -1 },
		{ "\xe2\x82", -1 }, /* cut off */
		{ "\xe2\x28\xa1", -1 },
	};
	struct base_rd r;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		base_rd_init(&r, rows[i].bytes, strlen(rows[i].bytes));
		assert_int_equal(conf_text_next(&r), rows[i].want);
		if (rows[i].want >= 0)
			assert_int_equal(base_rd_left(&r), 0);
	}
}

static void quoting(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(conf_text_quote(span("a\"\\\n"), buf, sizeof(buf)),
			    "\"a\\\"\\\\\\x0a\"");
	/* U+009B, the one-byte CSI of terminals, and a stray byte */
	assert_string_equal(conf_text_quote(span("\xc2\x9b\xff"), buf, 16),
			    "\"\\xc2\\x9b\\xff\"");
	/* 11 letters, `..."` and the two ends are 16; a character is whole */
	assert_string_equal(conf_text_quote(span("0123456789abcdef"), buf, 16),
			    "\"0123456789...\"");
	assert_string_equal(conf_text_quote(span("012345678\xc3\xa4"
						 "abcdef"),
					    buf, sizeof(buf)),
			    "\"012345678...\"");
}

/* want = 1 stands for refused: no zone ends in an odd minute. */
static void zones(void **state)
{
	static const struct {
		const char *text;
		int32_t want;
	} rows[] = {
		{ "+00:00", 0 },    { "+08:00", 480 }, /* 8 * 60 */
		{ "-03:30", -210 },                    /* -(3 * 60 + 30) */
		{ "+05:45", 345 },                     /* Nepal */
		{ "+14:00", 840 },  { "-14:00", -840 }, { "-00:00", 0 },
		{ "+14:01", 1 },    { "-14:02", 1 },    { "+99:00", 1 },
		{ "+08:60", 1 },    { "08:00", 1 },     { "+8:00", 1 },
		{ "+0800", 1 },     { "+08:00 ", 1 },   { "+08:0", 1 },
		{ "+08:000", 1 },   { "+-8:00", 1 },    { "+08:-1", 1 },
		{ "UTC", 1 },       { "", 1 },
	};
	char text[CONF_ZONE_LEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		int32_t v = 1;
		const bool ok = conf_value_zone(span(rows[i].text), &v);

		if (ok != (rows[i].want != 1) || v != rows[i].want)
			fail_msg("\"%s\" gave %d, %d", rows[i].text, ok, v);
		if (!ok || (rows[i].text[0] == '-' && !v))
			continue;
		conf_value_format_zone(v, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),       cmocka_unit_test(durations),
		cmocka_unit_test(sizes),        cmocka_unit_test(formats),
		cmocka_unit_test(destinations), cmocka_unit_test(interfaces),
		cmocka_unit_test(services),     cmocka_unit_test(utf8),
		cmocka_unit_test(quoting),      cmocka_unit_test(zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
