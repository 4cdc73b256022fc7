/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika.c - framing of Teltonika
 *
 * Theory of operation
 *
 * A message begins with a whole head: digits behind the length of a login, or
 * six zeros and a known codec in a packet, or the IMEI in a datagram. Logins
 * and acknowledgements have their length by it. The end of what has CONTENT is
 * declared; the layout of CONTENT tells it, too, since COUNT stands behind the
 * records again:
 *
 *   both agree                           the end, length right
 *   a head, or nothing, follows the      the end, length right: the layout is
 *   declared end                         one that is not known
 *   else: the layout has an end          the end, length wrong
 *   else: a head within                  torn: skipped up to it
 *   else                                 the declared end
 *
 * "Nothing follows" is the end of the flow or a second of silence. A flow that
 * ends before the declared end leaves the layout's, or no message.
 *
 * A single byte (the ping ff, the answer 01 to a login) says too little: it is
 * a message only when a head or nothing follows, or some like it and then one
 * of these. So is 00, which refuses a login, when nothing follows. Four zeros
 * (no record was accepted) may begin a packet, and are a message when they do
 * not. What was torn by the end of the flow holds no such byte.
 */
#include "track_teltonika.h"

#include <string.h>

#include "track_sum.h"
#include "track_teltonika_internal.h"
#include "track_text.h"

#define LENGTH_MAX    0xffff
#define PACKET_HEAD   8 /* zeros and length */
#define PACKET_REST   4 /* the checksum */
#define IMEI_MIN      8 /* digits */
#define DATAGRAM_HEAD 8 /* up to the IMEI */
#define DATAGRAM_MAX  0x7ff
#define CONTENT_MIN   3  /* codec, count, count */
#define FOLLOW_MAX    64 /* longer than any head */
#define SINGLES_MAX   16 /* more of them in a row are garbage */

enum form {
	FORM_PING,
	FORM_LOGIN,
	FORM_ACK,
	FORM_PACKET,
	FORM_DATAGRAM,
};

struct head {
	enum form form;
	size_t len;     /* of the message, as declared */
	size_t content; /* where it begins; 0 = there is none */
	bool weak;      /* a message only for what follows */
	/* With TRACK_PROBE_MAYBE: the message that the bytes are if nothing
	 * follows; 0 = none. */
	size_t shorter;
	struct base_span imei;
};

static bool is_codec(uint8_t codec)
{
	return track_teltonika_has_texts(codec) ||
	       track_teltonika_has_records(codec);
}

/* Takes digits behind their number. */
static enum track_probe match_imei(struct base_rd *r, struct base_span *imei)
{
	size_t n;

	if (!base_rd_left(r))
		return TRACK_PROBE_MAYBE;
	if (base_rd_u8(r))
		return TRACK_PROBE_NO;
	if (!base_rd_left(r))
		return TRACK_PROBE_MAYBE;
	n = base_rd_u8(r);
	if (n < IMEI_MIN || n >= TRACK_DEVICE_LEN)
		return TRACK_PROBE_NO;
	*imei = base_rd_take(r, n < base_rd_left(r) ? n : base_rd_left(r));
	if (imei->len && !track_text_digits(*imei))
		return TRACK_PROBE_NO;
	return imei->len == n ? TRACK_PROBE_YES : TRACK_PROBE_MAYBE;
}

static enum track_probe match_login(struct base_span bytes, struct head *h)
{
	struct base_rd r;
	enum track_probe m;

	base_rd_init(&r, bytes.ptr, bytes.len);
	m = match_imei(&r, &h->imei);
	h->form = FORM_LOGIN;
	h->len = 2 + h->imei.len;
	return m;
}

static enum track_probe match_packet(struct base_span bytes, struct head *h)
{
	struct base_rd r;
	size_t len;

