/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gps103.c - framing of the gps103 family
 *
 * Theory of operation
 *
 * A tracker's message begins with a header (see the kinds below) and ends with
 * `;`, `*` or a line feed. Where that is lost, the next header ends it. The
 * flow's end does not: what has no end is no message. All else between messages
 * is skipped.
 *
 * A server's answers are the bare words LOAD and ON. Its commands may have no
 * end at all:
 *
 *   ;             the end, but for a fence, whose corners it parts: there only
 *                 if no number follows
 *   line feed     the end
 *   a command, or LOAD or ON behind numbers     ends it
 *   silence of a second, or nothing can follow  ends it
 *
 * No scanned byte but those of a header that ends a message can begin one, so
 * all work is linear in the bytes.
 */
#include "track_gps103.h"

#include <string.h>

#include "track_frame.h"
#include "track_gps103_internal.h"
#include "track_text.h"

#define DIGITS   "0123456789"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Pictures come in parts of some 1000 digits. */
#define FRAME_MAX 4096

#define IMEI_LEN  15

enum kind {
	KIND_MESSAGE,
	KIND_LOGIN,
	KIND_COMMAND,
	KIND_LOAD,
	KIND_ON,
	KIND_HEARTBEAT,
	KIND_MAX
};

/* How each kind begins, but for the heartbeat. */
static const struct start {
	const char *text;
	bool imei;     /* a number and a comma follow */
	unsigned from; /* TRACK_FROM_ bits */
} starts[KIND_MAX] = {
	[KIND_MESSAGE] = { "imei:", true, TRACK_FROM_CLIENT },
	[KIND_LOGIN] = { "##,imei:", true, TRACK_FROM_CLIENT },
	[KIND_COMMAND] = { "**,imei:", true, TRACK_FROM_BOTH },
	[KIND_LOAD] = { "LOAD", false, TRACK_FROM_SERVER },
	[KIND_ON] = { "ON", false, TRACK_FROM_SERVER },
};

struct header {
	enum kind kind;
	size_t len;
	struct base_span device;
};

static enum track_probe match_word(struct base_rd *r, const char *word)
{
	const size_t len = strlen(word), left = base_rd_left(r);
	const struct base_span bytes = base_rd_take(r, left < len ? left : len);

	if (bytes.len && memcmp(bytes.ptr, word, bytes.len) != 0)
		return TRACK_PROBE_NO;
	return bytes.len < len ? TRACK_PROBE_MAYBE : TRACK_PROBE_YES;
}

/* Clones leave out some digits, or all but one. */
static enum track_probe match_imei(struct base_rd *r, struct base_span *imei)
{
	*imei = track_text_run(r, DIGITS, 20);
	if (!base_rd_left(r))
		return TRACK_PROBE_MAYBE;
	return imei->len && track_text_take(r, ',') ? TRACK_PROBE_YES
						    : TRACK_PROBE_NO;
}

/* 15 digits and an end, or the next message where the end was lost. */
static enum track_probe match_heartbeat(struct base_span bytes,
					struct header *h)
{
	struct base_rd r, ahead;
	enum track_probe m;

	base_rd_init(&r, bytes.ptr, bytes.len);
	h->kind = KIND_HEARTBEAT;
	h->device = track_text_run(&r, DIGITS, IMEI_LEN);
	h->len = h->device.len;
	if (!base_rd_left(&r))
		return TRACK_PROBE_MAYBE;
	if (h->device.len < IMEI_LEN)
		return TRACK_PROBE_NO;
	ahead = r;
	m = match_word(&ahead, starts[KIND_MESSAGE].text);
	if (m != TRACK_PROBE_NO)
		return m;
	if (track_text_take(&r, '\r') && !base_rd_left(&r))
		return TRACK_PROBE_MAYBE;
	if (!track_text_run(&r, ";\n", 1).len)
		return TRACK_PROBE_NO;
	h->len = bytes.len - base_rd_left(&r);
	return TRACK_PROBE_YES;
}

static enum track_probe match_start(struct base_span bytes, enum kind kind,
				    struct header *h)
{
	struct base_rd r;
	enum track_probe m;

	base_rd_init(&r, bytes.ptr, bytes.len);
	*h = (struct header){ .kind = kind };
	m = match_word(&r, starts[kind].text);
	if (m == TRACK_PROBE_YES && starts[kind].imei)
		m = match_imei(&r, &h->device);
	h->len = bytes.len - base_rd_left(&r);
	return m;
}

/* A header at the front of the bytes, of which there is one? */
static enum track_probe match_header(struct base_span bytes,
				     enum base_direction direction,
				     struct header *h)
{
	enum track_probe m = TRACK_PROBE_NO;

