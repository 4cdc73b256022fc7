/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_format_test.c - the classic body, byte for byte */
#include "sink_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_attr.h"
#include "base_test.h"

#define HEAD "{\"id\":\"00f0-c-0\",\"flow\":\"00f0\","
/* 2025-11-03 14:25:01.042 UTC */
#define WHO                                                               \
	"\"time\":\"2025-11-03T14:25:01.042Z\",\"direction\":\"client\"," \
	"\"client\":\"192.0.2.7:40001\",\"server\":\"192.0.2.9:7700\","   \
	"\"connection_id\":\"2025-11-03_142500\",\"protocol\":\"watch\"," \
	"\"device_id\":null,\"type\":\"login\",\"keyword\":\"LK\","

static void expect(const char *json, const char *body)
{
	size_t len = 0;
	char *out = sink_format_classic(json, strlen(json), &len);

	assert_non_null(out);
	assert_string_equal(out, body);
	assert_int_equal(len, strlen(body));
	free(out);
}

/* The example of tcpproxy's README and of its helper: json.dumps() of a dict
 * with these keys, UTF-8. */
static void test_body(void **state)
{
	(void)state;
	expect(HEAD WHO "\"payload\":\"[3G*1234567890*0002*LK]\"}",
	       "{\"timestamp\": \"2025-11-03 14:25:01\", "
	       "\"direction\": \"client\", \"client_ip\": \"192.0.2.7\", "
	       "\"connection_id\": \"2025-11-03_142500\", "
	       "\"payload\": \"[3G*1234567890*0002*LK]\"}");
}

#define AROUND(payload)                                            \
	"{\"timestamp\": \"2025-11-03 14:25:01\", "                \
	"\"direction\": \"client\", \"client_ip\": \"192.0.2.7\"," \
	" \"connection_id\": \"2025-11-03_142500\", "              \
	"\"payload\": \"" payload "\"}"

/* In JSON a backslash and a quotation mark have a backslash before them; a
 * slash has none in Python's. */
static void test_payload(void **state)
{
	(void)state;
	expect(HEAD WHO "\"payload\":\"a/b \\\"c\\\" d\"}",
	       AROUND("a/b \\\"c\\\" d"));
	/* a backslash of the message is \x5c in the line */
	expect(HEAD WHO "\"payload\":\"a\\\\b\"}", AROUND("a\\\\x5cb"));
	/* 78 78 0d 01 7f 80 ff 20 7e 5c 22 0a 00 41 */
	expect(HEAD WHO "\"payload_hex\":\"78780d017f80ff207e5c220a0041\"}",
	       AROUND("xx\\\\x0d\\\\x01\\\\x7f\\\\x80\\\\xff ~\\\\x5c\\\"\\\\x0a"
		      "\\\\x00A"));
	expect(HEAD WHO "\"payload\":\"\"}", AROUND(""));
}

/* The zone is that of the daemon. */
static void test_local_time(void **state)
{
	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "TST-5:30", 1), 0);
	tzset();
	expect(HEAD
	       "\"time\":\"2025-12-31T20:00:00.999Z\","
	       "\"direction\":\"server\",\"client\":\"192.0.2.7:1\","
	       "\"connection_id\":\"2026-01-01_013000-2\",\"payload\":\"x\"}",
	       "{\"timestamp\": \"2026-01-01 01:30:00\", "
	       "\"direction\": \"server\", \"client_ip\": \"192.0.2.7\", "
	       "\"connection_id\": \"2026-01-01_013000-2\", "
	       "\"payload\": \"x\"}");
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	tzset();
}

static void test_ipv6(void **state)
{
	static const char *const clients[][2] = {
		{ "[2001:db8::7]:7700", "2001:db8::7" },
		{ "[fe80::1%eth0]:1", "fe80::1%eth0" },
	};
	char json[512], body[512];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(clients); i++) {
		(void)snprintf(json, sizeof(json),
			       HEAD "\"time\":\"2025-11-03T14:25:01.042Z\","
				    "\"direction\":\"client\",\"client\":\"%s\""
				    ",\"connection_id\":\"c\",\"payload\":"
				    "\"x\"}",
			       clients[i][0]);
		(void)snprintf(body, sizeof(body),
			       "{\"timestamp\": \"2025-11-03 14:25:01\", "
			       "\"direction\": \"client\", "
			       "\"client_ip\": \"%s\", "
			       "\"connection_id\": \"c\", \"payload\": \"x\"}",
			       clients[i][1]);
		expect(json, body);
	}
}

static void test_no_event(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{}",
		"{\"id\":\"0-c-0\"}",
		/* a time that is none; no client; half of a byte; no digit */
		"{\"time\":\"yesterday\",\"direction\":\"client\","
		"\"client\":\"192.0.2.7:1\",\"connection_id\":\"c\","
		"\"payload\":\"x\"}",
		"{\"time\":\"2025-11-03T14:25:01.042Z\",\"direction\":"
		"\"client\",\"connection_id\":\"c\",\"payload\":\"x\"}",
		HEAD WHO "\"payload_hex\":\"787\"}",
		HEAD WHO "\"payload_hex\":\"7g\"}",
		HEAD WHO "\"payload\":7}",
		HEAD WHO "\"payload\":\"x\"",
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		assert_null(
			sink_format_classic(rows[i], strlen(rows[i]), &len));
}

static void test_id(void **state)
{
	char id[SINK_FORMAT_ID_LEN];

	(void)state;
	assert_true(sink_format_id("{\"id\":\"00000000000000f0-c-18\","
				   "\"flow\":\"00000000000000f0\"}",
				   id));
	assert_string_equal(id, "00000000000000f0-c-18");
	assert_false(sink_format_id("", id));
	assert_false(sink_format_id("{\"flow\":\"0\"}", id));
	assert_false(sink_format_id("{\"id\":\"\"}", id));
	assert_false(sink_format_id("{\"id\":\"0-c-1 \"}", id));
	assert_false(sink_format_id("{\"id\":\"0-c-1", id));
	assert_false(sink_format_id(
		"{\"id\":\"0000000000000000000000000000000000000000000000000000"
		"0000000000000\"}",
		id));
}

static int utc(void **state)
{
	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_local_time),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_no_event),
		cmocka_unit_test(test_id),
	};

	return cmocka_run_group_tests(tests, utc, NULL);
}