	base_rd_init(&r, bytes.ptr, bytes.len);
	for (int i = 0; i < 6; i++) {
		if (!base_rd_left(&r))
			return TRACK_PROBE_MAYBE;
		if (base_rd_u8(&r))
			return TRACK_PROBE_NO;
	}
	if (base_rd_left(&r) < 2)
		return TRACK_PROBE_MAYBE;
	len = base_rd_be16(&r);
	if (len < CONTENT_MIN)
		return TRACK_PROBE_NO;
	if (!base_rd_left(&r))
		return TRACK_PROBE_MAYBE;
	if (!is_codec(base_rd_u8(&r)))
		return TRACK_PROBE_NO;
	*h = (struct head){ .form = FORM_PACKET,
			    .len = PACKET_HEAD + len + PACKET_REST,
			    .content = PACKET_HEAD };
	return TRACK_PROBE_YES;
}

static enum track_probe match_datagram(struct base_span bytes, struct head *h)
{
	struct base_rd r;
	enum track_probe m;
	size_t len;

	base_rd_init(&r, bytes.ptr, bytes.len);
	if (base_rd_left(&r) < 2)
		return TRACK_PROBE_MAYBE;
	len = base_rd_be16(&r);
	if (len < DATAGRAM_HEAD + IMEI_MIN - 2 + CONTENT_MIN ||
	    len > DATAGRAM_MAX)
		return TRACK_PROBE_NO;
	(void)base_rd_take(&r, 4); /* id, 01, number */
	if (!base_rd_ok(&r))
		return TRACK_PROBE_MAYBE;
	m = match_imei(&r, &h->imei);
	if (m != TRACK_PROBE_YES)
		return m;
	if (!base_rd_left(&r))
		return TRACK_PROBE_MAYBE;
	h->form = FORM_DATAGRAM;
	h->len = 2 + len;
	h->content = DATAGRAM_HEAD + h->imei.len;
	if (!is_codec(base_rd_u8(&r)) || h->len < h->content + CONTENT_MIN)
		return TRACK_PROBE_NO;
	return TRACK_PROBE_YES;
}

static enum track_probe match_client(struct base_span bytes, struct head *h)
{
	struct base_rd r;
	uint8_t first, second;

	base_rd_init(&r, bytes.ptr, bytes.len);
	first = base_rd_u8(&r);
	second = base_rd_u8(&r);
	if (first == 0xff) {
		*h = (struct head){ .form = FORM_PING, .len = 1, .weak = true };
		return TRACK_PROBE_YES;
	}
	if (!base_rd_ok(&r))
		return first <= DATAGRAM_MAX >> 8 ? TRACK_PROBE_MAYBE
						  : TRACK_PROBE_NO;
	if (!first && !second)
		return match_packet(bytes, h);
	if (!first && second < TRACK_DEVICE_LEN)
		return match_login(bytes, h);
	return match_datagram(bytes, h);
}

static enum track_probe match_ack(struct base_span bytes, struct head *h)
{
	struct base_rd r;

	h->form = FORM_ACK;
	base_rd_init(&r, bytes.ptr, bytes.len);
	if (base_rd_be16(&r) == 5) {
		h->len = 7;
		return bytes.len < h->len ? TRACK_PROBE_MAYBE : TRACK_PROBE_YES;
	}
	h->len = 4;
	if (bytes.len > 2 && bytes.ptr[2])
		return TRACK_PROBE_NO;
	if (bytes.len < 4)
		return TRACK_PROBE_MAYBE;
	return TRACK_PROBE_YES;
}

static enum track_probe match_server(struct base_span bytes, struct head *h)
{
	const bool zeros = bytes.len == 1 || bytes.len == 4;
	enum track_probe packet, ack;

	if (bytes.ptr[0] == 1) {
		*h = (struct head){ .form = FORM_ACK, .len = 1, .weak = true };
		return TRACK_PROBE_YES;
	}
	if (bytes.ptr[0] ||
	    (bytes.len > 1 && bytes.ptr[1] && bytes.ptr[1] != 5))
		return TRACK_PROBE_NO;
	packet = match_packet(bytes, h);
	if (packet == TRACK_PROBE_YES)
		return packet;
	ack = match_ack(bytes, h);
	if (ack == TRACK_PROBE_NO || packet == TRACK_PROBE_NO)
		return ack;
	h->shorter = zeros ? bytes.len : 0;
	return TRACK_PROBE_MAYBE;
}

