/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch.c - where messages of the watch family begin and end
 *
 * Theory of operation
 *
 * Neither the declared length nor the brackets can be trusted alone. Whole
 * families of firmware declare three bytes too few; a Wi-Fi name in a position
 * report may hold brackets. Binary content (voice, pictures) is no problem: it
 * escapes both brackets. So both are asked, and what follows a bracket decides
 * where they disagree. A message begins with a whole header (see the parts
 * below); all else between messages is skipped.
 *
 * Let L be the declared length, p the number of content bytes before a `]`,
 * and let a `[` in the content open a pair that the next `]` closes.
 *
 *   p == L                      the end, length right
 *   p > L, closes no pair       the end, length wrong
 *   closes a pair               inside; a possible end only for the last rule
 *   p < L, closes no pair       possible end, decided by what follows:
 *     CR or LF                  the end: text has none, binary has no `]`
 *     silence of a second       the end, so that an event need not wait for
 *                               the tracker's next message
 *     any other byte            inside
 *   a header inside the content, or nothing more can follow (end of flow, gap,
 *   longest message reached): the message ends at the last possible end, length
 *   wrong; without one it was torn, and is skipped up to the header.
 *
 * The last rule keeps a message that lost its bracket from swallowing the next.
 * It also means that no scanned byte can begin a message: what is left when one
 * is given up is skipped from bracket to bracket, so all work is linear in the
 * bytes.
 */
#include "track_watch.h"

#include <string.h>

#include "track_frame.h"
#include "track_watch_internal.h"

enum part {
	PART_HASH,
	PART_MAKER,
	PART_DEVICE,
	PART_INDEX,
	PART_LENGTH,
	PART_MAX
};

struct part_rule {
	bool hex;  /* hexadecimal digits; else letters and digits */
	bool star; /* a star follows */
	uint8_t min, max;
};

static const struct part_rule part_rules[PART_MAX] = {
	[PART_HASH] = { true, false, 32, 32 },
	[PART_MAKER] = { false, true, 2, 2 },
	[PART_DEVICE] = { false, true, 1, 20 },
	[PART_INDEX] = { false, true, 4, 4 },
	[PART_LENGTH] = { true, true, 4, 4 },
};

/* Longest header: bracket, the parts' longest forms and four stars. */
#define HEADER_MAX  (1 + 32 + 2 + 20 + 4 + 4 + 4)
#define CONTENT_MAX 0xffff

struct header {
	size_t len; /* from the bracket to the star before the content */
	size_t declared;
	struct base_span device;
};

static bool is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
	       (c >= 'a' && c <= 'f');
}

static bool is_word(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static enum track_probe match_part(struct base_rd *r,
				   const struct part_rule *rule,
				   struct base_span *text)
{
	struct base_rd ahead = *r;
	size_t n = 0;
	int c;

	while ((c = base_rd_peek(&ahead)) >= 0 && n < rule->max &&
	       (rule->hex ? is_hex(c) : is_word(c))) {
		(void)base_rd_u8(&ahead);
		n++;
	}
	if (c < 0 && (n < rule->min || rule->star))
		return TRACK_PROBE_MAYBE;
	if (n < rule->min || (rule->star && c != '*'))
		return TRACK_PROBE_NO;
	*text = base_rd_take(r, n);
	if (rule->star)
		base_rd_expect(r, '*');
	return TRACK_PROBE_YES;
}

/* A header that is made of just these parts (a bit each)? */
static enum track_probe match_parts(struct base_span bytes, unsigned parts,
				    struct header *h)
{
	struct base_span text[PART_MAX] = { 0 };
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	base_rd_expect(&r, '[');
	if (!base_rd_ok(&r))
		return TRACK_PROBE_NO;
	for (unsigned i = 0; i < PART_MAX; i++) {
		enum track_probe m;

		if (!(parts & 1U << i))
			continue;
		m = match_part(&r, &part_rules[i], &text[i]);
		if (m != TRACK_PROBE_YES)
			return m;
	}
	h->len = bytes.len - base_rd_left(&r);
	h->device = text[PART_DEVICE];
	base_rd_init(&r, text[PART_LENGTH].ptr, text[PART_LENGTH].len);
	h->declared = base_rd_hex(&r, 4);
	return TRACK_PROBE_YES;
}

/* A header at the front of the bytes? */
static enum track_probe match_header(struct base_span bytes, struct header *h)
{
	/* The forms with an index come first: without them, an index would
	 * pass for the length, and the length for content. */
	static const unsigned forms[] = {
		1U << PART_MAKER | 1U << PART_DEVICE | 1U << PART_INDEX |
			1U << PART_LENGTH,
		1U << PART_MAKER | 1U << PART_DEVICE | 1U << PART_LENGTH,
		1U << PART_HASH | 1U << PART_MAKER | 1U << PART_DEVICE |
			1U << PART_INDEX | 1U << PART_LENGTH,
		1U << PART_HASH | 1U << PART_MAKER | 1U << PART_DEVICE |
			1U << PART_LENGTH,
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		const enum track_probe m = match_parts(bytes, forms[i], h);

		if (m != TRACK_PROBE_NO)
			return m;
	}
	return TRACK_PROBE_NO;
}

/* The bytes from `from` on. */
static struct base_span tail(struct base_span bytes, size_t from)
{
	return (struct base_span){ bytes.ptr + from, bytes.len - from };
}

/* No message before the next bracket behind the first byte. */
static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	const uint8_t *next = memchr(bytes.ptr + 1, '[', bytes.len - 1);

	frame->len = next ? (size_t)(next - bytes.ptr) : bytes.len;
	return TRACK_STEP_SKIP;
}

