/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06.c - framing of the GT06 family
 *
 * Theory of operation
 *
 * A message whose LENGTH leads to a tail (0D 0A) ends there: content may hold
 * the tail's bytes. Devices that lie about their length do it in every message
 * (access points are counted in its place, or the CRC is left out), so where
 * LENGTH leads elsewhere, the message ends at the first tail that
 *
 *   is where the counts in a message of access points lead, or
 *   another message's first bytes follow, or
 *   nothing follows: a second of silence, or the end of the flow.
 *
 * What LENGTH says is waited for, as long as that second. Where nothing of this
 * comes in SEARCH_MAX bytes, the last tail counts, if there is one.
 *
 * 78 78 may also be garbage that happens to stand before a message. So what has
 * a wrong length must be of a known type, and when a right message stands at
 * its end, what is before that one is skipped.
 *
 * All work is linear: a message is scanned for tails once, and what is skipped
 * makes the next scan at most SEARCH_MAX or the 16 KiB of the longest LENGTH.
 */
#include "track_gt06.h"

#include <string.h>

#include "track_frame.h"
#include "track_gt06_internal.h"
#include "track_sum.h"
#include "track_text.h"

#define LONG_MAX_DECLARED 16384 /* the longest parts of files have 4 KiB */
#define SEARCH_MAX        1024  /* with a wrong length; real ones have 300 */
#define SHORT_HEAD        3
#define LONG_HEAD         4
#define FOOT_LEN          (GT06_SERIAL_LEN + GT06_CRC_LEN + GT06_TAIL_LEN)

#define TYPE_WIFI_1       0x17
#define TYPE_WIFI_2       0x69

static bool is_wifi(uint8_t type)
{
	return type == TYPE_WIFI_1 || type == TYPE_WIFI_2;
}

/* Do the bytes begin with what stands before a content? */
static enum track_probe match_head(struct base_span bytes,
				   struct gt06_head *head)
{
	struct base_rd r;
	uint8_t start;

	base_rd_init(&r, bytes.ptr, bytes.len);
	start = base_rd_u8(&r);
	if (!base_rd_ok(&r))
		return TRACK_PROBE_MAYBE;
	if (start != 0x78 && start != 0x79)
		return TRACK_PROBE_NO;
	if (base_rd_left(&r) && base_rd_u8(&r) != start)
		return TRACK_PROBE_NO;
	head->extended = start == 0x79;
	head->declared = head->extended ? base_rd_be16(&r) : base_rd_u8(&r);
	head->len = head->extended ? LONG_HEAD : SHORT_HEAD;
	if (base_rd_ok(&r) && head->declared > LONG_MAX_DECLARED)
		return TRACK_PROBE_NO;
	head->type = base_rd_u8(&r);
	if (!base_rd_ok(&r))
		return TRACK_PROBE_MAYBE;
	if (!head->declared && !is_wifi(head->type))
		return TRACK_PROBE_NO;
	return TRACK_PROBE_YES;
}

/* The whole message's bytes, if LENGTH is right. */
static size_t whole(const struct gt06_head *head)
{
	return head->len + head->declared + GT06_TAIL_LEN;
}

/* A tail that ends before byte `end`? */
static bool has_tail(struct base_span bytes, size_t end)
{
	return end <= bytes.len && bytes.ptr[end - 2] == '\r' &&
	       bytes.ptr[end - 1] == '\n';
}

/* Where the counts lead in a message of access points and cells: head, type,
 * time, 7 bytes for each access point, their network, 5 bytes for each cell.
 * 0: the bytes do not tell. */
static size_t counted_end(struct base_span bytes, const struct gt06_head *head)
{
	struct base_rd r;
	uint8_t cells;

	if (head->extended || !is_wifi(head->type))
		return 0;
	base_rd_init(&r, bytes.ptr, bytes.len);
	(void)base_rd_take(&r, SHORT_HEAD + 1 + 6 + 7 * head->declared);
	cells = base_rd_u8(&r);
	(void)base_rd_take(&r, 3 + 5 * (size_t)cells + GT06_TAIL_LEN);
	return base_rd_ok(&r) ? bytes.len - base_rd_left(&r) : 0;
}

static enum track_check check_sum(struct base_span message,
				  const struct gt06_head *head)
{
	const size_t start = 2;
	struct base_span summed;
	struct base_rd r;

	if (message.len < head->len + 1 + FOOT_LEN)
		return TRACK_CHECK_NONE; /* no room for one */
	base_rd_init(&r, message.ptr, message.len);
	(void)base_rd_take(&r, start);
	summed = base_rd_take(&r, message.len - start - GT06_CRC_LEN -
					  GT06_TAIL_LEN);
	return track_sum_x25(summed) == base_rd_be16(&r) ? TRACK_CHECK_OK
							 : TRACK_CHECK_WRONG;
}

static struct base_span keyword_of(const struct gt06_head *head,
				   uint8_t text[static 3])
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 2;

	text[0] = (uint8_t)digits[head->type >> 4];
	text[1] = (uint8_t)digits[head->type & 15];
	text[2] = 'L';
	for (const struct track_keyword *k = gt06_keywords;
	     head->extended && k->name; k++) {
		if (track_text_is((struct base_span){ text, 3 }, k->name))
			n = 3;
	}
	return (struct base_span){ text, n };
}

