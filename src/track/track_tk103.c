/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_tk103.c - framing of the TK103 family
 *
 * Theory of operation
 *
 * A message begins with a whole header (see the forms below); all else between
 * messages is skipped. A parenthesis closes it, unless it stands in free text,
 * which begins and ends with a dollar sign. Firmware forgets the second dollar
 * sign, so a closing parenthesis in free text is a possible end, and what
 * follows decides:
 *
 *   silence of a second, or nothing can follow    the end
 *   a header further on    the last possible end was it
 *   any other byte         inside
 *
 * A header before any possible end means that the message was torn: it is
 * skipped up to there. So no scanned byte can begin a message, and all work is
 * linear in the bytes.
 *
 * `[begin]` messages end with `[end]` alone.
 */
#include "track_tk103.h"

#include <string.h>

#include "track_frame.h"
#include "track_text.h"
#include "track_tk103_internal.h"

#define DEVICE_MAX  20
#define COMMAND_LEN 4

static const char begin[] = "[begin]sms";
static const char end[] = "[end]";

/* The longest known message, a list of settings, has some hundred bytes. */
#define FRAME_MAX 4096

struct header {
	size_t len;
	struct base_span device, command;
	bool commas;  /* commas around the command */
	bool bracket; /* [begin]sms */
};

#define DIGITS  "0123456789"
#define HEX     DIGITS "ABCDEF"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    DIGITS CAPITAL "abcdefghijklmnopqrstuvwxyz"

/* What may stand behind the opening parenthesis. */
struct form {
	const char *device; /* its characters */
	uint8_t min, max;   /* ... and their number */
	bool commas;
};

static const struct form forms[] = {
	{ DIGITS, 6, DEVICE_MAX, true },
	{ WORD, 12, 12, false }, /* as the document has it */
	{ DIGITS, 6, DEVICE_MAX, false },
};

/* One byte of the set. */
static enum track_probe match_byte(struct base_rd *r, const char *set)
{
	if (!base_rd_left(r))
		return TRACK_PROBE_MAYBE;
	return track_text_run(r, set, 1).len ? TRACK_PROBE_YES : TRACK_PROBE_NO;
}

static enum track_probe match_command(struct base_rd *r, bool commas)
{
	const char *const sets[] = {
		commas ? "," : NULL, CAPITAL, CAPITAL, HEX, HEX,
		commas ? ",)" : NULL
	};
	enum track_probe m = TRACK_PROBE_YES;

	for (size_t i = 0; i < WS_ARRAY_LEN(sets) && m == TRACK_PROBE_YES;
	     i++) {
		if (sets[i])
			m = match_byte(r, sets[i]);
	}
	return m;
}

static enum track_probe match_form(struct base_span bytes,
				   const struct form *form, struct header *h)
{
	struct base_rd r;
	enum track_probe m;

	base_rd_init(&r, bytes.ptr, bytes.len);
	base_rd_expect(&r, '(');
	h->device = track_text_run(&r, form->device, form->max);
	/* a word in parentheses is anybody's */
	if (h->device.len && !track_text_digits(track_text_head(h->device, 1)))
		return TRACK_PROBE_NO;
	if (h->device.len < form->min)
		return base_rd_left(&r) ? TRACK_PROBE_NO : TRACK_PROBE_MAYBE;
	m = match_command(&r, form->commas);
	if (m != TRACK_PROBE_YES)
		return m;
	h->commas = form->commas;
	h->bracket = false;
	h->len = bytes.len - base_rd_left(&r) - form->commas;
	h->command = track_text_head(
		track_text_tail(bytes, h->len - COMMAND_LEN), COMMAND_LEN);
	return TRACK_PROBE_YES;
}

static enum track_probe match_begin(struct base_span bytes, struct header *h)
{
	const size_t len = sizeof(begin) - 1;
	const struct base_span front = track_text_head(bytes, len);

	if (memcmp(front.ptr, begin, front.len) != 0)
		return TRACK_PROBE_NO;
	*h = (struct header){ .len = len, .bracket = true };
	return front.len < len ? TRACK_PROBE_MAYBE : TRACK_PROBE_YES;
}

/* A header at the front of the bytes? */
static enum track_probe match_header(struct base_span bytes, struct header *h)
{
	enum track_probe m = TRACK_PROBE_NO;

	if (!bytes.len)
		return TRACK_PROBE_MAYBE;
	if (bytes.ptr[0] == '[')
		return match_begin(bytes, h);
	if (bytes.ptr[0] != '(')
		return TRACK_PROBE_NO;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms) && m == TRACK_PROBE_NO; i++)
		m = match_form(bytes, &forms[i], h);
	return m;
}