/* A head at the front of the bytes, of which there is at least one? */
static enum track_probe match_head(struct base_span bytes,
				   enum base_direction direction,
				   struct head *h)
{
	*h = (struct head){ 0 };
	return direction == BASE_SERVER ? match_server(bytes, h)
					: match_client(bytes, h);
}

/* No message before the next byte behind the first that may begin one. */
static enum track_step skip(const struct track_front *front,
			    struct track_frame *frame)
{
	struct head h;

	for (frame->len = 1; frame->len < front->bytes.len; frame->len++) {
		if (match_head(track_text_tail(front->bytes, frame->len),
			       front->direction, &h) != TRACK_PROBE_NO)
			break;
	}
	return TRACK_STEP_SKIP;
}

/* ... of those at the end, of which the first was torn: one whose head is
 * whole. */
static enum track_step skip_torn(const struct track_front *front,
				 struct track_frame *frame)
{
	struct head h;

	for (frame->len = 1; frame->len < front->bytes.len; frame->len++) {
		if (match_head(track_text_tail(front->bytes, frame->len),
			       front->direction, &h) == TRACK_PROBE_YES &&
		    !h.weak)
			break;
	}
	return TRACK_STEP_SKIP;
}

/* Does a head follow the first `len` bytes and single ones, or nothing? */
static enum track_probe match_follow(const struct track_front *front,
				     size_t len)
{
	const uint8_t single = front->direction == BASE_SERVER ? 0x01 : 0xff;
	struct base_span rest = track_text_tail(front->bytes, len);
	size_t singles = 0;
	enum track_probe m;
	struct head h;

	while (rest.len && rest.ptr[0] == single && singles++ < SINGLES_MAX)
		rest = track_text_tail(rest, 1);
	if (singles > SINGLES_MAX)
		return TRACK_PROBE_NO;
	if (!rest.len)
		return front->after == TRACK_AFTER_MORE ? TRACK_PROBE_MAYBE
							: TRACK_PROBE_YES;
	rest = track_text_head(rest, FOLLOW_MAX);
	m = match_head(rest, front->direction, &h);
	if (m == TRACK_PROBE_MAYBE && h.shorter &&
	    front->after != TRACK_AFTER_MORE)
		return TRACK_PROBE_YES;
	return m == TRACK_PROBE_MAYBE && front->after == TRACK_AFTER_NOTHING
		       ? TRACK_PROBE_NO
		       : m;
}

/* Where the message ends by its layout; TRACK_PROBE_MAYBE: behind these bytes.
 */
static enum track_probe match_layout(struct base_span bytes,
				     const struct head *h, bool sixteen,
				     size_t *len)
{
	const struct base_span content = track_text_tail(bytes, h->content);
	const bool packet = h->form == FORM_PACKET;
	uint8_t codec, count, again;
	uint16_t zeros = 0;
	struct base_rd r;

	base_rd_init(&r, content.ptr, content.len);
	codec = base_rd_u8(&r);
	count = base_rd_u8(&r);
	if (track_teltonika_has_texts(codec))
		track_teltonika_pass_texts(&r, count);
	else
		track_teltonika_records(&r, codec, count, sixteen, NULL);
	again = base_rd_u8(&r);
	if (packet) {
		zeros = base_rd_be16(&r);
		(void)base_rd_be16(&r);
	}
	if (!base_rd_ok(&r))
		return TRACK_PROBE_MAYBE;
	if (again != count || zeros)
		return TRACK_PROBE_NO;
	*len = bytes.len - base_rd_left(&r);
	return TRACK_PROBE_YES;
}

/* ... with values of 16 bytes only where it cannot be without. */
static enum track_probe match_layouts(struct base_span bytes,
				      const struct head *h, bool last,
				      size_t *len)
{
	const enum track_probe plain = match_layout(bytes, h, false, len);

	if (plain == TRACK_PROBE_YES || (plain == TRACK_PROBE_MAYBE && !last))
		return plain;
	return match_layout(bytes, h, true, len);
}

