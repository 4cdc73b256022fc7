/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika_test.c - where messages of Teltonika begin and end
 *
 * A and B are contents of one record, without values: codec, count, time (8),
 * priority, place (15), event, number of values, four empty groups, count:
 * 2 + 8 + 1 + 15 + 1 + 1 + 4 + 1 = 33 bytes, which makes a packet of 45. T is
 * the text OK: codec, count, type, size (4), text, count: 10 bytes, 22.
 */
#include "track_teltonika.h"

#include "track_teltonika_test.h"
#include "track_text.h"

#define PLACE "0ee6b280 ec084e40 00b4 010e 0b 0045"
#define A     "08 01 000001a1fd3a3ed2 00" PLACE "00 00 00 00 00 00 01"
#define B     "08 01 000001708e3e1c00 00" PLACE "00 00 00 00 00 00 01"
#define T     "0c 01 06 00000002 4f4b 01"
#define IMEI  "33 35 32 30 39 33 30 38 31 34 35 32 32 35 31"
#define LOGIN "000f" IMEI
#define U     "5555555555555555555555555555555555555555"
/* A with a group of values of 16 bytes, which is empty, too */
#define S "08 01 000001a1fd3a3ed2 00" PLACE "00 00 00 00 00 00 00 01"
/* 2 + 1 + 1 + 2 + 15 and A: 54 = 0x36 bytes follow the length */
#define UDP "0036 cafe 01 07 000f" IMEI A

/*
 * A stream in hexadecimal digits; {CONTENT} is a packet, {CONTENT}@LL declares
 * another length, {CONTENT}^XX has a last byte that is changed by XX.
 */
struct vector {
	const char *what;
	enum base_direction direction;
	const char *stream;
	/* lengths of the messages; l: declared wrong, c: checksum wrong */
	const char *messages;
	size_t skipped;
};

