/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_stream.c - one direction of a flow: chunks in, messages out */
#include "track_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes are copied in pieces of this size: bounds what is held beyond a
 * partial message, and how much moves when one ends. */
#define PIECE     4096
#define ROOM_STEP 256

static void emit(const struct track_message *m, const struct track_out *out)
{
	out->counts->messages++;
	out->counts->wrong_lengths += m->length == TRACK_CHECK_WRONG;
	out->counts->wrong_checksums += m->checksum == TRACK_CHECK_WRONG;
	out->message(out->arg, m);
}

/* Takes the first n held bytes away; no memory is kept for nothing. */
static void drop(struct track_stream *s, size_t n, const struct track_out *out)
{
	s->offset += n;
	s->len -= (uint32_t)n;
	if (s->len) {
		memmove(s->held, s->held + n, s->len);
		return;
	}
	free(s->held);
	out->counts->memory -= s->room;
	s->held = NULL;
	s->room = 0;
}

/* Frames what is held. */
static void pump(struct track_stream *s, const struct track_protocol *p,
		 enum track_after after, const struct track_out *out)
{
	size_t used = 0;

	while (used < s->len) {
		const size_t left = s->len - used;
		const bool full = left >= p->max_frame;
		struct track_front front = {
			.bytes = { s->held + used, full ? p->max_frame : left },
			.direction = s->direction,
			.after = after,
		};
		const uint32_t end = s->scan.end;
		struct track_frame frame = { 0 };
		enum track_step step;

		step = p->frame(&front, &s->scan, &frame);
		if (s->scan.end != end)
			s->end_ns = s->newest_ns;
		if (step == TRACK_STEP_MORE && full) {
			out->counts->overflows++;
			front.after = TRACK_AFTER_NOTHING;
			step = p->frame(&front, &s->scan, &frame);
		}
		if (step == TRACK_STEP_MORE)
			break;
		if (step == TRACK_STEP_MESSAGE)
			emit(
				&(struct track_message){
					.protocol = p,
					.direction = s->direction,
					.bytes = { front.bytes.ptr, frame.len },
					.offset = s->offset + used,
					.wall_ns = frame.len == s->scan.end
							   ? s->end_ns
							   : s->newest_ns,
					.length = frame.length,
					.checksum = frame.checksum,
				},
				out);
		else
			out->counts->skipped += frame.len;
		used += frame.len;
		s->scan = (struct track_scan){ 0 };
	}
	/* once for all: a byte may be skipped at a time */
	if (used)
		drop(s, used, out);
}

static int grow(struct track_stream *s, size_t room,
		struct track_counts *counts)
{
	const size_t more = room - s->room;
	uint8_t *held;

	if (more > TRACK_MEMORY_MAX - counts->memory)
		return -ENOMEM;
	held = realloc(s->held, room);
	if (!held)
		return -ENOMEM;
	counts->memory += more;
	s->held = held;
	s->room = (uint32_t)room;
	return 0;
}

int track_stream_hold(struct track_stream *s, struct base_span bytes,
		      uint64_t wall_ns, const struct track_out *out)
{
	const size_t need = s->len + bytes.len;

	if (!bytes.len)
		return 0;
	if (need > s->room) {
		const int r =
			grow(s, (need + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP,
			     out->counts);

		if (r)
			return r;
	}
	memcpy(s->held + s->len, bytes.ptr, bytes.len);
	s->len = (uint32_t)need;
	s->newest_ns = wall_ns;
	return 0;
}

void track_stream_skip(struct track_stream *s, size_t len,
		       const struct track_out *out)
{
	out->counts->skipped += s->len + len;
	s->scan = (struct track_scan){ 0 };
	drop(s, s->len, out);
	s->offset += len;
}

void track_stream_resume(struct track_stream *s, const struct track_protocol *p,
			 const struct track_out *out)
{
	pump(s, p, TRACK_AFTER_MORE, out);
}

int track_stream_feed(struct track_stream *s, const struct track_protocol *p,
		      const struct track_chunk *chunk,
		      const struct track_out *out)
{
	struct base_rd r;

	track_stream_expire(s, p, chunk->wall_ns, out);
	if (chunk->offset != s->offset + s->len) {
		out->counts->gaps++;
		track_stream_end(s, p, out);
		s->offset = chunk->offset;
	}
	base_rd_init(&r, chunk->bytes.ptr, chunk->bytes.len);
	while (base_rd_left(&r)) {
		const size_t left = base_rd_left(&r);
		const size_t n = left < PIECE ? left : PIECE;

		if (track_stream_hold(s, base_rd_take(&r, n), chunk->wall_ns,
				      out)) {
			out->counts->no_memory++;
			track_stream_skip(s, left, out);
			return -ENOMEM;
		}
		pump(s, p, TRACK_AFTER_MORE, out);
	}
	return 0;
}

uint64_t track_stream_due(const struct track_stream *s)
{
	return s->scan.quiet ? s->end_ns + TRACK_SILENCE_NS : 0;
}

void track_stream_expire(struct track_stream *s, const struct track_protocol *p,
			 uint64_t now_ns, const struct track_out *out)
{
	if (s->scan.quiet && now_ns >= track_stream_due(s))
		pump(s, p, TRACK_AFTER_SILENCE, out);
}

void track_stream_end(struct track_stream *s, const struct track_protocol *p,
		      const struct track_out *out)
{
	pump(s, p, TRACK_AFTER_NOTHING, out);
}