	for (unsigned k = 0; k < KIND_HEARTBEAT && m == TRACK_PROBE_NO; k++) {
		if (starts[k].from & 1U << direction)
			m = match_start(bytes, (enum kind)k, h);
	}
	if (m == TRACK_PROBE_NO && direction == BASE_CLIENT)
		m = match_heartbeat(bytes, h);
	return m;
}

/* May this byte be the first of a header? */
static bool is_start(uint8_t c)
{
	return c == 'i' || c == '#' || c == '*' || c == 'L' || c == 'O' ||
	       (c >= '0' && c <= '9');
}

/* No message before the next byte that may begin one. */
static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	frame->len = 1;
	while (frame->len < bytes.len && !is_start(bytes.ptr[frame->len]))
		frame->len++;
	return TRACK_STEP_SKIP;
}

static enum track_step message(size_t len, struct track_frame *frame)
{
	frame->len = len;
	return TRACK_STEP_MESSAGE;
}

/* A header inside a message? Not a heartbeat: fields may be digits. */
static enum track_probe match_inner(const struct track_front *front, size_t at)
{
	const struct base_span bytes = track_text_tail(front->bytes, at);
	struct header h;

	if (!is_start(bytes.ptr[0]) ||
	    (bytes.ptr[0] >= '0' && bytes.ptr[0] <= '9'))
		return TRACK_PROBE_NO;
	return match_header(bytes, front->direction, &h);
}

static enum track_step scan_message(const struct track_front *front,
				    struct track_scan *scan,
				    struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;
	const bool last = front->after == TRACK_AFTER_NOTHING;

	for (; scan->at < bytes.len; scan->at++) {
		const uint8_t c = bytes.ptr[scan->at];
		enum track_probe m;

		if (c == ';' || c == '*' || c == '\n')
			return message(scan->at + 1, frame);
		m = match_inner(front, scan->at);
		if (m == TRACK_PROBE_MAYBE && !last)
			return TRACK_STEP_MORE;
		if (m == TRACK_PROBE_YES)
			return message(scan->at, frame);
	}
	return last ? skip(bytes, frame) : TRACK_STEP_MORE;
}

/* Does a semicolon part numbers in this command? */
static bool is_fence(struct base_span command)
{
	return track_text_begins(command, "O,") ||
	       track_text_begins(command, "114,") ||
	       track_text_begins(command, "121,");
}

enum verdict {
	VERDICT_INSIDE,
	VERDICT_LAST,   /* the byte is the message's last */
	VERDICT_BEHIND, /* it is the first behind the message */
	VERDICT_WAIT,   /* the next byte tells */
};

