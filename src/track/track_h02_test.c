/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_h02_test.c - where messages of h02 begin and end */
#include "track_h02_test.h"

#include "track_text.h"

struct vector {
	const char *stream;
	size_t n;
	const char *messages[3];
	size_t skipped;
	enum base_direction direction;
};

static const struct vector vectors[] = {
	{ V1, 1, { V1 }, 0, 0 },
	{ V1 V1 HTBT, 3, { V1, V1, HTBT }, 0, 0 },
	{ V1 "\r\n" V1 " \r\n", 2, { V1, V1 }, 5, 0 },
	{ "", 0, { 0 }, 0, 0 },
	/* no device; no type; another maker; an answer of the tracker */
	{ "*TH,,V1#", 1, { "*TH,,V1#" }, 0, 0 },
	{ "*hq," ID ",#", 1, { "*hq," ID ",#" }, 0, 0 },
	{ "*HQ," ID ",XT#", 1, { "*HQ," ID ",XT#" }, 0, 0 },
	{ "*HQ," ID ",SMS,SET OK#", 1, { "*HQ," ID ",SMS,SET OK#" }, 0, 0 },
	/* no headers: stars that are something else */
	{ "*HQ,,,#" V1, 1, { V1 }, 7, 0 },
	{ "*H1," ID ",V1#" V1, 1, { V1 }, 18, 0 },
	{ "*HQX," ID ",V1#" V1, 1, { V1 }, 19, 0 },
	{ "**,imei:" ID ",C;" V1, 1, { V1 }, 21, 0 },
	{ "*HQ,123456789012345678901,V1#" V1, 1, { V1 }, 29, 0 },
	{ "*HQ,12 4,V1#" V1, 1, { V1 }, 12, 0 },
	/* a lost #, seen by the next header: 4 + 10 + 4 + 12 = 30 bytes */
	{ "*HQ," ID ",V1,121557,A,23" V1, 1, { V1 }, 29, 0 },
	/* ... by a binary message */
	{ "*HQ," ID ",V1,12<" BIN ">" V1, 2, { "<" BIN ">", V1 }, 20, 0 },
	/* ... and at the end */
	{ V1 "*HQ," ID ",V1,12", 1, { V1 }, 20, 0 },
	{ V1 "*HQ,12", 1, { V1 }, 6, 0 },
	/* a star inside a text is none of a header's */
	{ "*HQ,1,SMS,*HQ and *12#" V1,
	  2,
	  { "*HQ,1,SMS,*HQ and *12#", V1 },
	  0,
	  0 },
	/* binary, and what may follow it */
	{ "<" BIN ">", 1, { "<" BIN ">" }, 0, 0 },
	{ "<" BIN BIN BIN ">",
	  3,
	  { "<" BIN ">", "<" BIN ">", "<" BIN ">" },
	  0,
	  0 },
	{ "<" BIN ">" V1, 2, { "<" BIN ">", V1 }, 0, 0 },
	{ "<" BIN MILEAGE ">" V1,
	  3,
	  { "<" BIN ">", "<" MILEAGE ">", V1 },
	  0,
	  0 },
	{ "<" BIN_45 BIN_45 ">" V1,
	  3,
	  { "<" BIN_45 ">", "<" BIN_45 ">", V1 },
	  0,
	  0 },
	/* 29 + 17 = 46 bytes, and 42 with the long device */
	{ "<" BIN_HEX CELL "3536" BIN ">",
	  2,
	  { "<" BIN_HEX CELL "3536>", "<" BIN ">" },
	  0,
	  0 },
	{ "<" LONG "01d60161cc4b9a" LONG ">" V1,
	  3,
	  { "<" LONG "01d60161cc4b9a>", "<" LONG ">", V1 },
	  0,
	  0 },
	/* marks inside: a byte of the tail that could begin a message */
	{ "<" BIN_HEX CELL "24>", 1, { "<" BIN_HEX CELL "24>" }, 0, 0 },
	{ "<" BIN_HEX CELL "2a" BIN ">",
	  2,
	  { "<" BIN_HEX CELL "2a>", "<" BIN ">" },
	  0,
	  0 },
	{ "<" BIN_HEX "2424242a5858>" V1,
	  2,
	  { "<" BIN_HEX "2424242a5858>", V1 },
	  0,
	  0 },
	/* torn: the second has 28 of 29 bytes, 20 of 32, 31 of 32 */
	{ "<" BIN "24" ID CORE_HEX "2014158fffffb>",
	  1,
	  { "<" BIN ">" },
	  28,
	  0 },
	{ "<" BIN ">*HQ,12", 1, { "<" BIN ">" }, 6, 0 },
	{ "<24" ID CORE_HEX "2014158fffffbff0000>", 0, { 0 }, 31, 0 },
	{ "<580000130502" CORE_HEX "2014158fffffbff0000>", 0, { 0 }, 31, 0 },
	/* X has its 32 bytes at once: the 33rd is skipped */
	{ "<" MILEAGE "00" BIN ">", 2, { "<" MILEAGE ">", "<" BIN ">" }, 1, 0 },
	/* 64 bytes behind which nothing begins: 32, and 33 of something */
	{ "<" BIN "0000000000000000000000000000000000000000000000000000000000"
	  "00000000>",
	  1,
	  { "<" BIN ">" },
	  33,
	  0 },
	/* ... and one byte less of it may still be ours: 64 */
	{ "<" BIN "0000000000000000000000000000000000000000000000000000000000"
	  "000000>",
	  1,
	  { "<" BIN "0000000000000000000000000000000000000000000000000000000000"
	    "000000>" },
	  0,
	  0 },
	/* the vendor's side: text alone, and any byte in it */
	{ "*HQ," ID ",V4,V1,20151124121600#*HQ," ID ",R12,121600#",
	  2,
	  { "*HQ," ID ",V4,V1,20151124121600#", "*HQ," ID ",R12,121600#" },
	  0,
	  BASE_SERVER },
	{ "*HQ," ID ",I1,130305,10,1,2,<5e7f001c>#",
	  1,
	  { "*HQ," ID ",I1,130305,10,1,2,<5e7f001c>#" },
	  0,
	  BASE_SERVER },
	{ "<" BIN ">*HQ," ID ",R12,121600#",
	  1,
	  { "*HQ," ID ",R12,121600#" },
	  32,
	  BASE_SERVER },
};