/* A type with a row of its own. */
static bool is_known(const struct gt06_head *head,
		     enum base_direction direction)
{
	uint8_t text[3];
	const struct base_span keyword = keyword_of(head, text);

	for (const struct track_keyword *k = gt06_keywords; k->name; k++) {
		if (k->from & 1U << direction &&
		    track_text_is(keyword, k->name))
			return true;
	}
	return false;
}

/* No message before the next bytes that could begin one. */
static enum track_step skip(struct base_span bytes, size_t from,
			    struct track_frame *frame)
{
	size_t i = from;

	for (; i < bytes.len; i++) {
		struct gt06_head head;

		if (match_head(track_text_tail(bytes, i), &head) !=
		    TRACK_PROBE_NO)
			break;
	}
	frame->len = i;
	return TRACK_STEP_SKIP;
}

/* Where a message with a right length begins that ends where `message` ends;
 * 0: there is none behind its first byte. */
static size_t inner(struct base_span message)
{
	size_t i = message.len > SEARCH_MAX ? message.len - SEARCH_MAX : 1;

	for (; i < message.len; i++) {
		struct gt06_head head;

		if (match_head(track_text_tail(message, i), &head) ==
			    TRACK_PROBE_YES &&
		    i + whole(&head) == message.len &&
		    head.declared >= 1 + GT06_SERIAL_LEN + GT06_CRC_LEN)
			return i;
	}
	return 0;
}

/* A tail ends at byte `end`: is what is before it a message? */
static enum track_step end_at(const struct track_front *front,
			      const struct gt06_head *head, size_t end,
			      struct track_frame *frame)
{
	const struct base_span message = track_text_head(front->bytes, end);
	size_t garbage;

	frame->len = end;
	frame->checksum = check_sum(message, head);
	frame->length = end == whole(head) ? TRACK_CHECK_OK : TRACK_CHECK_WRONG;
	if (frame->checksum == TRACK_CHECK_OK)
		return TRACK_STEP_MESSAGE;
	garbage = inner(message);
	if (garbage || (frame->length == TRACK_CHECK_WRONG &&
			!is_known(head, front->direction)))
		return skip(front->bytes, garbage ? garbage : 1, frame);
	return TRACK_STEP_MESSAGE;
}

/* Looks for a tail that may be the end, from scan->at on and before `limit`.
 * Return: where it ends; 0: none yet. *follows: TRACK_PROBE_NO never. */
static size_t find_tail(const struct track_front *front,
			const struct gt06_head *head, size_t limit,
			struct track_scan *scan, enum track_probe *follows)
{
	const struct base_span bytes = track_text_head(front->bytes, limit);
	struct gt06_head next;

	while (scan->at < bytes.len) {
		const uint8_t *cr = memchr(bytes.ptr + scan->at, '\r',
					   bytes.len - scan->at);
		size_t end;

		if (!cr) {
			scan->at = (uint32_t)bytes.len;
			break;
		}
		scan->at = (uint32_t)(cr - bytes.ptr);
		end = scan->at + 2;
		if (end > bytes.len)
			break;
		if (has_tail(bytes, end)) {
			*follows = match_head(
				track_text_tail(front->bytes, end), &next);
			if (end == counted_end(front->bytes, head))
				*follows = TRACK_PROBE_YES;
			if (*follows != TRACK_PROBE_NO)
				return end;
			scan->end = (uint32_t)end;
		}
		scan->at++;
	}
	return 0;
}

/* The declared length does not lead to a tail, or not yet. */
static enum track_step search(const struct track_front *front,
			      const struct gt06_head *head,
			      struct track_scan *scan,
			      struct track_frame *frame)
{
	const size_t declared = whole(head);
	const size_t limit = declared > SEARCH_MAX ? declared : SEARCH_MAX;
	const bool waits = front->bytes.len < declared;
	enum track_probe follows;
	size_t end;

	if (!scan->at)
		scan->at = (uint32_t)head->len + 1;
	scan->quiet = false;
	end = find_tail(front, head, limit, scan, &follows);
	if (end) {
		if (front->after != TRACK_AFTER_MORE ||
		    (follows == TRACK_PROBE_YES && !waits))
			return end_at(front, head, end, frame);
		scan->end = (uint32_t)end;
		scan->quiet = true;
		return TRACK_STEP_MORE;
	}
	if (front->bytes.len < limit && front->after != TRACK_AFTER_NOTHING)
		return TRACK_STEP_MORE;
	if (scan->end)
		return end_at(front, head, scan->end, frame);
	return skip(front->bytes, 1, frame);
}

static enum track_step gt06_frame(const struct track_front *front,
				  struct track_scan *scan,
				  struct track_frame *frame)
{
	struct gt06_head head;
	const enum track_probe header = match_head(front->bytes, &head);