static bool is_in(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

/* What a command's bytes are, in scan->depth. */
enum part {
	PART_PLAIN, /* the code, numbers */
	PART_COMMA, /* a comma was the last byte */
	PART_TEXT,  /* LOAD and ON may be words of it */
};

static enum part part_after(enum part part, uint8_t c)
{
	if (part == PART_TEXT)
		return PART_TEXT;
	if (c == ',')
		return PART_COMMA;
	if (part == PART_COMMA)
		return is_in(c, DIGITS "+-") ? PART_PLAIN : PART_TEXT;
	return is_in(c, DIGITS CAPITALS "+-.:smh") ? PART_PLAIN : PART_TEXT;
}

/* What the byte at `at` is to a server's command. */
static enum verdict judge(const struct track_front *front, size_t at,
			  bool fence, struct track_scan *scan)
{
	const struct base_span rest = track_text_tail(front->bytes, at);
	const uint8_t c = rest.ptr[0];
	enum track_probe m = TRACK_PROBE_NO;

	if (c == '\n')
		return VERDICT_LAST;
	if (c == ';' && fence && rest.len == 1)
		return VERDICT_WAIT;
	if (c == ';')
		return fence && is_in(rest.ptr[1], DIGITS "+-") ? VERDICT_INSIDE
								: VERDICT_LAST;
	if (c == '*' || scan->depth == PART_PLAIN)
		m = match_inner(front, at);
	if (m == TRACK_PROBE_MAYBE)
		return VERDICT_WAIT;
	if (m == TRACK_PROBE_YES)
		return VERDICT_BEHIND;
	scan->depth = part_after((enum part)scan->depth, c);
	return VERDICT_INSIDE;
}

static enum track_step scan_command(const struct track_front *front,
				    size_t from, struct track_scan *scan,
				    struct track_frame *frame)
{
	const bool fence = is_fence(track_text_tail(front->bytes, from));

	for (; scan->at < front->bytes.len; scan->at++) {
		const enum verdict v = judge(front, scan->at, fence, scan);

		if (v == VERDICT_LAST)
			return message(scan->at + 1, frame);
		if (v == VERDICT_BEHIND)
			return message(scan->at, frame);
		if (v == VERDICT_WAIT && front->after == TRACK_AFTER_MORE)
			break;
	}
	scan->end = (uint32_t)front->bytes.len;
	scan->quiet = true;
	return front->after == TRACK_AFTER_MORE ? TRACK_STEP_MORE
						: message(scan->end, frame);
}

static enum track_step gps103_frame(const struct track_front *front,
				    struct track_scan *scan,
				    struct track_frame *frame)
{
	struct header h;
	const enum track_probe header =
		match_header(front->bytes, front->direction, &h);

	if (track_frame_waits(header, front->after))
		return TRACK_STEP_MORE;
	if (header != TRACK_PROBE_YES)
		return skip(front->bytes, frame);
	if (!scan->at)
		scan->at = (uint32_t)h.len;
	switch (h.kind) {
	case KIND_MESSAGE:
	case KIND_LOGIN:
		return scan_message(front, scan, frame);
	case KIND_COMMAND:
		return scan_command(front, h.len, scan, frame);
	case KIND_LOAD:
	case KIND_ON:
	case KIND_HEARTBEAT:
	case KIND_MAX:
		break;
	}
	return message(h.len, frame);
}

/* Messages of other families hold "imei:", a number and a comma, too; behind
 * that they have a number that is no event's, which has three digits. */
static enum track_probe match_event(struct base_span text)
{
	struct base_rd r;
	size_t n;

	base_rd_init(&r, text.ptr, text.len);
	n = track_text_run(&r, DIGITS, 4).len;
	if (!base_rd_left(&r) && n < 4)
		return TRACK_PROBE_MAYBE;
	if (!n)
		return TRACK_PROBE_YES;
	return n == 3 && track_text_take(&r, ',') ? TRACK_PROBE_YES
						  : TRACK_PROBE_NO;
}

static enum track_probe gps103_probe(struct base_span bytes,
				     enum base_direction direction)
{
	struct header h;
	enum track_probe m;

	/* bare words say too little, and so does a line of digits */
	if (!bytes.len)
		return TRACK_PROBE_MAYBE;
	m = match_header(bytes, direction, &h);
	if (m == TRACK_PROBE_YES && h.kind == KIND_MESSAGE)
		m = match_event(track_text_tail(bytes, h.len));
	if (m == TRACK_PROBE_YES && h.kind == KIND_HEARTBEAT &&
	    bytes.ptr[h.len - 1] == '\n')
		m = TRACK_PROBE_NO;
	return h.kind == KIND_LOAD || h.kind == KIND_ON ? TRACK_PROBE_NO : m;
}

/* The message without its end. */
static struct base_span without_end(struct base_span s)
{
	while (s.len && is_in(s.ptr[s.len - 1], ";*\r\n"))
		s.len--;
	return s;
}

static void gps103_decode(const struct track_message *m,
			  const struct track_habits *habits,
			  struct track_session *session,
			  struct track_record *record)
{
	struct gps103_body body = { .zone_min = habits->zone_min };
	struct base_span keyword = { NULL, 0 };
	struct header h;
	struct base_rd r;

	(void)session;
	/* MAYBE is a heartbeat whose end was lost */
	if (match_header(m->bytes, m->direction, &h) == TRACK_PROBE_NO)
		return;
	track_record_device(record, h.device);
	body.star = m->bytes.ptr[m->bytes.len - 1] == '*';
	body.text = track_text_tail(without_end(m->bytes), h.len);
	switch (h.kind) {
	case KIND_MESSAGE:
		track_gps103_body(&body, record);
		return;
	case KIND_LOGIN:
		keyword = TRACK_SPAN("##");
		break;
	case KIND_COMMAND:
		base_rd_init(&r, body.text.ptr, body.text.len);
		keyword = track_text_field(&r, ',');
		break;
	case KIND_LOAD:
	case KIND_ON:
		keyword = m->bytes;
		break;
	case KIND_HEARTBEAT:
		keyword = TRACK_SPAN("imei");
		break;
	case KIND_MAX:
		break;
	}
	track_record_keyword(record, keyword);
	record->type = track_keyword_type(m->protocol, m->direction, keyword);
}

/* The port that Traccar gave the family. */
static const uint16_t gps103_ports[] = { 5001, 0 };

const struct track_protocol track_gps103 = {
	.name = TRACK_GPS103_NAME,
	.ports = gps103_ports,
	.max_frame = FRAME_MAX,
	.keywords = track_gps103_keywords,
	.probe = gps103_probe,
	.frame = gps103_frame,
	.decode = gps103_decode,
};
