/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_flow.c - both directions of a flow: protocol, session, events */
#include "track_flow.h"

#include <errno.h>
#include <string.h>

void track_flow_init(struct track_flow *f,
		     const struct track_protocol *protocol, uint16_t port)
{
	*f = (struct track_flow){ .protocol = protocol, .port = port };
	f->streams[BASE_SERVER].direction = BASE_SERVER;
}

const char *track_flow_protocol(const struct track_flow *f)
{
	if (f->protocol)
		return f->protocol->name;
	return f->raw[BASE_CLIENT] || f->raw[BASE_SERVER] ? "raw" : NULL;
}

static const struct track_habits *habits_of(const struct track_protocol *p,
					    const struct track_events *events)
{
	const struct track_protocol *const *table = track_protocols();

	for (size_t i = 0; events->habits && table[i]; i++) {
		if (table[i] == p)
			return &events->habits[i];
	}
	return &p->habits;
}

/* The device of the message is the flow's from now on, or the other way. */
static void join_device(struct track_session *s, struct track_record *r)
{
	if (r->device.len) {
		memcpy(s->device, r->device.ptr, r->device.len);
		s->device[r->device.len] = '\0';
	} else {
		r->device = (struct base_span){ (const uint8_t *)s->device,
						strlen(s->device) };
	}
}

/* One call of a function of the streams: they give messages, it decodes. */
struct decoding {
	struct track_flow *flow;
	const struct track_events *events;
};

static void decode(void *arg, const struct track_message *m)
{
	const struct decoding *d = arg;
	const struct track_events *events = d->events;
	struct track_session *session = &d->flow->session;
	struct track_record *r = events->record;

	track_record_clear(r);
	m->protocol->decode(m, habits_of(m->protocol, events), session, r);
	track_record_end(r);
	join_device(session, r);
	events->counts->positions += r->n_positions;
	events->counts->unknown += r->type == TRACK_TYPE_UNKNOWN;
	events->event(events->arg, m, r);
}

static struct track_out out_of(struct decoding *d)
{
	return (struct track_out){ .message = decode,
				   .arg = d,
				   .counts = d->events->counts };
}

static void skip_gap(struct track_flow *f, enum base_direction d,
		     uint64_t offset, const struct track_out *out)
{
	struct track_stream *s = &f->streams[d];

	if (offset == s->offset + s->len)
		return;
	out->counts->gaps++;
	track_stream_skip(s, 0, out);
	s->offset = offset;
	f->probed[d] = 0;
}

/* Asks at the first held byte that may begin a message, and the next ... */
static void choose(struct track_flow *f, enum base_direction d, bool last)
{
	const struct track_stream *s = &f->streams[d];
	bool maybe = false;

	while (f->probed[d] < s->len) {
		const struct track_front front = {
			.bytes = { s->held + f->probed[d],
				   s->len - f->probed[d] },
			.direction = d,
			.after = last ? TRACK_AFTER_NOTHING : TRACK_AFTER_MORE,
		};

		f->protocol = track_protocol_choose(track_protocols(), f->port,
						    &front, &maybe);
		if (f->protocol || maybe)
			return;
		f->probed[d]++;
	}
}

static void give_up(struct track_flow *f, enum base_direction d,
		    const struct track_out *out)
{
	f->raw[d] = true;
	out->counts->raw++;
}

/* Holds and probes what of the chunk the limit allows. Return: 0 and *rest
 * begins behind the bytes taken, or -ENOMEM. */
static int probe(struct track_flow *f, enum base_direction d,
		 struct track_chunk *rest, const struct track_out *out)
{
	struct track_stream *s = &f->streams[d];
	const size_t room = TRACK_PROBE_MAX - s->len;
	struct base_rd r;
	size_t n;

	base_rd_init(&r, rest->bytes.ptr, rest->bytes.len);
	n = base_rd_left(&r) < room ? base_rd_left(&r) : room;
	if (track_stream_hold(s, base_rd_take(&r, n), rest->wall_ns, out))
		return -ENOMEM;
	rest->offset += n;
	rest->bytes = base_rd_take(&r, base_rd_left(&r));
	choose(f, d, s->len == TRACK_PROBE_MAX);
	if (f->protocol) {
		for (int i = 0; i < BASE_DIRECTIONS; i++)
			track_stream_resume(&f->streams[i], f->protocol, out);
	} else if (s->len == TRACK_PROBE_MAX) {
		give_up(f, d, out);
	}
	return 0;
}

int track_flow_feed(struct track_flow *f, enum base_direction d,
		    const struct track_chunk *chunk,
		    const struct track_events *events)
{
	struct decoding decoding = { f, events };
	const struct track_out out = out_of(&decoding);
	struct track_stream *s = &f->streams[d];
	struct track_chunk rest = *chunk;

	if (!f->protocol && !f->raw[d]) {
		skip_gap(f, d, chunk->offset, &out);
		if (probe(f, d, &rest, &out)) {
			out.counts->no_memory++;
			track_stream_skip(s, chunk->bytes.len, &out);
			return -ENOMEM;
		}
	}
	if (f->protocol)
		return track_stream_feed(s, f->protocol, &rest, &out);
	if (f->raw[d]) {
		skip_gap(f, d, rest.offset, &out);
		track_stream_skip(s, rest.bytes.len, &out);
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
		       const struct track_events *events)
{
	struct decoding decoding = { f, events };
	const struct track_out out = out_of(&decoding);

	if (!f->protocol)
		return;
	for (int i = 0; i < BASE_DIRECTIONS; i++)
		track_stream_expire(&f->streams[i], f->protocol, now_ns, &out);
}

void track_flow_cut(struct track_flow *f, enum base_direction d,
		    const struct track_events *events)
{
	struct decoding decoding = { f, events };
	const struct track_out out = out_of(&decoding);

	if (!f->protocol && !f->raw[d]) {
		choose(f, d, true);
		f->passed[d] += f->probed[d];
		if (!f->protocol && f->passed[d] >= TRACK_PROBE_MAX)
			give_up(f, d, &out);
	}
	if (f->protocol)
		track_stream_end(&f->streams[d], f->protocol, &out);
	else
		track_stream_skip(&f->streams[d], 0, &out);
	f->probed[d] = 0;
}

void track_flow_end(struct track_flow *f, const struct track_events *events)
{
	for (int i = 0; i < BASE_DIRECTIONS; i++)
		track_flow_cut(f, (enum base_direction)i, events);
}

void track_flow_drop(struct track_flow *f, struct track_counts *counts)
{
	const struct track_out out = { .counts = counts };

	for (int i = 0; i < BASE_DIRECTIONS; i++)
		track_stream_skip(&f->streams[i], 0, &out);
}
