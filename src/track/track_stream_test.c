/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_stream_test.c - times, gaps, limits and memory of one direction */
#include "track_stream.h"

#include <errno.h>

#include "track_test.h"
#include "track_watch.h"

#define S   1000000000ULL /* ns */
#define LK  "[SG*1*0002*LK]"
#define LK5 "[SG*1*0005*LK]" /* declares 5, has 2 */

/* realloc() fails while this is set: linked with --wrap=realloc. */
static bool out_of_memory;

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_realloc(void *p, size_t n)
{
	return out_of_memory ? NULL : __real_realloc(p, n);
}

static struct seen *caught;
static struct track_stream stream;

static int setup(void **state)
{
	(void)state;
	caught = seen_new();
	stream = (struct track_stream){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	track_stream_end(&stream, &track_watch, &caught->out);
	assert_null(stream.held);
	assert_int_equal(caught->counts.memory, 0);
	free(caught);
	return 0;
}

static void expire(uint64_t now_ns)
{
	track_stream_expire(&stream, &track_watch, now_ns, &caught->out);
}

static void time_is_the_last_bytes(void **state)
{
	(void)state;
	feed(&stream, 5 * S, "[SG*1*00", caught);
	feed(&stream, 7 * S, "02*L", caught);
	assert_int_equal(caught->n, 0);
	feed(&stream, 9 * S, "K]" LK "[", caught);
	feed(&stream, 11 * S, &LK[1], caught);
	assert_int_equal(caught->n, 3);
	assert_int_equal(caught->m[0].wall_ns, 9 * S);
	assert_int_equal(caught->m[0].offset, 0);
	assert_int_equal(caught->m[1].wall_ns, 9 * S);
	assert_int_equal(caught->m[1].offset, 14);
	assert_int_equal(caught->m[2].wall_ns, 11 * S);
	assert_int_equal(caught->m[2].offset, 28);
}

/* The end is known only when the next message begins, 0.5 s later. */
static void time_of_an_end_found_late(void **state)
{
	(void)state;
	feed(&stream, 5 * S, LK5, caught);
	assert_int_equal(caught->n, 0);
	feed(&stream, 5 * S + S / 2, "[SG*1*00", caught);
	assert_int_equal(caught->n, 0);
	feed(&stream, 5 * S + S / 2 + 1, "02*LK]", caught);
	assert_int_equal(caught->n, 2);
	assert_int_equal(caught->m[0].wall_ns, 5 * S);
	assert_int_equal(caught->m[1].wall_ns, 5 * S + S / 2 + 1);
}

static void silence_ends_a_message(void **state)
{
	(void)state;
	feed(&stream, 5 * S, "[SG*1*0005*L", caught);
	assert_int_equal(track_stream_due(&stream), 0);
	feed(&stream, 6 * S, "K]", caught);
	assert_int_equal(track_stream_due(&stream), 7 * S);
	expire(7 * S - 1);
	assert_int_equal(caught->n, 0);
	expire(7 * S);
	assert_int_equal(caught->n, 1);
	seen_is(caught, 0, LK5);
	assert_int_equal(caught->m[0].wall_ns, 6 * S);
	assert_int_equal(caught->m[0].length, TRACK_CHECK_WRONG);
	assert_int_equal(track_stream_due(&stream), 0);
	assert_null(stream.held);
}

/* Whether the owner'stream timer ran or not, the times of the chunks decide. */
static void silence_needs_no_timer(void **state)
{
	(void)state;
	feed(&stream, 5 * S, LK5, caught);
	feed(&stream, 6 * S, " x]", caught);
	assert_int_equal(caught->n, 1);
	seen_is(caught, 0, LK5);
	assert_int_equal(caught->m[0].wall_ns, 5 * S);
	assert_int_equal(caught->counts.skipped, 3);
	/* a nanosecond less: L, K, ], blank, x are the 5 bytes */
	feed(&stream, 8 * S, LK5, caught);
	feed(&stream, 9 * S - 1, " x]", caught);
	assert_int_equal(caught->n, 2);
	seen_is(caught, 1, "[SG*1*0005*LK] x]");
	assert_int_equal(caught->m[1].length, TRACK_CHECK_OK);
}

static void silence_in_the_middle_ends_nothing(void **state)
{
	static const char *const parts[] = {
		"[3G*1*000",       /* a header */
		"8*UD,",           /* content */
		"[x]",             /* a pair */
		"]",               /* 3 + 3 = 6 of 8 bytes: this could be it */
		"a]",              /* but the length says so */
		"[3G*1*00ff*UD]a", /* other bytes follow */
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(parts); i++) {
		feed(&stream, i, parts[i], caught);
		assert_int_equal(track_stream_due(&stream) > 0, i == 3);
		if (i != 3)
			expire(100 * S);
		assert_int_equal(caught->n, i >= 4);
	}
	seen_is(caught, 0, "[3G*1*0008*UD,[x]]a]");
}

static void a_line_end_needs_no_silence(void **state)
{
	(void)state;
	feed(&stream, 1, LK5 "\n", caught);
	assert_int_equal(caught->n, 1);
	feed(&stream, 1, LK5, caught);
	feed(&stream, 2, "\r", caught);
	assert_int_equal(caught->n, 2);
	assert_int_equal(caught->m[1].wall_ns, 1);
	assert_null(stream.held);
}

/* The length is too short: the first bracket behind it is the end, at once. */
static void a_short_length_needs_no_silence(void **state)
{
	(void)state;
	feed(&stream, 1, "[SG*1*0001*LK]", caught);
	assert_int_equal(caught->n, 1);
	feed(&stream, 1, "[SG*1*0001*UD,[x]y]", caught);
	assert_int_equal(caught->n, 2);
	assert_null(stream.held);
}

/* A clock set back neither ends nor loses anything. */
static void clock_set_back(void **state)
{
	(void)state;
	feed(&stream, 500 * S, LK5, caught);
	expire(3 * S);
	feed(&stream, 4 * S, LK, caught);
	assert_int_equal(caught->n, 2);
	assert_int_equal(caught->m[0].wall_ns, 500 * S);
	assert_int_equal(caught->m[1].wall_ns, 4 * S);
}

static void a_gap_cuts(void **state)
{
	(void)state;
	feed(&stream, 1, LK "[SG*1*0009*UD,", caught);
	/* 14 + 14 = 28 bytes were caught */
	assert_int_equal(stream.offset + stream.len, 28);
	feed_at(&stream, 1000, 2, "22,33]" LK, caught);
	assert_int_equal(caught->counts.gaps, 1);
	assert_int_equal(caught->n, 2);
	assert_int_equal(caught->m[1].offset, 1006);
	assert_int_equal(caught->counts.skipped, 14 + 6);
	/* what was a whole message before the gap is one */
	feed_at(&stream, 1020, 3, LK5, caught);
	feed_at(&stream, 2000, 4, LK, caught);
	assert_int_equal(caught->counts.gaps, 2);
	assert_int_equal(caught->n, 4);
	seen_is(caught, 2, LK5);
	assert_int_equal(caught->m[2].wall_ns, 3);
	assert_int_equal(caught->m[3].offset, 2000);
	/* back in the stream is a gap too */
	feed_at(&stream, 0, 5, LK, caught);
	assert_int_equal(caught->counts.gaps, 3);
	assert_int_equal(caught->m[4].offset, 0);
}

static void idle_costs_nothing(void **state)
{
	(void)state;
	assert_true(sizeof(stream) <= 64);
	feed(&stream, 1, LK LK, caught);
	assert_null(stream.held);
	feed(&stream, 1, "no message at all", caught);
	assert_null(stream.held);
	feed(&stream, 1, "[", caught);
	assert_non_null(stream.held);
	assert_true(stream.room <= 256);
	feed(&stream, 1, "-", caught);
	assert_null(stream.held);
}

/* What stands before, n times c, what follows. The caller frees the bytes. */
static uint8_t *filled(const char *before, size_t n, char c, const char *after,
		       size_t *len)
{
	uint8_t *bytes = malloc(strlen(before) + n + strlen(after));
	uint8_t *p;

	assert_non_null(bytes);
	p = put_text(bytes, before);
	memset(p, c, n);
	*len = (size_t)(put_text(p + n, after) - bytes);
	return bytes;
}

struct large {
	const char *before;
	size_t n;
	char c;
	const char *after;
};

static void in_three_ways(struct large large,
			  void (*check)(const struct seen *))
{
	static const int chunks[] = { 0, 1, -9000 };
	uint64_t seed = 4;
	size_t len;
	uint8_t *bytes =
		filled(large.before, large.n, large.c, large.after, &len);

	for (size_t i = 0; i < WS_ARRAY_LEN(chunks); i++) {
		struct seen *got = feed_all((struct base_span){ bytes, len },
					    chunks[i], &seed);

		check(got);
		free(got);
	}
	free(bytes);
}

static void only_a_good_message_at_256k(const struct seen *got)
{
	assert_int_equal(got->n, 1);
	seen_is(got, 0, LK);
	assert_int_equal(got->m[0].offset, 256 << 10);
	assert_int_equal(got->counts.skipped, 256 << 10);
	assert_int_equal(got->counts.overflows, 0);
}

static void a_message_behind_garbage(void **state)
{
	(void)state;
	in_three_ways((struct large){ "", 256 << 10, 'x', LK },
		      only_a_good_message_at_256k);
	in_three_ways((struct large){ "", 256 << 10, '[', LK },
		      only_a_good_message_at_256k);
	in_three_ways((struct large){ "", 256 << 10, '\0', LK },
		      only_a_good_message_at_256k);
}

/* 11 + 70,000 bytes, and no end: given up, whole. */
static void an_overflow(const struct seen *got)
{
	assert_int_equal(got->n, 1);
	seen_is(got, 0, LK);
	assert_int_equal(got->m[0].offset, 11 + 70000);
	assert_int_equal(got->counts.overflows, 1);
	assert_int_equal(got->counts.skipped, 11 + 70000);
}

/* ... but for the message that has an end. */
static void an_overflow_with_an_end(const struct seen *got)
{
	assert_int_equal(got->n, 2);
	seen_is(got, 0, "[SG*1*FFFF*LK]");
	assert_int_equal(got->m[0].length, TRACK_CHECK_WRONG);
	seen_is(got, 1, LK);
	assert_int_equal(got->counts.overflows, 1);
	assert_int_equal(got->counts.skipped, 70000);
}

static void a_message_without_end(void **state)
{
	(void)state;
	in_three_ways((struct large){ "[SG*1*FFFF*", 70000, 'a', LK },
		      an_overflow);
	in_three_ways((struct large){ "[SG*1*FFFF*LK]", 70000, 'a', LK },
		      an_overflow_with_an_end);
}

static void the_longest(const struct seen *got)
{
	assert_int_equal(got->n, 2);
	assert_int_equal(got->m[0].len, 67 + 65535 + 1);
	assert_int_equal(got->m[0].length, TRACK_CHECK_OK);
	assert_int_equal(got->counts.overflows, 0);
}

static void the_longest_message_fits(void **state)
{
	(void)state;
	/* 1+32 + 2+1 + 20+1 + 4+1 + 4+1 = 67 bytes of header */
	in_three_ways((struct large){ "[0123456789abcdef0123456789abcdef3G*"
				      "12345678901234567890*0001*ffff*",
				      65535, 'a', "]" LK },
		      the_longest);
}

/* "[SG*1*4e20*" is 11 bytes; the next five could still make an index of it. */
#define HEADER_SEEN 16

/* The bytes of the content that were scanned before are all ends now: a framer
 * that looks at them again goes wrong. */
static enum track_step once_only_frame(const struct track_front *front,
				       struct track_scan *scan,
				       struct track_frame *frame)
{
	uint8_t *once = malloc(front->bytes.len);
	struct track_front changed = *front;
	enum track_step step;

	assert_non_null(once);
	memcpy(once, front->bytes.ptr, front->bytes.len);
	for (uint32_t i = HEADER_SEEN; i < scan->at; i++)
		once[i] = i % 2 ? ']' : '\n';
	changed.bytes.ptr = once;
	step = track_watch.frame(&changed, scan, frame);
	free(once);
	return step;
}

static void a_dribbled_message_is_scanned_once(void **state)
{
	size_t len;
	uint8_t *bytes = filled("[SG*1*4e20*", 20000, 'z', "]", &len);
	struct track_protocol once_only = track_watch;
	struct base_rd r;

	(void)state;
	once_only.frame = once_only_frame;
	base_rd_init(&r, bytes, len);
	while (base_rd_left(&r)) {
		const struct track_chunk c = { stream.offset + stream.len, 1,
					       base_rd_take(&r, 1) };

		assert_int_equal(track_stream_feed(&stream, &once_only, &c,
						   &caught->out),
				 0);
	}
	assert_int_equal(caught->n, 1);
	assert_int_equal(caught->m[0].len, len);
	free(bytes);
}

/* "[SG*1*00ff*" is 11 bytes; with 245 more the 256 allocated ones are full. */
static void no_memory_is_a_counted_gap(void **state)
{
	const struct track_chunk c = {
		256, 2, { (const uint8_t *)"0123456789]" LK, 25 }
	};
	size_t len;
	uint8_t *bytes = filled("[SG*1*00ff*", 245, 'a', "", &len);
	const struct track_chunk front = { 0, 1, { bytes, len } };
	int r;

	(void)state;
	assert_int_equal(
		track_stream_feed(&stream, &track_watch, &front, &caught->out),
		0);
	free(bytes);
	assert_int_equal(caught->counts.memory, 256);
	out_of_memory = true;
	r = track_stream_feed(&stream, &track_watch, &c, &caught->out);
	out_of_memory = false;
	assert_int_equal(r, -ENOMEM);
	assert_int_equal(caught->n, 0);
	assert_int_equal(caught->counts.no_memory, 1);
	assert_int_equal(caught->counts.skipped, 256 + 25);
	assert_null(stream.held);
	assert_int_equal(caught->counts.memory, 0);
	/* and on it goes, without a gap */
	feed_at(&stream, 281, 3, LK, caught);
	assert_int_equal(caught->n, 1);
	assert_int_equal(caught->counts.gaps, 0);
}

/* Whatever happens to a stream, the gauge is what is allocated for it; that is
 * a multiple of 256 with the bytes held just below. */
static void the_gauge_is_exact(void **state)
{
	struct track_stream other = { .direction = BASE_SERVER };

	(void)state;
	feed(&stream, 1, "[", caught);
	assert_int_equal(caught->counts.memory, 256);
	feed(&other, 1, "[", caught);
	assert_int_equal(caught->counts.memory, 512);
	/* a message of 14 bytes goes, one byte stays */
	feed(&stream, 1, "SG*1*0002*LK][", caught);
	assert_int_equal(caught->counts.memory, 512);
	/* a gap ends what is held: of this one nothing stays */
	feed_at(&stream, 1000, 2, "x", caught);
	assert_int_equal(caught->counts.memory, 256);
	/* held without a protocol, framed, skipped */
	assert_int_equal(track_stream_hold(
				 &stream,
				 (struct base_span){ (const uint8_t *)LK5, 14 },
				 3 * S, &caught->out),
			 0);
	assert_int_equal(caught->counts.memory, 512);
	track_stream_resume(&stream, &track_watch, &caught->out);
	assert_int_equal(caught->counts.memory, 512);
	expire(4 * S);
	assert_int_equal(caught->n, 2);
	assert_int_equal(caught->counts.memory, 256);
	track_stream_skip(&other, 5, &caught->out);
	assert_int_equal(caught->counts.memory, 0);
}

/* Without the last bracket, messages of 11 + 64,989 (fddd) bytes take 254 * 256
 * = 65,024 bytes each: 1,032 of them leave 4,096 of the 64 MiB. */
#define GREEDY 1032

static void feed_is(struct track_stream *s, const struct track_chunk *c, int r)
{
	assert_int_equal(track_stream_feed(s, &track_watch, c, &caught->out),
			 r);
}

static void all_streams_have_one_bound(void **state)
{
	struct track_stream *greedy = calloc(GREEDY, sizeof(*greedy));
	struct track_stream late = { .direction = BASE_SERVER };
	size_t len;
	uint8_t *bytes = filled("[SG*1*fddd*", 64989, 'a', "", &len);
	const struct track_chunk one = { 0, 1, { bytes, 1 } };
	struct track_chunk c = { 0, 1, { bytes, len } };

	(void)state;
	assert_non_null(greedy);
	for (size_t i = 0; i < GREEDY; i++)
		feed_is(&greedy[i], &c, 0);
	assert_int_equal(caught->counts.memory, GREEDY * 65024);
	feed_is(&stream, &c, -ENOMEM);
	assert_int_equal(caught->counts.memory, GREEDY * 65024);
	assert_int_equal(caught->counts.no_memory, 1);
	assert_int_equal(caught->counts.skipped, 65000);
	/* the same stream goes on, up to the last byte of all */
	c = (struct track_chunk){ 65000, 2, { bytes, 4096 } };
	feed_is(&stream, &c, 0);
	assert_int_equal(caught->counts.memory, 64 << 20);
	feed_is(&late, &one, -ENOMEM);
	assert_int_equal(caught->counts.no_memory, 2);
	assert_int_equal(caught->counts.skipped, 65000 + 1);
	/* so do the others; and what one gives back is there for all */
	feed(&greedy[0], 3, "]", caught);
	assert_int_equal(caught->n, 1);
	assert_int_equal(caught->m[0].len, 65001);
	feed(&late, 4, LK, caught);
	assert_int_equal(caught->n, 2);
	for (size_t i = 1; i < GREEDY; i++)
		track_stream_end(&greedy[i], &track_watch, &caught->out);
	assert_int_equal(caught->counts.memory, 4096);
	assert_int_equal(caught->counts.gaps, 0);
	free(greedy);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_is_the_last_bytes),
		TEST(time_of_an_end_found_late),
		TEST(silence_ends_a_message),
		TEST(silence_needs_no_timer),
		TEST(silence_in_the_middle_ends_nothing),
		TEST(a_line_end_needs_no_silence),
		TEST(a_short_length_needs_no_silence),
		TEST(clock_set_back),
		TEST(a_gap_cuts),
		TEST(idle_costs_nothing),
		TEST(a_message_behind_garbage),
		TEST(a_message_without_end),
		TEST(the_longest_message_fits),
		TEST(a_dribbled_message_is_scanned_once),
		TEST(no_memory_is_a_counted_gap),
		TEST(the_gauge_is_exact),
		TEST(all_streams_have_one_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