static const struct vector vectors[] = {
	{ "login and records", BASE_CLIENT, LOGIN "{" A "}{" B "}", "17 45 45",
	  0 },
	{ "pings between", BASE_CLIENT, "ff" LOGIN "ffff {" A "} ff",
	  "1 17 1 1 45 1", 0 },
	{ "a wrong checksum at the end", BASE_CLIENT, "{" A "}^01", "45c", 0 },
	{ "a wrong checksum before others", BASE_CLIENT, "{" A "}^80 {" T "}",
	  "45c 22", 0 },
	/* 12 + 20: the end of the flow, a packet, or garbage follow */
	{ "declared too short", BASE_CLIENT, "{" A "}@14", "45l", 0 },
	/* what is behind 12 + 28 bytes could begin a datagram */
	{ "declared a little too short", BASE_CLIENT, "{" A "}@1c", "45l", 0 },
	{ "declared too short, and both wrong", BASE_CLIENT,
	  "{" A "}@14^01 {" B "}", "45lc 45", 0 },
	{ "declared too short before garbage", BASE_CLIENT,
	  "{" T "}@09" U U "{" T "}", "22l 22", 40 },
	/* the second count is not the first: what is declared is believed */
	{ "declared too short, and no layout", BASE_CLIENT,
	  "{08 01 000001a1fd3a3ed2 00" PLACE "00 00 00 00 00 00 02}@14"
	  "{" B "}",
	  "32c 45", 13 },
	/* 12 + 64 is in the middle of the next */
	{ "declared too long", BASE_CLIENT, "{" A "}@40 {" B "}", "45l 45", 0 },
	{ "declared too long at the end", BASE_CLIENT, "{" A "}@40", "45l", 0 },
	/* two bytes more than the layout knows: length and checksum are right
	 */
	{ "a layout that is not known", BASE_CLIENT, "{" A "beef}{" B "}",
	  "47 45", 0 },
	{ "... at the end", BASE_CLIENT, "{" A "beef}", "47", 0 },
	{ "... before garbage", BASE_CLIENT, "{" A "beef}" U, "47", 20 },
	/* 9 + 40 bytes of a packet of 12 + 96, then a whole one and garbage */
	{ "a torn packet", BASE_CLIENT,
	  "00000000 00000060 08" U U "{" A "}" U U U, "45", 109 },
	{ "garbage", BASE_CLIENT, U "ff" U "0010 31323334" U "{" A "}", "45",
	  67 },
	{ "zeros", BASE_CLIENT, "0000000000 0000000000 0000000000 {" A "}",
	  "45", 15 },
	{ "a login that is cut", BASE_CLIENT, "{" T "} 000f 333532", "22", 5 },
	{ "a packet that is cut", BASE_CLIENT,
	  "{" T "} 00000000 0000000a 0c 01 06 00000002 4f", "22", 16 },
	/* its last byte is no ping, nor is one of two in garbage */
	{ "a packet that is cut behind ff", BASE_CLIENT,
	  "{" T "} 00000000 0000000a 0c 01 06 00000002 ff", "22", 16 },
	{ "bytes like pings", BASE_CLIENT, U "ffff" U "{" A "}", "45", 42 },
	{ "pings at the end", BASE_CLIENT, "{" A "} ffffff", "45 1 1 1", 0 },
	/* 16 may follow one */
	{ "many pings", BASE_CLIENT,
	  "ffffffffffffffffffff ffffffffffffffffffff {" A "}",
	  "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 45", 3 },
	{ "a codec that is not known", BASE_CLIENT,
	  "{41 01 06 00000002 4f4b 01}{" T "}", "22", 22 },
	{ "datagrams", BASE_CLIENT, UDP UDP, "56 56", 0 },
	/* 0x34 is two bytes too few, 0x44 goes on into the next */
	{ "datagrams declared wrong", BASE_CLIENT,
	  "0034 cafe 01 07 000f" IMEI A "0044 cafe 01 07 000f" IMEI A UDP,
	  "56l 56l 56", 0 },
	/* its number looks like a login then */
	{ "a datagram that has no room for its content", BASE_CLIENT,
	  "0015 cafe 01 07 000f" IMEI "08 {" T "}", "17 22", 7 },
	{ "answers and commands", BASE_SERVER, "01 00000001 {" T "} 00000002",
	  "1 4 22 4", 0 },
	{ "refused", BASE_SERVER, "00", "1", 0 },
	{ "no records", BASE_SERVER, "00000000 00000001 00000000 {" T "}",
	  "4 4 4 22", 0 },
	{ "no records at the end", BASE_SERVER, "01 00000000", "1 4", 0 },
	{ "answers to datagrams", BASE_SERVER,
	  "0005 cafe 01 07 01 0005 0000 01 08 02", "7 7", 0 },
	{ "garbage from the server", BASE_SERVER,
	  "01 55 02 0003 00ff01 000002 {" T "}", "22", 11 },
	{ "bytes like answers", BASE_SERVER, "0101 55 {" T "}", "22", 3 },
	{ "no records and garbage", BASE_SERVER, "00000000 0000 55 {" T "}",
	  "4 22", 3 },
	{ "a command that is cut", BASE_SERVER, "00000001 00000000 00", "4",
	  5 },
};

static struct bytes stream_of(const struct vector *v)
{
	struct bytes b = { 0 };
	char *copy = strdup(v->stream), *p = copy;
	size_t packet = 0;

	assert_non_null(copy);
	while (*p) {
		const char mark = *p;
		const size_t n = strcspn(p + 1, "{@^") + 1;
		const char next = p[n];
		char *content = p + 1;

		p[n] = '\0';
		if (mark == '{') {
			char *end = strchr(p, '}');

			assert_non_null(end);
			*end = '\0';
			packet = b.len;
			bytes_packet(&b, content);
			bytes_add(&b, end + 1);
		} else if (mark == '@') {
			b.at[packet + 7] = (uint8_t)strtoul(content, NULL, 16);
			bytes_add(&b, content + 2);
		} else if (mark == '^') {
			b.at[b.len - 1] ^= (uint8_t)strtoul(content, NULL, 16);
			bytes_add(&b, content + 2);
		} else {
			bytes_add(&b, p);
		}
		p += n;
		*p = next;
	}
	free(copy);
	return b;
}

