/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_text.h - fields, numbers and places as trackers write them in text
 *
 * A parser takes the whole field and nothing but it, blanks around it aside,
 * and changes nothing on failure.
 */
#ifndef TRACK_TEXT_H
#define TRACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_rd.h"

/* A literal as a span. */
#define TRACK_SPAN(literal) \
	((struct base_span){ (const uint8_t *)(literal), sizeof(literal) - 1 })

/* Takes the field at the reader: up to the delimiter, which is taken, too, or
 * to the end. Never fails: behind the end all fields are empty. */
struct base_span track_text_field(struct base_rd *r, uint8_t delim);
/* Passes over n of them. */
void track_text_skip(struct base_rd *r, uint8_t delim, size_t n);

/* Takes the bytes at the reader that are in `set`, at most `max`. */
struct base_span track_text_run(struct base_rd *r, const char *set, size_t max);
/* Takes the byte if it is the next one. */
bool track_text_take(struct base_rd *r, uint8_t byte);

bool track_text_is(struct base_span s, const char *word);
bool track_text_begins(struct base_span s, const char *word);
/* A final * of the pattern stands for any ending, also none. */
bool track_text_fits(struct base_span s, const char *pattern);
/* The first `room` bytes, or fewer, with letters in capitals, at `to`. */
struct base_span track_text_capitals(struct base_span s, uint8_t *to,
				     size_t room);
struct base_span track_text_trim(struct base_span s);
/* The first n bytes, or fewer where there are fewer; all behind them. */
struct base_span track_text_head(struct base_span s, size_t n);
struct base_span track_text_tail(struct base_span s, size_t n);

/* One or more digits. */
bool track_text_digits(struct base_span s);
bool track_text_hex_digits(struct base_span s);

/* Decimal, with a sign; at most 18 digits. */
bool track_text_int(struct base_span s, int64_t *v);
/* Hexadecimal digits, at most 16. */
bool track_text_hex(struct base_span s, uint64_t *v);
/* Digits with a sign and a point, no exponent; at most 18 digits in all. */
bool track_text_real(struct base_span s, double *v);

/* Degrees and minutes: "2234.30242" is 22 degrees and 34.30242 minutes. */
bool track_text_minutes(struct base_span s, double *degrees);
/* The same from a number. */
double track_text_from_minutes(double ddmm);
/* A place's sign: S, s, W and w make it negative, anything else does not. */
double track_text_side(double degrees, struct base_span hemisphere);

#endif