/* Does a layout end just there? */
static bool agrees(struct base_span bytes, const struct head *h)
{
	const struct base_span whole = track_text_head(bytes, h->len);
	size_t end;

	for (int sixteen = 0; sixteen < 2; sixteen++) {
		if (match_layout(whole, h, sixteen, &end) == TRACK_PROBE_YES &&
		    end == h->len)
			return true;
	}
	return false;
}

/* A message of `len` bytes. */
static enum track_step message(struct base_span bytes, const struct head *h,
			       size_t len, struct track_frame *frame)
{
	frame->len = len;
	if (h->form != FORM_PING && !(h->form == FORM_ACK && len < 7))
		frame->length = len == h->len ? TRACK_CHECK_OK
					      : TRACK_CHECK_WRONG;
	if (h->form == FORM_PACKET) {
		const size_t end = len - PACKET_REST;
		const struct base_span content = { bytes.ptr + h->content,
						   end - h->content };
		struct base_rd r;

		base_rd_init(&r, bytes.ptr + end, PACKET_REST);
		frame->checksum = base_rd_be32(&r) == track_sum_arc(content)
					  ? TRACK_CHECK_OK
					  : TRACK_CHECK_WRONG;
	}
	return TRACK_STEP_MESSAGE;
}

/* The message ends at `end` if silence follows; which it has not if this is
 * what comes of it. */
static enum track_step wait(const struct track_front *front,
			    struct track_scan *scan, size_t end)
{
	scan->end = (uint32_t)end;
	scan->quiet = end > 0 && front->after == TRACK_AFTER_MORE;
	return TRACK_STEP_MORE;
}

/* A head within the declared length? */
static bool is_torn(const struct track_front *front, const struct head *h)
{
	const struct base_span whole = track_text_head(front->bytes, h->len);
	struct head inner;

	for (size_t i = 1; i < h->len; i++) {
		if (match_head(track_text_tail(whole, i), front->direction,
			       &inner) == TRACK_PROBE_YES &&
		    inner.content)
			return true;
	}
	return false;
}

/* The declared end has been reached, and no layout agrees. */
static enum track_step judge(const struct track_front *front,
			     const struct head *h, struct track_scan *scan,
			     struct track_frame *frame)
{
	const bool last = front->after != TRACK_AFTER_MORE;
	enum track_probe layout;
	size_t end = 0;

	switch (match_follow(front, h->len)) {
	case TRACK_PROBE_NO:
		break;
	case TRACK_PROBE_MAYBE:
		return wait(front, scan, h->len);
	case TRACK_PROBE_YES:
		return message(front->bytes, h, h->len, frame);
	}
	layout = match_layouts(front->bytes, h, last, &end);
	if (layout == TRACK_PROBE_YES)
		return message(front->bytes, h, end, frame);
	if (layout == TRACK_PROBE_MAYBE && !last) {
		/* asked again when there is twice as much */
		scan->at = (uint32_t)(2 * front->bytes.len);
		return wait(front, scan, h->len);
	}
	if (is_torn(front, h))
		return skip(front, frame);
	return message(front->bytes, h, h->len, frame);
}

static enum track_step frame_content(const struct track_front *front,
				     const struct head *h,
				     struct track_scan *scan,
				     struct track_frame *frame)
{
	const size_t have = front->bytes.len;
	size_t end = 0;

	if (front->after != TRACK_AFTER_NOTHING && have < h->len)
		return wait(front, scan, 0);
	if (front->after == TRACK_AFTER_MORE && have < scan->at)
		return wait(front, scan, h->len);
	if (have < h->len)
		return match_layouts(front->bytes, h, true, &end) ==
				       TRACK_PROBE_YES
			       ? message(front->bytes, h, end, frame)
			       : skip_torn(front, frame);
	if (agrees(front->bytes, h))
		return message(front->bytes, h, h->len, frame);
	return judge(front, h, scan, frame);
}

static enum track_step teltonika_frame(const struct track_front *front,
				       struct track_scan *scan,
				       struct track_frame *frame)
{
	const struct base_span bytes = front->bytes;
	struct head h;

