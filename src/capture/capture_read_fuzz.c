/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_read_fuzz.c - however it is cut, a text capture reads the same */
#include <stdlib.h>
#include <string.h>

#include "base_hash.h"
#include "capture_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct digest {
	uint64_t hash; /* of all that came out */
	uint64_t len[BASE_DIRECTIONS];
};

static void add(struct digest *d, const void *bytes, size_t len)
{
	d->hash = base_hash(d->hash, bytes, len);
}

static void chunk(void *arg, const struct capture_read_chunk *c)
{
	struct digest *d = arg;

	if (!c->bytes.len || c->offset != d->len[c->direction])
		abort();
	d->len[c->direction] += c->bytes.len;
	add(d, &c->direction, sizeof(c->direction));
	add(d, &c->wall_ns, sizeof(c->wall_ns));
	add(d, c->bytes.ptr, c->bytes.len);
	add(d, &c->bytes.len, sizeof(c->bytes.len));
}

static struct digest run(const uint8_t *bytes, size_t len, size_t most)
{
	struct digest d = { .hash = BASE_HASH_NONE };
	struct capture_read *r = capture_read_new(chunk, &d);
	struct base_rd rd;
	bool good;

	if (!r)
		abort();
	base_rd_init(&rd, bytes, len);
	while (base_rd_left(&rd)) {
		const size_t left = base_rd_left(&rd);

		if (!capture_read_feed(
			    r, base_rd_take(&rd, left < most ? left : most)))
			break;
	}
	good = capture_read_end(r);
	add(&d, &good, sizeof(good));
	capture_read_free(r);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct digest whole = run(bytes, len, len);
	const struct digest ones = run(bytes, len, 1);
	const struct digest some = run(bytes, len, 23);

	if (whole.hash != ones.hash || whole.hash != some.hash ||
	    whole.len[BASE_CLIENT] + whole.len[BASE_SERVER] > len)
		abort();
	return 0;
}
