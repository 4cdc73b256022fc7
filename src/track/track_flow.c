/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_flow.c - both directions of a flow, and the choice of its protocol */
#include "track_flow.h"

#include <errno.h>

void track_flow_init(struct track_flow *f,
		     const struct track_protocol *protocol, uint16_t port)
{
	*f = (struct track_flow){ .protocol = protocol, .port = port };
	f->streams[BASE_SERVER].direction = BASE_SERVER;
}

static void skip_gap(struct track_stream *s, uint64_t offset,
		     const struct track_out *out)
{
	if (offset == s->offset + s->len)
		return;
	out->counts->gaps++;
	track_stream_skip(s, 0, out);
	s->offset = offset;
}

/*
 * Holds and probes what of the chunk the limit allows. A message ends behind
 * the bytes that its protocol needs to accept it, so none of what is held can
 * be older than the chunk that decides: resume() tells its time rightly.
 * Return: 0 and *rest begins behind the bytes taken, or -ENOMEM.
 */
static int probe(struct track_flow *f, enum base_direction d,
		 struct track_chunk *rest, const struct track_out *out)
{
	struct track_stream *s = &f->streams[d];
	const size_t room = TRACK_PROBE_MAX - s->len;
	struct base_rd r;
	size_t n;

	base_rd_init(&r, rest->bytes.ptr, rest->bytes.len);
	n = base_rd_left(&r) < room ? base_rd_left(&r) : room;
	if (track_stream_hold(s, base_rd_take(&r, n), out))
		return -ENOMEM;
	rest->offset += n;
	rest->bytes = base_rd_take(&r, base_rd_left(&r));
	f->protocol =
		track_protocol_choose(track_protocols(), f->port,
				      (struct base_span){ s->held, s->len });
	if (f->protocol) {
		for (int i = 0; i < BASE_DIRECTIONS; i++)
			track_stream_resume(&f->streams[i], f->protocol,
					    rest->wall_ns, out);
	} else if (s->len == TRACK_PROBE_MAX) {
		f->raw[d] = true;
	}
	return 0;
}

int track_flow_feed(struct track_flow *f, enum base_direction d,
		    const struct track_chunk *chunk,
		    const struct track_out *out)
{
	struct track_stream *s = &f->streams[d];
	struct track_chunk rest = *chunk;

	if (!f->protocol && !f->raw[d]) {
		skip_gap(s, chunk->offset, out);
		if (probe(f, d, &rest, out)) {
			out->counts->no_memory++;
			track_stream_skip(s, chunk->bytes.len, out);
			return -ENOMEM;
		}
	}
	if (f->protocol)
		return track_stream_feed(s, f->protocol, &rest, out);
	if (f->raw[d]) {
		skip_gap(s, rest.offset, out);
		track_stream_skip(s, rest.bytes.len, out);
	}
	return 0;
}

uint64_t track_flow_due(const struct track_flow *f)
{
	const uint64_t a = track_stream_due(&f->streams[BASE_CLIENT]);
	const uint64_t b = track_stream_due(&f->streams[BASE_SERVER]);

	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

void track_flow_expire(struct track_flow *f, uint64_t now_ns,
		       const struct track_out *out)
{
	if (!f->protocol)
		return;
	for (int i = 0; i < BASE_DIRECTIONS; i++)
		track_stream_expire(&f->streams[i], f->protocol, now_ns, out);
}

void track_flow_cut(struct track_flow *f, enum base_direction d,
		    const struct track_out *out)
{
	if (f->protocol)
		track_stream_end(&f->streams[d], f->protocol, out);
	else
		track_stream_skip(&f->streams[d], 0, out);
	f->raw[d] = false;
}

void track_flow_end(struct track_flow *f, const struct track_out *out)
{
	for (int i = 0; i < BASE_DIRECTIONS; i++)
		track_flow_cut(f, (enum base_direction)i, out);
}
