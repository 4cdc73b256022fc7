/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_read_test.c - text captures are read as they were written */
#include "capture_read.h"

#include "capture_file.h"
#include "capture_test.h"

#define C STAMP "\tclient\t"
#define S STAMP "\tserver\t"

/* What came out: "c0:abc|s0:de|", and the time of the last chunk. */
static char out[4096];
static uint64_t wall_ns, total;
static size_t longest;

static void chunk(void *arg, const struct capture_read_chunk *c)
{
	const size_t len = strlen(out);

	(void)arg;
	wall_ns = c->wall_ns;
	total += c->bytes.len;
	longest = c->bytes.len > longest ? c->bytes.len : longest;
	assert_true(c->bytes.len > 0);
	if (c->bytes.len < 100)
		(void)snprintf(out + len, sizeof(out) - len, "%c%d:%.*s|",
			       base_direction_name(c->direction)[0],
			       (int)c->offset, (int)c->bytes.len,
			       (const char *)c->bytes.ptr);
}

static int setup(void **state)
{
	struct capture_read *r;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", TEST_ZONE, 1), 0);
	tzset();
	r = capture_read_new(chunk, NULL);
	assert_non_null(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	capture_read_free(*state);
	return 0;
}

static bool feed(struct capture_read *r, const char *text, size_t len,
		 size_t most)
{
	bool good = true;

	for (size_t i = 0; i < len; i += most) {
		const size_t n = len - i < most ? len - i : most;

		good = capture_read_feed(
			r, (struct base_span){ (const uint8_t *)text + i, n });
	}
	return good;
}

/* However it is cut, `text` reads as `want`. */
static void reads_as(void **state, const char *text, const char *want)
{
	static const size_t cuts[] = { 4096, 1, 3, 29 };

	for (size_t i = 0; i < WS_ARRAY_LEN(cuts); i++) {
		struct capture_read *r = capture_read_new(chunk, NULL);

		(void)state;
		assert_non_null(r);
		out[0] = '\0';
		assert_true(feed(r, text, strlen(text), cuts[i]));
		assert_true(capture_read_end(r));
		assert_string_equal(out, want);
		capture_read_free(r);
	}
}

static void records_have_direction_offset_and_time(void **state)
{
	reads_as(state, C "abc\n" S "de\n" C "f\n", "c0:abc|s0:de|c3:f|");
	/* TEST_ZONE is five and a half hours east: see SECOND */
	assert_int_equal(wall_ns, SECOND * BASE_TIME_NS_PER_S);
	reads_as(state, "2025-11-03 19:55:02\tclient\tx\n", "c0:x|");
	assert_int_equal(wall_ns, (SECOND + 1) * BASE_TIME_NS_PER_S);
}

static void a_line_feed_is_no_end(void **state)
{
	reads_as(state, C "a\nb\n" S "c\n\n\n" C "\n\n",
		 "c0:a\nb|s0:c\n\n|c3:\n|");
}

static void only_a_whole_head_begins_a_record(void **state)
{
	static const char *const near[] = {
		"2025-13-03 19:55:01\tclient\t", /* months */
		"2025-11-31 19:55:01\tclient\t", /* November has 30 days */
		"2023-02-29 19:55:01\tclient\t",
		"2025-11-03 24:55:01\tclient\t",
		"2025-11-03 19:60:01\tclient\t",
		"2025-11-03 19:55:61\tclient\t",
		"2025-11-03 19:55:01 client\t",
		"2025-11-03 19:55:01\tclient ",
		"2025-11-03 19:55:01\tclienT\t",
		"2025-11-03T19:55:01\tclient\t",
		"x025-11-03 19:55:01\tclient\t",
		"2025-11-03 19:55:01\tserver",
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(near); i++) {
		char text[200], want[200];

		(void)snprintf(text, sizeof(text), C "a\n%s\n", near[i]);
		(void)snprintf(want, sizeof(want), "c0:a\n%s|", near[i]);
		reads_as(state, text, want);
	}
	reads_as(state, C "a\n2024-02-29 00:00:60\tserver\tb\n", "c0:a|s0:b|");
}

/* The rule's price, stated in the header. */
static void a_head_in_the_payload_is_taken_for_one(void **state)
{
	reads_as(state, C "a\n" S "b\n" C "c\n", "c0:a|s0:b|c1:c|");
}

static void half_a_record_counts_as_far_as_it_is_there(void **state)
{
	reads_as(state, C "abc\n" S "de", "c0:abc|s0:de|");
	reads_as(state, C "abc\n2025-11-03 19:5", "c0:abc\n2025-11-03 19:5|");
	reads_as(state, C "", "");
	reads_as(state, "", "");
}

static void a_file_without_a_head_is_none(void **state)
{
	struct capture_read *r = *state;

	assert_false(feed(r, "[3G*8800000015*0002*LK] and more", 32, 32));
	assert_false(feed(r, C "a\n", 29, 29));
	assert_false(capture_read_end(r));
	/* nor one that is too short to have one */
	assert_true(feed(r, "2025-11-03", 10, 10));
	assert_false(capture_read_end(r));
	assert_true(capture_read_is((struct base_span){ NULL, 0 }));
	assert_true(capture_read_is(
		(struct base_span){ (const uint8_t *)C, sizeof(C) - 1 }));
	assert_false(capture_read_is(
		(struct base_span){ (const uint8_t *)C, sizeof(C) - 2 }));
}

static void offsets_go_on_in_the_next_part(void **state)
{
	struct capture_read *r = *state;

	out[0] = '\0';
	assert_true(feed(r, C "abc\n", sizeof(C) + 3, 4096));
	assert_true(capture_read_end(r));
	assert_true(feed(r, C "d\n", sizeof(C) + 1, 4096));
	assert_true(capture_read_end(r));
	assert_string_equal(out, "c0:abc|c3:d|");
}

/* len bytes of payload without a head, read in pieces of `most`. */
static void long_record(struct capture_read *r, size_t len, size_t most)
{
	const size_t head = sizeof(C) - 1;
	char *text = malloc(head + len + 1);

	assert_non_null(text);
	memcpy(text, C, head);
	memset(text + head, '\n', len + 1);
	out[0] = '\0';
	total = longest = 0;
	assert_true(feed(r, text, head + len + 1, most));
	assert_true(feed(r, C "z\n", sizeof(C) + 1, most));
	assert_true(capture_read_end(r));
	assert_int_equal(total, len + 1);
	free(text);
}

static void the_longest_record_is_one_chunk(void **state)
{
	long_record(*state, CAPTURE_RECORD_MAX, 65536);
	assert_int_equal(longest, CAPTURE_RECORD_MAX);
	assert_string_equal(out, "c262144:z|");
}

static void what_is_longer_comes_in_pieces(void **state)
{
	long_record(*state, 3 * CAPTURE_RECORD_MAX + 5, 65536);
	assert_int_equal(longest, CAPTURE_RECORD_MAX);
	assert_string_equal(out, "c786432:\n\n\n\n\n|c786437:z|");
	long_record(*state, 3 * CAPTURE_RECORD_MAX + 5, 4097);
	assert_int_equal(longest, CAPTURE_RECORD_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_have_direction_offset_and_time),
		TEST(a_line_feed_is_no_end),
		TEST(only_a_whole_head_begins_a_record),
		TEST(a_head_in_the_payload_is_taken_for_one),
		TEST(half_a_record_counts_as_far_as_it_is_there),
		TEST(a_file_without_a_head_is_none),
		TEST(offsets_go_on_in_the_next_part),
		TEST(the_longest_record_is_one_chunk),
		TEST(what_is_longer_comes_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