static void check(const struct vector *v, const struct seen *seen)
{
	char got[128] = "";
	size_t n = 0;

	for (size_t i = 0; i < seen->n; i++) {
		const struct seen_message *m = &seen->m[i];

		n += (size_t)snprintf(
			got + n, sizeof(got) - n, "%s%zu%s%s", i ? " " : "",
			m->len, m->length == TRACK_CHECK_WRONG ? "l" : "",
			m->checksum == TRACK_CHECK_WRONG ? "c" : "");
		assert_true(n < sizeof(got));
	}
	if (strcmp(got, v->messages) != 0 || seen->counts.skipped != v->skipped)
		fail_msg("%s: %s, %u skipped", v->what, got,
			 (unsigned)seen->counts.skipped);
	assert_int_equal(seen->counts.overflows, 0);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		const struct bytes b = stream_of(&vectors[i]);
		struct seen *seen = feed_any_chunks(
			&track_teltonika, vectors[i].direction, bytes_span(&b));

		check(&vectors[i], seen);
		free(seen);
	}
}

/* Pieces of all vectors, cut anywhere. */
static void three_hundred_random_streams(void **state)
{
	static struct bytes streams[WS_ARRAY_LEN(vectors)];
	struct base_span pieces[WS_ARRAY_LEN(vectors)];
	const struct pool pool = { pieces, WS_ARRAY_LEN(pieces) };

	(void)state;
	for (size_t i = 0; i < pool.n; i++) {
		streams[i] = stream_of(&vectors[i]);
		pieces[i] = bytes_span(&streams[i]);
	}
	feed_random_streams(&track_teltonika, BASE_CLIENT, &pool, 300, 150);
	feed_random_streams(&track_teltonika, BASE_SERVER, &pool, 300, 150);
}

static void the_login_names_the_device(void **state)
{
	struct bytes b = { 0 };
	uint64_t seed = 1;
	struct seen *seen;

	(void)state;
	bytes_packet(&b, A);
	bytes_add(&b, LOGIN);
	bytes_packet(&b, B);
	seen = feed_flow(&track_teltonika, BASE_CLIENT, bytes_span(&b), 0,
			 &seed);
	assert_int_equal(seen->n, 3);
	assert_string_equal(seen->m[0].device, "");
	assert_string_equal(seen->m[1].device, "352093081452251");
	assert_string_equal(seen->m[2].device, "352093081452251");
	assert_int_equal(seen->m[1].offset, 45);
	assert_int_equal(seen->m[2].offset, 62);
	free(seen);
}

