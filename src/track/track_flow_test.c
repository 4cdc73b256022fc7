/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_flow_test.c - the choice of a protocol, for both directions at once */
#include "track_flow.h"

#include <errno.h>

#include "track_test.h"
#include "track_watch.h"

#define LK "[SG*1*0002*LK]"

static void flow_feed_at(struct track_flow *f, enum base_direction d,
			 uint64_t offset, struct base_span bytes,
			 struct seen *seen)
{
	const struct track_chunk c = { offset, 1, bytes };

	assert_int_equal(track_flow_feed(f, d, &c, &seen->events), 0);
}

static void flow_feed(struct track_flow *f, enum base_direction d,
		      const char *text, struct seen *seen)
{
	const struct track_stream *s = &f->streams[d];

	flow_feed_at(f, d, s->offset + s->len,
		     (struct base_span){ (const uint8_t *)text, strlen(text) },
		     seen);
}

static void names_are_the_tables(void **state)
{
	const char *const *names = track_protocol_names();
	const struct track_protocol *const *table = track_protocols();
	size_t i;

	(void)state;
	for (i = 0; table[i]; i++) {
		assert_string_equal(names[i], table[i]->name);
		assert_ptr_equal(track_protocol_find(names[i]), table[i]);
		assert_true(table[i]->max_frame > 0);
	}
	assert_null(names[i]);
	assert_null(track_protocol_find("auto"));
}

static enum track_probe begins_with_a(struct base_span bytes,
				      enum base_direction d)
{
	(void)d;
	return bytes.ptr[0] == 'a' ? TRACK_PROBE_YES : TRACK_PROBE_NO;
}

static enum track_probe always(struct base_span bytes, enum base_direction d)
{
	(void)bytes;
	(void)d;
	return TRACK_PROBE_YES;
}

static enum track_probe needs_four(struct base_span bytes,
				   enum base_direction d)
{
	(void)d;
	if (bytes.ptr[0] != 'a')
		return TRACK_PROBE_NO;
	return bytes.len < 4 ? TRACK_PROBE_MAYBE : TRACK_PROBE_YES;
}

static const struct track_protocol *
chosen(const struct track_protocol *const *table, uint16_t port,
       const char *text, bool last)
{
	const struct track_front front = {
		.bytes = { (const uint8_t *)text, strlen(text) },
		.after = last ? TRACK_AFTER_NOTHING : TRACK_AFTER_MORE,
	};
	bool maybe = false;

	return track_protocol_choose(table, port, &front, &maybe);
}

static void the_port_orders_the_probes(void **state)
{
	static const uint16_t ports_a[] = { 1, 2, 0 }, ports_b[] = { 3, 0 };
	static const struct track_protocol a = { .name = "a",
						 .ports = ports_a,
						 .probe = begins_with_a };
	static const struct track_protocol b = { .name = "b",
						 .ports = ports_b,
						 .probe = always };
	static const struct track_protocol *const table[] = { &a, &b, NULL };
	static const struct track_protocol *const only_a[] = { &a, NULL };

	(void)state;
	assert_ptr_equal(chosen(table, 2, "abc", false), &a);
	assert_ptr_equal(chosen(table, 3, "abc", false), &b);
	assert_ptr_equal(chosen(table, 4, "abc", false), &a);
	assert_ptr_equal(chosen(table, 2, "xyz", false), &b);
	assert_null(chosen(only_a, 2, "xyz", false));
}

/* Or the choice would depend on how many bytes came at a time. */
static void who_may_accept_holds_up_the_next(void **state)
{
	static const uint16_t none[] = { 0 };
	static const struct track_protocol slow = { .ports = none,
						    .probe = needs_four };
	static const struct track_protocol fast = { .ports = none,
						    .probe = always };
	static const struct track_protocol *const table[] = { &slow, &fast,
							      NULL };

	(void)state;
	assert_null(chosen(table, 1, "abc", false));
	assert_ptr_equal(chosen(table, 1, "abcd", false), &slow);
	assert_ptr_equal(chosen(table, 1, "xbc", false), &fast);
	/* nothing more comes */
	assert_ptr_equal(chosen(table, 1, "abc", true), &fast);
}

/* The server spoke first, but only the client's bytes decide. */
static void one_direction_decides_for_both(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	flow_feed(&f, BASE_SERVER, "server says hi [SG*1*", seen);
	assert_null(f.protocol);
	flow_feed(&f, BASE_CLIENT, LK, seen);
	assert_ptr_equal(f.protocol, &track_watch);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->counts.skipped, 15);
	flow_feed(&f, BASE_SERVER, "0002*CR]", seen);
	assert_int_equal(seen->n, 2);
	seen_is(seen, 1, "[SG*1*0002*CR]");
	assert_int_equal(seen->m[0].direction, BASE_CLIENT);
	assert_int_equal(seen->m[1].direction, BASE_SERVER);
	assert_int_equal(seen->m[1].offset, 15);
	assert_int_equal(seen->counts.skipped, 15);
	track_flow_end(&f, &seen->events);
	free(seen);
}

