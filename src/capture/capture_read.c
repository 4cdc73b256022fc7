/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_read.c - text captures, read back */
#include "capture_read.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_time.h"
#include "capture_file.h"

/* Stamp, TAB, word, TAB: the two words are as long as each other. */
#define HEAD_LEN  CAPTURE_READ_HEAD
#define STAMP_LEN (BASE_TIME_STAMP_LEN - 1)
/* Twice a record with its LF and the head behind it: few bytes are moved. */
#define ROOM ((size_t)2 * (CAPTURE_RECORD_MAX + 1 + HEAD_LEN))

_Static_assert(HEAD_LEN == STAMP_LEN + 1 + 6 + 1, "a head");

struct head {
	struct tm tm;
	enum base_direction direction;
};

struct capture_read {
	capture_read_fn *chunk;
	void *arg;
	uint64_t offset[BASE_DIRECTIONS];
	bool in_record; /* behind a head */
	bool none;      /* this is no text capture */
	enum base_direction direction;
	uint64_t wall_ns;
	/* a stamp is often that of the record before, and mktime() is dear */
	uint8_t stamp[STAMP_LEN];
	/* buf[at] to buf[end]: of the record at hand, without its head */
	size_t at, end;
	size_t scanned; /* of a LF before it is known whether a head follows */
	uint8_t buf[ROOM];
};

/* Two or four digits. Return: the number, or -1. */
static int number(struct base_rd *r, size_t digits)
{
	int v = 0;

	for (size_t i = 0; i < digits; i++) {
		const uint8_t c = base_rd_u8(r);

		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (c - '0');
	}
	return v;
}

static bool date_is_real(const struct tm *t)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	const int year = t->tm_year + 1900;
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (t->tm_mon < 0 || t->tm_mon > 11 || t->tm_mday < 1 ||
	    t->tm_mday > days[t->tm_mon])
		return false;
	if (t->tm_mon == 1 && t->tm_mday == 29 && !leap)
		return false;
	return t->tm_hour >= 0 && t->tm_hour < 24 && t->tm_min >= 0 &&
	       t->tm_min < 60 && t->tm_sec >= 0 && t->tm_sec <= 60;
}

static bool word_is(struct base_span word, const char *name)
{
	return word.len && !memcmp(word.ptr, name, word.len);
}

/* HEAD_LEN bytes. Nothing is changed on failure. */
static bool parse_head(const uint8_t *bytes, struct head *out)
{
	struct head h = { .tm = { .tm_isdst = -1 } };
	struct base_span word;
	struct base_rd r;

	base_rd_init(&r, bytes, HEAD_LEN);
	h.tm.tm_year = number(&r, 4) - 1900;
	base_rd_expect(&r, '-');
	h.tm.tm_mon = number(&r, 2) - 1;
	base_rd_expect(&r, '-');
	h.tm.tm_mday = number(&r, 2);
	base_rd_expect(&r, ' ');
	h.tm.tm_hour = number(&r, 2);
	base_rd_expect(&r, ':');
	h.tm.tm_min = number(&r, 2);
	base_rd_expect(&r, ':');
	h.tm.tm_sec = number(&r, 2);
	base_rd_expect(&r, '\t');
	word = base_rd_take(&r, 6);
	base_rd_expect(&r, '\t');
	if (!base_rd_ok(&r) || h.tm.tm_year < 0 || !date_is_real(&h.tm))
		return false;
	if (word_is(word, base_direction_name(BASE_SERVER)))
		h.direction = BASE_SERVER;
	else if (!word_is(word, base_direction_name(BASE_CLIENT)))
		return false;
	*out = h;
	return true;
}

bool capture_read_is(struct base_span start)
{
	struct head h;

	return !start.len ||
	       (start.len >= HEAD_LEN && parse_head(start.ptr, &h));
}

struct capture_read *capture_read_new(capture_read_fn *chunk, void *arg)
{
	struct capture_read *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	/* the buffer is large, and written before it is read */
	memset(r, 0, offsetof(struct capture_read, buf));
	r->chunk = chunk;
	r->arg = arg;
	return r;
}

void capture_read_free(struct capture_read *r)
{
	free(r);
}

/* Takes the next `len` bytes, which are of the record at hand. */
static void give(struct capture_read *r, size_t len)
{
	const struct capture_read_chunk c = {
		.direction = r->direction,
		.offset = r->offset[r->direction],
		.wall_ns = r->wall_ns,
		.bytes = { r->buf + r->at, len },
	};

	if (!len)
		return;
	r->at += len;
	r->offset[r->direction] += len;
	r->chunk(r->arg, &c);
}

static void begin_record(struct capture_read *r, const struct head *h)
{
	struct tm tm = h->tm;

	if (memcmp(r->stamp, r->buf + r->at, STAMP_LEN) != 0) {
		const time_t t = mktime(&tm);

		memcpy(r->stamp, r->buf + r->at, STAMP_LEN);
		r->wall_ns = t < 0 ? 0 : (uint64_t)t * BASE_TIME_NS_PER_S;
	}
	r->direction = h->direction;
	r->in_record = true;
	r->at += HEAD_LEN;
	r->scanned = r->at;
}

/* The record at hand, as far as it is there. Return: true when it has ended,
 * and another one begins. */
static bool read_record(struct capture_read *r)
{
	struct head h;

	while (r->scanned < r->end) {
		const uint8_t *lf =
			memchr(r->buf + r->scanned, '\n', r->end - r->scanned);
		const size_t i = lf ? (size_t)(lf - r->buf) : r->end;

		if (i - r->at > CAPTURE_RECORD_MAX) {
			give(r, CAPTURE_RECORD_MAX);
			r->scanned = i;
			continue;
		}
		r->scanned = i;
		if (!lf || r->end - i - 1 < HEAD_LEN)
			return false;
		if (parse_head(lf + 1, &h)) {
			give(r, i - r->at);
			r->at = i + 1;
			begin_record(r, &h);
			return true;
		}
		r->scanned = i + 1;
	}
	return false;
}

static void read_records(struct capture_read *r)
{
	struct head h;

	if (!r->in_record) {
		if (r->end - r->at < HEAD_LEN)
			return;
		if (!parse_head(r->buf + r->at, &h)) {
			r->none = true;
			return;
		}
		begin_record(r, &h);
	}
	while (read_record(r))
		;
}

bool capture_read_feed(struct capture_read *r, struct base_span bytes)
{
	struct base_rd rd;

	base_rd_init(&rd, bytes.ptr, bytes.len);
	while (!r->none && base_rd_left(&rd)) {
		struct base_span some;

		if (r->end == ROOM) {
			memmove(r->buf, r->buf + r->at, r->end - r->at);
			r->scanned -= r->at;
			r->end -= r->at;
			r->at = 0;
		}
		some = base_rd_take(&rd, base_rd_left(&rd) < ROOM - r->end
						 ? base_rd_left(&rd)
						 : ROOM - r->end);
		memcpy(r->buf + r->end, some.ptr, some.len);
		r->end += some.len;
		read_records(r);
	}
	return !r->none;
}

bool capture_read_end(struct capture_read *r)
{
	const bool good = !r->none && (r->in_record || r->at == r->end);

	if (good && r->end > r->at && r->buf[r->end - 1] == '\n')
		r->end--;
	while (good && r->at < r->end)
		give(r, r->end - r->at < CAPTURE_RECORD_MAX
				? r->end - r->at
				: CAPTURE_RECORD_MAX);
	r->in_record = r->none = false;
	r->at = r->end = r->scanned = 0;
	return good;
}