/* Waits: what is too little to be known by, and a layout that is not known. */
static void silence(void **state)
{
	static const struct {
		const char *bytes, *content;
		enum base_direction direction;
		bool waits;
	} cases[] = {
		{ "ff", NULL, BASE_CLIENT, true },
		{ LOGIN, NULL, BASE_CLIENT, false },
		{ NULL, A, BASE_CLIENT, false },
		{ NULL, S, BASE_CLIENT, false },
		{ NULL, A "beef", BASE_CLIENT, true },
		{ UDP, NULL, BASE_CLIENT, false },
		{ "01", NULL, BASE_SERVER, true },
		{ "00", NULL, BASE_SERVER, true },
		{ "00000000", NULL, BASE_SERVER, true },
		{ "00000001", NULL, BASE_SERVER, false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct seen *seen = seen_new();
		struct bytes b = { 0 };
		struct track_chunk chunk = { 0, 1000, { b.at, 0 } };
		struct track_flow f;

		bytes_add(&b, cases[i].bytes ? cases[i].bytes : "");
		if (cases[i].content)
			bytes_packet(&b, cases[i].content);
		chunk.bytes.len = b.len;
		track_flow_init(&f, &track_teltonika, 0);
		assert_int_equal(track_flow_feed(&f, cases[i].direction, &chunk,
						 &seen->events),
				 0);
		assert_int_equal(seen->n, cases[i].waits ? 0 : 1);
		assert_int_equal(track_flow_due(&f),
				 cases[i].waits ? 1000 + TRACK_SILENCE_NS : 0);
		track_flow_expire(&f, 1000 + TRACK_SILENCE_NS - 1,
				  &seen->events);
		assert_int_equal(seen->n, cases[i].waits ? 0 : 1);
		track_flow_expire(&f, 1000 + TRACK_SILENCE_NS, &seen->events);
		assert_int_equal(seen->n, 1);
		assert_int_equal(seen->m[0].len, b.len);
		assert_int_equal(seen->m[0].wall_ns, 1000);
		track_flow_end(&f, &seen->events);
		assert_int_equal(seen->n, 1);
		free(seen);
	}
}

/* A ping, and half a login: the rest of it may take its time. */
static void a_slow_login(void **state)
{
	static const char *const parts[] = { "ff 000f 3335",
					     "32 30 39 33 30 38 31 34 35 32 "
					     "32 35 31" };
	struct seen *seen = seen_new();
	struct bytes b = { 0 };
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_teltonika, 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(parts); i++) {
		struct track_chunk chunk = { .offset = b.len, .wall_ns = 1000 };

		assert_int_equal(seen->n, 0);
		assert_int_equal(track_flow_due(&f), 0);
		bytes_add(&b, parts[i]);
		chunk.bytes = track_text_tail(bytes_span(&b), chunk.offset);
		assert_int_equal(
			track_flow_feed(&f, BASE_CLIENT, &chunk, &seen->events),
			0);
		track_flow_expire(&f, 3000 + TRACK_SILENCE_NS, &seen->events);
	}
	assert_int_equal(seen->n, 2);
	assert_int_equal(seen->m[0].len, 1);
	assert_int_equal(seen->m[1].len, 17);
	free(seen);
}

/* Zeros are what begins the command; the rest of it may take its time. */
static void a_slow_command(void **state)
{
	struct seen *seen = seen_new();
	struct bytes b = { 0 };
	struct track_flow f;

	(void)state;
	bytes_packet(&b, T);
	track_flow_init(&f, &track_teltonika, 0);
	/* the zeros, the length with a part of the content, and the rest */
	for (size_t i = 0, n; i < b.len; i += n) {
		struct track_chunk chunk = { .offset = i, .wall_ns = 1000 };

		n = i ? (b.len - 4) / 2 : 4;
		chunk.bytes = (struct base_span){ b.at + i, n };
		assert_int_equal(seen->n, 0);
		assert_int_equal(
			track_flow_feed(&f, BASE_SERVER, &chunk, &seen->events),
			0);
		if (i)
			track_flow_expire(&f, 3000 + TRACK_SILENCE_NS,
					  &seen->events);
	}
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].len, b.len);
	assert_int_equal(seen->counts.skipped, 0);
	free(seen);
}

static void garbage_then_a_message(void **state)
{
	struct bytes packet = { 0 };
	const struct seen_message *last;
	struct seen *seen;

	(void)state;
	bytes_packet(&packet, A);
	seen = feed_garbage(&track_teltonika, NULL, bytes_span(&packet));
	last = &seen->m[seen->n - 1];
	assert_int_equal(last->length, TRACK_CHECK_OK);
	assert_int_equal(last->checksum, TRACK_CHECK_OK);
	/* pings, by chance: the byte ff, and it or a head behind it */
	for (size_t i = 0; i + 1 < seen->n; i++)
		assert_int_equal(seen->m[i].len, 1);
	free(seen);
}