	switch (match_head(bytes, front->direction, &h)) {
	case TRACK_PROBE_NO:
		return skip(front, frame);
	case TRACK_PROBE_MAYBE:
		if (h.shorter && front->after != TRACK_AFTER_MORE)
			return message(bytes, &h, h.shorter, frame);
		if (front->after != TRACK_AFTER_NOTHING)
			return wait(front, scan, h.shorter);
		return skip_torn(front, frame);
	case TRACK_PROBE_YES:
		break;
	}
	if (h.content)
		return frame_content(front, &h, scan, frame);
	if (!h.weak)
		return message(bytes, &h, h.len, frame);
	switch (match_follow(front, h.len)) {
	case TRACK_PROBE_NO:
		return skip(front, frame);
	case TRACK_PROBE_MAYBE:
		return wait(front, scan, h.len);
	case TRACK_PROBE_YES:
		break;
	}
	return message(bytes, &h, h.len, frame);
}

/* Could the content of a packet or datagram be what its codec says? */
static enum track_probe probe_content(struct base_span bytes,
				      const struct head *h)
{
	const struct base_span content = track_text_tail(bytes, h->content);
	uint8_t codec, count;
	struct base_rd r;
	bool likely;

	base_rd_init(&r, content.ptr, content.len);
	codec = base_rd_u8(&r);
	count = base_rd_u8(&r);
	if (track_teltonika_has_texts(codec)) {
		(void)base_rd_u8(&r);
		likely = base_rd_be32(&r) <= h->len;
	} else if (codec == TELTONIKA_7) {
		(void)base_rd_be32(&r);
		likely = base_rd_u8(&r) <= 0xf; /* groups there are */
	} else {
		likely = !base_rd_be16(&r); /* of a time in ms */
	}
	if (!base_rd_ok(&r))
		return TRACK_PROBE_MAYBE;
	return likely && count ? TRACK_PROBE_YES : TRACK_PROBE_NO;
}

static enum track_probe teltonika_probe(struct base_span bytes,
					enum base_direction direction)
{
	enum track_probe answer;
	struct head h;

	/* pings before the login */
	while (direction == BASE_CLIENT && bytes.len && bytes.ptr[0] == 0xff)
		bytes = track_text_tail(bytes, 1);
	if (!bytes.len)
		return TRACK_PROBE_MAYBE;
	answer = match_head(bytes, direction, &h);
	if (answer != TRACK_PROBE_YES)
		return answer;
	if (h.form == FORM_LOGIN)
		return TRACK_PROBE_YES;
	return h.content ? probe_content(bytes, &h) : TRACK_PROBE_NO;
}

static bool has_alarm(const struct track_record *record)
{
	for (uint32_t i = 0; i < record->n_attrs; i++) {
		if (record->attr[i].key == TRACK_ALARM)
			return true;
	}
	return false;
}

static void decode_records(struct base_span content,
			   struct track_record *record)
{
	struct base_rd r, ahead;
	uint8_t codec, count;

	base_rd_init(&r, content.ptr, content.len);
	codec = base_rd_u8(&r);
	count = base_rd_u8(&r);
	ahead = r;
	track_teltonika_records(&ahead, codec, count, false, NULL);
	if (base_rd_u8(&ahead) == count && !base_rd_left(&ahead) &&
	    base_rd_ok(&ahead)) {
		track_teltonika_records(&r, codec, count, false, record);
		return;
	}
	ahead = r;
	track_teltonika_records(&ahead, codec, count, true, NULL);
	track_teltonika_records(&r, codec, count,
				base_rd_u8(&ahead) == count &&
					!base_rd_left(&ahead) &&
					base_rd_ok(&ahead),
				record);
}

static void decode_content(const struct track_message *m, const struct head *h,
			   struct track_record *record)
{
	static const char hex[] = "0123456789ABCDEF";
	const size_t rest = h->form == FORM_PACKET ? PACKET_REST : 0;
	const struct base_span content =
		track_text_head(track_text_tail(m->bytes, h->content),
				m->bytes.len - h->content - rest);
	struct base_rd r;
	uint8_t codec, digits[2];