	if (track_frame_waits(header, front->after))
		return TRACK_STEP_MORE;
	if (header != TRACK_PROBE_YES)
		return skip(front->bytes, 1, frame);
	if (has_tail(front->bytes, whole(&head)))
		return end_at(front, &head, whole(&head), frame);
	return search(front, &head, scan, frame);
}

/* Any tail behind the type? */
static bool any_tail(struct base_span bytes, const struct gt06_head *head)
{
	for (size_t end = head->len + 1 + GT06_TAIL_LEN; end <= bytes.len;
	     end++) {
		if (has_tail(bytes, end))
			return true;
	}
	return false;
}

/*
 * A head and the tail it leads to; or, since lengths may be wrong, a head of a
 * known type and any tail. The beginning of a message that is too long to be
 * shown whole must do with the head.
 */
static enum track_probe gt06_probe(struct base_span bytes,
				   enum base_direction direction)
{
	const size_t long_message = 200;
	enum track_probe answer;
	struct gt06_head head;
	bool known;

	answer = match_head(bytes, &head);
	if (answer != TRACK_PROBE_YES)
		return answer;
	known = is_known(&head, direction);
	if (whole(&head) > long_message)
		return known ? TRACK_PROBE_YES : TRACK_PROBE_NO;
	if (has_tail(bytes, whole(&head)))
		return TRACK_PROBE_YES;
	if (known)
		return any_tail(bytes, &head) ? TRACK_PROBE_YES
					      : TRACK_PROBE_MAYBE;
	return whole(&head) <= bytes.len ? TRACK_PROBE_NO : TRACK_PROBE_MAYBE;
}

/* What the login said about the zone: a sign that it did, and minutes. */
enum {
	OWN_HAS_ZONE,
	OWN_ZONE
};

static int zone_of(const struct track_habits *habits,
		   const struct track_session *session)
{
	if (!session->own[OWN_HAS_ZONE])
		return habits->zone_min;
	return (int16_t)(session->own[OWN_ZONE] << 8 |
			 session->own[OWN_ZONE + 1]);
}

/* Type of device, then the zone: hundreds of hours and minutes in 12 bits, west
 * if bit 3 is set. */
static void read_login(struct gt06 *g, struct track_session *session)
{
	struct base_span digits;
	int zone, minutes;
	unsigned bits;

	if (gt06_left(g) < 8)
		return;
	digits = track_record_digits(g->record, base_rd_take(&g->rd, 8));
	track_record_device(g->record, track_text_tail(digits, 1));
	(void)base_rd_be16(&g->rd);
	if (gt06_left(g) < 2)
		return;
	bits = base_rd_be16(&g->rd);
	minutes = (int)(bits >> 4);
	zone = minutes / 100 * 60 + minutes % 100;
	if (zone > 14 * 60)
		return;
	if (gt06_bit(bits, 3))
		zone = -zone;
	session->own[OWN_HAS_ZONE] = 1;
	session->own[OWN_ZONE] = (uint8_t)((unsigned)zone >> 8);
	session->own[OWN_ZONE + 1] = (uint8_t)zone;
}

/* At the content. A message that is too short for a checksum has none. */
static void begin(struct gt06 *g)
{
	const struct track_message *m = g->message;
	size_t end = m->bytes.len - GT06_TAIL_LEN;

	if (m->checksum != TRACK_CHECK_NONE)
		g->foot = GT06_SERIAL_LEN + GT06_CRC_LEN;
	if (m->checksum == TRACK_CHECK_OK && m->length == TRACK_CHECK_OK) {
		end -= g->foot;
		g->foot = 0;
	}
	base_rd_init(&g->rd, m->bytes.ptr, end);
	(void)base_rd_take(&g->rd, g->head.len + 1);
}

static void gt06_decode(const struct track_message *m,
			const struct track_habits *habits,
			struct track_session *session,
			struct track_record *record)
{
	struct gt06 g = { .message = m,
			  .record = record,
			  .zone_min = zone_of(habits, session) };
	struct base_span keyword;
	uint8_t text[3];

	if (match_head(m->bytes, &g.head) != TRACK_PROBE_YES)
		return;
	keyword = keyword_of(&g.head, text);
	track_record_keyword(record, keyword);
	record->type = track_keyword_type(m->protocol, m->direction, keyword);
	begin(&g);
	if (m->direction == BASE_SERVER)
		gt06_read_server(&g);
	else if (g.head.type == 0x01)
		read_login(&g, session);
	else if (!gt06_read_extended(&g))
		gt06_read(&g);
	if (record->type == TRACK_TYPE_HEARTBEAT && g.position)
		record->type = TRACK_TYPE_POSITION; /* a type that is both */
}

/* What Traccar gave the family; the makers' servers have many. */
static const uint16_t gt06_ports[] = { 5023, 0 };

const struct track_protocol track_gt06 = {
	.name = TRACK_GT06_NAME,
	.ports = gt06_ports,
	.max_frame = LONG_HEAD + LONG_MAX_DECLARED + GT06_TAIL_LEN,
	.keywords = gt06_keywords,
	.probe = gt06_probe,
	.frame = gt06_frame,
	.decode = gt06_decode,
};