static void a_fixed_protocol_is_not_probed(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, track_protocol_find("watch"), 1);
	for (int i = 0; i < 1000; i++)
		flow_feed(&f, BASE_CLIENT, "x", seen);
	flow_feed(&f, BASE_CLIENT, LK, seen);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].offset, 1000);
	track_flow_end(&f, &seen->events);
	free(seen);
}

static void raw_holds_nothing(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	for (int i = 0; i < TRACK_PROBE_MAX; i++) {
		assert_false(f.raw[BASE_CLIENT]);
		flow_feed(&f, BASE_CLIENT, "x", seen);
	}
	assert_true(f.raw[BASE_CLIENT]);
	assert_null(f.streams[BASE_CLIENT].held);
	/* not probed any more */
	flow_feed(&f, BASE_CLIENT, LK, seen);
	assert_int_equal(seen->n, 0);
	assert_int_equal(seen->counts.skipped, TRACK_PROBE_MAX + 14);
	/* until the server's bytes say what it is */
	flow_feed(&f, BASE_SERVER, LK, seen);
	flow_feed(&f, BASE_CLIENT, LK, seen);
	assert_int_equal(seen->n, 2);
	assert_int_equal(seen->m[1].offset, TRACK_PROBE_MAX + 14);
	assert_int_equal(seen->counts.gaps, 0);
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* A message that is cut off is none, and does not go on in the next datagram;
 * one whose length is wrong is there without a second of silence
 * (track_watch.c). */
static void a_datagram_ends_a_message(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, track_protocol_find("watch"), 7700);
	flow_feed(&f, BASE_CLIENT, "[SG*1*0002*L", seen);
	flow_feed(&f, BASE_SERVER, "[SG*1*0002*L", seen);
	track_flow_cut(&f, BASE_CLIENT, &seen->events);
	assert_null(f.streams[BASE_CLIENT].held);
	flow_feed(&f, BASE_CLIENT, "K]", seen);
	track_flow_cut(&f, BASE_CLIENT, &seen->events);
	assert_int_equal(seen->n, 0);
	assert_int_equal(seen->counts.skipped, 14);
	/* the other direction's goes on */
	flow_feed(&f, BASE_SERVER, "K]", seen);
	assert_int_equal(seen->n, 1);
	flow_feed(&f, BASE_CLIENT, "[SG*1*0009*LK]", seen);
	assert_int_equal(seen->n, 1);
	track_flow_cut(&f, BASE_CLIENT, &seen->events);
	assert_int_equal(seen->n, 2);
	assert_int_equal(seen->m[1].offset, 14);
	assert_int_equal(seen->m[1].length, TRACK_CHECK_WRONG);
	assert_int_equal(track_flow_due(&f), 0);
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* What gave no answer is no reason not to look at the next one. */
static void each_datagram_is_shown(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	for (int i = 0; i < TRACK_PROBE_MAX - 1; i++) {
		flow_feed(&f, BASE_CLIENT, "[", seen);
		track_flow_cut(&f, BASE_CLIENT, &seen->events);
		assert_null(f.streams[BASE_CLIENT].held);
	}
	/* only at its end it is known that this is no longer message */
	flow_feed(&f, BASE_CLIENT, "x[SG*1*0009*LK]", seen);
	track_flow_cut(&f, BASE_CLIENT, &seen->events);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->counts.skipped, TRACK_PROBE_MAX);
	assert_int_equal(seen->counts.raw, 0);
	track_flow_end(&f, &seen->events);
	free(seen);
}

static void datagram(struct track_flow *f, enum base_direction d,
		     const char *text, struct seen *seen)
{
	flow_feed(f, d, text, seen);
	track_flow_cut(f, d, &seen->events);
}

/* After as many bytes as of a stream, in however many datagrams. */
static void datagrams_of_nothing_are_raw(void **state)
{
	char many[TRACK_PROBE_MAX + 45];

	(void)state;
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	for (size_t size = 1; size < sizeof(many); size += 13) {
		struct seen *seen = seen_new();
		struct track_flow f;

		track_flow_init(&f, NULL, 7700);
		for (size_t n = 0; n < TRACK_PROBE_MAX; n += size) {
			assert_false(f.raw[BASE_CLIENT]);
			datagram(&f, BASE_CLIENT,
				 many + sizeof(many) - 1 - size, seen);
		}
		assert_true(f.raw[BASE_CLIENT]);
		assert_string_equal(track_flow_protocol(&f), "raw");
		datagram(&f, BASE_CLIENT, LK, seen);
		datagram(&f, BASE_CLIENT, many, seen);
		assert_int_equal(seen->n, 0);
		assert_int_equal(seen->counts.raw, 1);
		/* until the server's say what it is */
		datagram(&f, BASE_SERVER, LK, seen);
		datagram(&f, BASE_CLIENT, LK, seen);
		assert_int_equal(seen->n, 2);
		track_flow_end(&f, &seen->events);
		assert_int_equal(seen->counts.raw, 1);
		free(seen);
	}
}

