/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_h02_test.h - messages of h02 for its tests
 *
 * Streams are written as text; what stands between < and > is hexadecimal.
 */
#ifndef TRACK_H02_TEST_H
#define TRACK_H02_TEST_H

#include <stdio.h>

#include "track_h02.h"
#include "track_test.h"

#define ID "1234567890"

/* 23 degrees 35.3408 minutes south, 48 degrees 2.8926 minutes west. */
#define PLACE "121557,A,2335.3408,S,04802.8926,W,0.1,158,241115"
#define V1    "*HQ," ID ",V1," PLACE ",FFFFFBFF#"
#define LAT   (-(23 + 35.3408 / 60))
#define LON   (-(48 + 2.8926 / 60))
/* 2015-11-24 is day 45 * 365 + 11 + 327 = 16763 (11 leap days since 1970, and
 * 327 days before it in its year); 12:15:57 is 44157 s. */
#define TIME_MS ((16763 * 86400LL + 44157) * 1000)
#define HTBT    "*HQ," ID ",HTBT,100#"

/* The same place; the nibble behind the longitude: 8 east, 4 north, 2 valid.
 * Battery 6 is the sixth of six steps; 14 knots, 158 degrees. */
#define CORE_HEX "1215572411152335340806048028926" /* ... and flags */
#define BIN_HEX  "24" ID CORE_HEX "2014158fffffbff"
#define BIN      BIN_HEX "000001"  /* 32 bytes */
#define LONG_ID  "123456789012345" /* 15 digits and f */
#define LONG     "24" LONG_ID "f" CORE_HEX "2014158fffffbff000001" /* 35 */
/* 45 bytes: 8 unknown, mcc 0x1d6 = 470, mnc 1, lac 0x61cc = 25036, cell
 * 0x4b9a = 19354, number of the record */
#define CELL               \
	"00bdf09000000000" \
	"01d6"             \
	"01"               \
	"61cc"             \
	"4b9a"
#define BIN_45 BIN_HEX CELL "35"
/* 67136.2 m = 130502 * 1852 / 3600 */
#define MILEAGE "580000130502" CORE_HEX "2014158fffffbff000001"

/* Lasts for the next three calls, too. */
static inline struct base_span bytes_of(const char *notation)
{
	static uint8_t room[4][20000];
	static unsigned turn;
	uint8_t *to = room[turn++ % 4];
	struct base_rd r;
	size_t n = 0;
	bool hex = false;
	int c;

	base_rd_init(&r, notation, strlen(notation));
	while ((c = base_rd_peek(&r)) >= 0) {
		assert_true(n < sizeof(room[0]));
		if (hex && c != '>' && c != ' ') {
			to[n++] = (uint8_t)base_rd_hex(&r, 2);
			continue;
		}
		(void)base_rd_u8(&r);
		if (c == '<' || c == '>')
			hex = c == '<';
		else if (!hex)
			to[n++] = (uint8_t)c;
	}
	assert_true(base_rd_ok(&r));
	return (struct base_span){ to, n };
}

#endif
