/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch_test.c - where messages of the watch family begin and end
 *
 * Lengths are counted by hand: the number of characters between the star after
 * the length and the last bracket.
 */
#include "track_watch.h"

#include "track_test.h"

#define ID     "1234567890"
#define LK     "[SG*" ID "*0002*LK]" /* L, K */
#define LK_LEN 23                    /* 1+2+1 + 10 + 1+4+1 + 2+1 */
#define MD5    "0123456789abcdef0123456789ABCDEF"

struct vector {
	const char *stream;
	size_t n;               /* messages */
	const char *message[3]; /* their bytes */
	bool length_ok[3];
	size_t skipped;
};

static const struct vector vectors[] = {
	{ LK, 1, { LK }, { true }, 0 },
	{ LK LK LK, 3, { LK, LK, LK }, { true, true, true }, 0 },
	{ "", 0, { 0 }, { 0 }, 0 },
	/* tcpproxy's own sample declares 5 bytes and has 2 */
	{ "[SG*" ID "*0005*LK]", 1, { "[SG*" ID "*0005*LK]" }, { false }, 0 },
	{ "[SG*" ID "*0005*LK]" LK,
	  2,
	  { "[SG*" ID "*0005*LK]", LK },
	  { false, true },
	  0 },
	{ "[SG*" ID "*0005*LK]\r\n" LK,
	  2,
	  { "[SG*" ID "*0005*LK]", LK },
	  { false, true },
	  2 },
	{ "[SG*" ID "*FFFF*LK]xy" LK,
	  2,
	  { "[SG*" ID "*FFFF*LK]", LK },
	  { false, true },
	  2 },
	/* SG firmware leaves out the last field: 7 bytes, declares 4 */
	{ "[SG*" ID "*0004*UD,1,00]" LK,
	  2,
	  { "[SG*" ID "*0004*UD,1,00]", LK },
	  { false, true },
	  0 },
	/* a Wi-Fi name with brackets: 3 + 19 + 4 = 26 = 0x1a */
	{ "[3G*" ID "*001a*UD,[LG_Wall-Mount A/C]e725]",
	  1,
	  { "[3G*" ID "*001a*UD,[LG_Wall-Mount A/C]e725]" },
	  { true },
	  0 },
	/* ... with a length that is too short even for the name */
	{ "[3G*" ID "*0010*UD,[LG_Wall-Mount A/C]e725]" LK,
	  2,
	  { "[3G*" ID "*0010*UD,[LG_Wall-Mount A/C]e725]", LK },
	  { false, true },
	  0 },
	/* ... and one that is too long */
	{ "[3G*" ID "*0020*UD,[LG_Wall-Mount A/C]e725]" LK,
	  2,
	  { "[3G*" ID "*0020*UD,[LG_Wall-Mount A/C]e725]", LK },
	  { false, true },
	  0 },
	/* half a pair: UD,a[b,1 and UD,a]b,1 are 8 bytes */
	{ "[3G*" ID "*0008*UD,a[b,1]" LK,
	  2,
	  { "[3G*" ID "*0008*UD,a[b,1]", LK },
	  { true, true },
	  0 },
	{ "[3G*" ID "*0008*UD,a]b,1]" LK,
	  2,
	  { "[3G*" ID "*0008*UD,a]b,1]", LK },
	  { true, true },
	  0 },
	{ "[3G*" ID "*0005*UD,a[b,1]" LK,
	  2,
	  { "[3G*" ID "*0005*UD,a[b,1]", LK },
	  { false, true },
	  0 },
	{ "[3G*" ID "*000b*UD,a]b,1]" LK,
	  2,
	  { "[3G*" ID "*000b*UD,a]b,1]", LK },
	  { false, true },
	  0 },
	/* the bracket is lost: 26 bytes of a torn message are skipped */
	{ "[3G*" ID "*0100*UD,1,2" LK LK, 2, { LK, LK }, { true, true }, 26 },
	/* ... and at the end of the flow */
	{ LK "[3G*" ID "*0100*UD,1,2", 1, { LK }, { true }, 26 },
	/* ... in the middle of a header: [3G*12 */
	{ LK "[3G*12", 1, { LK }, { true }, 6 },
	{ "[3G*" ID "*0100*UD,1,2[3G*12", 0, { 0 }, { 0 }, 32 },
	/* the other forms of a header */
	{ "[ZJ*014111001332708*0075*0002*LK]",
	  1,
	  { "[ZJ*014111001332708*0075*0002*LK]" },
	  { true },
	  0 },
	{ "[" MD5 "3G*" ID "*0002*LK]",
	  1,
	  { "[" MD5 "3G*" ID "*0002*LK]" },
	  { true },
	  0 },
	{ "[" MD5 "ZJ*" ID "*00aF*0002*LK]",
	  1,
	  { "[" MD5 "ZJ*" ID "*00aF*0002*LK]" },
	  { true },
	  0 },
	/* lower case, and 10 bytes of content */
	{ "[3g*a*000a*LK,0,0,100]",
	  1,
	  { "[3g*a*000a*LK,0,0,100]" },
	  { true },
	  0 },
	{ "[3g*a*000A*LK,0,0,100]",
	  1,
	  { "[3g*a*000A*LK,0,0,100]" },
	  { true },
	  0 },
	/* content that begins like a length, and an empty one */
	{ "[3G*" ID "*0004*ADDA]",
	  1,
	  { "[3G*" ID "*0004*ADDA]" },
	  { true },
	  0 },
	{ "[3G*" ID "*0000*]", 1, { "[3G*" ID "*0000*]" }, { true }, 0 },
	/* voice: 7d 02 and 7d 03 stand for the brackets; 3 + 6 bytes */
	{ "[3G*" ID "*0009*TK,\x7d\x02\x7d\x03\r\xff]" LK,
	  2,
	  { "[3G*" ID "*0009*TK,\x7d\x02\x7d\x03\r\xff]", LK },
	  { true, true },
	  0 },
	/* no headers: what is around is skipped, byte for byte */
	{ "xx[[]]yy" LK "z]", 1, { LK }, { true }, 10 },
	{ "[3G*" ID "*002*LK]" LK, 1, { LK }, { true }, 22 },
	{ "[3G*" ID "*00g2*LK]" LK, 1, { LK }, { true }, 23 },
	{ "[3G**0002*LK]" LK, 1, { LK }, { true }, 13 },
	{ "[3*1*0002*LK]" LK, 1, { LK }, { true }, 13 },
	{ "[3G*123456789012345678901*0002*LK]" LK, 1, { LK }, { true }, 34 },
	{ "[3G*1 2*0002*LK]" LK, 1, { LK }, { true }, 16 },
	{ "[0123456789abcdef3G*1*0002*LK]" LK, 1, { LK }, { true }, 30 },
};

