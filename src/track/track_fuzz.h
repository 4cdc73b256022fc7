/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_fuzz.h - the body of every protocol's fuzz target
 *
 * The first byte chooses the direction, the rest is what it sends. However the
 * bytes are cut, the same messages and records come out, and every byte is part
 * of a message or counted as skipped.
 */
#ifndef TRACK_FUZZ_H
#define TRACK_FUZZ_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_hash.h"
#include "track_flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct fuzz_digest {
	uint64_t hash; /* of all that came out */
	uint64_t bytes;
	struct track_counts counts;
};

static inline void fuzz_add(struct fuzz_digest *d, const void *bytes,
			    size_t len)
{
	d->hash = base_hash(d->hash, bytes, len);
}

static inline void fuzz_add_number(struct fuzz_digest *d, double v)
{
	if (isfinite(v))
		fuzz_add(d, &v, sizeof(v));
}

static inline void fuzz_add_attr(struct fuzz_digest *d,
				 const struct track_attr *a)
{
	fuzz_add(d, &a->key, sizeof(a->key));
	if (TRACK_KEY_NAME(a->key) >= TRACK_NAME_MAX)
		abort();
	switch (a->kind) {
	case TRACK_KIND_BOOL:
		fuzz_add(d, &a->yes, sizeof(a->yes));
		return;
	case TRACK_KIND_INT:
		fuzz_add(d, &a->number, sizeof(a->number));
		return;
	case TRACK_KIND_REAL:
		if (!isfinite(a->real))
			abort();
		fuzz_add_number(d, a->real);
		return;
	case TRACK_KIND_TEXT:
	case TRACK_KIND_HEX:
		fuzz_add(d, a->text.ptr, a->text.len);
		return;
	}
	abort();
}

static inline void fuzz_add_record(struct fuzz_digest *d,
				   const struct track_record *r)
{
	fuzz_add(d, &r->type, sizeof(r->type));
	fuzz_add(d, r->keyword, strlen(r->keyword));
	fuzz_add(d, r->device.ptr, r->device.len);
	for (uint32_t i = 0; i < r->n_positions; i++) {
		const struct track_position *p = &r->positions[i];

		fuzz_add(d, &p->time_ms, sizeof(p->time_ms));
		fuzz_add(d, &p->valid, sizeof(p->valid));
		fuzz_add_number(d, p->lat);
		fuzz_add_number(d, p->lon);
		fuzz_add_number(d, p->altitude);
		fuzz_add_number(d, p->speed);
		fuzz_add_number(d, p->course);
		fuzz_add(d, &p->attrs, sizeof(p->attrs));
		if (p->lat < -90 || p->lat > 90 ||
		    isnan(p->lat) != isnan(p->lon))
			abort();
	}
	for (uint32_t i = 0; i < r->n_attrs; i++)
		fuzz_add_attr(d, &r->attr[i]);
	for (uint32_t i = 0; i < r->n_wifi; i++)
		fuzz_add(d, r->wifis[i].mac.ptr, r->wifis[i].mac.len);
}

static inline void fuzz_event(void *arg, const struct track_message *m,
			      const struct track_record *r)
{
	struct fuzz_digest *d = arg;

	fuzz_add(d, &m->offset, sizeof(m->offset));
	fuzz_add(d, &m->length, sizeof(m->length));
	fuzz_add(d, &m->checksum, sizeof(m->checksum));
	fuzz_add(d, m->bytes.ptr, m->bytes.len);
	fuzz_add_record(d, r);
	d->bytes += m->bytes.len;
}

static inline struct fuzz_digest fuzz_run(const struct track_protocol *p,
					  enum base_direction direction,
					  struct base_span bytes, size_t most)
{
	static struct track_record record;
	struct fuzz_digest d = { .hash = BASE_HASH_NONE };
	const struct track_events events = { .event = fuzz_event,
					     .arg = &d,
					     .counts = &d.counts,
					     .record = &record };
	struct track_flow f;
	struct base_rd r;

	track_flow_init(&f, p, 0);
	base_rd_init(&r, bytes.ptr, bytes.len);
	while (base_rd_left(&r)) {
		struct track_chunk c = { .offset =
						 bytes.len - base_rd_left(&r) };

		c.bytes = base_rd_take(
			&r, base_rd_left(&r) < most ? base_rd_left(&r) : most);
		if (track_flow_feed(&f, direction, &c, &events))
			abort();
	}
	track_flow_end(&f, &events);
	if (f.streams[direction].held || d.counts.memory ||
	    d.bytes + d.counts.skipped != bytes.len)
		abort();
	return d;
}

/* p: NULL = the bytes decide. */
static inline int fuzz_protocol(const struct track_protocol *p,
				const uint8_t *bytes, size_t len)
{
	static const size_t chunks[] = { 1, 3, 64 };
	const struct base_span rest = { bytes + 1, len - 1 };
	struct fuzz_digest whole;
	enum base_direction direction;

	if (!len)
		return 0;
	direction = bytes[0] & 1 ? BASE_SERVER : BASE_CLIENT;
	whole = fuzz_run(p, direction, rest, rest.len);
	for (size_t i = 0; i < WS_ARRAY_LEN(chunks); i++) {
		const struct fuzz_digest d =
			fuzz_run(p, direction, rest, chunks[i]);

		if (d.hash != whole.hash ||
		    d.counts.messages != whole.counts.messages ||
		    d.counts.skipped != whole.counts.skipped ||
		    d.counts.overflows != whole.counts.overflows)
			abort();
	}
	return 0;
}

#endif
