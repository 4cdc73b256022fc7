/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_test.h - feeds bytes in chunks and remembers the messages */
#ifndef TRACK_TEST_H
#define TRACK_TEST_H

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "event_test.h"
#include "track_flow.h"

#define SEEN_MAX   64
#define SEEN_BYTES (1U << 18)

struct seen_message {
	size_t at, len; /* in seen.bytes */
	enum base_direction direction;
	uint64_t offset;
	uint64_t wall_ns;
	enum track_check length, checksum;
	enum track_type type;
	char device[TRACK_DEVICE_LEN], keyword[TRACK_KEYWORD_LEN];
};

/* Everything that came out; too large for a stack. */
struct seen {
	struct seen_message m[SEEN_MAX];
	size_t n;
	size_t used;
	struct track_counts counts;
	struct track_events events;
	struct track_out out; /* of a stream alone: nothing is decoded */
	uint8_t bytes[SEEN_BYTES];
};

static inline void seen_message(void *arg, const struct track_message *m)
{
	struct seen *seen = arg;
	struct seen_message *to = &seen->m[seen->n];

	assert_true(seen->n < SEEN_MAX);
	assert_true(m->bytes.len <= SEEN_BYTES - seen->used);
	memcpy(seen->bytes + seen->used, m->bytes.ptr, m->bytes.len);
	*to = (struct seen_message){ .at = seen->used,
				     .len = m->bytes.len,
				     .direction = m->direction,
				     .offset = m->offset,
				     .wall_ns = m->wall_ns,
				     .length = m->length,
				     .checksum = m->checksum };
	seen->used += m->bytes.len;
	seen->n++;
}

static inline void seen_event(void *arg, const struct track_message *m,
			      const struct track_record *r)
{
	struct seen *seen = arg;
	struct seen_message *to = &seen->m[seen->n];

	seen_message(arg, m);
	event_test_note(m, r);
	to->type = r->type;
	assert_true(r->device.len < sizeof(to->device));
	if (r->device.len)
		memcpy(to->device, r->device.ptr, r->device.len);
	memcpy(to->keyword, r->keyword, sizeof(to->keyword));
}

/* One for all tests of a program. */
static inline struct track_record *test_record(void)
{
	static struct track_record record;

	return &record;
}

static inline struct seen *seen_new(void)
{
	struct seen *seen = malloc(sizeof(*seen));

	assert_non_null(seen);
	memset(seen, 0, offsetof(struct seen, bytes));
	seen->events = (struct track_events){ .event = seen_event,
					      .arg = seen,
					      .counts = &seen->counts,
					      .record = test_record() };
	seen->out = (struct track_out){ seen_message, seen, &seen->counts };
	return seen;
}

/* Same messages, same counts. */
static inline void seen_equal(const struct seen *a, const struct seen *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->m[i].len, b->m[i].len);
		assert_int_equal(a->m[i].offset, b->m[i].offset);
		assert_int_equal(a->m[i].wall_ns, b->m[i].wall_ns);
		assert_int_equal(a->m[i].length, b->m[i].length);
		assert_int_equal(a->m[i].checksum, b->m[i].checksum);
		assert_int_equal(a->m[i].type, b->m[i].type);
		assert_string_equal(a->m[i].device, b->m[i].device);
		assert_string_equal(a->m[i].keyword, b->m[i].keyword);
	}
	assert_int_equal(a->used, b->used);
	assert_memory_equal(a->bytes, b->bytes, a->used);
	assert_memory_equal(&a->counts, &b->counts, sizeof(a->counts));
}

static inline void seen_is(const struct seen *seen, size_t i, const char *text)
{
	assert_true(i < seen->n);
	assert_int_equal(seen->m[i].len, strlen(text));
	assert_memory_equal(seen->bytes + seen->m[i].at, text, strlen(text));
}

static inline void feed_at(struct track_stream *s, uint64_t offset,
			   uint64_t wall_ns, const char *text,
			   struct seen *seen)
{
	const struct track_chunk chunk = {
		offset, wall_ns, { (const uint8_t *)text, strlen(text) }
	};

	assert_int_equal(track_stream_feed(s, track_protocol_find("watch"),
					   &chunk, &seen->out),
			 0);
}

/* Feeds what follows what was fed. */
static inline void feed(struct track_stream *s, uint64_t wall_ns,
			const char *text, struct seen *seen)
{
	feed_at(s, s->offset + s->len, wall_ns, text, seen);
}

/* Return: behind the text, which has no NUL there. */
static inline uint8_t *put_text(uint8_t *to, const char *text)
{
	while (*text)
		*to++ = (uint8_t)*text++;
	return to;
}

/* Small, seeded by the caller, the same everywhere. */
static inline uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

/*
 * Feeds all bytes of one direction through a flow and ends it. p: NULL = the
 * bytes decide. chunk: bytes at a time; 0 = all at once; negative = random
 * lengths of 1 to -chunk. wall_ns is always 1: nothing here depends on time.
 */
static inline struct seen *feed_flow(const struct track_protocol *p,
				     enum base_direction d,
				     struct base_span bytes, int chunk,
				     uint64_t *seed)
{
	struct seen *seen = seen_new();
	struct track_flow f;
	uint64_t offset = 0;
	struct base_rd r;

	track_flow_init(&f, p, 0);
	base_rd_init(&r, bytes.ptr, bytes.len);
	while (base_rd_left(&r)) {
		size_t n = (size_t)chunk;
		struct track_chunk c = { offset, 1, { NULL, 0 } };

		if (!chunk)
			n = bytes.len;
		else if (chunk < 0)
			n = 1 + next_random(seed) % (uint32_t)-chunk;
		if (n > base_rd_left(&r))
			n = base_rd_left(&r);
		c.bytes = base_rd_take(&r, n);
		assert_int_equal(track_flow_feed(&f, d, &c, &seen->events), 0);
		offset += n;
	}
	track_flow_end(&f, &seen->events);
	assert_null(f.streams[d].held);
	assert_int_equal(seen->counts.memory, 0);
	assert_int_equal(f.streams[d].offset, bytes.len);
	/* every byte is accounted for */
	assert_int_equal(seen->used + seen->counts.skipped, bytes.len);
	assert_int_equal(seen->counts.messages, seen->n);
	return seen;
}

/* ... of a client of the watch family. */
static inline struct seen *feed_all(struct base_span bytes, int chunk,
				    uint64_t *seed)
{
	return feed_flow(track_protocol_find("watch"), BASE_CLIENT, bytes,
			 chunk, seed);
}

#endif