static void check(const struct vector *v, const struct seen *seen)
{
	size_t wrong = 0;

	if (seen->n != v->n)
		fail_msg("%zu messages in %s", seen->n, v->stream);
	for (size_t i = 0; i < v->n; i++) {
		seen_is(seen, i, v->message[i]);
		assert_int_equal(seen->m[i].length,
				 v->length_ok[i] ? TRACK_CHECK_OK
						 : TRACK_CHECK_WRONG);
		wrong += !v->length_ok[i];
	}
	assert_int_equal(seen->counts.skipped, v->skipped);
	assert_int_equal(seen->counts.wrong_lengths, wrong);
	assert_int_equal(seen->counts.gaps, 0);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		struct seen *seen = feed_any_chunks(&track_watch, BASE_CLIENT,
						    span(vectors[i].stream));

		check(&vectors[i], seen);
		free(seen);
	}
}

/* Pieces of all vectors behind each other: a message does not depend on what
 * was before it, unless that was unfinished. */
static void two_thousand_random_streams(void **state)
{
	struct base_span pieces[WS_ARRAY_LEN(vectors)];
	const struct pool pool = { pieces, WS_ARRAY_LEN(pieces) };

	(void)state;
	for (size_t i = 0; i < pool.n; i++)
		pieces[i] = span(vectors[i].stream);
	feed_random_streams(&track_watch, BASE_CLIENT, &pool, 200, 2000);
}

static void fields_of_a_message(void **state)
{
	static const char stream[] = "[ZJ*014111001332708*0075*0006*AL,0,1]" LK
				     "[3G*7*0000*]";
	uint64_t seed = 1;
	struct seen *seen = feed_all(
		(struct base_span){ (const uint8_t *)stream, strlen(stream) },
		0, &seed);

	(void)state;
	assert_int_equal(seen->n, 3);
	assert_string_equal(seen->m[0].device, "014111001332708");
	assert_string_equal(seen->m[0].keyword, "AL");
	assert_int_equal(seen->m[0].offset, 0);
	assert_string_equal(seen->m[1].device, ID);
	assert_string_equal(seen->m[1].keyword, "LK");
	/* 1+2+1 + 15+1 + 4+1 + 4+1 + 6+1 */
	assert_int_equal(seen->m[1].offset, 37);
	assert_string_equal(seen->m[2].device, "7");
	assert_string_equal(seen->m[2].keyword, "");
	assert_int_equal(seen->m[2].offset, 37 + LK_LEN);
	free(seen);
}

static void probe_wants_a_whole_header(void **state)
{
	static const struct {
		const char *bytes;
		enum track_probe answer;
	} cases[] = {
		{ "", TRACK_PROBE_NO },
		{ "[", TRACK_PROBE_MAYBE },
		{ "[3G*1*0002", TRACK_PROBE_MAYBE },
		/* could still be an index */
		{ "[3G*1*0002*", TRACK_PROBE_MAYBE },
		{ "[3G*1*0002*L", TRACK_PROBE_YES },
		{ "[3G*1*0001*0002*", TRACK_PROBE_YES },
		{ "\r\n[3G*1*0002*L", TRACK_PROBE_NO },
		{ "GET / HTTP/1.1\r\n", TRACK_PROBE_NO },
		{ "[]", TRACK_PROBE_NO },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct base_span bytes = {
			(const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)
		};

		if (track_watch.probe(bytes, BASE_CLIENT) != cases[i].answer ||
		    track_watch.probe(bytes, BASE_SERVER) != cases[i].answer)
			fail_msg("%s", cases[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(two_thousand_random_streams),
		cmocka_unit_test(fields_of_a_message),
		cmocka_unit_test(probe_wants_a_whole_header),
	};

	return event_test_run(tests);
}