/* Feeds `bytes` in chunks of at most `most`. Return: the number of messages. */
static size_t messages_in(struct base_span bytes, uint32_t most)
{
	struct seen *seen = seen_new();
	struct track_flow f;
	struct base_rd r;
	uint64_t seed = most;
	size_t n;

	track_flow_init(&f, NULL, 7700);
	base_rd_init(&r, bytes.ptr, bytes.len);
	while (base_rd_left(&r)) {
		const uint64_t offset = bytes.len - base_rd_left(&r);

		n = 1 + next_random(&seed) % most;
		if (n > base_rd_left(&r))
			n = base_rd_left(&r);
		flow_feed_at(&f, BASE_CLIENT, offset, base_rd_take(&r, n),
			     seen);
	}
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->used + seen->counts.skipped, bytes.len);
	n = seen->n;
	free(seen);
	return n;
}

/* The header has 11 bytes, and the 12th says that there is no index. */
static void the_limit_does_not_depend_on_chunks(void **state)
{
	uint8_t text[TRACK_PROBE_MAX + 64];

	(void)state;
	for (size_t before = TRACK_PROBE_MAX - 16; before <= TRACK_PROBE_MAX;
	     before++) {
		const struct base_span bytes = { text, before + 28 };
		const size_t want = before + 12 <= TRACK_PROBE_MAX ? 2 : 0;

		memset(text, 'x', before);
		(void)put_text(text + before, LK LK);
		for (uint32_t most = 1; most <= 300; most += 13)
			assert_int_equal(messages_in(bytes, most), want);
	}
}

static void gaps_before_the_choice(void **state)
{
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	flow_feed(&f, BASE_CLIENT, "[SG*1*00", seen);
	/* without the gap, this would make it a header */
	flow_feed_at(&f, BASE_CLIENT, 500,
		     (struct base_span){ (const uint8_t *)"02*LK]", 6 }, seen);
	assert_null(f.protocol);
	assert_int_equal(seen->counts.gaps, 1);
	assert_int_equal(seen->counts.skipped, 8);
	track_flow_end(&f, &seen->events);
	assert_null(f.streams[BASE_CLIENT].held);
	assert_int_equal(seen->counts.skipped, 14);
	/* what was looked at before it says nothing of what is behind it */
	flow_feed_at(&f, BASE_CLIENT, 600,
		     (struct base_span){ (const uint8_t *)"....", 4 }, seen);
	flow_feed_at(&f, BASE_CLIENT, 700,
		     (struct base_span){ (const uint8_t *)LK, 14 }, seen);
	assert_ptr_equal(f.protocol, &track_watch);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].offset, 700);
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* As if other flows held all that is allowed. */
static void no_memory_before_the_choice(void **state)
{
	static const char front[] = "[SG*1*00";
	const struct track_chunk c = { 0, 1, { (const uint8_t *)front, 8 } };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	seen->counts.memory = TRACK_MEMORY_MAX;
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &c, &seen->events),
			 -ENOMEM);
	assert_int_equal(seen->counts.no_memory, 1);
	assert_int_equal(seen->counts.skipped, 8);
	seen->counts.memory = 0;
	flow_feed(&f, BASE_CLIENT, LK, seen);
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->m[0].offset, 8);
	assert_int_equal(seen->counts.gaps, 0);
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->counts.memory, 0);
	free(seen);
}

static void due_is_the_earlier_one(void **state)
{
	static const char text[] = "[SG*1*0005*LK]";
	struct track_chunk c = { 0, 70, { (const uint8_t *)text, 14 } };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 7700);
	assert_int_equal(track_flow_due(&f), 0);
	assert_int_equal(track_flow_feed(&f, BASE_SERVER, &c, &seen->events),
			 0);
	assert_int_equal(track_flow_due(&f), 70 + TRACK_SILENCE_NS);
	c.wall_ns = 50;
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &c, &seen->events),
			 0);
	assert_int_equal(track_flow_due(&f), 50 + TRACK_SILENCE_NS);
	track_flow_expire(&f, 50 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	assert_int_equal(track_flow_due(&f), 70 + TRACK_SILENCE_NS);
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->n, 2);
	assert_int_equal(track_flow_due(&f), 0);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_the_tables),
		cmocka_unit_test(the_port_orders_the_probes),
		cmocka_unit_test(who_may_accept_holds_up_the_next),
		cmocka_unit_test(one_direction_decides_for_both),
		cmocka_unit_test(a_fixed_protocol_is_not_probed),
		cmocka_unit_test(raw_holds_nothing),
		cmocka_unit_test(a_datagram_ends_a_message),
		cmocka_unit_test(each_datagram_is_shown),
		cmocka_unit_test(datagrams_of_nothing_are_raw),
		cmocka_unit_test(the_limit_does_not_depend_on_chunks),
		cmocka_unit_test(gaps_before_the_choice),
		cmocka_unit_test(no_memory_before_the_choice),
		cmocka_unit_test(due_is_the_earlier_one),
	};

	return event_test_run(tests);
}