static void check(const struct vector *v, const struct seen *seen)
{
	assert_int_equal(seen->n, v->n);
	assert_int_equal(seen->counts.skipped, v->skipped);
	for (size_t i = 0; i < v->n; i++) {
		const struct base_span want = bytes_of(v->messages[i]);

		assert_int_equal(seen->m[i].len, want.len);
		assert_memory_equal(seen->bytes + seen->m[i].at, want.ptr,
				    want.len);
		assert_int_equal(seen->m[i].length, TRACK_CHECK_NONE);
		assert_int_equal(seen->m[i].checksum, TRACK_CHECK_NONE);
	}
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		struct seen *seen =
			feed_any_chunks(&track_h02, vectors[i].direction,
					bytes_of(vectors[i].stream));

		check(&vectors[i], seen);
		free(seen);
	}
}

/* Messages, halves of messages and marks in any order. */
static void random_streams_in_any_chunks(void **state)
{
	static const char *const names[] = {
		V1,
		HTBT,
		"<" BIN ">",
		"<" BIN_45 ">",
		"<" LONG ">",
		"<" MILEAGE ">",
		"\r\n",
		"*",
		"$",
		"X",
		"#",
		"*HQ,",
		"<" BIN_HEX ">",
		"*HQ," ID ",V1,12",
		"<00>",
		"<241234567890>",
	};
	static uint8_t room[1024];
	struct base_span pieces[WS_ARRAY_LEN(names)];
	const struct pool pool = { pieces, WS_ARRAY_LEN(pieces) };
	uint8_t *to = room;

	(void)state;
	for (size_t i = 0; i < pool.n; i++) {
		const struct base_span s = bytes_of(names[i]);

		assert_true(s.len <= (size_t)(room + sizeof(room) - to));
		memcpy(to, s.ptr, s.len);
		pieces[i] = (struct base_span){ to, s.len };
		to += s.len;
	}
	feed_random_streams(&track_h02, BASE_CLIENT, &pool, 450, 500);
}

