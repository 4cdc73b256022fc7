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
	bool noted;           /* its events are validated */
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
	if (seen->noted)
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
	seen->noted = true;
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

static inline struct base_span span(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

/* Return: behind the text, which has no NUL there. */
static inline uint8_t *put_text(uint8_t *to, const char *text)
{
	while (*text)
		*to++ = (uint8_t)*text++;
	return to;
}

/* What the one message says that the bytes are, with nothing behind it. */
static inline const struct track_record *decoded(const struct track_protocol *p,
						 enum base_direction d,
						 struct base_span bytes,
						 struct track_frame *frame)
{
	const struct track_front front = { bytes, d, TRACK_AFTER_NOTHING };
	struct track_session session = { 0 };
	struct track_record *r = test_record();
	struct track_scan scan = { 0 };
	struct track_message m = { .protocol = p,
				   .direction = d,
				   .bytes = bytes };

	*frame = (struct track_frame){ 0 };
	assert_int_equal(p->frame(&front, &scan, frame), TRACK_STEP_MESSAGE);
	assert_int_equal(frame->len, bytes.len);
	m.length = frame->length;
	m.checksum = frame->checksum;
	track_record_clear(r);
	p->decode(&m, &p->habits, &session, r);
	track_record_end(r);
	assert_int_equal(r->left_out, 0);
	event_test_note(&m, r);
	return r;
}

/* The attribute of the record, or of its last position; NULL: it has none. */
static inline const struct track_attr *attr_of(const struct track_record *r,
					       track_key key)
{
	const struct track_range all =
		r->n_positions ? r->positions[r->n_positions - 1].attrs
			       : r->attrs;
	const struct track_attr *found = NULL;

	for (uint32_t i = all.first; i < all.first + all.n; i++) {
		if (r->attr[i].key != key)
			continue;
		assert_null(found); /* each is there once */
		found = &r->attr[i];
	}
	return found;
}

static inline const struct track_attr *
attr_is(const struct track_record *r, track_key key, enum track_kind kind)
{
	const struct track_attr *a = attr_of(r, key);
	char to[TRACK_KEY_LEN];

	if (!a || a->kind != kind)
		fail_msg("%s: %s", track_key_text(key, to),
			 a ? "of another kind" : "absent");
	return a;
}

static inline void has_int(const struct track_record *r, track_key key,
			   int64_t v)
{
	assert_true(attr_is(r, key, TRACK_KIND_INT)->number == v);
}

static inline void has_real(const struct track_record *r, track_key key,
			    double v)
{
	const double got = attr_is(r, key, TRACK_KIND_REAL)->real;

	assert_true(got - v < 1e-9 && v - got < 1e-9);
}

static inline void has_bool(const struct track_record *r, track_key key,
			    bool yes)
{
	assert_int_equal(attr_is(r, key, TRACK_KIND_BOOL)->yes, yes);
}

static inline void has_text(const struct track_record *r, track_key key,
			    const char *text)
{
	const struct base_span s = attr_is(r, key, TRACK_KIND_TEXT)->text;

	if (s.len != strlen(text) || memcmp(s.ptr, text, s.len) != 0)
		fail_msg("%.*s is not %s", (int)s.len, (const char *)s.ptr,
			 text);
}

static inline void has_hex(const struct track_record *r, track_key key,
			   const void *bytes, size_t len)
{
	const struct base_span s = attr_is(r, key, TRACK_KIND_HEX)->text;

	assert_int_equal(s.len, len);
	assert_memory_equal(s.ptr, bytes, len);
}

static inline void near(double got, double want)
{
	if (!(got - want < 1e-7 && want - got < 1e-7))
		fail_msg("%.9f is not %.9f", got, want);
}

/* Of the first parts, the one of `decided` bytes and all longer ones have the
 * answer; the others may belong to the protocol. */
static inline void probes_as(const struct track_protocol *p,
			     enum base_direction d, const char *text,
			     enum track_probe answer, size_t decided)
{
	for (size_t n = 1; n <= strlen(text); n++) {
		const struct base_span first = { (const uint8_t *)text, n };
		const enum track_probe got = p->probe(first, d);

		if (got != (n < decided ? TRACK_PROBE_MAYBE : answer))
			fail_msg("%d for %.*s", got, (int)n, text);
	}
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
 * noted: the events are validated against the schema, too.
 */
static inline struct seen *feed_noted(const struct track_protocol *p,
				      enum base_direction d,
				      struct base_span bytes, int chunk,
				      uint64_t *seed, bool noted)
{
	struct seen *seen = seen_new();
	struct track_flow f;
	uint64_t offset = 0;
	struct base_rd r;

	seen->noted = noted;
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

/* ... noted where they are whole. */
static inline struct seen *feed_flow(const struct track_protocol *p,
				     enum base_direction d,
				     struct base_span bytes, int chunk,
				     uint64_t *seed)
{
	return feed_noted(p, d, bytes, chunk, seed, !chunk);
}

/* In chunks, too, what was seen of the whole is seen. */
static inline void feed_same(const struct seen *whole,
			     const struct track_protocol *p,
			     enum base_direction d, struct base_span bytes,
			     int chunk, uint64_t *seed)
{
	struct seen *cut = feed_noted(p, d, bytes, chunk, seed, false);

	seen_equal(whole, cut);
	free(cut);
}

/* Return: what is seen of the bytes in chunks of any kind. */
static inline struct seen *feed_any_chunks(const struct track_protocol *p,
					   enum base_direction d,
					   struct base_span bytes)
{
	struct seen *whole = feed_flow(p, d, bytes, 0, NULL);
	uint64_t seed = 2;

	for (int chunk = -20; chunk <= 20; chunk++)
		feed_same(whole, p, d, bytes, chunk, &seed);
	return whole;
}

/* What random streams are made of. */
struct pool {
	const struct base_span *pieces;
	size_t n;
};

#define RANDOM_MAX 4096

/*
 * Feeds `count` streams of at least `len` bytes in chunks. They are pieces in
 * any order: one end in 1 to 4, which changes from stream to stream, is not
 * where it was.
 */
static inline void feed_random_streams(const struct track_protocol *p,
				       enum base_direction d,
				       const struct pool *pool, size_t len,
				       uint32_t count)
{
	static uint8_t stream[RANDOM_MAX];
	uint64_t seed = 3;

	for (uint32_t i = 0; i < count; i++) {
		struct base_span bytes = { stream, 0 };
		struct seen *whole;

		while (bytes.len < len) {
			const struct base_span v =
				pool->pieces[next_random(&seed) % pool->n];
			size_t from = 0, n;

			if (next_random(&seed) % (1 + i % 4) == 0)
				from = next_random(&seed) % (v.len + 1);
			n = v.len - from;
			if (next_random(&seed) % (1 + i % 4) == 0)
				n = next_random(&seed) % (n + 1);
			assert_true(n <= RANDOM_MAX - bytes.len);
			memcpy(stream + bytes.len, v.ptr + from, n);
			bytes.len += n;
		}
		whole = feed_noted(p, d, bytes, 0, NULL, false);
		feed_same(whole, p, d, bytes, 1, NULL);
		feed_same(whole, p, d, bytes, -40, &seed);
		free(whole);
	}
}

#define GARBAGE_LEN (256U << 10)

/*
 * Feeds 256 KiB of any bytes, or of those of `few`, and a message in chunks.
 * Return: what was seen; the message came last.
 */
static inline struct seen *feed_garbage(const struct track_protocol *p,
					const char *few,
					struct base_span message)
{
	static uint8_t bytes[GARBAGE_LEN + RANDOM_MAX];
	const struct base_span all = { bytes, GARBAGE_LEN + message.len };
	const struct seen_message *last;
	uint64_t seed = 8;
	struct seen *seen;

	for (size_t i = 0; i < GARBAGE_LEN; i++) {
		const uint32_t n = next_random(&seed);

		bytes[i] = few ? (uint8_t)few[n % strlen(few)] : (uint8_t)n;
	}
	assert_true(message.len <= RANDOM_MAX);
	memcpy(bytes + GARBAGE_LEN, message.ptr, message.len);
	seen = feed_flow(p, BASE_CLIENT, all, 0, NULL);
	feed_same(seen, p, BASE_CLIENT, all, -1400, &seed);
	assert_true(seen->n > 0);
	last = &seen->m[seen->n - 1];
	assert_int_equal(last->offset, GARBAGE_LEN);
	assert_int_equal(last->len, message.len);
	assert_memory_equal(seen->bytes + last->at, message.ptr, message.len);
	return seen;
}

/* ... where it came last for each of the alphabets, which end with NULL, and
 * for any bytes. */
static inline void feed_garbages(const struct track_protocol *p,
				 const char *const *few, const char *message)
{
	do
		free(feed_garbage(p, *few, span(message)));
	while (*few++);
}

/* ... of a client of the watch family. */
static inline struct seen *feed_all(struct base_span bytes, int chunk,
				    uint64_t *seed)
{
	return feed_flow(track_protocol_find("watch"), BASE_CLIENT, bytes,
			 chunk, seed);
}

#endif
