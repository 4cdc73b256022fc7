/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_test.c - where messages of the GT06 family begin and end
 *
 * Lengths are counted by hand, from the type to the checksum; the checksums of
 * the messages that are written out were made bit by bit, see track_gt06_test.h
 */
#include "track_gt06_test.h"

/* 1 + 12 + 2 + 2 = 17 = 0x11; the example of the maker's document */
#define LOGIN "78781101075253367890024270003201000512790d0a"
/* 1 + 5 + 2 + 2 = 10 */
#define BEAT "78780a134004040001000750a60d0a"
#define ACK  "7878050100059ff80d0a"
/* 1 + 7 + 2 + 2 = 12, in two bytes */
#define LONG "7979000c2100000000014f4b0007f6d60d0a"
#define LATE "0d0a" LONG /* behind the end of another */
/* the bytes of a tail and of a head in a text: 1 + 11 + 4, 1 + 13 + 4 */
#define INSIDE_1 "7878101508000000000d0a7878000100073ee60d0a"
#define INSIDE_2 "787812150a000000000d0a78780501000100076c580d0a"
/* ... and as a content's last bytes */
#define INSIDE_3 "78780a134004040d0a0007f28f0d0a"
/* a type that nobody has described */
#define UNKNOWN "78780677010007d7e80d0a"
/* two access points, one cell; time 2017-09-28 11:35:33 */
#define WIFI                                                           \
	"787802691709281135330102030405064d0a0b0c0d0e0f520100cc0400d3" \
	"7a3d5a0d0a"
#define WIFI_LEN (4 + 6 + 2 * 7 + 1 + 3 + 5 + 2)
/* ... with a tail in the first address */
#define WIFI_TAIL                                                      \
	"78780269170928113533010d0a0405064d0a0b0c0d0e0f520100cc0400d3" \
	"7a3d5a0d0a"
/* its server's answer */
#define WIFI_ACK "787800691709281135330d0a"
/* what is neither length nor checksum: type 8 alone */
#define ZX_BEAT "787801080d0a"
/* BEAT with lengths that are too small and too large, and without checksum */
#define BEAT_5    "787805134004040001000750a60d0a"
#define BEAT_32   "787820134004040001000750a60d0a"
#define BEAT_WORN "78780a134004040001000750a70d0a"

struct vector {
	const char *stream; /* hexadecimal */
	size_t n;
	const char *message[3];
	const char *flags; /* of each message: length, checksum; - = none */
	size_t skipped;
};

