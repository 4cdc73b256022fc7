/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_test.h - feeds bytes in chunks and remembers the messages */
#ifndef TRACK_TEST_H
#define TRACK_TEST_H

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "track_flow.h"

#define SEEN_MAX   64
#define SEEN_BYTES (1U << 18)

struct seen_message {
	size_t at, len; /* in seen.bytes */
	enum base_direction direction;
	uint64_t offset;
	uint64_t wall_ns;
	bool length_ok;
	char device[24], keyword[24];
};

/* Everything that came out; too large for a stack. */
struct seen {
	struct seen_message m[SEEN_MAX];
	size_t n;
	size_t used;
	struct track_counts counts;
	struct track_out out;
	uint8_t bytes[SEEN_BYTES];
};

static inline void seen_copy(char text[static 24], struct base_span s)
{
	const size_t n = s.len < 23 ? s.len : 23;

	if (n)
		memcpy(text, s.ptr, n);
	text[n] = '\0';
}

static inline void seen_message(void *arg, const struct track_message *m)
{
	struct seen *seen = arg;
	struct seen_message *to = &seen->m[seen->n];

	assert_true(seen->n < SEEN_MAX);
	assert_true(m->bytes.len <= SEEN_BYTES - seen->used);
	assert_string_equal(m->protocol->name, "watch");
	memcpy(seen->bytes + seen->used, m->bytes.ptr, m->bytes.len);
	*to = (struct seen_message){ .at = seen->used,
				     .len = m->bytes.len,
				     .direction = m->direction,
				     .offset = m->offset,
				     .wall_ns = m->wall_ns,
				     .length_ok = m->length_ok };
	seen_copy(to->device, m->device);
	seen_copy(to->keyword, m->keyword);
	seen->used += m->bytes.len;
	seen->n++;
}

static inline struct seen *seen_new(void)
{
	struct seen *seen = malloc(sizeof(*seen));

	assert_non_null(seen);
	memset(seen, 0, offsetof(struct seen, bytes));
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
		assert_int_equal(a->m[i].length_ok, b->m[i].length_ok);
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
 * Feeds all bytes through one stream and ends it. chunk: bytes at a time; 0 =
 * all at once; negative = random lengths of 1 to -chunk. wall_ns is always 1:
 * nothing here depends on time.
 */
static inline struct seen *feed_all(struct base_span bytes, int chunk,
				    uint64_t *seed)
{
	const struct track_protocol *p = track_protocol_find("watch");
	struct track_stream s = { 0 };
	struct seen *seen = seen_new();
	uint64_t offset = 0;
	struct base_rd r;

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
		assert_int_equal(track_stream_feed(&s, p, &c, &seen->out), 0);
		offset += n;
	}
	track_stream_end(&s, p, &seen->out);
	assert_null(s.held);
	assert_int_equal(seen->counts.memory, 0);
	assert_int_equal(s.offset, bytes.len);
	/* every byte is accounted for */
	assert_int_equal(seen->used + seen->counts.skipped, bytes.len);
	assert_int_equal(seen->counts.messages, seen->n);
	return seen;
}

#endif
