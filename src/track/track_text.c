/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_text.c - fields, numbers and places as trackers write them in text */
#include "track_text.h"

#include <math.h>
#include <string.h>

struct base_span track_text_field(struct base_rd *r, uint8_t delim)
{
	struct base_rd ahead = *r;
	const struct base_span field = base_rd_until(&ahead, delim);

	if (!base_rd_ok(&ahead))
		return base_rd_take(r, base_rd_left(r));
	*r = ahead;
	return field;
}

void track_text_skip(struct base_rd *r, uint8_t delim, size_t n)
{
	while (n--)
		(void)track_text_field(r, delim);
}

static bool is_one_of(const char *set, uint8_t c)
{
	return c && strchr(set, c);
}

struct base_span track_text_run(struct base_rd *r, const char *set, size_t max)
{
	struct base_rd ahead = *r;
	size_t n = 0;

	while (n < max && is_one_of(set, base_rd_u8(&ahead)))
		n++;
	return base_rd_take(r, n);
}

bool track_text_take(struct base_rd *r, uint8_t byte)
{
	if (base_rd_peek(r) != byte)
		return false;
	base_rd_expect(r, byte);
	return true;
}

bool track_text_is(struct base_span s, const char *word)
{
	return s.len == strlen(word) && track_text_begins(s, word);
}

bool track_text_begins(struct base_span s, const char *word)
{
	const size_t n = strlen(word);

	return s.len >= n && (!n || !strncmp((const char *)s.ptr, word, n));
}

bool track_text_fits(struct base_span s, const char *pattern)
{
	const size_t n = strlen(pattern);

	if (!n || pattern[n - 1] != '*')
		return track_text_is(s, pattern);
	return s.len >= n - 1 &&
	       (n == 1 || !strncmp((const char *)s.ptr, pattern, n - 1));
}

struct base_span track_text_capitals(struct base_span s, uint8_t *to,
				     size_t room)
{
	const size_t n = s.len < room ? s.len : room;

	for (size_t i = 0; i < n; i++) {
		const uint8_t c = s.ptr[i];

		to[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
	}
	return (struct base_span){ to, n };
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct base_span track_text_trim(struct base_span s)
{
	while (s.len && is_blank(s.ptr[0]))
		s = track_text_tail(s, 1);
	while (s.len && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct base_span track_text_head(struct base_span s, size_t n)
{
	return (struct base_span){ s.ptr, n < s.len ? n : s.len };
}

struct base_span track_text_tail(struct base_span s, size_t n)
{
	return n < s.len ? (struct base_span){ s.ptr + n, s.len - n }
			 : (struct base_span){ NULL, 0 };
}

bool track_text_digits(struct base_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	}
	return s.len > 0;
}

bool track_text_hex_digits(struct base_span s)
{
	struct base_rd r;

	base_rd_init(&r, s.ptr, s.len);
	while (base_rd_left(&r))
		(void)base_rd_hex(&r, 1);
	return base_rd_ok(&r) && s.len > 0;
}

#define DIGITS_MAX 18 /* of an int64_t, whatever they are */

/* Return: whether there was a sign, which is taken off. */
static bool take_sign(struct base_span *s, bool *negative)
{
	*negative = s->len && s->ptr[0] == '-';
	if (!s->len || (s->ptr[0] != '-' && s->ptr[0] != '+'))
		return false;
	*s = track_text_tail(*s, 1);
	return true;
}

bool track_text_int(struct base_span s, int64_t *v)
{
	bool negative;
	int64_t n = 0;

	s = track_text_trim(s);
	(void)take_sign(&s, &negative);
	if (s.len > DIGITS_MAX || !track_text_digits(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		n = n * 10 + (s.ptr[i] - '0');
	*v = negative ? -n : n;
	return true;
}

bool track_text_hex(struct base_span s, uint64_t *v)
{
	uint64_t n = 0;
	struct base_rd r;

	s = track_text_trim(s);
	if (s.len > 16 || !track_text_hex_digits(s))
		return false;
	base_rd_init(&r, s.ptr, s.len);
	while (base_rd_left(&r))
		n = n << 4 | base_rd_hex(&r, 1);
	*v = n;
	return true;
}

bool track_text_real(struct base_span s, double *v)
{
	int64_t digits = 0;
	double scale = 1;
	size_t n = 0;
	bool negative, point = false;

	s = track_text_trim(s);
	(void)take_sign(&s, &negative);
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || ++n > DIGITS_MAX)
			return false;
		digits = digits * 10 + (c - '0');
		if (point)
			scale *= 10; /* exact up to 10^22 */
	}
	if (!n)
		return false;
	*v = (negative ? -1 : 1) * ((double)digits / scale);
	return true;
}

double track_text_from_minutes(double ddmm)
{
	const double degrees = trunc(ddmm / 100);

	return degrees + (ddmm - degrees * 100) / 60;
}

bool track_text_minutes(struct base_span s, double *degrees)
{
	double ddmm;

	if (!track_text_real(s, &ddmm))
		return false;
	*degrees = track_text_from_minutes(ddmm);
	return true;
}

double track_text_side(double degrees, struct base_span hemisphere)
{
	const struct base_span h = track_text_trim(hemisphere);

	return h.len == 1 && is_one_of("SsWw", h.ptr[0]) ? -degrees : degrees;
}