/* May this byte be the first of a header? */
static bool is_start(uint8_t c)
{
	return c == '(' || c == '[';
}

/* No message before the next byte that may begin one. */
static enum track_step skip(struct base_span bytes, struct track_frame *frame)
{
	frame->len = 1;
	while (frame->len < bytes.len && !is_start(bytes.ptr[frame->len]))
		frame->len++;
	return TRACK_STEP_SKIP;
}

static enum track_step give_up(struct base_span bytes,
			       const struct track_scan *scan,
			       struct track_frame *frame)
{
	if (!scan->end)
		return skip(bytes, frame);
	frame->len = scan->end;
	return TRACK_STEP_MESSAGE;
}

/* Does the last byte of the bytes end a [begin] message? */
static bool ends_bracket(struct base_span bytes)
{
	const size_t n = sizeof(end) - 1;

	return bytes.len >= n &&
	       track_text_is(track_text_tail(bytes, bytes.len - n), end);
}

/* The byte at `at`: does the message end with it? */
static bool scan_byte(struct base_span bytes, size_t at, bool bracket,
		      struct track_scan *scan)
{
	const uint8_t c = bytes.ptr[at];

	scan->quiet = false;
	if (bracket)
		return ends_bracket(track_text_head(bytes, at + 1));
	if (c == '$')
		scan->depth ^= 1;
	if (c != ')')
		return false;
	if (!scan->depth)
		return true;
	scan->end = (uint32_t)at + 1;
	scan->quiet = true;
	return false;
}

static enum track_step scan_body(const struct track_front *front, bool bracket,
				 struct track_scan *scan,
				 struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;

	for (; scan->at < bytes.len; scan->at++) {
		enum track_probe m = TRACK_PROBE_NO;
		struct header inner;

		if (is_start(bytes.ptr[scan->at]))
			m = match_header(track_text_tail(bytes, scan->at),
					 &inner);
		if (track_frame_waits(m, front->after))
			return TRACK_STEP_MORE;
		if (m != TRACK_PROBE_NO)
			return give_up(bytes, scan, frame);
		if (scan_byte(bytes, scan->at, bracket, scan)) {
			frame->len = scan->at + 1;
			return TRACK_STEP_MESSAGE;
		}
	}
	if (track_frame_over(front->after, scan))
		return give_up(bytes, scan, frame);
	return TRACK_STEP_MORE;
}

static enum track_step tk103_frame(const struct track_front *front,
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
	return scan_body(front, h.bracket, scan, frame);
}

static enum track_probe tk103_probe(struct base_span bytes,
				    enum base_direction direction)
{
	struct header h;

	(void)direction;
	return match_header(bytes, &h);
}

/* The word that says what to do: "setip" of "2,*setip*1*2*3*4*5555*,". */
static struct base_span bracket_keyword(struct base_span text)
{
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	track_text_skip(&r, ',', 1);
	(void)track_text_take(&r, '*');
	return track_text_run(&r, WORD, SIZE_MAX);
}

/* Behind the command: without the parenthesis at the end and maybe a comma. */
static struct base_span body_data(struct base_span data)
{
	struct base_rd r;

	base_rd_init(&r, data.ptr, data.len - 1);
	(void)track_text_take(&r, ',');
	return base_rd_take(&r, base_rd_left(&r));
}

static void tk103_decode(const struct track_message *m,
			 const struct track_habits *habits,
			 struct track_session *session,
			 struct track_record *record)
{
	struct tk103_body body = { .zone_min = habits->zone_min };
	struct header h;

	(void)session;
	if (match_header(m->bytes, &h) != TRACK_PROBE_YES)
		return;
	body.command = h.command;
	body.commas = h.commas;
	body.data = track_text_tail(m->bytes, h.len);
	if (h.bracket)
		body.command = bracket_keyword(body.data);
	else
		body.data = body_data(body.data);
	track_record_keyword(record, body.command);
	track_record_device(record, h.device);
	record->type =
		track_keyword_type(m->protocol, m->direction, body.command);
	if (m->direction == BASE_CLIENT)
		track_tk103_body(&body, record);
}

/* The port that Traccar gave the family. */
static const uint16_t tk103_ports[] = { 5002, 0 };

const struct track_protocol track_tk103 = {
	.name = TRACK_TK103_NAME,
	.ports = tk103_ports,
	.max_frame = FRAME_MAX,
	.keywords = track_tk103_keywords,
	.probe = tk103_probe,
	.frame = tk103_frame,
	.decode = tk103_decode,
};