/* A second of silence ends a binary message; a text needs none. */
static void silence_ends_a_binary_message(void **state)
{
	const uint64_t t = 1000 * TRACK_SILENCE_NS;
	const struct base_span all = bytes_of("<" BIN_45 ">*HQ,12");
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_h02, 0);
	for (size_t i = 0; i < all.len; i++) {
		const struct track_chunk c = { i, t + i, { all.ptr + i, 1 } };

		assert_int_equal(
			track_flow_feed(&f, BASE_CLIENT, &c, &seen->events), 0);
		if (i < 31)
			assert_int_equal(track_flow_due(&f), 0);
		else if (i < 45) /* the last byte of what may be all */
			assert_int_equal(track_flow_due(&f),
					 t + i + TRACK_SILENCE_NS);
	}
	assert_int_equal(seen->n, 0);
	track_flow_expire(&f, t + 60 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].len, 45);
	assert_int_equal(track_flow_due(&f), 0);
	/* the rest of the text that had begun */
	{
		const struct base_span more = bytes_of("34,XT#");
		const struct track_chunk c = { all.len,
					       t + 9 * TRACK_SILENCE_NS, more };

		assert_int_equal(
			track_flow_feed(&f, BASE_CLIENT, &c, &seen->events), 0);
	}
	assert_int_equal(seen->n, 2);
	assert_string_equal(seen->m[1].device, "1234");
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->counts.skipped, 0);
	free(seen);
}

