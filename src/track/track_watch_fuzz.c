/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch_fuzz.c - any bytes: same messages whole and byte by byte
 *
 * And every byte is either part of a message or counted as skipped.
 */
#include <stdlib.h>

#include "track_stream.h"
#include "track_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct digest {
	uint64_t hash; /* FNV-1a over all that came out */
	uint64_t bytes;
	struct track_counts counts;
};

static void add(struct digest *d, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		d->hash = (d->hash ^ p[i]) * 1099511628211ULL;
}

static void add_message(void *arg, const struct track_message *m)
{
	struct digest *d = arg;

	add(d, &m->offset, sizeof(m->offset));
	add(d, &m->length_ok, sizeof(m->length_ok));
	add(d, m->bytes.ptr, m->bytes.len);
	add(d, &m->device.len, sizeof(m->device.len));
	add(d, m->device.ptr, m->device.len);
	add(d, &m->keyword.len, sizeof(m->keyword.len));
	add(d, m->keyword.ptr, m->keyword.len);
	d->bytes += m->bytes.len;
}

static struct digest run(const uint8_t *bytes, size_t len, size_t most)
{
	struct digest d = { .hash = 14695981039346656037ULL };
	const struct track_out out = { add_message, &d, &d.counts };
	struct track_stream s = { 0 };
	struct base_rd r;

	base_rd_init(&r, bytes, len);
	while (base_rd_left(&r)) {
		struct track_chunk c = { .offset = len - base_rd_left(&r) };

		c.bytes = base_rd_take(
			&r, base_rd_left(&r) < most ? base_rd_left(&r) : most);
		if (track_stream_feed(&s, &track_watch, &c, &out))
			abort();
	}
	track_stream_end(&s, &track_watch, &out);
	if (s.held || d.counts.memory || d.bytes + d.counts.skipped != len)
		abort();
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const size_t chunks[] = { 1, 3, 64 };
	const struct digest whole = run(bytes, len, len);

	for (size_t i = 0; i < WS_ARRAY_LEN(chunks); i++) {
		const struct digest d = run(bytes, len, chunks[i]);

		if (d.hash != whole.hash ||
		    d.counts.messages != whole.counts.messages ||
		    d.counts.skipped != whole.counts.skipped ||
		    d.counts.overflows != whole.counts.overflows)
			abort();
	}
	return 0;
}