static const struct vector vectors[] = {
	{ BEAT, 1, { BEAT }, "oo", 0 },
	{ "", 0, { 0 }, "", 0 },
	{ LOGIN BEAT LONG, 3, { LOGIN, BEAT, LONG }, "oooooo", 0 },
	{ LONG LONG ACK, 3, { LONG, LONG, ACK }, "oooooo", 0 },
	{ BEAT_WORN BEAT, 2, { BEAT_WORN, BEAT }, "owoo", 0 },
	/* a right length leads past what looks like an end and a beginning */
	{ INSIDE_1 BEAT, 2, { INSIDE_1, BEAT }, "oooo", 0 },
	{ INSIDE_2 BEAT, 2, { INSIDE_2, BEAT }, "oooo", 0 },
	{ INSIDE_3 BEAT, 2, { INSIDE_3, BEAT }, "oooo", 0 },
	{ BEAT INSIDE_2, 2, { BEAT, INSIDE_2 }, "oooo", 0 },
	/* access points instead of a length */
	{ WIFI, 1, { WIFI }, "ww", 0 },
	{ WIFI WIFI_TAIL WIFI, 3, { WIFI, WIFI_TAIL, WIFI }, "wwwwww", 0 },
	{ WIFI_TAIL, 1, { WIFI_TAIL }, "ww", 0 },
	{ WIFI LONG, 2, { WIFI, LONG }, "wwoo", 0 },
	{ WIFI_ACK BEAT, 2, { WIFI_ACK, BEAT }, "wwoo", 0 },
	{ ZX_BEAT BEAT, 2, { ZX_BEAT, BEAT }, "o-oo", 0 },
	/* a wrong length: what follows decides */
	{ BEAT_5 BEAT, 2, { BEAT_5, BEAT }, "wwoo", 0 },
	{ BEAT_5, 1, { BEAT_5 }, "ww", 0 },
	{ BEAT_32 BEAT BEAT, 3, { BEAT_32, BEAT, BEAT }, "wwoooo", 0 },
	{ BEAT_32 BEAT, 2, { BEAT_32, BEAT }, "wwoo", 0 },
	{ BEAT_32, 1, { BEAT_32 }, "ww", 0 },
	{ BEAT_32 BEAT_5 LONG, 3, { BEAT_32, BEAT_5, LONG }, "wwwwoo", 0 },
	/* ... 3072 in two bytes */
	{ "79790c002100000000014f4b0007f6d60d0a" BEAT,
	  2,
	  { "79790c002100000000014f4b0007f6d60d0a", BEAT },
	  "wwoo",
	  0 },
	/* ... a tail in the content, which other bytes follow */
	{ "787805134004040d0a0007f28f0d0a" BEAT,
	  2,
	  { "787805134004040d0a0007f28f0d0a", BEAT },
	  "wwoo",
	  0 },
	/* ... and bytes that are no message behind the end */
	{ BEAT_5 "0102", 1, { BEAT_5 }, "ww", 2 },
	/* types that are not described: with a right length */
	{ UNKNOWN BEAT, 2, { UNKNOWN, BEAT }, "oooo", 0 },
	{ "78780977010007d7e80d0a" BEAT, 1, { BEAT }, "oo", 11 },
	/* nothing is a message without an end */
	{ "78780a13400404", 0, { 0 }, "", 7 },
	{ BEAT "78", 1, { BEAT }, "oo", 1 },
	{ BEAT "7878", 1, { BEAT }, "oo", 2 },
	{ BEAT "0102", 1, { BEAT }, "oo", 2 },
	{ BEAT "787978790d0a" BEAT, 2, { BEAT, BEAT }, "oooo", 6 },
	/* garbage before a message, also such that looks like a head */
	{ "00" BEAT, 1, { BEAT }, "oo", 1 },
	{ "007878" BEAT, 1, { BEAT }, "oo", 3 },
	{ "00787878" BEAT BEAT, 2, { BEAT, BEAT }, "oooo", 4 },
	{ "78780a1340" BEAT, 1, { BEAT }, "oo", 5 },
	{ "78780a1340" BEAT BEAT, 2, { BEAT, BEAT }, "oooo", 5 },
	{ "7979001340" LONG BEAT, 2, { LONG, BEAT }, "oooo", 5 },
	/* the first byte of a message, and its beginning, were lost */
	{ "780a134004040001000750a60d0a" BEAT, 1, { BEAT }, "oo", 14 },
	{ "04040001000750a60d0a" BEAT, 1, { BEAT }, "oo", 10 },
	/* lengths that no message has: 16385, and 0 of another type */
	{ "7979400121" BEAT, 1, { BEAT }, "oo", 5 },
	{ "78780013" BEAT, 1, { BEAT }, "oo", 4 },
};

static enum track_check flag(char c)
{
	if (c == '-')
		return TRACK_CHECK_NONE;
	return c == 'o' ? TRACK_CHECK_OK : TRACK_CHECK_WRONG;
}

static void check(const struct vector *v, const struct seen *seen)
{
	if (seen->n != v->n)
		fail_msg("%zu messages in %s", seen->n, v->stream);
	for (size_t i = 0; i < v->n; i++) {
		struct bytes *want = bytes_new();

		bytes_add(want, v->message[i]);
		assert_int_equal(seen->m[i].len, want->len);
		assert_memory_equal(seen->bytes + seen->m[i].at, want->at,
				    want->len);
		if (seen->m[i].length != flag(v->flags[2 * i]) ||
		    seen->m[i].checksum != flag(v->flags[2 * i + 1]))
			fail_msg("flags of message %zu in %s", i, v->stream);
	}
	assert_int_equal(strlen(v->flags), 2 * v->n);
	assert_int_equal(seen->counts.skipped, v->skipped);
}

static struct base_span stream_of(const struct vector *v)
{
	struct bytes *b = bytes_new();

	bytes_add(b, v->stream);
	return bytes_span(b);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		struct seen *seen = feed_any_chunks(&track_gt06, BASE_CLIENT,
						    stream_of(&vectors[i]));

		check(&vectors[i], seen);
		free(seen);
	}
}

