/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808_test.c - where messages of JT/T 808 begin and end
 *
 * Messages are written out byte by byte where the bytes matter, and put
 * together by track_jt808_test.h where they do not.
 */
#include "track_jt808_test.h"

/*
 * A heartbeat: id 0002, no body, phone 013912345678, serial 0001.
 * xor: 00 02 00 00 -> 02; 01 39 12 34 56 78 -> 01^39=38 ^12=2a ^34=1e ^56=48
 * ^78=30; 00 01 -> 01; together 02^30^01 = 33
 */
#define HEARTBEAT "7e 0002 0000 013912345678 0001 33 7e"

struct vector {
	const char *hex;
	size_t n;
	enum track_check length, checksum; /* of the first */
	const char *keyword, *device;      /* of the last */
	size_t skipped;
};

static const struct vector vectors[] = {
	{ HEARTBEAT, 1, TRACK_CHECK_OK, TRACK_CHECK_OK, "0002", DEVICE, 0 },
	{ HEARTBEAT HEARTBEAT HEARTBEAT, 3, TRACK_CHECK_OK, TRACK_CHECK_OK,
	  "0002", DEVICE, 0 },
	/* the checksum is 34 */
	{ "7e 0002 0000 013912345678 0001 34 7e" HEARTBEAT, 2, TRACK_CHECK_OK,
	  TRACK_CHECK_WRONG, "0002", DEVICE, 0 },
	/* a body of 3 is declared: xor 33^03 = 30 */
	{ "7e 0002 0003 013912345678 0001 30 7e" HEARTBEAT, 2,
	  TRACK_CHECK_WRONG, TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* both are wrong, and another follows, or line ends, or nothing */
	{ "7e 0002 0003 013912345678 0001 34 7e" HEARTBEAT, 2,
	  TRACK_CHECK_WRONG, TRACK_CHECK_WRONG, "0002", DEVICE, 0 },
	{ "7e 0002 0003 013912345678 0001 34 7e 0d0a" HEARTBEAT, 2,
	  TRACK_CHECK_WRONG, TRACK_CHECK_WRONG, "0002", DEVICE, 2 },
	{ "7e 0002 0003 013912345678 0001 34 7e", 1, TRACK_CHECK_WRONG,
	  TRACK_CHECK_WRONG, "0002", DEVICE, 0 },
	/* torn: the end is the next one's beginning, 13 bytes are skipped */
	{ "7e 0002 0003 013912345678 0001 34" HEARTBEAT, 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 14 },
	{ "7e 0002 0003 0139" HEARTBEAT, 1, TRACK_CHECK_OK, TRACK_CHECK_OK,
	  "0002", DEVICE, 7 },
	/* torn at its beginning, and at the end of the flow */
	{ "12345678 0001 33 7e" HEARTBEAT, 1, TRACK_CHECK_OK, TRACK_CHECK_OK,
	  "0002", DEVICE, 8 },
	{ HEARTBEAT "7e 0002 0000", 1, TRACK_CHECK_OK, TRACK_CHECK_OK, "0002",
	  DEVICE, 5 },
	{ "7e", 0, 0, 0, NULL, NULL, 1 },
	{ "7e7e7e", 0, 0, 0, NULL, NULL, 3 },
	/* escapes: serial 7d7e, so 7d01 7d02; xor 02^30^7d^7e = 31 */
	{ "7e 0002 0000 013912345678 7d01 7d02 31 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* ... in the checksum: serial 004c, xor 02^30^4c = 7e */
	{ "7e 0002 0000 013912345678 004c 7d02 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* 7d before another byte is itself: serial 7d03, xor 02^30^7d^03 */
	{ "7e 0002 0000 013912345678 7d03 4c 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* the form of 2019: bit 14, version 1, phone of ten bytes: xor
	 * 02^40^01 = 43, ^30 = 73, serial 0001: 72 */
	{ "7e 0002 4000 01 00000000 013912345678 0001 72 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* package 2 of 3 of a picture: bit 13, one byte: xor 08^01^20^01 = 28
	 * ^30 = 18 ^01 = 19 ^03^02 = 18 ^aa = b2 */
	{ "7e 0801 2001 013912345678 0001 0003 0002 aa b2 7e", 1,
	  TRACK_CHECK_OK, TRACK_CHECK_OK, "0801", DEVICE, 0 },
	/* an id that nobody knows, with all the rest right: 0f^30^01 = 3e */
	{ "7e 0f00 0000 013912345678 0001 3e 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0F00", DEVICE, 0 },
	/* ... with a wrong checksum and a phone that is one */
	{ "7e 0f00 0000 013912345678 0001 3f 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_WRONG, "0F00", DEVICE, 0 },
	/* ... with both wrong (3e^01 = 3f): nothing */
	{ "7e 0f00 0001 013912345678 0001 3e 7e", 0, 0, 0, NULL, NULL, 15 },
	/* the phone is the IMEI 49015420323751 and its last digit 8 (3GPP
	 * TS 23.003's example): 11412 * 2^32 + 1253541799 = 2c94 4ab787a7;
	 * xor 02, 2c^94=b8 ^4a=f2 ^b7=45 ^87=c2 ^a7=65, 01: 66 */
	{ "7e 0002 0000 2c944ab787a7 0001 66 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", "490154203237518", 0 },
	/* the other delimiter, phone of seven bytes; serial e7e6: escapes
	 * e602 e601; xor 02^30^e7^e6 = 33 */
	{ "e7 0002 0000 00013912345678 e602 e601 33 e7", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* ... serial 3e3d as 3e01 3e02: 02^30^3e^3d = 31 */
	{ "e7 0002 0000 00013912345678 3e01 3e02 31 e7", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* ... phone of six, and a 7e inside: 02^30^00^7e = 4c */
	{ "e7 0002 0000 013912345678 007e 4c e7", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "0002", DEVICE, 0 },
	/* ... that begins no header does not hold up the next */
	{ "e7 ffff ffff" HEARTBEAT, 1, TRACK_CHECK_OK, TRACK_CHECK_OK, "0002",
	  DEVICE, 5 },
	/* a serial of one byte: 55^01 = 54 ^30 = 64 ^01 = 65 */
	{ "7e 5501 0000 013912345678 01 65 7e", 1, TRACK_CHECK_OK,
	  TRACK_CHECK_OK, "5501", DEVICE, 0 },
	/* (700160818000,1,001,BASE,2,TIME) */
	{ "28 373030313630383138303030 2c312c3030312c 42415345 2c322c54494d45 "
	  "29" HEARTBEAT,
	  2, TRACK_CHECK_NONE, TRACK_CHECK_NONE, "0002", DEVICE, 0 },
	{ HEARTBEAT "28 373030313630383138303030 2c312c3030312c 42415345 29", 2,
	  TRACK_CHECK_OK, TRACK_CHECK_OK, "BASE", "700160818000", 0 },
	/* a text that is torn: 24 bytes; one that is none: 7 */
	{ "28 373030313630383138303030 2c312c3030312c 42415345" HEARTBEAT, 1,
	  TRACK_CHECK_OK, TRACK_CHECK_OK, "0002", DEVICE, 24 },
	/* ... and whose parenthesis is that of another one behind */
	{ "28 373030313630383138303030 2c312c3030312c 42415345" HEARTBEAT
	  "28 373030313630383138303030 2c312c3030312c 42415345 29",
	  2, TRACK_CHECK_OK, TRACK_CHECK_OK, "BASE", "700160818000", 24 },
	{ "28 373030313630383138303030 2c312c3030312c 42415345 "
	  "28 373030313630383138303030 2c312c3030312c 42415345 29",
	  1, TRACK_CHECK_NONE, TRACK_CHECK_NONE, "BASE", "700160818000", 24 },
	{ "28 313233 2c41 29" HEARTBEAT, 1, TRACK_CHECK_OK, TRACK_CHECK_OK,
	  "0002", DEVICE, 7 },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct bytes w = { 0 };
		struct seen *seen;

		bytes_add(&w, v->hex);
		seen = feed_any_chunks(&track_jt808, BASE_CLIENT,
				       bytes_span(&w));
		assert_int_equal(seen->n, v->n);
		assert_int_equal(seen->counts.skipped, v->skipped);
		if (v->n) {
			const struct seen_message *last = &seen->m[seen->n - 1];

			assert_int_equal(seen->m[0].length, v->length);
			assert_int_equal(seen->m[0].checksum, v->checksum);
			assert_string_equal(last->keyword, v->keyword);
			assert_string_equal(last->device, v->device);
		}
		free(seen);
	}
}

static void test_types(void **state)
{
	static const struct {
		const char *id;
		enum base_direction from;
		enum track_type type;
	} rows[] = {
		{ "0100", BASE_CLIENT, TRACK_TYPE_LOGIN },
		{ "0102", BASE_CLIENT, TRACK_TYPE_LOGIN },
		{ "0002", BASE_CLIENT, TRACK_TYPE_HEARTBEAT },
		{ "0200", BASE_CLIENT, TRACK_TYPE_POSITION },
		{ "0704", BASE_CLIENT, TRACK_TYPE_POSITION },
		{ "0801", BASE_CLIENT, TRACK_TYPE_MEDIA },
		{ "0001", BASE_CLIENT, TRACK_TYPE_REPLY },
		{ "8001", BASE_SERVER, TRACK_TYPE_REPLY },
		{ "8103", BASE_SERVER, TRACK_TYPE_COMMAND },
		{ "a006", BASE_SERVER, TRACK_TYPE_COMMAND },
		{ "0f00", BASE_CLIENT, TRACK_TYPE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct bytes w = { 0 };

		put_message(&w, rows[i].id, "");
		assert_int_equal(decode_wire(&w, rows[i].from)->type,
				 rows[i].type);
	}
}

static void test_probe(void **state)
{
	static const struct {
		const char *hex;
		size_t yes; /* from this many bytes on */
		size_t no;
	} rows[] = {
		/* delimiter, 10 bytes, and one more: the tenth may be the
		 * first of an escape */
		{ HEARTBEAT, 12, 0 },
		{ "7e 0f00 0000 013912345678 0001 3e 7e", 12, 0 },
		{ "e7 0002 0000 00013912345678 0001 33 e7", 12, 0 },
		{ "7e 0002 4000 01 00000000 013912345678 0001 72 7e", 17, 0 },
		{ "7e 0002 0000 2c944ab787a7 0001 66 7e", 12, 0 },
		/* 0x011f71fb04cb = 1234567890123, IMEI 012345678901237 */
		{ "7e 0002 0000 011f71fb04cb 0001 58 7e", 12, 0 },
		/* an unknown id has no such phone, and no such attributes */
		{ "7e 0f00 0000 2c944ab787a7 0001 66 7e", 0, 12 },
		{ "7e 0f00 8000 013912345678 0001 bb 7e", 0, 6 },
		/* 0xabcdef012345 is no IMEI */
		{ "7e 0002 0000 abcdef012345 0001 bb 7e", 0, 12 },
		/* the end comes too early */
		{ "7e 0002 0000 0139 7e", 0, 8 },
		{ "7e7e", 0, 2 },
		{ "41", 0, 1 },
		/* (123456,1,001,B... and (123,B */
		{ "28 313233343536 2c31 2c303031 2c42415345", 15, 0 },
		{ "28 313233 2c41", 0, 5 },
		/* a lower-case letter, and tk103's (123456789012BP05 */
		{ "28 313233343536 2c31 2c303031 2c62415345", 0, 15 },
		{ "28 313233343536373839303132 42503035", 0, 14 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct bytes w = { 0 };

		bytes_add(&w, rows[i].hex);
		for (size_t n = 1; n <= w.len; n++) {
			const struct base_span s = { w.at, n };
			enum track_probe want = TRACK_PROBE_MAYBE;

			if (rows[i].yes && n >= rows[i].yes)
				want = TRACK_PROBE_YES;
			if (rows[i].no && n >= rows[i].no)
				want = TRACK_PROBE_NO;
			assert_int_equal(track_jt808.probe(s, BASE_CLIENT),
					 want);
		}
	}
}

static void test_garbage(void **state)
{
	struct bytes w = { 0 };
	struct seen *seen;

	(void)state;
	bytes_add(&w, HEARTBEAT);
	seen = feed_garbage(&track_jt808, NULL, bytes_span(&w));
	assert_int_equal(seen->n, 1);
	free(seen);
}

/* No delimiter for longer than a message can be: what is in it is found. */
static void test_too_long(void **state)
{
	const size_t len = track_jt808.max_frame + 10;
	struct bytes w = { 0 };
	uint64_t seed = 1;
	struct seen *seen;

	(void)state;
	bytes_put(&w, 0x7e);
	while (w.len < len)
		bytes_put(&w, 'x');
	bytes_add(&w, HEARTBEAT);
	seen = feed_flow(&track_jt808, BASE_CLIENT, bytes_span(&w), 100, &seed);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->counts.overflows, 1);
	assert_int_equal(seen->counts.skipped, len);
	free(seen);
}

/* ... and no parenthesis for longer than any text is. */
static void test_too_long_a_text(void **state)
{
	struct bytes w = { 0 };
	uint64_t seed = 1;
	struct seen *seen;

	(void)state;
	w.len = (size_t)(put_text(w.at, "(123456,1,001,B") - w.at);
	while (w.len < 1100)
		bytes_put(&w, 'x');
	bytes_put(&w, ')');
	seen = feed_flow(&track_jt808, BASE_CLIENT, bytes_span(&w), 100, &seed);
	assert_int_equal(seen->n, 0);
	free(seen);
}

/* E7 before what is no header does not hold up the message behind it. */
static void test_stray_delimiter(void **state)
{
	struct seen *seen = seen_new();
	struct bytes w = { 0 };
	struct track_chunk c = { .wall_ns = 1 };
	struct track_flow f;

	(void)state;
	bytes_add(&w, "e7 ffff ffff" HEARTBEAT);
	c.bytes = bytes_span(&w);
	track_flow_init(&f, &track_jt808, 0);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &c, &seen->events),
			 0);
	assert_int_equal(seen->n, 1);
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* A body of 1030 bytes takes a bit more than the standard has for lengths. */
static void test_long_body(void **state)
{
	struct bytes w = { 0 }, plain = { 0 };
	struct seen *seen;

	(void)state;
	bytes_add(&plain, "0f00 0406" PHONE "0001");
	for (int i = 0; i < 0x406; i++)
		bytes_put(&plain, 0);
	put_plain(&w, &plain, 0x7e, 0);
	seen = feed_flow(&track_jt808, BASE_CLIENT, bytes_span(&w), 0, NULL);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].length, TRACK_CHECK_OK);
	assert_int_equal(seen->m[0].checksum, TRACK_CHECK_OK);
	free(seen);
}

/* Length and checksum are wrong: it is one if nothing more comes. */
static void test_silence(void **state)
{
	struct track_flow f;
	struct seen *seen = seen_new();
	struct bytes w = { 0 };
	struct track_chunk c = { .wall_ns = 5 };

	(void)state;
	bytes_add(&w, "7e 0002 0003 013912345678 0001 34 7e");
	c.bytes = bytes_span(&w);
	track_flow_init(&f, &track_jt808, 0);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &c, &seen->events),
			 0);
	assert_int_equal(seen->n, 0);
	assert_int_equal(track_flow_due(&f), 5 + TRACK_SILENCE_NS);
	track_flow_expire(&f, 5 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].wall_ns, 5);
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->n, 1);
	free(seen);
}

/* By the bytes alone, both directions. */
static void test_flow(void **state)
{
	struct seen *seen = seen_new();
	struct track_chunk c = { .wall_ns = 1 };
	struct bytes up = { 0 }, down = { 0 };
	struct track_flow f;

	(void)state;
	bytes_add(&up, HEARTBEAT);
	put_message(&down, "8001", "0001 0002 00");
	track_flow_init(&f, NULL, 5015);
	c.bytes = bytes_span(&up);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &c, &seen->events),
			 0);
	c.bytes = bytes_span(&down);
	assert_int_equal(track_flow_feed(&f, BASE_SERVER, &c, &seen->events),
			 0);
	assert_string_equal(track_flow_protocol(&f), "jt808");
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->n, 2);
	assert_int_equal(seen->m[1].direction, BASE_SERVER);
	assert_string_equal(seen->m[1].keyword, "8001");
	assert_int_equal(seen->m[1].type, TRACK_TYPE_REPLY);
	free(seen);
}

/* Many messages, whole, byte by byte and cut at random. */
static void test_chunks(void **state)
{
	struct bytes w = { 0 };
	struct seen *seen;

	(void)state;
	for (int i = 0; i < 10; i++) {
		bytes_add(&w, HEARTBEAT);
		put_message(&w, "0200",
			    "00000000 00000003 01b2030c 06d01a7d 007e 0064 "
			    "005a 260102030405 0104 7e7d7e7d");
		bytes_add(&w, "e7 0002 0000 00013912345678 e602 e601 33 e7");
		bytes_add(&w, "28 3132333435362c312c3030312c4229");
	}
	seen = feed_any_chunks(&track_jt808, BASE_CLIENT, bytes_span(&w));
	assert_int_equal(seen->n, 40);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_too_long_a_text),
		cmocka_unit_test(test_stray_delimiter),
		cmocka_unit_test(test_long_body),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_chunks),
	};

	return event_test_run(tests);
}