/* Yes and no stay when bytes follow, and the shortest message is enough. */
static void probe_is_strict(void **state)
{
	static const struct {
		const char *stream;
		enum track_probe answer;
		enum base_direction direction;
		size_t decides; /* with so many bytes */
	} rows[] = {
		{ "*HQ,,V1,12", TRACK_PROBE_YES, 0, 8 },
		{ "*HQ," ID ",XT#", TRACK_PROBE_YES, 0, 18 },
		{ "*HQ," ID ",S20,", TRACK_PROBE_YES, BASE_SERVER, 19 },
		{ "*HQ," ID ",V", TRACK_PROBE_MAYBE, 0, 99 },
		{ "**,imei:123", TRACK_PROBE_NO, 0, 2 },
		{ "*HQ,,,", TRACK_PROBE_NO, 0, 6 },
		{ "<" BIN_HEX ">", TRACK_PROBE_YES, 0, 29 },
		{ "<" LONG ">", TRACK_PROBE_YES, 0, 32 },
		{ "<" MILEAGE ">", TRACK_PROBE_YES, 0, 29 },
		{ "<" BIN ">", TRACK_PROBE_NO, BASE_SERVER, 1 },
		{ "$GPRMC,121557.00,A,2335.3408,S,04802.8926,W", TRACK_PROBE_NO,
		  0, 5 },
		/* 24 47 50 52 4d: 4d are no two digits, nor is 2c below */
		{ "$$A138,353358017784062,AAA,35,22.540123", TRACK_PROBE_NO, 0,
		  7 },
		/* jt600: device, 11, length 27, date, time, latitude,
		 * longitude. 1b ends it for the short device; the long one is
		 * 1234567890 11001b, and 15:11:15 of day 12, month 15 */
		{ "<24" ID "11001b 151115 121557 23353408 048028926f 00 4f>",
		  TRACK_PROBE_NO, 0, 14 },
		/* One thing wrong each. With a long device all of them have the
		 * hour 24 in byte 9. Hour 24, month 13 (byte 10), 60 minutes
		 * (13), 228 degrees (17), course 458 (23), status 0 (25-28). */
		{ "<24" ID "24>", TRACK_PROBE_MAYBE, 0, 99 },
		{ "<24" ID "245557 241115 23353408 06 0480289262>",
		  TRACK_PROBE_NO, 0, 10 },
		{ "<24" ID "121557 241315 23353408 06 0480289262>",
		  TRACK_PROBE_NO, 0, 11 },
		{ "<24" ID "121557 241115 23603408 06 0480289262>",
		  TRACK_PROBE_NO, 0, 14 },
		{ "<24" ID "121557 241115 23353408 06 2280289262>",
		  TRACK_PROBE_NO, 0, 18 },
		{ "<24" ID "121557 241115 23353408 06 0480289262 014458>",
		  TRACK_PROBE_NO, 0, 24 },
		{ "<24" ID "121557 241115 23353408 06 0480289262 014158 "
		  "00000000 000001>",
		  TRACK_PROBE_NO, 0, 29 },
		{ "[3G*1234567890*0002*LK]", TRACK_PROBE_NO, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct base_span all = bytes_of(rows[i].stream);

		for (size_t n = 1; n <= all.len; n++) {
			const enum track_probe answer = track_h02.probe(
				track_text_head(all, n), rows[i].direction);

			assert_int_equal(answer, n < rows[i].decides
							 ? TRACK_PROBE_MAYBE
							 : rows[i].answer);
		}
	}
}

/* Not told what it is: a recorder that came late, garbage, a long text. */
static void found_behind_garbage(void **state)
{
	static uint8_t stream[40000];
	uint64_t seed = 9;
	struct seen *seen;
	struct base_span s;
	size_t n = 0;

	(void)state;
	for (; n < 200; n++) {
		stream[n] = (uint8_t)next_random(&seed);
		/* what could begin any protocol is left out */
		if (strchr("*$X[x(#i1234567890~", stream[n]))
			stream[n] = 0x80;
	}
	s = bytes_of("5,V1,12#" V1);
	memcpy(stream + n, s.ptr, s.len);
	n += s.len;
	/* a text of more than max_frame is no message; the next one is */
	s = bytes_of("*HQ," ID ",SMS,");
	memcpy(stream + n, s.ptr, s.len);
	n += s.len;
	memset(stream + n, 'a', 20000);
	n += 20000;
	s = bytes_of(V1);
	memcpy(stream + n, s.ptr, s.len);
	n += s.len;
	for (int chunk = 0; chunk <= 1; chunk++) {
		seen = feed_flow(NULL, BASE_CLIENT,
				 (struct base_span){ stream, n }, chunk, &seed);
		assert_int_equal(seen->n, 2);
		seen_is(seen, 0, V1);
		seen_is(seen, 1, V1);
		assert_int_equal(seen->counts.overflows, 1);
		free(seen);
	}
}

/* The device of the flow is that of its messages without one. */
static void mileage_knows_its_device(void **state)
{
	uint64_t seed = 1;
	struct seen *seen = feed_flow(NULL, BASE_CLIENT,
				      bytes_of(V1 "<" MILEAGE ">"), 1, &seed);

	(void)state;
	assert_int_equal(seen->n, 2);
	assert_string_equal(seen->m[1].device, ID);
	assert_string_equal(seen->m[1].keyword, "X");
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(random_streams_in_any_chunks),
		cmocka_unit_test(silence_ends_a_binary_message),
		cmocka_unit_test(probe_is_strict),
		cmocka_unit_test(found_behind_garbage),
		cmocka_unit_test(mileage_knows_its_device),
	};

	return event_test_run(tests);
}