	base_rd_init(&r, content.ptr, content.len);
	codec = base_rd_u8(&r);
	digits[0] = (uint8_t)hex[codec >> 4];
	digits[1] = (uint8_t)hex[codec & 15];
	track_record_keyword(record, (struct base_span){ digits, 2 });
	record->type = track_keyword_type(m->protocol, m->direction,
					  (struct base_span){ digits, 2 });
	track_record_device(record, h->imei);
	if (track_teltonika_has_texts(codec)) {
		track_teltonika_texts(m, &r, codec, base_rd_u8(&r), record);
		return;
	}
	decode_records(content, record);
	if (has_alarm(record))
		record->type = TRACK_TYPE_ALARM;
}

/* What the server accepts: a login, or so many records. */
static void decode_ack(struct base_span bytes, struct track_record *record)
{
	const struct base_span number =
		bytes.len == 7 ? track_text_tail(bytes, 6) : bytes;
	struct base_rd r;

	base_rd_init(&r, number.ptr, number.len);
	track_record_int(record, TRACK_RESULT,
			 number.len == 4 ? base_rd_be32(&r) : base_rd_u8(&r));
}

static void teltonika_decode(const struct track_message *m,
			     const struct track_habits *habits,
			     struct track_session *session,
			     struct track_record *record)
{
	static const char *const keywords[] = {
		[FORM_PING] = "ping",
		[FORM_LOGIN] = "imei",
		[FORM_ACK] = "ack",
	};
	struct base_span keyword;
	struct head h;

	(void)habits;
	(void)session;
	(void)match_head(m->bytes, m->direction, &h);
	if (h.content) {
		decode_content(m, &h, record);
		return;
	}
	keyword = (struct base_span){ (const uint8_t *)keywords[h.form],
				      strlen(keywords[h.form]) };
	track_record_keyword(record, keyword);
	record->type = track_keyword_type(m->protocol, m->direction, keyword);
	track_record_device(record, h.imei);
	if (h.form == FORM_ACK)
		decode_ack(m->bytes, record);
}

static const struct track_keyword teltonika_keywords[] = {
	{ "imei", TRACK_FROM_CLIENT, TRACK_TYPE_LOGIN, "the tracker's number" },
	{ "ping", TRACK_FROM_CLIENT, TRACK_TYPE_HEARTBEAT,
	  "the byte ff: keeps the connection open" },
	{ "ack", TRACK_FROM_SERVER, TRACK_TYPE_REPLY,
	  "accepts a login (1) or not (0), or so many records" },
	{ "07", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "records of GH3000 and its like" },
	{ "08", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION, "records" },
	{ "8E", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "records with many numbers and values of any size" },
	{ "10", TRACK_FROM_CLIENT, TRACK_TYPE_POSITION,
	  "records that say how they came about" },
	{ "0C", TRACK_FROM_CLIENT, TRACK_TYPE_REPLY,
	  "answer to a command, or text of a serial line; media: a picture" },
	{ "0C", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "command, or a part of a picture is asked for" },
	{ "0D", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS,
	  "text of a serial line, with its time" },
	{ "0D", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND, "command" },
	{ "0E", TRACK_FROM_CLIENT, TRACK_TYPE_REPLY,
	  "answer to a command; type 17: it was for another tracker" },
	{ "0E", TRACK_FROM_SERVER, TRACK_TYPE_COMMAND,
	  "command for the tracker that it names" },
	{ "0F", TRACK_FROM_CLIENT, TRACK_TYPE_STATUS,
	  "text of a serial line, with its time and the tracker's number" },
	{ NULL, 0, TRACK_TYPE_UNKNOWN, NULL },
};

/* That of Traccar; Teltonika has none. */
static const uint16_t teltonika_ports[] = { 5027, 0 };

const struct track_protocol track_teltonika = {
	.name = TRACK_TELTONIKA_NAME,
	.ports = teltonika_ports,
	.max_frame = PACKET_HEAD + LENGTH_MAX + PACKET_REST + FOLLOW_MAX,
	.keywords = teltonika_keywords,
	.probe = teltonika_probe,
	.frame = teltonika_frame,
	.decode = teltonika_decode,
};