/* The answer to all of the bytes; to fewer it is the same or MAYBE. */
static const struct {
	const char *bytes;
	enum base_direction direction;
	enum track_probe answer;
} probes[] = {
	{ LOGIN, BASE_CLIENT, TRACK_PROBE_YES },
	{ "ffff" LOGIN, BASE_CLIENT, TRACK_PROBE_YES },
	{ "ff", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "ff 55", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000f 33 35 32 41", BASE_CLIENT, TRACK_PROBE_NO },
	{ "0007 33353230393330", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000000000000002108010000", BASE_CLIENT, TRACK_PROBE_YES },
	{ "000000000000002108010001", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000000000000002108000000", BASE_CLIENT, TRACK_PROBE_NO },
	{ "00000000000000218e010000", BASE_CLIENT, TRACK_PROBE_YES },
	{ "000000000000002110010000", BASE_CLIENT, TRACK_PROBE_YES },
	{ "000000000000002107012569085001", BASE_CLIENT, TRACK_PROBE_YES },
	{ "000000000000002107012569085011", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000000000000000a0c010600000002", BASE_CLIENT, TRACK_PROBE_YES },
	{ "000000000000000a0c010600010002", BASE_CLIENT, TRACK_PROBE_NO },
	{ "0000000000000021090100", BASE_CLIENT, TRACK_PROBE_NO },
	{ "0000000000000002", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000000000001", BASE_CLIENT, TRACK_PROBE_NO },
	{ UDP, BASE_CLIENT, TRACK_PROBE_YES },
	{ "0036 cafe 01 07 000f 3A", BASE_CLIENT, TRACK_PROBE_NO },
	{ "0820 cafe 01 07 000f", BASE_CLIENT, TRACK_PROBE_NO },
	{ "01", BASE_CLIENT, TRACK_PROBE_MAYBE },
	{ "78780d01", BASE_CLIENT, TRACK_PROBE_NO },
	{ "000000000000000a0c010500000002", BASE_SERVER, TRACK_PROBE_YES },
	{ "01", BASE_SERVER, TRACK_PROBE_NO },
	{ "00000001", BASE_SERVER, TRACK_PROBE_NO },
	{ "0005 cafe 01 07 01", BASE_SERVER, TRACK_PROBE_NO },
	{ LOGIN, BASE_SERVER, TRACK_PROBE_NO },
};

static void probe(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(probes); i++) {
		enum track_probe before = TRACK_PROBE_MAYBE;
		struct bytes b = { 0 };

		bytes_add(&b, probes[i].bytes);
		for (size_t len = 1; len <= b.len; len++) {
			const enum track_probe answer = track_teltonika.probe(
				(struct base_span){ b.at, len },
				probes[i].direction);

			if (before != TRACK_PROBE_MAYBE && answer != before)
				fail_msg("%zu bytes of %s", len,
					 probes[i].bytes);
			before = answer;
		}
		if (before != probes[i].answer)
			fail_msg("%s", probes[i].bytes);
	}
}

/* With no protocol given, from whatever comes first of it. */
static void chosen_by_the_bytes(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		const struct bytes b = stream_of(v);

		if (v->direction == BASE_SERVER || v->skipped)
			continue;
		for (int chunk = 0; chunk <= 1; chunk++) {
			struct seen *seen = feed_flow(NULL, BASE_CLIENT,
						      bytes_span(&b), chunk,
						      &seed);

			check(v, seen);
			free(seen);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(three_hundred_random_streams),
		cmocka_unit_test(the_login_names_the_device),
		cmocka_unit_test(silence),
		cmocka_unit_test(a_slow_login),
		cmocka_unit_test(a_slow_command),
		cmocka_unit_test(garbage_then_a_message),
		cmocka_unit_test(probe),
		cmocka_unit_test(chosen_by_the_bytes),
	};

	return event_test_run(tests);
}