/* Pieces of all vectors behind each other. */
static void two_hundred_random_streams(void **state)
{
	static struct bytes all;
	struct base_span pieces[WS_ARRAY_LEN(vectors)];
	const struct pool pool = { pieces, WS_ARRAY_LEN(pieces) };

	(void)state;
	for (size_t i = 0; i < pool.n; i++) {
		const size_t from = all.len;

		bytes_add(&all, vectors[i].stream);
		pieces[i] = (struct base_span){ all.at + from, all.len - from };
	}
	feed_random_streams(&track_gt06, BASE_CLIENT, &pool, 300, 200);
}

/* Wherever garbage begins and ends, the messages behind it are there. */
static void garbage_then_messages(void **state)
{
	static uint8_t room[(256U << 10) + 30];
	uint64_t seed = 4;

	(void)state;
	for (int i = 0; i < 20; i++) {
		const size_t n = i ? next_random(&seed) % 5000 : 256U << 10;
		struct bytes *beats = bytes_new();
		struct seen *seen;

		bytes_add(beats, BEAT BEAT);
		for (size_t k = 0; k < n; k++)
			room[k] = (uint8_t)next_random(&seed);
		/* also such as every head and length there is */
		for (size_t k = 0; k + 5 < n; k += 97)
			memcpy(room + k,
			       (const uint8_t[]){ 0x78 + k % 2, 0x78 + k % 2 },
			       2);
		memcpy(room + n, beats->at, beats->len);
		seen = feed_flow(&track_gt06, BASE_CLIENT,
				 (struct base_span){ room, n + beats->len },
				 -3000, &seed);
		assert_true(seen->n >= 2);
		for (size_t k = seen->n - 2; k < seen->n; k++) {
			assert_int_equal(seen->m[k].checksum, TRACK_CHECK_OK);
			assert_int_equal(seen->m[k].len, 15);
		}
		free(seen);
	}
}

static void feed_hex(struct track_flow *f, uint64_t offset, uint64_t wall_ns,
		     const char *hex, struct seen *seen)
{
	struct bytes *b = bytes_new();
	struct track_chunk c = { offset, wall_ns, { NULL, 0 } };

	bytes_add(b, hex);
	c.bytes = bytes_span(b);
	assert_int_equal(track_flow_feed(f, BASE_CLIENT, &c, &seen->events), 0);
}

/* A message whose length is too large comes out a second after its end; one
 * whose length is right does not wait, and is not cut within that second. */
static void silence_ends_a_message(void **state)
{
	const uint64_t start = 1000 * TRACK_SILENCE_NS;
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_gt06, 0);
	feed_hex(&f, 0, start, BEAT_32, seen);
	assert_int_equal(track_flow_due(&f), start + TRACK_SILENCE_NS);
	track_flow_expire(&f, start + TRACK_SILENCE_NS - 1, &seen->events);
	assert_int_equal(seen->n, 0);
	track_flow_expire(&f, start + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].length, TRACK_CHECK_WRONG);
	assert_int_equal(seen->m[0].wall_ns, start);
	assert_int_equal(track_flow_due(&f), 0);
	feed_hex(&f, 15, start + 3 * TRACK_SILENCE_NS, BEAT, seen);
	assert_int_equal(seen->n, 2);
	/* a tail where the chunk ends, and half a second */
	feed_hex(&f, 30, start + 4 * TRACK_SILENCE_NS, "78780a134004040d0a",
		 seen);
	feed_hex(&f, 39, start + 4 * TRACK_SILENCE_NS + TRACK_SILENCE_NS / 2,
		 "0007f28f0d0a", seen);
	assert_int_equal(seen->n, 3);
	assert_int_equal(seen->m[2].length, TRACK_CHECK_OK);
	/* counts lead to the end, so nothing is waited for */
	feed_hex(&f, 45, start + 6 * TRACK_SILENCE_NS, WIFI, seen);
	assert_int_equal(seen->n, 4);
	/* no tail, no end */
	feed_hex(&f, 45 + WIFI_LEN, start + 8 * TRACK_SILENCE_NS, "78780a1340",
		 seen);
	assert_int_equal(track_flow_due(&f), 0);
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->n, 4);
	assert_int_equal(seen->counts.skipped, 5);
	free(seen);
}

