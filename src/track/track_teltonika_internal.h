/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_teltonika_internal.h - what the files of teltonika share */
#ifndef TRACK_TELTONIKA_INTERNAL_H
#define TRACK_TELTONIKA_INTERNAL_H

#include "track.h"

enum teltonika_codec {
	TELTONIKA_7 = 0x07, /* GH3000 */
	TELTONIKA_8 = 0x08,
	TELTONIKA_12 = 0x0c,
	TELTONIKA_13 = 0x0d,
	TELTONIKA_14 = 0x0e,
	TELTONIKA_15 = 0x0f,
	TELTONIKA_16 = 0x10,
	TELTONIKA_8E = 0x8e, /* 8 Extended */
};

/* Has the codec records with places? */
bool track_teltonika_has_records(uint8_t codec);

/* Has it texts? */
bool track_teltonika_has_texts(uint8_t codec);

/*
 * Each of the `count` records behind CODEC and COUNT becomes a position, as far
 * as there are any. sixteen: there are values of 16 bytes, too, which a setting
 * of the tracker adds. record: NULL = they are only passed over. The reader
 * fails if they do not end within its bytes.
 */
void track_teltonika_records(struct base_rd *r, uint8_t codec, uint8_t count,
			     bool sixteen, struct track_record *record);

/* ... and the same of texts. */
void track_teltonika_texts(const struct track_message *m, struct base_rd *r,
			   uint8_t codec, uint8_t count,
			   struct track_record *record);
void track_teltonika_pass_texts(struct base_rd *r, uint8_t count);

/* A value of 1, 2, 4 or 8 bytes. gh3000: numbered as codec 7 does. */
void track_teltonika_value(struct track_record *record, unsigned id,
			   struct base_span value, bool gh3000);
/* A value of any other size. */
void track_teltonika_bytes(struct track_record *record, unsigned id,
			   struct base_span bytes);

#endif