/* A message of `len` bytes, both brackets included. */
static enum track_step message(const struct header *h, size_t len,
			       struct track_frame *frame)
{
	frame->length = len - h->len - 1 == h->declared ? TRACK_CHECK_OK
							: TRACK_CHECK_WRONG;
	frame->len = len;
	return TRACK_STEP_MESSAGE;
}

static enum track_step give_up(struct base_span bytes, const struct header *h,
			       const struct track_scan *scan,
			       struct track_frame *frame)
{
	if (scan->end)
		return message(h, scan->end, frame);
	return skip(bytes, frame);
}

static enum track_step scan_content(struct base_span bytes,
				    enum track_after after,
				    const struct header *h,
				    struct track_scan *scan,
				    struct track_frame *frame)
{
	for (; scan->at < bytes.len; scan->at++) {
		const size_t p = scan->at - h->len;
		const uint8_t c = bytes.ptr[scan->at];
		const bool after_end = scan->quiet;
		struct header inner;
		enum track_probe m;

		scan->quiet = false;
		if (c == ']') {
			if (p == h->declared ||
			    (p > h->declared && !scan->depth))
				return message(h, scan->at + 1, frame);
			scan->end = scan->at + 1;
			scan->quiet = !scan->depth;
			scan->depth -= scan->depth > 0;
		} else if (c == '[') {
			m = match_header(tail(bytes, scan->at), &inner);
			if (track_frame_waits(m, after))
				return TRACK_STEP_MORE;
			if (m != TRACK_PROBE_NO)
				return give_up(bytes, h, scan, frame);
			scan->depth++;
		} else if (after_end && (c == '\r' || c == '\n')) {
			return message(h, scan->end, frame);
		}
	}
	if (track_frame_over(after, scan))
		return give_up(bytes, h, scan, frame);
	return TRACK_STEP_MORE;
}

static enum track_step watch_frame(const struct track_front *front,
				   struct track_scan *scan,
				   struct track_frame *frame)
{
	struct header h;
	const enum track_probe header = match_header(front->bytes, &h);

	if (track_frame_waits(header, front->after))
		return TRACK_STEP_MORE;
	if (header != TRACK_PROBE_YES)
		return skip(front->bytes, frame);
	if (!scan->at)
		scan->at = (uint32_t)h.len;
	return scan_content(front->bytes, front->after, &h, scan, frame);
}

static enum track_probe watch_probe(struct base_span bytes,
				    enum base_direction direction)
{
	struct header h;

	(void)direction;
	return match_header(bytes, &h);
}

static void watch_decode(const struct track_message *m,
			 const struct track_habits *habits,
			 struct track_session *session,
			 struct track_record *record)
{
	struct header h;
	struct base_rd r;

	(void)session;
	if (match_header(m->bytes, &h) != TRACK_PROBE_YES)
		return;
	track_record_device(record, h.device);
	base_rd_init(&r, m->bytes.ptr + h.len, m->bytes.len - h.len - 1);
	track_watch_content(m, base_rd_take(&r, base_rd_left(&r)),
			    habits->zone_min, record);
}

/* TKSTAR, SeTracker, and the port that Traccar gave the family. */
static const uint16_t watch_ports[] = { 7700, 8001, 5093, 0 };

const struct track_protocol track_watch = {
	.name = TRACK_WATCH_NAME,
	.ports = watch_ports,
	.max_frame = HEADER_MAX + CONTENT_MAX + 1,
	.keywords = track_watch_keywords,
	.probe = watch_probe,
	.frame = watch_frame,
	.decode = watch_decode,
};