/* The largest length there may be, and a tail in every third byte. */
static void a_message_of_16_kib(void **state)
{
	static struct bytes stream;
	uint64_t seed = 5;
	uint16_t sum;

	(void)state;
	stream.len = 0;
	bytes_add(&stream, "7979 4000 36");
	while (stream.len < 4 + 16384 - 2)
		bytes_put(&stream, "\r\nx"[stream.len % 3]);
	sum = bitwise_crc(stream.at + 2, stream.len - 2);
	bytes_put(&stream, sum >> 8);
	bytes_put(&stream, sum & 0xff);
	bytes_add(&stream, "0d0a" BEAT);
	for (int chunk = 0; chunk < 1500; chunk += 700) {
		struct seen *seen = feed_flow(&track_gt06, BASE_CLIENT,
					      bytes_span(&stream), chunk,
					      &seed);

		assert_int_equal(seen->n, 2);
		assert_int_equal(seen->m[0].len, 4 + 16384 + 2);
		assert_int_equal(seen->m[0].checksum, TRACK_CHECK_OK);
		assert_string_equal(seen->m[0].keyword, "36L");
		assert_int_equal(seen->counts.overflows, 0);
		free(seen);
	}
}

static const struct {
	const char *hex;
	enum base_direction direction;
	enum track_probe answer;
} probes[] = {
	{ "", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "78", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "7878", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "787811", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "78781101", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ LOGIN, BASE_CLIENT, TRACK_PROBE_YES },
	{ LOGIN "ff", BASE_CLIENT, TRACK_PROBE_YES },
	{ LONG, BASE_CLIENT, TRACK_PROBE_YES },
	{ UNKNOWN, BASE_CLIENT, TRACK_PROBE_YES },
	{ ACK, BASE_SERVER, TRACK_PROBE_YES },
	{ WIFI, BASE_CLIENT, TRACK_PROBE_YES },
	{ BEAT_5, BASE_CLIENT, TRACK_PROBE_YES },
	{ BEAT_32, BASE_CLIENT, TRACK_PROBE_YES },
	/* no end where it should be, of a type that is not known */
	{ "78780677010007d7e80d0b", BASE_CLIENT, TRACK_PROBE_NO },
	/* too long to be shown whole */
	{ "7979040036", BASE_CLIENT, TRACK_PROBE_YES },
	{ "7979040077", BASE_CLIENT, TRACK_PROBE_NO },
	{ "7979400136", BASE_CLIENT, TRACK_PROBE_NO },
	{ "7978", BASE_CLIENT, TRACK_PROBE_NO },
	{ "78790a13", BASE_CLIENT, TRACK_PROBE_NO },
	{ "78780013", BASE_CLIENT, TRACK_PROBE_NO },
	{ "5b33472a", BASE_CLIENT, TRACK_PROBE_NO },
	{ "007878", BASE_CLIENT, TRACK_PROBE_NO },
};

static void probe_wants_a_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(probes); i++) {
		struct bytes *b = bytes_new();

		bytes_add(b, probes[i].hex);
		if (track_gt06.probe(bytes_span(b), probes[i].direction) !=
		    probes[i].answer)
			fail_msg("%s", probes[i].hex);
	}
}

/* YES and NO stay when bytes are added. */
static void probe_does_not_change_its_mind(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		enum track_probe last = TRACK_PROBE_MAYBE;
		struct bytes *b = bytes_new();

		bytes_add(b, vectors[i].stream);
		for (size_t n = 0; n <= b->len; n++) {
			const enum track_probe answer = track_gt06.probe(
				(struct base_span){ b->at, n }, BASE_CLIENT);

			if (last != TRACK_PROBE_MAYBE && answer != last)
				fail_msg("%s at %zu", vectors[i].stream, n);
			last = answer;
		}
	}
}

/* The bytes alone tell the protocol, from either side. */
static void the_protocol_is_found(void **state)
{
	static const char *const streams[] = { LOGIN BEAT, BEAT_5, WIFI, ACK,
					       LATE };
	uint64_t seed = 6;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(streams); i++) {
		for (int d = 0; d < BASE_DIRECTIONS; d++) {
			struct bytes *b = bytes_new();
			struct seen *seen;

			bytes_add(b, streams[i]);
			if (d == BASE_SERVER && i != 3)
				continue;
			seen = feed_flow(NULL, (enum base_direction)d,
					 bytes_span(b), 1, &seed);
			if (!seen->n)
				fail_msg("%s", streams[i]);
			free(seen);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(two_hundred_random_streams),
		cmocka_unit_test(garbage_then_messages),
		cmocka_unit_test(silence_ends_a_message),
		cmocka_unit_test(a_message_of_16_kib),
		cmocka_unit_test(probe_wants_a_message),
		cmocka_unit_test(probe_does_not_change_its_mind),
		cmocka_unit_test(the_protocol_is_found),
	};

	return event_test_run(tests);
}
